"""A line that is slower than the data: what it carries is stored, over few connections, and hardly anything is sent twice.

The scripted server reads all connections together at the line's speed. Without --slow, seconds of what can happen in minutes.
"""

import json
import re
import threading
import time
from dataclasses import dataclass

import pytest

from ddb_testkit import messages
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

RECORD_BYTES = 20_000
RECORDS = 64  # built once, sent over and over
pytestmark = [pytest.mark.timeout(600), pytest.mark.pace]


@dataclass
class Run:
    """What the server saw, by the time since its first request, with which the line's steps begin."""

    begun: float
    requests: list  # of the log: BatchWriteItem
    retried: int

    def between(self, begin, end):
        return [r for r in self.requests if begin <= r["t"] - self.begun < end]

    def stored_per_s(self, begin, end):
        return sum(r["bytes"] for r in self.between(begin, end) if r["stored"]) / (end - begin)

    def connections(self, begin, end):
        """The most in one second."""
        return max(len({r["connection"] for r in self.between(second, second + 1)}) for second in range(begin, end))


@pytest.fixture
def write_for(connector, start_server, certificates):
    """Feeds records to a write for so many seconds, as fast as it takes them."""
    def write(seconds, line, tls=False, record_bytes=RECORD_BYTES, **config):
        scenario = {"line": line, "tables": [{"table": "*", "count_only": True}]}
        server = start_server(scenario, tls=certificates.good if tls else None)
        env = {"SSL_CERT_FILE": str(certificates.good.authority)} if tls else {}
        settings = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **config)
        pool = "".join(messages.record("s", {"id": n, "text": "x" * record_bytes}) + "\n" for n in range(RECORDS)).encode()
        with connector.start_write(settings, messages.catalog("s"), env=env) as running:
            feeder = threading.Thread(target=feed, args=(running, pool, time.monotonic() + seconds), daemon=True)
            feeder.start()
            feeder.join(seconds + 60)
            assert not feeder.is_alive(), "it takes no records any more"
            outcome = running.finish(120).ok()
        done = next(text for level, text in reversed(outcome.logs) if text.startswith("Finished: "))
        retried = int(found[1]) if (found := re.search(r"(\d+) requests? retried", done)) else 0
        requests = server.log("BatchWriteItem")
        run = Run(server.log()[0]["t"], requests, retried)
        print(json.dumps({"line": line, "tls": tls, **config, "requests": len(requests), "retried": retried}))
        return run

    return write


def feed(running, pool, until):
    while time.monotonic() < until:
        running.send_raw(pool)


def check_it_is_carried(run, begin, end, rate, workers):
    """Of the line's rate, of what is sent twice, and of connections: one request a worker is in flight, and one on the line."""
    stored, connections = run.stored_per_s(begin, end), run.connections(begin, end)
    print(f"{stored / rate:.0%} of the line, {connections} connections, {run.retried} of {len(run.requests)} requests retried")
    assert stored >= 0.8 * rate
    assert run.retried <= 0.02 * len(run.requests)
    assert connections <= 4 * max(2, workers)


# A slower line and smaller records, so that what takes minutes to show there shows in seconds here.
@pytest.mark.parametrize("tls, budget_mb, workers", [(True, 256, 1), (False, 1024, 4)])
def test_two_hundred_kilobytes_a_second(write_for, tls, budget_mb, workers):
    line = {"bytes_per_s": 200e3, "steps": [[16, 50e6]]}  # what waits then need not be waited for
    run = write_for(14, line, tls, record_bytes=1000, max_memory_mb=budget_mb, workers=workers)
    check_it_is_carried(run, 8, 15, 200e3, workers)


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("budget_mb", [256, 1024])
@pytest.mark.parametrize("workers", [1, 4])
def test_one_megabyte_a_second_for_minutes(request, write_for, tls, budget_mb, workers):
    if not request.config.getoption("--slow"):
        pytest.skip("140 s; --slow")
    run = write_for(140, {"bytes_per_s": 1e6}, tls, max_memory_mb=budget_mb, workers=workers)
    check_it_is_carried(run, 20, 140, 1e6, workers)


# A program with a sanitizer, or a machine that does other things too, cannot fill ten megabytes a second: the slower line
# shows the same to it. A request counts when it is answered: small ones, so that those at both ends of a window weigh little.
@pytest.mark.parametrize("rate, record_bytes, slow", [(1e6, 500, False), (10e6, RECORD_BYTES, True)])
def test_a_line_that_changes_is_followed(request, write_for, rate, record_bytes, slow):
    if slow and not request.config.getoption("--slow"):
        pytest.skip("needs a machine that does nothing else; --slow")
    line = {"bytes_per_s": rate, "steps": [[4, rate / 20], [14, rate]]}
    run = write_for(20, line, record_bytes=record_bytes, workers=2, max_memory_mb=256)
    assert run.stored_per_s(2, 4) >= 0.6 * rate
    # Some ten requests: one at each end of the window weighs a fifth.
    assert run.stored_per_s(9, 14) >= 0.7 * rate / 20
    assert run.stored_per_s(18, 20) >= 0.6 * rate
    assert run.retried <= 0.02 * len(run.requests)
