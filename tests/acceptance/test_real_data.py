"""Real data, through the binary into the engine and back: three public data sets with awkward values, and what Airbyte's
source-faker sends. Compared value by value, numbers as decimals."""

import json
import subprocess
from pathlib import Path

import pytest

from ddb_testkit import engines, messages, rows

# How many records each has, so that a file of another shape is seen.
RECORDS = {"movies": 3_201, "earthquakes": 1_707, "flights-2k": 2_000}


@pytest.fixture(scope="session")
def datasets():
    return Path(engines.installed("DDB_DATASETS"))


def elements(text):
    """The elements of a JSON array as they are spelled, from its bracket on."""
    decoder, at = json.JSONDecoder(), 1
    while True:
        at += len(text[at:at + 100]) - len(text[at:at + 100].lstrip(" \n\r\t,"))
        if text[at] == "]":
            return
        _, end = decoder.raw_decode(text, at)
        yield text[at:end].replace("\n", " ").replace("\r", " ")  # whitespace only: none may stand in a string
        at = end


def records(datasets, name):
    text = (datasets / f"{name}.json").read_text(encoding="utf-8")
    if name == "earthquakes":  # one GeoJSON object; its features are the records
        text = text[text.index('"features":') + len('"features":'):]
    found = list(elements(text))
    assert len(found) == RECORDS[name]
    return found


@pytest.mark.parametrize("name", RECORDS)
def test_a_data_set_round_trips(connector, engine, dynamodb, prefix, datasets, name):
    texts = records(datasets, name)
    lines = [rows.raw_record(name, text, number) for number, text in enumerate(texts)] + [messages.stream_state(name, {})]
    out = connector.write(messages.config(engine.endpoint, prefix, workers=2), messages.catalog(name), lines).ok()
    assert out.states[0]["destinationStats"] == {"recordCount": float(len(texts))}
    found = engines.read_table(dynamodb, f"{prefix}_{name.replace('-', '_')}")
    assert {int(item["_airbyte_emitted_at"]): rows.canonical(item["_airbyte_data"]) for item in found} == {
        number: rows.canonical(rows.parse(text)) for number, text in enumerate(texts)}
    assert len(found) == len(texts) and not any("_airbyte_meta" in item for item in found)


def test_a_whole_data_set_as_one_record(connector, engine, dynamodb, prefix, datasets):
    """Three times DynamoDB's limit: its features become null, the rest stays."""
    text = (datasets / "earthquakes.json").read_text(encoding="utf-8").replace("\n", " ")
    connector.write(messages.config(engine.endpoint, prefix), messages.catalog("s"), [rows.raw_record("s", text)]).ok()
    (item,) = engines.read_table(dynamodb, f"{prefix}_s")
    assert rows.canonical(item["_airbyte_data"]) == rows.canonical({**rows.parse(text), "features": None})
    assert [change["field"] for change in item["_airbyte_meta"]["changes"]] == ["features"]


def test_what_source_faker_sends_round_trips(connector, engine, dynamodb, prefix, tmp_path):
    source = engines.installed("DDB_SOURCE_FAKER")
    streams = ["users", "purchases", "products"]
    config, catalog = tmp_path / "source.json", tmp_path / "catalog.json"
    config.write_text(json.dumps({"count": 300, "seed": 7, "parallelism": 1}))
    configured = messages.catalog(*(messages.stream(name, sync_mode="full_refresh") for name in streams))
    catalog.write_text(json.dumps(configured))
    done = subprocess.run([source, "read", "--config", config, "--catalog", catalog], check=True, capture_output=True, text=True)
    lines = [row for row in done.stdout.splitlines() if row.startswith("{")]
    connector.write(messages.config(engine.endpoint, prefix), configured, lines).ok()
    sent = {name: [] for name in streams}
    for line in map(rows.parse, lines):
        if line["type"] == "RECORD":
            sent[line["record"]["stream"]].append(line["record"]["data"])
    assert len(sent["users"]) == 300 and all(sent.values())
    for name, data in sent.items():
        rows.assert_same(rows.data(dynamodb, f"{prefix}_{name}"), data)
