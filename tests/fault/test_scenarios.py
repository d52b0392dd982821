"""Every file of tests/data/scenarios: the real binary against the scripted server. A new case is a new file."""

import fnmatch
import json
from pathlib import Path

import pytest

from ddb_testkit.scenario import EXPECTATIONS, MEMBERS, Scenario

FOLDER = Path(__file__).resolve().parents[1] / "data" / "scenarios"
FILES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def pytest_generate_tests(metafunc):
    if "name" not in metafunc.fixturenames:
        return
    names = fnmatch.filter(FILES, metafunc.config.getoption("--scenario"))
    cases = [(name, workers) for name in names for workers in FILES[name].get("workers", [2])]
    metafunc.parametrize("name, workers", cases, ids=[f"{name}-{workers}w" for name, workers in cases])


def test_scenario(name, workers, request, connector, start_server, certificates):
    file = FILES[name]
    if file.get("slow") and not request.config.getoption("--slow"):
        pytest.skip("takes minutes: --slow")
    Scenario(file, workers).run(connector, start_server, certificates)


def test_every_scenario_says_what_it_is_about():
    assert len(FILES) >= 60
    for name, file in FILES.items():
        assert file.get("about"), name
        # What nobody reads is no expectation: a slip in its name must not make a case that cannot fail.
        assert set(file) <= MEMBERS, name
        assert set(file.get("expect", {})) <= EXPECTATIONS, name
