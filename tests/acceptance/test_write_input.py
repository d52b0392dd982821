"""stdin in every shape: held open and silent, a pipe, a FIFO, a file; and lines that are no good."""

import bz2
import gzip
import html
import json
import lzma
import os
import random
import re
import threading
import time
from pathlib import Path

import pytest

from ddb_testkit import engines, messages, rows

PRIVATE = "private-value"  # in the data: in no output, ever
# On an idle machine a STATE is out some milliseconds after it was read; nothing is asserted of a loaded one but that it comes.
STATE_WITHIN_S = 30


def configured(engine, prefix, **more):
    return messages.config(engine.endpoint, prefix, **more), messages.catalog("s", "t")


def records(count, stream="s", first=0):
    return [messages.record(stream, {"id": first + n, "note": f"{PRIVATE} {n}"}) for n in range(count)]


def assert_stored(dynamodb, table, count):
    assert rows.ids(dynamodb, table) == {n: 1 for n in range(count)}


def wait_until_read(running):
    """The tables are there and stdin is being read: a first STATE has come back."""
    running.send(messages.stream_state("t", {"ready": True}))
    assert running.wait_state()["stream"]["stream_state"] == {"ready": True}


def send_and_time(running, *lines):
    began = time.monotonic()
    running.send(*lines)
    state = running.wait_state(STATE_WITHIN_S)
    print(f"STATE out after {1000 * (time.monotonic() - began):.0f} ms")
    return state


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_state_does_not_wait_for_more_input(connector, engine, dynamodb, prefix, workers):
    config, catalog = configured(engine, prefix, workers=workers)
    with connector.start_write(config, catalog) as running:
        wait_until_read(running)
        for n in range(3):
            state = send_and_time(running, *records(3, first=3 * n), messages.stream_state("s", {"n": n}))
            assert state["destinationStats"] == {"recordCount": 3.0}
            assert_stored(dynamodb, f"{prefix}_s", 3 * n + 3)
        assert running.finish().ok().stderr == ""


@pytest.mark.parametrize("make", [messages.global_state, messages.legacy_state])
def test_nor_do_states_of_all_streams(connector, engine, dynamodb, prefix, make):
    config, catalog = configured(engine, prefix, workers=2)
    with connector.start_write(config, catalog) as running:
        running.send(make({"n": 0}))
        running.wait_state()
        state = send_and_time(running, *records(2), *records(1, "t"), make({"n": 1}))
        assert state["destinationStats"] == {"recordCount": 3.0}
        assert_stored(dynamodb, f"{prefix}_s", 2)
        running.finish().ok()


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_fifo(connector, engine, dynamodb, prefix, tmp_path, workers):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    config, catalog = configured(engine, prefix, workers=workers)
    with open(path, "wb", buffering=0) as fifo, connector.start_write(config, catalog, stdin=reading) as running:
        os.close(reading)
        running.process.stdin = fifo
        wait_until_read(running)
        state = send_and_time(running, *records(3), messages.stream_state("s", {}))
        assert state["destinationStats"] == {"recordCount": 3.0}
        assert_stored(dynamodb, f"{prefix}_s", 3)
        running.send(*records(40, first=3), messages.stream_state("s", {}))
        outcome = running.finish().ok()
    assert [s["destinationStats"]["recordCount"] for s in outcome.states] == [0.0, 3.0, 40.0]
    assert_stored(dynamodb, f"{prefix}_s", 43)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_regular_file(connector, engine, dynamodb, prefix, tmp_path, workers):
    lines = []
    for n in range(60):
        lines += [*records(50, first=50 * n), messages.stream_state("s", {"n": n})]
    path = tmp_path / "input"
    path.write_text("".join(f"{line}\n" for line in lines))
    config, catalog = configured(engine, prefix, workers=workers)
    with open(path, "rb") as file, connector.start_write(config, catalog, stdin=file) as running:
        outcome = running.outcome().ok()
    assert [s["stream"]["stream_state"]["n"] for s in outcome.states] == list(range(60))
    assert_stored(dynamodb, f"{prefix}_s", 3000)


def test_an_empty_file(connector, engine, dynamodb, prefix):
    config, catalog = configured(engine, prefix)
    with open(os.devnull, "rb") as nothing, connector.start_write(config, catalog, stdin=nothing) as running:
        assert running.outcome().ok().states == []
    assert len(engines.table_names(dynamodb, prefix)) == 2


@pytest.mark.parametrize("workers", [1, 3])
def test_lines_come_in_odd_pieces(connector, engine, dynamodb, prefix, workers):
    source = random.Random(5)
    text = "".join(f"{line}\n" for line in records(120)).encode() + messages.stream_state("s", {}).encode() + b"\n"
    config, catalog = configured(engine, prefix, workers=workers)
    with connector.start_write(config, catalog) as running:
        wait_until_read(running)
        at = 0
        while at < len(text):
            size = source.choice([1, 2, 7, 40, 100, 300, 1000])
            running.send_raw(text[at:at + size])
            at += size
            if source.random() < 0.5:
                time.sleep(0.001)  # so that it is read on its own
        assert running.wait_state()["destinationStats"] == {"recordCount": 120.0}
        running.finish().ok()
    assert_stored(dynamodb, f"{prefix}_s", 120)


@pytest.mark.parametrize("end", ["\n", "", "\r\n", "\r", "\n\n\r\n \t\r\n"])
def test_line_ends_and_blank_lines(connector, engine, dynamodb, prefix, end):
    lines = [*records(10), messages.stream_state("s", {"n": 1}), *records(10, first=10), messages.stream_state("s", {"n": 2})]
    text = "\n\r\n  \n" + "\r\n".join(lines[:8]) + "\r\n\n\r\n\t\n" + "\n\n".join(lines[8:]) + end
    config, catalog = configured(engine, prefix)
    outcome = connector.write_raw(config, catalog, text.encode()).ok()
    assert_stored(dynamodb, f"{prefix}_s", 20)
    assert [s["destinationStats"]["recordCount"] for s in outcome.states] == [10.0, 10.0]


def test_a_state_echoed_over_cr_lf_has_no_cr(connector, engine, prefix):
    config, catalog = configured(engine, prefix)
    state = messages.stream_state("s", {"n": 1})
    outcome = connector.write_raw(config, catalog, f"{records(1)[0]}\r\n{state}\r\n".encode()).ok()
    assert "\r" not in outcome.stdout
    assert outcome.states[0]["stream"]["stream_state"] == {"n": 1}


def test_long_lines(connector, engine, dynamodb, prefix):
    """Longer than what one read of a pipe gives."""
    notes = ["x" * size for size in (70_000, 250_000, 390_000, 1, 131_072)]
    lines = [messages.record("s", {"id": n, "note": note}) for n, note in enumerate(notes)]
    config, catalog = configured(engine, prefix)
    connector.write(config, catalog, [*lines, messages.stream_state("s", {})]).ok()
    rows.assert_same(rows.data(dynamodb, f"{prefix}_s"), [{"id": n, "note": note} for n, note in enumerate(notes)])


def test_messages_without_payload_are_no_matter(connector, engine, dynamodb, prefix):
    status = '{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.5,"stream_status":%s}}'
    lines = ['{"type":"TRACE","trace":null}', '{"type":"TRACE"}', status % "null", status % '{"stream_descriptor":null}',
             '{"type":"LOG","log":null}', '{"type":"CONTROL","control":null}', '{"type":"CATALOG","catalog":null}']
    config, catalog = configured(engine, prefix)
    outcome = connector.write(config, catalog, [*records(1), *lines, messages.stream_state("s", {})]).ok()
    assert len(outcome.states) == 1
    assert_stored(dynamodb, f"{prefix}_s", 1)


def test_a_name_of_megabytes_is_told_shortly(connector, engine, prefix):
    config, catalog = configured(engine, prefix)
    record = messages.record("é" * 2_000_000, {"id": 1}, "n" * 1_000_000)
    error = connector.write(config, catalog, [record]).error
    assert "é" * 100 + "..." in error["message"] and len(error["message"]) < 1_000
    assert error["stream_descriptor"] == {"name": "é" * 100 + "...", "namespace": "n" * 200 + "..."}


SECRET = json.dumps({"id": 1, "note": PRIVATE})
BAD = {
    "laid out over several lines": (json.dumps(json.loads(messages.record("s", {"id": 1, "note": PRIVATE})), indent=1),
                                    "whole on one line", False),
    "type in small letters": ('{"type":"record","record":{"stream":"s","data":%s,"emitted_at":1}}' % SECRET, "type is not RECORD", False),
    "type with a capital": ('{"type":"Record","Record":{"stream":"s","data":%s,"emitted_at":1}}' % SECRET, "type is not RECORD", False),
    "unknown type with a record": ('{"record":{"stream":"s","data":%s,"emitted_at":1},"type":"UPSERT"}' % SECRET,
                                   "type is not RECORD", False),
    "unknown type with records": ('{"type":"BATCH","records":[{"stream":"s","data":%s,"emitted_at":1}]}' % SECRET,
                                  "type is not RECORD", False),
    "a record without its wrapping": ('{"type":"record","stream":"s","data":%s,"emitted_at":1}' % SECRET, "type is not RECORD", False),
    "a log with a record": ('{"type":"LOG","log":{"level":"INFO","message":"x"},"record":{"stream":"s","data":%s,"emitted_at":1}}'
                            % SECRET, "type is not RECORD", False),
    "a log with a record that has no wrapping": (
        '{"type":"LOG","log":{"level":"INFO","message":"x"},"stream":"s","data":%s}' % SECRET, "type is not RECORD", False),
    "a log that is a record": ('{"type":"LOG","stream":"s","data":%s,"emitted_at":1}' % SECRET, "type is not RECORD", False),
    "a log with a record in its fields": ('{"type":"LOG","log":{"level":"INFO","message":"x","Stream":"s","rows":[%s],"data":[%s]}}'
                                          % (SECRET, SECRET), "type is not RECORD", False),
    "a log with a record in a text": (json.dumps({"type": "LOG", "line": messages.record("s", {"id": 1, "note": PRIVATE})}),
                                      "type is not RECORD", False),
    "a logger's line that is a record": ('{"message":"x","stream":"s","data":[%s]}' % SECRET, "not an Airbyte message", False),
    "a record beside a record": (messages.record("s", {"id": 1})[:-1] + ',"stream":"s","data":%s}' % SECRET, "more than one record", False),
    "a state with a record": (messages.stream_state("s", {"n": 9})[:-1] + ',"record":{"stream":"s","data":%s,"emitted_at":1}}' % SECRET,
                              "type is not RECORD", False),
    "state in small letters": ('{"type":"state","state":{"type":"LEGACY","data":%s}}' % SECRET, "type is not STATE", False),
    "state_type for state": ('{"type":"STATE","state_type":"LEGACY","data":%s}' % SECRET, "state is missing", False),
    "no JSON in it": ('{"type":"RECORD","record":{"stream":"s",%s}}' % PRIVATE, "not valid JSON", False),
    "cut short": ('{"type":"RECORD","record":{"stream":"s","data":{"note":"' + PRIVATE, "not valid JSON", False),
    "two records in one message": ('{"type":"RECORD","record":{"stream":"s","data":%s,"emitted_at":1},"record":{"stream":"s","data":{},'
                                   '"emitted_at":1}}' % SECRET, "more than one record", False),
    "JSON without a type and a text": ('{"level":"info","note":"%s"}' % PRIVATE, "not an Airbyte message", False),
    "two in a line": (messages.record("s", {"id": 1, "note": PRIVATE}) * 2, "not valid JSON", False),
    "type missing": ('{"record":{"stream":"s","data":%s,"emitted_at":1}}' % SECRET, "not an Airbyte message", False),
    "data no JSON": ('{"type":"RECORD","record":{"stream":"s","data":{"note":"%s",},"emitted_at":1}}' % PRIVATE,
                     "not valid JSON", False),
    "data text": ('{"type":"RECORD","record":{"stream":"s","data":"%s","emitted_at":1}}' % PRIVATE, "data is not an object", True),
    "data list": ('{"type":"RECORD","record":{"stream":"s","data":[%s],"emitted_at":1}}' % SECRET, "data is not an object", True),
    "data twice": ('{"type":"RECORD","record":{"stream":"s","data":{"id":0},"data":%s,"emitted_at":1}}' % SECRET, "there twice", True),
    "two streams": ('{"type":"RECORD","record":{"stream":"t","data":%s,"emitted_at":1,"stream":"s"}}' % SECRET, "there twice", False),
    "a namespace and none": ('{"type":"RECORD","record":{"stream":"s","namespace":"n","data":%s,"emitted_at":1,"namespace":null}}' % SECRET,
                             "there twice", False),
    "data null": ('{"type":"RECORD","record":{"stream":"s","data":null,"emitted_at":1}}', "data is missing", True),
    "data missing": ('{"type":"RECORD","record":{"stream":"s","emitted_at":1}}', "data is missing", True),
    "emitted_at missing": ('{"type":"RECORD","record":{"stream":"s","data":%s}}' % SECRET, "emitted_at is missing", True),
    "emitted_at null": ('{"type":"RECORD","record":{"stream":"s","data":%s,"emitted_at":null}}' % SECRET,
                        "emitted_at is missing", True),
    "emitted_at text": ('{"type":"RECORD","record":{"stream":"s","data":%s,"emitted_at":"1700000000000"}}' % SECRET,
                        "emitted_at is not a number", True),
    "stream missing": ('{"type":"RECORD","record":{"data":%s,"emitted_at":1}}' % SECRET, "stream is missing", False),
    "stream unknown": ('{"type":"RECORD","record":{"stream":"unknown","data":%s,"emitted_at":1}}' % SECRET,
                       "not in the catalog", True),
    "namespace unknown": ('{"type":"RECORD","record":{"stream":"s","namespace":"unknown","data":%s,"emitted_at":1}}' % SECRET,
                          "not in the catalog", True),
    "record missing": ('{"type":"RECORD"}', "record is missing", False),
    "state without stream": ('{"type":"STATE","state":{"type":"STREAM","x":"%s"}}' % PRIVATE, "stream", False),
    "a stream's name that is not UTF-8": (b'{"type":"RECORD","record":{"stream":"s\xff","data":{"note":"' + PRIVATE.encode() +
                                          b'"},"emitted_at":1}}', "UTF-8", False),
}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_fails_the_run_by_its_number(connector, engine, dynamodb, prefix, name, workers):
    bad, reason, tells_stream = BAD[name]
    bad = bad if isinstance(bad, bytes) else bad.encode()
    before = [*records(40), messages.stream_state("s", {"n": 1}), *records(20, "t"), messages.stream_state("t", {"n": 1})]
    after = [*records(40, first=100), messages.stream_state("s", {"n": 2}), messages.stream_state("t", {"n": 2})]
    config, catalog = configured(engine, prefix, workers=workers)
    text = "\n".join(before).encode() + b"\n" + bad + b"\n" + "\n".join(after).encode() + b"\n"
    outcome = connector.write_raw(config, catalog, text)
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "system_error"
    assert reason in outcome.error["message"], outcome.error["message"]
    assert re.search(rf"\b{len(before) + 1}\b", outcome.error["message"]), outcome.error["message"]
    if tells_stream:
        sent = json.loads(bad)["record"]
        descriptor = outcome.error["stream_descriptor"]
        assert descriptor["name"] == sent["stream"] and descriptor.get("namespace") == sent.get("namespace")
        assert sent["stream"] in outcome.error["message"]
    assert PRIVATE not in outcome.stdout + outcome.stderr
    assert outcome.stderr == ""
    # What came before is stored and acknowledged, and nothing behind it is.
    assert sorted((s["stream"]["stream_descriptor"]["name"], s["stream"]["stream_state"]["n"]) for s in outcome.states) == [
        ("s", 1), ("t", 1)]
    assert set(rows.ids(dynamodb, f"{prefix}_s")) >= set(range(40))
    assert_stored(dynamodb, f"{prefix}_t", 20)


@pytest.mark.parametrize("bad", ['{"type":"RECORD"}', messages.record("s", []), messages.record("s", {"id": 1}, emitted_at=10**200)],
                         ids=["no record", "no data", "rejected"])
def test_of_two_bad_lines_the_first_is_told(connector, engine, dynamodb, prefix, tmp_path, bad):
    """Also when another worker, which reads what comes later, finds its own one sooner."""
    good = [messages.record("s", {"id": n, "note": PRIVATE, "list": [{"a": m} for m in range(60)]}) for n in range(300)]
    size = 0
    for at, line in enumerate(good):  # the last one of what is read at once, with much before it
        size += len(line) + 1
        if size > 250_000:
            break
    path = tmp_path / "input"
    path.write_text("".join(f"{line}\n" for line in [*good[:at], bad, *good[at : at + 6], *[bad] * 3000]))
    config, catalog = configured(engine, prefix, workers=4)
    with open(path, "rb") as file, connector.start_write(config, catalog, stdin=file) as running:
        outcome = running.outcome()
    assert outcome.code == 1
    assert re.search(rf"\b[Ll]ine {at + 1} of the input", outcome.error["message"]), outcome.error["message"]


def test_a_bad_line_ends_a_run_whose_source_goes_on(connector, engine, dynamodb, prefix):
    """stdin is not read to its end: the source sees a closed pipe."""
    config, catalog = configured(engine, prefix, workers=2)
    with connector.start_write(config, catalog) as running:
        wait_until_read(running)
        running.send(*records(30), messages.stream_state("s", {"n": 1}), "{no message")

        def go_on():
            try:
                while True:
                    running.send(*records(100, first=1000), messages.stream_state("s", {"n": 2}))
            except (BrokenPipeError, ValueError):
                pass

        feeder = threading.Thread(target=go_on, daemon=True)
        feeder.start()
        outcome = running.outcome()
        feeder.join(60)
        assert not feeder.is_alive()
    assert outcome.code == 1
    assert "Line 33 " in outcome.error["message"]
    assert [s["stream"]["stream_state"] for s in outcome.states] == [{"ready": True}, {"n": 1}]


def each_line(text, change):
    return "".join(change(line) + "\n" for line in text.decode().splitlines()).encode()


# Not all of its messages are lines of ours: none of it may pass as text between messages.
OTHER_FORMS = {
    "gzip": (gzip.compress, "gzip"),
    "gzip of hardly anything": (lambda text: gzip.compress(text[:20]), "gzip"),
    "bzip2": (bz2.compress, "bzip2"),
    "xz": (lzma.compress, "xz"),
    "UTF-16 with its mark": (lambda text: text.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 of the other order": (lambda text: b"\xfe\xff" + text.decode().encode("utf-16-be"), "UTF-16"),
    "UTF-16 without a mark": (lambda text: text.decode().encode("utf-16-le"), "NUL"),
    "UTF-32": (lambda text: text.decode().encode("utf-32"), "UTF-32"),
    "UTF-32 of the other order": (lambda text: b"\0\0\xfe\xff" + text.decode().encode("utf-32-be"), "UTF-32"),
    "each message in a string": (lambda text: each_line(text, json.dumps), "in a JSON string"),
    "as docker keeps logs": (lambda text: each_line(text, lambda line: json.dumps(
        {"log": line + "\n", "stream": "stdout", "time": "2024-01-01T00:00:00Z"})), "jq -r .log"),
    "as kubernetes keeps logs": (lambda text: each_line(text, lambda line: f"2024-01-01T00:00:00Z stdout F {line}"),
                                 "something stands before"),
    "NUL bytes before it": (lambda text: bytes(4096) + text, "NUL"),
    "NUL bytes between two lines": (lambda text: text.replace(b"\n", b"\n" + bytes(10) + b"\n", 1), "NUL"),
    "a JSON array": (lambda text: b"[" + b",".join(text.split(b"\n")[:-1]) + b"]", "JSON array"),
    "a JSON array over several lines": (lambda text: b"[\n" + b",\n".join(text.split(b"\n")[:-1]) + b"\n]\n", "JSON array"),
}


@pytest.mark.parametrize("skip", ["fail", "skip"])
@pytest.mark.parametrize("form", OTHER_FORMS)
def test_input_of_another_form_is_told_as_what_it_is(connector, engine, dynamodb, prefix, form, skip):
    change, said = OTHER_FORMS[form]
    # One worker: of several, another one may say first what is wrong with a later line.
    config, catalog = configured(engine, prefix, on_rejected_record=skip, workers=1)
    text = "\n".join([*records(20), messages.stream_state("s", {"n": 1})]) + "\n"
    outcome = connector.write_raw(config, catalog, change(text.encode()))
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"
    assert said in outcome.error["message"], outcome.error["message"]
    assert not outcome.states
    assert PRIVATE not in outcome.stdout + outcome.stderr


# What a source means as a message is none of the lines to pass over, whatever it printed beside it.
BESIDE_A_MESSAGE = {
    "progress without a line's end": ("50%|#####     | {}", "something stands before"),
    "a logger's time": ("2024-01-01 00:00:00 {}", "something stands before"),
    "colours": ("\x1b[32m{}\x1b[0m", "something stands before"),
    "a second line's beginning": ("done {} [INFO]", "something stands before"),
}


@pytest.mark.parametrize("skip", ["fail", "skip"])
@pytest.mark.parametrize("beside", BESIDE_A_MESSAGE)
def test_a_record_that_stands_beside_text_is_not_passed_over(connector, engine, dynamodb, prefix, beside, skip):
    template, said = BESIDE_A_MESSAGE[beside]
    config, catalog = configured(engine, prefix, on_rejected_record=skip)
    record = messages.record("s", {"id": 1, "note": PRIVATE})
    lines = [*records(5), messages.stream_state("s", {"n": 1}), template.replace("{}", record), messages.stream_state("s", {"n": 2})]
    outcome = connector.write(config, catalog, lines)
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"  # the same line comes with every further try
    assert "Line 7 of the input" in outcome.error["message"] and said in outcome.error["message"]
    assert [state["stream"]["stream_state"] for state in outcome.states] == [{"n": 1}]


STATES_IN_TEXT = {
    **{beside: template for beside, (template, _) in BESIDE_A_MESSAGE.items()},
    "as a library logs what it sends": "DEBUG sending {}",
    "as Python shows it": lambda state: f"DEBUG state {json.loads(state)!r}",
    "cut off": lambda state: "DEBUG sending " + state[:60],
    "encoded": lambda state: "INFO " + json.dumps(state),
    "in a logger's text": lambda state: json.dumps({"level": "debug", "msg": "sending " + state}),
    "in a logger's fields": lambda state: json.dumps({"msg": "sending", "sent": {"line": state}}),
}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("form", STATES_IN_TEXT)
def test_a_state_in_text_is_passed_over_and_told(connector, engine, dynamodb, prefix, form, workers):
    """No data is lost with it: the next STATE stands for what came before, and without one the source sends it again."""
    make = STATES_IN_TEXT[form]
    state = messages.stream_state("s", {"n": 2, "note": PRIVATE})
    line = make(state) if callable(make) else make.replace("{}", state)
    config, catalog = configured(engine, prefix, workers=workers)
    lines = [*records(5), messages.stream_state("s", {"n": 1}), *records(5, first=5), line, line, *records(5, first=10),
             messages.stream_state("s", {"n": 3})]
    outcome = connector.write(config, catalog, lines).ok()
    assert [state["stream"]["stream_state"] for state in outcome.states] == [{"n": 1}, {"n": 3}]
    assert [state["destinationStats"] for state in outcome.states] == [{"recordCount": 5.0}, {"recordCount": 10.0}]
    assert_stored(dynamodb, f"{prefix}_s", 15)
    warnings = [message for level, message in outcome.logs if level == "WARN"]
    assert [message for message in warnings if "Line 12 of the input is text with a STATE in it" in message], warnings
    assert [message for message in warnings if "2 lines of text had a STATE in them" in message], warnings
    assert PRIVATE not in outcome.stdout + outcome.stderr


# A part of a message is one too: the source meant it, and what is cut off is lost.
PARTS_OF_A_MESSAGE = {
    "half of it behind a log's words": lambda record: "2024 WA" + record[:60],
    "without its head": lambda record: record[record.index('"type"'):],
    "without more of its head": lambda record: record[record.index('RECORD"'):],
    "half of it behind a container's time": lambda record: "2024-01-01T00:00:00Z stdout P " + record[:60],
    "half of it in a container's log": lambda record: json.dumps({"log": record[:60], "stream": "stdout"}),
    "behind a word in a container's log": lambda record: json.dumps({"log": "INFO " + record, "stream": "stdout"}),
    "in a list in a logger's text": lambda record: json.dumps({"msg": f"[{record}]"}),
    "in a logger's fields": lambda record: json.dumps({"msg": "x", "fields": {"line": record}}),
    "in a JSON string behind a word": lambda record: "INFO " + json.dumps(record),
    "in CSV": lambda record: '"' + record.replace('"', '""') + '"',
    "behind many braces": lambda record: "log " + "{" * 65 + record,
    "as Python shows it": lambda record: "DEBUG " + repr(json.loads(record)),
    "as Python shows a message": lambda record: (
        f"AirbyteMessage(type=<Type.RECORD: 'RECORD'>, record=AirbyteRecordMessage(stream='s', data={{'note': '{PRIVATE}'}}, emitted_at=1))"),
    "as Python shows a message that is cut off": lambda record: (
        "AirbyteMessage(type=<Type.RECORD: 'RECORD'>, log=None, record=AirbyteRecordMessage(stream='s', da"),
    "as Java shows a message": lambda record: (
        "i.a.p.m.AirbyteMessage@4f[type=RECORD,log=<null>,record=i.a.p.m.AirbyteRecordMessage@1f[namespace=<null>,stream=s,data={\"note\":"
        f'"{PRIVATE}"}},emittedAt=1,meta=<null>]]'),
    "its end": lambda record: record[record.index('"stream"'):],
    "its end behind its stream": lambda record: record[record.index('"id"'):],
    "without the time of its emission": lambda record: "sent " + record[record.index('"stream"'):record.index(',"emitted_at"')],
    "in an access log": lambda record: "POST / " + record.replace('"', "\\x22"),
    "as JavaScript shows it": lambda record: "DEBUG { type: 'RECORD', record: { stream: 's', data: [Object], emitted_at: 1 } }",
    "as an event of a server": lambda record: "data: " + record,
    "for HTML": lambda record: "DEBUG " + html.escape(record),
}


@pytest.mark.parametrize("part", PARTS_OF_A_MESSAGE)
def test_a_part_of_a_message_in_text_is_not_passed_over(connector, engine, prefix, part):
    config, catalog = configured(engine, prefix)
    record = PARTS_OF_A_MESSAGE[part](messages.record("s", {"id": 1, "note": PRIVATE}))
    outcome = connector.write(config, catalog, [*records(5), messages.stream_state("s", {"n": 1}), record, messages.stream_state("s", {"n": 2})])
    assert outcome.code == 1
    assert outcome.error["failure_type"] == "config_error"
    assert "Line 7 of the input" in outcome.error["message"]
    assert [state["stream"]["stream_state"] for state in outcome.states] == [{"n": 1}]
    assert PRIVATE not in outcome.stdout + outcome.stderr


# What sources with schemas of their own log: there, a record is a type.
SCHEMAS = [
    'DEBUG schema {"type":"record","name":"%s","fields":[{"name":"a","type":["null",{"type":"record","name":"b"}]}]}' % PRIVATE,
    "DEBUG schema " + repr({"type": "record", "name": PRIVATE, "fields": []}),
    'DEBUG table {"schema":{"fields":[{"name":"%s","type":"RECORD","mode":"REPEATED","fields":[{"name":"b"}]}]}}' % PRIVATE,
    'field "%s" of {b} is a "record"' % PRIVATE,
    # And others call what they answer so.
    'DEBUG response {"records":[{"id":"rec1","fields":{"a":"%s"}}],"offset":"x"}' % PRIVATE,
    'INFO event {"Records":[{"eventVersion":"2.1","s3":{"object":{"key":"%s"}}}]}' % PRIVATE,
]
LOGGERS = [{"version": "1.1", "host": "h", "short_message": PRIVATE}, {"severity": "INFO", "textPayload": PRIVATE},
           {"@t": "now", "@mt": "x {A}", "A": PRIVATE}, {"@timestamp": "now", "log.level": "INFO", "message": PRIVATE}]


@pytest.mark.parametrize("workers", [1, 3])
def test_text_between_the_messages_is_passed_over(connector, engine, dynamodb, prefix, workers):
    text = ["2024-01-01 00:00:00 WARN some.library - old setting used", f"[INFO] {PRIVATE}", f'"{PRIVATE}"', f'["{PRIVATE}"]', "[]", "42",
            f'Schema: {{"type": "object", "properties": {{"record": "{PRIVATE}"}}}}', "\x1b[33mcolours\x1b[0m",
            f"{PRIVATE}: caf\u00e9", f'read {{"records": 42, "record": null, "state": "{PRIVATE}"}}', "[{main}] INFO started", "[ {x} ] hi",
            json.dumps({"level": "debug", "msg": "read {} of " + PRIVATE, "records": 42, "record": None, "state": "running"}),
            json.dumps({"log": f'the "type" is {PRIVATE}', "stream": "stdout"}), '{"message":"%s"}' % PRIVATE,
            *[json.dumps(line) for line in LOGGERS], *SCHEMAS, *[json.dumps({"level": "debug", "msg": text}) for text in SCHEMAS]]
    config, catalog = configured(engine, prefix, workers=workers)
    lines = [*text[:4], *records(10), *text[4:], messages.stream_state("s", {"n": 1}), *records(10, first=10), *text * 1000,
             messages.stream_state("s", {"n": 2})]
    raw = ("\n".join(lines) + "\n").encode() + b"caf\xe9 of another encoding\n"
    outcome = connector.write_raw(config, catalog, raw).ok()
    assert_stored(dynamodb, f"{prefix}_s", 20)
    assert [s["destinationStats"]["recordCount"] for s in outcome.states] == [10.0, 10.0]
    told = [message for level, message in outcome.logs if level == "WARN" and "text, not" in message]
    assert len(told) == 2, told
    assert "Line 1 of the input" in told[0] or workers > 1
    assert f"{len(text) * 1001 + 1} lines" in told[1] and "the first of them line 1." in told[1]
    assert PRIVATE not in outcome.stdout + outcome.stderr


LOGGER_LINES = (Path(__file__).resolve().parents[1] / "data" / "logger_lines.txt").read_text().splitlines()


@pytest.mark.parametrize("workers", [1, 3])
def test_no_line_of_a_logger_ends_a_sync(connector, engine, dynamodb, prefix, workers):
    config, catalog = configured(engine, prefix, workers=workers)
    lines = [messages.stream_state("t", {"n": 0})]
    for n, line in enumerate(LOGGER_LINES):
        lines += [line, *records(1, first=n)]
    outcome = connector.write(config, catalog, [*lines, messages.stream_state("s", {"n": 1})]).ok()
    assert_stored(dynamodb, f"{prefix}_s", len(LOGGER_LINES))
    assert outcome.states[-1]["destinationStats"] == {"recordCount": float(len(LOGGER_LINES))}
    typed = sum(line.startswith("{") and "type" in json.loads(line) for line in LOGGER_LINES)
    assert [m for level, m in outcome.logs if level == "WARN" and f"{len(LOGGER_LINES) - typed} lines" in m and "text, not messages" in m]


@pytest.mark.parametrize("text", ["id,name\n1,x\n", "Error: no such file\n", "Traceback (most recent call last):\n  File x\n\n", "[]",
                                  "{}\n"])
def test_an_input_of_text_alone_does_not_end_well(connector, engine, prefix, text):
    """Whatever printed it, it was no source that had nothing to send."""
    config, catalog = configured(engine, prefix)
    outcome = connector.write_raw(config, catalog, text.encode())
    assert outcome.code == 1
    assert "Airbyte message" in outcome.error["message"]
    assert not outcome.states


def test_text_beside_any_message_is_no_failure(connector, engine, prefix):
    config, catalog = configured(engine, prefix)
    connector.write(config, catalog, ["starting", '{"type":"LOG","log":{"level":"INFO","message":"x"}}', "done"]).ok()


@pytest.mark.parametrize("workers", [1, 3])
def test_types_that_are_not_known_are_counted_and_named(connector, engine, dynamodb, prefix, workers):
    unknown = ['{"type":"NEWTHING","newthing":{"a":"%s"}}' % PRIVATE, '{"type":"SCHEMA","stream":"s","schema":{}}',
               '{"type":"%s {}","x":null}' % ("w" * 5000), '{"type":"record","record":null}', '{"type":"NEWTHING","record":{}}']
    config, catalog = configured(engine, prefix, workers=workers)
    lines = [*records(5), *unknown, messages.stream_state("s", {"n": 1}), *unknown * 500, messages.stream_state("s", {"n": 2})]
    outcome = connector.write(config, catalog, lines).ok()
    assert_stored(dynamodb, f"{prefix}_s", 5)
    told = [message for level, message in outcome.logs if level == "WARN" and "not known" in message]
    assert len(told) == 2, told
    for said in ["2505 lines", "NEWTHING (1002)", "SCHEMA (501)", "record (501)", "w" * 40 + "... (501)"]:
        assert said in told[1]
    assert PRIVATE not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("mark_at", [[0], [0, 3], [2]])
@pytest.mark.parametrize("piece", [None, 1])
def test_a_byte_order_mark_is_no_part_of_a_line(connector, engine, dynamodb, prefix, mark_at, piece):
    """Before the first line, or wherever files that begin with one were put together."""
    lines = [*records(3), messages.stream_state("s", {"n": 1}), *records(2, first=3)]
    raw = b"".join((b"\xef\xbb\xbf" if n in mark_at else b"") + line.encode() + b"\n" for n, line in enumerate(lines))
    config, catalog = configured(engine, prefix)
    with connector.start_write(config, catalog) as running:
        if piece:
            for n in range(5):
                running.send_raw(raw[n : n + 1])
                time.sleep(0.02)
        running.send_raw(raw[5:] if piece else raw)
        outcome = running.finish().ok()
    assert_stored(dynamodb, f"{prefix}_s", 5)
    assert "\ufeff" not in outcome.stdout
    assert outcome.states[0]["stream"]["stream_state"] == {"n": 1}


def test_a_mark_alone_is_an_empty_input(connector, engine, prefix):
    config, catalog = configured(engine, prefix)
    assert not connector.write_raw(config, catalog, b"\xef\xbb\xbf").ok().states


def test_spaces_and_a_hundred_thousand_blank_lines(connector, engine, dynamodb, prefix):
    lines = [f" \t {line} \t" for line in records(5)]
    text = "\n" * 50_000 + "\n".join(lines) + "\r\n" * 25_000 + " \n" * 25_000 + "\t" + messages.stream_state("s", {"n": 1})
    config, catalog = configured(engine, prefix, workers=2)
    outcome = connector.write_raw(config, catalog, text.encode()).ok()
    assert_stored(dynamodb, f"{prefix}_s", 5)
    assert len(outcome.states) == 1 and outcome.states[0]["destinationStats"] == {"recordCount": 5.0}
    assert not [message for level, message in outcome.logs if level == "WARN" and "text, not" in message]
