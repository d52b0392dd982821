"""kill -9 of the connector, and then of the engine, with the tables on disk: what the STATEs cover is there.

One seed again: pytest fault/test_crash.py --first-seed SEED --seeds 1. test_random_faults.py kills it against the scripted
server. With DDB_CRASH_LOG, each seed adds "how many STATEs were out before the kill" to that file.
"""

import json
import os
import random
import tempfile
import threading
import time

from ddb_testkit import messages, rows
from ddb_testkit.connector import DEADLINE_S
from ddb_testkit.engines import Dynoxide

# In the others, the kill comes at any time from the start on, and there may be no STATE yet.
AFTER_A_STATE = 0.9


def feed(running, dice, stop):
    """Blocks of records of two streams and the STATE of one of them, until the process is gone."""
    sent = {"a": 0, "b": 0}
    try:
        while not stop.is_set():
            lines = []
            for stream in ("a", "b"):
                for _ in range(dice.choice([0, 1, 3, 30, 90])):
                    lines.append(messages.record(stream, {"id": sent[stream], "pad": "x" * dice.choice([0, 0, 300])}))
                    sent[stream] += 1
            stream = dice.choice("ab")
            running.send(*lines, messages.stream_state(stream, {"up to": sent[stream]}))
    except (BrokenPipeError, ValueError):
        pass


def covered(stdout):
    """By stream, up to where the STATEs say that it is stored; and how many there are."""
    up_to, count = {"a": 0, "b": 0}, 0
    for line in stdout.splitlines():
        message = json.loads(line)
        if message["type"] == "STATE":
            stream = message["state"]["stream"]
            up_to[stream["stream_descriptor"]["name"]] = stream["stream_state"]["up to"]
            count += 1
    return up_to, count


def wait_for_the_kill(running, dice):
    if dice.random() < AFTER_A_STATE:
        for _ in range(dice.randint(1, 10)):
            running.wait_state()
        time.sleep(dice.uniform(0, 0.05))
    else:
        time.sleep(dice.uniform(0, 0.5))


def test_kill_with_the_tables_on_disk(seed, connector):
    dice = random.Random(seed)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # outlives the process, and no disk is that busy
    with tempfile.TemporaryDirectory(dir=memory) as folder, Dynoxide(folder) as engine:
        config = messages.config(engine.endpoint, "c", workers=dice.choice([1, 2, 4]))
        with connector.start_write(config, messages.catalog("a", "b")) as running:
            stop = threading.Event()
            feeder = threading.Thread(target=feed, args=(running, random.Random(-seed), stop), daemon=True)
            feeder.start()
            wait_for_the_kill(running, dice)
            stdout = running.kill()
            stop.set()
            feeder.join(60)
        engine.kill()
        engine.start()
        up_to, states = covered(stdout)
        client = engine.client()
        for stream, count in up_to.items():
            if count:
                missing = set(range(count)) - set(rows.ids(client, f"c_{stream}"))
                assert not missing, f"P1: {len(missing)} of {count} records of {stream} are missing: {sorted(missing)[:5]}"
    if os.environ.get("DDB_CRASH_LOG"):
        with open(os.environ["DDB_CRASH_LOG"], "a") as log:
            log.write(f"{states}\n")


def test_a_run_after_a_crash_repeats_only_what_no_state_covered(connector):
    """Append: the platform sends what came after the last STATE again, and that is there twice."""
    with Dynoxide() as engine:
        config, catalog = messages.config(engine.endpoint, "c"), messages.catalog("a")
        client = engine.client()
        with connector.start_write(config, catalog) as running:
            running.send(*(messages.record("a", {"id": n}) for n in range(50)), messages.stream_state("a", {"up to": 50}))
            running.wait_state()
            running.send(*(messages.record("a", {"id": n}) for n in range(50, 100)))
            deadline = time.monotonic() + DEADLINE_S
            while len(rows.ids(client, "c_a")) < 100:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert covered(running.kill()) == ({"a": 50, "b": 0}, 1)
        again = [messages.record("a", {"id": n}) for n in range(50, 120)] + [messages.stream_state("a", {"up to": 120})]
        connector.write(config, catalog, again).ok()
        assert rows.ids(client, "c_a") == {n: 2 if 50 <= n < 100 else 1 for n in range(120)}
