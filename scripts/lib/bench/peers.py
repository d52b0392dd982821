"""The peers: what a user would write with the official SDKs. scripts/bench fetched and built those whose toolchain is
there and says so in the environment."""

import os
from dataclasses import dataclass

from runs import middle


@dataclass
class Peer:
    key: str
    name: str
    command: list
    records: dict  # by data set: enough that its start weighs little, few enough that it ends soon


def available():
    commands = {key: os.environ.get(f"DDB_PEER_{key.upper()}", "").split() for key in ("go", "java", "javascript", "python")}
    peers = [
        Peer("go", "Go, SDK v2, 50 goroutines", commands["go"], {"small": 400_000, "medium": 120_000}),
        Peer("java", "Java, SDK v2 async, 50 in flight", commands["java"], {"small": 600_000, "medium": 150_000}),
        Peer("javascript", "JavaScript, SDK v3, 50 in flight", commands["javascript"], {"small": 150_000, "medium": 50_000}),
        Peer("python", "Python, boto3 batch_writer", commands["python"], {"small": 30_000, "medium": 12_000}),
    ]
    return [peer for peer in peers if peer.command]


def measure(bench, sink, peer, kind, rounds, scale):
    """Both cores are theirs, the sink's too. The cost per record is the slope between a short and a long run, so that
    no peer pays for the start of its runtime; the whole run is given beside it."""
    long_count = max(2000, int(peer.records[kind] * scale))
    short_count = long_count // 4
    slopes, longs = [], []
    for _ in range(rounds):
        runs = []
        for count in (short_count, long_count):
            path, _ = bench.data(kind, count)
            runs.append(bench.against(sink, [*peer.command, sink.plain, "bench"], count, stdin=path, cpu=None))
        slopes.append((runs[1].cpu - runs[0].cpu) / (long_count - short_count) * 1e6)
        longs.append(runs[1])
    return {
        "peer": peer.key, "name": peer.name, "set": kind, "records": long_count, "rounds": rounds,
        "records_per_s": middle(run.rate for run in longs),
        "cpu_per_million": middle(slopes),
        "cpu_per_million_whole": middle(run.cpu_per_million for run in longs),
        "rss_mb": middle(run.rss_mb for run in longs),
        "foreign": max(run.foreign for run in longs),
    }
