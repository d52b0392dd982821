"""The packages for arm64, which are cross-built, by an emulator of that processor: the unit tests of the layers whose code differs by
processor, and a sync.

    scripts/package --arch arm64 --test

builds and runs this, and acceptance tests of values with the emulated program besides. Without packages everything here is skipped.
"""

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from ddb_testkit import protocol, rows

BUILD = Path(os.environ.get("DDB_ARM64", "/not-there"))
EMULATOR = "qemu-aarch64-static"
# Copies of bytes and JSON (other kernels than SSE2's), numbers and items, TLS and HTTP.
LAYERS = ("base", "json", "items", "aws")

pytestmark = pytest.mark.skipif(not BUILD.is_dir(), reason="no packages for arm64 (DDB_ARM64): scripts/package --arch arm64 --test")


def package(ending):
    (found,) = BUILD.glob(f"destination-dynamodb-*-linux-arm64.{ending}")
    return found


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arm64")
    with tarfile.open(package("tar.gz")) as tar:
        tar.extractall(folder)
    (top,) = folder.iterdir()
    return top


def emulated(*command, **more):
    # An emulator is 10 to 50 times slower: fewer random records and seeds.
    env = {**os.environ, "DDB_RANDOM_RECORDS": "3000", "DDB_PROPERTY_SEEDS": "20"}
    return subprocess.run([EMULATOR, *command], capture_output=True, text=True, timeout=280, env=env, **more)


def test_it_is_of_arm64_and_needs_nothing_of_the_machine(unpacked):
    program = unpacked / "bin" / "destination-dynamodb"
    read = subprocess.run(["readelf", "-hldW", program], check=True, capture_output=True, text=True).stdout
    assert re.search(r"Machine:\s+AArch64", read)
    assert "INTERP" not in read and "(NEEDED)" not in read
    assert program.stat().st_size < 16e6


def test_the_debian_package():
    fields = subprocess.run(["dpkg-deb", "-f", package("deb")], check=True, capture_output=True, text=True).stdout
    assert "Architecture: arm64\n" in fields and "Depends:" not in fields


@pytest.mark.parametrize("layer", LAYERS)
def test_the_unit_tests(layer):
    # What is left out takes minutes here and is no matter of the processor: which fields of a large item are nulled.
    done = emulated(BUILD / "src" / layer / f"{layer}_test", "--gtest_brief=1", "--gtest_filter=-KeptFields.*")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert int(re.search(r"\[  PASSED  \] (\d+) tests", done.stdout).group(1)) > 20


def test_a_sync(unpacked, engine, dynamodb, prefix, tmp_path):
    examples = unpacked / "share/doc/destination-dynamodb/examples"
    config = json.loads((examples / "local.json").read_text()) | {"dynamodb_endpoint": engine.endpoint, "dynamodb_table_name_prefix": prefix}
    (tmp_path / "config.json").write_text(json.dumps(config))

    def run(*arguments, **more):
        done = emulated(unpacked / "bin/destination-dynamodb", *arguments, **more)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return [protocol.message(line) for line in done.stdout.splitlines()]

    (spec,) = run("spec")
    assert spec["type"] == "SPEC"
    checked = run("check", "--config", tmp_path / "config.json")
    assert [m["connectionStatus"]["status"] for m in checked if m["type"] == "CONNECTION_STATUS"] == ["SUCCEEDED"]
    written = run("write", "--config", tmp_path / "config.json", "--catalog", examples / "catalog.json",
                  input=(examples / "messages.jsonl").read_text())
    assert [m["state"]["stream"]["stream_state"] for m in written if m["type"] == "STATE"] == [{"id": 2}]
    assert sorted(row["name"] for row in rows.data(dynamodb, f"{prefix}_users")) == ["Ada", "Grace"]
