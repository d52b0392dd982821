"""What a reader finds in the table: the data value by value, and the attributes beside it."""

import itertools
import json
import random
import time
import uuid
from decimal import Decimal

import pytest

from ddb_testkit import engines, messages, rows

NINES = "9" * 38
# Every kind of JSON value, each as the data of one record.
DATA = [
    "{}",
    '{"text":"text","empty":"","spaces":"  x ","number in text":"12.50","base64":"dGVzdA=="}',
    '{"true":true,"false":false,"null":null}',
    '{"escapes":"\\"\\\\\\/\\b\\f\\n\\r\\t","escaped letter":"\\u0041\\u00e9","nul":"\\u0000x\\u001f"}',
    '{"pair":"\\ud83d\\ude00","raw":"😀 é 漢 ࠈൡሗ","separators":"a\\u2028b\u2028\u2029\u0085","del":"\x7f\ufeff\ufffe"}',
    '{"not markup":"<a href=\'x\'>&amp;</a>","not json":"{\\"a\\":[1,null]}","typed":"{\\"N\\":\\"1\\"}"}',
    '{"object":{},"list":[],"list of null":[null],"deep":{"a":{"b":[{"c":[[],{},""]}]}}}',
    '{"mixed":[1,"1",true,null,[1,[2,[3]]],{"n":-1.5},"",{}],"same":[1,1,1,1]}',
    '{"S":"a","N":"b","M":{"S":{"N":"1"}},"L":["NULL"],"NULL":true,"BOOL":{"BOOL":false},"PutRequest":{"Item":{}}}',
    '{"_airbyte_ab_id":"mine","sync_time":"mine","_airbyte_data":{"_airbyte_data":1},"_airbyte_emitted_at":null}',
    '{ "white" :\t[ 1 ,\r 2 ] , "space" : { } }',
    '{"é漢😀":1,"with \\"quotes\\" \\\\":2,"a.b[0]":3," ":4,"\\n":5,"\\u0061scii":6}',
    '{"twice":1,"other":0,"twice":{"last":"wins"}}',
    '{"zero":0,"minus zero":-0,"integer":9007199254740993,"unsigned":18446744073709551616,"negative":-9223372036854775808}',
    '{"tenth":0.1,"trailing":1.50,"whole":1.0,"exact":0.30000000000000004,"money":123456789.123456789123456789}',
    '{"exponent":1e2,"small":1E-7,"plus":12.5e+3,"digits":12345678901234567890.5,"pi":3.1415926535897932384626433832795028841}',
    f'{{"38":{NINES},"negative":-{NINES},"fraction":0.{NINES},"both":{NINES[:19]}.{NINES[19:]},"most":9.9e125,"least":1e-130}}',
    f'{{"deepest":{"[" * 30}"x"{"]" * 30}}}',
    '{"long":"' + "x" * 100_000 + '"}',
    "{" + ",".join(f'"field {n}":{n}' for n in range(2_000)) + "}",
]


def write(connector, engine, prefix, lines, *streams, **more):
    streams = streams or ["s"]
    return connector.write(messages.config(engine.endpoint, prefix, **more), messages.catalog(*streams), lines).ok()


@pytest.mark.parametrize("workers", [1, 3])
def test_every_kind_of_value_round_trips(connector, engine, dynamodb, prefix, workers):
    write(connector, engine, prefix, [rows.raw_record("s", text) for text in DATA * 3], workers=workers)
    found = engines.read_table(dynamodb, f"{prefix}_s")
    rows.assert_same([item["_airbyte_data"] for item in found], [rows.parse(text) for text in DATA] * 3)
    assert {frozenset(item) for item in found} == {
        frozenset(["_airbyte_ab_id", "sync_time", "_airbyte_data", "_airbyte_emitted_at"])}


def random_value(source, depth):
    kind = source.randrange(9 if depth else 6)
    if kind == 0:
        return source.choice(["true", "false", "null"])
    if kind == 1:
        return str(source.randrange(-10**source.randrange(1, 37), 10**source.randrange(1, 37)))
    if kind == 2:
        return f"{source.randrange(10**12)}.{source.randrange(10**12)}e{source.randrange(-90, 90)}"
    if kind < 6:
        text = "".join(source.choice('aé漢😀\u2028\x00\n"\\/ ') for _ in range(source.randrange(12)))
        return json.dumps(text, ensure_ascii=source.random() < 0.5)
    if kind == 6:
        return "[" + ",".join(random_value(source, depth - 1) for _ in range(source.randrange(5))) + "]"
    return random_object(source, depth - 1)


def random_object(source, depth):
    return "{" + ",".join(f'"k{n}": {random_value(source, depth)}' for n in range(source.randrange(6))) + "}"


def test_random_records_round_trip(connector, engine, dynamodb, prefix):
    source = random.Random(20231114)
    texts = [random_object(source, 5) for _ in range(1_500)]
    write(connector, engine, prefix, [rows.raw_record("s", text) for text in texts], workers=2)
    rows.assert_same(rows.data(dynamodb, f"{prefix}_s"), map(rows.parse, texts))


def test_what_dynamodb_cannot_hold_is_noted(connector, engine, dynamodb, prefix):
    text = '{"long":' + "1" * 39 + ',"far":[1e126],"half":"x\\ud800","":1}'
    out = write(connector, engine, prefix, [rows.raw_record("s", text), messages.stream_state("s", {})])
    (item,) = engines.read_table(dynamodb, f"{prefix}_s")
    assert item["_airbyte_data"] == {"long": "1" * 39, "far": ["1e126"], "half": "x\ufffd", "_airbyte_empty_name": 1}
    assert [(c["field"], c["change"], c["reason"]) for c in item["_airbyte_meta"]["changes"]] == [
        ("long", "TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION"),
        ("far[0]", "TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION"),
        ("half", "TRUNCATED", "DESTINATION_SERIALIZATION_ERROR"),
        ("_airbyte_empty_name", "TRUNCATED", "DESTINATION_SERIALIZATION_ERROR"),
    ]
    assert out.states[0]["destinationStats"] == {"recordCount": 1.0, "additionalStats": {"truncatedValueCount": 4.0}}


def test_members_may_come_in_any_order(connector, engine, dynamodb, prefix):
    lines, sent = [], []
    for number, order in enumerate(itertools.permutations(["stream", "namespace", "data", "emitted_at", "meta"])):
        members = {"stream": '"s"', "namespace": '"n"', "data": f'{{"id":{number}}}', "emitted_at": str(number),
                   "meta": "null"}
        body = ", ".join(f'"{name}": {members[name]}' for name in order)
        # And the type before or behind its payload.
        lines.append(f'{{"type":"RECORD","record":{{{body}}}}}' if number % 2 else f'{{"record":{{{body}}},"type":"RECORD"}}')
        sent.append((number, number))
    write(connector, engine, prefix, lines, messages.stream("s", namespace="n"))
    found = engines.read_table(dynamodb, f"{prefix}_n_s")
    assert sorted((int(item["_airbyte_data"]["id"]), int(item["_airbyte_emitted_at"])) for item in found) == sent


NULLS = {name: None for name in ["log", "spec", "connectionStatus", "catalog", "record", "state", "trace", "control",
                                 "destination_catalog"]}


def test_explicit_nulls_everywhere(connector, engine, dynamodb, prefix):
    """As PyAirbyte writes them: every member of the protocol that is absent is there as null."""
    record = {"namespace": None, "stream": "s", "data": {"id": 1, "nothing": None}, "emitted_at": 1700000000,
              "meta": None, "file_reference": None}
    state = {"type": "STREAM", "global": None, "data": None, "sourceStats": None, "destinationStats": None,
             "stream": {"stream_descriptor": {"name": "s", "namespace": None}, "stream_state": {"c": None}}}
    status = {"type": "STREAM_STATUS", "emitted_at": 1700000000.25, "error": None, "estimate": None, "analytics": None,
              "stream_status": {"stream_descriptor": {"name": "s", "namespace": None}, "status": "COMPLETE",
                                "reasons": None}}
    log = {"level": "INFO", "message": "x", "stack_trace": None}
    body = {"name": "s", "json_schema": {}, "supported_sync_modes": ["full_refresh"], "source_defined_cursor": None,
            "default_cursor_field": None, "source_defined_primary_key": None, "namespace": None, "is_resumable": None,
            "is_file_based": None}
    catalog = {"streams": [{"stream": body, "sync_mode": "full_refresh", "destination_sync_mode": "append",
                            "cursor_field": None, "primary_key": None, "generation_id": None,
                            "minimum_generation_id": None, "sync_id": None, "include_files": None}]}
    lines = [json.dumps({**NULLS, "type": kind.upper(), kind: member})
             for kind, member in [("log", log), ("record", record), ("state", state), ("trace", status)]]
    config = messages.config(engine.endpoint, prefix, capacity=None, workers=None, dead_letter_table=None)
    outcome = connector.write(config, catalog, lines).ok()
    (item,) = engines.read_table(dynamodb, f"{prefix}_s")
    assert item["_airbyte_data"] == record["data"]
    assert item["_airbyte_emitted_at"] == 1700000000
    assert "_airbyte_generation_id" not in item and "_airbyte_meta" not in item
    assert outcome.states == [{**state, "destinationStats": {"recordCount": 1.0}}]


def test_other_messages_are_passed_over(connector, engine, dynamodb, prefix):
    lines = [
        '{"type":"LOG","log":{"level":"INFO","message":"hello"}}',
        '{"type":"TRACE","trace":{"type":"ESTIMATE","emitted_at":1.5,"estimate":{"name":"s","type":"STREAM"}}}',
        '{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.5,"stream_status":{"stream_descriptor":'
        '{"name":"s"},"status":"STARTED"}}}',
        '{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1,"connectorConfig":{"config":{}}}}',
        '{"type":"SOMETHING_NEW","something_new":[1,2]}',
        '{"type":"RECORD","new":{"a":[]},"record":{"new":1.5,"stream":"s","data":{"id":1},"emitted_at":1,"also":null},"x":1}',
        '{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.5,"stream_status":{"stream_descriptor":'
        '{"name":"s"},"status":"INCOMPLETE"}}}',
        '{"type":"RECORD","record":{"stream":"s","data":{"id":2},"emitted_at":2}}',
    ]
    outcome = write(connector, engine, prefix, lines)
    assert rows.ids(dynamodb, f"{prefix}_s") == {1: 1, 2: 1}
    assert {message["type"] for message in outcome.messages} == {"LOG"}


def test_the_attributes_beside_the_data(connector, engine, dynamodb, prefix):
    """sync_time is one for the whole run, ids are uuids of version 4 and never repeat."""
    streams = ["a", "b", "c"]
    seen, times = [], []
    for _ in range(2):
        began = time.time() * 1000 - 1000
        lines = [messages.record(name, {"id": n}) for n in range(400) for name in streams]
        write(connector, engine, prefix, lines, *streams, workers=4)
        items = [item for name in streams for item in engines.read_table(dynamodb, f"{prefix}_{name}")]
        new = [item for item in items if item["sync_time"] not in times]
        assert len(new) == 1200
        (sync_time,) = {item["sync_time"] for item in new}
        assert began < sync_time < time.time() * 1000 + 1000
        times.append(sync_time)
        seen = [item["_airbyte_ab_id"] for item in items]
    assert len(set(seen)) == 2400
    for text in seen:
        assert str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4


def test_emitted_at_keeps_its_digits(connector, engine, dynamodb, prefix):
    sent = ["0", "1", "1602637589000", "1700000000", "-1", "9007199254740993", "9" * 38]
    write(connector, engine, prefix, [rows.raw_record("s", "{}", text) for text in sent])
    found = [item["_airbyte_emitted_at"] for item in engines.read_table(dynamodb, f"{prefix}_s")]
    assert sorted(found) == sorted(map(Decimal, sent))


@pytest.mark.parametrize("ids, expected", [
    ({}, None),
    ({"generation_id": None, "minimum_generation_id": None, "sync_id": None}, None),
    ({"generation_id": 0, "minimum_generation_id": 0, "sync_id": 0}, 0),
    ({"generation_id": 12, "minimum_generation_id": 0, "sync_id": 42}, 12),
    ({"generation_id": 9007199254740993, "minimum_generation_id": 0, "sync_id": 7}, 9007199254740993),
])
def test_the_generation_id(connector, engine, dynamodb, prefix, ids, expected):
    write(connector, engine, prefix, [messages.record("s", {})], messages.stream("s", **ids))
    (item,) = engines.read_table(dynamodb, f"{prefix}_s")
    assert item.get("_airbyte_generation_id") == expected
    assert ("_airbyte_generation_id" in item) == (expected is not None)


CHANGES = [{"field": "amount", "change": "NULLED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"},
           {"field": "note", "change": "TRUNCATED", "reason": "PLATFORM_SERIALIZATION_ERROR", "more": [1, None]}]


@pytest.mark.parametrize("ids", [{}, {"generation_id": 3, "minimum_generation_id": 0, "sync_id": 42}])
def test_changes_of_the_source_are_kept(connector, engine, dynamodb, prefix, ids):
    metas = [{"changes": CHANGES}, {"changes": CHANGES[:1], "unknown": 1}, {"changes": []}, {}, None, {"changes": None}]
    lines = [messages.line({"type": "RECORD", "record": {"stream": "s", "data": {"id": n}, "emitted_at": n, "meta": meta}})
             for n, meta in enumerate(metas)]
    write(connector, engine, prefix, lines, messages.stream("s", **ids))
    found = {int(item["_airbyte_data"]["id"]): item.get("_airbyte_meta") for item in engines.read_table(dynamodb, f"{prefix}_s")}
    sync_id = {"sync_id": 42} if ids else {}
    assert found == {0: {"changes": CHANGES, **sync_id}, 1: {"changes": CHANGES[:1], **sync_id},
                     2: None, 3: None, 4: None, 5: None}
