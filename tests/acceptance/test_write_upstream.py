"""The cases that Airbyte's own acceptance suites put to a destination, and to the connector that this one replaces."""

import json

import pytest

from ddb_testkit import engines, messages, rows


def complete(stream):
    return messages.line({"type": "TRACE", "trace": {
        "type": "STREAM_STATUS", "emitted_at": 1602637589500.0,
        "stream_status": {"stream_descriptor": {"name": stream}, "status": "COMPLETE"}}})


def shared(start_date):
    """A GLOBAL state as their files have it: without stream_states, counts and id."""
    return messages.line({"type": "STATE", "state": {"type": "GLOBAL", "global": {
        "shared_state": {"start_date": start_date}}}})


def legacy(data):
    """And one without type."""
    return messages.line({"type": "STATE", "state": {"data": data}})


RATES = [
    (1602637589000, {"id": 1, "currency": "USD", "date": "2020-08-29T00:00:00Z", "NZD": 0.12, "HKD": 2.13}),
    (1602637689100, {"id": 1, "currency": "USD", "date": "2020-08-30T00:00:00Z", "NZD": 1.14, "HKD": 7.15}),
    (1602637789200, {"id": 2, "currency": "EUR", "date": "2020-08-31T00:00:00Z", "NZD": 1.14, "HKD": 7.15, "USD": 10.16}),
    (1602637889300, {"id": 2, "currency": "EUR", "date": "2020-08-31T00:00:00Z", "NZD": 1.14, "HKD": 7.99, "USD": 10.99}),
    (1602637989400, {"id": 2, "currency": "EUR", "date": "2020-09-01T00:00:00Z", "NZD": 1.14, "HKD": 7.15, "USD": 10.16}),
]
SECOND = {"id": 1, "currency": "USD", "date": "2020-03-31T00:00:00Z", "HKD": 10.1, "NZD": 700.1}


def rates(stream="exchange_rate", repeat=1):
    lines = []
    for _ in range(repeat):
        lines += [messages.record(stream, data, emitted_at=at) for at, data in RATES[:2]]
        lines += [shared("2020-08-31")]
        lines += [messages.record(stream, data, emitted_at=at) for at, data in RATES[2:4]]
        lines += [shared("2020-09-01")]
        lines += [messages.record(stream, RATES[4][1], emitted_at=RATES[4][0]), shared("2020-09-02")]
    return [*lines, complete(stream)]


EDGE_CASES = {
    "streamWithCamelCase": [{"data": "one"}],
    "stream_with_underscores": [{"data": "one"}, {"data": "two"}],
    "STREAM_WITH_ALL_CAPS": [],
    "stream_with_edge_case_field_names": [
        {"fieldWithCamelCase": 1, "field_with_underscore": 2, "FIELD_WITH_ALL_CAPS": 3, "field_with_spécial_character": 4,
         "field-with-dash": 5, "field with blank": 6, "1field": 7}],
    "stream-with:spécial:character_names": [{"field_with_spécial_character": "one"}],
    "CapitalCase": [{"Data": "one"}],
    "reserved_keywords": [{"order": "ascending", "group": 1, "select": None, "Size": [], "key": "#hash"}],
    "groups": [{"authorization": "into", "group": "a"}],
    "ProperCase": [{"ProperCase": "three"}],
    "stream_name": [{"some_id": n, "some_field": f"value {n}", "some_next_field": None} for n in range(101, 105)],
    "stream_name_next": [{"some_id": n, "next_field_name": f"value {n}"} for n in range(201, 204)],
    "stream_with_binary_data": [{"some_id": 303, "binary_field_name": "dGVzdA=="}],
    "stream_with_dates": [{"date": text} for text in [
        "2021-01-31T00:00:00Z", "2021-01-31T00:00:00.000Z", "2021-01-31 00:00:00+00:00", "2021-01-31T23:59:60+14:00",
        "2021-01-31", "31/01/2021", "Jan 31 2021", "99999-12-31T00:00:00Z", "-0044-03-15", "0001-01-01 BC", "24:00:00", "",
        "infinity", "1612051200"]],
}


def sync(connector, engine, prefix, streams, lines):
    outcome = connector.write(messages.config(engine.endpoint, prefix), messages.catalog(*streams), lines).ok()
    assert outcome.stderr == ""
    return outcome


def refresh(name, generation=12, **more):
    """Full refresh, overwrite, with the ids that a platform gives."""
    return messages.stream(name, "overwrite", generation_id=generation, minimum_generation_id=generation,
                           sync_id=30 + generation, **more)


def without_counts(state):
    return {name: value for name, value in state.items() if name != "destinationStats"}


def test_sync_exchange_rate(connector, engine, dynamodb, prefix):
    outcome = sync(connector, engine, prefix, [refresh("exchange_rate")], rates())
    assert rows.data_by_emitted_at(dynamodb, f"{prefix}_exchange_rate") == [rows.parse(json.dumps(d)) for _, d in RATES]
    assert [state["destinationStats"] for state in outcome.states] == [
        {"recordCount": 2.0}, {"recordCount": 2.0}, {"recordCount": 1.0}]
    assert without_counts(outcome.states[-1]) == {"type": "GLOBAL", "global": {"shared_state": {"start_date": "2020-09-02"}}}


def test_sync_edge_cases(connector, engine, dynamodb, prefix):
    lines = [messages.record(name, data, emitted_at=1602637589000 + n)
             for name, records in EDGE_CASES.items() for n, data in enumerate(records)]
    lines += [legacy({"start_date": "2020-09-02"}), *map(complete, EDGE_CASES)]
    outcome = sync(connector, engine, prefix, [refresh(name) for name in EDGE_CASES], lines)
    for name, records in EDGE_CASES.items():
        table = f"{prefix}_{name}" if ":" not in name else f"{prefix}_stream_with_special_character_names"
        assert rows.data_by_emitted_at(dynamodb, table) == records, name
    assert len(engines.table_names(dynamodb, prefix)) == len(EDGE_CASES)
    (state,) = outcome.states
    assert state == {"data": {"start_date": "2020-09-02"},
                     "destinationStats": {"recordCount": float(sum(map(len, EDGE_CASES.values())))}}


def test_sync_with_a_large_batch_of_records(connector, engine, dynamodb, prefix):
    outcome = sync(connector, engine, prefix, [refresh("exchange_rate")], rates(repeat=400))
    rows.assert_same(rows.data(dynamodb, f"{prefix}_exchange_rate"), [rows.parse(json.dumps(d)) for _, d in RATES] * 400)
    assert len(outcome.states) == 1200
    assert without_counts(outcome.states[-1])["global"] == {"shared_state": {"start_date": "2020-09-02"}}
    assert sum(state["destinationStats"]["recordCount"] for state in outcome.states) == 2000


@pytest.mark.parametrize("ids", [True, False])
def test_second_sync_overwrites(connector, engine, dynamodb, prefix, ids):
    def configured(name, generation):
        return refresh(name, generation) if ids else messages.stream(name, "overwrite")

    sync(connector, engine, prefix, [configured("exchange_rate", 12)], rates())
    sync(connector, engine, prefix, [configured("DummyCatalog", 12)], rates("DummyCatalog"))
    outcome = sync(connector, engine, prefix, [configured("exchange_rate", 13)], [
        messages.record("exchange_rate", SECOND), legacy({"checkpoint": 2}), complete("exchange_rate")])
    assert rows.data(dynamodb, f"{prefix}_exchange_rate") == [rows.parse(json.dumps(SECOND))]
    assert [without_counts(state) for state in outcome.states] == [{"data": {"checkpoint": 2}}]
    assert len(rows.data(dynamodb, f"{prefix}_DummyCatalog")) == 5


def test_line_break_characters(connector, engine, dynamodb, prefix):
    data = {**SECOND, "currency": "USD\u2028", "date": "2020-03-\n31T00:00:00Z\r"}
    for ensure_ascii in (True, False):
        record = json.dumps({"type": "RECORD", "record": {"stream": "exchange_rate", "data": data, "emitted_at": 1602637589000}},
                            ensure_ascii=ensure_ascii)
        sync(connector, engine, prefix, [refresh("exchange_rate")], [record, legacy({"checkpoint": 2})])
        assert rows.data(dynamodb, f"{prefix}_exchange_rate") == [rows.parse(json.dumps(data))]


def test_incremental_sync_appends(connector, engine, dynamodb, prefix):
    stream = messages.stream("exchange_rate", generation_id=12, minimum_generation_id=0, sync_id=42)
    sync(connector, engine, prefix, [stream], rates())
    sync(connector, engine, prefix, [stream], [
        messages.record("exchange_rate", SECOND, emitted_at=1602637990000), legacy({"checkpoint": 2})])
    assert rows.data_by_emitted_at(dynamodb, f"{prefix}_exchange_rate") == [
        rows.parse(json.dumps(d)) for d in [*(data for _, data in RATES), SECOND]]
    assert len({item["sync_time"] for item in engines.read_table(dynamodb, f"{prefix}_exchange_rate")}) == 2


def test_sync_does_not_fail_with_new_fields(connector, engine, dynamodb, prefix):
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": False}
    stream = refresh("exchange_rate")
    stream["stream"]["json_schema"] = schema
    sync(connector, engine, prefix, [stream], rates())
    data = {**SECOND, "newFieldString": "Value for new field", "newFieldNumber": 3}
    sync(connector, engine, prefix, [stream], [messages.record("exchange_rate", data), legacy({"checkpoint": 2})])
    assert rows.data(dynamodb, f"{prefix}_exchange_rate") == [rows.parse(json.dumps(data))]


def test_fields_beside_the_data(connector, engine, dynamodb, prefix):
    """testAirbyteFields, as far as it concerns a table that is not typed."""
    change = {"field": "name", "change": "NULLED", "reason": "PLATFORM_SERIALIZATION_ERROR"}
    lines = [messages.record("users", {"id": 1, "name": "joe"}, emitted_at=1602637589000),
             messages.line({"type": "RECORD", "record": {"stream": "users", "data": {"id": 2, "name": None},
                                                         "emitted_at": 1602637589001, "meta": {"changes": [change]}}}),
             # A field outside data is not of the record.
             messages.line({"type": "RECORD", "record": {"stream": "users", "data": {"id": "two"}, "name": "outside",
                                                         "emitted_at": 1602637589002}}),
             legacy({"start_date": "2020-09-02"}), complete("users")]
    stream = messages.stream("users", "overwrite", generation_id=10, minimum_generation_id=10, sync_id=100)
    sync(connector, engine, prefix, [stream], lines)
    items = sorted(engines.read_table(dynamodb, f"{prefix}_users"), key=lambda item: item["_airbyte_emitted_at"])
    assert [item["_airbyte_data"] for item in items] == [{"id": 1, "name": "joe"}, {"id": 2, "name": None}, {"id": "two"}]
    assert {item["_airbyte_generation_id"] for item in items} == {10}
    assert [item.get("_airbyte_meta") for item in items] == [None, {"changes": [change], "sync_id": 100}, None]


def test_a_clear_empties_the_stream_and_echoes_its_states(connector, engine, dynamodb, prefix):
    """What a platform sends to clear a stream: no record, a null state, COMPLETE."""
    for state in (messages.stream_state("exchange_rate", None, id=1),
                  messages.global_state(None, [("exchange_rate", None), ("not in the catalog", None)], id=2)):
        sync(connector, engine, prefix, [refresh("exchange_rate")], rates())
        outcome = sync(connector, engine, prefix, [refresh("exchange_rate", 13)], [state, complete("exchange_rate")])
        assert rows.data(dynamodb, f"{prefix}_exchange_rate") == []
        assert outcome.states == [{**json.loads(state)["state"], "destinationStats": {"recordCount": 0.0}}]


@pytest.mark.parametrize("ids", [(6, 6, 42), (2, 2, 1), (6, 6, None)], ids=str)
def test_a_truncating_append_is_refused_before_any_table_is_touched(connector, engine, dynamodb, prefix, ids):
    """A clear or a truncating refresh of a platform that sends generations. Exit 0 and the STATE would say that the rows are gone."""
    generation, minimum, sync_id = ids
    earlier = [messages.stream("users", generation_id=1, minimum_generation_id=0, sync_id=1), messages.stream("orders")]
    lines = [messages.record("users", {"id": 1}), messages.record("orders", {"id": 2})]
    sync(connector, engine, prefix, earlier, lines)
    truncate = messages.stream("users", generation_id=generation, minimum_generation_id=minimum, sync_id=sync_id)
    others = [messages.stream("orders", "overwrite"), messages.stream("new")]
    for catalog in ([truncate], [*others, truncate]):
        outcome = connector.write(messages.config(engine.endpoint, prefix), messages.catalog(*catalog),
                                  [messages.record("users", {"id": 3}), messages.stream_state("users", None), complete("users")])
        assert outcome.code == 1 and outcome.states == []
        assert outcome.error["failure_type"] == "config_error"
        assert outcome.error["stream_descriptor"] == {"name": "users"}
        for part in ("stream users", "earlier generations", "Nothing was changed", "Choose a refresh that retains records"):
            assert part in outcome.error["message"]
        assert engines.table_names(dynamodb, prefix) == [f"{prefix}_orders", f"{prefix}_users"]
        assert rows.data(dynamodb, f"{prefix}_users") == [{"id": 1}]
        assert rows.data(dynamodb, f"{prefix}_orders") == [{"id": 2}]


def test_the_ids_of_pyairbyte_append(connector, engine, dynamodb, prefix):
    """It sends 1 for all three, whatever the sync: `append` keeps what earlier runs stored. Nothing is older than that."""
    stream = messages.stream("users", generation_id=1, minimum_generation_id=1, sync_id=1)
    for n in (1, 2):
        outcome = sync(connector, engine, prefix, [stream], [messages.record("users", {"id": n}), complete("users")])
        assert not [text for level, text in outcome.logs if level == "WARN" and "generation" in text]
    assert rows.ids(dynamodb, f"{prefix}_users") == {1: 1, 2: 1}
