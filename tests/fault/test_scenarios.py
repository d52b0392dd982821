"""Every file of tests/data/scenarios: the real binary against the scripted server. A new case is a new file."""

import fnmatch
import json
from pathlib import Path

import pytest

from ddb_testkit.scenario import Scenario

FOLDER = Path(__file__).resolve().parents[1] / "data" / "scenarios"


def pytest_generate_tests(metafunc):
    if "scenario_run" not in metafunc.fixturenames:
        return
    pattern = metafunc.config.getoption("--scenario")
    cases = [
        pytest.param((path, workers), id=f"{path.stem}-{workers}w")
        for path in sorted(FOLDER.glob("*.json"))
        if fnmatch.fnmatch(path.stem, pattern)
        for workers in json.loads(path.read_text()).get("workers", [2])
    ]
    metafunc.parametrize("scenario_run", cases)


@pytest.fixture(scope="session")
def config_keys(binary, tmp_path_factory):
    from ddb_testkit.connector import Connector

    spec = Connector(binary, tmp_path_factory.mktemp("spec")).spec()
    return set(spec["connectionSpecification"]["properties"])


def test_scenario(scenario_run, connector, start_server, certificates, config_keys):
    scenario = Scenario(*scenario_run)
    missing = set(scenario.file.get("needs", [])) - config_keys
    if missing:
        pytest.skip(f"the config has no {', '.join(sorted(missing))}")
    scenario.run(connector, start_server, certificates)


def test_every_scenario_says_what_it_is_about():
    for path in FOLDER.glob("*.json"):
        assert json.loads(path.read_text()).get("about"), path.name
