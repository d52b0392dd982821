"""Runs many seeds of the random tests; scripts/soak calls it.

Each part runs in rounds, so that there are figures on the way and a finding is told when it is found.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROPERTY_ROUND = 2000
FAULT_ROUND = 200
# So many of those that are killed must have a STATE out: else the kill shows nothing.
WITH_A_STATE = 0.8


class Part:
    def __init__(self, name, seeds):
        self.name, self.seeds, self.done, self.findings, self.seconds = name, seeds, 0, [], 0.0

    def run(self, first, size, run_round):
        """run_round(first, count) gives the findings: (seed or None, text, command)."""
        while self.done < self.seeds:
            count = min(size, self.seeds - self.done)
            began = time.monotonic()
            self.findings += run_round(first + self.done, count)
            self.seconds += time.monotonic() - began
            self.done += count
            print(f"{self.name}: {self.done} of {self.seeds} seeds, {len(self.findings)} findings, {self.seconds:.0f} s", flush=True)
            for text, command in self.findings[-5:]:
                print(f"  FOUND {text}\n  again: {command}", flush=True)


def property_round(build, first, count):
    (program,) = [path for path in build.rglob("pipeline_test") if path.is_file() and os.access(path, os.X_OK)]
    env = {**os.environ, "DDB_PROPERTY_FIRST_SEED": str(first), "DDB_PROPERTY_SEEDS": str(count)}
    command = [str(program), "--gtest_filter=*Property*", "--gtest_color=no"]
    again = f"DDB_PROPERTY_FIRST_SEED={{}} DDB_PROPERTY_SEEDS={{}} {program.relative_to(ROOT)} --gtest_filter='*Property*'"
    limit = 120 + count  # seconds; a seed takes hundredths of one
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return [(f"seeds {first} to {first + count - 1}: still running after {limit} s", again.format(first, count))]
    found = re.findall(r"^seed (\d+): (.*)$", done.stdout, re.M)
    if done.returncode != 0 and not found:
        tail = (done.stdout + done.stderr)[-1500:]
        return [(f"seeds {first} to {first + count - 1}: exit code {done.returncode}\n{tail}", again.format(first, count))]
    return [(f"seed {seed}: {what}", again.format(seed, 1)) for seed, what in found]


def pytest_round(build, test, first, count, env=None):
    """Several at once: they wait more than they compute."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", f"fault/{test}", "-q", "-rfE", "-p", "no:cacheprovider", "--tb=short",
                   "-n", str(2 * (os.cpu_count() or 1)), f"--basetemp={folder}/t", f"--build={build}",
                   f"--first-seed={first}", f"--seeds={count}"]
        done = subprocess.run(command, cwd=ROOT / "tests", env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == 0:
        return []
    again = f"cd tests && pytest 'fault/{test}' --build={build} --first-seed={{}} --seeds={{}}"
    found = re.findall(r"^(?:FAILED|ERROR) \S*\[(\d+)\](.*)$", done.stdout, re.M)
    if not found:
        return [(f"pytest: exit code {done.returncode}\n{done.stdout[-1500:]}", again.format(first, count))]
    return [(f"seed {seed}{text}", again.format(seed, 1)) for seed, text in found]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--preset")
    parser.add_argument("--seeds", type=int, default=20_000)
    parser.add_argument("--fault-seeds", type=int, default=500)
    parser.add_argument("--crash-seeds", type=int, default=2_000)
    parser.add_argument("--first-seed", type=int, default=1)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build, first = args.build, args.first_seed

    parts = [Part("pipeline", args.seeds), Part("faults", args.fault_seeds),
             Part("kill, scripted server", args.crash_seeds // 2), Part("kill, tables on disk", (args.crash_seeds + 1) // 2)]
    pipeline, faults, killed, on_disk = parts
    pipeline.run(first, PROPERTY_ROUND, lambda *seeds: property_round(build, *seeds))
    faults.run(first, FAULT_ROUND, lambda *seeds: pytest_round(build, "test_random_faults.py::test_faults", *seeds))
    # Those wait for a STATE before the kill, every one.
    killed.run(first, FAULT_ROUND, lambda *seeds: pytest_round(build, "test_random_faults.py::test_kill_at_a_random_point", *seeds))
    with tempfile.NamedTemporaryFile("r") as log:
        on_disk.run(first, FAULT_ROUND, lambda *seeds: pytest_round(build, "test_crash.py", *seeds, env={"DDB_CRASH_LOG": log.name}))
        states = [int(line) for line in log.read().split()]

    print()
    for part in parts:
        print(f"{part.name:<24} {part.done:>7} seeds  {part.seconds:>7.0f} s  {len(part.findings)} findings")
    bad = sum(len(part.findings) for part in parts)
    if states:
        share = sum(count > 0 for count in states) / len(states)
        print(f"tables on disk: a STATE was out before the kill in {share:.0%} of {len(states)} seeds, {sum(states)} STATEs in all")
        bad += share < WITH_A_STATE
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
