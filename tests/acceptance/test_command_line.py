"""The command line: what is accepted, what is answered with usage, and how the process starts."""

import os
import pty
import signal
import subprocess

import pytest

from ddb_testkit import messages


def test_help(connector):
    outcome = connector.run("--help").ok()
    for word in ("spec", "check", "write", "discover", "--config", "--catalog", "--version", "Exit codes", "143", "LOG_LEVEL",
                 "AWS_CA_BUNDLE", "Example"):
        assert word in outcome.stdout
    assert outcome.stderr == ""


@pytest.mark.parametrize("arguments", [["write", "--help"], ["--help", "write"], ["write", "--config", "F", "--help"],
                                       ["--write", "--help"]], ids=" ".join)
def test_help_of_a_command(connector, arguments):
    outcome = connector.run(*arguments).ok()
    assert outcome.stdout.startswith("Usage: destination-dynamodb write --config F --catalog F")
    assert "destination_sync_mode" in outcome.stdout and "Exit codes" in outcome.stdout
    assert outcome.stderr == ""


@pytest.mark.parametrize("command", ["spec", "check", "discover"])
def test_every_command_has_its_help(connector, command):
    outcome = connector.run(command, "--help").ok()
    assert outcome.stdout.startswith(f"Usage: destination-dynamodb {command}")


def test_version(connector):
    outcome = connector.run("--version").ok()
    assert (outcome.stdout, outcome.stderr) == ("1.0.0\n", "")


@pytest.mark.parametrize("argument", ["--version", "--help", "spec"])
def test_a_full_disk_is_a_failure(binary, argument):
    with open("/dev/full", "w") as full:
        done = subprocess.run([binary, argument], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("arguments", [["--version"], ["spec"], ["discover"], ["check", "--config", "not-there"],
                                       ["write", "--config", "not-there", "--catalog", "C"]], ids=lambda words: words[0])
def test_a_full_disk_is_told_of_in_a_terminal(binary, arguments):
    """Nobody reads an exit code by eye; a platform, whose stderr is no terminal, does."""
    ours, theirs = pty.openpty()
    with open("/dev/full", "w") as full:
        done = subprocess.run([binary, *arguments], stdin=subprocess.DEVNULL, stdout=full, stderr=theirs, timeout=60)
    os.close(theirs)
    assert done.returncode == 1
    assert b"standard output cannot be written to" in os.read(ours, 4096)
    os.close(ours)


def test_a_terminal_in_place_of_a_source_is_told_of(connector, binary, engine, prefix):
    config, catalog = connector.file(messages.config(engine.endpoint, prefix)), connector.file(messages.catalog("users"))
    for given in ("terminal", "pipe"):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([binary, "write", "--config", config, "--catalog", catalog], stdout=subprocess.DEVNULL, stderr=theirs,
                                   stdin=theirs if given == "terminal" else subprocess.PIPE)
        if given == "terminal":
            said = b""
            while b"Ctrl-D" not in said:
                said += os.read(ours, 4096)
            os.write(ours, b"\x04")
        else:
            process.stdin.close()
        assert process.wait(60) == 0
        if given == "pipe":
            os.set_blocking(ours, False)
            try:
                assert b"Ctrl-D" not in os.read(ours, 65536)
            except BlockingIOError:
                pass
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("arguments", [
    [],
    [""],
    ["nonsense"],
    ["read", "--config", "F"],
    ["spec", "more"],
    ["spec", "check"],
    ["spec", "--check"],
    ["--spec", "--check"],
    ["spec", "--bogus"],
    ["--config", "F"],
    ["check"],
    ["check", "--config"],
    ["check", "--config", "F", "--config", "G"],
    ["--check"],
    ["write"],
    ["write", "--config", "F"],
    ["write", "--catalog", "F"],
    ["write", "F", "G"],
], ids=" ".join)
def test_wrong_usage(connector, arguments):
    outcome = connector.run(*arguments)
    assert outcome.code == 2
    assert outcome.stdout == ""
    assert "Usage: destination-dynamodb" in outcome.stderr


@pytest.mark.parametrize("arguments", [["discover"], ["discover", "--config", "F"], ["--discover"]], ids=" ".join)
def test_discover(connector, arguments):
    outcome = connector.run(*arguments)
    assert outcome.code == 1
    assert "discover" in outcome.error["message"]
    assert outcome.stderr == ""


@pytest.mark.parametrize("arguments", [
    ["check", "--config", "not-there.json"],
    ["--check", "--config", "not-there.json"],
    ["--config", "not-there.json", "check"],
    ["--config", "not-there.json", "--check"],
    ["check", "--config=not-there.json"],
], ids=" ".join)
def test_forms_of_check(connector, arguments):
    outcome = connector.run(*arguments)
    assert outcome.code == 0
    assert outcome.status["status"] == "FAILED"
    assert "not-there.json" in outcome.status["message"]


@pytest.mark.parametrize("arguments", [
    ["write", "--config", "not-there.json", "--catalog", "C"],
    ["write", "--catalog", "C", "--config", "not-there.json"],
    ["--write", "--config", "not-there.json", "--catalog", "C"],
    ["write", "--config", "not-there.json", "--catalog", "C", "--state", "S"],
], ids=" ".join)
def test_forms_of_write(connector, arguments):
    outcome = connector.run(*arguments)
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"
    assert "not-there.json" in outcome.error["message"]


def shell(binary, redirection):
    return subprocess.run(["sh", "-c", f'exec "$0" spec {redirection}', binary], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)


def test_closed_stdin_and_stderr_do_not_matter_to_spec(connector, binary):
    spec = connector.run("spec").stdout
    for redirection in ("<&-", "2>&-", "<&- 2>&-"):
        done = shell(binary, redirection)
        assert (done.returncode, done.stdout.decode()) == (0, spec)


def test_closed_stdout_is_a_failure(binary):
    for redirection in (">&-", "<&- >&-", "<&- >&- 2>&-"):
        assert shell(binary, redirection).returncode == 1


def test_a_reader_that_is_gone_is_a_failure_not_a_signal(binary):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen([binary, "spec"], stdout=writing, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
    os.close(writing)
    stderr = process.communicate(timeout=60)[1]
    assert (process.returncode, stderr) == (1, b"")


def test_closed_stdin_is_no_empty_input(engine, prefix, connector, binary):
    """A write whose stdin is closed has not been given its records: it must not report success."""
    config = connector.file(messages.config(engine.endpoint, prefix))
    catalog = connector.file(messages.catalog("s"))
    done = subprocess.run(["sh", "-c", 'exec "$0" write --config "$1" --catalog "$2" <&-', binary, config, catalog],
                          capture_output=True, timeout=120)
    assert done.returncode == 1
