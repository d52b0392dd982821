"""P3: whatever comes in and however slow the table is, the process stays within its budget and a constant beside it.

Bounds are of memory, never of speed. With --slow, the long variants.
"""

import json
import subprocess
import threading
import time

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, RAW_KEYS, SECRET_KEY

# What is not in the budget: the program, its libraries, threads, connections.
BESIDE_KIB = 48 * 1024
UNHURRIED_REPLY = {"name": "unhurried", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": 50}}
SLOW_REPLY = {"name": "slow", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": 2000}}
# For a hang; a sanitizer's build on a busy machine takes its time.
LONG_S = 600
pytestmark = pytest.mark.timeout(LONG_S + 200)


@pytest.fixture
def start(connector, start_server):
    """A server that counts and forgets, and a write into it: (running, server)."""
    def begin(streams, budget_mb, rules=(), **more):
        server = start_server({"rules": list(rules), "tables": {"*": {"count_only": True}}})
        config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY,
                                 max_memory_mb=budget_mb, **more)
        return connector.start_write(config, messages.catalog(*streams)), server

    return begin


@pytest.fixture
def sanitized(build_folder):
    return build_folder.name in ("asan", "tsan")


@pytest.fixture
def records(request, sanitized):
    """How many: a sanitizer's build is slow, and its own memory is not ours to judge."""
    return lambda few, many: many if request.config.getoption("--slow") else few // 10 if sanitized else few


@pytest.fixture
def holds(sanitized):
    """Asserts the bound."""
    def check(peak_kib, budget_mb, what):
        print(f"{what}: peak {peak_kib / 1024:.0f} MiB, budget {budget_mb} MiB")
        if not sanitized:
            assert peak_kib <= budget_mb * 1024 + BESIDE_KIB, f"P3: {peak_kib / 1024:.0f} MiB of {budget_mb} + 48"

    return check


class Feeder:
    """Sends `data` so many times, as fast as the pipe takes it; `sent` says how far it is."""

    def __init__(self, running, data, times):
        self.sent, self.done = 0, False
        self._running, self._data, self._times = running, data, times
        self.thread = threading.Thread(target=self._feed, daemon=True)
        self.thread.start()

    def _feed(self):
        try:
            for _ in range(self._times):
                self._running.send_raw(self._data)
                self.sent += len(self._data)
            self._running.close_stdin()
        except (BrokenPipeError, ValueError):
            pass  # what the process printed says why
        self.done = True


def peak_kib(running):
    try:
        return running.peak_memory_kib()
    except (OSError, StopIteration):
        return 0  # it has ended


class Peak:
    """The process's peak, followed until it ends."""

    def __init__(self, running):
        self.kib = 0
        self._running = running
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while self._running.process.poll() is None:
            self.kib = max(self.kib, peak_kib(self._running))
            time.sleep(0.02)

    def at_the_end(self):
        self._thread.join(60)
        return self.kib


def lines(streams, count, data):
    return "".join(messages.record(streams[n % len(streams)], data(n)) + "\n" for n in range(count)).encode()


def stored(server):
    return sum(table["count"] for table in server.tables().values())


def wait_until_it_reads_no_more(feeder, seconds, at_most):
    """Until all was sent, or nothing for so long, or `at_most` seconds: it is as full as it gets."""
    deadline, last, since = time.monotonic() + at_most, -1, time.monotonic()
    while not feeder.done and time.monotonic() - since < seconds and time.monotonic() < deadline:
        if feeder.sent != last:
            last, since = feeder.sent, time.monotonic()
        time.sleep(0.1)


def watch_it_full(feeder, seconds):
    """From when it first reads no more (a second without a byte: the budget is reached), for so long."""
    wait_until_it_reads_no_more(feeder, 1, at_most=LONG_S)
    assert not feeder.done, "it never stopped reading: nothing was tested"
    time.sleep(seconds)
    assert not feeder.done, "there were not enough records for so long"


def then_fast(running, server, count, holds, what):
    """The peak is within the budget of 32 MB, and stays so when the table is fast from here on and all is stored."""
    holds(running.peak_memory_kib(), 32, what)
    server.switch("slow", False)
    peak = Peak(running)
    outcome = running.outcome(LONG_S)
    assert outcome.code == 0, outcome.stdout[-2000:]
    assert stored(server) == count
    holds(peak.at_the_end(), 32, "at the end")


@pytest.mark.parametrize("workers", [1, 4])
def test_a_slow_table_fed_with_a_million_records_for_90_s_after_the_budget_is_reached(start, holds, request, sanitized, workers):
    if not request.config.getoption("--slow"):
        pytest.skip("takes minutes: --slow")
    count, at_once = (100_000 if sanitized else 1_000_000), 1000
    running, server = start(["s"], 32, [SLOW_REPLY], workers=workers)
    with running:
        feeder = Feeder(running, lines(["s"], at_once, lambda n: {"id": n, "pad": "x" * 100}), count // at_once)
        watch_it_full(feeder, 90)
        then_fast(running, server, count, holds, f"90 s after, {stored(server)} records stored")


@pytest.mark.parametrize("workers, pad, few, many", [
    (1, 100, 200_000, 1_000_000), (4, 100, 200_000, 1_000_000), (2, 5_000, 20_000, 200_000), (2, 300_000, 500, 5_000)])
def test_a_slow_table_does_not_fill_the_memory(start, holds, records, workers, pad, few, many):
    """2 s a reply. Watched for a while when it is as full as it gets, then the table is fast, and all is stored."""
    count = records(few, many)
    at_once = 1000 if pad < 10_000 else 50
    block = lines(["s"], at_once, lambda n: {"id": n, "name": f"name {n}", "pad": "x" * pad})
    running, server = start(["s"], 32, [SLOW_REPLY], workers=workers)
    with running:
        feeder = Feeder(running, block, count // at_once)
        wait_until_it_reads_no_more(feeder, 4, at_most=20)
        then_fast(running, server, count, holds, "slow")


def test_a_silent_table_is_noticed_long_before_the_budget_is_full(start):
    """What is read and not sent is bounded by itself: STATEs grow old, and all of it is repeated after a crash."""
    block = lines(["s"], 1000, lambda n: {"id": n, "pad": "x" * 1_000})
    running, _ = start(["s"], 1024, [{**SLOW_REPLY, "action": {"hang": True}}], workers=2)
    with running:
        feeder = Feeder(running, block, 100_000_000 // len(block))
        wait_until_it_reads_no_more(feeder, 1.5, at_most=20)
        sent, done = feeder.sent, feeder.done
        running.kill()
    assert not done and sent < 16 << 20, f"{sent} bytes of the input are read"


@pytest.mark.parametrize("action", [{"unprocessed": {"all": True}}, {"error": "ThrottlingException"}, {"reset": "after_body"}],
                         ids=["unprocessed", "throttled", "reset"])
def test_a_table_that_takes_nothing_for_a_while(start, holds, records, action):
    """Retries wait, and a reply that lists everything as unprocessed is as long as its request."""
    count = records(10_000, 100_000)
    running, server = start(["s"], 32, [{**SLOW_REPLY, "action": {"delay_ms": 100, **action}}], workers=2)
    with running:
        feeder = Feeder(running, lines(["s"], 1000, lambda n: {"id": n, "pad": "x" * 10_000}), count // 1000)
        wait_until_it_reads_no_more(feeder, 4, at_most=20)
        then_fast(running, server, count, holds, "taking nothing")


@pytest.mark.parametrize("delay_ms", [0, 2000])
def test_a_thousand_streams_of_few_records(start, holds, delay_ms):
    """A thousand open batches at once, and a STATE of each stream."""
    streams = [f"stream_{n:04}" for n in range(1000)]
    rule = {**SLOW_REPLY, "action": {"delay_ms": delay_ms}}
    running, server = start(streams, 32, [rule], workers=2)
    body = lines(streams, 5000, lambda n: {"id": n, "pad": "x" * 200})
    states = "".join(messages.stream_state(name, {"n": 1}) + "\n" for name in streams).encode()
    with running:
        peak = Peak(running)
        Feeder(running, body + states, 1)
        outcome = running.outcome(LONG_S)
    assert outcome.code == 0, outcome.stdout[-2000:]
    assert len(outcome.states) == 1000 and stored(server) == 5000
    holds(peak.at_the_end(), 32, "1,000 streams")


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_five_thousand_streams(connector, start_server, holds, sanitized, mode):
    """Of an ordinary catalog, with two records and a STATE of each, at the smallest budget that there is."""
    streams = [f"orders_of_customer_{n:05}" for n in range(500 if sanitized else 5000)]
    tables = [{"TableName": f"t_{name}", **RAW_KEYS, "BillingMode": "PAY_PER_REQUEST"} for name in streams]
    server = start_server({"tables": {"*": {"count_only": True}}, "existing": tables, "table_limit": 20_000})
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY,
                             max_memory_mb=16, workers=2)
    catalog = messages.catalog(*[messages.stream(name, mode, primary_key=[["id"]]) for name in streams])
    columns = {f"column_{n}": {"type": ["null", "string"]} for n in range(10)}
    for stream in catalog["streams"]:
        stream["stream"]["json_schema"] = {"type": "object", "properties": columns}
    data = lines(streams, 2 * len(streams), lambda n: {"id": n, **{name: "x" * 10 for name in columns}})
    states = "".join(messages.stream_state(name, {"n": 1}) + "\n" for name in streams).encode()
    with connector.start_write(config, catalog) as running:
        peak = Peak(running)
        Feeder(running, data + states, 1)
        outcome = running.outcome(LONG_S)
    assert outcome.code == 0, outcome.stdout[-2000:]
    assert len(outcome.states) == len(streams) and stored(server) == 2 * len(streams)
    holds(peak.at_the_end(), 16, f"{len(streams)} streams to {mode}")


@pytest.mark.parametrize("data, many", [({}, 10_000_000), ({"a": 1}, 1_000_000), ({"a": [0] * 20}, 1_000_000)],
                         ids=["empty", "one field", "digits"])
def test_tiny_records(start, holds, request, records, data, many):
    """An item is many times as long as its record; so is what the budget is charged."""
    count = records(200_000, many)
    block = lines(["s"], 10_000, lambda n: data)
    running, server = start(["s"], 32, [SLOW_REPLY], workers=2)
    with running:
        feeder = Feeder(running, block, count // 10_000)
        if request.config.getoption("--slow"):
            watch_it_full(feeder, 90)
        else:
            wait_until_it_reads_no_more(feeder, 4, at_most=20)
        then_fast(running, server, count, holds, "slow")


def long_line(kind, size):
    """A record's line of `size` bytes, nearly all of it one field (or very many)."""
    head = messages.record("s", {"id": 1, "n": 0})
    begin, end = (part.encode() for part in head.split('"n": 0' if '"n": 0' in head else '"n":0'))
    room = size - len(begin) - len(end) - len(b'"n":[]') - 1
    if kind == "text":
        value = b'"n":"' + b"some words: a, b; " * (room // 18) + b'"'
    elif kind == "fields":
        value = b'"n":0' + b"".join(b',"f%08d":1' % n for n in range(room // 14 - 1))
    else:
        element = kind.encode()
        value = b'"n":[' + (element + b",") * (room // (len(element) + 1) - 1) + element + b"]"
    return begin + value + end + b"\n"


# How the longest line that is read ends: stored with its field as null, or refused by name since there is no room to encode it.
# From which budget on it is stored: of one field no more is held than an item can have, whatever the line is.
@pytest.mark.parametrize("kind, from_mb", [("text", 16), ("1", 16), ("1e39", 256), ("fields", None)])
@pytest.mark.parametrize("budget_mb", [16, 256, 1024])
def test_the_longest_line_stays_within_the_budget(start, holds, request, sanitized, budget_mb, kind, from_mb):
    """`1e39,` is written as ten times as much, and of a record of very many fields there are lists."""
    if sanitized and budget_mb > 256:
        pytest.skip("a sanitizer's build needs several times as much memory itself")
    if budget_mb > 256 and kind in ("text", "fields") and not request.config.getoption("--slow"):
        pytest.skip("takes a while: --slow")
    line = long_line(kind, (budget_mb << 20) // 8 - 4096)
    running, server = start(["s"], budget_mb, workers=2)
    with running:
        peak = Peak(running)
        Feeder(running, lines(["s"], 1, lambda n: {"id": 0}) + messages.stream_state("s", {"n": 1}).encode() + b"\n" + line, 1)
        outcome = running.outcome(LONG_S)
    holds(peak.at_the_end(), budget_mb, f"a line of {len(line) >> 20} MiB of {kind}")
    assert len(outcome.states) == 1
    if from_mb and budget_mb >= from_mb:
        assert outcome.code == 0, outcome.stdout[-2000:]
        assert stored(server) == 2
    else:
        assert outcome.code == 1
        assert "line 3 of the input" in outcome.error["message"].lower() and "max_memory_mb" in outcome.error["message"]
        assert stored(server) == 1


@pytest.mark.parametrize("workers", [1, 4])
def test_records_that_grow_the_most(start, holds, records, workers):
    """Short lines of `1e39,`: what a chunk reserves is what it can become."""
    count = records(4_000, 40_000)
    block = lines(["s"], 1, lambda n: {"n": 0}).replace(b"0", b"[" + b"1e39," * 1500 + b"1]", 1) * 100
    running, server = start(["s"], 16, [SLOW_REPLY], workers=workers)
    with running:
        feeder = Feeder(running, block, count // 100)
        wait_until_it_reads_no_more(feeder, 4, at_most=20)
        holds(running.peak_memory_kib(), 16, "slow")
        server.switch("slow", False)
        peak = Peak(running)
        outcome = running.outcome(LONG_S)
    assert outcome.code == 0, outcome.stdout[-2000:]
    assert stored(server) == count
    holds(peak.at_the_end(), 16, "at the end")


def test_one_line_of_100_mb_is_refused_by_name(start, holds):
    """With `fail` it is not read to its end: it need not have one."""
    running, server = start(["s"], 64, workers=2)
    before = lines(["s"], 100, lambda n: {"id": n})
    head = messages.record("s", {"pad": ""})[:-3].rpartition('""')[0].encode() + b'"'
    with running:
        running.send_raw(before + messages.stream_state("s", {"n": 1}).encode() + b"\n")
        running.wait_state()
        peak = Peak(running)
        try:
            running.send_raw(head)
            for _ in range(100):
                running.send_raw(b"x" * (1 << 20))
        except BrokenPipeError:
            pass
        outcome = running.finish(LONG_S)
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"
    assert "line 102 of the input, a record of stream s, has more than" in outcome.error["message"].lower()
    assert "max_memory_mb" in outcome.error["message"]
    assert stored(server) == 100 and len(outcome.states) == 1
    holds(peak.at_the_end(), 64, "a line of 100 MB")


def padded(line, mib, where='"pad":"'):
    """The line with a text of so many MiB behind `where`."""
    head, found, tail = line.partition(where)
    assert found
    return head.encode() + found.encode() + b"x" * int(mib * (1 << 20)) + tail.encode()


PADDED = {"record": messages.record("s", {"id": 1, "pad": ""}),
          "record, its stream last": '{"record":{"data":{"id":1,"pad":""},"emitted_at":1,"namespace":null,"stream":"s"},"type":"RECORD"}',
          "state": messages.stream_state("s", {"n": 2, "pad": ""}),
          "legacy": messages.legacy_state({"n": 2, "pad": ""}),
          "log": '{"type":"LOG","log":{"level":"INFO","message":"x","pad":""}}',
          "log, its level last": '{"log":{"message":"x","pad":"","level":"INFO"},"type":"LOG"}',
          "text": 'some text "pad":""',
          "text with a schema": 'schema {"type":"record","pad":"","fields":[{"type":"record"}]}',
          "a logger's line": '{"level":"info","msg":"x","pad":""}',
          "text with a record": '50% | "pad":"" ' + messages.record("s", {"id": 1}),
          "a logger's line with a record": '{"msg":"x","pad":"","sent":%s}' % json.dumps(messages.record("s", {"id": 1}))}


# 16 MB are the least that can be configured. What fits is stored (with its field as null) or passed on; of what does not, a record is
# counted, and only with `fail`, or where it is a STATE, does the sync end, by its line.
@pytest.mark.parametrize("kind, mib, policy, then", [
    ("record", 3, "skip", "stored"), ("record", 3, "fail", "stored"), ("record", 6, "skip", "stored"),
    ("record", 12, "skip", "rejected"), ("record", 12, "fail", "refused"),
    ("record", 40, "skip", "rejected"), ("record", 40, "fail", "refused"),
    ("record, its stream last", 40, "skip", "rejected"), ("record, its stream last", 12, "fail", "refused"),
    ("state", 3, "fail", "passed on"), ("state", 9, "skip", "passed on"), ("state", 15.9, "fail", "passed on"),
    ("legacy", 15.9, "skip", "passed on"), ("state", 17, "skip", "refused"), ("state", 17, "fail", "refused"),
    ("log", 12, "fail", "ignored"), ("log", 40, "fail", "ignored"), ("log", 40, "skip", "ignored"),
    ("log, its level last", 40, "fail", "ignored"),
    ("text", 3, "fail", "passed over"), ("text", 12, "fail", "passed over"), ("text", 40, "skip", "passed over"),
    ("text", 40, "fail", "passed over"), ("text with a schema", 40, "fail", "passed over"),
    ("a logger's line", 12, "skip", "passed over"), ("a logger's line", 40, "fail", "passed over"),
    ("text with a record", 12, "skip", "told"), ("text with a record", 40, "skip", "told"),
    ("a logger's line with a record", 40, "skip", "told"), ("a logger's line with a record", 12, "fail", "told")])
def test_lines_of_any_length(start, holds, sanitized, kind, mib, policy, then):
    line = padded(PADDED[kind], mib)
    make_state = messages.legacy_state if kind == "legacy" else lambda blob: messages.stream_state("s", blob)
    before = lines(["s"], 2_000, lambda n: {"id": n}) + make_state({"n": 1}).encode() + b"\n"
    after = b"\n" + lines(["s"], 1_000, lambda n: {"id": n}) + make_state({"n": 3}).encode() + b"\n"
    running, server = start(["s"], 16, [UNHURRIED_REPLY], workers=2, on_rejected_record=policy)
    with running:
        peak = Peak(running)
        Feeder(running, before + line + after, 1)
        outcome = running.outcome(LONG_S)
    holds(peak.at_the_end(), 16, f"a {kind} of {mib} MiB")
    if then == "refused":
        assert outcome.code == 1
        assert outcome.error["failure_type"] == "config_error"
        assert "Line 2002 of the input" in outcome.error["message"] and "max_memory_mb" in outcome.error["message"]
        assert stored(server) == 2_000 and len(outcome.states) == 1
        return
    if then == "told":
        assert outcome.code == 1
        assert outcome.error["failure_type"] == "config_error"
        assert "Line 2002 of the input cannot be used: it holds" in outcome.error["message"]
        assert stored(server) == 2_000 and len(outcome.states) == 1
        return
    assert outcome.code == 0, outcome.error
    assert stored(server) == 3_000 + (then == "stored")
    warnings = [text for level, text in outcome.logs if level == "WARN"]
    assert any("1 line of the input is text, not messages" in text for text in warnings) == (then == "passed over")
    assert [state["destinationStats"] for state in outcome.states] == {
        "stored": [{"recordCount": 2000.0}, {"recordCount": 1001.0, "additionalStats": {"nulledValueCount": 1.0}}],
        "rejected": [{"recordCount": 2000.0}, {"recordCount": 1000.0, "rejectedRecordCount": 1.0}],
        "passed on": [{"recordCount": 2000.0}, {"recordCount": 0.0}, {"recordCount": 1000.0}],
        "ignored": [{"recordCount": 2000.0}, {"recordCount": 1000.0}],
        "passed over": [{"recordCount": 2000.0}, {"recordCount": 1000.0}]}[then]
    if then == "passed on":
        assert f'"pad":"{"x" * int(mib * (1 << 20))}"' in outcome.stdout


@pytest.mark.parametrize("kind", ["log", "log, its level last", "text", "a logger's line"])
@pytest.mark.parametrize("goes_on", [False, True], ids=["ends", "goes on"])
def test_behind_a_line_that_was_not_looked_at_nothing_old_goes(connector, start_server, kind, goes_on):
    """It may tell of the source's end. What comes behind it says that it was not."""
    server = start_server()
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, max_memory_mb=16)
    catalog = messages.catalog(messages.stream("old", "overwrite"), messages.stream("new"))
    connector.write(config, catalog, [messages.record("old", {"id": 1})]).ok()
    said = (messages.record("new", {"id": 1}) + "\n").encode()
    outcome = connector.write_raw(config, catalog, said + padded(PADDED[kind], 17) + b"\n" + said * goes_on).ok()
    assert len(server.items("t_old")) == (0 if goes_on else 1)
    assert any(level == "WARN" and "t_old" in text and "too long to be looked at" in text for level, text in outcome.logs) != goes_on


# A STATE is never held twice, so that it may be as long as the budget; one that is no JSON has to be mended, which takes a copy.
@pytest.mark.parametrize("kind, mib, more, then", [
    ("state", 62, "", "passed on"), ("legacy", 62, "", "passed on"), ("state", 66, "", "refused"),
    ("state", 40, ',"x":NaN', "passed on"), ("state", 62, ',"x":NaN', "refused"),
    ("legacy", 20, ',"x":"\xe9"', "passed on"), ("legacy", 40, ',"x":"\xe9"', "refused")])
def test_a_state_of_nearly_the_whole_budget(start, holds, kind, mib, more, then):
    line = padded(PADDED[kind], mib).replace(b'{"n":2', b'{"n":2' + more.encode("latin-1"), 1)
    running, server = start(["s"], 64, workers=2)
    with running:
        peak = Peak(running)
        Feeder(running, lines(["s"], 500, lambda n: {"id": n}) + line + b"\n" + lines(["s"], 10, lambda n: {"id": n}), 1)
        outcome = running.outcome(LONG_S)
    holds(peak.at_the_end(), 64, f"a {kind} of {mib} MiB {more}")
    if then == "refused":
        assert outcome.code == 1 and outcome.error["failure_type"] == "config_error"
        assert "Line 501 of the input" in outcome.error["message"] and "max_memory_mb" in outcome.error["message"]
        assert stored(server) == 500 and not outcome.states
        return
    assert outcome.code == 0, outcome.error
    assert stored(server) == 510
    assert [state["destinationStats"] for state in outcome.states] == [{"recordCount": 500.0}]
    assert f'"pad":"{"x" * (mib << 20)}"' in outcome.stdout


def test_a_flood_of_lines_that_are_too_long(start, holds):
    """Rejected records and delivered STATEs in turn, and a table that is slow."""
    long_state, long_record = padded(PADDED["state"], 6), padded(PADDED["record, its stream last"], 20)
    block = long_record + b"\n" + lines(["s"], 50, lambda n: {"id": n}) + long_state + b"\n"
    running, server = start(["s"], 16, [UNHURRIED_REPLY], workers=4, on_rejected_record="skip")
    with running:
        peak = Peak(running)
        Feeder(running, block, 8)
        outcome = running.outcome(LONG_S)
    holds(peak.at_the_end(), 16, "long lines in turn")
    assert outcome.code == 0, outcome.error
    assert stored(server) == 400
    assert [state["destinationStats"] for state in outcome.states] == [{"recordCount": 50.0, "rejectedRecordCount": 1.0}] * 8
    assert len([text for _, text in outcome.logs if "skipped" in text]) == 2


@pytest.mark.parametrize("broken", [b"}", b'{"type":"RECORD"}', b'"'])
def test_a_long_line_that_is_broken_is_not_skipped(start, holds, broken):
    line = padded(PADDED["record"], 20) + broken
    running, server = start(["s"], 16, workers=2, on_rejected_record="skip")
    with running:
        Feeder(running, lines(["s"], 10, lambda n: {"id": n}) + line + b"\n" + lines(["s"], 10, lambda n: {"id": n}), 1)
        outcome = running.outcome(LONG_S)
    assert outcome.code == 1
    assert "Line 11 of the input" in outcome.error["message"] and "not valid JSON" in outcome.error["message"]
    assert stored(server) == 10


def test_a_stalled_reader_of_stdout_fills_no_memory(connector, start_server, holds):
    """Nobody reads the STATEs. Storing goes on until they fill the budget; then stdin is read no more, and nothing is lost."""
    server = start_server({"tables": {"*": {"count_only": True}}})
    config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, max_memory_mb=16,
                             workers=2)
    command = [str(connector.binary), "write", "--config", str(connector.file(config)),
               "--catalog", str(connector.file(messages.catalog("s")))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    count = 6000  # 60 MB of STATEs

    def block(number):
        return f'{messages.record("s", {"id": number})}\n{messages.stream_state("s", {"n": number, "pad": "x" * 10_000})}\n'.encode()

    try:
        everything = b"".join(map(block, range(count)))
        pieces = [everything[at:at + 65536] for at in range(0, len(everything), 65536)]
        feeder = _feed_pieces(process, pieces)
        _wait_until_steady(lambda: stored(server), 5)
        with open(f"/proc/{process.pid}/status") as status:
            peak = next(int(row.split()[1]) for row in status if row.startswith("VmHWM:"))
        far = stored(server)
        assert far > 200, "storing did not go on"
        assert process.poll() is None
        holds(peak, 16, f"stalled after {far} records")
        found = [json.loads(line) for line in process.stdout]
        assert process.wait(LONG_S) == 0
    finally:
        process.kill()
        process.wait()
        feeder.join(60)
    assert [m["state"]["stream"]["stream_state"]["n"] for m in found if m["type"] == "STATE"] == list(range(count))
    assert stored(server) == count


def _feed_pieces(process, pieces):
    def feed():
        try:
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.close()
        except (BrokenPipeError, ValueError):
            pass

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    return thread


def _wait_until_steady(value, seconds):
    deadline, last, since = time.monotonic() + LONG_S, None, time.monotonic()
    while time.monotonic() - since < seconds or not last:
        assert time.monotonic() < deadline
        now = value()
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.2)
