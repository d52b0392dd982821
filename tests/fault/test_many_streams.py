"""Catalogs of very many streams: what is asked of the service grows with their number and no faster."""

from collections import Counter

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

STREAMS = 2000
MEETING = 100  # of them have one name for their table


def names():
    meeting = ["a" + "\u0300" * n for n in range(1, MEETING + 1)]  # marks are dropped
    return meeting + [f"stream {n:05}" for n in range(STREAMS - MEETING)]


def test_requests_are_few_for_each_stream(connector, start_server):
    server = start_server({"tables": {"*": {"count_only": True}}, "table_limit": 2 * STREAMS})
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY,
                             capacity={"mode": "on_demand"})
    schema = {"type": "object", "properties": {f"f{n}": {"type": ["null", "string"]} for n in range(20)}}
    streams = [messages.stream(name) for name in names()]
    for stream in streams:
        stream["stream"]["json_schema"] = schema
    lines = [messages.record(name, {"id": 1}) for name in names()[::100]]
    lines += [messages.stream_state(name, {"s": 1}) for name in names()[::100]]
    seen = 0
    for run in range(2):
        outcome = connector.write(config, messages.catalog(*streams), lines).ok()
        assert len(outcome.states) == STREAMS // 100
        log = server.log()
        asked = Counter(line["operation"] for line in log[seen:])
        seen = len(log)
        assert asked["CreateTable"] == (STREAMS if run == 0 else 0)
        # Is there one with digits; is there one; has an overwrite that was killed left the settings of either; and of a new
        # one: is it there now.
        assert asked["DescribeTable"] <= (5 if run == 0 else 4) * STREAMS + 2 * MEETING
        assert asked["BatchWriteItem"] <= 2 * len(outcome.states)
    assert len(server.tables()) == STREAMS
