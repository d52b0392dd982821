"""The tables of a sync: what is created, what is taken as it is, what is replaced, and what is never dropped."""

import json
import os
import subprocess

import botocore.exceptions
import pytest

from ddb_testkit import engines, messages

HASH = {"AttributeName": "_airbyte_ab_id", "KeyType": "HASH"}
RANGE = {"AttributeName": "sync_time", "KeyType": "RANGE"}
TYPES = [{"AttributeName": "_airbyte_ab_id", "AttributeType": "S"}, {"AttributeName": "sync_time", "AttributeType": "N"}]
# What a description tells about the moment, not about the table.
MOMENTARY = {"CreationDateTime", "TableId", "ItemCount", "TableSizeBytes", "LatestStreamArn", "LatestStreamLabel",
             "IndexSizeBytes", "LastIncreaseDateTime", "LastDecreaseDateTime", "NumberOfDecreasesToday",
             "LastUpdateToPayPerRequestDateTime", "LastUpdateDateTime", "Backfilling"}


def create(dynamodb, table, **more):
    request = {"KeySchema": [HASH, RANGE], "AttributeDefinitions": TYPES, "BillingMode": "PAY_PER_REQUEST", **more}
    dynamodb.create_table(TableName=table, **request)
    dynamodb.get_waiter("table_exists").wait(TableName=table)


def put(dynamodb, table, key="old"):
    dynamodb.put_item(TableName=table, Item={"_airbyte_ab_id": {"S": key}, "sync_time": {"N": "1"}})


def describe(dynamodb, table):
    return dynamodb.describe_table(TableName=table)["Table"]


def lasting(value):
    """A description without what is momentary; lists in one order."""
    if isinstance(value, dict):
        return {name: lasting(member) for name, member in value.items() if name not in MOMENTARY}
    if isinstance(value, list):
        return sorted((lasting(member) for member in value), key=lambda member: json.dumps(member, default=str, sort_keys=True))
    return value


def write(connector, engine, prefix, *streams, lines=None, **more):
    """One record for each stream, unless `lines` says otherwise."""
    if lines is None:
        lines = [messages.record(s["stream"]["name"], {"n": 1}, s["stream"].get("namespace")) for s in streams]
    return connector.write(messages.config(engine.endpoint, prefix, **more), {"streams": list(streams)}, lines)


def keys(table):
    types = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    return {(k["AttributeName"], k["KeyType"], types[k["AttributeName"]]) for k in table["KeySchema"]}


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_missing_table_is_created(connector, engine, dynamodb, prefix, mode):
    outcome = write(connector, engine, prefix, messages.stream("s", mode)).ok()
    table = describe(dynamodb, f"{prefix}_s")
    assert keys(table) == {("_airbyte_ab_id", "HASH", "S"), ("sync_time", "RANGE", "N")}
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 10
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 10
    assert any(level == "WARN" and "10 read and 10 write units" in text for level, text in outcome.logs)
    assert engines.count_items(dynamodb, f"{prefix}_s") == 1


@pytest.mark.parametrize("capacity, billing, units", [
    ({"mode": "on_demand"}, "PAY_PER_REQUEST", 0),
    ({"mode": "provisioned", "read_units": 3, "write_units": 4}, "PROVISIONED", 4),
])
def test_capacity_of_the_config(connector, engine, dynamodb, prefix, capacity, billing, units):
    outcome = write(connector, engine, prefix, messages.stream("s"), capacity=capacity).ok()
    table = describe(dynamodb, f"{prefix}_s")
    assert table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED") == billing
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == units
    assert not any("write units" in text for level, text in outcome.logs if level == "WARN")


def test_append_takes_a_table_as_it_is(connector, engine, dynamodb, prefix):
    create(dynamodb, f"{prefix}_s")
    put(dynamodb, f"{prefix}_s")
    before = lasting(describe(dynamodb, f"{prefix}_s"))
    outcome = write(connector, engine, prefix, messages.stream("s")).ok()
    assert lasting(describe(dynamodb, f"{prefix}_s")) == before
    assert engines.count_items(dynamodb, f"{prefix}_s") == 2
    assert not any(level == "WARN" for level, _ in outcome.logs)


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize("schema, types, found", [
    ([HASH], TYPES[:1], "HASH _airbyte_ab_id (S)"),
    ([{"AttributeName": "id", "KeyType": "HASH"}], [{"AttributeName": "id", "AttributeType": "N"}], "HASH id (N)"),
    ([HASH, RANGE], [TYPES[0], {"AttributeName": "sync_time", "AttributeType": "S"}],
     "HASH _airbyte_ab_id (S), RANGE sync_time (S)"),
])
def test_other_keys_are_refused_and_kept(connector, engine, dynamodb, prefix, mode, schema, types, found):
    create(dynamodb, f"{prefix}_s", KeySchema=schema, AttributeDefinitions=types)
    before = lasting(describe(dynamodb, f"{prefix}_s"))
    outcome = write(connector, engine, prefix, messages.stream("s", mode, namespace=None))
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"
    assert f"found {found}, needed HASH _airbyte_ab_id (S), RANGE sync_time (N)" in outcome.error["message"]
    assert outcome.error["stream_descriptor"]["name"] == "s"
    assert lasting(describe(dynamodb, f"{prefix}_s")) == before


def test_overwrite_replaces_the_items_and_keeps_the_settings(connector, engine, dynamodb, prefix):
    table = f"{prefix}_s"
    index = {"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]}}
    create(
        dynamodb, table, BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 9},
        AttributeDefinitions=[*TYPES, {"AttributeName": "g", "AttributeType": "S"}],
        LocalSecondaryIndexes=[{"IndexName": "local", "KeySchema": [HASH, {"AttributeName": "g", "KeyType": "RANGE"}],
                                "Projection": {"ProjectionType": "KEYS_ONLY"}}],
        GlobalSecondaryIndexes=[{"IndexName": "global", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                 "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}, **index}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        TableClass="STANDARD_INFREQUENT_ACCESS", Tags=[{"Key": "team", "Value": "data \"x\""}])
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    put(dynamodb, table)
    before = settings(dynamodb, table)

    outcome = write(connector, engine, prefix, messages.stream("s", "overwrite")).ok()
    assert settings(dynamodb, table) == before
    assert [item["_airbyte_data"] for item in engines.read_table(dynamodb, table)] == [{"n": 1}]
    # The settings were logged, in a form that can be used again.
    logged = next(text for _, text in outcome.logs if "CreateTable" in text)
    logged = json.loads(logged[logged.index("{"):])
    assert logged["CreateTable"]["TableName"] == table
    assert {i["IndexName"] for i in logged["CreateTable"]["GlobalSecondaryIndexes"]} == {"global"}
    assert logged["UpdateTimeToLive"]["TimeToLiveSpecification"]["AttributeName"] == "expires"


def test_overwrite_keeps_on_demand_capacity(connector, engine, dynamodb, prefix):
    create(dynamodb, f"{prefix}_s", OnDemandThroughput={"MaxReadRequestUnits": 50, "MaxWriteRequestUnits": 60})
    before = settings(dynamodb, f"{prefix}_s")
    outcome = write(connector, engine, prefix, messages.stream("s", "overwrite")).ok()
    assert settings(dynamodb, f"{prefix}_s") == before
    assert not any("10 write units" in text for _, text in outcome.logs)


def settings(dynamodb, table):
    """Everything that is to be carried over, as far as the engine knows it."""
    description = describe(dynamodb, table)
    found = {"table": lasting(description)}
    for name, ask in {
        "ttl": lambda: dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"],
        "tags": lambda: dynamodb.list_tags_of_resource(ResourceArn=description["TableArn"])["Tags"],
    }.items():
        try:
            found[name] = ask()
        except botocore.exceptions.ClientError as error:
            found[name] = error.response["Error"]["Code"]
    return found


def test_nothing_is_dropped_when_another_stream_is_refused(connector, engine, dynamodb, prefix):
    create(dynamodb, f"{prefix}_good")
    put(dynamodb, f"{prefix}_good")
    create(dynamodb, f"{prefix}_bad", KeySchema=[HASH], AttributeDefinitions=TYPES[:1])
    outcome = write(connector, engine, prefix, messages.stream("good", "overwrite"), messages.stream("missing"),
                    messages.stream("bad"))
    assert outcome.code == 1
    assert outcome.error["stream_descriptor"]["name"] == "bad"
    assert engines.count_items(dynamodb, f"{prefix}_good") == 1
    assert f"{prefix}_missing" not in engines.table_names(dynamodb, prefix)


def test_a_protected_table_is_never_dropped(connector, engine, dynamodb, prefix):
    create(dynamodb, f"{prefix}_s", DeletionProtectionEnabled=True)
    if not describe(dynamodb, f"{prefix}_s").get("DeletionProtectionEnabled"):
        pytest.skip(f"{engine.name} does not know deletion protection")
    put(dynamodb, f"{prefix}_s")
    try:
        outcome = write(connector, engine, prefix, messages.stream("s", "overwrite"))
        assert outcome.code == 1
        assert outcome.error["failure_type"] == "config_error"
        assert "protected against deletion" in outcome.error["message"]
        assert engines.count_items(dynamodb, f"{prefix}_s") == 1
        write(connector, engine, prefix, messages.stream("s")).ok()
        assert engines.count_items(dynamodb, f"{prefix}_s") == 2
    finally:
        dynamodb.update_table(TableName=f"{prefix}_s", DeletionProtectionEnabled=False)


def test_many_tables_at_once(connector, engine, dynamodb, prefix):
    streams = [messages.stream(f"s{n}", "overwrite" if n % 2 else "append") for n in range(120)]
    for _ in range(2):
        write(connector, engine, prefix, *streams).ok()
    names = engines.table_names(dynamodb, prefix)
    assert len(names) == 120
    counts = {name: engines.count_items(dynamodb, name) for name in names}
    assert {name: count for name, count in counts.items() if int(name.rsplit("_s", 1)[1]) % 2} == {
        f"{prefix}_s{n}": 1 for n in range(1, 120, 2)}
    assert sum(counts.values()) == 60 + 120


def test_tables_of_no_stream_stay(connector, engine, dynamodb, prefix):
    create(dynamodb, f"{prefix}_other")
    put(dynamodb, f"{prefix}_other")
    write(connector, engine, prefix, messages.stream("s", "overwrite")).ok()
    assert engines.count_items(dynamodb, f"{prefix}_other") == 1


def test_a_wrong_endpoint_is_a_config_error(connector, prefix):
    endpoint = f"http://127.0.0.1:{engines.free_port()}"
    outcome = connector.write(messages.config(endpoint, prefix), messages.catalog("s"), [messages.record("s", {})])
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"
    assert "refused" in outcome.error["message"]


@pytest.mark.parametrize("redirections", [">&-", ">/dev/full", "<&-", "<.", "0>file"])
def test_nothing_is_dropped_for_a_run_that_cannot_read_or_tell(connector, engine, dynamodb, prefix, redirections):
    create(dynamodb, f"{prefix}_s")
    put(dynamodb, f"{prefix}_s")
    config = connector.file(messages.config(engine.endpoint, prefix))
    catalog = connector.file({"streams": [messages.stream("s", "overwrite")]})
    run = subprocess.run(["sh", "-c", f'exec "$@" {redirections}', "sh", str(connector.binary), "write", "--config", str(config),
                          "--catalog", str(catalog)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                         cwd=config.parent, check=False)
    assert run.returncode == 1
    assert run.stderr == ""
    assert engines.count_items(dynamodb, f"{prefix}_s") == 1
    if not redirections.startswith(">"):
        found = [json.loads(line) for line in run.stdout.splitlines()]
        assert [m["trace"]["error"]["failure_type"] for m in found if m["type"] == "TRACE"] == ["system_error"]


def test_nothing_is_dropped_when_nobody_reads_stdout(connector, engine, dynamodb, prefix):
    create(dynamodb, f"{prefix}_s")
    put(dynamodb, f"{prefix}_s")
    reading, writing = os.pipe()
    os.close(reading)
    with connector_process(connector, engine, prefix, writing) as process:
        os.close(writing)
        assert process.wait(60) == 1
    assert engines.count_items(dynamodb, f"{prefix}_s") == 1


def connector_process(connector, engine, prefix, stdout):
    config = connector.file(messages.config(engine.endpoint, prefix))
    catalog = connector.file({"streams": [messages.stream("s", "overwrite")]})
    return subprocess.Popen([str(connector.binary), "write", "--config", str(config), "--catalog", str(catalog)],
                            stdin=subprocess.DEVNULL, stdout=stdout, env={**os.environ, "LOG_LEVEL": "FATAL"})
