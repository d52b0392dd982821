"""As process 1 of a PID namespace, which is what `docker run` without --init makes of it: signals have no default action there,
so that what does not end by itself is killed by `docker stop` ten seconds later."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ddb_testkit import messages, rows
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child"]
STOPPED_WITHIN_S = 9.5  # `docker stop` kills after 10


@pytest.fixture(scope="module", autouse=True)
def namespaces():
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed")
    tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"no PID namespace can be made here: {tried.stderr.strip()}")


class ProcessOne:
    """The binary as process 1. Use as a context manager."""

    def __init__(self, connector, server, *command):
        config = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, workers=2)
        full = [*NAMESPACE, str(connector.binary), *command, "--config", str(connector.file(config))]
        if "write" in command:
            full += ["--catalog", str(connector.file(messages.catalog("users")))]
        self.process = subprocess.Popen(full, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        while not (found := children.read_text().split()):  # unshare's one child is process 1
            assert self.process.poll() is None
            time.sleep(0.01)
        self.pid = int(found[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()  # and its child with it
        self.process.communicate()

    def stop(self, number):
        """(exit code, seconds, the rest of stdout) after the signal."""
        os.kill(self.pid, number)
        began = time.monotonic()
        stdout = self.process.stdout.read()
        self.process.wait(60)
        return self.process.returncode, time.monotonic() - began, stdout.decode()


def states_of(text):
    found = [json.loads(line) for line in text.splitlines()]
    return [m["state"]["stream"]["stream_state"]["n"] for m in found if m["type"] == "STATE"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_slow_table_and_a_silent_source(connector, start_server, number):
    server = start_server({"tables": {"*": {"wcu": 40, "burst_wcu": 40}}})
    with ProcessOne(connector, server, "write") as one:
        for n in range(300):
            lines = [messages.record("users", {"id": 10 * n + m}) for m in range(10)] + [messages.stream_state("users", {"n": n})]
            one.process.stdin.write("".join(line + "\n" for line in lines).encode())
        one.process.stdin.flush()  # and no end
        before = ""
        while states_of(before) < [0, 1, 2]:
            before += one.process.stdout.readline().decode()
        code, took, after = one.stop(number)
        assert took < STOPPED_WITHIN_S
        assert code in (128 + number, -number)
    out = states_of(before + after)
    assert out == list(range(len(out)))
    stored = {int(row["item"]["_airbyte_data"]["M"]["id"]["N"]) for row in server.items("t_users")}
    assert set(range(10 * len(out))) <= stored
    whole = next(n for n in range(301) if not set(range(10 * n, 10 * n + 10)) <= stored)
    # What is stored by the last request of all may be answered when nobody listens any more: 25 items, 3 STATEs.
    assert whole - 3 <= len(out) <= whole, "a STATE of what was stored is not out"


@pytest.mark.parametrize("command", ["check", "write"])
def test_nothing_answers(connector, start_server, command):
    server = start_server({"rules": [{"name": "hang", "match": {}, "action": {"hang": True}}]})
    with ProcessOne(connector, server, command) as one:
        limit = time.monotonic() + 60
        while not server.log():
            assert time.monotonic() < limit, "no request came"
            time.sleep(0.05)
        code, took, stdout = one.stop(signal.SIGTERM)
    assert took < STOPPED_WITHIN_S
    assert code in (128 + signal.SIGTERM, -signal.SIGTERM)
    assert '"type":"STATE"' not in stdout and '"CONNECTION_STATUS"' not in stdout
