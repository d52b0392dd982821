"""Which place wins where several have credentials: the same one as botocore takes, in the same environment with the same files."""

import hashlib
import itertools
import json
import re
import time

import botocore.credentials
import botocore.session
import botocore.tokens
import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Container, Instance, Service, Sso, Sts, iso

ROLE = "arn:aws:iam::123456789012:role/loader"
NOTHING = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
           "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
           "AWS_ENDPOINT_URL", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
PLACES = ("environment", "role", "web", "sso", "credentials", "config", "container", "instance")


class OneKey:
    def __init__(self, name):
        self.name = name

    def take(self):
        end = time.time() + 3600
        return {"AccessKeyId": self.name, "SecretAccessKey": "s", "Token": "t", "Expiration": iso(end)}, end


class TwoRoles(Sts):
    def give(self, request, body):
        self.keys = OneKey("ASIAWEB" if "WebIdentity" in body.split("&")[0] else "ASIAROLE")
        super().give(request, body)


class Refusing(Service):
    """In DynamoDB's place: keeps who signs, and knows nobody."""

    def give(self, request, _):
        request.answer(400, '{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"x"}', "application/x-amz-json-1.0")

    def signer(self):
        return re.search(r"Credential=(\w+)/", self.requests[-1][2]["Authorization"])[1]


@pytest.fixture(scope="module")
def services():
    with (TwoRoles(OneKey("")) as sts, Sso(OneKey("ASIASSO")) as sso, Container(OneKey("ASIACONTAINER")) as container,
          Instance(OneKey("ASIAINSTANCE")) as instance, Refusing(None) as dynamodb):
        yield {"sts": sts, "sso": sso, "container": container, "instance": instance, "dynamodb": dynamodb}


def lay_out(home, services, places, profile):
    """The files and the environment that have these places."""
    (home / ".aws/sso/cache").mkdir(parents=True, exist_ok=True)
    env = {name: None for name in NOTHING} | {
        "HOME": str(home), "AWS_ENDPOINT_URL_STS": services["sts"].url, "AWS_ENDPOINT_URL_SSO": services["sso"].url, "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    section = "default" if profile is None else f"profile {profile}"
    config = [f"[{section}]", "region = us-east-1"]
    credentials = ""
    if profile is not None:
        env["AWS_PROFILE"] = profile
    if "environment" in places:
        env |= {"AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "s"}
    if "role" in places:
        config += [f"role_arn = {ROLE}", "source_profile = base"]
    if "web" in places:
        (home / "token").write_text("web-identity-token.x.y")
        env |= {"AWS_WEB_IDENTITY_TOKEN_FILE": str(home / "token"), "AWS_ROLE_ARN": ROLE}
    if "sso" in places:
        config += ["sso_session = corp", "sso_account_id = 123456789012", "sso_role_name = Loader"]
        token = {"accessToken": Sso.TOKEN, "expiresAt": iso(time.time() + 3600), "region": "us-east-1", "startUrl": "https://corp.awsapps.com/start"}
        (home / ".aws/sso/cache" / (hashlib.sha1(b"corp").hexdigest() + ".json")).write_text(json.dumps(token))
    if "credentials" in places:
        credentials = f"[{profile or 'default'}]\naws_access_key_id = AKIACREDENTIALS\naws_secret_access_key = s\n"
    if "config" in places:
        config += ["aws_access_key_id = AKIACONFIG", "aws_secret_access_key = s"]
    if "container" in places:
        env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = services["container"].url + "/creds"
    if "instance" in places:
        env |= {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": services["instance"].url + "/"}
    config += ["[profile base]", "aws_access_key_id = AKIABASE", "aws_secret_access_key = s", "[sso-session corp]",
               "sso_start_url = https://corp.awsapps.com/start", "sso_region = us-east-1"]
    (home / ".aws/config").write_text("\n".join(config) + "\n")
    (home / ".aws/credentials").write_text(credentials)
    return env


def of_botocore(env, monkeypatch):
    with monkeypatch.context() as patched:
        for name, value in env.items():
            if value is None:
                patched.delenv(name, raising=False)
            else:
                patched.setenv(name, value)
        # Where botocore looks for logins it has settled when it was imported.
        for owner in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
            patched.setattr(owner, "_SSO_TOKEN_CACHE_DIR", f"{env['HOME']}/.aws/sso/cache")
        return botocore.session.Session().get_credentials().get_frozen_credentials().access_key


CASES = [*itertools.combinations(PLACES, 1), *itertools.combinations(PLACES, 2), *zip(PLACES, PLACES[1:], PLACES[2:]), PLACES]
CASES = [(places, None) for places in CASES]
CASES += [(places, "other") for places in (("environment", "credentials"), ("role", "credentials"), ("credentials", "config"), ("sso", "config"),
                                           ("config", "container"), ("web", "config"), ("credentials", "instance"))]


@pytest.mark.parametrize("part", range(4))
def test_the_order_is_botocores(connector, services, tmp_path, monkeypatch, part):
    assert len(CASES) >= 50
    seen = set()
    for number, (places, profile) in enumerate(CASES[part::4]):
        home = tmp_path / str(number)
        env = lay_out(home, services, places, profile)
        wanted = of_botocore(env, monkeypatch)
        config = messages.config(services["dynamodb"].url, "t", access_key_id=..., secret_access_key=...)
        status = connector.check(config, env=env).status
        assert status["status"] == "FAILED" and "access key is not accepted" in status["message"], (places, profile, status)
        assert services["dynamodb"].signer() == wanted, (places, profile)
        seen.add(wanted)
    assert len(seen) >= 4
