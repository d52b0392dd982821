"""Runs programs against tables that take less than there is, prints what became of it, and writes docs/capacity.md. See
scripts/capacity."""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "scripts" / "lib" / "bench")]

import machine  # noqa: E402
import tables  # noqa: E402

from ddb_testkit import messages  # noqa: E402
from ddb_testkit.scripted import ACCESS_KEY, RAW_KEYS, SECRET_KEY, ScriptedServer  # noqa: E402

LATENCY_MS = 5
SLOW_WCU, SLOW, OTHERS, STATES_EVERY = 100, 6_000, 27_000, 750
STEADY_WCU, STEADY_S = (10, 100, 1_000), 40
# A program that is not done by then is ended, and what it has stored by then counts.
LONGEST_S = 900


class Programs:
    """What is measured: by name, the command that writes stdin's records to a server."""

    def __init__(self, options, folder):
        self.folder = folder
        self.ours = {"destination-dynamodb": options.ours, f"the same, {options.commit}": options.old}
        self.peers = {"boto3, adaptive": [sys.executable, str(ROOT / "bench" / "capacity" / "adaptive.py")]}
        if options.go:
            self.peers["SDK for Go, adaptive"] = [options.go]

    def names(self):
        return [*self.ours, *self.peers]

    def command(self, name, server, streams):
        if name in self.peers:
            return [*self.peers[name], server.endpoint, "t"]
        config, catalog = self.folder / "config.json", self.folder / "catalog.json"
        config.write_text(json.dumps(messages.config(
            server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)))
        catalog.write_text(json.dumps(messages.catalog(*streams)))
        return [self.ours[name], "write", "--config", str(config), "--catalog", str(catalog)]


def run(programs, name, server, streams, lines):
    """Seconds until the program ended (None: it was ended), and when each STATE came, in s since it began."""
    env = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    source = programs.folder / "input.jsonl"
    source.write_text("".join(f"{line}\n" for line in lines))
    states, began = [], time.monotonic()
    with open(source) as stdin:
        process = subprocess.Popen(programs.command(name, server, streams), stdin=stdin, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, env=env)

    def read():
        for line in process.stdout:
            if b'"STATE"' in line:
                states.append(time.monotonic() - began)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        code = process.wait(LONGEST_S)
        if code:
            sys.exit(f"capacity: {name} has failed (exit code {code})")
        seconds = time.monotonic() - began
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        seconds = None
    reader.join()
    return seconds, states


def server_of(options, folder, wcu_by_table):
    """Each table begins with a second of its capacity, and nothing saved."""
    existing = [{"TableName": table, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": int(wcu) or 40_000},
                 **RAW_KEYS} for table, wcu in wcu_by_table.items()]
    limited = [{"table": table, "wcu": wcu, "burst_wcu": wcu} for table, wcu in wcu_by_table.items() if wcu]
    latency = {"name": "latency", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": LATENCY_MS}}
    return ScriptedServer(options.server, folder, {"tables": limited, "existing": existing, "rules": [latency]})


def writes(log, table=None):
    """(sent, stored, first and last second in which something was stored)"""
    own = [line for line in log if table is None or table in line["tables"]]
    times = [line["t"] for line in own if line["stored"]]
    return (sum(sum(line["tables"].values()) for line in own), sum(line["stored"] for line in own), own[0]["t"], max(times))


def measure(options, programs, name, wcu_by_table, lines):
    streams = [table.removeprefix("t_") for table in wcu_by_table]
    with tempfile.TemporaryDirectory() as folder:
        server = server_of(options, Path(folder) / "server", wcu_by_table)
        try:
            seconds, states = run(programs, name, server, streams, lines)
            log = server.log("BatchWriteItem")
        finally:
            server.stop()
    sent, stored, began, _ = writes(log)
    return {"seconds": seconds, "sent": sent, "stored": stored, "states": states, "began": began, "log": log}


def interleaved(slow, others):
    lines, sent = [], 0
    for n in range(others):
        lines += [messages.record(name, {"id": n, "text": "some text"}) for name in ("b", "c")]
        while sent * others < n * slow:
            lines.append(messages.record("slow", {"id": sent, "text": "some text"}))
            sent += 1
            if sent % STATES_EVERY == 0:
                lines.append(messages.stream_state("slow", {"at": sent}))
    return lines


def streams(options, programs):
    """Three streams, one of them into a table that takes little."""
    slow, others = SLOW // options.part, OTHERS // options.part
    result = {}
    for name in programs.names():
        print(f"capacity: streams: {name} ...", flush=True)
        alone = measure(options, programs, name, {"t_b": 0, "t_c": 0},
                        [line for line in interleaved(slow, others) if '"slow"' not in line])
        alone_s = writes(alone["log"])[3] - alone["began"]
        together = measure(options, programs, name, {"t_slow": SLOW_WCU, "t_b": 0, "t_c": 0}, interleaved(slow, others))
        log = together["log"]
        others_s = max(writes(log, table)[3] for table in ("t_b", "t_c")) - together["began"]
        slow_sent, slow_stored, began, ended = writes(log, "t_slow")
        result[name] = {
            "seconds": together["seconds"], "sent_per_stored": together["sent"] / together["stored"],
            "slow_refused": 1 - slow_stored / slow_sent, "slow_used": (slow_stored - SLOW_WCU) / SLOW_WCU / (ended - began),
            "others_s": others_s, "others_alone_s": alone_s,
            "first_state_s": together["states"][0] if together["states"] else None, "all": together["stored"] == slow + 2 * others,
        }
    return result


def steady(options, programs):
    """One stream into one table, of several capacities."""
    result = {}
    for wcu in STEADY_WCU:
        records = wcu * STEADY_S // options.part
        lines = [messages.record("users", {"id": n, "text": "some text"}) for n in range(records)]
        for name in programs.names():
            print(f"capacity: steady, {wcu} units: {name} ...", flush=True)
            done = measure(options, programs, name, {"t_users": wcu}, lines)
            sent, stored, began, ended = writes(done["log"])
            result.setdefault(str(wcu), {})[name] = {
                "used": (stored - wcu) / wcu / max(ended - began, 1e-9), "refused": 1 - stored / sent,
                "sent_per_stored": sent / stored, "all": stored == records}
    return result


CASES = {"streams": streams, "steady": steady}


def main():
    parser = argparse.ArgumentParser(prog="scripts/capacity")
    parser.add_argument("--server", type=Path, required=True)
    parser.add_argument("--result", type=Path, required=True)
    parser.add_argument("--ours")
    parser.add_argument("--old")
    parser.add_argument("--commit")
    parser.add_argument("--go")
    parser.add_argument("--quick", dest="part", action="store_const", const=5, default=1)
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--from", dest="source", type=Path)
    parser.add_argument("only", nargs="*", choices=[*CASES, []], metavar="CASE")
    options = parser.parse_args()
    if options.source:
        result = json.loads(options.source.read_text())
    else:
        result = {"machine": machine.describe(ROOT), "date": datetime.date.today().isoformat(), "part": options.part}
        options.result.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            programs = Programs(options, Path(folder))
            for name in options.only or CASES:
                result[name] = CASES[name](options, programs)
                options.result.write_text(json.dumps(result, indent=1) + "\n")
    print(tables.terminal(result))
    if options.docs:
        tables.write_docs(result, ROOT / "docs", ROOT / "bench" / "capacity.template.md")


main()
