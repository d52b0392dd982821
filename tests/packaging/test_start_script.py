"""How the platform starts a connector, replayed in three shells (ddb_testkit/pod.py). As user 1000, where we are root."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from ddb_testkit import messages, protocol, rows
from ddb_testkit.pod import Container, Pipes, put

SHELLS = {"dash": ["/bin/dash"], "bash": ["/bin/bash"], "busybox": ["busybox", "sh"]}


def as_user_1000():
    """What makes a child user 1000, as on the platform; nothing where we are not root."""
    return {"user": 1000, "group": 1000, "extra_groups": []} if os.getuid() == 0 else {}


@pytest.fixture(params=list(SHELLS))
def shell(request):
    command = SHELLS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed (scripts/setup package)")
    return command


@pytest.fixture
def entrypoint(binary, volume):
    """The program where user 1000 can reach it, with `exec`, as the image has it."""
    shutil.copy(binary, volume / "connector")
    os.chmod(volume / "connector", 0o755)
    return f"exec {volume / 'connector'}"


@pytest.fixture
def volume():
    """/dest or /config: writable for user 1000."""
    with tempfile.TemporaryDirectory(prefix="volume") as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def test_spec(shell, volume, entrypoint):
    with Container(shell, volume, entrypoint, "spec ", "> jobOutput.json", **as_user_1000()) as container:
        assert container.wait() == (0, 0)
    (spec,) = [protocol.message(line) for line in (volume / "jobOutput.json").read_text().splitlines()]
    assert "dynamodb_region" in spec["spec"]["connectionSpecification"]["properties"]


def test_check(shell, volume, entrypoint, engine, prefix):
    put(volume / "connectionConfiguration.json", messages.config(engine.endpoint, prefix))
    command = f"check  --config {volume}/connectionConfiguration.json"  # two spaces, as the platform joins them
    with Container(shell, volume, entrypoint, command, "> jobOutput.json", **as_user_1000()) as container:
        assert container.wait() == (0, 0)
    found = [protocol.message(line) for line in (volume / "jobOutput.json").read_text().splitlines()]
    assert [m["connectionStatus"]["status"] for m in found if m["type"] == "CONNECTION_STATUS"] == ["SUCCEEDED"]


def write_command(volume, engine, prefix):
    put(volume / "connectorConfig.json", messages.config(engine.endpoint, prefix))
    put(volume / "catalog.json", messages.catalog("users"))
    return f"write --config {volume}/connectorConfig.json --catalog {volume}/catalog.json"


def test_write(shell, volume, entrypoint, engine, dynamodb, prefix):
    command = write_command(volume, engine, prefix)
    pipes = Pipes(volume)
    with Container(shell, volume, entrypoint, command, Pipes.redirections, **as_user_1000()) as container:
        pipes.open_stdin()
        pipes.send(*(messages.record("users", {"id": n}) for n in range(100)), messages.stream_state("users", {"n": 100}, id=7))
        pipes.stdin.close()
        assert container.wait() == (0, 0)
    pipes.close()
    assert [state["id"] for state in pipes.states()] == [7]
    assert pipes.stderr == b""
    assert len(rows.data(dynamodb, f"{prefix}_users")) == 100


def stopped_in_mid_run(shell, volume, entrypoint, engine, dynamodb, prefix, wrap=()):
    """What is on its way when the platform says stop is stored; and the connector has gone with its shell."""
    command = write_command(volume, engine, prefix)
    pipes = Pipes(volume)
    with Container(shell, volume, entrypoint, command, Pipes.redirections, wrap=wrap, **({} if wrap else as_user_1000())) as container:
        pipes.open_stdin()
        pipes.send(*(messages.record("users", {"id": n}) for n in range(50)), messages.stream_state("users", {"n": 50}, id=1))
        pipes.wait_for_states(1)
        pipes.send(*(messages.record("users", {"id": n}) for n in range(50, 75)), messages.stream_state("users", {"n": 75}, id=2))
        time.sleep(0.1)
        (volume / "TERMINATED").touch()
        assert container.wait() == (143, 143)  # the one code beside 0 that the platform takes for a good end
        pipes.close()
    assert len(rows.data(dynamodb, f"{prefix}_users")) == 75
    assert [state["id"] for state in pipes.states()] == [1, 2]
    pipes.stdin.close()


def test_stopped_in_mid_run(shell, volume, entrypoint, engine, dynamodb, prefix):
    stopped_in_mid_run(shell, volume, entrypoint, engine, dynamodb, prefix)


def test_stopped_in_mid_run_below_process_1(shell, volume, entrypoint, engine, dynamodb, prefix):
    """The shell is process 1 of its namespace, as in a pod."""
    namespace = ["unshare", "--pid", "--fork", "--kill-child"]
    if shutil.which("unshare") is None or subprocess.run([*namespace, "true"], capture_output=True).returncode != 0:
        pytest.skip("no PID namespace can be made here")
    stopped_in_mid_run(shell, volume, entrypoint, engine, dynamodb, prefix, wrap=namespace)


def test_a_pod_without_an_entrypoint_says_127(volume):
    container = Container(SHELLS["dash"], volume, "", "spec", "> jobOutput.json")
    assert container.process.wait(20) == 127
    container.process.communicate()


def test_the_image_s_entrypoint_is_absolute_and_takes_the_shell_s_place():
    """Without `exec` the platform's SIGTERM ends a subshell, and the connector goes on as an orphan; from another folder
    (/dest, /config) a relative path is not found."""
    root = Path(__file__).resolve().parents[2]
    for file in ("packaging/Dockerfile", "scripts/image"):
        assert "AIRBYTE_ENTRYPOINT=\"exec /" in (text := (root / file).read_text()) or "AIRBYTE_ENTRYPOINT=exec /" in text, file
