"""Options and fixtures of the fault suite: which binaries to run, and certificates made once."""
import os
import pathlib

import pytest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--binary", default=os.environ.get("DDB_BINARY", str(ROOT / "build/dev/destination-dynamodb")))
    parser.addoption(
        "--scripted-server", default=os.environ.get("DDB_SCRIPTED_SERVER", str(ROOT / "build/dev/scripted-server"))
    )
    parser.addoption("--scenario", default="*", help="run only the scenarios whose file name matches this pattern")


@pytest.fixture(scope="session")
def binary(request):
    path = pathlib.Path(request.config.getoption("--binary")).resolve()
    assert path.exists(), f"no connector at {path}: build it, or name it with --binary"
    return str(path)


@pytest.fixture(scope="session")
def server_binary(request):
    path = pathlib.Path(request.config.getoption("--scripted-server")).resolve()
    assert path.exists(), f"no scripted server at {path}: build it, or name it with --scripted-server"
    return str(path)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return harness.Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def start_server(server_binary, tmp_path):
    """Starts scripted servers; all are stopped when the test ends."""
    started = []

    def start(scenario=None, **options):
        server = harness.ScriptedServer(server_binary, tmp_path / f"server{len(started)}", scenario, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
