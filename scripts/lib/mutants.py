"""Applies mutants to a copy of the source, builds and tests each; scripts/mutants calls it.

A mutant is a file of tests/mutants: `about`, `tests`, and one or more `[[edit]]` of `file`, `find`, `replace`. White space
counts as white space, whatever it is made of, so that a new line break or indentation does not break a mutant; `find`
has to be there exactly once. A test is one of:

    aws_test                         a GoogleTest program
    aws_test:Tls*                    those of its tests that match, where the rest would only cost time
    scenario:reset-*                 those of the fault suite's scenarios
    pytest:acceptance/test_x.py::test_y    any other test under tests/, by pytest's name for it

They run in the order in which they stand until one fails, so the fastest comes first.
"""

import argparse
import fcntl
import fnmatch
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "mutants"
# A mutant that hangs is caught too; the longest suite without one takes 85 s, on a busy machine more.
HANG_S = 200


class Mutant:
    def __init__(self, path):
        body = tomllib.loads(path.read_text())
        self.name, self.about, self.tests, self.edits = path.stem, body["about"], body["tests"], body["edit"]

    def apply(self, root):
        """The mutated text of each file; ValueError where an edit does not fit."""
        texts = {}
        for edit in self.edits:
            name = edit["file"]
            text = texts.get(name) or (root / name).read_text()
            pattern = r"\s+".join(re.escape(word) for word in edit["find"].split())
            found = list(re.finditer(pattern, text))
            if len(found) != 1:
                raise ValueError(f"{self.name}: the text to find is {len(found)} times in {name}")
            texts[name] = text[: found[0].start()] + edit["replace"].strip("\n") + text[found[0].end() :]
        return texts


def mutants(names):
    every = [Mutant(path) for path in sorted(FOLDER.glob("*.toml"))]
    chosen = [m for m in every if not names or any(fnmatch.fnmatch(m.name, name) for name in names)]
    if not chosen:
        sys.exit("mutants: no such mutant (scripts/mutants --list)")
    return chosen


class Copy:
    """The source outside the tree, and its build."""

    def __init__(self, folder, many):
        """`many` mutants: each file is compiled by itself, which is dearer once and cheaper for each mutant."""
        self.root = folder / "source"
        self.build = self.root / "build" / ("dev" if many else "few")
        self._unity = "0" if many else "8"
        self.root.mkdir(parents=True, exist_ok=True)
        self._lock = open(folder / "lock", "w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._sync()

    def _sync(self):
        """What git knows or would add. A file that is the same keeps its time, so that it is not built again."""
        listing = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 check=True, capture_output=True, text=True).stdout
        names = {name for name in listing.split("\0") if name and (ROOT / name).is_file()}
        for old in self.root.rglob("*"):
            relative = old.relative_to(self.root)
            if relative.parts[0] != "build" and old.is_file() and str(relative) not in names:
                old.unlink()
        for name in names:
            target, data = self.root / name, (ROOT / name).read_bytes()
            if not target.is_file() or target.read_bytes() != data:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)

    def compile(self, tests):
        """None, or what the compiler said."""
        targets = set()
        for test in tests:
            is_pytest = test.startswith(("scenario:", "pytest:"))
            targets |= {"destination-dynamodb", "scripted-server"} if is_pytest else {test.partition(":")[0]}
        if not (self.build / "build.ninja").is_file():
            subprocess.run(["cmake", "--preset", "dev", "-B", str(self.build), f"-DDDB_UNITY={self._unity}"],
                           cwd=self.root, check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(["ninja", "-C", str(self.build), *sorted(targets)], capture_output=True, text=True)
        return None if done.returncode == 0 else done.stdout[-3000:]

    def test(self, test, seeds):
        """None where it passes, else the name of what failed."""
        kind, _, rest = test.partition(":")
        if kind == "scenario":
            return self._pytest(test, "fault/test_scenarios.py", "-k", "test_scenario", f"--scenario={rest}")
        if kind == "pytest":
            return self._pytest(test, rest)
        (program,) = [path for path in self.build.rglob(kind) if path.is_file() and os.access(path, os.X_OK)]
        command = [str(program), "--gtest_fail_fast", "--gtest_color=no", f"--gtest_filter={rest or '*'}"]
        code, out = run(command, self.root, {"DDB_PROPERTY_SEEDS": str(seeds)})
        if code == 0:
            if re.search(r"^\[=+\] Running 0 tests", out, re.M):
                sys.exit(f"mutants: {test} is no test")
            return None
        failed = re.findall(r"^\[  FAILED  \] (\S+?)(?: \(|,|$)", out, re.M)
        started = re.findall(r"^\[ RUN      \] (\S+)", out, re.M)
        if failed:
            return failed[0]
        return f"{started[-1] if started else test} ({'hangs' if code is None else 'crashes'})"

    def _pytest(self, test, *selected):
        command = [sys.executable, "-m", "pytest", *selected, "-q", "-x", "-rfE", "-p", "no:cacheprovider",
                   f"--build={self.build}"]
        code, out = run(command, self.root / "tests", {"PYTHONDONTWRITEBYTECODE": "1"})
        if code == 0:
            return None
        failed = re.findall(r"^(?:FAILED|ERROR) \S*?::(\S+)", out, re.M)
        if not failed and code is not None:
            sys.exit(f"mutants: pytest has failed by itself\n{out[-3000:]}")
        return failed[0] if failed else f"{test} (hangs)"


def run(command, folder, env):
    """Exit code (None: ended after HANG_S) and output."""
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", start_new_session=True)
    try:
        out, _ = process.communicate(timeout=HANG_S)
        return process.returncode, out
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def unknown(test):
    """Whether a test selects nothing, by the source: of a layer's GoogleTest program, or of the scenarios."""
    kind, _, chosen = test.partition(":")
    if kind == "scenario":
        names = [path.stem for path in (ROOT / "tests" / "data" / "scenarios").rglob("*.*")]
    elif chosen and (sources := list((ROOT / "src" / kind.removesuffix("_test")).glob("*_test.cc"))):
        text = "\n".join(path.read_text() for path in sources)
        names = [".".join(found) for found in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", text, re.M)]
        names += ["/".join(found) + ".x/0" for found in re.findall(r"^INSTANTIATE_TEST_SUITE_P\((\w*),\s*(\w+)", text, re.M)]
    else:
        return False
    return not any(fnmatch.fnmatchcase(name, one) for name in names for one in chosen.split(":"))


def check(chosen):
    wrong = 0
    for mutant in chosen:
        try:
            mutant.apply(ROOT)
            if nothing := [test for test in mutant.tests if unknown(test)]:
                raise ValueError(f"{mutant.name}: no such test: {', '.join(nothing)}")
        except (ValueError, OSError) as problem:
            print(problem)
            wrong += 1
    print(f"{len(chosen) - wrong} of {len(chosen)} mutants apply")
    return wrong


def try_one(copy, mutant, seeds):
    """(caught, what to print)"""
    try:
        texts = mutant.apply(copy.root)
    except ValueError as problem:
        return False, f"does not apply: {problem}"
    originals = {name: (copy.root / name).read_text() for name in texts}
    try:
        for name, text in texts.items():
            (copy.root / name).write_text(text)
        for test in mutant.tests:  # what the later ones need is not built for one that the first catches
            if problem := copy.compile([test]):
                return False, f"does not build: {problem}"
            if caught := copy.test(test, seeds):
                return True, caught
        return False, "SURVIVES"
    finally:
        for name, text in originals.items():
            (copy.root / name).write_text(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--copy", type=Path, required=True)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = mutants(args.names)
    if args.list:
        for mutant in chosen:
            print(f"{mutant.name:<34} {mutant.about}")
        return 0
    if args.check:
        return 1 if check(chosen) else 0

    if args.sample is not None and args.sample < len(chosen):
        chosen = random.Random(args.seed).sample(chosen, args.sample)
        print(f"{args.sample} mutants, chosen by --seed {args.seed}", flush=True)
    # Mutants of one file after each other: what the one before has left to build is built by the next anyway.
    chosen.sort(key=lambda mutant: (mutant.edits[0]["file"], mutant.name))

    copy = Copy(args.copy, many=len(chosen) > 20)
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    problem = copy.compile(tests)
    if problem:
        sys.exit(f"mutants: the source itself does not build\n{problem}")
    for test in tests:
        failed = copy.test(test, args.seeds)
        if failed:
            sys.exit(f"mutants: {failed} fails without any mutant")

    print("| mutant | what is wrong in it | caught by | s |\n|---|---|---|---|", flush=True)
    survivors = []
    began = time.monotonic()
    for mutant in chosen:
        start = time.monotonic()
        caught, by = try_one(copy, mutant, args.seeds)
        if not caught:
            survivors.append(mutant.name)
        print(f"| {mutant.name} | {mutant.about} | {by} | {time.monotonic() - start:.0f} |", flush=True)
    print(f"\n{len(chosen) - len(survivors)} of {len(chosen)} mutants caught, {time.monotonic() - began:.0f} s")
    if survivors:
        print("not caught: " + ", ".join(survivors))
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
