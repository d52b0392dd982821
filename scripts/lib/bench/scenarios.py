"""What is measured. Each function gives plain dictionaries, which report and plots read from the result file.

Ratios are taken between runs that follow each other directly, and of these the median: the machine's speed drifts by
more than what we want to see.
"""

import json
import time
from dataclasses import asdict

import peers as peer_module
from runs import Sink, middle

SIZES = {"small": 1_000_000, "medium": 400_000, "large": 50_000}
LATENCY_MS = 8
MAX_CONNECTIONS = 256


def summary(runs):
    return {
        "records": runs[0].records, "rounds": len(runs),
        "records_per_s": middle(run.rate for run in runs),
        "cpu_per_million": middle(run.cpu_per_million for run in runs),
        "user_share": middle(run.user / run.cpu for run in runs),
        "sink_cpu_per_million": middle(run.sink_cpu / run.records * 1e6 for run in runs),
        "rss_mb": max(run.rss_mb for run in runs),
        "sent_bytes_per_record": runs[0].body_bytes / runs[0].records,
        "items_per_request": runs[0].records / runs[0].requests,
        "peak_in_flight": max(run.peak_in_flight for run in runs),
        "foreign": max(run.foreign for run in runs),
        "runs": [asdict(run) for run in runs],
    }


def rounds_of(options, **measurements):
    """Each of `measurements` once a round, one after the other; the lists of what they gave."""
    results = {name: [] for name in measurements}
    for _ in range(options.rounds):
        options.patience.settle()
        for name, measure in measurements.items():
            results[name].append(measure(results))
    return results


def ratio(results, name, base, what):
    return middle(what(a) / what(b) for a, b in zip(results[name], results[base]))


def core(bench, options):
    """The connector on one core: plain and TLS against the physical bound, all three sets."""
    out = {}
    with Sink(bench) as sink:
        for kind, size in SIZES.items():
            records = int(size * options.scale)
            bench.write(sink, kind, records)  # the table and the page cache
            got = rounds_of(
                options,
                plain=lambda _: bench.write(sink, kind, records),
                bound=lambda so_far: bench.bound(kind, records, so_far["plain"][-1]),
                tls=lambda _: bench.write(sink, kind, records, tls=True))
            bound = {part: middle(b[part] for b in got["bound"]) / records * 1e6 for part in ("stage1", "sha256", "total")}
            path, _ = bench.data(kind, records)
            out[kind] = {
                "plain": summary(got["plain"]), "tls": summary(got["tls"]), "bound": {**bound, "kernel": got["bound"][0]["kernel"]},
                "input_bytes_per_record": path.stat().st_size / records,
                "over_bound": middle(run.cpu / b["total"] for run, b in zip(got["plain"], got["bound"])),
                "tls_over_plain": ratio(got, "tls", "plain", lambda run: run.cpu),
            }
    return out


def latency(bench, options):
    """Replies 8 ms late: the rate that Little's law allows, and what waking up for each of them costs."""
    records = int(SIZES["small"] * options.scale)
    with Sink(bench) as near, Sink(bench, LATENCY_MS) as far:
        for sink in (near, far):
            bench.write(sink, "small", 10_000)
        got = rounds_of(options, plain=lambda _: bench.write(near, "small", records),
                        late=lambda _: bench.write(far, "small", records))
    late = summary(got["late"])
    ceiling = min(middle(run.rate for run in got["plain"]), 25 * MAX_CONNECTIONS / (LATENCY_MS / 1000))
    return {"plain": summary(got["plain"]), "late": late, "ceiling": ceiling, "of_ceiling": late["records_per_s"] / ceiling,
            "cpu_over_plain": ratio(got, "late", "plain", lambda run: run.cpu)}


def shapes(bench, options):
    """Other inputs, against the plain rate in the same round: a pipe, three streams, STATEs often and very often."""
    records = int(SIZES["small"] * options.scale)
    variants = {"pipe": {"pipe": True}, "three streams": {"streams": 3}, "a STATE every 1,000 records": {"state_every": 1000},
                "a STATE every 10 records": {"state_every": 10}}
    with Sink(bench) as sink:
        bench.write(sink, "small", 10_000, streams=3)
        got = rounds_of(options, plain=lambda _: bench.write(sink, "small", records),
                        **{name: (lambda _, how=how: bench.write(sink, "small", records, **how)) for name, how in variants.items()})
    return {name: {**summary(got[name]), "rate_over_plain": ratio(got, name, "plain", lambda run: run.rate),
                   "cpu_over_plain": ratio(got, name, "plain", lambda run: run.cpu)} for name in variants}


def flatness(bench, options):
    """The cost of a record, whether ten thousand come or ten million; the start, measured with none, apart."""
    counts = [0, 10_000] + [count for count, least in ((1_000_000, 0.1), (10_000_000, 1)) if options.scale >= least]
    with Sink(bench) as sink:
        bench.write(sink, "small", 10_000)
        got = {count: [bench.write(sink, "small", count) for _ in range(9 if count <= 10_000 else 3)] for count in counts}
    start = middle(run.cpu for run in got[0])
    return {"start_cpu_s": start, "rss_mb": {str(count): max(run.rss_mb for run in runs) for count, runs in got.items()},
            "cpu_per_million": {str(count): middle((run.cpu - start) / count * 1e6 for run in runs)
                                for count, runs in got.items() if count}}


def spec(bench, options):
    runs = [bench.measure([bench.connector, "spec"]) for _ in range(21)]
    return {"wall_ms": middle(run["wall_s"] for run in runs) * 1000,
            "cpu_ms": middle(run["user_s"] + run["sys_s"] for run in runs) * 1000,
            "rss_mb": middle(run["peak_rss_kb"] for run in runs) / 1024}


def two_cores(bench, options):
    """Two workers: on a client that answers at once, where nothing but the pipeline runs, and on the sink, which then
    shares a core with one of them."""
    out = {}
    for kind, size in SIZES.items():
        # Four times as many as elsewhere: two workers are soon done, and begin and end would count.
        records = int(4 * size * options.scale)
        path, catalog = bench.data(kind, records)

        def null(workers):
            bench.measure([bench.program("bench-null-client"), str(catalog), str(workers)], stdin=path, cpu=None)
            return json.loads((bench.work / "stdout").read_text())

        got = rounds_of(options, one=lambda _: null(1), two=lambda _: null(2))
        out[kind] = {"one_records_per_s": middle(run["records"] / run["wall_s"] for run in got["one"]),
                     "two_records_per_s": middle(run["records"] / run["wall_s"] for run in got["two"]),
                     "one_cpu_per_million": middle(run["cpu_s"] / run["records"] * 1e6 for run in got["one"]),
                     "speedup": middle(one["wall_s"] / two["wall_s"] for one, two in zip(got["one"], got["two"]))}
    with Sink(bench) as sink:
        for kind, size in SIZES.items():
            runs = [bench.write(sink, kind, int(size * options.scale), cpu=None, workers=2) for _ in range(options.rounds)]
            out[kind]["sink"] = summary(runs)
    return out


def peers(bench, options):
    out = []
    with Sink(bench) as sink:
        for kind in ("small", "medium"):
            for peer in peer_module.available():
                started = time.monotonic()
                out.append(peer_module.measure(bench, sink, peer, kind, options.peer_rounds, options.scale))
                print(f"    {peer.name}, {kind}: {time.monotonic() - started:.0f} s", flush=True)
    return out


def stages(bench, options):
    """The stages of the data path one by one, by Google Benchmark."""
    bench.measure([bench.program("bench-stages"), "--benchmark_format=json", f"--benchmark_min_time={options.stage_seconds}",
                   "--benchmark_repetitions=3", "--benchmark_report_aggregates_only=true"])
    rows = json.loads((bench.work / "stdout").read_text())["benchmarks"]
    medians = [row for row in rows if row.get("aggregate_name") == "median"]
    return [{"stage": row["run_name"].split("/")[0].lower(), "set": row.get("label") or "any",
             "ns_per_record": 1e9 / row["items_per_second"], "bytes_per_s": row.get("bytes_per_second")} for row in medians]


ALL = {"core": core, "latency": latency, "shapes": shapes, "flatness": flatness, "spec": spec, "two_cores": two_cores,
       "stages": stages, "peers": peers}
