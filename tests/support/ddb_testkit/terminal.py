"""A terminal for the connector: a pseudo-terminal, and what stands on its screen (pyte)."""

import contextlib
import os
import pty
import signal
import subprocess
import termios
import threading
import time

import pyte

from ddb_testkit.connector import DEADLINE_S


class Terminal:
    """`with Terminal(columns, rows) as terminal`: start a process on it, look at what stands there."""

    def __init__(self, columns, rows=24):
        self.raw = b""  # all that was written to it
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._processes = []
        self._ours, self._theirs = pty.openpty()
        termios.tcsetwinsize(self._theirs, (rows, columns))
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._reader.start()
        return self

    def __exit__(self, *_):
        for process in self._processes:
            process.kill()
            process.wait()
        os.close(self._theirs)
        self._reader.join(DEADLINE_S)
        os.close(self._ours)

    def _read(self):
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            while data := os.read(self._ours, 65536):
                with self._lock:
                    self.raw += data
                    self._stream.feed(data)

    def start(self, command, *, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=None):
        """stderr is the terminal; `stdout="terminal"`: stdout is, too."""
        process = subprocess.Popen([str(word) for word in command], stdin=stdin, stderr=self._theirs,
                                   stdout=self._theirs if stdout == "terminal" else stdout,
                                   env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", **(env or {})})
        self._processes.append(process)
        return process

    def resize(self, columns, rows=24):
        """As a terminal that does not break lines anew."""
        with self._lock:
            self._screen.resize(rows, columns)
            termios.tcsetwinsize(self._theirs, (rows, columns))
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGWINCH)

    def lines(self):
        """What stands there, without the empty rest."""
        with self._lock:
            lines = [line.rstrip() for line in self._screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def colors(self):
        with self._lock:
            return {char.fg for row in self._screen.buffer.values() for char in row.values()} - {"default"}

    def wait_for(self, what):
        """The lines, once `what(lines)` holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not what(lines := self.lines()):
            assert time.monotonic() < deadline, "\n".join(lines)
            time.sleep(0.05)
        return lines
