"""STATEs: which come out, with which bytes, which counts and in which order. What stands before them is in the table."""

import json
import re

import pytest

from ddb_testkit import engines, messages, rows

STATS = re.compile(r',?"destinationStats":\{"recordCount":(\d+\.0)\}')


def write(connector, engine, prefix, lines, *streams, **more):
    return connector.write(messages.config(engine.endpoint, prefix, **more), messages.catalog(*(streams or ["s"])), lines)


def states_text(outcome):
    """The lines of stdout that are STATEs, as they are."""
    return [line for line in outcome.stdout.splitlines() if json.loads(line).get("type") == "STATE"]


def records(count, stream="s", first=0, namespace=None):
    return [messages.record(stream, {"id": first + n}, namespace) for n in range(count)]


# Whatever a state holds comes out as it came in.
BLOBS = {
    "plain": '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"c":1}}}}',
    "big numbers": '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":'
                   '{"lsn":18446744073709551615,"scn":123456789012345678901234567890.10,"e":1E400,"z":-0.0,"f":1.50}}}}',
    "id and counts of the source": '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},'
                                   '"stream_state":{}},"id":9007199254740993,"sourceStats":{"recordCount":3.0,"more":1.5}}}',
    "id as text": '{"type":"STATE","state":{"id":"x-1","type":"STREAM","stream":{"stream_descriptor":{"name":"s"}}}}',
    "null state": '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s","namespace":null},'
                  '"stream_state":null}}}',
    "white space": ' { "type" : "STATE" ,\t"state": { "type": "STREAM", "stream" : {"stream_state": [ 1 , 2 ] ,'
                   '"stream_descriptor":{ "name" : "s" } } }  }  ',
    "unknown members": '{"x":[{"state":{}}],"type":"STATE","state":{"new":{"destinationStats":null},"type":"STREAM","stream":'
                       '{"new":null,"stream_descriptor":{"name":"s","new":0},"stream_state":{"type":"GLOBAL"}},"y":{}},"z":"}"}',
    "escapes": '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"na\\u006de":"\\u0073"},"stream_state":'
               '{"a":"\\"\\\\\\/\\u2028\\ud83d\\ude00é😀","é\\u0000":"}{]["}}}}',
    "payload first": '{"state":{"stream":{"stream_descriptor":{"name":"s"},"stream_state":{}},"type":"STREAM"},"type":"STATE"}',
    "long": '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":"'
            + "x" * 200_000 + '"}}}',
    "global": '{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"lsn":18446744073709551615},"stream_states":'
              '[{"stream_descriptor":{"name":"s"},"stream_state":{"a":1.10}},{"stream_descriptor":{"name":"gone"}}],"x":1},"id":3}}',
    "global of hardly anything": '{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":null,"stream_states":'
                                 '[{"stream_descriptor":{"name":"s","x":[]},"y":1},{}],"stream_state":7},"z":null}}',
    "global with data only": '{"type":"STATE","state":{"type":"GLOBAL","data":{"cursor":1}}}',
    "global with neither": '{"type":"STATE","state":{"type":"GLOBAL"}}',
    "legacy with nothing": '{"type":"STATE","state":{"type":"LEGACY"}}',
    "global without states": '{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":null}}}',
    "legacy": '{"type":"STATE","state":{"type":"LEGACY","data":{"cursor":12345678901234567890123,"s":{"type":"STREAM"}}}}',
    "legacy by its member": '{"type":"STATE","state":{"data":{"cursor":1.0}}}',
    "legacy, type null": '{"type":"STATE","state":{"type":null,"stream":null,"global":null,"data":{"cursor":1}}}',
    "stream by its member": '{"type":"STATE","state":{"stream":{"stream_descriptor":{"name":"s"}},"global":null,"data":null}}',
    "stream, type null": '{"type":"STATE","state":{"type":null,"stream":{"stream_descriptor":{"name":"s"}},"data":{}}}',
    "global by its member": '{"type":"STATE","state":{"global":{"shared_state":{"a":1}},"stream":null,"data":null}}',
    "global, type null": '{"type":"STATE","state":{"type":null,"stream":null,"global":{"shared_state":{"a":1}}}}',
}


@pytest.mark.parametrize("name", BLOBS)
def test_a_state_comes_out_byte_by_byte(connector, engine, prefix, name):
    outcome = write(connector, engine, prefix, [*records(3), BLOBS[name], BLOBS[name]]).ok()
    first, second = states_text(outcome)
    assert STATS.findall(first) == ["3.0"] and STATS.findall(second) == ["0.0"]
    assert STATS.sub("", first) == BLOBS[name]
    assert STATS.sub("", second) == BLOBS[name]
    assert json.loads(first)["state"]["destinationStats"] == {"recordCount": 3.0}


@pytest.mark.parametrize("there", ["null", '{"recordCount":99.0,"rejectedRecordCount":1.0}', "{}", '"x"', "[1]"])
@pytest.mark.parametrize("template", [
    '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"}},"destinationStats":%s,"id":1}}',
    '{"type":"STATE","state":{"destinationStats" : %s , "type":"GLOBAL","global":{"shared_state":{}}}}',
    '{"type":"STATE","state":{"type":"LEGACY","data":{"destinationStats":null},"destinationStats":%s}}',
])
def test_counts_that_are_there_are_replaced(connector, engine, prefix, template, there):
    outcome = write(connector, engine, prefix, [*records(2), template % there]).ok()
    assert states_text(outcome) == [template % '{"recordCount":2.0}']


def test_counts_of_stream_states_are_of_their_stream_since_the_last_one(connector, engine, prefix):
    lines = [*records(3, "a"), *records(5, "b"), messages.stream_state("a", 1), *records(2, "a"), *records(1, "b"),
             messages.stream_state("b", 1), messages.stream_state("a", 2), messages.stream_state("a", 3), *records(4, "a"),
             messages.stream_state("b", 2), messages.stream_state("a", 4), *records(7, "b")]
    outcome = write(connector, engine, prefix, lines, "a", "b").ok()
    found = {(s["stream"]["stream_descriptor"]["name"], s["stream"]["stream_state"]): s["destinationStats"]["recordCount"]
             for s in outcome.states}
    assert found == {("a", 1): 3.0, ("a", 2): 2.0, ("a", 3): 0.0, ("a", 4): 4.0, ("b", 1): 6.0, ("b", 2): 0.0}


@pytest.mark.parametrize("make", [messages.global_state, messages.legacy_state])
def test_counts_of_other_states_are_of_all_streams(connector, engine, prefix, make):
    lines = [*records(3, "a"), make({"n": 0}), *records(5, "b"), *records(2, "a"), make({"n": 1}), make({"n": 2}),
             *records(1, "b"), make({"n": 3})]
    outcome = write(connector, engine, prefix, lines, "a", "b", workers=2).ok()
    body = [s.get("global", {}).get("shared_state") or s.get("data") for s in outcome.states]
    assert [(blob["n"], s["destinationStats"]["recordCount"]) for blob, s in zip(body, outcome.states)] == [
        (0, 3.0), (1, 7.0), (2, 0.0), (3, 1.0)]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_states_of_a_stream_keep_their_order(connector, engine, dynamodb, prefix, workers):
    names, lines, count = ["a", "b", "c"], [], {}
    for n in range(300):
        for name in names[:1 + n % 3]:
            lines += records(1 + n % 7, name, first=count.get(name, 0))
            count[name] = count.get(name, 0) + 1 + n % 7
            lines.append(messages.stream_state(name, {"n": n, "so far": count[name]}, id=n))
    outcome = write(connector, engine, prefix, lines, *names, workers=workers).ok()
    for name in names:
        of_it = [s for s in outcome.states if s["stream"]["stream_descriptor"]["name"] == name]
        assert [s["id"] for s in of_it] == [n for n in range(300) if name in names[:1 + n % 3]]
        total = 0
        for state in of_it:
            total += state["destinationStats"]["recordCount"]
            assert total == state["stream"]["stream_state"]["so far"]
        assert rows.ids(dynamodb, f"{prefix}_{name}") == {n: 1 for n in range(count[name])}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_global_states_keep_their_order(connector, engine, prefix, workers):
    lines = []
    for n in range(300):
        lines += [*records(n % 5, "a"), *records(n % 3, "b"), messages.global_state({"n": n})]
    outcome = write(connector, engine, prefix, lines, "a", "b", workers=workers).ok()
    assert [s["global"]["shared_state"]["n"] for s in outcome.states] == list(range(300))
    assert [s["destinationStats"]["recordCount"] for s in outcome.states] == [float(n % 5 + n % 3) for n in range(300)]


@pytest.mark.parametrize("descriptor", [{"name": "gone"}, {"name": "s", "namespace": "gone"}])
def test_a_state_of_an_unknown_stream_is_echoed(connector, engine, prefix, descriptor):
    line = messages.line({"type": "STATE", "state": {"type": "STREAM", "stream": {"stream_descriptor": descriptor,
                                                                                  "stream_state": {"a": 1}}, "id": 1}})
    outcome = write(connector, engine, prefix, [*records(3), line, messages.stream_state("s", {})]).ok()
    counts = {json.dumps(s["stream"]["stream_descriptor"]): s["destinationStats"] for s in outcome.states}
    assert counts == {json.dumps(descriptor): {"recordCount": 0.0}, '{"name": "s"}': {"recordCount": 3.0}}
    assert line in [STATS.sub("", text) for text in states_text(outcome)]


def test_no_record_at_all(connector, engine, dynamodb, prefix):
    outcome = write(connector, engine, prefix, [messages.stream_state("s", {"c": 1})]).ok()
    assert [s["destinationStats"] for s in outcome.states] == [{"recordCount": 0.0}]
    assert engines.count_items(dynamodb, f"{prefix}_s") == 0
    assert write(connector, engine, prefix, []).ok().states == []


KINDS = {"STREAM": messages.stream_state("s", {"n": 1}), "GLOBAL": messages.global_state({"n": 1}),
         "LEGACY": messages.legacy_state({"n": 1})}


@pytest.mark.parametrize("first, second", [("STREAM", "GLOBAL"), ("GLOBAL", "STREAM"), ("STREAM", "LEGACY"),
                                           ("LEGACY", "STREAM")])
def test_kinds_may_not_be_mixed(connector, engine, dynamodb, prefix, first, second):
    lines = [*records(30), KINDS[first], *records(30, first=30), KINDS[second], *records(30, first=60), KINDS[second]]
    outcome = write(connector, engine, prefix, lines)
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "system_error"
    assert "mixes STREAM states" in outcome.error["message"]
    # Never the second one. The first one is out, since it was not mixed yet.
    assert [s["type"] for s in outcome.states] == [first]
    assert outcome.states[0]["destinationStats"] == {"recordCount": 30.0}
    assert set(range(30)) <= set(rows.ids(dynamodb, f"{prefix}_s"))
    assert outcome.stderr == ""


def status(stream, status, namespace=None):
    return messages.line({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": {
        "stream_descriptor": messages.descriptor(stream, namespace), "status": status}}})


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("sent", [None, ""], ids=["none", "empty"])
def test_messages_without_namespace_are_of_the_only_stream_of_their_name(connector, engine, dynamodb, prefix, workers, sent):
    """As sources send them that read from a cache. A STATE covers what was stored as its stream's, and it is said once."""
    catalog = messages.catalog(messages.stream("users", namespace="osos"), messages.stream("orders", namespace="osos"), "plain")
    lines = [status("users", "STARTED", sent)]
    for n in range(200):
        lines += [messages.record("users", {"id": n}, sent), messages.record("orders", {"id": n}, "osos" if n % 2 else sent),
                  messages.record("plain", {"id": n}, sent)]
        if n % 50 == 49:
            lines += [messages.stream_state(name, {"n": n}, sent) for name in ("users", "orders", "plain")]
    lines.append(status("users", "COMPLETE", sent))
    outcome = connector.write(messages.config(engine.endpoint, prefix, workers=workers), catalog, lines).ok()
    for table in ("osos_users", "osos_orders", "plain"):
        assert rows.ids(dynamodb, f"{prefix}_{table}") == {n: 1 for n in range(200)}
    assert [state["destinationStats"] for state in outcome.states] == [{"recordCount": 50.0}] * 12
    told = [text for level, text in outcome.logs if level == "WARN" and "without a namespace" in text]
    assert sorted(text.split("taken for ")[1].split(",")[0] for text in told) == ["osos.orders", "osos.users"]


@pytest.mark.parametrize("kind, policy", [("record", "fail"), ("record", "skip"), ("bad record", "skip"), ("state", "fail"),
                                          ("state", "skip"), ("status", "fail")])
def test_no_stream_is_guessed_of_several_of_one_name(connector, engine, dynamodb, prefix, kind, policy):
    catalog = messages.catalog(messages.stream("users", namespace="a"), messages.stream("users", namespace="b"))
    before = [messages.record("users", {"id": 1}, "a"), messages.stream_state("users", {"n": 1}, "a")]
    line = {"record": messages.record("users", {"id": 2}), "bad record": messages.record("users", []),
            "state": messages.stream_state("users", {"n": 2}), "status": status("users", "INCOMPLETE")}[kind]
    config = messages.config(engine.endpoint, prefix, on_rejected_record=policy)
    outcome = connector.write(config, catalog, [*before, line, messages.record("users", {"id": 3}, "b")])
    assert outcome.code == 1
    message = outcome.error["message"]
    assert outcome.error["failure_type"] == "config_error"
    assert "Line 3 of the input" in message and "users" in message and ": a, b." in message and "namespace" in message
    assert [state["stream"]["stream_state"] for state in outcome.states] == [{"n": 1}]
    assert rows.ids(dynamodb, f"{prefix}_a_users") == {1: 1}


def test_a_stream_without_namespace_is_meant_before_others_of_its_name(connector, engine, dynamodb, prefix):
    catalog = messages.catalog(messages.stream("users", namespace="a"), "users")
    lines = [messages.record("users", {"id": 1}), messages.record("users", {"id": 2}, "a"), messages.stream_state("users", {"n": 1})]
    outcome = connector.write(messages.config(engine.endpoint, prefix), catalog, lines).ok()
    assert rows.ids(dynamodb, f"{prefix}_users") == {1: 1} and rows.ids(dynamodb, f"{prefix}_a_users") == {2: 1}
    assert not [text for _, text in outcome.logs if "without a namespace" in text]


def test_of_hundreds_of_streams_without_namespace_some_are_named(connector, engine, prefix):
    names = [f"s{n}" for n in range(60)]
    catalog = messages.catalog(*[messages.stream(name, namespace="n") for name in names])
    lines = [messages.stream_state(name, {}) for name in names * 2]
    outcome = connector.write(messages.config(engine.endpoint, prefix), catalog, lines).ok()
    assert len(outcome.states) == 120
    assert len([text for _, text in outcome.logs if "without a namespace" in text]) == 21
