"""The demo's work, once everything is built: two real syncs into an embedded DynamoDB, read back and compared.

    demo.py CONNECTOR [--keep]      called by scripts/demo
"""

import argparse
import collections
import decimal
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "support"))

from ddb_testkit import engines, messages  # noqa: E402

USERS = 10_000
PREFIX = "demo"
SOURCE_CONFIG = {"count": USERS, "seed": 42, "parallelism": 2}
POLL_S = 0.02


@dataclass
class Sync:
    """What one `read | write` has done."""

    title: str
    emitted: dict  # stream -> list of (emitted_at, data)
    states: list
    seconds: float
    peak_kib: int
    cpu_s: float
    warnings: list = field(default_factory=list)

    @property
    def records(self):
        return sum(map(len, self.emitted.values()))

    def covered(self):
        """stream -> how many records its STATEs say are stored."""
        counts = collections.Counter()
        for state in self.states:
            counts[state["stream"]["stream_descriptor"]["name"]] += int(state["destinationStats"]["recordCount"])
        return counts

    def last_states(self):
        return {s["stream"]["stream_descriptor"]["name"]: s["stream"]["stream_state"] for s in self.states}


def write_json(folder, name, value):
    path = folder / name
    path.write_text(json.dumps(value))
    return path


def discover(source, source_config):
    out = subprocess.run([source, "discover", "--config", source_config], check=True, capture_output=True, text=True)
    found = [json.loads(row) for row in out.stdout.splitlines() if row.startswith("{")]
    return next(m["catalog"]["streams"] for m in found if m.get("type") == "CATALOG")


def configured(streams, sync_mode, destination_sync_mode, sync_id, minimum_generation_id):
    """As the platform configures them: the ids of a first refresh, then of a sync that goes on from it."""
    return {"streams": [
        {"stream": s, "sync_mode": sync_mode, "destination_sync_mode": destination_sync_mode,
         "cursor_field": s.get("default_cursor_field", []), "primary_key": s.get("source_defined_primary_key", []),
         "generation_id": 1, "minimum_generation_id": minimum_generation_id, "sync_id": sync_id}
        for s in streams]}


def parse(text):
    return json.loads(text, parse_float=decimal.Decimal)


def watch_usage(pid, usage):
    """Notes peak memory and CPU time of a process until it has gone."""
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return
        usage["cpu_s"] = (int(stat[11]) + int(stat[12])) / ticks
        peak = [row for row in status.splitlines() if row.startswith("VmHWM:")]
        if not peak:  # has ended, not yet waited for
            return
        usage["peak_kib"] = int(peak[0].split()[1])
        time.sleep(POLL_S)


def sync(title, folder, source, source_config, connector, config, catalog):
    """source read | tee | connector write, as a platform connects them."""
    catalog_file = write_json(folder, "catalog.json", catalog)
    tee_file = folder / "source-output.jsonl"
    usage = {"peak_kib": 0, "cpu_s": 0.0}
    began = time.monotonic()
    with open(folder / "source.log", "wb") as log:
        reading = subprocess.Popen([source, "read", "--config", source_config, "--catalog", catalog_file],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        tee = subprocess.Popen(["tee", tee_file], stdin=reading.stdout, stdout=subprocess.PIPE)
        writing = subprocess.Popen([connector, "write", "--config", config, "--catalog", catalog_file],
                                   stdin=tee.stdout, stdout=subprocess.PIPE, text=True)
        reading.stdout.close()
        tee.stdout.close()
        watcher = threading.Thread(target=watch_usage, args=(writing.pid, usage))
        watcher.start()
        out = [parse(row) for row in writing.stdout]
        watcher.join()
        codes = {"source": reading.wait(), "tee": tee.wait(), "connector": writing.wait()}
    seconds = time.monotonic() - began
    if any(codes.values()):
        for message in out:
            if message.get("type") == "TRACE":
                print(json.dumps(message), file=sys.stderr)
        sys.exit(f"{title}: exit codes {codes}\n{(folder / 'source.log').read_text()[-2000:]}")

    emitted = collections.defaultdict(list)
    with open(tee_file) as lines:
        for row in lines:
            if row.startswith("{") and (message := parse(row)).get("type") == "RECORD":
                record = message["record"]
                emitted[record["stream"]].append((record["emitted_at"], record["data"]))
    return Sync(title, dict(emitted), [m["state"] for m in out if m.get("type") == "STATE"], seconds,
                usage["peak_kib"], usage["cpu_s"],
                [m["log"]["message"] for m in out if m.get("type") == "LOG" and m["log"]["level"] == "WARN"])


def canonical(value):
    """A hashable form: numbers by value, and apart from booleans and strings."""
    if isinstance(value, dict):
        return ("map", tuple(sorted((k, canonical(v)) for k, v in value.items())))
    if isinstance(value, list):
        return ("list", tuple(map(canonical, value)))
    if isinstance(value, (int, decimal.Decimal)) and not isinstance(value, bool):
        return ("number", str(decimal.Decimal(value).normalize()))
    return (type(value).__name__, value)


def multiset(records):
    return collections.Counter((int(at), canonical(data)) for at, data in records)


def differences(stream, items, syncs):
    """What is wrong with a table, in words; nothing where each sync's records are in it exactly."""
    by_time = collections.defaultdict(list)
    for item in items:
        by_time[int(item["sync_time"])].append((item["_airbyte_emitted_at"], item["_airbyte_data"]))
    if len(by_time) != len(syncs):
        yield f"{stream}: {len(by_time)} values of sync_time after {len(syncs)} syncs"
        return
    for sync_time, done in zip(sorted(by_time), syncs):
        stored, sent = multiset(by_time[sync_time]), multiset(done.emitted.get(stream, []))
        if stored != sent:
            yield (f"{stream}, {done.title}: {(sent - stored).total()} records of the source are missing, "
                   f"{(stored - sent).total()} are too many or changed")
    for done in syncs:
        if done.covered()[stream] != len(done.emitted.get(stream, [])):
            yield f"{stream}, {done.title}: the STATEs count {done.covered()[stream]} records"
    if len({item["_airbyte_ab_id"] for item in items}) != len(items):
        yield f"{stream}: ids repeat"


def plain(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value))


def shorten(text, width=150):
    return text if len(text) <= width else text[: width - 3] + "..."


def print_sync(done):
    print(f"\n{done.title}")
    print(f"  {done.records:,} records in {done.seconds:.1f} s = {done.records / done.seconds:,.0f} records/s, the source's "
          f"own start and pace included")
    print(f"  connector: {done.cpu_s:.2f} s of CPU, {done.peak_kib / 1024:.0f} MiB peak memory, exit code 0")
    print(f"  {len(done.states)} STATE messages came out; for each stream their destination recordCounts, and the last:")
    covered = done.covered()
    for name, last in done.last_states().items():
        print(f"    {name}: {covered[name]:,} records  {shorten(json.dumps(last, default=plain), 100)}")
    for text in done.warnings:
        print(f"  WARN {shorten(text)}")


def print_table(client, table, items, syncs, stream):
    description = client.describe_table(TableName=table)["Table"]
    types = {a["AttributeName"]: a["AttributeType"] for a in description["AttributeDefinitions"]}
    keys = ", ".join(f"{k['KeyType']} {k['AttributeName']} ({types[k['AttributeName']]})" for k in description["KeySchema"])
    counts = " + ".join(f"{len(s.emitted.get(stream, [])):,}" for s in syncs)
    print(f"\n  {table}: {len(items):,} items ({counts})   keys: {keys}")
    for item in sorted(items, key=lambda i: (i["sync_time"], i["_airbyte_emitted_at"]))[:: max(1, len(items) - 1)][:2]:
        ordered = {name: item[name] for name in sorted(item, key=lambda name: name == "_airbyte_data")}
        print(f"    {shorten(json.dumps(ordered, default=plain, ensure_ascii=False), 330)}")


AWS_HINT = """
The same against AWS: give the real region and keys, leave dynamodb_endpoint out, and run

  cat > config.json <<'END'
  {"dynamodb_table_name_prefix": "airbyte", "dynamodb_region": "eu-central-1",
   "access_key_id": "...", "secret_access_key": "..."}
  END
  build/release/destination-dynamodb check --config config.json
  SOURCE read ... | build/release/destination-dynamodb write --config config.json --catalog catalog.json"""


def run_demo(connector, engine):
    client = engine.client()
    source = engines.installed("DDB_SOURCE_FAKER")
    with tempfile.TemporaryDirectory(prefix="ddb-demo-") as name:
        folder = Path(name)
        source_config = write_json(folder, "source.json", SOURCE_CONFIG)
        config = write_json(folder, "config.json", messages.config(engine.endpoint, PREFIX))
        streams = discover(source, source_config)
        print(f"source-faker ({USERS:,} users) | {connector.relative_to(ROOT)} write, into {engine.name} at {engine.endpoint}")
        syncs = []
        for title, arguments in (("Sync 1, full refresh overwrite", ("full_refresh", "overwrite", 1, 1)),
                                 ("Sync 2, incremental append", ("incremental", "append", 2, 0))):
            syncs.append(sync(title, folder, source, source_config, connector, config, configured(streams, *arguments)))
            print_sync(syncs[-1])

    print("\nThe tables, read back with boto3:")
    wrong = []
    for stream in sorted(s["name"] for s in streams):
        table = f"{PREFIX}_{stream}"
        items = engines.read_table(client, table)
        print_table(client, table, items, syncs, stream)
        wrong += differences(stream, items, syncs)
    total = sum(s.records for s in syncs)
    for text in wrong:
        print(f"\nWRONG: {text}")
    if not wrong:
        print(f"\nEvery one of the {total:,} records that the source emitted is in its table, once, value by value.")
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("connector", type=Path)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engine is ended too
    engine = engines.Dynoxide().start()
    kept = False
    try:
        good = run_demo(args.connector, engine)
        print(AWS_HINT)
        kept = args.keep
    finally:
        if kept:
            print(f"\nThe engine goes on at {engine.endpoint} (any keys, any region). To end it: kill {engine.process.pid}")
        else:
            engine.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
