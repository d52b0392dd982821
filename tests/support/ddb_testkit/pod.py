"""The main process of a pod, as the platform makes it: `sh -c SCRIPT` in a folder that is a volume, the connector started in the
background by `eval` of AIRBYTE_ENTRYPOINT, stdin, stdout and stderr FIFOs, a file that says when to stop, and one for the exit code
(airbyte-platform: airbyte-workload-launcher/src/main/kotlin/pods/factories/ContainerCommandFactory.kt)."""

import contextlib
import json
import os
import signal
import subprocess
import threading

from . import protocol

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


class Container:
    """The main process of a pod."""

    def __init__(self, shell, volume, entrypoint, command, redirections="", wrap=(), folder=".", **more):
        script = f"cd {folder} || exit 1\n" + SCRIPT.format(command=command, redirections=redirections, every=LOOK_FOR_THE_END_S)
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
