"""Fixtures of the fault suite: scripted servers, and certificates made once."""

import os

import pytest

from ddb_testkit.scripted import Certificates, ScriptedServer


def pytest_addoption(parser):
    group = parser.getgroup("destination-dynamodb")
    group.addoption("--scenario", default="*", help="run only the scenarios whose file name matches this pattern")
    group.addoption("--slow", action="store_true", help="also the scenarios that take minutes")
    group.addoption("--seeds", type=int, default=25, help="how many seeds of each random test")
    group.addoption("--first-seed", type=int, default=1)


@pytest.fixture(scope="session")
def server_binary(build_folder):
    path = build_folder / "scripted-server"
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is not there: run scripts/test, or build it first", pytrace=False)
    return path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def start_server(server_binary, tmp_path):
    """Starts scripted servers; all are stopped when the test ends."""
    started = []

    def start(scenario=None, **options):
        server = ScriptedServer(server_binary, tmp_path / f"server{len(started)}", scenario, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        first = metafunc.config.getoption("--first-seed")
        metafunc.parametrize("seed", range(first, first + metafunc.config.getoption("--seeds")))
