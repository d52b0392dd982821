"""Streams, namespaces and tables: every record is in the table that its stream's name says."""

import hashlib

import pytest

from ddb_testkit import engines, messages, rows

# What a stream is called -> its part of the table's name. (One namespace each, so that none meets another.)
CLEANED = {
    "users": "users", "UsErS": "UsErS", "users USE special !@#$": "users_USE_special_____",
    "123identifier_name": "123identifier_name", ",identifier+name": "_identifier_name", "identifiêr name": "identifier_name",
    "a_unicode_name_文": "a_unicode_name__", "identifier__name__": "identifier__name__",
    "identifier-name.weee": "identifier_name_weee", '"identifier name"': "_identifier_name_", "identifier%": "identifier_",
    "`identifier`": "_identifier_", "  lead  trail  ": "_lead_trail_", "a\tb\nc": "a_b_c", "a\x0bb": "a_b", "a\u00a0b": "a_b",
    "a\u2028b": "a_b", "a\u0085b": "a_b", "a\u200bb": "a_b", "\u3000z": "_z", "\u0001x": "_x", "café": "cafe",
    "cafe\u0301": "cafe", "Øre": "_re", "Łódź": "_odz", "ß": "_", "İstanbul": "Istanbul", "ﬁle": "file", "Ǆ": "DZ", "①": "1",
    "½": "1_2", "²": "2", "ª": "a", "™": "TM", "ＡＢＣ": "ABC", "…end": "___end", "µ": "_", "Ω": "_", "Å": "A", "😀x": "_x",
    "こんにちは": "_____", "が": "_", "한": "___", "i0d0e0n0t0i0f0i0e0r0n0a0m0e": "i0d0e0n0t0i0f0i0e0r0n0a0m0e",
    "__identifier_name": "__identifier_name", "reserved": "reserved", "1st": "1st",
}


def write(connector, engine, prefix, streams, lines, **more):
    return connector.write(messages.config(engine.endpoint, prefix, **more), messages.catalog(*streams), lines).ok()


def test_names_are_cleaned(connector, engine, dynamodb, prefix):
    streams = [messages.stream(name, namespace=f"n{n}") for n, name in enumerate(CLEANED)]
    lines = [messages.record(name, {"id": n, "name": name}, f"n{n}") for n, name in enumerate(CLEANED)]
    lines += [messages.stream_state(name, {"of": name}, f"n{n}") for n, name in enumerate(CLEANED)]
    outcome = write(connector, engine, prefix, streams, lines)
    for n, (name, cleaned) in enumerate(CLEANED.items()):
        assert rows.data(dynamodb, f"{prefix}_n{n}_{cleaned}") == [{"id": n, "name": name}], name
    assert len(engines.table_names(dynamodb, prefix)) == len(CLEANED)
    assert {(s["stream"]["stream_state"]["of"], s["destinationStats"]["recordCount"]) for s in outcome.states} == {
        (name, 1.0) for name in CLEANED}


# The prefix is the test's own with this behind it; `...` takes the test's own away.
@pytest.mark.parametrize("behind, namespace, stream, table", [
    ("test_table", "test_namespace", "test_stream", "test_table_test_namespace_test_stream"),
    ("integration-test", None, "exchange_rate", "integration-test_exchange_rate"),
    ("airbyte_sync", "public", "users", "airbyte_sync_public_users"),
    ("airbyte_sync", "public", "stream-with:spécial:character_names",
     "airbyte_sync_public_stream_with_special_character_names"),
    ("airbyte_sync", "", "users", "airbyte_sync_users"),
    ("a.b-c", "my ns", "1st", "a.b-c_my_ns_1st"),
    ("p", "x", "y_z", "p_x_y_z"),
    ("", "dest_1001_namespace", "s", "_dest_1001_namespace_s"),
    ("", "namespace_with_spécial_character", "s", "_namespace_with_special_character_s"),
    ("", "99namespace", "s", "_99namespace_s"),
])
def test_the_worked_examples(connector, engine, dynamodb, prefix, behind, namespace, stream, table):
    streams = [messages.stream(stream, namespace=namespace)]
    write(connector, engine, prefix + behind, streams, [messages.record(stream, {"id": 1}, namespace)])
    assert engines.table_names(dynamodb, prefix) == [prefix + table]
    assert rows.data(dynamodb, prefix + table) == [{"id": 1}]


def test_an_empty_prefix(connector, engine, dynamodb, prefix):
    try:
        write(connector, engine, "", [messages.stream("s", namespace=prefix)], [messages.record("s", {"id": 1}, prefix)])
        assert rows.data(dynamodb, f"_{prefix}_s") == [{"id": 1}]
    finally:
        engines.delete_tables(dynamodb, f"_{prefix}")


def hashed(namespace, name, digits=8):
    return "_" + hashlib.sha256(f"{namespace}\0{name}".encode()).hexdigest()[:digits]


def test_streams_that_would_share_a_table_are_kept_apart(connector, engine, dynamodb, prefix):
    pairs = [("x", "y_z"), ("x_y", "z"), ("n", "a.b"), ("n", "a b"), ("n", "plain")]
    streams = [messages.stream(name, "overwrite", namespace=namespace) for namespace, name in pairs]
    lines = [messages.record(name, {"of": [namespace, name]}, namespace) for namespace, name in pairs]
    for order in (streams, streams[::-1]):
        write(connector, engine, prefix, order, lines)
        for (namespace, name), cleaned in zip(pairs, ["x_y_z", "x_y_z", "n_a_b", "n_a_b"]):
            assert rows.data(dynamodb, f"{prefix}_{cleaned}{hashed(namespace, name)}") == [{"of": [namespace, name]}]
        assert rows.data(dynamodb, f"{prefix}_n_plain") == [{"of": ["n", "plain"]}]
        assert len(engines.table_names(dynamodb, prefix)) == len(pairs)


def tables_of(outcome):
    """What the log says: {stream: table}."""
    found = [text.split(" -> table ") for _, text in outcome.logs if text.startswith("Stream ") and " -> table " in text]
    return {stream.removeprefix("Stream "): rest.split(" ")[0] for stream, rest in found}


def warnings_of(outcome, *words):
    return [text for level, text in outcome.logs if level == "WARN" and all(word in text for word in words)]


@pytest.mark.parametrize("old, newcomer", [("a_b", "a.b"), ("a.b", "a_b"), ("a b", "a\u0301-b")])
def test_a_newcomer_that_meets_an_old_stream(connector, engine, dynamodb, prefix, old, newcomer):
    """The table of old rows is told of and left alone, and what comes after it does not depend on who else is there."""
    plain = f"{prefix}_a_b"
    write(connector, engine, prefix, [old], [messages.record(old, {"of": old, "run": 0})])
    own = {stream: plain + "_" + hashlib.sha256(b"\xff\0" + stream.encode()).hexdigest()[:8] for stream in (old, newcomer)}
    for run, catalog in enumerate([[old, newcomer], [newcomer, old], [old], [newcomer]], 1):
        outcome = write(connector, engine, prefix, catalog, [messages.record(s, {"of": s, "run": run}) for s in catalog])
        assert tables_of(outcome) == {stream: own[stream] for stream in catalog}
        # Once: from then on each has a table that is known to be its own.
        assert len(warnings_of(outcome, plain + ",", own[old], own[newcomer])) == (1 if run == 1 else 0)
    assert rows.data(dynamodb, plain) == [{"of": old, "run": 0}]
    rows.assert_same(rows.data(dynamodb, own[old]), [{"of": old, "run": run} for run in (1, 2, 3)])
    rows.assert_same(rows.data(dynamodb, own[newcomer]), [{"of": newcomer, "run": run} for run in (1, 2, 4)])


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize("stream, namespace, table", [("a b", None, "a_b"), ("a.b", None, "a_b"), ("b", "a-1", "a_1_b"),
                                                      ("caf\u00e9", None, "cafe")])
def test_a_table_whose_name_does_not_tell_whose_it_is(connector, engine, dynamodb, prefix, mode, stream, namespace, table):
    """Two connections with one prefix: the one knows nothing of the other, so it says that this can be."""
    other = table if namespace is None else "1_b"
    other_namespace = None if namespace is None else "a"
    first = write(connector, engine, prefix, [messages.stream(other, namespace=other_namespace)],
                  [messages.record(other, {"run": 0}, other_namespace)])
    again = write(connector, engine, prefix, [messages.stream(other, namespace=other_namespace)],
                  [messages.record(other, {"run": 0}, other_namespace)])
    mine = [messages.stream(stream, mode, namespace=namespace), messages.stream("new one")]
    outcome = write(connector, engine, prefix, mine, [messages.record(stream, {"run": 1}, namespace)])
    display = stream if namespace is None else f"{namespace}.{stream}"
    assert len(warnings_of(outcome, f": {display} ({prefix}_{table}). ", "dynamodb_table_name_prefix")) == 1, outcome.logs
    # Not of names that are used as they are, nor of tables that are new.
    assert not warnings_of(first, "dynamodb_table_name_prefix") and not warnings_of(again, "dynamodb_table_name_prefix")
    assert not warnings_of(outcome, "new one")
    expected = [{"run": 0}, {"run": 0}] if mode == "append" else []
    rows.assert_same(rows.data(dynamodb, f"{prefix}_{table}"), [*expected, {"run": 1}])


def test_a_stream_that_is_called_as_anothers_table_with_digits(connector, engine, dynamodb, prefix):
    """Never in silence: told of where it stands alone, refused beside the other one, whose rows stay as they are."""
    both = ["a.b", "a_b"]
    tables = tables_of(write(connector, engine, prefix, both, [messages.record(s, {"of": s}) for s in both]))
    name = tables["a.b"].removeprefix(f"{prefix}_")
    before = {table: rows.data(dynamodb, table) for table in tables.values()}
    config = messages.config(engine.endpoint, prefix)
    for mode in ("append", "overwrite"):
        outcome = connector.write(config, messages.catalog(*both, messages.stream(name, mode)), [messages.record(name, {"of": name})])
        assert outcome.code == 1 and outcome.error["failure_type"] == "config_error"
        assert f'"{name}"' in outcome.error["message"] and '"a.b"' in outcome.error["message"]
    assert {table: rows.data(dynamodb, table) for table in tables.values()} == before
    outcome = write(connector, engine, prefix, [name], [messages.record(name, {"of": name})])
    assert len(warnings_of(outcome, f"table {prefix}_{name},", f"the name {prefix}_a_b,")) == 1


def test_clearing_one_of_two_that_met_clears_its_own_table(connector, engine, dynamodb, prefix):
    """The catalog of a clear has the cleared streams only."""
    streams = ["n.a", "n_a", "other"]
    write(connector, engine, prefix, streams, [messages.record(s, {"of": s}) for s in streams])
    outcome = write(connector, engine, prefix, [messages.stream("n.a", "overwrite")], [])
    table = tables_of(outcome)["n.a"]
    assert rows.data(dynamodb, table) == []
    left = [row for name in engines.table_names(dynamodb, prefix) for row in rows.data(dynamodb, name)]
    rows.assert_same(left, [{"of": "n_a"}, {"of": "other"}])


@pytest.mark.parametrize("first, second", [("", None), (None, ""), ("", "")])
def test_an_empty_namespace_is_none_also_in_the_next_sync(connector, engine, dynamodb, prefix, first, second):
    for run, namespace in enumerate((first, second)):
        outcome = write(connector, engine, prefix, [messages.stream("s", namespace=namespace)],
                        [messages.record("s", {"run": run}, namespace)])
        assert tables_of(outcome) == {"s": f"{prefix}_s"}
    rows.assert_same(rows.data(dynamodb, f"{prefix}_s"), [{"run": 0}, {"run": 1}])


def test_the_table_of_an_empty_namespace_that_was_there_before(connector, engine, dynamodb, prefix):
    """Version 1.0.0 gave a stream "s" of the namespace "" the table of a stream "_s" without one."""
    write(connector, engine, prefix, ["_s"], [messages.record("_s", {"run": 0})])
    outcome = write(connector, engine, prefix, [messages.stream("s", namespace="")], [messages.record("s", {"run": 1}, "")])
    assert tables_of(outcome) == {"s": f"{prefix}__s"}
    assert len(warnings_of(outcome, f"{prefix}__s", f"{prefix}_s.")) == 1
    rows.assert_same(rows.data(dynamodb, f"{prefix}__s"), [{"run": 0}, {"run": 1}])


def test_a_name_that_is_too_long_is_cut(connector, engine, dynamodb, prefix):
    name = "long" * 75
    write(connector, engine, prefix, [messages.stream(name, namespace="n")], [messages.record(name, {"id": 1}, "n")])
    (table,) = engines.table_names(dynamodb, prefix)
    assert len(table) == 255 and table.endswith(hashed("n", name)) and table.startswith(f"{prefix}_n_longlong")
    assert rows.data(dynamodb, table) == [{"id": 1}]


def test_one_name_in_several_namespaces(connector, engine, dynamodb, prefix):
    namespaces = [None, "one", "two"]
    lines = [messages.record("s", {"of": namespace, "id": n}, namespace) for n in range(60) for namespace in namespaces]
    lines += [messages.stream_state("s", {"of": namespace}, namespace) for namespace in namespaces]
    streams = [messages.stream("s", namespace=namespace) for namespace in namespaces]
    outcome = write(connector, engine, prefix, streams, lines, workers=2)
    for namespace, table in zip(namespaces, ["s", "one_s", "two_s"]):
        rows.assert_same(rows.data(dynamodb, f"{prefix}_{table}"), [{"of": namespace, "id": n} for n in range(60)])
    assert sorted(s["destinationStats"]["recordCount"] for s in outcome.states) == [60.0] * 3


@pytest.mark.parametrize("configured, sent", [(None, ""), ("", None)])
def test_no_namespace_and_an_empty_one_are_one(connector, engine, dynamodb, prefix, configured, sent):
    lines = [messages.record("s", {"id": 1}, sent), messages.stream_state("s", {}, sent)]
    outcome = write(connector, engine, prefix, [messages.stream("s", namespace=configured)], lines)
    (table,) = engines.table_names(dynamodb, prefix)
    assert rows.data(dynamodb, table) == [{"id": 1}]
    assert outcome.states[0]["destinationStats"] == {"recordCount": 1.0}


@pytest.mark.parametrize("workers", [1, 4])
def test_many_streams_at_once(connector, engine, dynamodb, prefix, workers):
    names = [f"s{n:02}" for n in range(60)]
    lines = []
    for n in range(40):
        lines += [messages.record(name, {"id": n, "of": name}) for name in names]
        if n % 10 == 9:
            lines += [messages.stream_state(name, {"n": n}) for name in names]
    outcome = write(connector, engine, prefix, names, lines, workers=workers)
    for name in names:
        rows.assert_same(rows.data(dynamodb, f"{prefix}_{name}"), [{"id": n, "of": name} for n in range(40)])
        of_it = [s for s in outcome.states if s["stream"]["stream_descriptor"]["name"] == name]
        assert [s["stream"]["stream_state"]["n"] for s in of_it] == [9, 19, 29, 39]
        assert [s["destinationStats"]["recordCount"] for s in of_it] == [10.0] * 4


def test_append_and_overwrite_side_by_side(connector, engine, dynamodb, prefix):
    streams = [messages.stream("kept"), messages.stream("replaced", "overwrite")]
    for run in range(3):
        lines = [messages.record(name, {"run": run, "id": n}) for n in range(30) for name in ("kept", "replaced")]
        write(connector, engine, prefix, streams, lines, capacity={"mode": "on_demand"})
    rows.assert_same(rows.data(dynamodb, f"{prefix}_kept"), [{"run": run, "id": n} for run in range(3) for n in range(30)])
    rows.assert_same(rows.data(dynamodb, f"{prefix}_replaced"), [{"run": 2, "id": n} for n in range(30)])
