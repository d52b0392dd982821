"""Airbyte's own model of its messages (PyPI: airbyte-protocol-models-pdv2), which every line on stdout has to satisfy.

It lies beside the test kit's packages, in the folder that scripts/setup names; where a test is run by hand without that, the
lines are read as JSON alone.
"""

import functools
import json
import os
import sys
from pathlib import Path


@functools.cache
def models():
    """The module, or None where scripts/setup has not named its folder."""
    folder = os.environ.get("DDB_AIRBYTE_MODELS")
    if not folder:
        return None
    found = list(Path(folder).glob("lib/python3*/site-packages"))
    assert found, f"{folder} holds no packages: scripts/setup tests"
    sys.path.append(str(found[0]))
    from airbyte_protocol import models as found_models
    return found_models


# What a message of each type has to have beside it; the model itself allows a type without its body.
BODY = {"RECORD": "record", "STATE": "state", "LOG": "log", "TRACE": "trace", "SPEC": "spec",
        "CONNECTION_STATUS": "connectionStatus", "CATALOG": "catalog", "CONTROL": "control"}

# What a STATE says is the source's, and comes out byte by byte: a source that leaves something out is not our fault.
ECHOED = {("state", "stream"), ("state", "global")}


def message(line):
    """The line as a dict; AssertionError where it is no message of the protocol."""
    value = json.loads(line)
    if models() is not None:
        try:
            # Half a surrogate pair, as a source may write it in a STATE, is JSON, but no text that the model's parser takes.
            text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
            models().AirbyteMessage.model_validate_json(text)
        except ValueError as error:
            wrong = [e for e in error.errors() if e["loc"][:2] not in ECHOED]
            assert not wrong, f"not a message of Airbyte's protocol: {line[:2000]}\n{error}"
        assert isinstance(value.get(BODY[value["type"]]), dict), f"a {value['type']} without its body: {line[:2000]}"
    return value
