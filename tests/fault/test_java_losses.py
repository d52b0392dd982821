"""The ways in which the Java connector lost data silently (exit 0, STATE acknowledged), row by row, and what happens here.

The rows are those of its write path: a to i in the writer, the consumer and the runner, j to o in what it wrote. Each run is
also held to what always holds (ddb_testkit/scenario.py).
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from ddb_testkit import messages
from ddb_testkit.scenario import PREFIX, Scenario, plain
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

SCENARIOS = Path(__file__).resolve().parents[1] / "data" / "scenarios"
POISON = {"name": "poison", "match": {"operation": "BatchWriteItem", "marker": "POISON"},
          "action": {"error": "ValidationException"}}


def rule(action, **match):
    return {"name": json.dumps(match), "match": {"operation": "BatchWriteItem", **match}, "action": action}


def users(count, state=None, **more):
    steps = [{"records": count, "stream": "users", **more}]
    return steps + ([{"state": state, "stream": "users"}] if state else [])


@pytest.fixture
def play(connector, start_server, certificates):
    def run(steps, rules=(), expect=None, workers=2, server=None, **more):
        file = {"about": "", "input": steps, "server": {"rules": list(rules), **(server or {})}, "expect": expect or {}, **more}
        return Scenario(file, workers).run(connector, start_server, certificates)

    return run


@pytest.fixture
def play_file(connector, start_server, certificates):
    def run(name, workers=2):
        file = json.loads((SCENARIOS / f"{name}.json").read_text())
        return Scenario(file, workers).run(connector, start_server, certificates)

    return run


@pytest.fixture
def write(connector, start_server):
    """Runs `lines`; gives the outcome and the server."""
    def run(catalog, lines, **more):
        server = start_server({})
        config = messages.config(server.endpoint, PREFIX, access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **more)
        return connector.write(config, messages.catalog(*catalog), lines), server

    return run


@pytest.mark.parametrize("action", [{"error": "InternalServerError", "status": 500}, {"reset": "after_body"}])
def test_row_a_a_failed_batch_does_not_grow_and_take_the_stream_with_it(play, action):
    """There, its 25 items and the next record made 26, which were refused for ever. The server here refuses 26 too."""
    play(users(100, "s1") + users(400, "s2"), [rule(action, to=3)])


def test_row_a_nor_does_a_refused_one(play):
    play(users(100, "s1", marked=[30], mark="POISON") + users(400, "s2"), [POISON],
         {"rejected": {"users": [30]}, "output_lacks": ["POISON"]}, config={"on_rejected_record": "skip"})


def test_row_b_one_bad_item_does_not_take_its_batch_with_it(play):
    expect = {"exit": 1, "error": {"type": "config_error", "stream": "users"}, "output_lacks": ["POISON"],
              "stored": {"users": {"exactly": ["0-11", "13-24"]}}}
    play(users(25, "s1", marked=[12], mark="POISON"), [POISON], expect)


def test_row_c_unprocessed_items_are_sent_until_they_are_stored(play):
    """There, after five resubmissions without a pause they were dropped."""
    stubborn = {"unprocessed": {"marker": "STUBBORN"}}
    play(users(60, "s1", marked=[30], mark="STUBBORN") + users(60, "s2"), [rule(stubborn, marker="STUBBORN", times=6)],
         {"requests": {"BatchWriteItem": {"min": 9}}})


def test_row_d_an_error_while_the_unprocessed_are_sent_again_loses_nothing(play):
    rules = [rule({"unprocessed": {"count": 10}}, nth=1), rule({"status": 500}, nth=2), rule({"reset": "in_body"}, nth=3)]
    play(users(25, "s1"), rules, workers=1)


def test_row_e_a_table_that_cannot_be_made_fails_the_sync(play):
    credentials = [{"access_key": ACCESS_KEY, "secret": SECRET_KEY, "denied": ["CreateTable"]}]
    play(users(100, "s1"), [], {"exit": 1, "error": {"type": "config_error", "message_has": ["CreateTable", "t_users"]},
                                "states": [], "requests": {"BatchWriteItem": {"max": 0}}}, server={"credentials": credentials})


def test_row_f_errors_of_the_last_batch_count(play):
    """Ten records: the only batch is that of the end of input."""
    play(users(10), [rule({"error": "InternalServerError", "status": 500}, to=2)])
    denied = [{"access_key": ACCESS_KEY, "secret": SECRET_KEY, "denied": ["BatchWriteItem"]}]
    play(users(10, "s1"), [], {"exit": 1, "error": {"type": "config_error", "message_has": ["BatchWriteItem"]}, "states": []},
         server={"credentials": denied})


@pytest.mark.parametrize("workers", [1, 4])
def test_row_g_no_state_is_out_before_its_records_are_stored(play, workers):
    """There, a crash lost up to 24 records a stream behind a STATE that was out."""
    steps = [step for number in range(60) for step in users(7, f"s{number}")] + [{"hold": True}]
    play(steps, [rule({"delay_ms": 20})], {"exit": -9, "states": "any"}, workers,
         end={"signal": "KILL", "after_states": 4, "plus_ms": 5})


def test_row_h_what_came_before_a_failure_is_stored_and_acknowledged(play):
    """There, a failure dropped what was buffered, though its STATE could be out already."""
    steps = users(20, "s1") + users(4) + [{"line": "{not json"}] + users(30, "s2")
    play(steps, [rule({"delay_ms": 30})], {"exit": 1, "error": {"type": "system_error", "message_has": ["line 26"]},
                                           "states": ["s1"], "stored": {"users": {"at_least": ["0-23"]}}})


@pytest.mark.parametrize("line", ['{"type":"RECORD","record":{"stream":"users","data":{"id":', '{}', '{"type":"RECORD"}'])
def test_row_i_a_malformed_line_is_not_skipped(play, line):
    play(users(30, "s1") + [{"line": line}] + users(30, "s2"), [],
         {"exit": 1, "error": {"type": "system_error", "message_has": ["line 32"]}, "states": ["s1"]})


def test_row_j_numbers_do_not_pass_through_a_double(write):
    digits = ["9007199254740993.0", "123456789.123456789123456789", "12345678901234567890.5", "0.30000000000000004",
              "3.1415926535897932384626433832795", "1e23", "-1e-7"]
    lines = [f'{{"type":"RECORD","record":{{"stream":"users","data":{{"v":{text}}},"emitted_at":1}}}}' for text in digits]
    outcome, server = write(["users"], lines)
    outcome.ok()
    found = {plain(row["item"]["_airbyte_data"])["v"] for row in server.items("t_users")}
    assert found == set(map(Decimal, digits))


def test_row_k_overwrite_without_permission_does_not_become_append(play_file):
    play_file("overwrite-without-permission")
    play_file("overwrite-of-a-protected-table")


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_row_l_streams_whose_names_collide_have_tables_of_their_own(write, mode):
    pairs = [("x", "y_z"), ("x_y", "z"), ("n", "a.b"), ("n", "a b")]
    outcome, server = write([messages.stream(name, mode, namespace=space) for space, name in pairs],
                            [messages.record(name, {"of": space + "/" + name}, space) for space, name in pairs])
    outcome.ok()
    held = [[plain(row["item"]["_airbyte_data"])["of"] for row in server.items(table)] for table in server.tables()]
    assert sorted(held) == sorted([f"{space}/{name}"] for space, name in pairs)


def test_row_m_a_table_with_other_keys_is_refused_before_the_first_record(play_file):
    play_file("table-with-other-keys")


def test_row_n_an_item_over_400_kb_harms_nobody_else(write):
    """Its largest fields are nulled or, where that is not enough, the last ones left out, and noted; one that is too large all
    the same (by its primary key) is refused alone."""
    lines = [messages.record("users", {"id": n}) for n in range(40)]
    lines[10] = messages.record("users", {"id": 10, "pad": "p" * 500_000})
    lines[20] = messages.record("users", {"id": 20, **{f"{n}{'x' * 60_000}": 0 for n in range(7)}})
    lines[30] = messages.record("users", {"id": 30, "key": "k" * 500_000})
    catalog = [messages.stream("users", primary_key=[["key"]])]
    outcome, server = write(catalog, [*lines, messages.stream_state("users", {"n": 1})], on_rejected_record="skip")
    outcome.ok()
    found = {int(plain(row["item"]["_airbyte_data"])["id"]): row["item"] for row in server.items("t_users")}
    assert set(found) == set(range(40)) - {30}
    assert plain(found[10]["_airbyte_data"])["pad"] is None
    assert plain(found[10]["_airbyte_meta"])["changes"][0]["change"] == "NULLED"
    assert 2 <= len(plain(found[20]["_airbyte_data"])) < 8
    assert plain(found[20]["_airbyte_meta"])["changes"][-1]["count"] >= 1
    stats = outcome.states[0]["destinationStats"]
    assert (stats["recordCount"], stats["rejectedRecordCount"]) == (39, 1)

    outcome, server = write(catalog, [*lines, messages.stream_state("users", {"n": 1})])
    assert outcome.code == 1 and outcome.error["failure_type"] == "config_error" and outcome.states == []
    assert {int(plain(row["item"]["_airbyte_data"])["id"]) for row in server.items("t_users")} >= set(range(30))


def test_row_o_what_dynamodb_cannot_hold_is_kept_as_text_and_noted(write):
    deep = "[" * 40 + "]" * 40
    odd = ["1" * 39, "1e126", "1e-131", deep]
    lines = [f'{{"type":"RECORD","record":{{"stream":"users","data":{{"id":{n},"v":{text}}},"emitted_at":1}}}}'
             for n, text in enumerate(odd)]
    lines += [messages.record("users", {"id": 4, "": 1})] + [messages.record("users", {"id": n}) for n in range(5, 60)]
    outcome, server = write(["users"], lines)
    outcome.ok()
    found = {int(plain(row["item"]["_airbyte_data"])["id"]): row["item"] for row in server.items("t_users")}
    assert set(found) == set(range(60))
    for number in range(60):
        assert ("_airbyte_meta" in found[number]) == (number < 5)
    for number in range(3):
        assert plain(found[number]["_airbyte_data"])["v"] == odd[number]
