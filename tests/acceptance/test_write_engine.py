"""An engine that dies and comes back, and one that stops answering: nothing is lost, memory stays bounded."""

import contextlib
import threading
import time

import pytest

from ddb_testkit import messages, rows

# Once is enough, and dynoxide is the one that keeps its data on disk and is back at once.
pytestmark = pytest.mark.skipif("config.getoption('--engine') != 'dynoxide'", reason="dynoxide only")

RECORDS = 300_000
RECORD_BYTES = 1_200
WATCHED_S = 10
LIMIT_KIB = 400 * 1024


def test_an_engine_killed_in_mid_run(connector, own_engine):
    """Items of a request whose outcome was unknown are sent again under their own keys: none is missing, none twice."""
    config = messages.config(own_engine.endpoint, "p", workers=2)
    lines = []
    for n in range(60):
        lines += [messages.record("s", {"id": 100 * n + m}) for m in range(100)] + [messages.stream_state("s", {"n": n})]
    killed = threading.Event()
    with connector.start_write(config, messages.catalog("s")) as running:
        # Half of it at once; the other half once the engine is gone.
        def feed():
            running.send(*lines[:len(lines) // 2])
            killed.wait(60)
            running.send(*lines[len(lines) // 2:])
            running.close_stdin()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        running.wait_state()
        own_engine.kill()
        killed.set()
        time.sleep(0.5)  # so that refused connections are met, too
        assert running.process.poll() is None
        own_engine.start()
        outcome = running.outcome().ok()
        feeder.join(60)
        print(outcome.logs[-1][1])
    assert outcome.stderr == "" and outcome.errors == []
    assert [s["stream"]["stream_state"]["n"] for s in outcome.states] == list(range(60))
    assert [s["destinationStats"] for s in outcome.states] == [{"recordCount": 100.0}] * 60
    assert rows.ids(own_engine.client(), "p_s") == {n: 1 for n in range(6000)}


def test_an_engine_frozen_in_mid_run(connector, engine, dynamodb, prefix):
    """Reading stops, and that is all: memory stays where it is, and what was read is stored once the engine answers."""
    config = messages.config(engine.endpoint, prefix)
    stop = threading.Event()
    sent = [0]
    with connector.start_write(config, messages.catalog("s")) as running:
        running.send(messages.stream_state("s", {"ready": True}))
        running.wait_state()
        engine.freeze()

        def feed():
            pad = "x" * (RECORD_BYTES - 100)
            with contextlib.suppress(BrokenPipeError, ValueError):
                while sent[0] < RECORDS and not stop.is_set():
                    running.send(*(messages.record("s", {"id": sent[0] + n, "pad": pad}) for n in range(100)))
                    sent[0] += 100
                running.close_stdin()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        try:
            until = time.monotonic() + WATCHED_S
            while time.monotonic() < until:
                assert running.process.poll() is None
                assert running.peak_memory_kib() < LIMIT_KIB
                time.sleep(0.1)
            print(f"peak {running.peak_memory_kib() // 1024} MiB with {sent[0]} records sent")
            assert sent[0] < RECORDS  # its source was held up
        finally:
            stop.set()
            engine.thaw()
        outcome = running.outcome().ok()
        feeder.join(60)
    assert outcome.stderr == ""
    assert rows.ids(dynamodb, f"{prefix}_s") == {n: 1 for n in range(sent[0])}
