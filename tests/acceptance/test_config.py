"""Configs through the real commands: what is refused and how it is said, what is accepted and does its work."""

import json

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
    "no region": (bad(dynamodb_region=...), "dynamodb_region (DynamoDB Region) is missing"),
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
    "unknown capacity": (bad(capacity={"mode": SECRET}), 'capacity.mode (Mode) must be "provisioned" or "on_demand"'),
    "no write units": (bad(capacity={"mode": "provisioned", "write_units": 0}), "capacity.write_units (Write units)"),
    "no workers": (bad(workers=0), "workers (Workers) must be from 1 to 64"),
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
@pytest.mark.parametrize("endpoint", ["http://testurl.com:9000", "HTTPS://testurl.com", "localhost:8000", " "])
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
], ids=json.dumps)
def test_accepted(engine, dynamodb, prefix, connector, more, capacity):
    # Engines keep tables by region and key where they are asked to; these share them.
    write_one(connector, messages.config(engine.endpoint, prefix, **more))
    assert capacity_of(dynamodb, f"{prefix}_s") == capacity


def test_unknown_keys_are_warned_about_by_name_only(engine, prefix, connector):
    config = messages.config(engine.endpoint, prefix, surprise=SECRET,
                             capacity={"mode": "on_demand", "foo": {"bar": SECRET}})
    outcome = write_one(connector, config)
    warnings = [text for level, text in outcome.logs if level == "WARN"]
    assert any("surprise" in text for text in warnings)
    assert any("capacity.foo" in text for text in warnings)
    assert SECRET not in outcome.stdout
