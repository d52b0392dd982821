"""Which place wins where several have credentials: the same one as botocore takes, in the same environment with the same files."""

import hashlib
import itertools
import json
import re
import time

import botocore.credentials
import botocore.exceptions
import botocore.session
import botocore.tokens
import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Container, Instance, Service, Sso, Sts, iso

ROLE = "arn:aws:iam::123456789012:role/loader"
NOTHING = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
           "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
           "AWS_ENDPOINT_URL", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
PLACES = ("environment", "role", "web", "sso", "credentials", "process", "config", "container", "instance")


def signer_of(service):
    return re.search(r"Credential=(\w+)/", service.requests[-1][2]["Authorization"])[1]


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
        return signer_of(self)


@pytest.fixture(scope="module")
def services():
    with (TwoRoles(OneKey("")) as sts, Sso(OneKey("ASIASSO")) as sso, Container(OneKey("ASIACONTAINER")) as container,
          Instance(OneKey("ASIAINSTANCE")) as instance, Refusing(None) as dynamodb):
        yield {"sts": sts, "sso": sso, "container": container, "instance": instance, "dynamodb": dynamodb}


def process(home, key):
    """A program that gives this key."""
    program = home / f"get-{key}"
    program.write_text(f"""#!/bin/sh\necho '{json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t"})}'\n""")
    program.chmod(0o755)
    return program


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
    if "process" in places:
        config += [f"credential_process = {process(home, 'ASIAPROCESS')}"]
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
                                           ("config", "container"), ("web", "config"), ("credentials", "instance"),
                                           ("process", "config"), ("credentials", "process"), ("process", "container"))]


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


# Profiles that a role's source_profile names, and who of them assumes the role.
BASES = {
    "keys": ["aws_access_key_id = AKIABASE", "aws_secret_access_key = s"],
    "process": ["credential_process = {process}"],
    "keys and process": ["aws_access_key_id = AKIABASE", "aws_secret_access_key = s", "credential_process = {process}"],
    "web": [f"role_arn = {ROLE}", "web_identity_token_file = {home}/token"],
    "sso": ["sso_session = corp", "sso_account_id = 123456789012", "sso_role_name = Loader", "credential_process = {process}"],
    "role": [f"role_arn = {ROLE}", "source_profile = further"],
    "role and keys": [f"role_arn = {ROLE}", "source_profile = further", "aws_access_key_id = AKIABASE", "aws_secret_access_key = s"],
    "role and process": [f"role_arn = {ROLE}", "source_profile = further", "credential_process = {process}"],
}


@pytest.mark.parametrize("base", BASES)
def test_who_assumes_a_role_is_botocores(connector, services, tmp_path, monkeypatch, base):
    env = lay_out(tmp_path, services, ("sso", "web"), None)
    env |= {"AWS_WEB_IDENTITY_TOKEN_FILE": None, "AWS_ROLE_ARN": None}
    lines = "\n".join(BASES[base]).format(process=process(tmp_path, "ASIAPROCESS"), home=tmp_path)
    (tmp_path / ".aws/config").write_text(
        f"[default]\nregion = us-east-1\nrole_arn = {ROLE}\nsource_profile = base\n[profile base]\n{lines}\n[profile further]\n"
        "aws_access_key_id = AKIAFURTHER\naws_secret_access_key = s\n"
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n")
    wanted = of_botocore(env, monkeypatch), signer_of(services["sts"])
    config = messages.config(services["dynamodb"].url, "t", access_key_id=..., secret_access_key=...)
    status = connector.check(config, env=env).status
    assert "access key is not accepted" in status["message"], status
    assert (services["dynamodb"].signer(), signer_of(services["sts"])) == wanted


@pytest.mark.parametrize("lines", [["source_profile = base", "credential_source = Environment"], [], ["source_profile = nobody"],
                                   ["credential_source = Elsewhere"]])
def test_what_botocore_refuses_is_refused(connector, services, tmp_path, monkeypatch, lines):
    env = lay_out(tmp_path, services, ("credentials",), None)
    own = "\n".join([f"role_arn = {ROLE}", *lines])
    (tmp_path / ".aws/config").write_text(f"[default]\n{own}\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n")
    with pytest.raises(botocore.exceptions.BotoCoreError):
        of_botocore(env, monkeypatch)
    asked = len(services["dynamodb"].requests)
    config = messages.config(services["dynamodb"].url, "t", access_key_id=..., secret_access_key=...)
    status = connector.check(config, env=env).status
    assert status["status"] == "FAILED" and "profile" in status["message"], status
    assert len(services["dynamodb"].requests) == asked


def test_botocore_goes_on_with_a_login_that_was_renewed_here(connector, services, tmp_path, monkeypatch):
    with Sso(OneKey("ASIASSO")) as sso:
        env = lay_out(tmp_path, {**services, "sso": sso}, ("sso",), None) | {"AWS_ENDPOINT_URL_SSO_OIDC": sso.url}
        (file,) = (tmp_path / ".aws/sso/cache").iterdir()
        token = json.loads(file.read_text()) | Sso.CLIENT | {"expiresAt": iso(time.time() - 5), "refreshToken": "sso-refresh-token-0",
                                                             "registrationExpiresAt": iso(time.time() + 3600)}
        file.write_text(json.dumps(token))
        config = messages.config(services["dynamodb"].url, "t", access_key_id=..., secret_access_key=...)
        assert "access key is not accepted" in connector.check(config, env=env).status["message"]
        assert sso.renewed == 1 and services["dynamodb"].signer() == "ASIASSO"
        assert of_botocore(env, monkeypatch) == "ASIASSO" and sso.renewed == 1
        # And the other way round.
        file.write_text(json.dumps(json.loads(file.read_text()) | {"expiresAt": iso(time.time() - 5)}))
        assert of_botocore(env, monkeypatch) == "ASIASSO" and sso.renewed == 2
        assert "access key is not accepted" in connector.check(config, env=env).status["message"] and sso.renewed == 2
