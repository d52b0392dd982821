"""Options and fixtures of the acceptance and fault suites. scripts/test calls pytest with them."""

import os
import signal
import tempfile
import uuid
import zlib
from pathlib import Path

import pytest

from ddb_testkit.connector import Connector
from ddb_testkit.engines import ENGINES, Dynoxide, delete_tables

ROOT = Path(__file__).resolve().parents[1]

# nohup has what it starts ignore a hangup, and this would be handed down to the programs under test.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser):
    group = parser.getgroup("destination-dynamodb")
    group.addoption("--engine", default="dynoxide", choices=sorted(ENGINES), help="the DynamoDB that is written into")
    group.addoption("--build", default=str(ROOT / "build" / "dev"), help="the build folder under test")
    group.addoption("--binary", default=os.environ.get("DDB_BINARY"), help="default: destination-dynamodb in --build")
    group.addoption("--part", type=part, metavar="K/N", help="only one of N parts of the tests, from 0, by their names")


def part(text):
    number, of = (int(word) for word in text.split("/"))
    if not 0 <= number < of:
        raise ValueError(text)
    return number, of


def pytest_configure(config):
    config.addinivalue_line("markers", "pace: measures how fast something goes; what else the machine does makes it slower")


def pytest_collection_modifyitems(config, items):
    if chosen := config.getoption("--part"):
        number, of = chosen
        left_out = [item for item in items if zlib.crc32(item.nodeid.encode()) % of != number]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if zlib.crc32(item.nodeid.encode()) % of == number]
    mark_pace(items)


def mark_pace(items):
    """A busy machine makes a program slower and never faster: what it can do shows in the best of three tries."""
    for item in items:
        if item.get_closest_marker("pace"):
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=["AssertionError"]))


@pytest.fixture(scope="session")
def build_folder(request):
    """The build under test; the scripted server and other helper programs are in it too."""
    return Path(request.config.getoption("--build")).resolve()


@pytest.fixture(scope="session")
def binary(request, build_folder):
    path = Path(request.config.getoption("--binary") or build_folder / "destination-dynamodb").resolve()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is not there: run scripts/test, or build it first", pytrace=False)
    return path


@pytest.fixture
def connector(binary, tmp_path):
    return Connector(binary, tmp_path)


@pytest.fixture(scope="session")
def engine(request):
    """The session's one engine, in memory. A test that kills or freezes an engine takes `own_engine`."""
    with ENGINES[request.config.getoption("--engine")]() as started:
        yield started


@pytest.fixture(scope="session")
def dynamodb(engine):
    """boto3, pointed at the engine."""
    return engine.client()


@pytest.fixture
def prefix(engine, dynamodb):
    """A table prefix of this test alone; its tables are gone afterwards."""
    name = f"t{uuid.uuid4().hex[:10]}"
    yield name
    delete_tables(dynamodb, name)


@pytest.fixture
def own_engine():
    """A dynoxide of this test alone, started, with its data in a file: it may be killed, started again, frozen."""
    # In memory where there is such a folder: it outlives the process, and a busy disk takes seconds for a sync.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, Dynoxide(folder) as started:
        yield started
