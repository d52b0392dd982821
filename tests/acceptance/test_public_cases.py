"""The list of public cases (tests/data/public_cases.toml) and docs/delivery-tests.md name tests: each of them is there."""

import ast
import fnmatch
import functools
import re
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
CASES = tomllib.loads((TESTS / "data" / "public_cases.toml").read_text())
FEWEST_RELATIVES = 2


@functools.cache
def scenarios():
    return {path.stem for path in (TESTS / "data" / "scenarios").glob("*.json")}


@functools.cache
def functions(file):
    return {node.name for node in ast.walk(ast.parse((TESTS / file).read_text())) if isinstance(node, ast.FunctionDef)}


@functools.cache
def texts(file):
    """Every text that stands in it, of which a parameter is one, or parts of it are."""
    return {node.value for node in ast.walk(ast.parse((TESTS / file).read_text())) if isinstance(node, ast.Constant)}


@functools.cache
def unit_tests():
    found = set()
    for path in (ROOT / "src").glob("*/*_test.cc"):
        found |= set(re.findall(r"^TEST(?:_F|_P)?\((\w+), *(\w+)\)", path.read_text(), re.M))
    return {".".join(names) for names in found}


def is_there(test):
    kind, _, name = test.partition(" ")
    if kind == "scenario":
        return name in scenarios()
    if kind == "unit":
        return name in unit_tests()
    file, name, parameter = re.fullmatch(r"([\w/]+\.py)::(\w+)(?:\[(.+)\])?", test).groups()
    if not (TESTS / file).exists() or name not in functions(file):
        return False
    # An id is made of a parameter, or of several with a dash between.
    return parameter is None or parameter in texts(file) or all(part in texts(file) for part in parameter.split("-"))


@pytest.mark.parametrize("case", CASES)
def test_a_case_and_relatives_of_it_are_tested(case):
    about = CASES[case]
    assert set(about) <= {"title", "later", "tests", "relatives"} and about["title"]
    tests, relatives = about.get("tests", []), about.get("relatives", {})
    if "later" not in about:
        assert tests and len(relatives) >= FEWEST_RELATIVES
        # What shows the case shows no relative of it; of one test another parameter may.
        assert len(set(relatives.values()) - set(tests)) >= FEWEST_RELATIVES
    missing = [test for test in [*tests, *relatives.values()] if not is_there(test)]
    assert not missing


def test_what_docs_delivery_tests_names_is_there():
    """`this type` in it: a scenario or a test, with * perhaps, a test's file, or a unit test's program."""
    text = (ROOT / "docs" / "delivery-tests.md").read_text()
    names = set(scenarios())
    for path in TESTS.glob("*/test_*.py"):
        names |= functions(str(path.relative_to(TESTS))) | {path.name}
    names |= unit_tests() | {path.stem for path in (ROOT / "src").glob("*/*_test.cc")}
    # Of each row the last cell, and of the guarantees what looks like the name of a test.
    cells = [row.rpartition(" | ")[2] for row in text.splitlines() if row.startswith("| ")]
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    named |= set(re.findall(r"`(test_[\w*]+|[a-z0-9]+(?:-[a-z0-9*]+)+)`", text))
    named -= {"simulation", "on-demand"}
    missing = sorted(name for name in named if not fnmatch.filter(names, name))
    assert len(named) > 50 and not missing
