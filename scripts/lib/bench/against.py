"""This build and the build of another commit, run in turn on the same data: what a change costs, as ratios.

A run of one follows a run of the other directly, and who goes first alternates, so that a machine that drifts by more
than what we want to see favours neither. A ratio is taken within each pair; of these the median is told, with the least
and the greatest beside it: where they are far apart, the median says little.
"""

from report import number, table
from runs import Sink, middle
from scenarios import LATENCY_MS, SIZES, summary

# Name, data set, reply's latency in ms, what else.
CASES = [
    ("small", "small", 0, {}),
    ("medium", "medium", 0, {}),
    ("large", "large", 0, {}),
    ("medium, TLS", "medium", 0, {"tls": True}),
    ("small, a STATE every 1,000", "small", 0, {"state_every": 1000}),
    (f"small, replies after {LATENCY_MS} ms", "small", LATENCY_MS, {}),
]


def pairs(bench, options, other, sink, kind, records, how):
    """One run of each build a round, (ours, theirs)."""
    bench.write(sink, kind, min(records, 10_000))  # the table
    bench.data(kind, records, state_every=how.get("state_every", 0))
    out = []
    for at in range(options.pairs):
        options.patience.settle()
        order = [("ours", bench.connector), ("theirs", other)]
        if at % 2:
            order.reverse()
        got = {name: bench.write(sink, kind, records, connector=connector, **how) for name, connector in order}
        out.append((got["ours"], got["theirs"]))
    return out


def spread(pairs_of_runs, what):
    """Median, least and greatest of the ratio of `what`, ours over theirs."""
    ratios = sorted(what(ours) / what(theirs) for ours, theirs in pairs_of_runs)
    return {"median": middle(ratios), "least": ratios[0], "greatest": ratios[-1]}


def compare(bench, options, other):
    out = {}
    with Sink(bench) as near, Sink(bench, LATENCY_MS) as far:
        for name, kind, latency, how in CASES:
            print(f"bench: {name} ...", flush=True)
            runs = pairs(bench, options, other, far if latency else near, kind, int(SIZES[kind] * options.scale), how)
            out[name] = {
                "cpu": spread(runs, lambda run: run.cpu), "wall": spread(runs, lambda run: run.wall),
                "ours": summary([ours for ours, _ in runs]), "theirs": summary([theirs for _, theirs in runs]),
            }
    return out


def terminal(result, commit):
    rows = []
    for name, case in result.items():
        cpu, wall, ours, theirs = case["cpu"], case["wall"], case["ours"], case["theirs"]
        rows.append([name, f"{cpu['median']:.3f}", f"{cpu['least']:.2f} to {cpu['greatest']:.2f}", f"{wall['median']:.3f}",
                     number(ours["cpu_per_million"]), number(theirs["cpu_per_million"]),
                     f"{ours['rss_mb']:.1f} / {theirs['rss_mb']:.1f} MB"])
    busiest = max(max(case["ours"]["foreign"], case["theirs"]["foreign"]) for case in result.values())
    note = f"\n\nOthers used up to {busiest:.2f} cores during a run: such ratios are worth less." if busiest > 0.15 else ""
    return table([f"ours over {commit}, {ours['rounds']} pairs", "CPU", "from, to", "wall", "CPU s per million", f"of {commit}",
                  "peak RSS"], rows) + note
