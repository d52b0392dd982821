"""Which place wins where several have credentials: the same one as botocore takes, in the same environment with the same files."""

import hashlib
import itertools
import json
import re
import time
import urllib.parse

import botocore.credentials
import botocore.exceptions
import botocore.loaders
import botocore.session
import botocore.tokens
import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Container, Instance, Proxy, Service, Sso, Sts, iso

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


# ---- where the requests go

LOADER = botocore.loaders.create_loader()  # one for all: what it has read it keeps


class Found(Exception):
    """The URL of botocore's first request, which is not sent."""


def host_of_botocore(env, monkeypatch, service="dynamodb"):
    def found(request, **_):
        raise Found(request.url)

    with monkeypatch.context() as patched:
        for name, value in env.items():
            if value is None:
                patched.delenv(name, raising=False)
            else:
                patched.setenv(name, value)
        session = botocore.session.Session()
        session.register_component("data_loader", LOADER)
        client = session.create_client(service, aws_access_key_id="AKIA1", aws_secret_access_key="s")
        client.meta.events.register(f"before-send.{service}.*", found)
        with pytest.raises(Found) as raised:
            client.describe_table(TableName="t") if service == "dynamodb" else client.assume_role(RoleArn=ROLE, RoleSessionName="loader")
    url = urllib.parse.urlsplit(str(raised.value))
    return f"{url.hostname}:{url.port or 443}"


HOSTS = [({"AWS_DEFAULT_REGION": region, "AWS_USE_DUALSTACK_ENDPOINT": dualstack, "AWS_USE_FIPS_ENDPOINT": fips}, {})
         for region in ("us-east-1", "eu-central-1", "ap-southeast-3", "ca-west-1", "mx-central-1", "cn-north-1", "us-gov-west-1", "us-gov-east-1")
         for dualstack, fips in itertools.product(("false", "true"), repeat=2)]
HOSTS += [({"AWS_DEFAULT_REGION": region}, {}) for region in ("eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "us-isof-south-1", "eu-isoe-west-1")]
HOSTS += [({"AWS_DEFAULT_REGION": region}, named) for region in ("us-east-1", "cn-north-1") for named in (
    {"AWS_ENDPOINT_URL": "https://one.example.org"},
    {"AWS_ENDPOINT_URL": "https://one.example.org:8443/path"},
    {"AWS_ENDPOINT_URL_DYNAMODB": "https://two.example.org"},
    {"AWS_ENDPOINT_URL": "https://one.example.org", "AWS_ENDPOINT_URL_DYNAMODB": "https://two.example.org"},
    {"AWS_ENDPOINT_URL_STS": "https://three.example.org"},
    {"AWS_ENDPOINT_URL": "https://one.example.org", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    {"AWS_ENDPOINT_URL_DYNAMODB": "https://two.example.org", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"},
    {"AWS_ENDPOINT_URL_DYNAMODB": "https://two.example.org", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"})]


# Lines of a profile, for the environments that have a third.
PROFILED = [({"AWS_DEFAULT_REGION": None, **more}, {}, ["region = eu-north-1", *lines]) for more, lines in (
    ({}, []),
    ({"AWS_DEFAULT_REGION": "us-east-2"}, []),
    ({}, ["use_fips_endpoint = true"]),
    ({}, ["use_dualstack_endpoint = TRUE"]),
    ({}, ["use_fips_endpoint = true", "use_dualstack_endpoint = true"]),
    ({"AWS_USE_FIPS_ENDPOINT": "false"}, ["use_fips_endpoint = true"]),
    ({"AWS_USE_FIPS_ENDPOINT": "True"}, ["use_fips_endpoint = false"]),
    ({"AWS_USE_DUALSTACK_ENDPOINT": "no"}, ["use_dualstack_endpoint = true"]),
    ({}, ["use_fips_endpoint = yes", "use_dualstack_endpoint = 1"]),
    ({"AWS_PROFILE": "other"}, ["use_fips_endpoint = true", "[profile other]", "region = sa-east-1"]),
    ({"AWS_PROFILE": "other"}, ["[profile other]", "region = cn-north-1", "use_dualstack_endpoint = true"]),
    ({"AWS_PROFILE": "gov"}, ["[profile gov]", "region = us-gov-east-1", "use_fips_endpoint = true", "use_dualstack_endpoint = true"]))]
HOSTS = [(kind, named, ()) for kind, named in HOSTS] + PROFILED


def host_of_connector(connector, proxy, env, **config):
    """The hosts that are asked of a proxy, which then refuses."""
    proxy.asked.clear()
    config = messages.config("", "t", **{"access_key_id": "AKIA1", "secret_access_key": "secret", "dynamodb_region": "", **config})
    status = connector.check(config, env={**env, "HTTPS_PROXY": proxy.url()}).status
    assert status["status"] == "FAILED" and "login" in status["message"], (env, status)
    return set(proxy.asked)


NOTHING_NAMED = {name: None for name in (*NOTHING, "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                         "AWS_REGION", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "NO_PROXY", "no_proxy")}


@pytest.mark.parametrize("part", range(4))
def test_the_host_is_botocores(connector, tmp_path, monkeypatch, part):
    assert len(HOSTS) >= 60
    seen = set()
    (tmp_path / ".aws").mkdir()
    with Proxy(login="nobody:known") as proxy:
        for kind, named, profile in HOSTS[part::4]:
            (tmp_path / ".aws/config").write_text("\n".join(["[default]", *profile, ""]))
            env = {**NOTHING_NAMED, "HOME": str(tmp_path), **kind, **named}
            wanted = host_of_botocore(env, monkeypatch)
            assert host_of_connector(connector, proxy, env) == {("CONNECT", wanted)}, (kind, named, profile)
            seen.add(wanted)
    assert len(seen) >= 10


def test_the_config_comes_before_the_environment(connector, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[default]\nregion = eu-north-1\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n")
    env = {**NOTHING_NAMED, "HOME": str(tmp_path)}
    yes = {"AWS_DEFAULT_REGION": "us-west-2", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}
    no = {name: "false" for name in yes if name.startswith("AWS_USE")} | {"AWS_DEFAULT_REGION": "us-west-2"}
    with Proxy(login="nobody:known") as proxy:
        for more, config, host in (
                (yes, {"use_fips": False, "use_dualstack": False}, "dynamodb.us-west-2.amazonaws.com"),
                (yes, {"use_fips": False}, "dynamodb.us-west-2.api.aws"),
                (no, {"use_fips": True}, "dynamodb-fips.us-west-2.amazonaws.com"),
                (no, {"use_dualstack": True, "dynamodb_region": "sa-east-1"}, "dynamodb.sa-east-1.api.aws"),
                ({}, {"use_dualstack": False}, "dynamodb-fips.eu-north-1.amazonaws.com"),
                ({"AWS_USE_FIPS_ENDPOINT": ""}, {}, "dynamodb-fips.eu-north-1.api.aws")):
            assert host_of_connector(connector, proxy, {**env, **more}, **config) == {("CONNECT", host + ":443")}, (more, config)
        # Of a machine that is not the user's no file is read.
        config = messages.config("", "t", access_key_id="AKIA1", secret_access_key="secret", dynamodb_region="")
        status = connector.check(config, env={**env, "DEPLOYMENT_MODE": "CLOUD", "HTTPS_PROXY": proxy.url()}).status
        assert status["status"] == "FAILED" and "dynamodb_region" in status["message"]


def test_what_the_environment_says_of_a_named_endpoint(connector, tmp_path, monkeypatch):
    """Nothing, as with botocore; a config that contradicts itself is refused."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[default]\nuse_dualstack_endpoint = true\n")
    env = {**NOTHING_NAMED, "HOME": str(tmp_path), "AWS_DEFAULT_REGION": "us-east-1", "AWS_USE_FIPS_ENDPOINT": "true"}
    named = {**env, "AWS_ENDPOINT_URL": "https://127.0.0.1:1"}
    assert host_of_botocore(named, monkeypatch) == "127.0.0.1:1"
    with Proxy(login="nobody:known") as proxy:
        for config, more in (({}, named), ({"dynamodb_endpoint": "https://127.0.0.1:1"}, env)):
            assert host_of_connector(connector, proxy, more, **config) == {("CONNECT", "127.0.0.1:1")}
    keys = {"access_key_id": "AKIA1", "secret_access_key": "secret"}
    for key in ("use_fips", "use_dualstack"):
        message = connector.check(messages.config("https://127.0.0.1:1", "t", **keys, **{key: True}), env=env).status["message"]
        assert f"dynamodb_endpoint cannot be combined with {key}, which chooses" in message


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "cn-north-1"])
def test_the_host_of_sts_is_botocores(connector, tmp_path, monkeypatch, region):
    role = {"mode": "assume_role", "role_arn": ROLE, "access_key_id": "AKIA1", "secret_access_key": "secret"}
    with Proxy(login="nobody:known") as proxy:
        for dualstack, fips in itertools.product(("false", "true"), repeat=2):
            env = {**NOTHING_NAMED, "HOME": str(tmp_path), "AWS_DEFAULT_REGION": region, "AWS_USE_DUALSTACK_ENDPOINT": dualstack,
                   "AWS_USE_FIPS_ENDPOINT": fips}
            wanted = host_of_botocore(env, monkeypatch, "sts")
            asked = host_of_connector(connector, proxy, env, access_key_id=..., secret_access_key=..., authentication=role)
            assert asked == {("CONNECT", wanted)}, (region, dualstack, fips)
