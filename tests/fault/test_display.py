"""The live display: what stands on a terminal while a sync goes on, beside tables that take less than there is."""

import json
import re
import signal
import subprocess

import pytest

from ddb_testkit import messages
from ddb_testkit.connector import DEADLINE_S
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY
from ddb_testkit.terminal import Terminal

HEADER = ["stored", "/s", "waiting", "STATE", "throttled"]


def input_of(streams, count, states_every=50):
    lines = []
    for n in range(count):
        lines += [messages.record(name, {"id": n, "text": "some text"}) for name in streams]
        if n % states_every == states_every - 1:
            lines += [messages.stream_state(name, {"at": n}) for name in streams]
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def command(connector, start_server):
    """What a shell would be told, for streams of which the slow ones' tables take so many write units a second."""
    def of(streams, slow=(), wcu=10, rules=()):
        tables = [{"table": f"t_{name}", "wcu": wcu, "burst_wcu": wcu} for name in slow]
        of.servers.append(start_server({"tables": tables, "rules": list(rules)}))
        config = messages.config(of.servers[-1].endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
        return [connector.binary, "write", "--config", connector.file(config),
                "--catalog", connector.file(messages.catalog(*streams))]
    of.servers = []
    return of


def row_of(lines, stream):
    """The figures of a stream, by the columns' names."""
    for line in lines:
        if row := re.fullmatch(re.escape(stream) + r" +(\S+) +(\S+) +(\S+) +(-|\d+ (?:s|min|h)) ?(.*)", line):
            return dict(zip(HEADER, row.groups(), strict=True))
    return {}


@pytest.mark.parametrize("columns", [60, 140])
def test_what_stands_there(command, columns):
    with Terminal(columns) as terminal:
        process = terminal.start(command(["fast", "slow"], slow=["slow"]))
        process.stdin.write(input_of(["fast", "slow"], 100))
        process.stdin.flush()
        lines = terminal.wait_for(lambda lines: row_of(lines, "fast").get("stored") == "100"
                                  and re.search(r"STATE \d+ s", " ".join(lines)) and row_of(lines, "slow").get("throttled"))
        text = " ".join(lines)
        slow, fast = row_of(lines, "slow"), row_of(lines, "fast")
        # In all: elapsed, stored of read, the rate, MB, and what reading waits for.
        assert re.match(r"\d:\d\d:\d\d, \d+ of 200 records stored, \d", lines[0])
        for part in ("0.0 MB read", "1 table throttled", "reading waits for input"):
            assert part in text
        assert "ETA" not in text  # nobody knows how much is to come
        # The stream that waits comes first, with why.
        assert lines.index(next(line for line in lines if line.startswith("slow"))) \
            < lines.index(next(line for line in lines if line.startswith("fast")))
        assert 10 <= int(slow["stored"]) < 100 and int(slow["stored"]) + int(slow["waiting"]) == 100
        assert float(slow["/s"]) > 0 and re.fullmatch(r"\d+ s", slow["STATE"])
        assert slow["throttled"] == ("table" if columns == 60 else "the table's provisioned capacity")
        assert (fast["waiting"], fast["STATE"]) == ("0", "-")
        assert all(len(line) <= columns - 3 for line in lines)
        assert len(lines) <= 8 and terminal.colors() == {"brown"}

        process.send_signal(signal.SIGINT)
        terminal.wait_for(lambda lines: "stopping: what is in flight is stored" in " ".join(lines))
        process.communicate(timeout=DEADLINE_S)
        # One line stays, for those who do not see stdout; of what was drawn nothing does.
        text = "".join(terminal.wait_for(lambda lines: lines and "Stopped by" in lines[0]))
        assert re.match(r"Stopped by SIGINT: 200 records read, \d+ stored, \d+ waiting", text)
        assert not any(word in text for word in ("throttled ", "reading waits", "slow"))


@pytest.mark.parametrize("wide,narrow", [(140, 60), (60, 140)])
def test_a_terminal_that_is_resized(command, wide, narrow):
    with Terminal(wide) as terminal:
        process = terminal.start(command(["slow"], slow=["slow"], wcu=5))
        process.stdin.write(input_of(["slow"], 60))
        process.stdin.flush()
        before = terminal.wait_for(lambda lines: row_of(lines, "slow").get("throttled"))
        terminal.resize(narrow)
        cause = {60: "table", 140: "the table's provisioned capacity"}
        lines = terminal.wait_for(lambda lines: row_of(lines, "slow").get("throttled") == cause[narrow])
        assert row_of(before, "slow")["throttled"] == cause[wide]
        assert all(len(line) <= narrow - 3 for line in lines)
        assert sum("records stored" in line for line in lines) == 1, "what stood there before is still there"
        terminal.resize(narrow, rows=4)
        terminal.wait_for(lambda lines: len(lines) == 3 and "records stored" in lines[0])


def test_output_on_the_same_terminal_stays_whole(command):
    """Every line of output is there, none has a piece of the display in it, and the display stands below."""
    columns = 60
    with Terminal(columns, rows=600) as terminal:
        process = terminal.start(command(["fast", "slow"], slow=["slow"], wcu=20), stdout="terminal")
        process.stdin.write(input_of(["fast", "slow"], 120, states_every=5))
        process.stdin.flush()
        lines = terminal.wait_for(lambda lines: lines and "reading waits for input" in " ".join(lines[-7:])
                                  and row_of(lines, "slow"))
        assert "records stored" in "".join(lines[-7:])
        process.stdin.close()
        assert process.wait(DEADLINE_S) == 0
        rows = terminal.wait_for(lambda lines: "Finished: " in "".join(lines[-4:]))
    text, found = "", []
    for row in rows:
        text += row.ljust(columns)
        if text.rstrip().endswith("}") and text.count("{") == text.count("}"):
            found.append(json.loads(text))
            text = ""
    assert text == ""
    states = [line for line in found if line["type"] == "STATE"]
    assert len(states) == 2 * 120 / 5
    assert all(line["type"] in ("LOG", "STATE") for line in found)


def test_a_file_has_an_end_that_can_be_told(command, tmp_path):
    path = tmp_path / "input"
    path.write_bytes(input_of(["slow"], 3_000))
    with Terminal(140) as terminal, path.open() as file:
        terminal.start(command(["slow"], slow=["slow"], wcu=50), stdin=file, stdout=subprocess.DEVNULL)
        lines = terminal.wait_for(lambda lines: "ETA 0:00:" in " ".join(lines) and int(row_of(lines, "slow")["stored"]) > 300)
    eta = int(re.search(r"ETA 0:(\d\d):(\d\d)", " ".join(lines)).expand(r"\1\2"))
    assert 20 <= eta % 100 + eta // 100 * 60 <= 120  # a minute in all


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_can_only_write_over_a_line(command, env):
    with Terminal(60) as terminal:
        process = terminal.start(command(["slow"], slow=["slow"]), env=env)
        process.stdin.write(input_of(["slow"], 60))
        process.stdin.flush()
        terminal.wait_for(lambda lines: len(lines) == 1 and "of 60 records stored" in lines[0])
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)
        terminal.wait_for(lambda lines: lines and lines[0].startswith("Stopped by SIGTERM"))
    assert b"\x1b" not in terminal.raw


def test_no_color(command):
    with Terminal(80) as terminal:
        process = terminal.start(command(["slow"], slow=["slow"]), env={"NO_COLOR": "1"})
        process.stdin.write(input_of(["slow"], 60))
        process.stdin.flush()
        terminal.wait_for(lambda lines: row_of(lines, "slow").get("throttled"))
        assert terminal.colors() == set()


def test_more_streams_than_there_is_room_for(command):
    names = [f"s{n:02}" for n in range(30)]
    with Terminal(80) as terminal:
        process = terminal.start(command(names, slow=["s17"], wcu=5))
        process.stdin.write(input_of(names, 30))
        process.stdin.flush()
        lines = terminal.wait_for(lambda lines: lines and lines[-1] == "and 22 more streams" and row_of(lines, "s17")
                                  and row_of(lines, "s17")["throttled"])
        first = next(n for n, line in enumerate(lines) if line.startswith("stream "))
        assert lines[first + 1].startswith("s17 ")
        assert len(lines) == first + 1 + 8 + 1


def test_a_trouble_stands_there_until_it_is_over(command):
    rules = [{"name": "cut", "match": {"operation": "BatchWriteItem"}, "action": {"reset": "before_body"}}]
    with Terminal(100) as terminal:
        process = terminal.start(command(["s"], rules=rules))
        process.stdin.write(input_of(["s"], 10))
        process.stdin.flush()
        terminal.wait_for(lambda lines: any(line.startswith("table t_s: ") and "it is tried again" in line for line in lines))
        command.servers[0].control("rules/cut/off")
        terminal.wait_for(lambda lines: row_of(lines, "s").get("stored") == "10" and "tried again" not in " ".join(lines))
