"""Plots as SVG text, without a library: bars, plain or stacked, on a linear or logarithmic axis."""

import math
from xml.sax.saxutils import escape

COLOURS = ("#2f6f9f", "#d98e32", "#5b9e6f", "#9a6fb0", "#b0b0b0")
OURS = "destination-dynamodb"
LABEL, WIDTH, BAR, GAP = 270, 860, 20, 8


def ticks(low, high, log):
    if log:
        return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    step = 10 ** math.floor(math.log10(high / 4))
    step *= next(f for f in (1, 2, 5, 10) if high / (step * f) <= 6)
    return [i * step for i in range(int(high / step) + 2)]


def short(value):
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    return f"{value / 1e3:g} k" if value >= 1e3 else f"{value:g}"


def bars(title, unit, rows, log=False, legend=()):
    """`rows`: (label, [value, ...], text); several values are stacked. A row of None is a gap. A lone bar of ours has
    the second colour."""
    totals = [sum(row[1]) for row in rows if row]
    marks = ticks(min(totals), max(totals), log)
    low, high = (math.log10(marks[0]), math.log10(marks[-1])) if log else (0, marks[-1])
    plot = WIDTH - LABEL - 110

    def x(value):
        return LABEL + plot * ((math.log10(max(value, marks[0])) if log else value) - low) / (high - low)

    top = 62 if legend else 44
    height = top + len(rows) * (BAR + GAP) + 44
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" font-family="sans-serif" font-size="13">',
           f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
           f'<text x="12" y="24" font-size="16" font-weight="bold" fill="#222">{escape(title)}</text>']
    at = LABEL
    for name, colour in zip(legend, COLOURS):
        out.append(f'<rect x="{at}" y="36" width="12" height="12" fill="{colour}"/><text x="{at + 17}" y="47" fill="#444">{escape(name)}</text>')
        at += 40 + 7 * len(name)
    bottom = height - 38
    for mark in marks:
        out.append(f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{top - 4}" y2="{bottom}" stroke="#ddd"/>'
                   f'<text x="{x(mark):.1f}" y="{bottom + 15}" text-anchor="middle" fill="#666">{short(mark)}</text>')
    out.append(f'<text x="{LABEL + plot / 2:.1f}" y="{height - 6}" text-anchor="middle" fill="#666">{escape(unit)}</text>')
    y = top
    for row in rows:
        if row:
            label, values, text = row
            out.append(f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end" fill="#222">{escape(label)}</text>')
            done = 0.0
            ours = len(values) == 1 and label.endswith(OURS)
            for value, colour in zip(values, COLOURS[1:] if ours else COLOURS):
                start = x(done) if done else LABEL
                out.append(f'<rect x="{start:.1f}" y="{y}" width="{max(x(done + value) - start, 1):.1f}" height="{BAR}" fill="{colour}"/>')
                done += value
            out.append(f'<text x="{x(done) + 6:.1f}" y="{y + 15}" fill="#222">{escape(text)}</text>')
        y += BAR + GAP
    return "\n".join([*out, "</svg>", ""])


def all_plots(result, number):
    """File name -> SVG, of what the result file has."""
    plots = {}
    core = result.get("core")
    if core:
        rows = []
        for kind, data in core.items():
            scale = data["bound"]["total"]
            parts = [data["bound"]["stage1"] / scale, data["bound"]["sha256"] / scale, data["over_bound"] - 1]
            rows.append((f"{kind}, HTTP", parts, f"{data['over_bound']:.2f}x"))
            tls = data["over_bound"] * (data["tls_over_plain"] - 1)
            rows.append((f"{kind}, TLS 1.3", [*parts, tls], f"{data['over_bound'] + tls:.2f}x"))
        plots["over-bound.svg"] = bars("CPU of a record, over the physical bound", "times the bound", rows,
                                       legend=("finding the JSON's structure", "SHA-256", "all the rest", "TLS"))
    if core and result.get("peers"):
        for what, title, unit, ours in (("cpu_per_million", "CPU for a million records", "CPU seconds (logarithmic)", "CPU"),
                                        ("records_per_s", "Records a second", "records/s (logarithmic); ours on one core, the others on two", "rate")):
            rows = []
            for kind in ("small", "medium"):
                rows += [None] if rows else []
                rows.append((f"{kind}: {OURS}", [core[kind]["plain"][what]], number(core[kind]["plain"][what])))
                rows += [(f"{kind}: {p['name'].split(',')[0]}", [p[what]], number(p[what])) for p in result["peers"] if p["set"] == kind]
            plots[f"peers-{ours.lower()}.svg"] = bars(title, unit, rows, log=True)
    return plots
