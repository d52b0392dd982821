"""An overwrite that is killed between the drop of a table and its creation, and the run after it."""

import json
import os
import signal
import subprocess
import time

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

KEYS = [{"AttributeName": "_airbyte_ab_id", "KeyType": "HASH"}, {"AttributeName": "sync_time", "KeyType": "RANGE"}]
TYPES = {"_airbyte_ab_id": "S", "sync_time": "N", "kind": "S"}
TABLE = {
    "TableName": "t_users",
    "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 90},
    "KeySchema": KEYS,
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in TYPES.items()],
    "GlobalSecondaryIndexes": [{
        "IndexName": "by_kind",
        "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 40},
    }],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:us-east-1:1:key/k"},
    "Tags": [{"Key": "team", "Value": "data"}],
}
PASSING = ("CreationDateTime", "TableId", "ItemCount", "TableSizeBytes", "LatestStreamLabel", "LatestStreamArn")


def lasting(table):
    description = {name: value for name, value in table["description"].items() if name not in PASSING}
    return description, table["tags"], table["ttl"]


def command(connector, server, mode="overwrite"):
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
    catalog = messages.catalog(messages.stream("users", mode))
    return [str(connector.binary), "write", "--config", str(connector.file(config)), "--catalog", str(connector.file(catalog))]


def run_and_kill(connector, server, operation, count):
    """Killed when the server has met the rule "hang" so often."""
    process = subprocess.Popen(command(connector, server), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               env={**os.environ, "LOG_LEVEL": "FATAL"})
    process.stdin.write((messages.record("users", {"id": 1}) + "\n").encode())
    process.stdin.flush()
    limit = time.monotonic() + 60
    while len(server.log(operation)) < count:
        assert time.monotonic() < limit, f"{operation} did not come"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    process.stdin.close()


def run(connector, server, mode="overwrite", records=1):
    lines = "".join(messages.record("users", {"id": n}) + "\n" for n in range(records))
    outcome = subprocess.run(command(connector, server, mode), input=lines, capture_output=True, text=True, timeout=120, check=False)
    assert outcome.returncode == 0, outcome.stdout
    logs = [json.loads(line)["log"] for line in outcome.stdout.splitlines() if '"LOG"' in line]
    return [log["message"] for log in logs if log["level"] == "WARN"]


def there(server):
    return sorted(name for name, table in server.tables().items() if table["description"]["TableStatus"] != "DELETING")


def set_ttl(server, on=True):
    specification = {"AttributeName": "expires", "Enabled": on}
    server.boto3().update_time_to_live(TableName="t_users", TimeToLiveSpecification=specification)


def ttl_of(server):
    return server.boto3().describe_time_to_live(TableName="t_users")["TimeToLiveDescription"].get("AttributeName")


@pytest.mark.parametrize("ttl", [False, True])
def test_the_next_run_restores_the_settings(connector, start_server, ttl):
    hang = {"name": "hang", "match": {"operation": "CreateTable", "table": "t_users", "nth": 2}, "action": {"hang": True}}
    server = start_server({"existing": [TABLE], "rules": [hang], "tables": [{"table": "t_*", "creating_describes": 1}]})
    if ttl:
        specification = {"AttributeName": "expires", "Enabled": True}
        server.boto3().update_time_to_live(TableName="t_users", TimeToLiveSpecification=specification)
    before = server.tables()["t_users"]
    # Its probe, its stand-in's, and its own, which hangs.
    run_and_kill(connector, server, "CreateTable", 3)
    assert "t_users" not in server.tables()
    server.control("rules/hang/off")

    outcome = subprocess.run(command(connector, server), input=messages.record("users", {"id": 1}) + "\n", capture_output=True,
                             text=True, timeout=120, check=False)
    assert outcome.returncode == 0, outcome.stdout
    after = server.tables()
    assert lasting(after["t_users"]) == lasting(before)
    assert len(server.items("t_users")) == 1
    assert [name for name, table in after.items() if table["description"]["TableStatus"] != "DELETING"] == ["t_users"]
    logs = [json.loads(line)["log"] for line in outcome.stdout.splitlines() if '"LOG"' in line]
    assert any("with the settings that it had" in log["message"] for log in logs)
    assert not any(log["level"] == "WARN" for log in logs)


def test_killed_before_the_drop_the_table_stands(connector, start_server):
    hang = {"name": "hang", "match": {"operation": "DeleteTable", "table": "t_users"}, "action": {"hang": True}}
    server = start_server({"existing": [TABLE], "rules": [hang]})
    before = server.tables()["t_users"]
    run_and_kill(connector, server, "DeleteTable", 1)
    assert lasting(server.tables()["t_users"]) == lasting(before)
    server.control("rules/hang/off")
    subprocess.run(command(connector, server), input=messages.record("users", {"id": 1}) + "\n", capture_output=True, text=True,
                   timeout=120, check=True)
    assert lasting(server.tables()["t_users"]) == lasting(before)
    assert list(server.tables()) == ["t_users"]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize("records", [0, 1])
def test_killed_before_the_time_to_live_is_set_the_next_run_sets_it(connector, start_server, mode, records):
    hang = {"name": "hang", "match": {"operation": "UpdateTimeToLive", "table": "t_users", "nth": 3}, "action": {"hang": True}}
    server = start_server({"existing": [TABLE], "rules": [hang]})
    set_ttl(server)
    before = server.tables()["t_users"]
    # The test's own, its probe, its stand-in's, and its own, which hangs.
    run_and_kill(connector, server, "UpdateTimeToLive", 4)
    assert not ttl_of(server)
    server.control("rules/hang/off")
    warnings = run(connector, server, mode, records)
    assert lasting(server.tables()["t_users"]) == lasting(before)
    assert there(server) == ["t_users"]
    assert len(server.items("t_users")) == records
    assert any("time to live on attribute expires is set again" in warning for warning in warnings)
    assert run(connector, server, mode, records) == []


def test_without_the_right_to_set_its_time_to_live_again_a_table_is_not_dropped(connector, start_server):
    denied = {"name": "denied", "match": {"operation": "UpdateTimeToLive"}, "action": {"error": "AccessDeniedException"}}
    server = start_server({"existing": [TABLE], "rules": [denied]})
    server.switch("denied", False)
    set_ttl(server)
    server.switch("denied", True)
    before = server.tables()
    outcome = subprocess.run(command(connector, server), input=messages.record("users", {"id": 1}) + "\n", capture_output=True,
                             text=True, timeout=120, check=False)
    assert outcome.returncode == 1
    error = next(json.loads(line)["trace"]["error"] for line in outcome.stdout.splitlines() if '"TRACE"' in line)
    assert error["failure_type"] == "config_error" and "dynamodb:UpdateTimeToLive" in error["message"]
    assert "Nothing was changed" in error["message"]
    assert not server.log("DeleteTable")
    assert list(server.tables()) == ["t_users"] and lasting(server.tables()["t_users"]) == lasting(before["t_users"])
    # An append does not need it.
    assert run(connector, server, "append") == []


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_stand_in_that_may_not_be_deleted_does_not_bring_back_what_was_switched_off(connector, start_server, mode):
    denied = {"access_key": ACCESS_KEY, "secret": SECRET_KEY, "denied": ["DeleteTable:t_users_airbyte_stand_in_b024ab7e"]}
    server = start_server({"existing": [TABLE], "credentials": [denied]})
    set_ttl(server)
    assert any("is left behind" in warning for warning in run(connector, server))
    assert ttl_of(server) == "expires"
    assert run(connector, server, "append") == []
    set_ttl(server, on=False)
    warnings = run(connector, server, mode)
    assert any("time to live" in warning and "t_users_airbyte_stand_in_b024ab7e" in warning for warning in warnings)
    assert not ttl_of(server)
    warnings = run(connector, server, mode)
    assert not ttl_of(server)
    # An overwrite has made the stand-in as the table is.
    assert any("time to live" in warning for warning in warnings) == (mode == "append")


def test_a_table_that_was_not_dropped_is_as_somebody_has_changed_it_since(connector, start_server):
    hang = {"name": "hang", "match": {"operation": "DeleteTable", "table": "t_users"}, "action": {"hang": True}}
    server = start_server({"existing": [TABLE], "rules": [hang]})
    set_ttl(server)
    run_and_kill(connector, server, "DeleteTable", 1)
    server.control("rules/hang/off")
    set_ttl(server, on=False)
    before = server.tables()["t_users"]
    assert run(connector, server, "append") == []
    assert lasting(server.tables()["t_users"]) == lasting(before)
    assert there(server) == ["t_users"]


WITH_DIGITS = "t_users_98b4db49"  # of the stream users, where it met another


def test_a_table_with_digits_is_known_again_by_an_append(connector, start_server):
    hang = {"name": "hang", "match": {"operation": "CreateTable", "table": WITH_DIGITS, "nth": 2}, "action": {"hang": True}}
    server = start_server({"existing": [{**TABLE, "TableName": WITH_DIGITS}], "rules": [hang]})
    before = server.tables()[WITH_DIGITS]
    run_and_kill(connector, server, "CreateTable", 3)
    assert WITH_DIGITS not in server.tables()
    server.control("rules/hang/off")
    run(connector, server, "append")
    assert there(server) == [WITH_DIGITS]
    assert lasting(server.tables()[WITH_DIGITS]) == lasting(before)


@pytest.mark.parametrize("error", ["UnrecognizedClientException", "InvalidSignatureException"])
def test_a_table_with_digits_is_found_though_its_first_look_is_refused(connector, start_server, error):
    refused = {"name": "refused", "match": {"operation": "DescribeTable", "table": WITH_DIGITS, "times": 1}, "action": {"error": error}}
    server = start_server({"existing": [{**TABLE, "TableName": WITH_DIGITS}], "rules": [refused]})
    run(connector, server, "append")
    assert there(server) == [WITH_DIGITS]
    assert len(server.items(WITH_DIGITS)) == 1
