"""Everything that a platform can ask for beside its messages, tried through the program: each entry of the lists in
src/airbyte/platform_terms.cc is obeyed, harmless (exit 0 with it), or refused before any table is asked for."""

import itertools
import re
from pathlib import Path

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

SOURCE = Path(__file__).resolve().parents[2] / "src" / "airbyte" / "platform_terms.cc"

SOCKET = "/var/run/sockets/airbyte_socket_1.sock,/var/run/sockets/airbyte_socket_2.sock"
# Values that a platform sends, or could, in lists by the source's names: {name: (treatment, values)}.
VARIABLES = {
    "DATA_CHANNEL_MEDIUM": ("kRefused", ["SOCKET", "socket", "PIPE"]),
    "DATA_CHANNEL_FORMAT": ("kRefused", ["PROTOBUF", "FLATBUFFERS"]),
    "DATA_CHANNEL_SOCKET_PATHS": ("kRefused", [SOCKET]),
    "NAMESPACE_MAPPING_CONFIG_PATH": ("kRefused", ["/dest/namespace-mapping.json"]),
    "USE_FILE_TRANSFER": ("kRefused", ["true", "TRUE", "1"]),
    "AIRBYTE_STAGING_DIRECTORY": ("kHarmless", ["/staging/files"]),
    "DEPLOYMENT_MODE": ("kObeyed", ["CLOUD"]),
    "AIRBYTE_EDITION": ("kObeyed", ["cloud"]),
    "LOG_LEVEL": ("kObeyed", ["error"]),
    "AIRBYTE_VERSION": ("kHarmless", ["2.0.0"]),
    "AIRBYTE_URL": ("kHarmless", ["http://localhost:8000"]),
    "WORKER_CONNECTOR_IMAGE": ("kHarmless", ["airbyte/destination-dynamodb:dev"]),
    "WORKER_JOB_ID": ("kHarmless", ["77"]),
    "WORKER_JOB_ATTEMPT": ("kHarmless", ["3"]),
    "OPERATION_TYPE": ("kHarmless", ["check"]),
    "WORKLOAD_ID": ("kHarmless", ["w"]),
    "USE_STREAM_CAPABLE_STATE": ("kHarmless", ["true", "false"]),
    "CONNECTOR_STORAGE_LIMIT_BYTES": ("kHarmless", ["1"]),
    "JAVA_OPTS": ("kHarmless", ["-XX:+ExitOnOutOfMemoryError"]),
    "AIRBYTE_ENABLE_UNSAFE_CODE": ("kHarmless", ["true"]),
    "CONCURRENT_SOURCE_STREAM_READ": ("kHarmless", ["true"]),
    "AIRBYTE_DESTINATION_RECORD_BATCH_SIZE_OVERRIDE": ("kHarmless", ["1"]),
    "AWS_ACCESS_KEY_ID": ("kObeyed", ["AKIAOTHER"]),
    "AWS_SECRET_ACCESS_KEY": ("kObeyed", ["other"]),
    "AWS_ASSUME_ROLE_EXTERNAL_ID": ("kHarmless", ["workspace"]),
    "AWS_ASSUME_ROLE_ACCESS_KEY_ID": ("kHarmless", ["AKIAOTHER"]),
    "AWS_ASSUME_ROLE_SECRET_ACCESS_KEY": ("kHarmless", ["other"]),
    "DD_*": ("kHarmless", ["x"]),
    "MICROMETER_*": ("kHarmless", ["x"]),
}
CATALOG = {"streams": ("kObeyed", [])}
CONFIGURED = {
    "stream": ("kObeyed", []),
    "sync_mode": ("kHarmless", ["full_refresh", "incremental", "later", None, 7]),
    "destination_sync_mode": ("kObeyed", []),
    "cursor_field": ("kObeyed", [["id"], "id", {"id": 1}]),
    "primary_key": ("kObeyed", [[["id"]], ["id"], 7, [["a"], ["b", "c"], ["d"]]]),
    "generation_id": ("kObeyed", [9, 9.0]),
    "minimum_generation_id": ("kObeyed", [0, 0.0]),
    "sync_id": ("kObeyed", [4, 4.0]),
    "include_files": ("kRefused", [True, "true", 1]),
    "destination_object_name": ("kRefused", ["customers"]),
    "mappers": ("kRefused", [[{"name": "hashing", "configuration": {"targetField": "id"}}], {"hashing": "id"}]),
    "hashed_fields": ("kRefused", [["id"], [{"fieldPath": ["id"]}]]),
    "selected_fields": ("kRefused", [[{"fieldPath": ["id"]}]]),
    "fields": ("kHarmless", [[{"name": "id", "type": "STRING"}], []]),
}
STREAM = {
    "name": ("kObeyed", []),
    "namespace": ("kObeyed", []),
    "source_defined_primary_key": ("kObeyed", [[["id"]], "id", 7]),
    "default_cursor_field": ("kObeyed", [["id"], 7]),
    "json_schema": ("kHarmless", [None, {}, {"properties": {"id": {"type": "string"}}, "additionalProperties": False}]),
    "supported_sync_modes": ("kHarmless", [[], ["full_refresh"], None]),
    "source_defined_cursor": ("kHarmless", [True, False]),
    "is_resumable": ("kHarmless", [True, False]),
    "is_file_based": ("kHarmless", [True, False]),
}
MODES = {
    "append": ("kObeyed", []),
    "overwrite": ("kObeyed", []),
    "append_dedup": ("kRefused", []),
    "overwrite_dedup": ("kRefused", []),
    "update": ("kRefused", []),
    "soft_delete": ("kRefused", []),
}
LISTS = {"kVariables": VARIABLES, "kCatalog": CATALOG, "kConfiguredStream": CONFIGURED, "kStream": STREAM, "kModes": MODES}


def in_source(name):
    body = re.search(rf"constexpr PlatformTerm {name}\[\] = {{(.*?)\n}};", SOURCE.read_text(), re.S).group(1)
    entries = re.findall(r"^    {([^,]+), (k\w+),", body, re.M)
    return {"DATA_CHANNEL_MEDIUM" if name == "kMedium" else name.strip('"'): treatment for name, treatment in entries}


@pytest.mark.parametrize("name", LISTS)
def test_the_lists_here_are_those_of_the_source(name):
    found = in_source(name)
    assert found and found == {name: treatment for name, (treatment, _) in LISTS[name].items()}


class Sync:
    """Runs against a scripted server that has asked nothing yet."""

    def __init__(self, connector, start_server):
        self.connector, self.server = connector, start_server()
        self.config = messages.config(self.server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
        self._runs = itertools.count()

    def write(self, env=None, more=None, stream_more=None, mode="append", **config):
        run = next(self._runs)
        stream = messages.stream("s", mode, **(more or {}))
        stream["stream"].update(stream_more or {})
        lines = [messages.record("s", {"id": run}), messages.stream_state("s", {"run": run})]
        before = len(self.server.log())
        outcome = self.connector.write({**self.config, **config}, messages.catalog(stream), lines, env)
        self.requests = len(self.server.log()) - before
        return outcome

    def works(self, **options):
        outcome = self.write(**options).ok()
        assert len(outcome.states) == 1
        assert self.requests > 0
        return outcome

    def is_refused(self, naming, **options):
        outcome = self.write(**options)
        assert outcome.code == 1
        assert outcome.error["failure_type"] == "config_error"
        assert naming in outcome.error["message"] and "not supported" in outcome.error["message"]
        assert self.requests == 0
        return outcome


@pytest.fixture
def sync(connector, start_server):
    return Sync(connector, start_server)


def cases(terms, treatment):
    return [(name, value) for name, (of, values) in terms.items() if of == treatment for value in values]


def test_variables_that_are_refused(sync):
    for name, value in cases(VARIABLES, "kRefused"):
        sync.is_refused(name, env={name: value})
        sync.works(env={name: ""})


def test_variables_that_ask_for_nothing(sync):
    every = {name.replace("*", "AGENT_HOST"): value for name, value in cases(VARIABLES, "kHarmless")}
    outcome = sync.works(env=every)
    assert not [text for level, text in outcome.logs if level == "WARN" and "variable" in text]
    # What today's platform sets for a sync over stdin.
    sync.works(env={"DATA_CHANNEL_MEDIUM": "STDIO", "DATA_CHANNEL_FORMAT": "JSONL", "USE_FILE_TRANSFER": "false",
                    "DEPLOYMENT_MODE": "OSS", "AIRBYTE_EDITION": "community", "LOG_LEVEL": "INFO"})
    sync.works(env={"DATA_CHANNEL_MEDIUM": "STDIO", "DATA_CHANNEL_SOCKET_PATHS": SOCKET})


def test_variables_that_are_obeyed(sync):
    for name in ("DEPLOYMENT_MODE", "AIRBYTE_EDITION"):
        outcome = sync.write(env={name: VARIABLES[name][1][0]})
        assert (outcome.code, outcome.error["message"], sync.requests) == (1, "Server Endpoint requires HTTPS", 0)
    # Keys that only the environment has; those of the config come before others in it.
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    sync.works(env=keys, access_key_id="", secret_access_key="")
    sync.works(env={name: VARIABLES[name][1][0] for name in keys})
    assert {level for level, _ in sync.works(env={"LOG_LEVEL": "debug"}).logs} >= {"INFO"}
    assert not [level for level, _ in sync.works(env={"LOG_LEVEL": "error"}).logs if level in ("INFO", "WARN")]


def test_members_that_are_refused(sync):
    for name, value in cases(CONFIGURED, "kRefused"):
        sync.is_refused(name, more={name: value})
    for nothing in (False, None, "", "false", [], {}):
        sync.works(more={name: nothing for name, (treatment, _) in CONFIGURED.items() if treatment == "kRefused"})


def camel(name):
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@pytest.mark.parametrize("writing", [camel, str.upper, lambda name: name.replace("_", "-") + " "], ids=["camel", "upper", "dashes"])
def test_members_in_another_writing_are_refused(sync, writing):
    """As the platform's own interfaces write them. Passed over, they would be asked for and not done."""
    for terms, argument in ((CONFIGURED, "more"), (STREAM, "stream_more")):
        for name, (treatment, values) in terms.items():
            if treatment == "kHarmless" or writing(name) == name:
                continue
            for value in values or ["x"]:
                if value in (0, 0.0):
                    continue
                outcome = sync.write(**{argument: {writing(name): value}})
                assert (outcome.code, outcome.error["failure_type"], sync.requests) == (1, "config_error", 0), (name, value)
                said = f"which the protocol calls {name}." if treatment == "kObeyed" else "not supported"
                assert said in outcome.error["message"]
    sync.works(more={writing("include_files"): False, writing("sync_mode"): "incremental", writing("minimum_generation_id"): 0})


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_members_that_are_taken(sync, mode):
    for terms, argument in ((CONFIGURED, "more"), (STREAM, "stream_more")):
        for treatment in ("kHarmless", "kObeyed"):
            for name, value in cases(terms, treatment):
                outcome = sync.works(mode=mode, **{argument: {name: value}})
                assert not any("does not know" in text for _, text in outcome.logs), name


def test_members_that_no_list_has_are_told_of(sync):
    more = {"notices": [{"name": "hashing"}], "x\ny": 1}
    outcome = sync.works(more=more, stream_more={"later": {}})
    (warning,) = [text for level, text in outcome.logs if level == "WARN" and "catalog has members" in text]
    for name in ("notices", "later"):
        assert name in warning
    assert "hashing" not in warning and "\n" not in warning


def test_modes(sync):
    for mode, (treatment, _) in MODES.items():
        more = {"primary_key": [["id"]], "cursor_field": ["id"]}
        if treatment == "kObeyed":
            sync.works(mode=mode, more=more)
        else:
            sync.is_refused(mode, mode=mode, more=more)
    # What PyAirbyte asks for by default, and what to pass there instead.
    outcome = sync.is_refused("append_dedup", mode="append_dedup", more={"primary_key": [["id"]], "generation_id": 1,
                                                                         "minimum_generation_id": 1, "sync_id": 1})
    assert 'write_strategy="append"' in outcome.error["message"]
    outcome = sync.write(mode="later")
    assert (outcome.code, outcome.error["failure_type"], sync.requests) == (1, "config_error", 0)


def test_ids(sync):
    outcome = sync.is_refused("minimum_generation_id", more={"generation_id": 2.0, "minimum_generation_id": 2})
    assert outcome.error["stream_descriptor"] == {"name": "s"}
    for ids in ((5, 3), (0, 1), (None, 1), (5.0, 4.0)):
        outcome = sync.write(more={"generation_id": ids[0], "minimum_generation_id": ids[1]})
        assert (outcome.code, outcome.error["failure_type"], sync.requests) == (1, "config_error", 0)
    # Generation 1 is the first: there is nothing older, and nothing to warn of.
    for ids in ((1, 1), (1.0, 1), (9, 0), (9.0, None), (0, 0)):
        outcome = sync.works(more={"generation_id": ids[0], "minimum_generation_id": ids[1], "sync_id": 1})
        assert not any("generation" in text for level, text in outcome.logs if level == "WARN")
    stored = [item["item"].get("_airbyte_generation_id") for item in sync.server.items("t_s")]
    assert sorted(found["N"] for found in stored) == ["0", "1", "1", "9", "9"]


@pytest.mark.parametrize("on_rejected", ["fail", "skip"])
def test_a_record_that_comes_with_a_file(sync, on_rejected):
    """The file would be missing, whatever becomes of its record."""
    reference = {"staging_file_url": "/staging/files/a", "source_file_relative_path": "a", "file_size_bytes": 3}
    for more in ({"file_reference": reference}, {"file": {"file_url": "/staging/files/a", "bytes": 3}}):
        record = {"stream": "s", "data": {"id": 1}, "emitted_at": 1, **more}
        lines = [messages.line({"type": "RECORD", "record": record}), messages.stream_state("s", {})]
        outcome = sync.connector.write({**sync.config, "on_rejected_record": on_rejected}, messages.catalog("s"), lines)
        assert (outcome.code, outcome.error["failure_type"], outcome.states) == (1, "config_error", [])
        assert "comes with a file to be copied, which is not supported" in outcome.error["message"]
    record = {"stream": "s", "data": {"id": 1}, "emitted_at": 1, "file_reference": None, "file": None}
    sync.connector.write(sync.config, messages.catalog("s"), [messages.line({"type": "RECORD", "record": record})]).ok()


def test_a_schema_that_nobody_reads_ends_nothing(sync):
    deep = {}
    for _ in range(400):
        deep = {"properties": {"x": deep}, "items": [deep]} if _ < 5 else {"properties": {"x": deep}}
    sync.works(stream_more={"json_schema": deep})
    nested = "[" * 2000 + "]" * 2000
    catalog = ('{"streams":[{"stream":{"name":"s","json_schema":{"default":' + nested + ',"maximum":1e999,'
               '"description":"\\ud800"}},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}')
    sync.connector.write(sync.config, catalog, [messages.record("s", {"id": 1})]).ok()
