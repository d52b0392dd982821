"""Items around DynamoDB's size limit: which fields become null, by which engine's rule, and where it is said."""

import json

import pytest

from ddb_testkit import engines, messages, rows
from ddb_testkit.item_size import LIMIT, RULES, item_size

COUNT = 1_000
# One by one: DynamoDB Local counts 3 and dynoxide 2, then 21 and 22.
NUMBERS = {"120": "dynoxide", "-9." + "9" * 37: "dynamodb-local"}  # and who takes the item


def attribute_values(data):
    """What of `data` is used here, in DynamoDB JSON."""
    values = {"id": lambda v: {"N": str(v)}, "numbers": lambda v: {"L": [{"N": n} for n in v]}, "pad": lambda v: {"S": v}}
    return {"M": {name: values[name](value) for name, value in data.items()}}


def whole_item(data):
    """With a sync_time as any other, give or take some bytes."""
    return {"_airbyte_ab_id": {"S": "0" * 36}, "sync_time": {"N": "1764095000001"}, "_airbyte_data": attribute_values(data),
            "_airbyte_emitted_at": {"N": str(messages.EMITTED_AT)}}


def noted(field):
    return {"M": {"changes": {"L": [{"M": {"field": {"S": field}, "change": {"S": "NULLED"},
                                           "reason": {"S": "DESTINATION_RECORD_SIZE_LIMITATION"}}}]}}}


def between_the_rules(number, identity):
    """Data whose item is half of what the rules differ by over the limit by one of them, and as far below it by the other."""
    data = {"id": identity, "numbers": [number] * COUNT, "pad": ""}
    middle = sum(item_size(whole_item(data), rule) for rule in RULES.values()) // 2
    return {**data, "pad": "x" * (LIMIT - middle)}


def line(data):
    return rows.raw_record("s", json.dumps(data).replace(f'"{data["numbers"][0]}"', data["numbers"][0]))


def scan(dynamodb, table):
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"]]
    return {int(item["_airbyte_data"]["M"]["id"]["N"]): item for item in items}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("policy", ["fail", "skip"])
@pytest.mark.parametrize("number", NUMBERS, ids=["local-counts-more", "service-counts-more"])
def test_an_item_between_the_two_rules(connector, engine, dynamodb, prefix, number, policy, workers):
    """Whole where the engine's own rule takes it; else its largest field is null, and noted. Never a refused record."""
    table, large = f"{prefix}_s", between_the_rules(number, 30)
    sizes = {name: item_size(whole_item(large), rule) for name, rule in RULES.items()}
    assert {name for name, size in sizes.items() if size <= LIMIT - 100} == {NUMBERS[number]}
    assert {name for name, size in sizes.items() if size > LIMIT + 100} == set(RULES) - {NUMBERS[number]}

    lines = []
    for identity in range(60):
        lines.append(line(large) if identity == 30 else messages.record("s", {"id": identity}))
        if identity % 20 == 19:
            lines.append(messages.stream_state("s", {"up to": identity}))
    config = messages.config(engine.endpoint, prefix, workers=workers, on_rejected_record=policy)
    out = connector.write(config, messages.catalog("s"), lines).ok()

    found = scan(dynamodb, table)
    assert sorted(found) == list(range(60))
    stats = [state["destinationStats"] for state in out.states]
    warnings = [text for level, text in out.logs if level == "WARN" and "set to null" in text]
    assert stats[0] == stats[2] == {"recordCount": 20.0}
    if NUMBERS[number] == engine.name:
        assert found[30]["_airbyte_data"] == attribute_values(large)
        assert "_airbyte_meta" not in found[30]
        assert stats[1] == {"recordCount": 20.0} and warnings == []
    else:
        assert found[30]["_airbyte_data"]["M"] == {**attribute_values(large)["M"], "pad": {"NULL": True}}
        assert found[30]["_airbyte_meta"] == noted("pad")
        assert stats[1] == {"recordCount": 20.0, "additionalStats": {"nulledValueCount": 1.0}}
        assert len(warnings) == 1


@pytest.mark.parametrize("number", NUMBERS, ids=["local-counts-more", "service-counts-more"])
def test_a_primary_key_between_the_two_rules_is_kept(connector, engine, dynamodb, prefix, number):
    """The largest field is the primary key's, so the next one is null."""
    large = between_the_rules(number, 0)
    streams = messages.catalog(messages.stream("s", primary_key=[["pad"]], cursor_field=["id"]))
    out = connector.write(messages.config(engine.endpoint, prefix), streams,
                          [line(large), messages.stream_state("s", {})]).ok()
    (item,) = scan(dynamodb, f"{prefix}_s").values()
    if NUMBERS[number] == engine.name:
        assert item["_airbyte_data"] == attribute_values(large) and "_airbyte_meta" not in item
    else:
        assert item["_airbyte_data"]["M"] == {**attribute_values(large)["M"], "numbers": {"NULL": True}}
        assert item["_airbyte_meta"] == noted("numbers")
        assert out.states[0]["destinationStats"]["additionalStats"] == {"nulledValueCount": 1.0}


@pytest.mark.parametrize("number", NUMBERS, ids=["local-counts-more", "service-counts-more"])
def test_one_between_the_two_rules_that_cannot_be_smaller(connector, engine, dynamodb, prefix, number):
    """Every large field is protected: stored whole, or a refused record."""
    large = between_the_rules(number, 0)
    streams = messages.catalog(messages.stream("s", primary_key=[["pad"]], cursor_field=["numbers"]))
    config = messages.config(engine.endpoint, prefix, on_rejected_record="skip")
    out = connector.write(config, streams, [line(large), messages.stream_state("s", {})]).ok()
    found = scan(dynamodb, f"{prefix}_s")
    if NUMBERS[number] == engine.name:
        assert found[0]["_airbyte_data"] == attribute_values(large)
        assert out.states[0]["destinationStats"] == {"recordCount": 1.0}
    else:
        assert found == {}
        assert out.states[0]["destinationStats"] == {"recordCount": 0.0, "rejectedRecordCount": 1.0}
        assert any(level == "WARN" and "400 KB" in text for level, text in out.logs)


KEYS = {
    "configured": ({}, {"primary_key": [["pad"], ["nested", "id"]], "cursor_field": ["when"]}),
    "of the source": ({"source_defined_primary_key": [["pad"], ["nested", "id"]], "default_cursor_field": ["when"]},
                      {"primary_key": [], "cursor_field": []}),
    "none": ({}, {}),
}


@pytest.mark.parametrize("keys", KEYS)
def test_primary_key_and_cursor_are_never_nulled(connector, engine, dynamodb, prefix, keys):
    of_source, configured = KEYS[keys]
    data = {"id": 1, "pad": "p" * 150_000, "nested": {"id": "n" * 100_000}, "when": "w" * 90_000, "a": "a" * 60_000, "b": "b" * 70_000}
    stream = messages.stream("s", **configured)
    stream["stream"].update(of_source)
    out = connector.write(messages.config(engine.endpoint, prefix), messages.catalog(stream),
                          [messages.record("s", data), messages.stream_state("s", {})]).ok()
    (item,) = engines.read_table(dynamodb, f"{prefix}_s")
    field = "pad" if keys == "none" else "b"
    assert item["_airbyte_data"] == {**data, field: None}
    assert [change["field"] for change in item["_airbyte_meta"]["changes"]] == [field]
    assert out.states[0]["destinationStats"]["additionalStats"] == {"nulledValueCount": 1.0}


@pytest.mark.parametrize("policy", ["fail", "skip"])
def test_a_record_of_megabytes_beside_a_small_memory(connector, engine, dynamodb, prefix, policy):
    """Its text as null and noted; longer than the whole memory: by its line, or counted, and its dead letter says that it kept nothing."""
    def lines(large):
        return [messages.record("s", {"id": 1}), large, messages.record("s", {"id": 2}), messages.stream_state("s", {"n": 2})]

    dead = f"{prefix}_dead"
    config = messages.config(engine.endpoint, prefix, max_memory_mb=16, on_rejected_record=policy, dead_letter_table=dead)
    outcome = connector.write(config, messages.catalog("s"), lines(messages.record("s", {"id": 3, "pad": "x" * 3_000_000}))).ok()
    assert len(outcome.states) == 1
    found = scan(dynamodb, f"{prefix}_s")
    assert set(found) == {1, 2, 3}
    assert found[3]["_airbyte_data"]["M"]["pad"] == {"NULL": True} and found[3]["_airbyte_meta"] == noted("pad")

    outcome = connector.write(config, messages.catalog("s"), lines(messages.record("s", {"id": 4, "pad": "x" * 20_000_000})))
    if policy == "fail":
        assert outcome.code == 1 and outcome.error["failure_type"] == "config_error"
        assert "Line 2 of the input" in outcome.error["message"] and "max_memory_mb" in outcome.error["message"]
        assert not outcome.states
        return
    outcome.ok()
    assert outcome.states[0]["destinationStats"] == {"recordCount": 2.0, "rejectedRecordCount": 1.0}
    assert any(level == "WARN" and "max_memory_mb" in text and "stream s" in text for level, text in outcome.logs)
    [letter] = engines.read_table(dynamodb, dead)
    assert letter["format"] == "too long to be kept" and letter["record"] == ""


@pytest.mark.parametrize("count", [40_000, 300_000])
def test_of_very_many_small_fields_the_first_are_stored(connector, engine, dynamodb, prefix, count):
    """With the primary key and the cursor, wherever they stand, and how many are missing. 300,000 are more than is ever held."""
    data = {"first": 0, **{f"field {number}": "value" for number in range(count)}, "id": 7, "when": "now"}
    stream = messages.stream("s", primary_key=[["id"]], cursor_field=["when"])
    lines = [messages.record("s", {"id": 1}), messages.record("s", data), messages.stream_state("s", {"n": 1})]
    out = connector.write(messages.config(engine.endpoint, prefix, on_rejected_record="skip"), messages.catalog(stream), lines).ok()
    item = next(item for item in engines.read_table(dynamodb, f"{prefix}_s") if item["_airbyte_data"]["id"] == 7)
    stored = item["_airbyte_data"]
    missing = len(data) - len(stored)
    assert stored == {name: value for name, value in data.items() if name in stored}
    assert set(stored) == {"first", "id", "when", *(f"field {number}" for number in range(count - missing))}
    assert len(stored) > 15_000
    assert item["_airbyte_meta"]["changes"] == [{"field": "_airbyte_data", "change": "TRUNCATED",
                                                 "reason": "DESTINATION_RECORD_SIZE_LIMITATION", "count": missing}]
    assert out.states[0]["destinationStats"] == {"recordCount": 2.0, "additionalStats": {"nulledValueCount": float(missing)}}


@pytest.mark.parametrize("count", [7_000, 50_000])
def test_a_long_list_of_changes_is_cut(connector, engine, dynamodb, prefix, count):
    """Those that came with the record; nothing of its data is lost for them."""
    changes = [{"field": f"f{number}", "change": "NULLED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"} for number in range(count)]
    data = {"id": 1, "text": "x" * 1_000}
    record = json.loads(messages.record("s", data))
    record["record"]["meta"] = {"changes": changes}
    out = connector.write(messages.config(engine.endpoint, prefix), messages.catalog("s"),
                          [messages.line(record), messages.stream_state("s", {"n": 1})]).ok()
    item, = engines.read_table(dynamodb, f"{prefix}_s")
    assert item["_airbyte_data"] == data
    *named, last = item["_airbyte_meta"]["changes"]
    assert named == changes[:len(named)] and len(named) > 500
    assert last == {"field": "_airbyte_meta.changes", "change": "TRUNCATED", "reason": "DESTINATION_RECORD_SIZE_LIMITATION",
                    "count": count - len(named)}
    assert out.states[0]["destinationStats"] == {"recordCount": 1.0, "additionalStats": {"truncatedValueCount": 1.0}}
    assert [text for level, text in out.logs if level == "WARN" and "Stream s: 1 value was put in a form" in text]


def test_a_field_of_each_that_cannot_be_kept(connector, engine, dynamodb, prefix):
    """More notes of our own than an item can hold: NaN in 30,000 fields."""
    text = "{" + ",".join(f'"f{number}":NaN' for number in range(30_000)) + "}"
    out = connector.write(messages.config(engine.endpoint, prefix), messages.catalog("s"),
                          [rows.raw_record("s", text), messages.stream_state("s", {})]).ok()
    # The values, and the list.
    assert out.states[0]["destinationStats"]["additionalStats"] == {"truncatedValueCount": 30_001.0}
    item, = engines.read_table(dynamodb, f"{prefix}_s")
    assert item["_airbyte_data"] == {f"f{number}": "NaN" for number in range(30_000)}
    *named, last = item["_airbyte_meta"]["changes"]
    assert last["field"] == "_airbyte_meta.changes" and last["count"] + len(named) == 30_000
