"""Tables that take less than there is: what is sent in vain, how much of the capacity is used, and who waits."""

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, RAW_KEYS, SECRET_KEY

pytestmark = pytest.mark.pace
SLOW_WCU = 60
SLOW = 600    # records: ten seconds of its table
OTHERS = 6000
DELAY = [{"name": "latency", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": 5}}]


def lines_of(slow, others, states_every, text="some text"):
    """`slow` records of one stream, with that text, evenly among those of two others; STATEs of the slow one."""
    lines, sent = [], 0
    for n in range(others):
        lines += [messages.record(name, {"id": n, "text": "some text"}) for name in ("b", "c")]
        if n % (others // slow) == 0:
            lines.append(messages.record("slow", {"id": sent, "text": text}))
            sent += 1
            if sent % states_every == 0:
                lines.append(messages.stream_state("slow", {"at": sent}))
    return lines + [messages.stream_state(name, {"at": others}) for name in ("b", "c")]


def config_of(server, **more):
    return messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **more)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_slow_table_costs_the_others_nothing(workers, connector, start_server):
    server = start_server({"rules": DELAY, "tables": [{"table": "t_slow", "wcu": SLOW_WCU, "burst_wcu": SLOW_WCU}]})
    lines = lines_of(SLOW, OTHERS, states_every=60)
    outcome = connector.write(config_of(server, workers=workers), messages.catalog("slow", "b", "c"), lines).ok()
    assert len(outcome.states) == SLOW // 60 + 2

    log = server.log("BatchWriteItem")
    slow = [line for line in log if "t_slow" in line["tables"]]
    began, ended = slow[0]["t"], slow[-1]["t"]
    others_ended = max(line["t"] for line in log if "t_slow" not in line["tables"])
    assert others_ended < began + (ended - began) / 2, "the others waited for the slow table"

    sent = sum(sum(line["tables"].values()) for line in log)
    assert sent <= 1.05 * (SLOW + 2 * OTHERS), "writes that were sent again"
    # A second of it is there at the beginning.
    assert ended - began <= (SLOW - SLOW_WCU) / SLOW_WCU / 0.95 + 3, "capacity was left unused"


def test_states_come_at_the_pace_of_the_table(connector, start_server):
    server = start_server({"rules": DELAY, "tables": [{"table": "t_slow", "wcu": SLOW_WCU, "burst_wcu": SLOW_WCU}]})
    lines = lines_of(SLOW, SLOW * 2, states_every=60)
    with connector.start_write(config_of(server, workers=4), messages.catalog("slow", "b", "c")) as process:
        process.send(*lines)
        process.close_stdin()
        for at in range(60, SLOW + 1, 60):
            while process.wait_state()["stream"]["stream_descriptor"]["name"] != "slow":
                pass
            stored = sum(line["stored"] for line in server.log("BatchWriteItem") if "t_slow" in line["tables"])
            assert stored <= at + 3 * SLOW_WCU, "what was read first was not sent first"
        process.finish()


def test_a_table_that_takes_nothing_for_a_while_is_left_alone(connector, start_server):
    rules = [{"name": "dark", "match": {"operation": "BatchWriteItem", "table": "t_slow", "before_s": 6},
              "action": {"error": "ProvisionedThroughputExceededException"}}]
    server = start_server({"rules": rules})
    lines = lines_of(SLOW, OTHERS, states_every=60)
    connector.write(config_of(server, workers=2), messages.catalog("slow", "b", "c"), lines).ok()
    log = server.log("BatchWriteItem")
    refused = [line for line in log if line["status"] == 400]
    assert 3 <= len(refused) <= 40, "requests to a table that takes nothing"
    began = log[0]["t"]
    assert max(line["t"] for line in log if "t_slow" not in line["tables"]) < began + 6
    assert log[-1]["t"] < began + 30, "found within seconds"


def ended_of(log, table):
    return max(line["t"] for line in log if table in line["tables"] and line["stored"])


# Ten units each; some hundred of them are more than the 2 MiB that a worker seals ahead of what is sent.
LARGE, LARGE_UNITS = "x" * 9500, 10


@pytest.mark.parametrize("workers", [1, 4])
def test_three_slow_tables_of_thirty(workers, connector, start_server):
    names = [f"s{n}" for n in range(30)]
    slow, others = names[::10], [name for n, name in enumerate(names) if n % 10]
    of_slow, of_others, wcu = 360, 400, SLOW_WCU * LARGE_UNITS
    server = start_server({"rules": DELAY, "tables": [{"table": f"t_{name}", "wcu": wcu, "burst_wcu": wcu} for name in slow]})
    lines = [messages.record(name, {"id": n, "text": LARGE if name in slow else "some text"})
             for n in range(of_others) for name in names if name not in slow or n < of_slow]
    lines += [messages.stream_state(name, {"at": "end"}) for name in names]
    outcome = connector.write(config_of(server, workers=workers), messages.catalog(*names), lines).ok()
    assert len(outcome.states) == len(names)

    log = server.log("BatchWriteItem")
    began = log[0]["t"]
    slow_ended = [ended_of(log, f"t_{name}") - began for name in slow]
    assert max(ended_of(log, f"t_{name}") for name in others) - began < min(slow_ended) / 2, "the others waited"
    assert sum(sum(line["tables"].values()) for line in log) <= 1.05 * len(lines), "writes that were sent again"
    # Each of them as fast as if it were alone; a second of it is there at the beginning.
    assert max(slow_ended) <= (of_slow - SLOW_WCU) / SLOW_WCU / 0.95 + 3, "capacity was left unused"


@pytest.mark.parametrize("workers", [1, 4])
def test_a_table_that_takes_nothing_for_a_while(workers, connector, start_server):
    dark_s, records = 8, 1200
    dark = {"name": "dark", "match": {"operation": "BatchWriteItem", "table": "t_slow", "before_s": dark_s},
            "action": {"error": "ProvisionedThroughputExceededException"}}
    server = start_server({"rules": [dark, *DELAY]})
    lines = lines_of(records, OTHERS, states_every=60, text=LARGE)
    outcome = connector.write(config_of(server, workers=workers), messages.catalog("slow", "b", "c"), lines).ok()
    assert len(outcome.states) == records // 60 + 2

    log = server.log("BatchWriteItem")
    refused = [line for line in log if "t_slow" in line["tables"] and not line["stored"]]
    others_ended = max(ended_of(log, table) for table in ("t_b", "t_c"))
    assert others_ended < refused[-1]["t"], "the others waited for the dark table"
    assert len(refused) <= 2 * dark_s, "what takes nothing was asked again and again"
    assert ended_of(log, "t_slow") - refused[-1]["t"] <= 10, "that it takes something again was found late"


def test_a_hot_partition_holds_up_its_own_keys_alone(connector, start_server):
    """One of 50 partitions takes 8 units a second, of the 16 that come for it. What the table takes is found out, nobody being sure of it."""
    wcu, records, hot_wcu = 800, 9600, 8
    server = start_server({
        "rules": DELAY,
        "tables": [{"table": "t_s", "enforce_capacity": True, "burst_wcu": wcu, "partitions": 50, "hot_partition_wcu": hot_wcu}],
        "existing": [{"TableName": "t_s", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": wcu}, **RAW_KEYS}]})
    lines = [messages.record("s", {"id": n, "text": "some text"}) for n in range(records)]
    connector.write(config_of(server), messages.catalog("s"), [*lines, messages.stream_state("s", {"at": "end"})]).ok()

    log = server.log("BatchWriteItem")
    began, stored = log[0]["t"], 0
    for line in log:
        stored += line["stored"]
        if stored >= 0.95 * records:
            break
    assert line["t"] - began <= 0.95 * (records - wcu) / wcu / 0.8 + 2, "the others waited for the hot keys"
    sent = sum(sum(line["tables"].values()) for line in log)
    assert sent <= 1.15 * records, "writes that were sent again"
