"""What was measured, as tables and plots."""

import json

import plots
import report

STREAMS_HEAD = ("", "all of it", "the two others", "the others alone", "writes sent per write stored",
                "of the slow table's writes refused", "of its capacity used", "its first STATE after")
STEADY_HEAD = ("units a second", "", "of the capacity used", "of the writes refused", "writes sent per write stored")


def table(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def seconds(value):
    return "-" if value is None else f"{value:.1f} s"


def percent(value):
    return f"{100 * value:.1f} %"


def streams(data):
    return table(STREAMS_HEAD, [
        (name, seconds(run["seconds"]), seconds(run["others_s"]), seconds(run["others_alone_s"]), f"{run['sent_per_stored']:.2f}",
         percent(run["slow_refused"]), percent(run["slow_used"]), seconds(run["first_state_s"])) for name, run in data.items()])


def steady(data):
    return table(STEADY_HEAD, [
        (wcu, name, percent(run["used"]), percent(run["refused"]), f"{run['sent_per_stored']:.2f}")
        for wcu, runs in data.items() for name, run in runs.items()])


def terminal(result):
    parts = [make(result[name]) for name, make in (("streams", streams), ("steady", steady)) if name in result]
    return "\n\n".join(["", *parts])


def all_plots(result):
    data = result["streams"]
    yield "others.svg", plots.bars("Two streams beside one whose table takes 100 units a second: until both are stored", "s", [
        (name, [run["others_s"]], f"{run['others_s']:.1f} s") for name, run in data.items()])
    yield "sent.svg", plots.bars("Writes sent for each that is stored", "", [
        (name, [run["sent_per_stored"]], f"{run['sent_per_stored']:.2f}") for name, run in data.items()])
    rows = []
    for wcu, runs in result["steady"].items():
        rows += [(f"{int(wcu):,} units: {name}", [100 * run["used"]], percent(run["used"])) for name, run in runs.items()] + [None]
    yield "used.svg", plots.bars("Of a table's capacity used", "%", rows[:-1])


def write_docs(result, docs, template):
    pictures = docs / "capacity"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, svg in all_plots(result):
        (pictures / name).write_text(svg)
    (pictures / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    text = template.read_text()
    for mark, value in (("streams", streams(result["streams"])), ("steady", steady(result["steady"])),
                        ("machine", report.machine_text(result))):
        text = text.replace("{{" + mark + "}}", str(value))
    (docs / "capacity.md").write_text(text)
