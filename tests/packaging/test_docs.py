"""The documentation for users: its links lead somewhere, its commands, configs, policies and quoted messages are right."""

import ast
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ddb_testkit import engines, messages, protocol, rows
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY, ScriptedServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")] + [*(ROOT / "docs").glob("*.md")] +
               [*(ROOT / "docs/decisions").glob("*.md")] + [*(ROOT / "packaging").glob("*.md")])
EXAMPLES = ROOT / "packaging" / "examples"


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    """The fenced blocks of a language, those in lists too."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", page.read_text(), re.M | re.S)
    return [re.sub(rf"^{indent}", "", text, flags=re.M) for indent, text in found]


def all_blocks(language):
    return [pytest.param(page, text, id=f"{name_of(page)}-{index}") for page in PAGES for index, text in enumerate(blocks(page, language))]


@functools.cache
def anchors(page):
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{name_of(page)} links to {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{name_of(page)} links to {target}, which has {sorted(anchors(file))}"


def test_every_page_can_be_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [(page.parent / target).resolve() for target in re.findall(r"\]\(([^)\s#:]+)\)?", page.read_text())
                    if (page.parent / target).is_file()]
    assert {name_of(page) for page in PAGES if "decisions" not in str(page)} <= {name_of(page) for page in seen}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


@pytest.mark.parametrize("page, text", all_blocks("json"))
def test_every_json_is_json(page, text):
    for part in [text] if text.startswith("{\n") else text.splitlines():
        json.loads(part)


# ---- configs

def specification(connector):
    return connector.run("spec").of_type("SPEC")[0]["spec"]["connectionSpecification"]


def configs():
    found = [pytest.param(json.loads(path.read_text()), id=path.name) for path in sorted(EXAMPLES.glob("*.json")) if path.name != "catalog.json"]
    for page in PAGES:
        for text in blocks(page, "json"):
            if "dynamodb_region" in text and "role_arn" not in text:  # test_docs_aws.py has it, and an STS
                found.append(pytest.param(json.loads(text), id=name_of(page)))
    return found


@pytest.mark.parametrize("config", configs())
def test_every_config_is_taken(connector, config):
    """By the program itself, which tells keys that it does not know: against an address where nobody listens."""
    if protocol.models() is not None:
        import jsonschema
        jsonschema.Draft7Validator(specification(connector)).validate(config)
    outcome = connector.run("check", "--config", connector.file({**config, "dynamodb_endpoint": "http://127.0.0.1:9"}))
    assert outcome.status["status"] == "FAILED"
    assert "127.0.0.1:9" in outcome.status["message"], outcome.status
    assert "not known" not in outcome.stdout


def test_the_config_page_has_every_key_and_the_examples_as_they_are(connector):
    page = ROOT / "docs/config.md"
    keys = set(specification(connector)["properties"])
    assert keys == set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`[^|]*) \|", page.read_text(), re.M))))
    shown = [json.loads(text) for text in blocks(page, "json")]
    assert shown == [json.loads((EXAMPLES / f"{name}.json").read_text()) for name in ("minimal", "common", "all")]
    # Other ways to be somebody exclude the key pair, and other ways to AWS the endpoint: docs/aws.md has them.
    assert keys - set(shown[2]) <= {"session_token", "authentication", "proxy_url", "ca_certificate", "client_certificate", "use_dualstack", "use_fips", "account_id",
                                    "create_tables"}


# ---- commands

@pytest.mark.parametrize("page, text", all_blocks("sh"))
def test_every_command_is_there(page, text):
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)
    for line in text.replace("\\\n", " ").splitlines():
        line = line.split(" # ")[0].split("    #")[0].strip()
        for command in re.split(r"\s*(?:&&|\|)\s*", line):
            words = command.split()
            if words and words[0].startswith(("scripts/", "packaging/")):
                file = ROOT / words[0]
                assert os.access(file, os.X_OK), words[0]
                for option in re.findall(r"(?<=\s)--[a-z-]+", command):
                    assert option in file.read_text(), f"{words[0]} has no {option}"
                if words[0] == "scripts/setup":
                    assert all(re.search(rf"^      {part}\)", file.read_text(), re.M) for part in words[1:]), command
            if words and words[0] == "destination-dynamodb" and not words[1].startswith("--"):
                assert words[1] in ("spec", "check", "write"), command


@pytest.mark.parametrize("page, text", all_blocks("python"))
def test_every_python_is_python(page, text):
    ast.parse(text)


def run_shell(text, folder, binary):
    """The block without the lines that ask for a tool which is not ours to bring (aws)."""
    (folder / "bin").mkdir()
    os.symlink(binary, folder / "bin" / "destination-dynamodb")
    own = "\n".join(line for line in text.splitlines() if line.startswith("destination-dynamodb"))
    return subprocess.run(["bash", "-eu", "-c", own], cwd=folder, capture_output=True, text=True, timeout=120,
                          env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})


@pytest.mark.parametrize("page", ["README.md", "docs/first-sync.md"])
def test_the_first_sync_is_done_as_the_page_says(page, engine, dynamodb, prefix, binary, tmp_path):
    text = next(text for text in blocks(ROOT / page, "sh") if "destination-dynamodb write" in text)
    if page == "README.md":
        files = {name: (EXAMPLES / name).read_text() for name in ("local.json", "catalog.json", "messages.jsonl")}
    else:
        files = dict(zip(("config.json", "catalog.json", "messages.jsonl"), blocks(ROOT / page, "json")))
    for name, content in files.items():
        if "dynamodb_endpoint" in content:
            content = json.dumps({**json.loads(content), "dynamodb_endpoint": engine.endpoint, "dynamodb_table_name_prefix": prefix})
        (tmp_path / name).write_text(content)
    done = run_shell(text, tmp_path, binary)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [protocol.message(line) for line in done.stdout.splitlines()]
    assert [m["connectionStatus"]["status"] for m in found if m["type"] == "CONNECTION_STATUS"] == ["SUCCEEDED"]
    assert [m["state"]["stream"]["stream_state"] for m in found if m["type"] == "STATE"] == [{"id": 2}]
    assert sorted(row["name"] for row in rows.data(dynamodb, f"{prefix}_users")) == ["Ada", "Grace"]


def test_the_example_item_is_what_is_stored(connector, engine, dynamodb, prefix):
    """All but the random key and the times."""
    record, shown = blocks(ROOT / "docs/item-encoding.md", "json")[:2]
    config = connector.file(messages.config(engine.endpoint, prefix))
    connector.run("write", "--config", config, "--catalog", connector.file(messages.catalog("s")),
                  stdin=(rows.raw_record("s", record.strip()) + "\n").encode()).ok()
    (stored,) = dynamodb.scan(TableName=f"{prefix}_s", ConsistentRead=True)["Items"]
    shown = json.loads(shown)
    assert stored["_airbyte_data"] == shown["_airbyte_data"]
    assert {name: list(value) for name, value in stored.items()} == {name: list(value) for name, value in shown.items()}


# ---- policies

def policies():
    """{heading: the actions of its policy}"""
    found = {}
    for part in (ROOT / "docs/permissions.md").read_text().split("\n## ")[1:]:
        for text in re.findall(r"```json\n(.*?)```", part, re.S):
            policy = json.loads(text)
            assert policy["Version"] == "2012-10-17"
            (statement,) = policy["Statement"]
            assert statement["Effect"] == "Allow" and statement["Resource"].startswith("arn:aws:dynamodb:")
            found[part.splitlines()[0]] = {action.removeprefix("dynamodb:") for action in statement["Action"]}
    return found


@pytest.fixture
def server(build_folder, tmp_path):
    started = ScriptedServer(build_folder / "scripted-server", tmp_path / "server")
    yield started
    started.stop()


def operations(server, ours=lambda line: True):
    return {line["operation"] for line in server.log() if ours(line)}


def sync(connector, server, mode, command="write", bad=False, **config):
    settings = messages.config(server.endpoint, "airbyte", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, **config)
    arguments = ["--config", connector.file(settings)]
    if command == "check":
        assert connector.run("check", *arguments).status["status"] == "SUCCEEDED"
        return
    lines = [messages.record("users", {"id": 1}), messages.stream_state("users", {"id": 1})]
    if bad:
        lines.insert(0, rows.raw_record("users", "[1]"))
    connector.run("write", *arguments, "--catalog", connector.file(messages.catalog(messages.stream("users", mode))),
                  stdin="".join(f"{line}\n" for line in lines).encode()).ok()


def test_the_policy_for_append_has_what_is_used(connector, server):
    sync(connector, server, "append")
    assert operations(server) == policies()["Append"]


def test_the_policy_for_append_into_tables_that_exist_has_what_is_used(connector, server):
    sync(connector, server, "append")
    before = len(server.log())
    sync(connector, server, "append", create_tables=False)
    sync(connector, server, None, command="check", create_tables=False)
    assert {line["operation"] for line in server.log()[before:]} == policies()["Append into tables that exist"]


def test_the_policy_of_a_vpc_endpoint_lets_through_what_is_used(connector, server):
    sync(connector, server, "append")
    sync(connector, server, None, command="check")
    (policy,) = [json.loads(text) for text in blocks(ROOT / "docs/aws.md", "json") if "aws:PrincipalAccount" in text]
    assert {action.removeprefix("dynamodb:") for action in policy["Statement"][0]["Action"]} == operations(server)


def test_the_policy_for_overwrite_and_check_has_what_is_used(connector, server):
    sync(connector, server, "append")  # there is a table then, and it gets what an owner may have set
    owner = server.boto3()
    arn = owner.describe_table(TableName="airbyte_users")["Table"]["TableArn"]
    owner.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "data"}])
    owner.update_time_to_live(TableName="airbyte_users", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
    owner.update_continuous_backups(TableName="airbyte_users", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    owner.update_continuous_backups(TableName="airbyte_users", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    before = len(server.log())
    sync(connector, server, "overwrite")
    sync(connector, server, None, command="check")
    used = {line["operation"] for line in server.log()[before:]}
    allowed = policies()["Overwrite, and check"]
    # With tags to be set, CreateTable sets them, for which AWS asks for TagResource:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.Operations.html
    assert used | {"TagResource"} == allowed


def test_the_policy_for_settings_of_new_tables_has_what_is_used(connector, server):
    sync(connector, server, "append", new_tables=json.loads((EXAMPLES / "all.json").read_text())["new_tables"])
    assert "tags" in json.dumps(server.tables()["airbyte_users"])
    assert (operations(server) - policies()["Append"]) | {"TagResource"} == policies()["Settings of new tables"]


def test_the_policy_for_a_dead_letter_table_has_what_is_used(connector, server):
    sync(connector, server, "append", bad=True, on_rejected_record="skip", dead_letter_table="dead_letters")
    assert len(server.items("dead_letters")) == 1
    assert operations(server, lambda line: "dead_letters" in json.dumps(line)) <= policies()["A dead-letter table"] == operations(server)


# ---- messages

def source_text():
    """All that the program can say: its string literals, joined where the source breaks them."""
    return "".join(re.sub(r'"\s*\n\s*"', "", path.read_text()) for path in (ROOT / "src").rglob("*.cc") if not path.name.endswith("_test.cc"))


def test_every_message_that_is_explained_can_come():
    page = (ROOT / "docs/operations.md").read_text().split("## Troubleshooting", 1)[1].split("\n## ", 1)[0]
    said = source_text()
    quoted = re.findall(r"`([^`]+)`", "".join(re.findall(r"^\| (`[^|]+) \|", page, re.M)))
    assert len(quoted) > 10
    for message in quoted:
        for part in message.split("..."):
            assert part.strip() in said, f"nothing says {part!r}"


# ---- dead letters

def dead_letters(engine, table, *arguments):
    env = {**os.environ, "AWS_ACCESS_KEY_ID": engines.ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": engines.SECRET_ACCESS_KEY}
    return subprocess.run([sys.executable, ROOT / "packaging/dead-letters", "--table", table, "--region", "us-east-1", "--endpoint",
                           engine.endpoint, *arguments], capture_output=True, text=True, timeout=120, env=env)


def test_dead_letters_are_listed_replayed_and_deleted(connector, engine, dynamodb, prefix):
    """A record whose emitted_at is no number is a letter of its whole line, one that is larger than an item one in parts."""
    long = {"id": 12345678901234567890, "key": "x" * 410_000, "note": "Ünï\n"}
    lines = [messages.record("s", long), rows.raw_record("s", json.dumps({"id": 2}), "9" * 39), messages.record("s", {"id": 3})]
    table = f"{prefix}_letters"
    config = messages.config(engine.endpoint, prefix, on_rejected_record="skip", dead_letter_table=table)
    catalog = messages.catalog(messages.stream("s", primary_key=[["key"]]))
    connector.run("write", "--config", connector.file(config), "--catalog", connector.file(catalog), stdin=("\n".join(lines) + "\n").encode()).ok()

    listed = dead_letters(engine, table, "list")
    assert listed.returncode == 0, listed.stderr
    assert len(listed.stdout.splitlines()) == 2 and all("\ts\t" in line for line in listed.stdout.splitlines())

    replayed = dead_letters(engine, table, "replay")
    assert replayed.returncode == 0, replayed.stderr
    found = {json.loads(line)["record"]["data"]["id"]: json.loads(line)["record"] for line in replayed.stdout.splitlines()}
    assert found[12345678901234567890]["data"] == long
    assert found[2]["stream"] == "s"

    # Without its key it is taken: what a reader of the page would do.
    again = connector.run("write", "--config", connector.file(config), "--catalog", connector.file(messages.catalog("s")),
                          stdin="".join(line + "\n" for line in replayed.stdout.splitlines() if '"key"' in line).encode()).ok()
    assert not [text for level, text in again.logs if "reject" in text and level == "ERROR"]
    assert 12345678901234567890 in [row["id"] for row in rows.data(dynamodb, f"{prefix}_s")]

    deleted = dead_letters(engine, table, "delete", "--before", "99999999999999")
    assert deleted.returncode == 0, deleted.stderr
    assert dead_letters(engine, table, "list").stdout == ""
