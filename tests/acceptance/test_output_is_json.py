"""Whatever comes in from outside (paths, config, catalog, environment, messages), each line on stdout is UTF-8 and JSON."""

import json
import os
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest

from ddb_testkit import engines, messages
from ddb_testkit.accounts import Service

HERE = "@@"  # the place of the text in a config, a catalog or a message

# As bytes that stand for themselves. Those that are no JSON inside a string are for paths and the environment as well.
RAW = {
    "no UTF-8": b"\xff\xfe\x80",
    "a character cut off": b"x\xf0\x9f\x98",
    "overlong": b"\xc0\xaf\xe0\x80\xaf",
    "half a pair as UTF-8": b"\xed\xa0\x80x",
    "past the last character": b"\xf4\x90\x80\x80",
    "controls": b"\x01\x1b\x1f\x7f\r\n\t\x08\x0c",
    "quotes": b"\"}\\\"]\\",
    "other line ends": "\u2028\u2029\u0085".encode(),
    "long": b"x" + "\u00e9".encode() * 1900,
}
# As JSON writes them inside a string.
ESCAPED = {
    "controls, escaped": b"\\u0001\\u001b\\u007f\\u0000\\r\\n\\t\\b\\f",
    "quotes, escaped": b"\\\"}\\\\\\\"]\\\\",
    "half a pair, escaped": b"\\ud83d",
    "the other half, escaped": b"x\\ude00x",
    "halves the wrong way round": b"\\ude00\\ud83d",
    "a pair, escaped": b"\\ud83d\\ude00",
    "long and cut": b"x" * 199 + b"\\u00e9\\ud83d\\ude00" * 2000,
}
IN_JSON = {**RAW, **ESCAPED}


def config(**changes):
    return lambda prefix, endpoint: messages.config(endpoint, prefix, **changes)


CONFIGS = {
    "prefix": config(dynamodb_table_name_prefix=HERE),
    "region": config(dynamodb_region=HERE),
    "endpoint": config(dynamodb_endpoint=HERE),
    "endpoint's host": config(dynamodb_endpoint=f"http://{HERE}.invalid:1/"),
    "endpoint's path": config(dynamodb_endpoint=f"http://127.0.0.1:9/{HERE}"),
    "access key": config(access_key_id=HERE),
    "secret": config(secret_access_key=HERE),
    "capacity": config(capacity={"mode": HERE}),
    "capacity, as text": config(capacity=HERE),
    "workers": config(workers=HERE),
    "rejected records": config(on_rejected_record=HERE),
    "dead letters": config(dead_letter_table=HERE),
    "unknown key": config(**{HERE: 1}),
    "unknown key in capacity": config(capacity={"mode": "on_demand", HERE: [1]}),
    "unknown value": config(surplus=HERE),
    "write limit": config(write_limit=HERE),
    "write limits of streams": config(stream_write_limits=f"{HERE}=1, s={HERE}"),
    "account": config(account_id=HERE),
    "session token": config(session_token=HERE),
    "proxy": config(proxy_url=HERE),
    "proxy's login and host": config(proxy_url=f"http://{HERE}:{HERE}@{HERE}:1"),
    "authority": config(ca_certificate=HERE),
    "new tables": config(new_tables={"ttl_attribute": HERE}),
    "new tables' key": config(new_tables={"kms_key": HERE}),
    "new tables' tags": config(new_tables={"tags": f"{HERE}={HERE}, b"}),
    "new tables' choices": config(new_tables={"stream": HERE, HERE: HERE}),
    "authentication": config(authentication={"mode": HERE, HERE: 1}),
    "authentication by keys": config(authentication={"mode": "access_key", "access_key_id": HERE, "secret_access_key": HERE}),
    "authentication by a role": config(authentication={"mode": "assume_role", "role_arn": HERE, "external_id": HERE,
                                                       "session_name": HERE, "duration_s": HERE}),
    "old name of the prefix": config(dynamodb_table_name_prefix=..., dynamodb_table_name=HERE),
}


def stream(**changes):
    entry = messages.stream("s")
    for key, value in changes.items():
        entry["stream" if key in entry["stream"] or key == "namespace" else "destination_sync_mode"] = (
            {**entry["stream"], key: value} if key != "destination_sync_mode" else value)
    return entry


CATALOGS = {
    "name": [stream(name=HERE)],
    "name, twice": [stream(name=HERE), stream(name=HERE)],
    "namespace": [stream(namespace=HERE)],
    "name and namespace": [stream(name=HERE, namespace=HERE)],
    "mode": [stream(name=HERE, destination_sync_mode=HERE)],
    "mode that is no text": [stream(name=HERE, destination_sync_mode=5)],
    "primary key": [messages.stream("s", primary_key=[[HERE]])],
    "cursor": [messages.stream("s", cursor_field=[HERE])],
    "unknown generation": [messages.stream("s", generation_id=HERE)],
    "stream": [{"stream": HERE}],
    "a list of texts": [HERE],
}

LINES = {
    "a record of an unknown stream": messages.record(HERE, {"a": 1}),
    "a record of an unknown namespace": messages.record("s", {"a": 1}, namespace=HERE),
    "a record with another emitted_at": messages.record("s", {"a": 1}, emitted_at=HERE),
    "a field's name": messages.record("s", {HERE: 1}),
    "a field's value": messages.record("s", {"a": HERE}),
    "a STATE of an unknown stream": messages.stream_state(HERE, {"a": 1}),
    "a STATE": messages.stream_state("s", {HERE: HERE}),
    "a STATE of another type": messages.line({"type": "STATE", "state": {"type": HERE}}),
    "another type": messages.line({"type": HERE}),
    "a LOG": messages.line({"type": "LOG", "log": {"level": "INFO", "message": HERE}}),
    "a status of an unknown stream": messages.line({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {
        "stream_descriptor": {"name": HERE}, "status": HERE}}}),
    "no message": HERE,
}


def fill(value, text):
    """JSON with the bytes in place of every HERE."""
    return (value if isinstance(value, str) else json.dumps(value)).encode().replace(HERE.encode(), text)


def speaks_json(binary, *arguments, stdin=b"", env=None):
    """Runs it; gives its messages."""
    done = subprocess.run([os.fsencode(binary), *[os.fsencode(a) for a in arguments]], input=stdin, capture_output=True,
                          env={**os.environb, **(env or {})}, timeout=240)
    assert done.stderr == b"" and done.returncode in (0, 1), done
    assert done.stdout.endswith(b"\n")
    said = []
    for row in done.stdout[:-1].split(b"\n"):
        message = json.loads(row.decode("utf-8", errors="strict"))
        assert isinstance(message, dict) and message["type"], row
        if message["type"] != "STATE":  # that is the source's
            json.dumps(message, ensure_ascii=False).encode("utf-8", errors="strict")  # nor does an escape hide half a pair
        said.append(message)
    return said


class Case:
    """Files of one run."""

    def __init__(self, folder, prefix, endpoint):
        self._folder = folder
        self.prefix = prefix
        self.endpoint = endpoint
        self.config = self.file("config", messages.config(endpoint, prefix))
        self.catalog = self.file("catalog", messages.catalog("s"))

    def file(self, name, value, text=b""):
        path = self._folder / name
        path.write_bytes(fill(value, text))
        return path


@pytest.fixture
def case(tmp_path, engine, prefix):
    return Case(tmp_path, prefix, engine.endpoint)


def of_type(said, kind):
    return [message for message in said if message["type"] == kind]


@pytest.mark.parametrize("text", RAW)
def test_config_path(binary, case, text):
    for path in (b"/none/" + RAW[text][:2000], RAW[text][:200]):
        said = speaks_json(binary, b"check", b"--config", path)
        assert of_type(said, "CONNECTION_STATUS")[0]["connectionStatus"]["status"] == "FAILED"
        said = speaks_json(binary, b"write", b"--config", path, b"--catalog", case.catalog)
        assert of_type(said, "TRACE")


@pytest.mark.parametrize("text", RAW)
def test_catalog_path(binary, case, text):
    for path in (b"/none/" + RAW[text][:2000], RAW[text][:200]):
        assert of_type(speaks_json(binary, b"write", b"--config", case.config, b"--catalog", path), "TRACE")


@pytest.mark.parametrize("text", IN_JSON)
@pytest.mark.parametrize("place", CONFIGS)
def test_config(binary, case, place, text):
    # Where the text does no harm, the endpoint's port is what the run is refused for, before anything is sent.
    path = case.file("odd", CONFIGS[place](case.prefix, "http://127.0.0.1:bad"), IN_JSON[text])
    said = speaks_json(binary, b"check", b"--config", path)
    assert len(of_type(said, "CONNECTION_STATUS")) == 1
    speaks_json(binary, b"write", b"--config", path, b"--catalog", case.catalog)


@pytest.mark.parametrize("text", IN_JSON)
def test_file_of_any_bytes(binary, case, text):
    path = case.file("odd", HERE, IN_JSON[text])
    assert of_type(speaks_json(binary, b"check", b"--config", path), "CONNECTION_STATUS")
    assert of_type(speaks_json(binary, b"write", b"--config", case.config, b"--catalog", path), "TRACE")


@pytest.mark.parametrize("text", IN_JSON)
@pytest.mark.parametrize("place", CATALOGS)
def test_catalog(binary, case, place, text):
    path = case.file("odd", {"streams": CATALOGS[place]}, IN_JSON[text])
    speaks_json(binary, b"write", b"--config", case.config, b"--catalog", path)


@pytest.mark.parametrize("text", RAW)
@pytest.mark.parametrize("name", ["LOG_LEVEL", "DEPLOYMENT_MODE", "AIRBYTE_EDITION", "AWS_REGION", "AWS_ENDPOINT_URL", "SSL_CERT_FILE",
                                  "AWS_CA_BUNDLE", "HTTP_PROXY", "NO_PROXY", "TERM", "TZ", "LANG"])
def test_environment(binary, case, name, text):
    env = {name.encode(): RAW[text]}
    assert of_type(speaks_json(binary, b"check", b"--config", case.config, env=env), "CONNECTION_STATUS")
    speaks_json(binary, b"write", b"--config", case.config, b"--catalog", case.catalog, env=env)


@pytest.mark.parametrize("text", IN_JSON)
@pytest.mark.parametrize("place", LINES)
@pytest.mark.parametrize("rejected", ["fail", "skip"])
def test_messages(binary, case, place, text, rejected):
    config = case.file("config", messages.config(case.endpoint, case.prefix, on_rejected_record=rejected))
    lines = [messages.record("s", {"a": 1}).encode(), fill(LINES[place], IN_JSON[text]),
             messages.stream_state("s", {"at": 1}).encode()]
    speaks_json(binary, b"write", b"--config", config, b"--catalog", case.catalog,
                stdin=b"".join(row + b"\n" for row in lines))


# Credentials: of the environment, of files, of services. Nothing is sent to an endpoint of AWS's.
CHAIN = {b"AWS_EC2_METADATA_DISABLED": b"true", b"NO_PROXY": b"*", b"AWS_ENDPOINT_URL_STS": b"http://127.0.0.1:9"}
VARIABLES = {
    "the keys": {"AWS_ACCESS_KEY_ID": HERE, "AWS_SECRET_ACCESS_KEY": HERE, "AWS_SESSION_TOKEN": HERE},
    "a profile": {"AWS_PROFILE": HERE},
    "the files": {"AWS_CONFIG_FILE": HERE, "AWS_SHARED_CREDENTIALS_FILE": HERE, "HOME": HERE},
    "a container": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": HERE},
    "a container's token": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "\n" + HERE},
    "the instance's address": {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9/" + HERE},
}
PROFILES = {
    "keys": f"aws_access_key_id = {HERE}\naws_secret_access_key = {HERE}\naws_session_token = {HERE}",
    "a role": f"role_arn = {HERE}\nsource_profile = {HERE}\nrole_session_name = {HERE}",
    "a role by a source": f"role_arn = {HERE}\ncredential_source = {HERE}",
    "single sign-on": f"sso_account_id = {HERE}\nsso_role_name = {HERE}\nsso_start_url = {HERE}\nsso_region = {HERE}",
    "a session": f"sso_account_id = 1\nsso_role_name = r\nsso_session = {HERE}\n[sso-session {HERE}]\nsso_region = {HERE}",
    "no setting": HERE,
}


def speaks_of_credentials(binary, case, env):
    """check and write by the machine's credentials: refused, or not, in JSON."""
    machine = case.file("machine", messages.config(case.endpoint, case.prefix, access_key_id=..., secret_access_key=...))
    env = {**CHAIN, **env}
    assert of_type(speaks_json(binary, b"check", b"--config", machine, env=env), "CONNECTION_STATUS")
    speaks_json(binary, b"write", b"--config", machine, b"--catalog", case.catalog, env=env)


@pytest.mark.parametrize("text", RAW)
@pytest.mark.parametrize("place", VARIABLES)
def test_variables_of_credentials(binary, case, place, text):
    speaks_of_credentials(binary, case, {name.encode(): fill(value, RAW[text]) for name, value in VARIABLES[place].items()})


@pytest.mark.parametrize("text", RAW)
@pytest.mark.parametrize("place", PROFILES)
def test_profiles(binary, case, place, text):
    named = RAW[text][:40].replace(b"\n", b"").replace(b"]", b"")
    files = {b"AWS_CONFIG_FILE": case.file("aws-config", f"[profile {HERE}]\n", named),
             b"AWS_SHARED_CREDENTIALS_FILE": case.file("aws-credentials", f"[{HERE}]\n", named)}
    for path in files.values():
        path.write_bytes(path.read_bytes() + fill(PROFILES[place], RAW[text]) + b"\n")
    speaks_of_credentials(binary, case, {b"AWS_PROFILE": named, **{name: os.fsencode(path) for name, path in files.items()}})


# All at once: what a service says that gives none is asked for again for a while.
def test_what_files_and_services_of_credentials_say(binary, case):
    class Odd(Service):
        def give(self, request, _):
            request.answer(200, RAW[urllib.parse.unquote(request.path[1:])])

    with Odd(keys=None) as service, ThreadPoolExecutor(max_workers=2 * len(RAW)) as pool:
        machine = case.file("machine", messages.config(case.endpoint, case.prefix, access_key_id=..., secret_access_key=...))

        def check(env):
            said = speaks_json(binary, b"check", b"--config", machine, env={**CHAIN, **env})
            assert of_type(said, "CONNECTION_STATUS")[0]["connectionStatus"]["status"] == "FAILED"

        odd = [{b"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{service.url}/{urllib.parse.quote(text)}".encode()} for text in RAW]
        odd += [{b"AWS_WEB_IDENTITY_TOKEN_FILE": b"/none/" + text[:2000], b"AWS_ROLE_ARN": text} for text in RAW.values()]
        list(pool.map(check, odd))
