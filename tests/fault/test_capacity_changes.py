"""Tables whose capacity is changed while data flows, as their owner does it in the console."""

import threading
import time

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, RAW_KEYS, SECRET_KEY

pytestmark = pytest.mark.pace
BEFORE = 40
AFTER = 400
RECORDS = 3000
# Asked for are 5 s; machines of the tests are slow, and a tick of the supervisor's is half a second.
FOUND_WITHIN_S = 10


def table_of(wcu):
    return {"TableName": "t_users", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": wcu}, **RAW_KEYS}


def scenario_of(wcu, **more):
    return {"tables": [{"table": "t_users", "enforce_capacity": True}], "existing": [table_of(wcu)],
            "rules": [{"name": "latency", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": 5}}], **more}


def lines_of(records):
    return [messages.record("users", {"id": n, "text": "some text"}) for n in range(records)] + [
        messages.stream_state("users", {"at": records})]


def config_of(server, **more):
    return messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **more)


def change_capacity(server, wcu):
    server.boto3().update_table(
        TableName="t_users", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": wcu})


def stored_each_second(server, since):
    """Records stored in each second from `since` on, by the server's clock."""
    seconds = {}
    for line in server.log("BatchWriteItem"):
        if line["t"] >= since:
            second = int(line["t"] - since)
            seconds[second] = seconds.get(second, 0) + line["stored"]
    return [seconds.get(second, 0) for second in range(max(seconds) + 1)]


def write_and_change(connector, server, records, wcu, after_s=3):
    """Writes, and changes the capacity when the table has been the limit for a while: the outcome, and when it was."""
    with connector.start_write(config_of(server, workers=2), messages.catalog("users")) as process:
        feeder = threading.Thread(target=lambda: (process.send(*lines_of(records)), process.close_stdin()))
        feeder.start()
        deadline = time.monotonic() + 60
        while sum(line["stored"] for line in server.log("BatchWriteItem")) < 2 * BEFORE and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(after_s)
        change_capacity(server, wcu)
        changed = server.log("UpdateTable")[-1]["t"]
        feeder.join()
        return process.outcome().ok(), changed


def test_a_capacity_that_was_raised_is_found(connector, start_server):
    server = start_server(scenario_of(BEFORE))
    outcome, changed = write_and_change(connector, server, RECORDS, AFTER)
    rates = stored_each_second(server, changed)
    assert max(rates[: FOUND_WITHIN_S]) >= 0.8 * AFTER, rates
    assert any(f"has {AFTER} write units a second now; before: {BEFORE} write units" in text for _, text in outcome.logs)
    sent = sum(sum(line["tables"].values()) for line in server.log("BatchWriteItem"))
    assert sent <= 1.15 * RECORDS, "what was not known was tried out"


def test_a_capacity_that_was_lowered_is_kept_to(connector, start_server):
    server = start_server(scenario_of(AFTER))
    _, changed = write_and_change(connector, server, 4 * AFTER, AFTER // 4, after_s=0)
    refused = [line for line in server.log("BatchWriteItem") if line["t"] > changed + 6 and line["stored"] == 0]
    assert len(refused) <= 5, "requests to a table that was known to take less"


# Nothing is asked of the control plane while nothing waits, and what is denied or broken only leaves the bound to try.
@pytest.mark.parametrize("answer", [
    {"error": {"name": "AccessDeniedException", "status": 400}},
    {"error": {"name": "ThrottlingException", "status": 400}},
    {"status": 200, "body": "<html>please log in</html>"},
    {"hang": True},
])
def test_looks_that_fail_change_nothing(answer, connector, start_server):
    scenario = scenario_of(BEFORE)
    scenario["rules"].insert(0, {"name": "looks", "enabled": False, "match": {"operation": "DescribeTable"}, "action": answer})
    server = start_server(scenario)
    records = 6 * BEFORE
    with connector.start_write(config_of(server), messages.catalog("users")) as process:
        process.send(*lines_of(BEFORE))
        process.wait_state()  # the table was found, and looked at, as always
        server.switch("looks", True)
        at_first = len(server.log("DescribeTable"))
        began = time.monotonic()
        process.send(*lines_of(records))
        process.close_stdin()
        process.finish()
    assert time.monotonic() - began <= 1.5 * records / BEFORE + 10
    assert 1 <= len(server.log("DescribeTable")) - at_first <= 4


def test_a_table_that_takes_everything_is_not_looked_at(connector, start_server):
    server = start_server({"tables": [{"table": "t_users"}], "existing": [table_of(10)]})
    with connector.start_write(config_of(server), messages.catalog("users")) as process:
        process.send(*lines_of(500))
        process.wait_state()
        at_first = len(server.log("DescribeTable"))
        time.sleep(5)
        process.send(*lines_of(500))
        process.close_stdin()
        process.finish()
    assert len(server.log("DescribeTable")) == at_first
