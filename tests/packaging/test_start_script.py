"""How the platform starts a connector, replayed: `sh -c SCRIPT` in a folder that is a volume, the connector started in the
background by `eval` of AIRBYTE_ENTRYPOINT, stdin, stdout and stderr FIFOs, a file that says when to stop, and one for the exit code
(airbyte-platform: airbyte-workload-launcher/src/main/kotlin/pods/factories/ContainerCommandFactory.kt). As user 1000, where we
are root."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from ddb_testkit import messages, protocol, rows

SHELLS = {"dash": ["/bin/dash"], "bash": ["/bin/bash"], "busybox": ["busybox", "sh"]}
LOOK_FOR_THE_END_S = 0.2  # the platform: 10

# The same steps as the platform's, in the same order; `kill` meets the subshell, so that a connector which has not taken its
# place (exec) would go on as an orphan.
SCRIPT = """
if [ -z "$AIRBYTE_ENTRYPOINT" ]; then echo "no entrypoint"; exit 127; fi
(eval "$AIRBYTE_ENTRYPOINT {command}" {redirections}) &
CONNECTOR=$!
(while true; do if [ -f TERMINATED ]; then kill $CONNECTOR; exit 0; fi; sleep {every}; done) &
LOOKER=$!
wait $CONNECTOR
CODE=$?
echo $CODE > TEMP_EXIT_CODE.txt
mv TEMP_EXIT_CODE.txt exitCode.txt
kill $LOOKER
exit $CODE
"""


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


class Container:
    """The main process of a pod."""

    def __init__(self, shell, volume, entrypoint, command, redirections="", wrap=(), **more):
        script = SCRIPT.format(command=command, redirections=redirections, every=LOOK_FOR_THE_END_S)
        env = {"PATH": os.environ["PATH"], "AIRBYTE_ENTRYPOINT": entrypoint, "JAVA_OPTS": "-XX:+ExitOnOutOfMemoryError",
               "LOG_LEVEL": "INFO", "DATA_CHANNEL_MEDIUM": "STDIO", "DATA_CHANNEL_FORMAT": "JSONL", "DEPLOYMENT_MODE": "OSS"}
        self.volume = volume
        self.process = subprocess.Popen([*wrap, *shell, "-c", script], cwd=volume, env=env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def wait(self, within_s=60):
        """(the exit code, what exitCode.txt says)"""
        code = self.process.wait(within_s)
        return code, int((self.volume / "exitCode.txt").read_text())


class Pipes:
    """The orchestrator's ends of the three FIFOs."""

    def __init__(self, volume):
        self.lines = []
        self.stderr = b""
        self._state = threading.Condition()
        for name in ("stdin", "stdout", "stderr"):
            os.mkfifo(volume / name)
            os.chmod(volume / name, 0o666)
        self._threads = [threading.Thread(target=self._read_stdout, args=(volume,), daemon=True),
                         threading.Thread(target=self._read_stderr, args=(volume,), daemon=True)]
        for thread in self._threads:
            thread.start()
        self._stdin_path = volume / "stdin"

    redirections = "2> stderr > stdout < stdin"

    def open_stdin(self):
        self.stdin = open(self._stdin_path, "wb")

    def send(self, *lines):
        self.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.stdin.flush()

    def _read_stdout(self, volume):
        with open(volume / "stdout", encoding="utf-8") as pipe:
            for line in pipe:
                with self._state:
                    self.lines.append(protocol.message(line))
                    self._state.notify_all()

    def _read_stderr(self, volume):
        with open(volume / "stderr", "rb") as pipe:
            self.stderr = pipe.read()

    def states(self):
        return [m["state"] for m in self.lines if m["type"] == "STATE"]

    def wait_for_states(self, count, within_s=60):
        with self._state:
            assert self._state.wait_for(lambda: len(self.states()) >= count, within_s), self.lines

    def close(self):
        """Both pipes are at their end, which they are only when nobody is left who could write into them."""
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive(), "the connector goes on though its shell has ended"


def put(path, value):
    path.write_text(json.dumps(value))
    os.chmod(path, 0o644)


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
