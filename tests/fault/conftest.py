"""Fixtures of the fault suite: scripted servers, and certificates made once."""

import os

import pytest

from ddb_testkit.scripted import Certificates, ScriptedServer


def pytest_addoption(parser):
    group = parser.getgroup("destination-dynamodb")
    group.addoption("--scenario", default="*", help="run only the scenarios whose file name matches this pattern")


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
