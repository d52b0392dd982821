"""Configs through the real commands: what is refused and how it is said, what is accepted and does its work."""

import json
import os
import subprocess

import pytest

from ddb_testkit import messages

SECRET = "Zq7TopSecret"
NOWHERE = "http://127.0.0.1:9"  # never reached by a config that is refused


def bad(**changes):
    return messages.config(NOWHERE, "p", **changes)


REFUSED = {
    "not JSON": ('{"secret_access_key": "' + SECRET, "not valid JSON"),
    "empty file": ("", "not valid JSON"),
    "a list": ("[]", "must be a JSON object, but is a list"),
    "no prefix": (bad(dynamodb_table_name_prefix=...), "dynamodb_table_name_prefix (Table name prefix) is missing"),
    "no region": (bad(dynamodb_region=..., dynamodb_endpoint=""), "dynamodb_region (DynamoDB Region) is empty"),
    "no key id": (bad(access_key_id=...), "access_key_id (DynamoDB Key Id) is missing"),
    "null secret": (bad(secret_access_key=None), "secret_access_key (DynamoDB Access Key) is missing"),
    "empty secret": (bad(secret_access_key=""), "secret_access_key (DynamoDB Access Key) is empty"),
    "number as key id": (bad(access_key_id=5), "access_key_id (DynamoDB Key Id) must be text, but is a number"),
    "secret as key id": (bad(access_key_id=SECRET + "/+"), "access_key_id (DynamoDB Key Id) has a character"),
    "old key": (bad(dynamodb_table_name_prefix=..., dynamodb_table_name=SECRET),
                "Rename the key to dynamodb_table_name_prefix"),
    "prefix that no table can have": (bad(dynamodb_table_name_prefix=SECRET + " x"), "dynamodb_table_name_prefix"),
    "prefix too long": (bad(dynamodb_table_name_prefix="p" * 247), "dynamodb_table_name_prefix"),
    "region with an underscore": (bad(dynamodb_region=SECRET + "_1"), "dynamodb_region"),
    "no region and no endpoint": (bad(dynamodb_endpoint="", dynamodb_region=""), "dynamodb_region"),
    "unknown region": (bad(dynamodb_endpoint="", dynamodb_region="xx-moon-1"), "dynamodb_region"),
    "endpoint without scheme": (bad(dynamodb_endpoint="localhost:8000"), "dynamodb_endpoint"),
    "endpoint with a user": (bad(dynamodb_endpoint=f"http://u:{SECRET}@localhost"), "dynamodb_endpoint"),
    "endpoint with a query": (bad(dynamodb_endpoint="http://localhost/?x"), "dynamodb_endpoint"),
    "endpoint with a bad port": (bad(dynamodb_endpoint="http://localhost:99999"), "dynamodb_endpoint"),
    "blank endpoint": (bad(dynamodb_endpoint=" "), "dynamodb_endpoint"),
    "temporary keys": (bad(access_key_id="ASIAIOSFODNN7EXAMPLE"), "only together with their session token"),
    "a permanent key with a token": (bad(access_key_id="AKIAIOSFODNN7EXAMPLE", session_token=SECRET), "does not belong to access_key_id"),
    "a role beside authentication": (bad(access_key_id=..., secret_access_key=..., role_arn=SECRET), "did you mean authentication.role_arn?"),
    "an ARN as prefix": (bad(dynamodb_table_name_prefix="arn:aws:dynamodb:us-east-1:111122223333:table/p"), "ARNs are not supported"),
    "an ARN as dead letter table": (bad(dead_letter_table="arn:aws:dynamodb:us-east-1:111122223333:table/dead"), "dead_letter_table"),
    "an ARN in capitals": (bad(dynamodb_table_name_prefix=" ARN:AWS-CN:DYNAMODB:cn-north-1:111122223333:table/p\n"), "ARNs are not supported"),
    "a slip": (bad(dynamodb_endpoint=..., dynamodb_endpont=NOWHERE), "dynamodb_endpont: did you mean dynamodb_endpoint?"),
    "another product's name": (bad(dynamodb_endpoint=..., endpoint_url=NOWHERE), "endpoint_url: did you mean dynamodb_endpoint?"),
    "a slip in a nested key": (bad(capacity={"mode": "provisioned", "write_unit": 5}), "capacity.write_unit: did you mean"),
    "a missing key and others": (bad(secret_access_key=..., password=SECRET), "keys that are not known: password."),
    "wrapped": ({"connectionConfiguration": bad()}, 'is wrapped in "connectionConfiguration"'),
    "a catalog": (messages.catalog("s"), "is a catalog. Are --config and --catalog exchanged?"),
    "the spec": ({"type": "SPEC", "spec": {"connectionSpecification": {"properties": {"dynamodb_region": {}}}}}, "is the connector's spec"),
    "the inside of the spec": ({"connectionSpecification": {"properties": {"dynamodb_region": {"title": SECRET}}}}, "is the connector's spec"),
    "the schema of a config": ({"$schema": "x", "properties": {"access_key_id": {"type": "string"}}}, "is the connector's spec"),
    "a state": ({"type": "STATE", "state": {"data": {"x": SECRET}}}, "is a message of a connector, or a state"),
    "a platform's state": ({"type": "STREAM", "stream": {"stream_descriptor": {"name": "s"}}}, "is a message of a connector, or a state"),
    "what spec prints": (json.dumps({"type": "LOG", "log": {"message": SECRET}}) + "\n" + json.dumps({"type": "SPEC", "spec": {}}) + "\n",
                         "several objects, one behind the other, as a connector prints its messages"),
    "comments": ("{ // " + SECRET + "\n}", "it has a comment in line 1"),
    "a comma too many": ('{"a": "' + SECRET + '",}', "it has a comma before a closing bracket in line 1"),
    "unknown capacity": (bad(capacity={"mode": SECRET}), 'capacity.mode (Mode) must be "provisioned" or "on_demand"'),
    "no write units": (bad(capacity={"mode": "provisioned", "write_units": 0}), "capacity.write_units (Write units)"),
    "no workers": (bad(workers=0), "workers (Workers) must be from 1 to 64"),
    "a fraction of a worker": (bad(workers=1.5), "workers (Workers) must be a whole number, but is a number with a fraction"),
    "a key twice": (json.dumps(bad())[:-1] + ', "dynamodb_region": "%s"}' % SECRET, "has the key dynamodb_region twice"),
    "a nested key twice": (json.dumps(bad())[:-1] + ', "capacity": {"mode": "on_demand", "mode": "%s"}}' % SECRET,
                           "has the key capacity.mode twice"),
    "workers as text": (bad(workers=SECRET), "workers (Workers) must be a whole number, but is text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(connector, name):
    config, reason = REFUSED[name]
    check = connector.check(config)
    assert check.code == 0
    assert check.status["status"] == "FAILED"
    write = connector.write(config, messages.catalog("s"), [])
    assert write.code == 1
    assert write.error["failure_type"] == "config_error"
    for message in (check.status["message"], write.error["message"]):
        assert reason in message
    for outcome in (check, write):
        assert SECRET not in outcome.stdout and outcome.stderr == ""


@pytest.mark.parametrize("env", [{"DEPLOYMENT_MODE": "CLOUD"}, {"AIRBYTE_EDITION": "cloud"}, {"AIRBYTE_EDITION": "CLOUD"}],
                         ids=str)
@pytest.mark.parametrize("endpoint", ["http://testurl.com:9000", "HTTP://testurl.com", "localhost:8000", " "])
def test_cloud_requires_https(connector, env, endpoint):
    config = {"dynamodb_endpoint": endpoint, "dynamodb_table_name_prefix": "integration-test",
              "dynamodb_region": "us-east-2", "access_key_id": "dummy_access_key_id",
              "secret_access_key": "dummy_secret_access_key"}
    assert connector.check(config, env=env).ok().status == {
        "status": "FAILED", "message": "Server Endpoint requires HTTPS"}
    write = connector.write(config, messages.catalog("s"), [], env=env)
    assert write.code == 1
    assert write.error["failure_type"] == "config_error"
    assert write.error["message"] == "Server Endpoint requires HTTPS"


def capacity_of(dynamodb, table):
    description = dynamodb.describe_table(TableName=table)["Table"]
    if description.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return "on demand"
    units = description["ProvisionedThroughput"]
    return units["ReadCapacityUnits"], units["WriteCapacityUnits"]


def write_one(connector, config):
    return connector.write(config, messages.catalog("s"), [messages.record("s", {"a": 1})]).ok()


@pytest.mark.parametrize("more, capacity", [
    ({}, (10, 10)),
    ({"capacity": None, "workers": None}, (10, 10)),
    ({"capacity": {"mode": "provisioned"}}, (10, 10)),
    ({"capacity": {"mode": "provisioned", "read_units": 3, "write_units": 1200}}, (3, 1200)),
    ({"capacity": {"mode": "on_demand"}}, "on demand"),
    ({"workers": 3}, (10, 10)),
    ({"dynamodb_region": ""}, (10, 10)),
    ({"dynamodb_region": "Moon-7"}, (10, 10)),
    ({"access_key_id": " AKIDLOCALTEST\n"}, (10, 10)),
    ({"dynamodb_region": " US-EAST-1\u00a0", "workers": "2", "max_memory_mb": 64.0}, (10, 10)),
    ({"on_rejected_record": None, "dead_letter_table": None, "max_memory_mb": None, "give_up_after_s": ""}, (10, 10)),
    ({"capacity": {"mode": " provisioned", "write_units": "1200"}}, (10, 1200)),
], ids=json.dumps)
def test_accepted(engine, dynamodb, prefix, connector, more, capacity):
    # Engines keep tables by region and key where they are asked to; these share them.
    write_one(connector, messages.config(engine.endpoint, prefix, **more))
    assert capacity_of(dynamodb, f"{prefix}_s") == capacity


@pytest.mark.parametrize("written", ["{} \n", "\t{}", "HTTP{}", "Http{}\u00a0"])
def test_an_endpoint_that_was_copied_from_somewhere(engine, prefix, connector, written):
    endpoint = written.format(engine.endpoint if "{}" == written.strip() else engine.endpoint.removeprefix("http"))
    write_one(connector, messages.config(endpoint, prefix))
    assert connector.check(messages.config(endpoint, prefix)).status["status"] == "SUCCEEDED"


# Not UTF-8, so no text of Python's.
@pytest.mark.parametrize("data, reason", [
    ("{}".encode("utf-16"), "it is UTF-16"),
    ("{}".encode("utf-16-be"), "it is UTF-16"),
    ("{}".encode("utf-32"), "it is UTF-32"),
    ("{}".encode("utf-32-be"), "it is UTF-32"),
    (b'{"a": "\xe4"}', "it is not UTF-8"),
    (b'{"a": "b\0"}', "it has a zero byte in line 1"),
    (b"\x1f\x8b\x08\x00abcdefgh", "it is compressed"),
    (b"", "it is empty"),
    (b" " * (1 << 21), "larger than 1 MiB"),
], ids=lambda value: "" if isinstance(value, bytes) else value)
def test_files_that_are_no_config(connector, tmp_path, data, reason):
    config, catalog = tmp_path / "config", connector.file(messages.catalog("s"))
    config.write_bytes(data)
    assert reason in connector.run("check", "--config", config).ok().status["message"]
    write = connector.run("write", "--config", config, "--catalog", catalog)
    assert (write.code, write.error["failure_type"]) == (1, "config_error")
    assert reason in write.error["message"]
    if b" " * 100 not in data:  # a catalog may be larger
        write = connector.run("write", "--config", connector.file(bad()), "--catalog", config)
        assert (write.code, write.error["failure_type"]) == (1, "config_error")
        assert reason in write.error["message"]


CONFIGURED = messages.catalog("s")


@pytest.mark.parametrize("catalog, reason", [
    ({"streams": [{"name": "s", "json_schema": {}}]}, "a discovered catalog"),
    ({"type": "CATALOG", "catalog": {"streams": [{"name": "s", "json_schema": {}}]}}, "discovered catalog"),
    ("\n".join(json.dumps(m) for m in [{"type": "LOG", "log": {"message": "x"}}, {"type": "TRACE", "trace": {}},
                                        {"type": "CATALOG", "catalog": {"streams": []}}]), "discovered catalog"),
    ("Starting.\n" + json.dumps({"type": "CATALOG", "catalog": {"streams": [{"name": "s"}]}}) + "\r\n", "discovered catalog"),
    (json.loads(messages.stream_state("s", {})), "it is a state"),
    (json.loads(messages.stream_state("s", {}))["state"], "it is a state"),
    ([json.loads(messages.stream_state(name, {}))["state"] for name in "ab"], "it is a state"),
    (json.loads(messages.global_state({})), "it is a state"),
    (messages.legacy_state({}), "it is a state"),
    (messages.record("s", {"id": 1}), "a message of type RECORD"),
    (messages.record("s", {"id": 1}) + "\n" + messages.record("s", {"id": 2}), "several objects, one behind the other"),
    ({"type": "SPEC", "spec": {}}, "a message of type SPEC"),
    ({"catalog": CONFIGURED}, 'wrapped in "catalog"'),
    ([CONFIGURED], "not a JSON object"),
    (bad(), "Are --config and --catalog exchanged?"),
    ({"streams": []}, "it has no stream"),
    (messages.catalog("s", "s"), "stream s is in it twice"),
    ("// mine\n" + json.dumps(CONFIGURED), "it has a comment in line 1"),
    (json.dumps(CONFIGURED).replace('"append"', '"append", "destination_sync_mode": "overwrite"'),
     "stream s has the member destination_sync_mode twice"),
    (json.dumps(CONFIGURED).replace('"name": "s"', '"name": "s", "name": "t"'), "the stream at position 1 has the member name twice"),
    (json.dumps(CONFIGURED)[:-1] + ', "streams": []}', "it has the member streams twice"),
    ({"streams": [messages.stream("s", generation_id=-1)]}, "generation_id of stream s is negative"),
    ({"streams": [messages.stream("s", generation_id=3, minimum_generation_id=-1)]}, "minimum_generation_id of stream s is negative"),
    ({"streams": [messages.stream("s"), messages.stream("t", "overwrite", sync_id=-7.0)]}, "sync_id of stream t is negative"),
    (json.dumps(CONFIGURED)[:-1] + ",}", "it has a comma before a closing bracket"),
])
def test_what_is_no_configured_catalog(connector, catalog, reason):
    write = connector.write(bad(), catalog, [])
    assert (write.code, write.error["failure_type"]) == (1, "config_error")
    assert reason in write.error["message"]


def test_a_fifo_that_nobody_has_opened_yet(engine, prefix, connector, tmp_path):
    """Said after some seconds, not waited for in silence; and it is still taken when it comes."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen([connector.binary, "check", "--config", fifo], stdout=subprocess.PIPE)
    log = json.loads(process.stdout.readline())["log"]
    assert (log["level"], str(fifo) in log["message"]) == ("WARN", True)
    fifo.write_text(json.dumps(messages.config(engine.endpoint, prefix)))
    rest = process.communicate(timeout=120)[0].decode()
    assert process.returncode == 0 and '"SUCCEEDED"' in rest


def test_unknown_keys_are_warned_about_by_name_only(engine, prefix, connector):
    config = messages.config(engine.endpoint, prefix, surprise=SECRET,
                             capacity={"mode": "on_demand", "foo": {"bar": SECRET}})
    outcome = write_one(connector, config)
    warnings = [text for level, text in outcome.logs if level == "WARN"]
    assert any("surprise" in text for text in warnings)
    assert any("capacity.foo" in text for text in warnings)
    assert SECRET not in outcome.stdout
