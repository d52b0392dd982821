"""What writers of JSON put into it and is none: NaN and the infinities as bare words, bytes that are not UTF-8; and times of
emission with a point or an exponent. None of it ends a sync, and what cannot be kept as it is is noted."""

import gzip
import json
from decimal import Decimal

import pytest

from ddb_testkit import engines, messages, rows

TEXT = ("TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION")
REPLACED = ("TRUNCATED", "DESTINATION_SERIALIZATION_ERROR")


def raw_line(data, emitted_at="1", more=""):
    """A RECORD of any bytes."""
    encoded = [part if isinstance(part, bytes) else part.encode() for part in (data, emitted_at, more)]
    return b'{"type":"RECORD","record":{"stream":"s","data":%b,"emitted_at":%b%b}}' % tuple(encoded)


def write(connector, engine, prefix, lines, **more):
    text = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    return connector.write_raw(messages.config(engine.endpoint, prefix, **more), messages.catalog("s"), text)


def only_item(dynamodb, prefix):
    item, = engines.read_table(dynamodb, f"{prefix}_s")
    return item


def noted(item):
    return [(change["field"], (change["change"], change["reason"])) for change in item.get("_airbyte_meta", {}).get("changes", [])]


def test_words_of_python_are_kept_as_text_and_noted(connector, engine, dynamodb, prefix):
    data = {"id": 1, "score": float("nan"), "list": [1, float("inf"), {"low": float("-inf")}], "text": "NaN", "Infinity": None}
    lines = [raw_line(json.dumps(data)), messages.stream_state("s", {"n": 1})]
    outcome = write(connector, engine, prefix, lines).ok()
    item = only_item(dynamodb, prefix)
    assert item["_airbyte_data"] == {"id": 1, "score": "NaN", "list": [1, "Infinity", {"low": "-Infinity"}], "text": "NaN", "Infinity": None}
    assert noted(item) == [("score", TEXT), ("list[1]", TEXT), ("list[2].low", TEXT)]
    assert outcome.states[0]["destinationStats"] == {"recordCount": 1.0, "additionalStats": {"truncatedValueCount": 3.0}}


@pytest.mark.parametrize("workers", [1, 3])
def test_such_records_among_others(connector, engine, dynamodb, prefix, workers):
    """Each kind many times, between good records; the same with skip, which has nothing to skip."""
    kinds = [b'{"id":%d}', b'{"id":%d,"x":NaN}', b'{"id":%d,"x":"caf\xe9"}', b'{"id":%d,"caf\xe9":-Infinity}', b'{"x":[[NaN]],"id":%d}']
    lines = [raw_line(kinds[number % len(kinds)] % number) for number in range(1_000)]
    lines.append(messages.stream_state("s", {"n": 1}))
    outcome = write(connector, engine, prefix, lines, workers=workers, on_rejected_record="skip").ok()
    assert rows.ids(dynamodb, f"{prefix}_s") == {number: 1 for number in range(1_000)}
    stats = outcome.states[0]["destinationStats"]
    assert stats == {"recordCount": 1000.0, "additionalStats": {"truncatedValueCount": 1000.0}}
    assert not [text for level, text in outcome.logs if "skipped" in text]


BROKEN = {
    "Latin-1": (b"caf\xe9", "caf\ufffd"),
    "Windows-1252": (b"\x93quoted\x94", "\ufffdquoted\ufffd"),
    "a continuation alone": (b"a\x80b", "a\ufffdb"),
    "overlong": (b"\xc0\xaf", "\ufffd\ufffd"),
    "CESU-8": (b"\xed\xa0\xbd\xed\xb8\x80", "\ufffd" * 6),
    "past the last character": (b"\xf4\x90\x80\x80", "\ufffd" * 4),
    "cut off at the end": (b"x\xf0\x9f\x98", "x\ufffd"),
    "cut off before an escape": (b"\xe2\x82\\n", "\ufffd\n"),
    "Shift-JIS": ("テスト".encode("shift-jis").replace(b"\\", b"\\\\"), "テスト".encode("shift-jis").decode(errors="replace")),
    "long": (b"x" * 70_000 + b"\xff" + b"y" * 70_000, "x" * 70_000 + "\ufffd" + "y" * 70_000),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_bytes_that_are_no_utf_8_are_replaced_and_noted(connector, engine, dynamodb, prefix, kind):
    sent, stored = BROKEN[kind]
    assert sent.decode(errors="replace").replace("\\n", "\n") == stored  # as Python, and browsers, have it
    lines = [raw_line(b'{"id":1,"good":"caf\xc3\xa9","bad":["' + sent + b'"]}'), messages.stream_state("s", {"n": 1})]
    outcome = write(connector, engine, prefix, lines).ok()
    item = only_item(dynamodb, prefix)
    assert item["_airbyte_data"] == {"id": 1, "good": "café", "bad": [stored]}
    assert noted(item) == [("bad[0]", REPLACED)]
    assert len(outcome.states) == 1


def test_names_that_are_no_utf_8_stay_apart(connector, engine, dynamodb, prefix):
    write(connector, engine, prefix, [raw_line(b'{"caf\xe9":1,"caf\xe8":2,"caf":3}')]).ok()
    item = only_item(dynamodb, prefix)
    assert item["_airbyte_data"] == {"caf\ufffd": 1, "caf\ufffd_2": 2, "caf": 3}
    assert noted(item) == [("caf\ufffd", REPLACED), ("caf\ufffd_2", REPLACED)]


OUTSIDE = {
    "a log line in Latin-1": b'{"type":"LOG","log":{"level":"INFO","message":"caf\xe9"}}',
    "a trace with NaN": b'{"type":"TRACE","trace":{"type":"ESTIMATE","emitted_at":NaN,"estimate":{"name":"s"}}}',
    "a member of the record that nobody reads": raw_line("{}", more=',"another":{"size":NaN,"name":"\\ud800"}'),
    "changes that came with it": raw_line("{}", more=b',"meta":{"changes":[{"field":"caf\xe9","change":"NULLED","reason":"x"}]}'),
}


@pytest.mark.parametrize("where", OUTSIDE)
def test_outside_of_data_it_is_no_matter(connector, engine, dynamodb, prefix, where):
    lines = [raw_line('{"id":1}'), OUTSIDE[where], raw_line('{"id":2}'), messages.stream_state("s", {"n": 1})]
    outcome = write(connector, engine, prefix, lines).ok()
    assert len(outcome.states) == 1
    assert {1, 2} <= {item["_airbyte_data"].get("id") for item in engines.read_table(dynamodb, f"{prefix}_s")}


WORDS = {
    "of a stream": ('{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},"stream_state":{"max": NaN,"x":"\\ud800 NaN"}}',
                    '"max": "NaN","x":"\\ud800 NaN"'),
    "of all": ('{"type":"GLOBAL","global":{"shared_state":[Infinity,-Infinity,1E400],"stream_states":[]}', '["Infinity","-Infinity",1E400]'),
    "of the old kind": ('{"data":{"a":-Infinity,"-Infinity":null},"id":NaN', '"a":"-Infinity","-Infinity":null},"id":"NaN"'),
}


@pytest.mark.parametrize("kind", WORDS)
def test_a_state_with_such_words_goes_out_as_json(connector, engine, prefix, kind):
    """Else a reader of JSON would not take its line, and nobody would know. All else of it is as it came."""
    state, has = WORDS[kind]
    lines = [raw_line('{"id":1}'), '{"type":"STATE","state":' + state + "}}"]
    outcome = write(connector, engine, prefix, lines).ok()
    sent = next(line for line in outcome.stdout.splitlines() if '"STATE"' in line)
    json.loads(sent, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert has in sent and sent.endswith(',"destinationStats":{"recordCount":1.0}}}')
    assert len([text for level, text in outcome.logs if level == "WARN" and "no JSON" in text]) == 2


def test_a_state_that_is_no_utf_8_comes_back_with_replacements_and_a_warning(connector, engine, dynamodb, prefix):
    state = (b'{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"},'
             b'"stream_state":{"last":"M\xfcller\xe9","n":NaN}},"destinationStats":{"x":"\xe9"},"more":"\xe9"}}')
    lines = [raw_line('{"id":1}'), state, raw_line('{"id":2}'), state, messages.stream_state("s", {"n": 3})]
    outcome = write(connector, engine, prefix, lines).ok()
    assert [item["stream"]["stream_state"].get("last") for item in outcome.states] == ["M\ufffdller\ufffd"] * 2 + [None]
    assert [item["destinationStats"]["recordCount"] for item in outcome.states] == [1.0, 1.0, 0.0]
    assert outcome.states[0]["more"] == "\ufffd"
    assert outcome.states[0]["stream"]["stream_state"]["n"] == "NaN"
    warnings = [text for level, text in outcome.logs if level == "WARN" and "STATE" in text]
    assert any("Line 2 of the input is a STATE that is no JSON" in text for text in warnings)
    assert any("2 STATEs were no JSON" in text for text in warnings) and len(warnings) == 2


def test_a_dead_letter_keeps_such_a_record_byte_for_byte(connector, engine, dynamodb, prefix):
    data = b'{"id":1,"x":"caf\xe9","y":NaN}'
    lines = [raw_line(data, emitted_at="9" * 200), messages.stream_state("s", {"n": 1})]
    write(connector, engine, prefix, lines, on_rejected_record="skip", dead_letter_table=f"{prefix}_dead").ok()
    letter, = engines.read_table(dynamodb, f"{prefix}_dead")
    assert gzip.decompress(bytes(letter["record_gzip"])) == data


STILL_BROKEN = ["nan", "inf", "-inf", "INF", "-NaN", "+Infinity", "Nan", "NaNs", "undefined", "None", "1.", "0x1F", "'x'"]


@pytest.mark.parametrize("word", STILL_BROKEN)
def test_other_words_are_broken_json(connector, engine, dynamodb, prefix, word):
    lines = [raw_line('{"id":1}'), messages.stream_state("s", {"n": 1}), raw_line('{"id":2,"x":%s}' % word)]
    outcome = write(connector, engine, prefix, lines)
    assert outcome.code == 1
    assert "Line 3 of the input" in outcome.error["message"] and "not valid JSON" in outcome.error["message"]
    assert len(outcome.states) == 1


EMITTED = {"1700000000000.0": 1700000000000, "1.7e12": 1700000000000, "17E+11": 1700000000000, "1700000000000000e-3": 1700000000000,
           "1700000000000.50": (1700000000000,), "1700000000000.999": (1700000000000,), "-1.5": (-1,), "-0.25": (0,), "1e-7": (0,),
           "1e40": Decimal("1E+40"), "-5": -5}


@pytest.mark.parametrize("sent", EMITTED)
def test_of_a_time_of_emission_the_whole_part_is_kept(connector, engine, dynamodb, prefix, sent):
    stored = EMITTED[sent]
    cut = isinstance(stored, tuple)
    write(connector, engine, prefix, [raw_line('{"id":1}', emitted_at=sent), messages.stream_state("s", {})]).ok()
    item = only_item(dynamodb, prefix)
    assert item["_airbyte_emitted_at"] == (stored[0] if cut else stored)
    assert noted(item) == ([("_airbyte_emitted_at", TEXT)] if cut else [])


@pytest.mark.parametrize("sent", ["1e126", "9" * 39 + ".5", "9" * 200, "1e999999999999999"])
@pytest.mark.parametrize("handling", ["skip", "fail"])
def test_a_time_that_is_no_number_for_dynamodb_is_one_rejected_record(connector, engine, dynamodb, prefix, sent, handling):
    lines = [raw_line('{"id":1}'), raw_line('{"id":2}', emitted_at=sent), raw_line('{"id":3}'), messages.stream_state("s", {})]
    outcome = write(connector, engine, prefix, lines, on_rejected_record=handling)
    assert outcome.code == (handling == "fail")
    if handling == "fail":
        assert "emitted_at" in outcome.error["message"]
    else:
        assert outcome.states[0]["destinationStats"] == {"recordCount": 2.0, "rejectedRecordCount": 1.0}
