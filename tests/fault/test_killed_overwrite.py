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


def command(connector, server):
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
    catalog = messages.catalog(messages.stream("users", "overwrite"))
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
