"""The result file as tables: on the terminal, and in docs/performance.md."""

import re

SETS = ("small", "medium", "large")
# CPU over the physical bound: where simdjson runs its AVX-512 kernel the bound is lower, and so harder to come near.
OVER_BOUND = {"icelake": (2.6, 2.1, 1.7), "other": (2.3, 1.9, 1.5)}
TLS = (1.6, 1.9, 1.95)


def number(value):
    """Three significant digits, thousands apart."""
    if value is None:
        return "-"
    if value >= 1000:
        digits = len(str(int(value))) - 3
        return f"{round(value / 10**digits) * 10**digits:,}"
    return f"{value:.3g}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(head, rows):
    """A Markdown table that is also readable as it is."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells):
        return "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths))) + " |"

    rule = "|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":" for i, w in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *(line(row) for row in rows)])


def one_core(result):
    rows = []
    for kind in SETS if "core" in result else ():
        data = result["core"][kind]
        for way in ("plain", "tls"):
            run = data[way]
            over = data["over_bound"] * (data["tls_over_plain"] if way == "tls" else 1)
            rows.append([f"{kind}, {'HTTP' if way == 'plain' else 'TLS 1.3'}", number(run["records_per_s"]),
                         number(run["records_per_s"] * data["input_bytes_per_record"] / 1e6), number(run["cpu_per_million"]),
                         number(data["bound"]["total"]), f"{over:.2f}x", f"{run['rss_mb']:.0f} MB"])
    return table(["", "records/s", "MB/s in", "CPU s per million", "physical bound", "over the bound", "peak RSS"], rows)


def against_peers(result):
    rows = []
    for kind in ("small", "medium"):
        ours = result.get("core", {}).get(kind)
        own = ours and ours["plain"]["cpu_per_million"]
        if ours:
            run = ours["plain"]
            rows.append([f"{kind}: destination-dynamodb (one core)", number(run["records_per_s"]), number(own), "1",
                         f"{ours['over_bound']:.1f}x", f"{run['rss_mb']:.0f} MB"])
        for peer in result.get("peers", ()):
            if peer["set"] == kind:
                cost = peer["cpu_per_million"]
                rows.append([f"{kind}: {peer['name']}", number(peer["records_per_s"]), number(cost),
                             number(cost / own) if own else "-", f"{cost / ours['bound']['total']:.0f}x" if ours else "-",
                             f"{peer['rss_mb']:.0f} MB"])
    return table(["", "records/s", "CPU s per million", "CPU against ours", "over the bound", "peak RSS"], rows)


def other_inputs(result):
    rows = []
    for name, run in result.get("shapes", {}).items():
        rows.append([name, number(run["records_per_s"]), f"{run['rate_over_plain'] * 100:.0f} %", number(run["cpu_per_million"]),
                     f"{run['rss_mb']:.0f} MB"])
    if "latency" in result:
        late = result["latency"]
        rows.append([f"replies after 8 ms, {late['late']['peak_in_flight']} in flight", number(late["late"]["records_per_s"]),
                     f"{late['of_ceiling'] * 100:.0f} % of what is possible", number(late["late"]["cpu_per_million"]),
                     f"{late['late']['rss_mb']:.0f} MB"])
    return table(["small records, one core", "records/s", "of the plain rate", "CPU s per million", "peak RSS"], rows)


def size_of_run(result):
    flat = result.get("flatness", {"cpu_per_million": {}, "rss_mb": {}})
    return table(["small records in the run", "CPU s per million, without the start", "peak RSS"],
                 [[f"{int(count):,}", number(cost), f"{flat['rss_mb'][count]:.0f} MB"]
                  for count, cost in flat["cpu_per_million"].items()])


def cores(result):
    rows = []
    for kind, run in result.get("two_cores", {}).items():
        rows.append([kind, number(run["one_records_per_s"]), number(run["two_records_per_s"]), f"{run['speedup']:.2f}x",
                     number(run["sink"]["records_per_s"])])
    return table(["", "one worker, null client: records/s", "two workers", "speed-up", "two workers and the sink on two cores"],
                 rows)


def stages(result):
    cells = {}
    for row in result.get("stages", ()):
        for kind in SETS if row["set"] == "any" else (row["set"],):
            cells.setdefault(row["stage"], {})[kind] = row["ns_per_record"]
    return table(["ns a record", *SETS], [[stage, *(number(costs[kind]) for kind in SETS)] for stage, costs in cells.items()])


def goals(result):
    """(what, goal, measured, met) of all that this result file can answer."""
    out = []

    def at_most(what, goal, value, text="{:.2f}x"):
        out.append((what, "<= " + text.format(goal), text.format(value), value <= goal))

    def at_least(what, goal, value, text="{:.2f}x"):
        out.append((what, ">= " + text.format(goal), text.format(value), value >= goal))

    core, go = result.get("core"), {p["set"]: p for p in result.get("peers", ()) if p["peer"] == "go"}
    if core:
        limits = OVER_BOUND.get(core["small"]["bound"]["kernel"], OVER_BOUND["other"])
        for kind, limit in zip(SETS, limits):
            at_most(f"CPU over the physical bound, {kind}", limit, core[kind]["over_bound"])
        for kind in ("small", "medium"):
            if kind in go:
                at_least(f"CPU of the Go SDK against ours, {kind}", 25,
                         go[kind]["cpu_per_million"] / core[kind]["plain"]["cpu_per_million"], "{:.1f}x")
        for kind, limit in zip(SETS, TLS):
            at_most(f"CPU with TLS against plain, {kind}", limit, core[kind]["tls_over_plain"])
        at_most("peak RSS at full speed", 64, max(core[kind][way]["rss_mb"] for kind in SETS for way in ("plain", "tls")), "{:.0f} MB")
    if "latency" in result:
        late = result["latency"]
        at_least("8 ms latency: rate against what is possible", 85, late["of_ceiling"] * 100, "{:.0f} %")
        at_most("8 ms latency: CPU against none", 1.6, late["cpu_over_plain"])
    if "two_cores" in result:
        for kind in SETS:
            at_least(f"two workers on a null client, {kind}", 1.9, result["two_cores"][kind]["speedup"])
    for name, goal in {"three streams": 90, "a STATE every 1,000 records": 90, "a STATE every 10 records": 60}.items():
        if "shapes" in result:
            at_least(f"{name}: of the plain rate", goal, result["shapes"][name]["rate_over_plain"] * 100, "{:.0f} %")
    if "flatness" in result:
        costs = result["flatness"]["cpu_per_million"].values()
        at_most("cost of a record, 10,000 to 10 million: dearest over cheapest", 1.2, max(costs) / min(costs))
    if "spec" in result:
        at_most("spec: time", 5, result["spec"]["wall_ms"], "{:.1f} ms")
        at_most("spec: peak RSS", 10, result["spec"]["rss_mb"], "{:.1f} MB")
    return out


def goal_table(result):
    return table(["", "goal", "measured", ""], [[what, goal, value, "yes" if met else "**no**"] for what, goal, value, met in goals(result)])


def machine_text(result):
    m = result["machine"]
    return (f"{m['cpu']} ({m['cpu_family_model']}; {', '.join(m['flags'])}), {m['cores']} cores, L2 {m['l2']}, "
            f"{m['memory_gb']} GB, hypervisor {m['hypervisor']}; Linux {m['kernel']}, {m['compiler']}, {m['openssl']}; "
            f"{result['date']}, commit {m['commit']}")


def kernel_text(result):
    kernel = result["core"]["small"]["bound"]["kernel"]
    return "AVX-512 kernel (`icelake`)" if kernel == "icelake" else f"`{kernel}` kernel"


TABLES = {"machine": machine_text, "kernel": kernel_text, "foreign": lambda result: f"{result['foreign']:.2f}",
          "duration": lambda result: f"{result['seconds'] / 60:.0f} minutes", "one_core": one_core, "peers": against_peers, "other_inputs": other_inputs,
          "size_of_run": size_of_run, "cores": cores, "stages": stages, "goals": goal_table}


def fill(template, result):
    """The template with each {{name}} replaced by that table."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: TABLES[found.group(1)](result), template)


def terminal(result):
    parts = [machine_text(result)]
    if result["foreign"] > 0.15:
        parts.append(f"Others used up to {result['foreign']:.2f} cores during a run: rates are worth little, CPU figures less than usual.")
    wanted = {"core": one_core, "peers": against_peers, "shapes": other_inputs, "flatness": size_of_run, "two_cores": cores,
              "stages": stages}
    parts += [make(result) for part, make in wanted.items() if part in result]
    if "spec" in result:
        s = result["spec"]
        parts.append(f"spec: {s['wall_ms']:.1f} ms, {s['cpu_ms']:.1f} ms CPU, {s['rss_mb']:.1f} MB")
    parts.append(goal_table(result))
    return "\n\n".join(parts)
