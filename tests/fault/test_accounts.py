"""Where the credentials come from: each place that AWS's clients know, played on 127.0.0.1. No output says any of them."""

import hashlib
import json
import time

import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Container, Instance, Keys, Sso, Sts, iso
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

ROLE = "arn:aws:iam::123456789012:role/loader"
# What the machine of the test has must not count.
NOTHING = {name: None for name in (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")}


@pytest.fixture
def home(tmp_path):
    (tmp_path / ".aws").mkdir()
    return tmp_path


@pytest.fixture
def around(home):
    return {**NOTHING, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}


def config_of(server, **more):
    return messages.config(server.endpoint, "t", access_key_id=..., secret_access_key=..., workers=2, **more)


def quiet(outcome, keys=None):
    """No secret, token or server's text in the output."""
    said = outcome.stdout + outcome.stderr
    for private in (Keys.SECRET, "session-token-", Instance.TOKEN, Sso.TOKEN, "web-identity-token", "echo-of-a-secret", "container-token",
                    SECRET_KEY, "ASIATEMPORARY"):
        assert private not in said, private
    return outcome


def succeeds(connector, server, env, **config):
    """check, and a write of some records; gives what they said."""
    checked = quiet(connector.check(config_of(server, **config), env=env))
    assert checked.status["status"] == "SUCCEEDED", checked.stdout
    lines = [messages.record("users", {"id": n}) for n in range(60)] + [messages.stream_state("users", {"n": 60})]
    written = quiet(connector.write(config_of(server, **config), messages.catalog("users"), lines, env=env).ok())
    assert len(written.states) == 1
    return checked.stdout + written.stdout


def test_environment(connector, start_server, around):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    env = {**around, "AWS_ACCESS_KEY_ID": keys.key(0), "AWS_SECRET_ACCESS_KEY": Keys.SECRET, "AWS_SESSION_TOKEN": keys.token(0)}
    assert "Credentials: the environment (AWS_ACCESS_KEY_ID)" in succeeds(connector, server, env)
    succeeds(connector, server, env, authentication={"mode": "default_chain"})
    env["DEPLOYMENT_MODE"] = "CLOUD"
    refused = connector.check({**config_of(server), "dynamodb_endpoint": ""}, env=env).status
    assert refused["status"] == "FAILED" and "on Airbyte Cloud the default chain" in refused["message"]


def test_container(connector, start_server, around, tmp_path):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Container(keys, token="container-token") as service:
        env = {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url + "/v2/creds?id=1"}
        succeeds(connector, server, {**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token"})
        (tmp_path / "token").write_text("container-token\n")
        succeeds(connector, server, {**env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")})
        assert {path for _, path, _, _ in service.requests} == {"/v2/creds?id=1"}
        refused = quiet(connector.check(config_of(server), env=env)).status
        assert refused["status"] == "FAILED" and "container's credentials service" in refused["message"] and "401" in refused["message"]
    far = connector.check(config_of(server), env={**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://198.51.100.1/creds"}).status
    assert "plain HTTP to another machine" in far["message"]


def test_instance(connector, start_server, around):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Instance(keys) as service:
        env = {**around, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url + "/"}
        assert "the role of the EC2 instance" in succeeds(connector, server, env)
        assert all(command != "GET" or headers.get("X-aws-ec2-metadata-token") for command, _, headers, _ in service.requests), "version 1"


def test_instance_that_does_not_answer(connector, start_server, around):
    server = start_server()
    with Instance(Keys()) as service:
        service.delay_s = 6  # a hop limit of 1: the reply to the PUT never comes
        env = {**around, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url}
        status = connector.check(config_of(server), env=env, within_s=30).status
    assert status["status"] == "FAILED"
    for part in ("No AWS credentials were found", "AWS_ACCESS_KEY_ID is not set", "hop limit", service.url.removeprefix("http://")):
        assert part in status["message"]


def web_identity(around, tmp_path, service):
    (tmp_path / "web-token").write_text("web-identity-token.x.y\n")
    return {**around, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "web-token"), "AWS_ROLE_ARN": ROLE, "AWS_ENDPOINT_URL_STS": service.url}


def test_web_identity(connector, start_server, around, tmp_path):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Sts(keys) as service:
        env = web_identity(around, tmp_path, service)
        assert "a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)" in succeeds(connector, server, env)
        service.failing = 403
        refused = quiet(connector.check(config_of(server), env=env)).status
        assert "AccessDenied" in refused["message"] and "trust policy" in refused["message"]
    refused = quiet(connector.check(config_of(server), env={**env, "AWS_ROLE_ARN": None})).status
    assert "not AWS_ROLE_ARN" in refused["message"]


def test_role_by_keys(connector, start_server, around):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Sts(keys, external_id="workspace-7") as service:
        env = {**around, "AWS_ENDPOINT_URL_STS": service.url}
        role = {"mode": "assume_role", "role_arn": ROLE, "external_id": "workspace-7", "session_name": "nightly", "duration_s": 900,
                "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
        said = succeeds(connector, server, env, authentication=role)
        assert "the role of the configuration, assumed with the access key of the configuration" in said
        assert "workspace-7" not in said
        _, _, headers, body = service.requests[-1]
        assert f"Credential={ACCESS_KEY}/" in headers["Authorization"] and "DurationSeconds=900" in body and "RoleSessionName=nightly" in body
        refused = quiet(connector.check(config_of(server, authentication={**role, "external_id": "another-8"}), env=env)).status
        assert "AccessDenied" in refused["message"] and "external id" in refused["message"] and "another-8" not in refused["message"]


@pytest.mark.parametrize("names", ["AWS_{}", "AWS_ASSUME_ROLE_{}"])
@pytest.mark.parametrize("cloud", [False, True])
def test_role_by_what_the_platform_hands_in(connector, start_server, around, names, cloud):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Sts(keys, external_id="workspace-7") as service:
        env = {**around, "AWS_ENDPOINT_URL_STS": service.url, names.format("ACCESS_KEY_ID"): "AKIAPLATFORM",
               names.format("SECRET_ACCESS_KEY"): "platform/secret", "AWS_ASSUME_ROLE_EXTERNAL_ID": "workspace-7",
               "DEPLOYMENT_MODE": "CLOUD" if cloud else "OSS"}
        config = config_of(server, authentication={"mode": "assume_role", "role_arn": ROLE})
        if cloud:
            config["dynamodb_endpoint"] = "https://127.0.0.1:1"  # plain HTTP is not for the cloud
        checked = quiet(connector.check(config, env=env))
        assert (checked.status["status"] == "SUCCEEDED") != cloud
        assert "platform/secret" not in checked.stdout
        assert service.requests and "Credential=AKIAPLATFORM/" in service.requests[-1][2]["Authorization"]


def test_profiles(connector, start_server, around, home):
    keys = Keys()
    server = start_server({"credentials": [*keys.scenario(), {"access_key": ACCESS_KEY, "secret": SECRET_KEY}]})
    with Sts(keys) as service:
        env = {**around, "AWS_ENDPOINT_URL_STS": service.url}
        (home / ".aws/credentials").write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n")
        (home / ".aws/config").write_text(
            f"[profile loader]\nrole_arn = {ROLE}\nsource_profile = default\n\n[profile plain]\n"
            f"aws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n[profile round]\nrole_arn={ROLE}\nsource_profile=trip\n"
            f"[profile trip]\nrole_arn={ROLE}\nsource_profile=round\n")
        assert "profile default of the credentials file" in succeeds(connector, server, env)
        assert "the role of profile loader" in succeeds(connector, server, {**env, "AWS_PROFILE": "loader"})
        assert "profile plain of the config file" in succeeds(connector, server, {**env, "AWS_PROFILE": "plain"})
        for profile, text in (("missing", "names a profile that is neither"), ("round", "lead to each other")):
            status = connector.check(config_of(server), env={**env, "AWS_PROFILE": profile}).status
            assert status["status"] == "FAILED" and text in status["message"]


def test_sso(connector, start_server, around, home):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True)
    (home / ".aws/config").write_text("[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Loader\n"
                                      "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n")
    token = cache / (hashlib.sha1(b"corp").hexdigest() + ".json")
    with Sso(keys) as service:
        env = {**around, "AWS_ENDPOINT_URL_SSO": service.url}
        token.write_text(json.dumps({"accessToken": Sso.TOKEN, "expiresAt": iso(time.time() + 3600)}))
        assert "the SSO login of profile default" in succeeds(connector, server, env)
        token.write_text(json.dumps({"accessToken": Sso.TOKEN, "expiresAt": iso(time.time() - 60)}))
        status = quiet(connector.check(config_of(server), env=env)).status
        assert "has expired" in status["message"] and "aws sso login" in status["message"]
        token.write_text(json.dumps({"accessToken": "sso-access-token-of-another", "expiresAt": iso(time.time() + 3600)}))
        assert "UnauthorizedException" in quiet(connector.check(config_of(server), env=env)).status["message"]


def test_a_service_that_never_answers(connector, start_server, around):
    server = start_server()
    with Container(Keys()) as service:
        service.delay_s = 60
        begun = time.monotonic()
        env = {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url}
        status = connector.check(config_of(server), env=env, within_s=60).status
    assert status["status"] == "FAILED" and "container's credentials service" in status["message"]
    assert time.monotonic() - begun < 45  # 30, and a machine that is slow


def run_for(connector, server, env, seconds, **config):
    """A write that lasts; gives the number of its STATEs, and the outcome."""
    with connector.start_write(config_of(server, **config), messages.catalog("users"), env=env) as run:
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            run.send(*[messages.record("users", {"id": number * 25 + n}) for n in range(25)], messages.stream_state("users", {"n": number}))
            run.wait_state()
            number += 1
            time.sleep(0.1)
        run.close_stdin()
        return number, run.outcome()


@pytest.mark.parametrize("kind", [Container, Instance, Sts])
def test_credentials_that_expire_while_a_sync_runs(connector, start_server, around, tmp_path, kind):
    """A new key every 3 s, each taken for 4: nothing is lost, and nobody waits for one."""
    keys = Keys(period_s=3)
    with kind(keys) as service:
        env = {Container: {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url},
               Instance: {**around, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url},
               Sts: web_identity(around, tmp_path, service)}[kind]
        server = start_server({"credentials": keys.scenario()})
        number, outcome = run_for(connector, server, env, 11)
    quiet(outcome.ok())
    assert len(server.items("t_users")) == number * 25
    assert len(set(keys.given)) >= 4, "it was not renewed"


def test_a_renewal_that_fails_for_a_while(connector, start_server, around):
    """What has expired is waited for, with a warning that says why; then it goes on."""
    keys = Keys(period_s=3)
    with Container(keys) as service:
        env = {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url}
        server = start_server({"credentials": keys.scenario()})
        with connector.start_write(config_of(server), messages.catalog("users"), env=env) as run:
            run.send(messages.record("users", {"id": 0}), messages.stream_state("users", {"n": 0}))
            run.wait_state()
            service.failing = 500
            time.sleep(5)
            run.send(messages.record("users", {"id": 1}), messages.stream_state("users", {"n": 1}))
            time.sleep(3)
            service.failing = None
            run.wait_state()
            run.close_stdin()
            outcome = quiet(run.outcome().ok())
    assert len(server.items("t_users")) == 2
    assert "could not be renewed" in outcome.stdout and "HTTP 500" in outcome.stdout


def test_a_session_that_was_ended(connector, start_server, around):
    """The service refuses keys before their time: others are asked for at once."""
    keys = Keys(period_s=2)  # of which the service knows no end
    with Container(keys) as service:
        env = {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url}
        scenario = keys.scenario()
        keys.now = lambda now=keys.now: (now()[0], time.time() + 3600)
        server = start_server({"credentials": scenario})
        number, outcome = run_for(connector, server, env, 7)
    quiet(outcome.ok())
    assert len(server.items("t_users")) == number * 25
    assert len(set(keys.given)) >= 2


def test_region_and_endpoint_of_the_environment(connector, start_server, around):
    server = start_server({"credentials": [{"access_key": ACCESS_KEY, "secret": SECRET_KEY}], "region": "eu-west-1"})
    config = messages.config(..., "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, dynamodb_region="")
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"):
        for region in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            checked = connector.check(config, env={**around, name: server.endpoint, region: "eu-west-1"})
            assert checked.status["status"] == "SUCCEEDED"
            assert name in checked.stdout
    status = connector.check(config, env={**around, "AWS_ENDPOINT_URL": "nonsense", "AWS_REGION": "eu-west-1"}).status
    assert "AWS_ENDPOINT_URL does not start with http" in status["message"]
