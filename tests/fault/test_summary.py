"""What a run says at its end of each table, and that it has stopped to read: the figures, against the server's."""

import re
import threading

from ddb_testkit import messages, rows
from ddb_testkit.scripted import ACCESS_KEY, RAW_KEYS, SECRET_KEY

SLOW = 20


def config_of(server, **more):
    return messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **more)


def slow_table(name, wcu=SLOW):
    return {"tables": [{"table": name, "enforce_capacity": True}],
            "existing": [{"TableName": name, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": wcu}, **RAW_KEYS}]}


def summary_of(outcome, stream):
    (line,) = [text for level, text in outcome.logs if level == "INFO" and text.startswith(f"Stream {stream}: ")
               and "records/s" in text][-1:]
    return line


def test_it_counts_what_became_of_each_record(connector, start_server):
    """Two records of two units, one with a number of 50 digits, one whose data is a list."""
    server = start_server()
    lines = [messages.record("s", {"id": 1}), messages.record("s", {"id": 2, "text": "x" * 1200}),
             messages.record("s", {"id": 3, "text": "x" * 1200}), rows.raw_record("s", '{"id":4,"n":1' + "2" * 50 + "}"),
             rows.raw_record("s", "[5]"), messages.record("other", {"id": 6})]
    outcome = connector.write(config_of(server, on_rejected_record="skip"), messages.catalog("s", "other"), lines).ok()
    assert re.fullmatch(r"Stream s: 4 records stored in table t_s, 1 rejected, 1 changed, 6 write units, [\d.]+ records/s", summary_of(outcome, "s"))
    assert re.fullmatch(r"Stream other: 1 record stored in table t_other, 1 write unit, [\d.]+ records/s", summary_of(outcome, "other"))


def test_of_one_stream_too(connector, start_server):
    outcome = connector.write(config_of(start_server()), messages.catalog("s"), [messages.record("s", {"id": 1})]).ok()
    assert summary_of(outcome, "s").startswith("Stream s: 1 record stored in table t_s, 1 write unit, ")
    assert outcome.logs[-1][1].startswith("Finished: 1 record read, 1 stored")


def test_time_lost_to_a_throttle_and_why(connector, start_server):
    server = start_server(slow_table("t_s"))
    lines = [messages.record("s", {"id": n}) for n in range(SLOW * 8)]
    text = summary_of(connector.write(config_of(server), messages.catalog("s"), lines).ok(), "s")
    held_back = int(re.search(r", held back for (\d+) s by ", text)[1])
    log = server.log("BatchWriteItem")
    assert 1 <= held_back <= log[-1]["t"] - log[0]["t"] + 1
    assert f", {len(lines)} write units" in text and "write limit" not in text


def test_time_lost_to_a_limit(connector, start_server):
    server = start_server()
    lines = [messages.record("s", {"id": n}) for n in range(150)]
    text = summary_of(connector.write(config_of(server, write_limit="40"), messages.catalog("s"), lines).ok(), "s")
    held_back = int(re.search(r", held back for (\d+) s by the write limit, ", text)[1])
    log = server.log("BatchWriteItem")
    assert 1 <= held_back <= log[-1]["t"] - log[0]["t"] + 1
    assert text.count("held back") == 1


def test_it_says_for_which_table_reading_stops_and_that_it_goes_on(connector, start_server):
    server = start_server(slow_table("t_slow"))
    config = config_of(server, max_memory_mb=16, workers=1)
    with connector.start_write(config, messages.catalog("slow", "other")) as process:
        lines = [messages.record("slow", {"id": n, "text": "x" * 3000}) for n in range(8000)] + [messages.record("other", {"id": 1})]
        feeder = threading.Thread(target=lambda: process.send(*lines))
        feeder.start()
        wait_log(process, "Reading has stopped: the memory is full of records for table t_slow, which takes less than is read.")
        server.boto3().update_table(TableName="t_slow", ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 40_000})
        feeder.join()
        wait_log(process, "Reading goes on; it had stopped for ")
        process.close_stdin()
        process.outcome().ok()


def wait_log(process, text):
    while text not in process.wait_for("LOG")["log"]["message"]:
        pass


def test_at_debug_what_bounds_the_flow_and_what_is_sent_again(connector, start_server):
    server = start_server(slow_table("t_s"))
    lines = [messages.record("s", {"id": n, "text": "secret-value"}) for n in range(SLOW * 8)]
    outcome = connector.write(config_of(server), messages.catalog("s"), lines, env={"LOG_LEVEL": "DEBUG"}).ok()
    told = [text for level, text in outcome.logs if level == "DEBUG"]
    line = re.compile(r"In flight: \d+ requests? with \d+ bytes?, of a window of \d+; a request of several items has at most \d+\.")
    table = re.compile(r"Table t_s of stream s: (\d+) items? not stored yet, \d+ bytes? in flight; .*bound [\d.]+ write units a second, "
                       r"which holds items back.*; replies that did not store all: \d+ \(.+\)")
    assert any(line.fullmatch(text) for text in told) and any(table.match(text) for text in told), told
    seconds = server.log("BatchWriteItem")[-1]["t"] - server.log("BatchWriteItem")[0]["t"]
    assert len([text for text in told if line.fullmatch(text)]) <= seconds + 3
    assert not any("secret-value" in text for text in told)
    assert not [level for level, _ in connector.write(config_of(server), messages.catalog("s"), lines[:1]).ok().logs if level == "DEBUG"]
