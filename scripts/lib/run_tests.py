"""Runs the suites of one build and counts them; scripts/test calls it. The last line printed is "N passed, N failed".

Counts come from the XML that GoogleTest and pytest write, never from their output. A program that crashes, hangs or
exits non-zero without naming a failed test counts as one failed test, and a suite that ran no test as another.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Far above what any program takes, and still an end for one that hangs.
GTEST_TIMEOUT_S = 900
PYTEST_TIMEOUT_S = 1500
# What pytest has to tell what it has found once it is asked to end.
PYTEST_GRACE_S = 60
EXCERPT_LINES = 60
# Processes of pytest. The fault suite waits more than it computes, and each of its tests has servers of its own; the
# acceptance suite starts one engine a process.
WORKERS = {"fault": 4 * (os.cpu_count() or 1), "acceptance": 2 * (os.cpu_count() or 1), "packaging": 2}
# A sanitizer makes everything several times slower: fewer seeds of the tests that run by seed, all of the others.
SANITIZED_PROPERTY_SEEDS = "100"
SANITIZED_FAULT_SEEDS = "8"
SANITIZED_SIMULATION_SEEDS = "80"
SANITIZED_LOAD_SEEDS = "2"
RUNNING = set()


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)  # (name, excerpt)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def fail(self, name, excerpt):
        self.failed += 1
        self.failures.append((name, excerpt))

    def ran(self):
        return self.passed + self.failed > 0

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def excerpt(text, lines=EXCERPT_LINES):
    """The head and the tail of a long text: the first error and the last word."""
    rows = (text or "").rstrip().splitlines()
    if len(rows) <= lines:
        return "\n".join(rows)
    half = lines // 2
    return "\n".join(rows[:half] + [f"... {len(rows) - 2 * half} lines left out ..."] + rows[-half:])


def run(command, log, timeout_s, env=None, echo=False, grace_s=0):
    """Exit code of the command, None if it had to be ended. Its output goes to the log, and here with echo. With
    grace_s it is interrupted first and has so long to say what it knows."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, start_new_session=True,
            stdout=None if echo else out, stderr=None if echo else subprocess.STDOUT)
        RUNNING.add(process)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            if grace_s:
                process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(grace_s)
            return None
        finally:
            end(process)
            RUNNING.discard(process)


def end(process):
    """And what it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_all(*_):
    """We are ended ourselves: at once, before a thread that waits for one of these starts the next."""
    for process in list(RUNNING):
        os.killpg(process.pid, signal.SIGKILL)
    os._exit(143)


def ended(code, timeout_s):
    if code is None:
        return f"still running after {timeout_s} s, ended"
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"


def parse(xml, suite):
    """Counts of a GoogleTest or JUnit file, whose elements are alike."""
    counts = Counts()
    for case in ElementTree.parse(xml).getroot().iter("testcase"):
        name = f"{suite}: {case.get('classname', '')}.{case.get('name')}"
        problems = case.findall("failure") + case.findall("error")
        if problems:
            texts = [f"{excerpt(p.get('message'), 6)}\n{excerpt(p.text)}" for p in problems]
            counts.fail(name, "\n".join(texts))
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def judge(name, code, timeout_s, xml, log_text):
    """Counts of one program that has ended."""
    try:
        counts = parse(xml, name)
    except (OSError, ElementTree.ParseError):
        counts = Counts()
        counts.fail(f"{name}: {ended(code, timeout_s)}, no results written", excerpt(log_text))
        return counts
    if code != 0 and not counts.failed:
        counts.fail(f"{name}: {ended(code, timeout_s)}, though no test failed", excerpt(log_text))
    return counts


def gtest_programs(build):
    """The test programs that the build has, as (path, suite); what an older one left behind is not among them."""
    listing = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"],
                             check=True, capture_output=True, text=True)
    programs = {}
    for test in json.loads(listing.stdout)["tests"]:
        if test.get("command"):
            path = Path(test["command"][0])
            programs[path] = "fault" if path.is_relative_to(build / "tests" / "fault") else "unit"
    return sorted(programs.items())


def run_gtest(path, results, env):
    xml = results / f"{path.name}.xml"
    log = results / f"{path.name}.log"
    xml.unlink(missing_ok=True)
    code = run([str(path), f"--gtest_output=xml:{xml}", "--gtest_color=no"], log, GTEST_TIMEOUT_S, env)
    return judge(path.name, code, GTEST_TIMEOUT_S, xml, log.read_text(errors="replace"))


def run_gtests(paths, results, env, total):
    """One program a core; the largest first, which are those that run longest."""
    def timed(path):
        began = time.monotonic()
        counts = run_gtest(path, results, env)
        return path.name, counts, time.monotonic() - began

    largest_first = sorted(paths, key=lambda path: -path.stat().st_size)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        for done in as_completed([pool.submit(timed, path) for path in largest_first]):
            name, counts, seconds = done.result()
            print(f"  {name:<28} {counts}  ({seconds:.1f} s)", flush=True)
            total.add(counts)
    finally:
        pool.shutdown(cancel_futures=True)


def run_pytest(suite, args, results, env, extra):
    folder = ROOT / "tests" / suite
    if not any(folder.glob("**/test_*.py")):
        return Counts()
    xml = results / f"pytest-{suite}.xml"
    xml.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", str(folder), "-q", "-p", "no:cacheprovider", f"--junitxml={xml}",
               f"--engine={args.engine}", f"--build={args.build}", "-n", str(WORKERS[suite]), "--dist=worksteal"]
    if suite == "fault" and sanitized(args.build):
        command += ["--seeds", SANITIZED_FAULT_SEEDS]
    command += extra
    code = run(command, results / f"pytest-{suite}.log", PYTEST_TIMEOUT_S, env, echo=True, grace_s=PYTEST_GRACE_S)
    if code == 5:  # pytest collected nothing
        return Counts()
    return judge(f"pytest {suite}", code, PYTEST_TIMEOUT_S, xml, "see pytest's own output above")


def sanitized(build):
    return build.name in ("asan", "tsan")


def test_environment(build):
    env = dict(os.environ, DDB_BUILD_DIR=str(build), PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    env.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    env.setdefault("TSAN_OPTIONS", "second_deadlock_stack=1")
    if sanitized(build):
        env.setdefault("DDB_PROPERTY_SEEDS", SANITIZED_PROPERTY_SEEDS)
        env.setdefault("DDB_SIMULATION_SEEDS", SANITIZED_SIMULATION_SEEDS)
        env.setdefault("DDB_LOAD_SEEDS", SANITIZED_LOAD_SEEDS)
    return env


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--suites", required=True)
    parser.add_argument("pytest_args", nargs="*")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, end_all)
    results = args.build / "test-results"
    results.mkdir(exist_ok=True)
    env = test_environment(args.build)
    programs = gtest_programs(args.build)

    total = Counts()
    for suite in args.suites.split(","):
        in_suite = Counts()
        start = time.monotonic()
        run_gtests([path for path, belongs in programs if belongs == suite], results, env, in_suite)
        if suite != "unit":
            in_suite.add(run_pytest(suite, args, results, env, args.pytest_args))
        if not in_suite.ran():
            in_suite.fail(f"{suite}: the suite ran no test", "")
        print(f"{suite} ({args.build.name}): {in_suite}  ({time.monotonic() - start:.1f} s)\n", flush=True)
        if os.environ.get("DDB_COUNTS"):
            with open(os.environ["DDB_COUNTS"], "a") as out:
                out.write(f"{suite}-{args.build.name}-{args.engine} {in_suite.passed} {in_suite.failed} {in_suite.skipped}\n")
        total.add(in_suite)

    report = "".join(f"---- FAILED {name} ({args.build.name}, {args.engine})\n{text}\n" for name, text in total.failures)
    report += "".join(f"FAILED {name}\n" for name, _ in total.failures)
    print(report, end="")
    if os.environ.get("DDB_FAILURES"):
        with open(os.environ["DDB_FAILURES"], "a") as out:
            out.write(report)
    print(total, flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
