"""The spec command: one SPEC message, quickly, and the same payload that configs are checked against."""

import fcntl
import json
import os
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

SPEC_FILE = Path(__file__).resolve().parents[2] / "src" / "config" / "spec.json"
FORBIDDEN_WORDS = {"not", "anyOf", "patternProperties", "prefixItems", "allOf", "if", "then", "else",
                   "dependentSchemas", "dependentRequired"}


def words_of(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from words_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words_of(inner)


@pytest.mark.parametrize("command", [["spec"], ["--spec"], ["spec", "--config", "not-there"]])
def test_exactly_one_message(connector, command):
    outcome = connector.run(*command).ok()
    assert outcome.stdout.count("\n") == 1 and outcome.stdout.endswith("\n")
    assert outcome.messages == [{"type": "SPEC", "spec": json.loads(SPEC_FILE.read_text())}]
    assert outcome.stderr == ""


def test_what_the_platform_asks_of_a_spec(connector):
    spec = connector.spec()
    assert spec["supported_destination_sync_modes"] == ["overwrite", "append"]
    assert spec["protocol_version"] == "0.2.0"
    assert spec["supportsIncremental"] is True
    schema = spec["connectionSpecification"]
    assert schema["additionalProperties"] is True
    assert not FORBIDDEN_WORDS & set(words_of(schema))
    properties = schema["properties"]
    assert {key for key in properties if properties[key].get("airbyte_secret")} == {"access_key_id", "secret_access_key", "session_token", "proxy_url",
                                                                                      "client_certificate"}
    assert sorted(p["order"] for p in properties.values()) == list(range(len(properties)))
    for option in properties["capacity"]["oneOf"]:
        assert [key for key, p in option["properties"].items() if "const" in p] == ["mode"]


def test_the_environment_changes_nothing(connector):
    plain = connector.run("spec").stdout
    for env in ({"DEPLOYMENT_MODE": "CLOUD"}, {"AIRBYTE_EDITION": "cloud"}, {"LOG_LEVEL": "fatal"}):
        assert connector.run("spec", env=env).stdout == plain


def readable_bytes(fd):
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0]


def test_small(binary, build_folder):
    """At most 10 MB, looked at while the process waits for us to read the second half of the message."""
    cache = build_folder / "CMakeCache.txt"
    if cache.exists() and "DDB_SANITIZE:STRING=\n" not in cache.read_text():
        pytest.skip("a sanitizer's memory is not the program's")
    reading, writing = os.pipe()
    size = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen([binary, "spec"], stdout=writing)
    os.close(writing)
    deadline = time.monotonic() + 60
    while readable_bytes(reading) < size and time.monotonic() < deadline:
        time.sleep(0.01)
    with open(f"/proc/{process.pid}/status") as status:
        peak_kib = next(int(row.split()[1]) for row in status if row.startswith("VmHWM:"))
    with open(reading, "rb") as pipe:
        assert json.loads(pipe.read())["type"] == "SPEC"
    assert process.wait(60) == 0
    assert peak_kib <= 10 * 1024
