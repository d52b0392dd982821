"""The connector as a process: `run` for a whole input, `start` for one that is fed and watched bit by bit."""

import contextlib
import itertools
import json
import os
import queue
import signal
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import protocol

# For a hang, not for slowness.
DEADLINE_S = 240


@dataclass
class Outcome:
    """How a run has ended. `code` is negative after a signal, as in subprocess."""

    code: int
    stdout: str
    stderr: str
    messages: list = field(default_factory=list)

    def of_type(self, kind):
        return [m for m in self.messages if m.get("type") == kind]

    @property
    def states(self):
        return [m["state"] for m in self.of_type("STATE")]

    @property
    def logs(self):
        return [(m["log"]["level"], m["log"]["message"]) for m in self.of_type("LOG")]

    @property
    def errors(self):
        """The bodies of the TRACE ERRORs."""
        traces = [m["trace"] for m in self.of_type("TRACE")]
        return [t["error"] for t in traces if t.get("type") == "ERROR"]

    @property
    def error(self):
        """The one TRACE ERROR of a failed run."""
        assert len(self.errors) == 1, f"{len(self.errors)} TRACE ERRORs: {self.stdout[-2000:]}"
        # Whatever has gone wrong, its cause and where it was found are said, by file names without their folders.
        assert self.errors[0]["internal_message"], self.errors[0]
        assert re.match(r"\w+\.cc:\d+", self.errors[0]["stack_trace"]), self.errors[0]
        return self.errors[0]

    @property
    def status(self):
        """The one CONNECTION_STATUS of a check."""
        found = [m["connectionStatus"] for m in self.of_type("CONNECTION_STATUS")]
        assert len(found) == 1, f"{len(found)} CONNECTION_STATUS: {self.stdout[-2000:]}"
        return found[0]

    def ok(self):
        """Asserts that the run has succeeded, and gives itself."""
        assert self.code == 0, f"exit code {self.code}\n{self.stdout[-3000:]}\n{self.stderr[-3000:]}"
        return self


def secrets_of(config):
    """The texts of a config that no output may hold: secrets and tokens, wherever they stand, and what a proxy is told."""
    found = set()
    for key, value in config.items():
        if isinstance(value, dict):
            found |= secrets_of(value)
        elif isinstance(value, str) and key in ("secret_access_key", "session_token", "external_id"):
            found.add(value)
        elif isinstance(value, str) and key == "proxy_url" and "@" in value:
            found.add(value.split("://")[-1].rpartition("@")[0].partition(":")[2])
        elif isinstance(value, str) and key == "client_certificate":
            found |= {row for row in value.splitlines() if len(row) > 30 and not row.startswith("-----")}
    return found - {""}


# What stand-ins for services have given out as secret. No output of any run may hold it.
TOLD = set()

SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ASSUME_ROLE_SECRET_ACCESS_KEY", "AWS_ASSUME_ROLE_EXTERNAL_ID",
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN")


def secrets_of_environment(env):
    """The same of the variables that a run is given."""
    found = {env.get(name) or "" for name in SECRET_VARIABLES}
    for name, value in env.items():
        if name.lower().endswith("_proxy") and value and "@" in value:
            found.add(value.split("://")[-1].rpartition("@")[0].partition(":")[2])
    return {value for value in found if len(value) >= 6}


class Privacy:
    """P6: what a run was told and may never say, but in a STATE that it echoes: its secret, and the texts in its records."""

    SHORTEST = 8  # characters; a shorter text can be anything
    LINES = 300  # of the input are looked at

    def __init__(self, *files, env=None):
        """`files`: config and catalog. What stands in them beside the secret may be said. `env`: what is added to the environment."""
        known = [Path(file).read_text(errors="replace") for file in files if file]
        self._public = "\n".join(known)
        self._private = secrets_of_environment(env or {})
        self._left = self.LINES
        for text in known:
            with contextlib.suppress(ValueError, AttributeError, RecursionError):
                value = json.loads(text)
                self._public += json.dumps(value, ensure_ascii=False)
                self._private |= secrets_of(value)

    def told(self, data):
        for line in itertools.islice(data.split(b"\n"), self._left):
            self._left -= 1
            with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError, RecursionError):
                self._add(json.loads(line)["record"]["data"])

    def _add(self, value):
        if isinstance(value, str) and len(value) >= self.SHORTEST:
            if not any(form in self._public for form in (value, json.dumps(value, ensure_ascii=False)[1:-1])):
                self._private.add(value)
        elif isinstance(value, (dict, list)):
            for each in value.values() if isinstance(value, dict) else value:
                self._add(each)

    def verify(self, outcome):
        said = "\n".join(json.dumps(m, ensure_ascii=False) for m in outcome.messages if m.get("type") != "STATE") + outcome.stderr
        for text in self._private | {secret for secret in tuple(TOLD) if len(secret) >= 6}:
            assert text not in said and json.dumps(text, ensure_ascii=False)[1:-1] not in said, f"P6: {text[:80]!r} is in the output"
        return outcome


def parse_lines(text):
    """Everything on stdout has to be a message of Airbyte's protocol, one JSON a line."""
    return [protocol.message(row) for row in text.split("\n") if row]


class Running:
    """A `write` in progress. Use as a context manager: leaving it kills what still runs."""

    def __init__(self, command, env, stdin, privacy):
        self.process = subprocess.Popen(command, env=env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._privacy = privacy
        self._lines = queue.Queue()  # None: end of stdout
        self._seen = []
        self._stderr = []
        self._threads = [threading.Thread(target=self._read_stdout, daemon=True),
                         threading.Thread(target=self._read_stderr, daemon=True)]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close(self.process.stdin)
        for thread in self._threads:
            thread.join(10)

    def send(self, *lines):
        """Blocks while the pipe is full, as a source would."""
        self.send_raw("".join(f"{text}\n" for text in lines).encode())

    def send_raw(self, data):
        self._privacy.told(data)
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def close_stdin(self):
        self._close(self.process.stdin)

    def signal(self, number):
        self.process.send_signal(number)

    def next_message(self, within_s=DEADLINE_S):
        """The next message on stdout, None at its end; TimeoutError where none comes."""
        try:
            text = self._lines.get(timeout=max(0.0, within_s))
        except queue.Empty:
            raise TimeoutError(f"no message within {within_s:.1f} s") from None
        if text is None:
            self._lines.put(None)
            return None
        self._seen.append(text)
        return protocol.message(text)

    def wait_for(self, kind, within_s=DEADLINE_S):
        """The next message of this type; others are passed over (they stay in the outcome)."""
        deadline = time.monotonic() + within_s
        while True:
            message = self.next_message(deadline - time.monotonic())
            if message is None:
                raise EOFError(f"stdout ended without {kind}: {''.join(self._seen)[-2000:]} {self._stderr_text()[-2000:]}")
            if message.get("type") == kind:
                return message

    def wait_state(self, within_s=DEADLINE_S):
        return self.wait_for("STATE", within_s)["state"]

    def peak_memory_kib(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmHWM:"))

    def memory_kib(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(row.split()[1]) for row in status if row.startswith("VmRSS:"))

    def finish(self, within_s=DEADLINE_S):
        """Closes stdin, waits for the end, and gives the outcome with everything that ever was on stdout."""
        self.close_stdin()
        return self.outcome(within_s)

    def outcome(self, within_s=DEADLINE_S):
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            raise TimeoutError(f"still running after {within_s} s; stdout so far: {''.join(self._seen)[-2000:]}") from None
        for thread in self._threads:
            thread.join(10)
        while (text := self._lines.get()) is not None:
            self._seen.append(text)
        self._lines.put(None)
        stdout = "".join(self._seen)
        return self._privacy.verify(Outcome(code, stdout, self._stderr_text(), parse_lines(stdout)))

    def kill(self):
        """kill -9; everything that ever was on stdout, without a last line that is torn."""
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(10)
        while (text := self._lines.get()) is not None:
            self._seen.append(text)
        self._lines.put(None)
        return "".join(self._seen).rpartition("\n")[0]

    def _read_stdout(self):
        for text in self.process.stdout:
            self._lines.put(text.decode())
        self._lines.put(None)

    def _read_stderr(self):
        for text in self.process.stderr:
            self._stderr.append(text.decode(errors="replace"))

    def _stderr_text(self):
        return "".join(self._stderr)

    @staticmethod
    def _close(stdin):
        if stdin is not None and not stdin.closed:
            try:
                stdin.close()
            except BrokenPipeError:
                pass


class Connector:
    """The binary under test. Config and catalog files of its runs go into `folder`."""

    def __init__(self, binary, folder):
        self.binary = Path(binary)
        self.folder = Path(folder)
        self._files = 0

    def run(self, *args, stdin=b"", env=None, within_s=DEADLINE_S):
        """Any command line, with the whole input at once."""
        done = subprocess.run([str(self.binary), *map(str, args)], input=stdin, capture_output=True,
                              env=self._environment(env), timeout=within_s)
        stdout = done.stdout.decode()
        is_help = any(arg in ("--help", "--version") for arg in args)
        messages = [] if is_help else parse_lines(stdout)
        privacy = Privacy(*[arg for arg in args if isinstance(arg, Path) and arg.is_file()], env=env)
        privacy.told(stdin)
        return privacy.verify(Outcome(done.returncode, stdout, done.stderr.decode(errors="replace"), messages))

    def spec(self):
        return self.run("spec").ok().of_type("SPEC")[0]["spec"]

    def check(self, config, env=None, within_s=DEADLINE_S + 30):
        return self.run("check", "--config", self.file(config), env=env, within_s=within_s)

    def write(self, config, catalog, lines, env=None, within_s=DEADLINE_S):
        """`lines`: strings without newline."""
        return self.write_raw(config, catalog, "".join(f"{text}\n" for text in lines).encode(), env, within_s)

    def write_raw(self, config, catalog, stdin, env=None, within_s=DEADLINE_S):
        return self.run(*self._write_arguments(config, catalog), stdin=stdin, env=env, within_s=within_s)

    def start_write(self, config, catalog, env=None, stdin=subprocess.PIPE):
        """`stdin`: a pipe that the test holds open, or a descriptor (a FIFO, a file)."""
        arguments = self._write_arguments(config, catalog)
        command = [str(self.binary), *map(str, arguments)]
        return Running(command, self._environment(env), stdin, Privacy(arguments[2], arguments[4], env=env))

    def file(self, value):
        """The path of a new file with this JSON (or text, as it is)."""
        self._files += 1
        path = self.folder / f"input-{self._files}.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    def _write_arguments(self, config, catalog):
        return "write", "--config", self.file(config), "--catalog", self.file(catalog)

    @staticmethod
    def _environment(more):
        """The environment with `more`; a value None takes a variable away."""
        env = {**os.environ, **(more or {})}
        return {name: value for name, value in env.items() if value is not None}
