"""The connector as a process: signals, stdout that closes or stalls, stderr, LOG_LEVEL, and what a user is told."""

import contextlib
import json
import os
import pty
import re
import resource
import signal
import subprocess
import termios
import threading
import time

import pytest

from ddb_testkit import messages, rows
from ddb_testkit.connector import DEADLINE_S


def configured(engine, prefix, **more):
    return messages.config(engine.endpoint, prefix, **more), messages.catalog("s")


def block(first, count=100):
    """Records and the STATE that covers them and all before."""
    return [*(messages.record("s", {"id": first + n, "pad": "x" * 2_000}) for n in range(count)),
            messages.stream_state("s", {"up to": first + count})]


def feed(send, stop):
    """Blocks for ever, until `stop` is set or the reader has gone."""
    first = 0
    with contextlib.suppress(BrokenPipeError, ValueError):
        while not stop.is_set():
            send(*block(first))
            first += 100


def assert_true(dynamodb, table, outcome):
    """What the STATEs say is stored, is, and once."""
    found = rows.ids(dynamodb, table)
    covered = max([s["stream"]["stream_state"]["up to"] for s in outcome.states], default=0)
    assert set(range(covered)) <= set(found)
    assert not found or max(found.values()) == 1
    assert [s["stream"]["stream_state"]["up to"] for s in outcome.states] == list(range(100, covered + 1, 100))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [1, 3])
def test_a_signal_in_mid_run(connector, engine, dynamodb, prefix, workers, number):
    config, catalog = configured(engine, prefix, workers=workers)
    stop = threading.Event()
    with connector.start_write(config, catalog) as running:
        feeder = threading.Thread(target=feed, args=(running.send, stop), daemon=True)
        feeder.start()
        running.wait_state()
        running.wait_state()
        running.signal(number)
        outcome = running.outcome()
        stop.set()
        feeder.join(60)
    assert outcome.code == -number  # by the signal itself, not by an exit code
    said = [text for _, text in outcome.logs]
    assert any(text.startswith(f"Stopping on {number.name}: ") for text in said)
    assert said[-1].startswith(f"Stopped by {number.name}: ")
    assert outcome.errors == [] and outcome.stderr == ""
    assert len(outcome.states) >= 2
    assert_true(dynamodb, f"{prefix}_s", outcome)


def test_a_signal_while_waiting_for_input(connector, engine, dynamodb, prefix):
    config, catalog = configured(engine, prefix)
    with connector.start_write(config, catalog) as running:
        running.send(*block(0))
        running.wait_state()
        running.signal(signal.SIGTERM)
        outcome = running.outcome()
    assert outcome.code == -signal.SIGTERM
    assert_true(dynamodb, f"{prefix}_s", outcome)


def test_a_closed_stdout_ends_the_run(connector, engine, dynamodb, prefix):
    config, catalog = configured(engine, prefix, workers=2)
    command = [str(connector.binary), "write", "--config", str(connector.file(config)), "--catalog", str(connector.file(catalog))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stop = threading.Event()

    def send(*lines):
        process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        process.stdin.flush()

    feeder = threading.Thread(target=feed, args=(send, stop), daemon=True)
    feeder.start()
    try:
        states = []
        while len(states) < 2:
            message = json.loads(process.stdout.readline())
            if message["type"] == "STATE":
                states.append(message["state"]["stream"]["stream_state"]["up to"])
        process.stdout.close()
        assert process.wait(DEADLINE_S) == 1
        assert process.stderr.read() == b""
    finally:
        stop.set()
        process.kill()
        process.wait()
        feeder.join(60)
    assert set(range(states[-1])) <= set(rows.ids(dynamodb, f"{prefix}_s"))


def test_a_stdout_that_stalls_holds_nobody_up(connector, engine, dynamodb, prefix):
    """A pipe takes 64 KiB: the STATEs that do not fit wait, records are stored meanwhile, and then all come out."""
    config, catalog = configured(engine, prefix, workers=2)
    command = [str(connector.binary), "write", "--config", str(connector.file(config)), "--catalog", str(connector.file(catalog))]
    lines = []
    for n in range(60):
        lines += [messages.record("s", {"id": n}), messages.stream_state("s", {"n": n, "pad": "x" * 5_000})]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        process.stdin.close()
        deadline = time.monotonic() + DEADLINE_S
        while True:
            with contextlib.suppress(dynamodb.exceptions.ResourceNotFoundException):
                if rows.ids(dynamodb, f"{prefix}_s") == {n: 1 for n in range(60)}:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(3)  # far longer than anything at the end of a run waits at a time
        assert process.poll() is None  # not before everything is out
        found = [json.loads(line) for line in process.stdout]
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.wait()
    assert [m["state"]["stream"]["stream_state"]["n"] for m in found if m["type"] == "STATE"] == list(range(60))


def test_as_many_workers_as_the_config_says(connector, engine, prefix):
    """Each is a thread; what else has one is the same whatever their number."""
    def threads(workers):
        config, catalog = configured(engine, prefix, workers=workers)
        with connector.start_write(config, catalog) as running:
            running.send(*block(0, 1))
            running.wait_state()
            # The first STATE can be out before the last thread has started.
            counts = [0]
            while counts[-1] != len(os.listdir(f"/proc/{running.pid}/task")):
                counts.append(len(os.listdir(f"/proc/{running.pid}/task")))
                time.sleep(0.3)
            running.finish().ok()
        return counts[-1]

    assert threads(8) - threads(1) == 7
    assert threads(3) - threads(1) == 2


def test_stdout_is_messages_and_stderr_is_empty(connector, engine, prefix):
    config, catalog = configured(engine, prefix)
    outcome = connector.write(config, catalog, [*block(0), *block(100), '{"type":"LOG","log":{"level":"INFO","message":"x"}}']).ok()
    assert outcome.stderr == ""
    assert outcome.stdout.endswith("}\n")
    for line in outcome.stdout.splitlines():
        assert line.startswith("{") and isinstance(json.loads(line)["type"], str)
    assert {message["type"] for message in outcome.messages} == {"LOG", "STATE"}


def test_the_log_tells_what_happens(connector, engine, prefix):
    config, _ = configured(engine, prefix, surplus=1)
    catalog = messages.catalog(messages.stream("s", "overwrite", namespace="n"), "t")
    lines = [messages.record("s", {"id": n}, "n") for n in range(120)] + [messages.record("t", {"id": 1})]
    outcome = connector.write(config, catalog, lines, env={"LOG_LEVEL": None}).ok()
    info = [text for level, text in outcome.logs if level == "INFO"]
    assert re.search(r"\b1\.0\.0\b", info[0]) and engine.endpoint in info[0] and "us-east-1" in info[0]
    assert any("n.s" in text and f"{prefix}_n_s" in text and "overwrite" in text for text in info)
    assert any(f"{prefix}_t" in text and "append" in text for text in info)
    assert re.fullmatch(r"Finished: 121 records read, 121 stored(, \d+ requests? retried)?, [\d.]+ records/s, "
                        r"0\.\d MB read, 0:00:\d\d elapsed", info[-1])
    assert any(text.startswith(f"Stream n.s: 120 records stored in table {prefix}_n_s") for text in info)
    assert any(text.startswith(f"Stream t: 1 record stored in table {prefix}_t") for text in info)
    assert any(level == "WARN" and "surplus" in text for level, text in outcome.logs)
    everything = outcome.stdout + outcome.stderr
    assert config["secret_access_key"] not in everything and config["access_key_id"] not in everything


@pytest.mark.parametrize("level, seen", [
    (None, {"INFO", "WARN"}), ("INFO", {"INFO", "WARN"}), ("warn", {"WARN"}), ("ERROR", set()), ("FATAL", set()),
    ("no such level", {"INFO", "WARN"}),
])
def test_log_level(connector, engine, prefix, level, seen):
    config, catalog = configured(engine, prefix, surplus=1)
    outcome = connector.write(config, catalog, block(0), env={"LOG_LEVEL": level}).ok()
    assert {found for found, _ in outcome.logs} == seen
    assert len(outcome.states) == 1
    # A failure is told whatever the level.
    assert len(connector.write(config, catalog, ["x"], env={"LOG_LEVEL": level}).errors) == 1


def test_changed_values_are_counted_at_the_end(connector, engine, prefix):
    config, catalog = configured(engine, prefix, capacity={"mode": "on_demand"})
    long = {"id": 1, "private": "x" * 500_000}
    lines = [messages.record("s", {"id": 0}), messages.record("s", long), messages.record("s", {**long, "y": "?"}).replace('"?"', r'"\ud800"'),
             '{"type":"RECORD","record":{"stream":"s","data":{"id":2,"n":[1e999,1e998]},"emitted_at":1}}']
    outcome = connector.write(config, catalog, lines).ok()
    warnings = [text for level, text in outcome.logs if level == "WARN"]
    assert len(warnings) == 2
    assert warnings[0].startswith("Stream s: 3 values were put in a form") and "3 records" in warnings[0]
    assert warnings[1].startswith("Stream s: 2 values were set to null") and "3 records" in warnings[1]


@pytest.mark.parametrize("name", ["--config", "--catalog"])
def test_a_signal_while_waiting_for_a_file(connector, engine, prefix, tmp_path, name):
    """A FIFO that nobody writes to."""
    config, catalog = configured(engine, prefix)
    files = {"--config": connector.file(config), "--catalog": connector.file(catalog), name: tmp_path / "fifo"}
    os.mkfifo(tmp_path / "fifo")
    arguments = [str(part) for pair in files.items() for part in pair]
    process = subprocess.Popen([str(connector.binary), "write", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        # Signals have their handlers before the file is opened, which is a moment before this.
        deadline = time.monotonic() + DEADLINE_S
        while not any(os.path.realpath(f"/proc/{process.pid}/fd/{fd}") == str(tmp_path / "fifo")
                      for fd in os.listdir(f"/proc/{process.pid}/fd")):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == -signal.SIGTERM
        assert process.stdout.read() == b""
    finally:
        process.kill()
        process.wait()


def test_few_descriptors_do(connector, engine, dynamodb, prefix):
    """The soft limit is raised to the hard one; where that is low too, connections wait for each other."""
    config, catalog = configured(engine, prefix, workers=4)
    command = [str(connector.binary), "write", "--config", str(connector.file(config)), "--catalog", str(connector.file(catalog))]
    lines = "".join(f"{line}\n" for line in block(0)).encode()
    for limits in ((32, resource.getrlimit(resource.RLIMIT_NOFILE)[1]), (64, 64)):
        done = subprocess.run(command, input=lines, capture_output=True, timeout=DEADLINE_S,
                              preexec_fn=lambda limits=limits: resource.setrlimit(resource.RLIMIT_NOFILE, limits))
        assert (done.returncode, done.stderr) == (0, b""), done.stdout
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128)))
    try:
        process.stdin.write(lines)
        process.stdin.flush()
        assert process.stdout.readline()  # it is at work
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (128, 128)
    finally:
        process.kill()
        process.communicate()
    done = subprocess.run(command, input=lines, capture_output=True, timeout=DEADLINE_S,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)))
    assert done.returncode == 1
    assert b"no file descriptor" in done.stdout


def test_a_stopped_terminal_holds_nobody_up(connector, engine, dynamodb, prefix):
    """As after Ctrl-S: whoever writes to it waits."""
    config, catalog = configured(engine, prefix)
    command = [str(connector.binary), "write", "--config", str(connector.file(config)), "--catalog", str(connector.file(catalog))]
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs)
    try:
        process.stdin.write("".join(f"{line}\n" for line in block(0)).encode())
        process.stdin.flush()
        time.sleep(2.5)  # the line is shown once a second
        process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
