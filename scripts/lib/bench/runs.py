"""Runs of one program against one sink: what was written, and what it cost."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import machine

CLIENT_CORE = 0
SINK_CORE = 1


@dataclass
class Run:
    """Of one process, as bench-measure and the sink saw it."""

    records: int
    wall: float
    cpu: float
    user: float
    rss_mb: float
    requests: int = 0
    body_bytes: int = 0
    peak_in_flight: int = 0
    sink_cpu: float = 0.0
    foreign: float = 0.0  # cores that somebody else used meanwhile

    @property
    def rate(self):
        return self.records / self.wall

    @property
    def cpu_per_million(self):
        return self.cpu / self.records * 1e6


class Sink:
    """bench-sink, pinned to its core; a context manager."""

    def __init__(self, bench, latency_ms=0):
        self.process = subprocess.Popen(
            [bench.program("bench-sink"), "--latency-ms", str(latency_ms), "--cert", bench.cert, "--key", bench.key],
            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {SINK_CORE % os.cpu_count()}))
        ports = json.loads(self.process.stdout.readline())
        self.plain = f"http://127.0.0.1:{ports['plain']}"
        self.tls = f"https://127.0.0.1:{ports['tls']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.process.stdout.close()

    def counters(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.plain}/counters", timeout=30) as reply:
            return json.load(reply)

    def cpu(self):
        return machine.process_seconds(self.process.pid)


class Bench:
    """Where everything is, and how a program is measured."""

    def __init__(self, build, connector, work):
        self.build = Path(build)
        self.work = Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.connector = connector
        self.cert, self.key = str(self.work / "cert.pem"), str(self.work / "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=bench-sink", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", self.key, "-out", self.cert], check=True, capture_output=True)

    def program(self, name):
        return str(self.build / "bench" / name)

    def data(self, kind, records, streams=1, state_every=0):
        """An input file and its catalog, made once."""
        name = f"{kind}-{records}-{streams}-{state_every}"
        path, catalog = self.work / f"{name}.jsonl", self.work / f"{name}.catalog.json"
        if not catalog.exists():
            subprocess.run([self.program("bench-generate"), "--set", kind, "--records", str(records), "--streams", str(streams),
                            "--state-every", str(state_every), "--out", str(path), "--catalog", str(catalog)], check=True)
            os.sync()
        return path, catalog

    def measure(self, command, stdin=None, cpu=CLIENT_CORE, env=None, source=None):
        """What bench-measure tells of `command`. `source`: a process whose stdout is the input, through a pipe."""
        arguments = [self.program("bench-measure"), "--stdout", str(self.work / "stdout"), "--stderr", str(self.work / "stderr")]
        arguments += ["--cpu", str(cpu)] if cpu is not None else []
        arguments += ["--stdin", "-"] if source else ["--stdin", str(stdin or "/dev/null")]
        done = subprocess.run([*arguments, "--", *command], stdin=source.stdout if source else None,
                              stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}, timeout=900)
        result = json.loads(done.stdout)
        if result["exit"] != 0:
            tail = (self.work / "stdout").read_text(errors="replace")[-2000:] + (self.work / "stderr").read_text(errors="replace")[-2000:]
            sys.exit(f"bench: exit code {result['exit']} of {' '.join(map(str, command))}\n{tail}")
        return result

    def against(self, sink, command, records, **how):
        """One measured run whose items the sink must have counted, all of them."""
        before, sink_before, busy_before = sink.counters(), sink.cpu(), machine.busy_seconds()
        result = self.measure(command, **how)
        after, sink_cpu, busy = sink.counters(), sink.cpu() - sink_before, machine.busy_seconds() - busy_before
        items = after["items"] - before["items"]
        if items != records:
            sys.exit(f"bench: {items} items came of {records} records: {' '.join(map(str, command))}")
        cpu = result["user_s"] + result["sys_s"]
        return Run(records=records, wall=result["wall_s"], cpu=cpu, user=result["user_s"], rss_mb=result["peak_rss_kb"] / 1024,
                   requests=after["requests"] - before["requests"], body_bytes=after["body_bytes"] - before["body_bytes"],
                   peak_in_flight=after["peak_in_flight"], sink_cpu=sink_cpu,
                   foreign=max(0.0, busy - cpu - sink_cpu) / result["wall_s"])

    def write(self, sink, kind, records, tls=False, streams=1, state_every=0, pipe=False, cpu=CLIENT_CORE, workers=1,
              connector=None):
        """The connector (or that of another build), whole, from the same data as everybody; every STATE must have come
        out again."""
        path, catalog = self.data(kind, records, streams, state_every)
        config = self.work / "config.json"
        config.write_text(json.dumps({
            "dynamodb_endpoint": sink.tls if tls else sink.plain, "dynamodb_table_name_prefix": "bench",
            "dynamodb_region": "us-east-1", "access_key_id": "bench", "secret_access_key": "bench",
            "capacity": {"mode": "on_demand"}, "workers": workers}))
        command = [connector or self.connector, "write", "--config", str(config), "--catalog", str(catalog)]
        env = {"SSL_CERT_FILE": self.cert, "AWS_CA_BUNDLE": ""}  # a bundle of the machine's would cost its reading
        if pipe:
            with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE,
                                  preexec_fn=lambda: os.sched_setaffinity(0, {SINK_CORE % os.cpu_count()})) as cat:
                run = self.against(sink, command, records, source=cat, cpu=cpu, env=env)
        else:
            run = self.against(sink, command, records, stdin=path, cpu=cpu, env=env)
        expected = streams + (records // state_every if state_every else 0)
        with open(self.work / "stdout", "rb") as out:
            states = sum(line.startswith(b'{"type":"STATE"') for line in out)
        if states != expected:
            sys.exit(f"bench: {states} STATEs came out, {expected} went in")
        return run

    def bound(self, kind, records, run):
        """CPU seconds of the physical bound for `records`, with the bodies that `run` sent."""
        path, _ = self.data(kind, records)
        self.measure([self.program("bench-bound"), str(path), str(run.body_bytes), str(run.requests)])
        parts = json.loads((self.work / "stdout").read_text())
        return {"stage1": parts["stage1_cpu_s"], "sha256": parts["sha256_cpu_s"],
                "total": parts["stage1_cpu_s"] + parts["sha256_cpu_s"], "kernel": parts["kernel"]}


def middle(values):
    return median(list(values))


class Patience:
    """Waits until the machine is quiet enough to measure, but not for longer than `seconds` in all; what load there was
    is reported anyway."""

    def __init__(self, seconds, limit=0.15):
        self.left, self.limit = seconds, limit

    def settle(self):
        while self.left > 0:
            self.left -= 0.5
            before = machine.busy_seconds()
            time.sleep(0.5)
            if (machine.busy_seconds() - before) / 0.5 < self.limit:
                return
