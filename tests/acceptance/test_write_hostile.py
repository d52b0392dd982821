"""Records that were made to hurt: each is stored or counted, beside good ones, in little memory and little time."""

import json
import os
import subprocess

import pytest

from ddb_testkit import engines, messages, rows

MOST_MEMORY_KIB = 200 * 1024
MOST_CPU_S = 10  # of the process itself, so that it says the same on a busy machine


def raw(data, emitted_at="1"):
    return rows.raw_record("s", data, emitted_at)


def with_id(number, more):
    return '{"id":%d,%s}' % (number, more)


HOSTILE = {
    "lists a million deep": raw(with_id(9, '"x":' + "[" * 1_000_000 + "]" * 1_000_000)),
    "objects 300,000 deep": raw(with_id(9, '"x":' + '{"a":' * 300_000 + "1" + "}" * 300_000)),
    "lists 5,000 deep": raw(with_id(9, '"x":' + "[" * 5_000 + "]" * 5_000)),
    "one name 200,000 times": raw(with_id(9, ",".join(f'"x":{n}' for n in range(200_000)))),
    "one name in 100,000 writings": raw(with_id(9, ",".join('"\\u0078":1,"x":2' for _ in range(50_000)))),
    "a number of 5,000,000 digits": raw(with_id(9, '"x":' + "7" * 5_000_000)),
    "a number with an exponent of 1,000,000 digits": raw(with_id(9, '"x":1e' + "9" * 1_000_000)),
    "a list of a million numbers": raw(with_id(9, '"x":[' + ",".join(["1"] * 1_000_000) + "]")),
    "a list of 400,000 NaN": raw(with_id(9, '"x":[' + ",".join(["NaN"] * 400_000) + "]")),
    "60,000 fields": raw(with_id(9, ",".join(f'"f{n}":{n}' for n in range(60_000)))),
    "300,000 empty lists": raw(with_id(9, '"x":[' + ",".join(["[]"] * 300_000) + "]")),
    "a name of 5 MB": raw(with_id(9, '"%s":1' % ("n" * 5_000_000))),
    "a text of a million escapes": raw(with_id(9, '"x":"' + "\\ud800" * 1_000_000 + '"')),
    "a time of emission of a million digits": raw(with_id(9, '"x":1'), "1" * 1_000_000),
    "a million members that nobody reads": '{"type":"RECORD","record":{"stream":"s","data":{"id":9},"emitted_at":1%s}}' % (',"x":{}' * 1_000_000),
    "a stream's name of 3 MB in a type that is not known": '{"type":"NEW","x":"%s"}' % ("s" * 3_000_000),
    "changes 100,000 deep": '{"type":"RECORD","record":{"stream":"s","data":{"id":9},"emitted_at":1,"meta":{"changes":%s}}}' % (
        "[" * 100_000 + "]" * 100_000),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_record_that_was_made_to_hurt(connector, engine, dynamodb, prefix, kind):
    config = messages.config(engine.endpoint, prefix, on_rejected_record="skip", workers=2)
    with connector.start_write(config, messages.catalog("s")) as running:
        running.send(messages.record("s", {"id": 1}), HOSTILE[kind], messages.record("s", {"id": 2}), messages.stream_state("s", {"n": 1}))
        stats = running.wait_state()["destinationStats"]
        peak, seconds = running.peak_memory_kib(), cpu_seconds(running.pid)
        running.finish().ok()
    print(f"{peak >> 10} MiB, {seconds:.2f} s")
    assert peak < MOST_MEMORY_KIB
    assert seconds < MOST_CPU_S
    is_record = '"RECORD"' in HOSTILE[kind][:20]
    assert stats["recordCount"] + stats.get("rejectedRecordCount", 0) == 2 + is_record
    found = rows.ids(dynamodb, f"{prefix}_s")
    assert {1, 2} <= set(found) and len(found) == stats["recordCount"]


@pytest.mark.parametrize("state", [messages.legacy_state({"x": 0}), messages.stream_state("s", {"x": 0})], ids=["legacy", "stream"])
@pytest.mark.parametrize("content", ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000, "9" * 1_000_000],
                         ids=["lists", "objects", "digits"])
def test_a_state_100_000_deep_comes_back(connector, engine, prefix, state, content):
    line = state.replace('"x":0', '"x":' + content)
    config = messages.config(engine.endpoint, prefix)
    # Not by `connector`, which reads what comes out: Python's own parser does not go so deep.
    command = [connector.binary, "write", "--config", connector.file(config), "--catalog", connector.file(messages.catalog("s"))]
    done = subprocess.run(command, input=messages.record("s", {"id": 1}) + "\n" + line + "\n", capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout[-2000:]
    assert line[:-2] + ',"destinationStats":{"recordCount":1.0}}}' in done.stdout.split("\n")


def test_a_value_of_25_mb_and_one_5000_deep(connector, engine, dynamodb, prefix):
    deep = "[" * 5_000 + "]" * 5_000
    config = messages.config(engine.endpoint, prefix, max_memory_mb=512)
    catalog = messages.catalog(messages.stream("s", primary_key=[["id"]]))
    with connector.start_write(config, catalog) as running:
        running.send(raw(with_id(1, '"geom":"%s"' % ("x" * 25_000_000))), raw(with_id(2, '"j":' + deep)), messages.stream_state("s", {}))
        stats = running.wait_state()["destinationStats"]
        peak = running.peak_memory_kib()
        running.finish().ok()
    assert peak < 400 * 1024
    assert stats == {"recordCount": 2.0, "additionalStats": {"nulledValueCount": 1.0, "truncatedValueCount": 1.0}}
    items = {int(item["_airbyte_data"]["id"]): item for item in engines.read_table(dynamodb, f"{prefix}_s")}
    assert items[1]["_airbyte_data"]["geom"] is None
    assert [(c["field"], c["change"]) for c in items[1]["_airbyte_meta"]["changes"]] == [("geom", "NULLED")]
    value, levels = items[2]["_airbyte_data"]["j"], 0
    while isinstance(value, list):
        (value,), levels = value, levels + 1
    assert levels > 20 and json.loads(value[:1] + value[-1:]) == [] and value == "[" * (5_000 - levels) + "]" * (5_000 - levels)
    (change,) = items[2]["_airbyte_meta"]["changes"]
    assert change["field"].startswith("j[0]") and change["change"] == "TRUNCATED"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
