"""Where the credentials come from: each place that AWS's clients know, played on 127.0.0.1. No output says any of them."""

import base64
import concurrent.futures
import hashlib
import json
import os
import re
import signal
import statistics
import sys
import threading
import time

import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Container, Instance, Keys, Service, Sso, Sts, iso
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
    return messages.config(server.endpoint, "t", **{"access_key_id": ..., "secret_access_key": ..., "workers": 2, **more})


def quiet(outcome, keys=None):
    """No secret, token or server's text in the output."""
    said = outcome.stdout + outcome.stderr
    for private in (Keys.SECRET, "session-token-", Instance.TOKEN, Sso.TOKEN, "sso-refresh-token", *Sso.CLIENT.values(), "web-identity-token",
                    "echo-of-a-secret", "container-token", SECRET_KEY, "ASIATEMPORARY", "secret-of-the-line"):
        for form in (private, base64.b64encode(private.encode()).decode().rstrip("=")[:-1], private.replace("/", "%2F").replace("+", "%2B")):
            assert form not in said, private
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


def process_of(home, body, *arguments):
    """A program that gives credentials, and a profile that names it."""
    program = home / "my tools" / "get keys"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{sys.executable}\nimport json, os, sys, time, urllib.request\n{body}\n")
    program.chmod(0o755)
    line = " ".join([f'"{program}"', *arguments])
    (home / ".aws/config").write_text(f"[default]\ncredential_process = {line}\n[profile other]\nrole_arn = {ROLE}\nsource_profile = default\n")
    return program


def asks(service):
    """What such a program does: it passes on what a container's service gives."""
    return (f"found = json.load(urllib.request.urlopen('{service.url}'))\n"
            "print(json.dumps({'Version': 1, 'SessionToken': found.pop('Token'), **found}))")


def test_a_process(connector, start_server, around, home):
    """Its words as they are written, nothing to read, its stderr told to nobody."""
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Container(keys) as service, Sts(keys) as sts:
        process_of(home, "assert sys.argv[1:] == ['--as', 'a b # c', '$HOME', 'secret-of-the-line'], sys.argv\n"
                         "assert sys.stdin.read() == ''\nprint('echo-of-a-secret', file=sys.stderr)\n" + asks(service),
                   "--as", "'a b # c'", "$HOME", "secret-of-the-line")
        assert "the credential_process of profile default" in succeeds(connector, server, around)
        env = {**around, "AWS_PROFILE": "other", "AWS_ENDPOINT_URL_STS": sts.url}
        assert "the role of profile other" in succeeds(connector, server, env)
        # What the config names is somebody; what the machine has is asked by nobody then, nor on Airbyte Cloud.
        asked = len(service.requests)
        own = messages.config(server.endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY)
        quiet(connector.check(own, env=around))
        cloud = messages.config(..., "t", access_key_id=..., secret_access_key=...)
        for more in ({}, {"authentication": {"mode": "default_chain"}}, {"authentication": {"mode": "assume_role", "role_arn": ROLE}}):
            status = quiet(connector.check({**cloud, **more}, env={**around, "DEPLOYMENT_MODE": "CLOUD"})).status
            assert status["status"] == "FAILED" and "on Airbyte Cloud" in status["message"], status
        assert len(service.requests) == asked


@pytest.mark.parametrize("line, part", [
    ("/nowhere/get-keys", "cannot be run"),
    ("get-keys-that-is-nowhere", "cannot be run"),
    ("/bin/sh -c 'echo hello'", "does not write credentials"),
    ("/bin/sh -c 'exit 127'", "exit code 127"),
    ("/bin/echo 'secret-of-the-line", "a quotation in it has no end"),
    ("/bin/echo '{\"Version\": 2, \"AccessKeyId\": \"ASIATEMPORARY\", \"SecretAccessKey\": \"echo-of-a-secret\"}'", "does not write credentials"),
])
def test_a_process_that_gives_none(connector, start_server, around, home, line, part):
    server = start_server()
    (home / ".aws/credentials").write_text(f"[default]\ncredential_process = {line}\n")
    status = quiet(connector.check(config_of(server), env=around)).status
    assert status["status"] == "FAILED" and part in status["message"] and "credential_process of profile default" in status["message"], status
    assert not server.log()


def test_a_signal_ends_a_process(connector, start_server, around, home):
    program = process_of(home, "open(sys.argv[0] + '.pid', 'w').write(str(os.getpid()))\nos.rename(sys.argv[0] + '.pid', sys.argv[0] + '.on')\n"
                               "time.sleep(600)")
    on = program.with_name(program.name + ".on")
    with connector.start_write(config_of(start_server()), messages.catalog("users"), env=around) as run:
        while not on.exists():
            time.sleep(0.01)
        begun = time.monotonic()
        run.signal(signal.SIGTERM)
        outcome = run.outcome()
    assert outcome.code in (-signal.SIGTERM, 143) and time.monotonic() - begun < 40
    with pytest.raises(ProcessLookupError):
        for _ in range(1000):
            os.kill(int(on.read_text()), 0)
            time.sleep(0.01)


def login(home, expires_s, registration_s=3600, **more):
    """The file of a login, and the profile that uses it."""
    cache = home / ".aws/sso/cache"
    cache.mkdir(parents=True, exist_ok=True)
    (home / ".aws/config").write_text("[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Loader\n"
                                      "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n")
    file = cache / (hashlib.sha1(b"corp").hexdigest() + ".json")
    token = {"startUrl": "https://corp.awsapps.com/start", "region": "us-east-1", "accessToken": "sso-access-token-of-before",
             "expiresAt": iso(time.time() + expires_s), **Sso.CLIENT, "registrationExpiresAt": iso(time.time() + registration_s),
             "refreshToken": "sso-refresh-token-0", **more}
    file.write_text(json.dumps({name: value for name, value in token.items() if value is not None}))
    return file


@pytest.mark.parametrize("expires_s", [-60, 14 * 60])
def test_an_sso_login_is_renewed(connector, start_server, around, home, expires_s):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Sso(keys) as service:
        env = {**around, "AWS_ENDPOINT_URL_SSO": service.url, "AWS_ENDPOINT_URL_SSO_OIDC": service.url}
        file = login(home, expires_s)
        succeeds(connector, server, env)
        assert service.renewed == 1, "for the next run too"
        kept = json.loads(file.read_text())
        assert kept["refreshToken"] == "sso-refresh-token-1" and kept["accessToken"] == Sso.TOKEN and kept["clientSecret"] == Sso.CLIENT["clientSecret"]
        assert set(kept) == {"startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret", "registrationExpiresAt", "refreshToken"}
        assert file.stat().st_mode & 0o077 == 0 and [one.name for one in file.parent.iterdir()] == [file.name]


def test_an_sso_login_that_cannot_be_renewed(connector, start_server, around, home):
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Sso(keys) as service:
        env = {**around, "AWS_ENDPOINT_URL_SSO": service.url, "AWS_ENDPOINT_URL_SSO_OIDC": service.url}
        for more, part in (({"refreshToken": None}, "has expired"), ({"clientSecret": None}, "has expired"), ({"registration_s": -5}, "has expired"),
                           ({"refreshToken": "sso-refresh-token-of-another"}, "invalid_grant")):
            file = login(home, -60, **more)
            before = file.read_bytes()
            status = quiet(connector.check(config_of(server), env=env)).status
            assert status["status"] == "FAILED" and part in status["message"] and "aws sso login" in status["message"], status
            assert file.read_bytes() == before
        # As long as the old one is good, nothing is lost.
        login(home, 14 * 60, accessToken=Sso.TOKEN, refreshToken="sso-refresh-token-of-another")
        succeeds(connector, server, env)
        # Where the folder is not to be written, each run renews it.
        file = login(home, -60)
        file.parent.chmod(0o500)
        try:
            assert quiet(connector.check(config_of(server), env=env)).status["status"] == "SUCCEEDED"
        finally:
            file.parent.chmod(0o700)


class StandingStill:
    """How long in all whatever runs beside the test kept it from running."""

    STEP_S = 0.05

    def __enter__(self):
        self.s = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.measure)
        self.thread.start()
        return self

    def measure(self):
        while not self.over.is_set():
            begun = time.monotonic()
            self.over.wait(self.STEP_S)
            self.s += max(0.0, time.monotonic() - begun - self.STEP_S - 0.005)

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_sources_that_never_answer(connector, start_server, around, home, tmp_path):
    """Each of them: said by its name, within half a minute."""
    server = start_server()
    with Container(Keys()) as container, Sts(Keys()) as sts, Sso(Keys()) as sso, Service(Keys()) as oidc:
        for service in (container, sts, sso, oidc):
            service.delay_s = 90
        folders = {name: tmp_path / name for name in ("process", "sso", "oidc")}
        for folder in folders.values():
            (folder / ".aws").mkdir(parents=True)
        process_of(folders["process"], "time.sleep(90)")
        login(folders["sso"], 3600)
        login(folders["oidc"], -60)
        role = {"mode": "assume_role", "role_arn": ROLE, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
        cases = {
            "container's credentials service": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url}, {}),
            f"STS ({sts.url}": ({"AWS_ENDPOINT_URL_STS": sts.url}, {"authentication": role}),
            "STS (http": (web_identity(around, tmp_path, sts), {}),
            "credential_process of profile default": ({"HOME": str(folders["process"])}, {}),
            f"Identity Center ({sso.url}": ({"HOME": str(folders["sso"]), "AWS_ENDPOINT_URL_SSO": sso.url}, {}),
            f"Identity Center ({oidc.url}": ({"HOME": str(folders["oidc"]), "AWS_ENDPOINT_URL_SSO_OIDC": oidc.url}, {}),
        }

        def check(case):
            env, config = case
            begun = time.monotonic()
            status = quiet(connector.run("check", "--config", config, env={**around, **env}, within_s=90)).status
            return status, time.monotonic() - begun

        runs = [(env, connector.file(config_of(server, **config))) for env, config in cases.values()]
        with StandingStill() as late, concurrent.futures.ThreadPoolExecutor(len(runs)) as pool:
            for part, (status, took_s) in zip(cases, pool.map(check, runs)):
                assert status["status"] == "FAILED" and part in status["message"], status
                assert took_s < 30 + 4 * late.s, part  # what the machine itself stands still is none of the program's
    assert not server.log()


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


def longest_pause(connector, server, env, seconds):
    """A write of a record every 50 ms, whatever becomes of those before. How many, the outcome, how much longer than usual one took to be
    stored, and how long this test itself stood still."""
    sent, late = [], 0.0
    with connector.start_write(config_of(server), messages.catalog("users"), env=env) as run:
        run.send(messages.record("users", {"id": 0}), messages.stream_state("users", {"n": 0}))
        run.wait_state()
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            due = begun + 0.05 * len(sent)
            time.sleep(max(0.0, due - time.monotonic()))
            late = max(late, time.monotonic() - due)
            run.send(messages.record("users", {"id": len(sent) + 1}), messages.stream_state("users", {"n": len(sent) + 1}))
            sent.append(time.monotonic())
        run.close_stdin()
        outcome = run.outcome()
    stored = {int(row["item"]["_airbyte_data"]["M"]["id"]["N"]): row["stored_s"] for row in server.items("t_users")}
    assert set(stored) == set(range(len(sent) + 1))
    took = [stored[n + 1] - at for n, at in enumerate(sent)]
    return len(sent), outcome, max(took) - statistics.median(took), late


@pytest.mark.parametrize("kind", ["container", "instance", "web identity", "process"])
def test_credentials_that_expire_while_a_sync_runs(request, connector, start_server, around, home, tmp_path, kind):
    """Each lives for 5 s: nothing is lost, and nobody waits for the next. With --slow for a minute."""
    seconds = 60 if request.config.getoption("--slow") else 10
    keys = Keys(period_s=2.5, life_s=5)
    with {"instance": Instance, "web identity": Sts}.get(kind, Container)(keys) as service:
        env = {"container": {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url},
               "instance": {**around, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url},
               "web identity": web_identity(around, tmp_path, service),
               "process": around}[kind]
        if kind == "process":
            process_of(home, asks(service))
        server = start_server({"credentials": keys.scenario()})
        number, outcome, pause_s, late_s = longest_pause(connector, server, env, seconds)
    quiet(outcome.ok())
    assert len(outcome.states) == number + 1
    assert len(set(keys.given)) >= seconds // 5 + 1, "it was not renewed"
    # What the machine itself stands still is no pause of the program's.
    assert pause_s < 1 + 4 * late_s
    expired = [line for line in server.log() if "Expired" in line["error"]]
    assert not expired or late_s > 0.2, "one was used for too long"


@pytest.mark.parametrize("token_bytes", [16 * 1024, 24 * 1024])
def test_a_token_longer_than_the_usual_head(connector, start_server, around, token_bytes):
    """Of a role whose session policies and tags are packed into it. What an endpoint takes is its own matter: it gets the whole of it."""
    keys = Keys()
    keys.token = lambda number: "session-token-/+=" + "t" * (token_bytes - 17)
    server = start_server({"credentials": keys.scenario(), "max_head_bytes": 32 * 1024})
    for kind in (Container, Instance):
        with kind(keys) as service:
            succeeds(connector, server, {**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url} if kind is Container else
                     {**around, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url})
    env = {**around, "AWS_ACCESS_KEY_ID": keys.key(0), "AWS_SECRET_ACCESS_KEY": Keys.SECRET, "AWS_SESSION_TOKEN": keys.token(0)}
    succeeds(connector, server, env)
    succeeds(connector, server, around, access_key_id=keys.key(0), secret_access_key=Keys.SECRET, session_token=keys.token(0))
    with Sts(keys) as service:  # signed with one, and given one
        role = {"mode": "assume_role", "role_arn": ROLE}
        succeeds(connector, server, {**env, "AWS_ENDPOINT_URL_STS": service.url}, authentication=role)


def test_a_token_that_the_endpoint_does_not_take(connector, start_server, around):
    """Of the service's own limit for heads, 16 KB: said, and not tried for ever."""
    keys = Keys()
    keys.token = lambda number: "session-token-/+=" + "t" * (16 * 1024 - 17)
    server = start_server({"credentials": keys.scenario()})
    with Container(keys) as service:
        status = quiet(connector.check(config_of(server), env={**around, "AWS_CONTAINER_CREDENTIALS_FULL_URI": service.url})).status
    assert status["status"] == "FAILED" and "status 400" in status["message"], status


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
