"""PyAirbyte drives the program, as a user's Python does: check, write with each strategy, its validate command; with real sources
(faker, smoke-test, hardcoded-records, and file by a pipe), offline. What it has written is read back by boto3.

    scripts/setup pyairbyte; scripts/test --packaging -- -k pyairbyte

Skipped, with a word, where that is not installed: it takes 800 MB.
"""

import csv
import json
import os
import subprocess
import textwrap
from pathlib import Path

import pytest

from ddb_testkit import engines, messages, rows

VENV = Path(os.environ.get("DDB_PYAIRBYTE", "/not-there"))
pytestmark = pytest.mark.skipif(not (VENV / ".complete").exists(), reason="PyAirbyte is not installed (DDB_PYAIRBYTE): scripts/setup pyairbyte")


@pytest.fixture
def run_python(binary, engine, prefix, tmp_path):
    """Runs the text with `destination` and the sources made; gives (exit code, stdout, stderr)."""
    config = messages.config(engine.endpoint, prefix, capacity={"mode": "on_demand"})
    head = f"""
        import json
        import airbyte as ab
        destination = ab.get_destination("destination-dynamodb", config={json.dumps(config)}, local_executable={str(binary)!r})
        def faker(count):
            source = ab.get_source("source-faker", config={{"count": count, "seed": 1}}, local_executable={os.environ.get("DDB_SOURCE_FAKER")!r})
            source.select_all_streams()
            return source
        def hardcoded_records(count):
            source = ab.get_source("source-hardcoded-records", config={{"count": count}},
                                   local_executable={str(VENV / "bin" / "source-hardcoded-records")!r})
            source.select_all_streams()
            return source
        def smoke_test():
            source = ab.get_source("source-smoke-test", config={{}}, local_executable={str(VENV / "bin" / "source-smoke-test")!r})
            source.select_all_streams()
            return source
    """
    # Offline: no registry, no telemetry; nothing is written outside the test's folder.
    env = {**os.environ, "AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1", "HOME": str(tmp_path), "AIRBYTE_TEMP_DIR": str(tmp_path),
           "AIRBYTE_PROJECT_DIR": str(tmp_path), "NO_COLOR": "1"}

    def run(text):
        done = subprocess.run([VENV / "bin" / "python", "-c", textwrap.dedent(head) + textwrap.dedent(text)], cwd=tmp_path, env=env,
                              capture_output=True, text=True, timeout=280)
        return done.returncode, done.stdout, done.stderr

    run.env = env
    return run


def ok(outcome):
    code, stdout, stderr = outcome
    assert code == 0, stdout[-3000:] + stderr[-3000:]
    return stdout


def test_append_and_replace(run_python, dynamodb, prefix):
    ok(run_python("""
        destination.check()
        destination.write(faker(100), cache=False, write_strategy="append")
        destination.write(faker(100), cache=False, write_strategy="append")
    """))
    users = rows.data(dynamodb, f"{prefix}_users")
    assert sorted(int(row["id"]) for row in users) == sorted([*range(1, 101)] * 2)
    assert all(row["email"] and row["name"] for row in users)
    assert len(rows.data(dynamodb, f"{prefix}_products")) == 200
    ok(run_python("""destination.write(faker(30), cache=False, write_strategy="replace")"""))
    assert sorted(int(row["id"]) for row in rows.data(dynamodb, f"{prefix}_users")) == [*range(1, 31)]
    assert len(rows.data(dynamodb, f"{prefix}_products")) == 30  # one for each user, up to a hundred


@pytest.mark.parametrize("strategy", ["auto", "merge"])
def test_a_strategy_that_deduplicates_is_refused_in_pyairbyte_s_words(run_python, dynamodb, prefix, strategy):
    code, stdout, stderr = run_python(f"""destination.write(faker(10), cache=False, write_strategy="{strategy}")""")
    assert code != 0
    assert 'write_strategy="append"' in stdout + stderr
    assert engines.table_names(dynamodb, prefix) == []


def test_auto_replaces_streams_without_a_key_and_a_cursor(run_python, dynamodb, prefix):
    """PyAirbyte's default strategy: such a stream is overwritten, and twice the same records are there once."""
    ok(run_python("""
        destination.write(hardcoded_records(40), cache=False)
        destination.write(hardcoded_records(25), cache=False)
    """))
    assert sorted(engines.table_names(dynamodb, prefix)) == [f"{prefix}_{name}" for name in ("customers", "dummy_fields", "products")]
    for name in ("customers", "dummy_fields", "products"):
        assert len(rows.data(dynamodb, f"{prefix}_{name}")) == 25


def test_what_source_hardcoded_records_prints_goes_through_a_pipe(run_python, connector, engine, dynamodb, prefix, tmp_path):
    """Its stdout as it is, logs and statuses between the records, is the stdin of a sync; every value is read back."""
    source = VENV / "bin" / "source-hardcoded-records"
    config, catalog = tmp_path / "source.json", tmp_path / "configured.json"
    config.write_text(json.dumps({"count": 500}))
    configured = messages.catalog(*(messages.stream(name, sync_mode="full_refresh") for name in ("customers", "dummy_fields", "products")))
    catalog.write_text(json.dumps(configured))
    done = subprocess.run([source, "read", "--config", config, "--catalog", catalog], env=run_python.env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    sent = {"customers": [], "dummy_fields": [], "products": []}
    for line in (rows.parse(line) for line in lines if line.startswith("{")):
        if line["type"] == "RECORD":
            sent[line["record"]["stream"]].append(line["record"]["data"])
    assert [len(records) for records in sent.values()] == [500] * 3
    written = connector.write(messages.config(engine.endpoint, prefix, capacity={"mode": "on_demand"}), configured, lines).ok()
    assert len(written.states) == len([line for line in lines if '"type":"STATE"' in line]) > 0
    for name, records in sent.items():
        rows.assert_same(rows.data(dynamodb, f"{prefix}_{name}"), records)


TABLE = {"id": [1, 2, 3], "name": ["Ada", "Gr,ace \"quoted\"", "é漢😀"], "price": [0.1, -3.0, None]}


def write_files(folder, python):
    """The same table three times, the Parquet one by the library that reads it too."""
    rows_of = [dict(zip(TABLE, row)) for row in zip(*TABLE.values())]
    with open(folder / "table.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(TABLE))
        writer.writeheader()
        writer.writerows(rows_of)
    (folder / "table.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_of))
    subprocess.run([python, "-c", "import json, pandas, sys; pandas.DataFrame(json.loads(sys.argv[1])).to_parquet(sys.argv[2])",
                    json.dumps(TABLE), folder / "table.parquet"], check=True)
    return rows_of


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_source_file_reads_a_local_file_through_a_pipe(run_python, connector, engine, dynamodb, prefix, tmp_path, kind):
    """Numbers, quotes and characters beyond ASCII arrive as the file has them; of a value that is missing the source says nothing."""
    in_file = write_files(tmp_path, VENV / "bin" / "python")
    config, catalog = tmp_path / "source.json", tmp_path / "configured.json"
    config.write_text(json.dumps({"dataset_name": "table", "format": kind, "url": str(tmp_path / f"table.{kind}"), "provider": {"storage": "local"}}))
    stream = messages.stream("table", sync_mode="full_refresh")
    stream["stream"]["json_schema"]["properties"] = {name: {} for name in TABLE}  # it reads those alone
    configured = messages.catalog(stream)
    catalog.write_text(json.dumps(configured))
    done = subprocess.run([VENV / "bin" / "python", "-c", "from source_file.run import run; run()", "read", "--config", config, "--catalog", catalog],
                          env={**run_python.env, "PYTHONPATH": os.environ["DDB_SOURCE_FILE"]}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    connector.write(messages.config(engine.endpoint, prefix, capacity={"mode": "on_demand"}), configured, done.stdout.splitlines()).ok()
    found = rows.data(dynamodb, f"{prefix}_table")
    printed = [rows.parse(line) for line in done.stdout.splitlines() if line.startswith("{")]
    rows.assert_same(found, [line["record"]["data"] for line in printed if line["type"] == "RECORD"])
    without_missing = [{name: value for name, value in row.items() if value is not None} for row in in_file]
    rows.assert_same(found, rows.parse(json.dumps(without_missing)))


def counts_of_the_smoke_test(tmp_path, env):
    """How many records the source gives for each of its streams, read from it directly."""
    def messages_of(*arguments):
        done = subprocess.run([VENV / "bin" / "source-smoke-test", *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    config, catalog = tmp_path / "source.json", tmp_path / "catalog.json"
    config.write_text("{}")
    streams = next(m["catalog"]["streams"] for m in messages_of("discover", "--config", config) if m["type"] == "CATALOG")
    catalog.write_text(json.dumps({"streams": [{"stream": s, "sync_mode": "full_refresh", "destination_sync_mode": "append"} for s in streams]}))
    counts = {s["name"]: 0 for s in streams}
    for message in messages_of("read", "--config", config, "--catalog", catalog):
        if message["type"] == "RECORD":
            counts[message["record"]["stream"]] += 1
    return counts


def test_the_smoke_test_s_streams(run_python, dynamodb, prefix, tmp_path):
    """Column names with dots, spaces and reserved words, numbers beyond DynamoDB's, empty streams, long texts."""
    sent = counts_of_the_smoke_test(tmp_path, run_python.env)
    assert len(sent) >= 15 and sum(sent.values()) > 50
    ok(run_python("""destination.write(smoke_test(), cache=False, write_strategy="append")"""))
    stored = dict.fromkeys(sent, 0)
    for table in engines.table_names(dynamodb, prefix):
        stored[next(name for name in sorted(sent, key=len, reverse=True) if table.endswith(name.replace("-", "_")))] = len(rows.data(dynamodb, table))
    assert stored == sent


def test_pyab_validate(run_python, binary, engine, prefix, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(messages.config(engine.endpoint, prefix)))
    done = subprocess.run([VENV / "bin" / "pyab", "validate", f"--connector={binary}", f"--config={config}"], cwd=tmp_path, env=run_python.env,
                          capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
