"""docs/aws.md: what it says of roles, of where the destination runs, and of policies, done with stand-ins as it says it."""

import fnmatch
import json
import re
import urllib.parse
from pathlib import Path

import botocore.session
import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Container, Instance, Keys, Sts
from ddb_testkit.scripted import ScriptedServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/aws.md").read_text()
PERMISSIONS = (ROOT / "docs/permissions.md").read_text()
OPERATIONS = botocore.session.Session().get_service_model("dynamodb").operation_names


def json_blocks(text):
    found = re.findall(r"^( *)```json\n(.*?)^\1```$", text, re.M | re.S)
    return [json.loads(block) for _, block in found]


def one_block(text, part):
    (found,) = [block for block in json_blocks(text) if part in json.dumps(block)]
    return found


def policy_of(heading):
    (part,) = [part for part in PERMISSIONS.split("\n## ") if part.splitlines()[0] == heading]
    (policy,) = json_blocks(part)
    return policy


class Allowed:
    """The scripted server as it is for somebody with this policy alone."""

    def __init__(self, policy):
        (self.statement,) = policy["Statement"]
        self.actions = {action.removeprefix("dynamodb:") for action in self.statement["Action"]}

    def denied(self):
        return sorted(set(OPERATIONS) - self.actions)

    def covers(self, server):
        """Every table that was asked for is one of the policy's resource."""
        tables = self.statement["Resource"].rpartition(":table/")[2]
        named = {table for line in server.log() for table in line["tables"]}
        assert named and all(fnmatch.fnmatchcase(table, tables) for table in named), (named, tables)
        return named


@pytest.fixture
def around(tmp_path):
    """Nothing of the machine that the test runs on."""
    names = set(re.findall(r"AWS_[A-Z0-9_]+", PAGE)) | {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"}
    return {name: None for name in names} | {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}


def start(build_folder, tmp_path, keys, policy, existing=()):
    credentials = [{**one, "denied": Allowed(policy).denied()} for one in keys.scenario()]
    return ScriptedServer(build_folder / "scripted-server", tmp_path / "server", {"credentials": credentials, "existing": list(existing)})


TABLE = {"TableName": "airbyte_users", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "_airbyte_ab_id", "AttributeType": "S"}, {"AttributeName": "sync_time", "AttributeType": "N"}],
         "KeySchema": [{"AttributeName": "_airbyte_ab_id", "KeyType": "HASH"}, {"AttributeName": "sync_time", "KeyType": "RANGE"}]}


def check_and_write(connector, server, env, mode="append", **config):
    settings = messages.config(server.endpoint, "airbyte", **{"access_key_id": ..., "secret_access_key": ..., **config})
    checked = connector.check(settings, env=env)
    assert checked.status["status"] == "SUCCEEDED", checked.status
    lines = [messages.record("users", {"id": 1}), messages.stream_state("users", {"id": 1})]
    written = connector.write(settings, messages.catalog(messages.stream("users", mode)), lines, env=env).ok()
    assert len(written.states) == 1 and len(server.items("airbyte_users")) == 1
    return checked.stdout + written.stdout


# What each platform puts into the environment of a container, beside what the page names.
# https://docs.aws.amazon.com/eks/latest/userguide/pod-configuration.html
# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
def eks_irsa(tmp_path, services):
    (tmp_path / "token").write_text("web-identity-token.x.y")
    return {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/airbyte-dynamodb", "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ENDPOINT_URL_STS": services["sts"].url}


def eks_pod_identity(tmp_path, services):
    (tmp_path / "token").write_text("pod-identity-token")
    return {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": services["container"].url + "/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}


def ec2(tmp_path, services):
    return {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": services["instance"].url, "AWS_REGION": "us-east-1"}


WHERE = {"EKS, IRSA": (eks_irsa, "a web identity"), "EKS Pod Identity": (eks_pod_identity, "the container's credentials service"),
         "EC2": (ec2, "the role of the EC2 instance")}


@pytest.mark.parametrize("place", WHERE)
def test_where_it_runs(connector, build_folder, tmp_path, around, place):
    """Whoever has what the page says needs nothing in the config; the least of the policies is enough for it."""
    assert f"- **{place}**" in PAGE
    policy = policy_of("Append into tables that exist")
    keys = Keys()
    server = start(build_folder, tmp_path, keys, policy, [TABLE])
    environment, said = WHERE[place]
    try:
        with Sts(keys) as sts, Container(keys, token="pod-identity-token") as container, Instance(keys) as instance:
            env = {**around, **environment(tmp_path, {"sts": sts, "container": container, "instance": instance})}
            assert said in check_and_write(connector, server, env, create_tables=False, dynamodb_region="")
            assert [len(service.requests) > 0 for service in (sts, container, instance)].count(True) == 1
        assert Allowed(policy).covers(server) >= {"airbyte_users"}
    finally:
        server.stop()


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_role_of_another_account_step_by_step(connector, build_folder, tmp_path, around, mode):
    """The config of the page with the trust policy of the page and a policy of the page: what step 2 to 4 give works, and nothing else does."""
    trust = one_block(PAGE, "sts:ExternalId")["Statement"][0]
    config = one_block(PAGE, '"assume_role"')
    role = config["authentication"]
    asked_for = trust["Condition"]["StringEquals"]["sts:ExternalId"]
    assert trust["Action"] == "sts:AssumeRole" and role["external_id"] == asked_for
    # The tables are in the role's account, whoever assumes it in another.
    principal, owner = (re.search(r"iam::(\d{12}):", arn)[1] for arn in (trust["Principal"]["AWS"], role["role_arn"]))
    assert principal != owner
    policy = policy_of("Overwrite, and check")
    keys = Keys()
    server = start(build_folder, tmp_path, keys, policy)
    try:
        with Sts(keys, external_id=asked_for) as sts:
            env = {**around, "AWS_ENDPOINT_URL_STS": sts.url}
            check_and_write(connector, server, env, mode, **{**config, "dynamodb_table_name_prefix": "airbyte", "dynamodb_region": "us-east-1"})
            forms = [dict(urllib.parse.parse_qsl(body)) for *_, body in sts.requests]
            for form in forms:
                assert f"sts:{form['Action']}" == trust["Action"] and form["RoleArn"] == role["role_arn"] and form["ExternalId"] == asked_for
                assert form["RoleSessionName"] == re.search(r"`session_name` \(default `([\w-]+)`\)", PAGE)[1]
            assert all(f"Credential={role['access_key_id']}/" in headers["Authorization"] for _, _, headers, _ in sts.requests)
            Allowed(policy).covers(server)
            other = {**config, "authentication": {**role, "external_id": asked_for + "x"}, "dynamodb_endpoint": server.endpoint}
            status = connector.check(other, env=env).status
            assert status["status"] == "FAILED" and "trust policy" in status["message"] and "AccessDenied" in status["message"]
    finally:
        server.stop()


def test_the_config_of_the_role_has_all_that_it_needs(connector, around):
    """As it stands on the page, but for where STS is: nothing else is asked of whoever copies it."""
    with Sts(Keys(), external_id="another") as sts:
        status = connector.check(one_block(PAGE, '"assume_role"'), env={**around, "AWS_ENDPOINT_URL_STS": sts.url}).status
    assert f"STS ({sts.url}" in status["message"], status


def test_tables_of_another_account_are_not_named_by_arn(connector, around):
    assert "ARNs as table names are refused" in PAGE
    for key in ("dynamodb_table_name_prefix", "dead_letter_table"):
        config = messages.config("", "airbyte", access_key_id="AKIA1", secret_access_key="secret/of/nobody",
                                 **{key: "arn:aws:dynamodb:eu-central-1:123456789012:table/airbyte_users"})
        status = connector.check(config, env=around).status
        assert status["status"] == "FAILED" and status["message"].startswith(key) and "is an ARN" in status["message"]


def test_the_policy_of_a_vpc_endpoint_is_enough(connector, build_folder, tmp_path, around):
    """For append, creation and check, each table of which is its resource."""
    policy = one_block(PAGE, "aws:PrincipalAccount")
    keys = Keys()
    server = start(build_folder, tmp_path, keys, policy)
    try:
        check_and_write(connector, server, {**around, "AWS_ACCESS_KEY_ID": keys.key(0), "AWS_SECRET_ACCESS_KEY": Keys.SECRET,
                                            "AWS_SESSION_TOKEN": keys.token(0)})
        Allowed(policy).covers(server)
    finally:
        server.stop()


def test_both_pages_ask_for_the_same_of_a_key_in_kms():
    def actions(text):
        return set(re.findall(r"`(kms:[A-Za-z*]+)`", text))
    assert actions(PAGE) == actions(PERMISSIONS) and "kms:CreateGrant" in actions(PAGE)


def test_every_variable_that_is_named_is_read_and_every_one_that_is_read_is_named():
    source = [path for path in (ROOT / "src").rglob("*") if path.suffix in (".cc", ".h") and not path.stem.endswith("_test")]
    read = set(re.findall(r'"(AWS_[A-Z0-9_]+)"', "".join(path.read_text() for path in source)))
    named = set(re.findall(r"`(AWS_[A-Z0-9_]+)(?:=\w+)?`", PAGE))
    assert named == read


def test_every_key_that_is_named_is_one(connector):
    """Of the config, or of a profile."""
    specification = connector.run("spec").of_type("SPEC")[0]["spec"]["connectionSpecification"]
    keys = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', json.dumps(specification)))
    source = "".join(path.read_text() for folder in ("credentials", "commands", "aws") for path in (ROOT / "src" / folder).glob("*.cc"))
    keys |= set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', source))
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE))
    assert named <= keys, named - keys
