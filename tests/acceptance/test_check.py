"""check against a real engine: a table of its own comes and goes, and nothing else is touched."""

import signal
import subprocess
import time

import pytest

from ddb_testkit import engines, messages

MIDDLE = "_airbyte_connection_test_"


def succeeds(connector, config):
    outcome = connector.check(config).ok()
    assert outcome.status == {"status": "SUCCEEDED"}
    assert outcome.stderr == ""
    return outcome


@pytest.mark.parametrize("capacity", [..., {"mode": "on_demand"},
                                      {"mode": "provisioned", "read_units": 3, "write_units": 4}])
def test_succeeds_and_leaves_nothing(connector, engine, dynamodb, prefix, capacity):
    succeeds(connector, messages.config(engine.endpoint, prefix, capacity=capacity))
    assert engines.table_names(dynamodb, prefix) == []


def test_old_form_of_the_command(connector, engine, prefix):
    config = connector.file(messages.config(engine.endpoint, prefix))
    assert connector.run("--check", "--config", config).ok().status == {"status": "SUCCEEDED"}


@pytest.mark.parametrize("length", [198, 199, 240])
def test_a_long_prefix_is_cut(connector, engine, dynamodb, prefix, length):
    succeeds(connector, messages.config(engine.endpoint, prefix.ljust(length, "x")))
    assert engines.table_names(dynamodb, prefix) == []


def test_an_empty_prefix(connector, engine, dynamodb):
    succeeds(connector, messages.config(engine.endpoint, ""))
    assert engines.table_names(dynamodb, MIDDLE) == []


def test_other_tables_stay(connector, engine, dynamodb, prefix):
    other = f"{prefix}{MIDDLE}{'0' * 32}"
    dynamodb.create_table(TableName=other, BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    dynamodb.put_item(TableName=other, Item={"id": {"S": "x"}})
    succeeds(connector, messages.config(engine.endpoint, prefix))
    assert engines.table_names(dynamodb, prefix) == [other]
    assert engines.count_items(dynamodb, other) == 1


def test_an_unknown_key_is_a_warning(connector, engine, prefix):
    outcome = succeeds(connector, messages.config(engine.endpoint, prefix, surplus=1))
    assert any(level == "WARN" and "surplus" in text for level, text in outcome.logs)


def test_nobody_listens(connector, prefix):
    endpoint = f"http://127.0.0.1:{engines.free_port()}"
    outcome = connector.check(messages.config(endpoint, prefix))
    assert outcome.code == 0
    assert outcome.status["status"] == "FAILED"
    assert "refused" in outcome.status["message"] and endpoint in outcome.status["message"]


def test_an_unknown_host(connector, prefix):
    outcome = connector.check(messages.config("http://no-such-host.invalid:8000", prefix))
    assert outcome.status["status"] == "FAILED"
    assert "no-such-host.invalid" in outcome.status["message"]
    assert "no address" in outcome.status["message"]


def test_tls_to_a_plain_port(connector, engine, prefix):
    outcome = connector.check(messages.config(engine.endpoint.replace("http:", "https:"), prefix))
    assert outcome.status["status"] == "FAILED"
    assert "TLS" in outcome.status["message"]


def test_no_message_holds_the_secret(connector, prefix):
    config = messages.config("http://127.0.0.1:9", prefix, access_key_id="AKIDOFMINE", secret_access_key="TopSecretKey")
    outcome = connector.check(config)
    assert "TopSecretKey" not in outcome.stdout + outcome.stderr
    assert "AKIDOFMINE" not in outcome.stdout + outcome.stderr


def test_a_signal_ends_it_as_a_signal(connector, own_engine, prefix):
    """With an engine that is frozen: nothing can be cleaned up, and the end comes all the same."""
    own_engine.freeze()
    command = [str(connector.binary), "check", "--config", str(connector.file(messages.config(own_engine.endpoint, prefix)))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        time.sleep(2)  # by then its request is under way
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGTERM
        assert b"CONNECTION_STATUS" not in stdout
        assert b"may be left behind" in stdout
        assert stderr == b""


def test_the_dead_letter_table_needs_our_keys(connector, engine, dynamodb, prefix):
    config = messages.config(engine.endpoint, prefix, dead_letter_table=f"{prefix}-letters")
    succeeds(connector, config)
    assert engines.table_names(dynamodb, prefix) == []
    dynamodb.create_table(TableName=f"{prefix}-letters", BillingMode="PAY_PER_REQUEST",
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    status = connector.check(config).ok().status
    assert status["status"] == "FAILED"
    assert "dead_letter_table" in status["message"] and "HASH id (S)" in status["message"]
    assert engines.table_names(dynamodb, prefix) == [f"{prefix}-letters"]
