"""The table that check creates, looked at: DeleteTable is denied, so that it stays."""

import signal
import socket
import subprocess

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY


@pytest.mark.parametrize("capacity, on_demand, units", [
    (..., False, (10, 10)),
    ({"mode": "provisioned", "read_units": 3, "write_units": 7}, False, (3, 7)),
    ({"mode": "on_demand"}, True, (0, 0)),
])
def test_it_has_the_capacity_that_write_would_give_it(connector, start_server, capacity, on_demand, units):
    """What the account or its limits do not allow shows in check, not in the first sync."""
    server = start_server({"credentials": [{"access_key": ACCESS_KEY, "secret": SECRET_KEY, "denied": ["DeleteTable"]}]})
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, capacity=capacity)
    assert connector.check(config).status["status"] == "FAILED"
    (table,) = server.tables().values()
    found = table["description"]
    mode = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    assert mode == ("PAY_PER_REQUEST" if on_demand else "PROVISIONED")
    throughput = found["ProvisionedThroughput"]
    assert (throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]) == units
    assert {key["AttributeName"]: key["KeyType"] for key in found["KeySchema"]} == {"_airbyte_ab_id": "HASH", "sync_time": "RANGE"}


def test_no_further_one_is_left_behind(connector, start_server):
    """Whoever may not delete it finds it again; whoever may, deletes it."""
    server = start_server({"credentials": [
        {"access_key": ACCESS_KEY, "secret": SECRET_KEY, "denied": ["DeleteTable"]}, {"access_key": "AKIAOTHER", "secret": SECRET_KEY}]})
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
    for _ in range(3):
        status = connector.check(config).status
        assert status["status"] == "FAILED"
        assert "the next check uses it again" in status["message"]
        assert len(server.tables()) == 1
    assert connector.check({**config, "access_key_id": "AKIAOTHER"}).status["status"] == "SUCCEEDED"
    assert not server.tables()


@pytest.mark.parametrize("end", [signal.SIGHUP, signal.SIGTERM])
def test_none_is_spoken_of_where_no_request_can_have_been_sent(connector, end):
    """The port takes connections and never says a word of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = messages.config(f"https://127.0.0.1:{silent.getsockname()[1]}", "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
        command = [str(connector.binary), "check", "--config", str(connector.file(config))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            with connection:
                process.send_signal(end)
                stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == -end
    assert "left behind" not in stdout
    assert stderr == ""
