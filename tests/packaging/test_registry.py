"""What a registry knows of this connector, against Airbyte's own JSON schemas (PyPI airbyte-connector-models), and what its
publishing asks for beyond them (airbytehq/airbyte: metadata_service/validators/metadata_validator.py)."""

import functools
import http.server
import json
import re
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ddb_testkit import protocol

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
UPSTREAM_ID = "8ccd8909-4e99-4141-b48d-4984b70b2d89"
FIVE_MODES = ["Full Refresh - Overwrite", "Full Refresh - Append", "Full Refresh - Overwrite + Deduped",
              "Incremental Sync - Append", "Incremental Sync - Append + Deduped"]


@pytest.fixture(scope="module")
def schemas():
    if protocol.models() is None:
        pytest.skip("scripts/setup has not named Airbyte's models (DDB_AIRBYTE_MODELS)")
    import airbyte_connector_models
    folder = Path(airbyte_connector_models.__file__).parent / "metadata" / "v0"
    return lambda name: json.loads((folder / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def metadata(schemas):
    import yaml
    return yaml.safe_load((PACKAGING / "metadata.yaml").read_text())


def without_ids(schema):
    """They were several files once, and say so by an `$id` each; their references mean the one file that they are now."""
    if isinstance(schema, dict):
        return {key: without_ids(value) for key, value in schema.items() if key != "$id" or not isinstance(value, str)}
    return [without_ids(each) for each in schema] if isinstance(schema, list) else schema


def valid(schema, value):
    import jsonschema
    jsonschema.Draft7Validator(without_ids(schema), format_checker=jsonschema.FormatChecker()).validate(value)


def test_the_metadata_is_what_the_schema_wants(schemas, metadata):
    valid(schemas("ConnectorMetadataDefinitionV0"), metadata)


@pytest.mark.parametrize("change", [{"definitionId": "no-uuid"}, {"supportLevel": "enterprise"}, {"more": 1}])
def test_the_schema_tells_a_mistake(schemas, metadata, change):
    import jsonschema
    with pytest.raises(jsonschema.ValidationError):
        valid(schemas("ConnectorMetadataDefinitionV0"), {**metadata, "data": {**metadata["data"], **change}})


def test_what_publishing_asks_for_beyond_the_schema(metadata):
    data = metadata["data"]
    version = re.search(r"project\(.* VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert data["dockerImageTag"] == version
    # An entry of upstream's under our tag, or ours under theirs, would replace the other at an update.
    assert data["definitionId"] != UPSTREAM_ID and data["dockerRepository"] != "airbyte/destination-dynamodb"
    assert all(re.fullmatch(r"[a-z]+:\S+", tag) for tag in data["tags"])
    assert any(tag.startswith("language:") for tag in data["tags"])
    if version.endswith(".0.0"):
        assert version in data["releases"]["breakingChanges"]
    assert data["license"] in ("MIT", "Elv2", "ELv2")
    assert (PACKAGING / data["icon"]).exists()


def test_the_icon_is_square():
    root = ElementTree.parse(PACKAGING / "icon.svg").getroot()
    assert root.tag.endswith("svg") and root.get("width") == root.get("height")


def test_the_documentation_has_airbyte_s_form(connector, metadata):
    page = (PACKAGING / "dynamodb.md").read_text()
    headings = re.findall(r"^#+ (.*)$", page, re.M)
    for wanted in ("Prerequisites", "Setup guide", "Supported sync modes", "Features", "Performance", "Changelog"):
        assert wanted in headings, headings
    table = page.split("Supported sync modes", 1)[1].split("\n#", 1)[0]
    rows = dict(re.findall(r"^\| ([^|]+?) +\| (Yes|No) +\|", table, re.M))
    assert list(rows) == FIVE_MODES
    modes = connector.run("spec").of_type("SPEC")[0]["spec"]["supported_destination_sync_modes"]
    assert (rows["Full Refresh - Overwrite"] == "Yes") == ("overwrite" in modes)
    assert (rows["Full Refresh - Append"] == "Yes") == ("append" in modes)
    deduped = "append_dedup" in modes
    assert (rows["Full Refresh - Overwrite + Deduped"] == "Yes") == deduped == (rows["Incremental Sync - Append + Deduped"] == "Yes")
    assert metadata["data"]["supportsRefreshes"] is False or deduped
    assert f"| {metadata['data']['dockerImageTag']} " in page.split("## Changelog", 1)[1]


def registry(binary, out, *more):
    subprocess.run([sys.executable, PACKAGING / "registry", "--out", out, "--binary", binary, *more], check=True, env=with_yaml())


def with_yaml():
    import os
    import yaml
    return {**os.environ, "PYTHONPATH": str(Path(yaml.__file__).parents[1])}


def test_a_registry_of_our_own(schemas, metadata, binary, tmp_path):
    registry(binary, tmp_path, "--image", "registry.example/team/destination-dynamodb:1.0.0-a")
    index = json.loads((tmp_path / "registries/v0/oss_registry.json").read_text())
    valid(schemas("ConnectorRegistryV0"), index)
    (ours,) = index["destinations"]
    assert ours["destinationDefinitionId"] == metadata["data"]["definitionId"]
    assert (ours["dockerRepository"], ours["dockerImageTag"]) == ("registry.example/team/destination-dynamodb", "1.0.0-a")
    assert ours["supportsRefreshes"] is False
    assert "dynamodb_region" in ours["spec"]["connectionSpecification"]["properties"]
    # What the platform asks for when somebody changes the tag.
    assert json.loads((tmp_path / "metadata/registry.example/team/destination-dynamodb/1.0.0-a/oss.json").read_text()) == ours


def test_icon_and_documentation_are_served_where_the_entry_says(schemas, binary, tmp_path):
    """By a web server over the folder, as somebody who follows the links of the page asks for them."""
    out = tmp_path / "served"
    out.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(out))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            registry(binary, out, "--url", address + "/")

            def get(url):
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as reply:
                    return reply.read()

            index = json.loads(get(f"{address}/registries/v0/oss_registry.json"))
            valid(schemas("ConnectorRegistryV0"), index)
            (ours,) = index["destinations"]
            assert ours["documentationUrl"] == ours["spec"]["documentationUrl"]
            assert get(ours["documentationUrl"]) == (PACKAGING / "dynamodb.md").read_bytes()
            assert get(ours["iconUrl"]) == (PACKAGING / "icon.svg").read_bytes()
            seen, waiting = set(), [ours["documentationUrl"]]
            while waiting:
                url = waiting.pop()
                if url in seen or url.endswith("/"):
                    continue
                seen.add(url)
                text = get(url).decode()
                if url.endswith(".md"):
                    waiting += [urllib.parse.urljoin(url, target) for target in re.findall(r"\]\(([^)\s#:]+)[)#]", text)]
            assert f"{address}/pages/docs/permissions.md" in seen and len(seen) > 10
        finally:
            server.shutdown()


@pytest.mark.parametrize("url", ["registry.example", "ftp://registry.example/", "https:///x"])
def test_an_address_that_is_none(binary, tmp_path, url):
    done = subprocess.run([sys.executable, PACKAGING / "registry", "--out", tmp_path, "--binary", binary, "--url", url], env=with_yaml(),
                          capture_output=True, text=True)
    assert done.returncode != 0 and url in done.stderr and not list(tmp_path.iterdir())


def test_upstream_s_connectors_stay_beside_ours(schemas, binary, tmp_path):
    theirs = {"destinationDefinitionId": UPSTREAM_ID, "name": "DynamoDB", "dockerRepository": "airbyte/destination-dynamodb",
              "dockerImageTag": "0.1.8", "documentationUrl": "https://docs.airbyte.com/integrations/destinations/dynamodb", "spec": {}}
    (tmp_path / "index.json").write_text(json.dumps({"sources": [], "destinations": [theirs]}))
    for _ in range(2):  # made again over its own output, there is one of ours
        registry(binary, tmp_path / "out", "--upstream", tmp_path / "index.json")
        index = json.loads((tmp_path / "out/registries/v0/oss_registry.json").read_text())
        assert [each["name"] for each in index["destinations"]] == ["DynamoDB", "DynamoDB (native)"]
        (tmp_path / "index.json").write_text(json.dumps(index))
    assert theirs in index["destinations"]
    valid(schemas("ConnectorRegistryV0"), index)
