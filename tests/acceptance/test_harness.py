"""The harness itself: the engine answers, and what a test leaves behind is taken away."""

import pytest

from ddb_testkit import connector, protocol
from ddb_testkit.engines import delete_tables, read_table, table_names


def create(dynamodb, name):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])


def test_engine_stores_and_gives_back(dynamodb, prefix):
    create(dynamodb, f"{prefix}_a")
    dynamodb.put_item(TableName=f"{prefix}_a", Item={"id": {"S": "x"}, "n": {"N": "12345678901234567890.5"}})
    (item,) = read_table(dynamodb, f"{prefix}_a")
    assert str(item["n"]) == "12345678901234567890.5"


def test_tables_of_a_prefix_are_deleted_whatever_their_case(dynamodb, prefix):
    create(dynamodb, f"{prefix}_B")
    create(dynamodb, f"{prefix}_c")
    assert len(table_names(dynamodb, prefix)) == 2
    delete_tables(dynamodb, prefix)
    assert table_names(dynamodb, prefix) == []


def test_an_own_engine_keeps_its_data_over_a_crash(own_engine):
    client = own_engine.client()
    create(client, "kept")
    client.put_item(TableName="kept", Item={"id": {"S": "x"}})
    own_engine.kill()
    own_engine.start()
    assert [item["id"] for item in read_table(client, "kept")] == ["x"]


@pytest.mark.skipif(protocol.models() is None, reason="scripts/setup has not named Airbyte's models (DDB_AIRBYTE_MODELS)")
@pytest.mark.parametrize("line", [
    '{"type": "NONSENSE"}', '{"type": "LOG"}', '{"type": "LOG", "log": {"level": "LOUD", "message": "m"}}',
    '{"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "m"}}}',
    '{"type": "STATE", "state": {"type": "NONSENSE"}}', '{"type": "STATE", "state": {"destinationStats": {"recordCount": "x"}}}',
    '{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FINE"}}', '{"type": "SPEC", "spec": {}}',
])
def test_what_is_no_message_of_the_protocol_fails_a_test(line):
    with pytest.raises(AssertionError):
        connector.parse_lines(line)
