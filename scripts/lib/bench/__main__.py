"""Measures, prints tables, keeps the figures as JSON, and makes plots and docs/performance.md of them. See scripts/bench."""

import argparse
import datetime
import json
import shutil
import signal
import sys
import time
from pathlib import Path

import against
import machine
import plots
import report
import runs
import scenarios

ROOT = Path(__file__).resolve().parents[3]
NEEDS = {"two_cores": "bench-null-client", "stages": "bench-stages"}


def foreign(value):
    """The largest load by others in any run of the result."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = value.get("foreign", 0.0) if isinstance(value, dict) else 0.0
    return max([own, *map(foreign, inner)])


def measure(options):
    bench = runs.Bench(options.build, options.connector, Path(options.build) / "bench" / "work")
    result = {"machine": machine.describe(ROOT), "date": datetime.date.today().isoformat(),
              "rounds": options.rounds, "scale": options.scale}
    began = time.monotonic()
    for name in options.only or scenarios.ALL:
        if name in NEEDS and not Path(bench.program(NEEDS[name])).exists():
            print(f"bench: {name}: {NEEDS[name]} is not built", flush=True)
            continue
        print(f"bench: {name} ...", flush=True)
        started = time.monotonic()
        result[name] = scenarios.ALL[name](bench, options)
        print(f"bench: {name}: {time.monotonic() - started:.0f} s", flush=True)
        result["seconds"] = round(time.monotonic() - began)
        result["foreign"] = foreign(result)
        options.target.write_text(json.dumps(result, indent=1) + "\n")  # what there is, should the rest be broken off
    if not options.keep_data:
        shutil.rmtree(bench.work)
    return result


def measure_against(options):
    """This build and another's in turn; a result file of its own beside the other one."""
    bench = runs.Bench(options.build, options.connector, Path(options.build) / "bench" / "work")
    result = against.compare(bench, options, options.against)
    target = Path(options.build) / "bench" / "against.json"
    target.write_text(json.dumps({"machine": machine.describe(ROOT), "against": options.commit, "cases": result}, indent=1) + "\n")
    if not options.keep_data:
        shutil.rmtree(bench.work)
    print("\n" + against.terminal(result, options.commit) + f"\n\nbench: figures: {target}")


def write_docs(result, folder):
    pictures = folder / "performance"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, svg in plots.all_plots(result, report.number).items():
        (pictures / name).write_text(svg)
    (pictures / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    template = (ROOT / "bench" / "performance.template.md").read_text()
    (folder / "performance.md").write_text(report.fill(template, result))
    print(f"bench: {folder}/performance.md and {len(list(pictures.iterdir()))} files in {pictures}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--build", required=True)
    parser.add_argument("--connector", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--keep-data", action="store_true")
    parser.add_argument("--from", dest="source", help="a result file, instead of measuring")
    parser.add_argument("--against", help="the program of another build, to be run in turn with this one")
    parser.add_argument("--commit", default="the other", help="what to call that build")
    parser.add_argument("only", nargs="*", metavar="PART", help=" ".join(scenarios.ALL))
    options = parser.parse_args()
    unknown = set(options.only) - set(scenarios.ALL)
    if unknown:
        parser.error(f"unknown part: {' '.join(unknown)} (there are: {' '.join(scenarios.ALL)})")
    how = (1, 0.01, 1, 0.01, 0) if options.smoke else (3, 0.2, 1, 0.05, 30) if options.quick else (5, 1, 2, 0.3, 120)
    options.rounds, options.scale, options.peer_rounds, options.stage_seconds, patience = how
    options.pairs = 2 * options.rounds
    options.patience = runs.Patience(patience)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what we started ends too
    if options.against:
        measure_against(options)
        return 0
    options.target = Path(options.build) / "bench" / "result.json"
    result = json.loads(Path(options.source).read_text()) if options.source else measure(options)
    print("\n" + report.terminal(result) + f"\n\nbench: {result['seconds']} s; figures: {options.target}")
    if options.docs:
        write_docs(result, ROOT / "docs")
    return 0


sys.exit(main())
