"""Runs one scenario: the real binary against the scripted server, then everything that must hold.

tests/fault/README.md describes the file that it is. Beside what it expects, every run is held to what always holds: a STATE
comes out only after what it covers is stored (the server says when that was), in order, its bytes as sent and its
count right; what is stored is what was sent, each record once; no output holds a secret or a value; the client kept to
the protocol; every rule of the scenario came into play.
"""

import fnmatch
import json
import os
import queue
import random
import signal
import socket
import subprocess
import threading
import time
from decimal import Decimal

from . import messages
from .connector import secrets_of
from .scripted import ACCESS_KEY, SECRET_KEY

PREFIX = "t"
# In every generated record, so that it is found wherever it must not be.
PRIVATE = "private-value"
# For a hang, not for slowness: below pytest's own limit, far above what a loaded machine makes of any scenario.
DEADLINE_S = 240
# Expectations on tables that were there before: how often each may have been made anew, its settings kept.
KEPT = {"recreated": (1,), "kept": (0,), "as_before": (0, 1)}
# What a file may hold, and what it may expect.
MEMBERS = set("about workers command config env catalog endpoint tls input server expect end slow pieces_seed".split())
EXPECTATIONS = {*KEPT, *"""exit error states stored rejected nulled tables logs output_lacks requests max_in_flight within_s stops_within_s
                           violations idle_rules status message_has message_lacks tables_left""".split()}


def ranges(parts):
    """{0, 1, 2, 7} of ["0-2", 7]."""
    out = set()
    for part in parts if isinstance(parts, list) else [parts]:
        first, _, last = str(part).partition("-")
        out.update(range(int(first), int(last or first) + 1))
    return out


def table_of(stream):
    return f"{PREFIX}_{stream}"


class Input:
    """The scenario's "input", as lines, with what each STATE covers."""

    def __init__(self, steps):
        self.steps = []  # (kind, value): "line" text, or an instruction for the feeder
        self.data = {}  # stream -> {id: data}
        self.states = []  # {"id", "stream" (None: all), "covers": {stream: ids}, "count", "message"}
        self._next_id = {}
        self._open = {}  # stream -> records since its last STATE
        self._open_all = 0
        for step in steps:
            self._add(step)

    def streams(self):
        named = [step["stream"] for kind, step in self.steps if kind == "record_of"]
        return list(dict.fromkeys([*self.data, *named]))

    def _add(self, step):
        if "records" in step:
            self._add_records(step)
        elif "state" in step or "global" in step or "legacy" in step:
            self._add_state(step)
        elif "line" in step:
            line = step["line"]
            self.steps.append(("line", line if isinstance(line, str) else json.dumps(line)))
        else:
            self.steps.append(next(iter(step.items())))

    def _add_records(self, step):
        stream = step["stream"]
        seen = self.data.setdefault(stream, {})
        for _ in range(step["records"]):
            number = self._next_id.get(stream, 0)
            self._next_id[stream] = number + 1
            data = {
                "id": number,
                "note": f"{PRIVATE}-{stream}-{number}",
                "amount": Decimal(number) / 8,
                "ok": number % 2 == 0,
                "nothing": None,
                "tags": ["a", "", {"deep": [number]}],
            }
            if step.get("bytes"):
                data["pad"] = "p" * step["bytes"]
            if number in ranges(step.get("marked", [])):
                data["mark"] = step["mark"]
            if number in ranges(step.get("with", {}).get("ids", [])):
                data["extra"] = step["with"]["value"]
            seen[number] = data
            self._open[stream] = self._open.get(stream, 0) + 1
            self._open_all += 1
            self.steps.append(("line", _record_line(stream, data)))

    def _add_state(self, step):
        if "state" in step:
            stream, name = step["stream"], step["state"]
            more = {"id": len(self.states), **step.get("more", {})}
            line = messages.stream_state(stream, {"cursor": name, "lsn": 9007199254740993}, **more)
            covers = {stream: set(self.data.get(stream, {}))}
            count = self._open.pop(stream, 0)
        else:
            stream, name = None, step.get("global") or step.get("legacy")
            make = messages.global_state if "global" in step else messages.legacy_state
            line = make({"cursor": name}, id=len(self.states))
            covers = {stream: set(data) for stream, data in self.data.items()}
            count, self._open_all = self._open_all, 0
        self.states.append({"id": name, "stream": stream, "covers": covers, "count": count, "message": json.loads(line)})
        self.steps.append(("line", line))


def _record_line(stream, data):
    """Decimals as their digits, which json cannot write."""
    marked = {key: f"@{value}@" if isinstance(value, Decimal) else value for key, value in data.items()}
    text = messages.record(stream, marked)
    for value in data.values():
        if isinstance(value, Decimal):
            text = text.replace(f'"@{value}@"', str(value))
    return text


class Run:
    """One run of the binary, fed step by step; every line of its stdout with the time at which it was read.

    `end`: how it is made to end before its input does: a "signal", or "close_stdout", once "after_states" STATEs are out
    or the server has served "after_requests" {"operation", "count"}; and "plus_ms" later. With "at_latest_s", a signal comes
    then in any case: the run would end too late to tell.
    """

    def __init__(self, command, env, source, server, end=None, pieces=None):
        self.lines = []  # (monotonic seconds, text)
        self._came = queue.Queue()
        self._stdout_closed = threading.Event()
        self._server = server
        self._end = end or {}
        self._pieces = pieces
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._stderr = []
        self.stopped_at = None  # when the signal was sent
        works = [self._read_stdout, self._read_stderr, lambda: self._feed(source), self._watch]
        threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in threads:
            thread.start()
        try:
            self.code = self.process.wait(DEADLINE_S)
            self.ended_at = time.monotonic()
        except subprocess.TimeoutExpired:
            self.process.kill()
            last = "\n".join(server.control("log").splitlines()[-10:])
            raise AssertionError(
                f"still running after {DEADLINE_S} s\nstdout: {self.stdout[-2000:]}\nlast requests: {last}"
            ) from None
        finally:  # also when pytest ends us
            if self.process.poll() is None:
                self.process.kill()
        for thread in threads[:2]:
            thread.join(30)
        self.stderr = b"".join(self._stderr).decode(errors="replace")

    @property
    def stdout(self):
        return "\n".join(text for _, text in self.lines)

    def states_out(self):
        return sum('"type":"STATE"' in text for _, text in self.lines)

    def _read_stdout(self):
        for raw in self.process.stdout:
            # The last line of a process that was killed may be torn.
            if raw.endswith(b"\n"):
                self.lines.append((time.monotonic(), raw.decode().rstrip("\n")))
                self._came.put(self.lines[-1][1])
            if self._end.get("close_stdout") and self.states_out() >= self._end["after_states"]:
                self.process.stdout.close()
                self._stdout_closed.set()
                return

    def _read_stderr(self):
        self._stderr.append(self.process.stderr.read())

    def _watch(self):
        if "signal" not in self._end:
            return
        limit = time.monotonic() + self._end.get("at_latest_s", DEADLINE_S)
        while time.monotonic() < limit and not self._end_is_due():
            if self.process.poll() is not None:
                return
            time.sleep(0.002)
        time.sleep(self._end.get("plus_ms", 0) / 1000)
        self.stopped_at = time.monotonic()
        self.process.send_signal(signal.Signals[f"SIG{self._end['signal']}"])

    def _end_is_due(self):
        wanted = self._end.get("after_requests")
        if wanted and len(self._server.log(wanted["operation"])) < wanted["count"]:
            return False
        return self.states_out() >= self._end.get("after_states", 0)

    def _feed(self, source):
        pipe, lines = self.process.stdin, []
        try:
            for kind, value in source.steps:
                if kind == "line":
                    lines.append(value.encode() + b"\n")
                    continue
                self._send(pipe, lines)
                self._do(kind, value)
            self._send(pipe, lines)
            pipe.close()
        except (BrokenPipeError, ValueError):
            pass  # the binary has ended; what it printed says why

    def _send(self, pipe, lines):
        """In pieces as long as `pieces` (a random.Random) says, or all at once."""
        data = b"".join(lines)
        lines.clear()
        while data:
            size = len(data) if self._pieces is None else int(2 ** self._pieces.uniform(0, 18))
            pipe.write(data[:size])
            pipe.flush()
            data = data[size:]

    def _do(self, kind, value):
        if kind == "wait_state":
            while f'"cursor":"{value}"' not in self._came.get(timeout=DEADLINE_S).replace(" ", ""):
                pass
        elif kind == "wait_requests":
            deadline = time.monotonic() + DEADLINE_S
            while len(self._server.log(value["operation"])) < value["count"] and time.monotonic() < deadline:
                time.sleep(0.02)
        elif kind == "wait_stdout_closed":
            assert self._stdout_closed.wait(DEADLINE_S)
        elif kind in ("rules_off", "rules_on"):
            self._server.switch(value, kind == "rules_on")
        elif kind == "pause_ms":
            time.sleep(value / 1000)
        elif kind == "hold":  # stdin stays open until the process ends
            self.process.wait(DEADLINE_S)
        else:
            raise AssertionError(f"unknown step {kind}")


class Scenario:
    """One file of tests/data/scenarios, or what a test has made up, to be run with a number of workers."""

    def __init__(self, file, workers):
        self.file = file
        self.workers = workers
        self.command = self.file.get("command", "write")
        self.expect = self.file.get("expect", {})
        self.input = Input(self.file.get("input", []))

    def run(self, connector, start_server, certificates):
        server = self._start_server(start_server, certificates)
        config = messages.config(
            self._endpoint(server), PREFIX, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, workers=self.workers
        )
        config.update(self.file.get("config", {}))
        command = [str(connector.binary), self.command, "--config", str(connector.file(config))]
        if self.command == "write":
            command += ["--catalog", str(connector.file(self._catalog()))]
        env = self._environment(str(certificates.good.authority))
        pieces = random.Random(self.file["pieces_seed"]) if "pieces_seed" in self.file else None
        before = server.tables()
        begin = time.monotonic()
        run = Run(command, env, self.input, server, self.file.get("end"), pieces)
        self._verify(run, server, config, time.monotonic() - begin)
        after = server.tables()
        for rule, generations in KEPT.items():
            for table in names_like(self.expect.get(rule, []), before):
                assert table in after, f"{table} is gone"
                _verify_table(table, before[table], after[table], generations)
        return run

    def _environment(self, authority):
        """Ours, without what would change how an endpoint is reached, and the file's: AUTHORITY stands for the trusted
        certificate's file, null takes a variable away."""
        outer = {name: value for name, value in os.environ.items()
                 if name != "AWS_CA_BUNDLE" and not name.lower().endswith("_proxy")}
        env = {**outer, "SSL_CERT_FILE": authority, **self.file.get("env", {})}
        return {name: value.replace("AUTHORITY", authority) for name, value in env.items() if value is not None}

    def _start_server(self, start_server, certificates):
        tls = self.file.get("tls")
        return start_server(self.file.get("server", {}), tls=getattr(certificates, tls) if tls else None)

    def _endpoint(self, server):
        """ "endpoint" of the file, with PORT for the server's and FREE for one on which nobody listens."""
        scheme = "https" if self.file.get("tls") else "http"
        text = self.file.get("endpoint", f"{scheme}://localhost:PORT" if self.file.get("tls") else "http://127.0.0.1:PORT")
        if "FREE" in text:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                text = text.replace("FREE", str(probe.getsockname()[1]))
        return text.replace("PORT", str(server.port))

    def _catalog(self):
        listed = self.file.get("catalog")
        streams = listed if listed is not None else [{"name": name} for name in self.input.data]
        return messages.catalog(*[messages.stream(**stream) for stream in streams])

    def _verify(self, run, server, config, seconds):
        try:
            out = [json.loads(text) for _, text in run.lines]
            self._verify_secrets(run, config)
            self._verify_protocol(server)
            assert run.code == self.expect.get("exit", 0), "exit code"
            assert run.stderr == "", "stderr is not empty"
            assert seconds <= self.expect.get("within_s", DEADLINE_S), f"took {seconds:.1f} s"
            if "stops_within_s" in self.expect:
                took = run.ended_at - run.stopped_at
                assert took <= self.expect["stops_within_s"], f"took {took:.1f} s from the signal on"
            self._verify_error(out)
            self._verify_logs(out)
            if self.command == "check":
                self._verify_check(out, server)
            else:
                self._verify_states(run, server)
                self._verify_stored(server)
        except AssertionError as problem:
            log = "\n".join(server.control("log").splitlines()[:40])
            raise AssertionError(
                f"{problem}\nexit code {run.code}\nstdout:\n{run.stdout[-4000:]}\nstderr:\n{run.stderr[-2000:]}\n"
                f"rules: {server.control('rules')}\nrequests:\n{log}"
            ) from None

    def _verify_secrets(self, run, config):
        """P6: a STATE's own bytes are echoed, nothing else of the input."""
        said = "\n".join(text for _, text in run.lines if '"type":"STATE"' not in text) + run.stderr
        secrets = [PRIVATE, *secrets_of(config), *filter(None, [config.get("access_key_id")])]
        for secret in [*secrets, *self.expect.get("output_lacks", [])]:
            assert secret not in said, f"P6: {secret!r} is in the output"

    def _verify_protocol(self, server):
        allowed = self.expect.get("violations", [])
        found = [violation for line in server.log() for violation in line["violations"]]
        bad = [violation for violation in found if not any(part in violation for part in allowed)]
        assert not bad, f"violations: {bad[:5]}"
        for part in allowed:
            assert any(part in violation for violation in found), f"no violation {part!r}"
        idle = set(self.expect.get("idle_rules", []))
        for rule in json.loads(server.control("rules")):
            assert rule["fired"] > 0 or rule["name"] in idle, f"{rule['name']} was never needed"
        for operation, bounds in self.expect.get("requests", {}).items():
            count = len(server.log(operation))
            assert bounds.get("min", 0) <= count <= bounds.get("max", count), f"{count} x {operation}"
        for operation, limit in self.expect.get("max_in_flight", {}).items():
            most = max((line["in_flight"] for line in server.log(operation)), default=0)
            assert most <= limit, f"{most} x {operation} in flight"

    def _verify_error(self, out):
        errors = [m["trace"]["error"] for m in out if m["type"] == "TRACE" and m["trace"]["type"] == "ERROR"]
        wanted = self.expect.get("error")
        if wanted is None:
            assert self.command == "check" or not errors, "unexpected TRACE ERROR"
            return
        assert len(errors) == 1, f"{len(errors)} TRACE ERRORs"
        error = errors[0]
        assert error["failure_type"] == wanted["type"], f"failure_type {error['failure_type']}"
        for field in ("message", "internal_message"):
            for part in wanted.get(f"{field}_has", []):
                assert part.lower() in error.get(field, "").lower(), f"{field} lacks {part!r}"
        if "stream" in wanted:
            assert error.get("stream_descriptor", {}).get("name") == wanted["stream"], "stream of the error"

    def _verify_logs(self, out):
        logs = [(m["log"]["level"], m["log"]["message"]) for m in out if m["type"] == "LOG"]
        for level, part in self.expect.get("logs", []):
            assert any(one == level and part.lower() in text.lower() for one, text in logs), f"no {level} {part!r}"

    def _verify_check(self, out, server):
        left = [n for n, table in server.tables().items() if table["description"]["TableStatus"] != "DELETING"]
        assert len(left) == self.expect.get("tables_left", 0), f"the check left {left}"
        statuses = [m["connectionStatus"] for m in out if m["type"] == "CONNECTION_STATUS"]
        if self.expect["status"] is None:
            assert statuses == [], "CONNECTION_STATUS after a signal"
            return
        assert len(statuses) == 1, f"{len(statuses)} CONNECTION_STATUS"
        assert statuses[0]["status"] == self.expect["status"], "status"
        for part in self.expect.get("message_has", []):
            assert part.lower() in statuses[0].get("message", "").lower(), f"message lacks {part!r}"
        for part in self.expect.get("message_lacks", []):
            assert part.lower() not in statuses[0].get("message", "").lower(), f"message has {part!r}"

    def _table_of(self, stream):
        return self.expect.get("tables", {}).get(stream, table_of(stream))

    def _verify_states(self, run, server):
        """P1, the order, the bytes and the counts of the STATEs that came out."""
        stored_at = {}
        for stream in self.input.data:
            stored_at[stream] = {_id_of(row): row["stored_s"] for row in server.items(self._table_of(stream))}
        waiting = {state["message"]["state"]["id"]: state for state in self.input.states}
        out = []
        for came_s, text in run.lines:
            message = json.loads(text)
            if message["type"] != "STATE":
                continue
            state = waiting.pop(message["state"]["id"], None)
            assert state is not None, f"a STATE that was not sent, or twice: {text[:300]}"
            out.append(state)
            self._verify_coverage(state, stored_at, came_s)
            count = state["count"] - self._rejected_of(state)
            assert f'"recordCount":{count}.0' in text.replace(" ", ""), f"count of {state['id']} is not {count}.0"
            stats = message["state"].pop("destinationStats")
            assert stats["recordCount"] == count
            nulled = self._count(state, {stream: map(int, ids) for stream, ids in self.expect.get("nulled", {}).items()})
            assert stats.get("additionalStats", {}).get("nulledValueCount", 0) == nulled, f"nulledValueCount of {state['id']}"
            assert message == state["message"], f"{state['id']} is not as it was sent"
        for stream in {state["stream"] for state in self.input.states}:
            names = [state["id"] for state in out if state["stream"] == stream]
            sent = [state["id"] for state in self.input.states if state["stream"] == stream]
            assert names == [name for name in sent if name in names], f"order of STATEs: {names}"
        default = [state["id"] for state in self.input.states] if self.expect.get("exit", 0) == 0 else []
        wanted = self.expect.get("states", default)
        assert wanted == "any" or sorted(state["id"] for state in out) == sorted(wanted), f"STATEs out: {[s['id'] for s in out]}"

    def _rejected_of(self, state):
        return self._count(state, {stream: ranges(ids) for stream, ids in self.expect.get("rejected", {}).items()})

    def _count(self, state, marked):
        """How many of the records between the STATE before it and this one are in `marked`, ids by stream."""
        earlier = [s for s in self.input.states if s["stream"] == state["stream"]]
        index = earlier.index(state)
        before = earlier[index - 1]["covers"] if index else {}
        return sum(
            len((ids - before.get(stream, set())) & set(marked.get(stream, ())))
            for stream, ids in state["covers"].items()
        )

    def _verify_coverage(self, state, stored_at, came_s):
        for stream, ids in state["covers"].items():
            ids = ids - ranges(self.expect.get("rejected", {}).get(stream, []))
            missing = sorted(i for i in ids if stored_at[stream].get(i, came_s + 1) > came_s)
            assert not missing, f"P1: {state['id']} came before {stream} {missing[:5]} ({len(missing)}) were stored"

    def _verify_stored(self, server):
        """P2 and P5: which records are there, each once, with every value."""
        default = "all" if self.expect.get("exit", 0) == 0 else {}
        wanted = self.expect.get("stored", default)
        for stream, sent in self.input.data.items():
            rows = server.items(self._table_of(stream))
            there = [_id_of(row) for row in rows]
            assert len(there) == len(set(there)), f"{stream}: {len(there) - len(set(there))} records are stored twice"
            nulled = self.expect.get("nulled", {}).get(stream, {})
            for row in rows:
                self._verify_item(row["item"], sent[_id_of(row)], nulled.get(str(_id_of(row))))
            rule = wanted if wanted == "all" else wanted.get(stream, {})
            rejected = ranges(self.expect.get("rejected", {}).get(stream, []))
            if rule == "all":
                rule = {"exactly": sorted(set(sent) - rejected)}
            if "exactly" in rule:
                exact = ranges(rule["exactly"])
                lost, extra = sorted(exact - set(there)), sorted(set(there) - exact)
                assert not lost, f"{stream}: {len(lost)} are not stored: {lost[:5]}"
                assert not extra, f"{stream}: {len(extra)} are stored that should not be: {extra[:5]}"
            lost = sorted(ranges(rule.get("at_least", [])) - set(there))
            assert not lost, f"{stream}: {len(lost)} are not stored: {lost[:5]}"
            never = sorted(ranges(rule.get("never", [])) & set(there))
            assert not never, f"{stream}: {never[:5]} should never be stored"

    def _verify_item(self, item, data, nulled):
        expected = json.loads(json.dumps(data, default=float), parse_float=Decimal, parse_int=Decimal)
        if nulled is not None:
            expected[nulled] = None
            change = {"field": nulled, "change": "NULLED", "reason": "DESTINATION_RECORD_SIZE_LIMITATION"}
            assert plain(item.pop("_airbyte_meta")) == {"changes": [change]}, "_airbyte_meta"
        assert plain(item["_airbyte_data"]) == expected, f"P5: record {data['id']} is not as it was sent"
        assert item["_airbyte_emitted_at"] == {"N": str(messages.EMITTED_AT)}, "_airbyte_emitted_at"
        names = {"_airbyte_ab_id", "sync_time", "_airbyte_data", "_airbyte_emitted_at", "_airbyte_generation_id"}
        assert set(item) <= names, f"attributes {sorted(item)}"


def names_like(patterns, names):
    """Those of `names` that each pattern matches, of which there must be some."""
    for pattern in patterns:
        found = fnmatch.filter(names, pattern)
        assert found, f"no table {pattern}"
        yield from found


def _verify_table(name, before, after, generations):
    """The same table, as far as its settings go, made anew so often."""
    times = after["generation"] - before["generation"]
    assert times in generations, f"{name} was made anew {times} times"
    passing = ("CreationDateTime", "TableId", "ItemCount", "TableSizeBytes", "LatestStreamLabel", "LatestStreamArn")
    old, new = ({k: v for k, v in table["description"].items() if k not in passing} for table in (before, after))
    assert new == old, f"settings of {name} differ: {new} instead of {old}"
    for setting in ("tags", "ttl"):
        assert after[setting] == before[setting], f"{setting} of {name}: {after[setting]} instead of {before[setting]}"


def _id_of(row):
    return int(row["item"]["_airbyte_data"]["M"]["id"]["N"])


def plain(value):
    """An AttributeValue as Python sees it, numbers as Decimals."""
    ((kind, body),) = value.items()
    if kind == "M":
        return {name: plain(member) for name, member in body.items()}
    if kind == "L":
        return [plain(member) for member in body]
    return {"N": Decimal, "NULL": lambda _: None}.get(kind, lambda same: same)(body)
