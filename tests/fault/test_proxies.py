"""The way to the endpoint through a proxy, and past it; and the authorities that are trusted on it."""

import time

import pytest

from ddb_testkit import messages
from ddb_testkit.accounts import Keys, Proxy, Sts
from ddb_testkit.scripted import ACCESS_KEY, SECRET_KEY

NONE = {name: None for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy", "NO_PROXY", "no_proxy",
                                "AWS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")}
# What only the proxy knows; the certificate is for it.
HIDDEN = "dynamodb.example.org"
LOGIN = "loader:p%40ss-word-of-proxy"


def config_of(endpoint, **more):
    return messages.config(endpoint, "t", access_key_id=ACCESS_KEY, secret_access_key=SECRET_KEY, workers=2, **more)


def check(connector, config, env):
    outcome = connector.check(config, env={**NONE, **env})
    assert "p@ss-word-of-proxy" not in outcome.stdout and "p%40ss" not in outcome.stdout and SECRET_KEY not in outcome.stdout
    return outcome


def test_a_host_that_only_the_proxy_knows(connector, start_server, certificates):
    tls = certificates.wrong_name
    server = start_server(tls=tls)
    with Proxy(hosts={HIDDEN: ("127.0.0.1", server.port)}, login="loader:p@ss-word-of-proxy") as proxy:
        env = {"SSL_CERT_FILE": str(tls.authority), "HTTPS_PROXY": proxy.url(LOGIN + "@")}
        config = config_of(f"https://{HIDDEN}")
        checked = check(connector, config, env)
        assert checked.status["status"] == "SUCCEEDED", checked.stdout
        assert f"through the proxy {proxy.url()} (HTTPS_PROXY)" in checked.stdout
        assert set(proxy.asked) == {("CONNECT", f"{HIDDEN}:443")}
        lines = [messages.record("users", {"id": n}) for n in range(200)] + [messages.stream_state("users", {"n": 200})]
        connector.write(config, messages.catalog("users"), lines, env={**NONE, **env}).ok()
        assert len(server.items("t_users")) == 200
        # The config comes before the environment.
        given = check(connector, config_of(f"https://{HIDDEN}", proxy_url=proxy.url(LOGIN + "@")), {**env, "HTTPS_PROXY": "http://127.0.0.1:1"})
        assert given.status["status"] == "SUCCEEDED" and "(proxy_url)" in given.stdout


@pytest.mark.parametrize("name", ["https_proxy", "ALL_PROXY", "all_proxy"])
def test_each_variable(connector, start_server, certificates, name):
    server = start_server(tls=certificates.good)
    with Proxy() as proxy:
        env = {"SSL_CERT_FILE": str(certificates.good.authority), name: proxy.url()}
        assert check(connector, config_of(server.endpoint), env).status["status"] == "SUCCEEDED"
        assert ("CONNECT", f"127.0.0.1:{server.port}") in proxy.asked
        proxy.asked.clear()
        for exception in ("127.0.0.1", "*", "127.0.0.0/8", "a.example, 127.0.0.1"):
            assert check(connector, config_of(server.endpoint), {**env, "NO_PROXY": exception}).status["status"] == "SUCCEEDED"
        assert not proxy.asked


def test_plain_http(connector, start_server):
    """A request with the whole URL; its signature is for the endpoint."""
    server = start_server()
    with Proxy(login="loader:p@ss-word-of-proxy") as proxy:
        checked = check(connector, config_of(server.endpoint), {"HTTP_PROXY": proxy.url(LOGIN + "@")})
        assert checked.status["status"] == "SUCCEEDED", checked.stdout
        assert ("POST", f"{server.endpoint}/") in proxy.asked


@pytest.mark.parametrize("login", ["", "loader:wrong@"])
def test_a_proxy_that_does_not_know_us(connector, start_server, certificates, login):
    server = start_server(tls=certificates.good)
    with Proxy(login="loader:p@ss-word-of-proxy") as proxy:
        env = {"SSL_CERT_FILE": str(certificates.good.authority), "HTTPS_PROXY": proxy.url(login)}
        status = check(connector, config_of(server.endpoint), env).status
        assert status["status"] == "FAILED"
        assert f"the proxy {proxy.url()} (HTTPS_PROXY)" in status["message"] and "user and the password" in status["message"]
        assert "wrong" not in status["message"]


@pytest.mark.parametrize("answer, part", [
    (b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>blocked</html>", "refuses to connect"),
    (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "does not reach the endpoint"),
    (b"<html>not a proxy</html>", "does not answer as one"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>log in</html>", "does not answer as one"),
    (b"", "does not reach the endpoint"),
])
def test_what_a_proxy_answers(connector, start_server, certificates, answer, part):
    server = start_server(tls=certificates.good)
    with Proxy(answer=answer) as proxy:
        env = {"SSL_CERT_FILE": str(certificates.good.authority), "HTTPS_PROXY": proxy.url()}
        status = check(connector, config_of(server.endpoint), env).status
        assert status["status"] == "FAILED"
        assert part in status["message"] and f"the proxy {proxy.url()} (HTTPS_PROXY)" in status["message"]
        assert "blocked" not in status["message"] and "log in" not in status["message"]
    assert not server.log()


def test_a_proxy_that_hangs_or_is_not_there(connector, start_server, certificates):
    server = start_server(tls=certificates.good)
    with Proxy(hang=True) as proxy:
        env = {"SSL_CERT_FILE": str(certificates.good.authority), "HTTPS_PROXY": proxy.url()}
        begun = time.monotonic()
        status = check(connector, config_of(server.endpoint), env).status
        assert status["status"] == "FAILED" and "in time through the proxy" in status["message"]
        assert time.monotonic() - begun < 60
        url = proxy.url()
    status = check(connector, config_of(server.endpoint), env).status
    assert f"The connection to the proxy {url} (HTTPS_PROXY) was refused" in status["message"]


def test_certificates_through_a_proxy(connector, start_server, certificates):
    with Proxy() as proxy:
        for name, part in (("expired", "has expired"), ("wrong_name", "another host name"), ("untrusted", "not trusted")):
            tls = getattr(certificates, name)
            server = start_server(tls=tls)
            env = {"SSL_CERT_FILE": str(tls.authority), "HTTPS_PROXY": proxy.url()}
            status = check(connector, config_of(server.endpoint), env).status
            assert status["status"] == "FAILED" and part in status["message"] and "the proxy" in status["message"], name


def test_a_server_of_old_tls_alone(connector, start_server, certificates):
    """Refused with the reason, through a proxy too; 1.2 alone is good."""
    tls = certificates.good
    trusted = {"SSL_CERT_FILE": str(tls.authority)}
    old, good = (start_server(tls=tls, arguments=("--tls-version", version)) for version in ("1.1", "1.2"))
    with Proxy() as proxy:
        for env in (trusted, {**trusted, "HTTPS_PROXY": proxy.url()}):
            status = check(connector, config_of(old.endpoint), env).status
            assert status["status"] == "FAILED" and "no version of TLS from 1.2 on" in status["message"], status
            assert ("the proxy" in status["message"]) == ("HTTPS_PROXY" in env)
            assert check(connector, config_of(good.endpoint), env).status["status"] == "SUCCEEDED"
    assert not old.log()


def pem_of(certificate):
    return certificate.certificate.read_text() + certificate.key.read_text()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_client_certificate(connector, start_server, certificates, version):
    tls = certificates.good
    server = start_server(tls=tls, clients=certificates.clients, arguments=("--tls-version", "1.2") if version == "1.2" else ())
    with Proxy() as proxy:
        for env in ({"SSL_CERT_FILE": str(tls.authority)}, {"SSL_CERT_FILE": str(tls.authority), "HTTPS_PROXY": proxy.url()}):
            refused = check(connector, config_of(server.endpoint), env).status
            assert refused["status"] == "FAILED" and "asks for a client's certificate" in refused["message"], refused
            for other in (certificates.old_client, certificates.strange_client):
                refused = check(connector, config_of(server.endpoint, client_certificate=pem_of(other)), env).status
                assert refused["status"] == "FAILED" and "does not accept the certificate" in refused["message"], refused
            config = config_of(server.endpoint, client_certificate=pem_of(certificates.client))
            assert check(connector, config, env).status["status"] == "SUCCEEDED"
            lines = [messages.record("users", {"id": n}) for n in range(100)] + [messages.stream_state("users", {"n": 100})]
            connector.write(config, messages.catalog("users"), lines, env={**NONE, **env}).ok()


def test_a_client_certificate_that_is_none(connector, start_server, certificates):
    server = start_server(tls=certificates.good, clients=certificates.clients)
    env = {"SSL_CERT_FILE": str(certificates.good.authority)}
    client, other = certificates.client, certificates.old_client
    for pem, part in ((client.certificate.read_text(), "no private key"), (client.key.read_text(), "no certificate"), ("x", "no certificate"),
                      (client.certificate.read_text() + other.key.read_text(), "not the one of its first certificate")):
        status = check(connector, config_of(server.endpoint, client_certificate=pem), env).status
        assert status["status"] == "FAILED" and "client_certificate" in status["message"] and part in status["message"], status
    plain = start_server()
    status = check(connector, config_of(plain.endpoint, client_certificate=pem_of(client)), env).status
    assert status["status"] == "FAILED" and "starts with http://, where client_certificate is of no use" in status["message"]
    assert not plain.log() and not server.log()


def test_an_authority_in_the_config(connector, start_server, certificates):
    server = start_server(tls=certificates.good)
    pem = certificates.good.authority.read_text()
    assert check(connector, config_of(server.endpoint, ca_certificate=pem), {}).status["status"] == "SUCCEEDED"
    refused = check(connector, config_of(server.endpoint), {}).status
    assert "ca_certificate" in refused["message"] and "SSL_CERT_FILE" in refused["message"]
    for bad in ("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n", "no certificate", certificates.good.key.read_text()):
        status = check(connector, config_of(server.endpoint, ca_certificate=bad), {}).status
        assert status["status"] == "FAILED" and "ca_certificate holds no certificate" in status["message"]


def test_a_url_that_is_none(connector, start_server, certificates):
    server = start_server(tls=certificates.good)
    for env, config, part in (
            ({"HTTPS_PROXY": f"http://{LOGIN}@"}, {}, "HTTPS_PROXY is not the URL of a proxy"),
            ({}, {"proxy_url": f"socks5://{LOGIN}@127.0.0.1:1"}, "proxy_url names a proxy of a kind"),
            ({"HTTPS_PROXY": f"https://{LOGIN}@127.0.0.1:1"}, {}, "HTTPS_PROXY names a proxy of a kind"),
            ({"all_proxy": f"socks5h://{LOGIN}@127.0.0.1:1"}, {}, "all_proxy names a proxy of a kind"),
            ({}, {"proxy_url": "http://127.0.0.1:none"}, "proxy_url is not the URL of a proxy")):
        status = check(connector, config_of(server.endpoint, **config), env).status
        assert status["status"] == "FAILED" and part in status["message"] and "A proxy is http://" in status["message"]
    assert not server.log()


def test_a_proxy_that_fails_in_mid_run_is_named(connector, start_server, certificates):
    server = start_server(tls=certificates.good)
    with Proxy() as proxy:
        env = {**NONE, "SSL_CERT_FILE": str(certificates.good.authority), "HTTPS_PROXY": proxy.url()}
        with connector.start_write(config_of(server.endpoint, give_up_after_s=10), messages.catalog("users"), env=env) as run:
            run.send(messages.record("users", {"id": 0}), messages.stream_state("users", {"n": 0}))
            run.wait_state()
            proxy.reply = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
            proxy.cut()
            run.send(messages.record("users", {"id": 1}), messages.stream_state("users", {"n": 1}))
            run.close_stdin()
            outcome = run.outcome()
    assert outcome.code == 1 and len(outcome.states) == 1
    name = f"the proxy {proxy.url()} (HTTPS_PROXY)"
    warnings = [text for level, text in outcome.logs if level == "WARN" and "Nothing has been stored" in text]
    assert warnings and all(name in text for text in warnings)
    assert name in outcome.error["message"]


def test_a_proxy_that_fails_before_the_tables_are_looked_at_is_named(connector, start_server, certificates):
    server = start_server(tls=certificates.good)
    with Proxy(answer=b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as proxy:
        env = {**NONE, "SSL_CERT_FILE": str(certificates.good.authority), "HTTPS_PROXY": proxy.url()}
        with connector.start_write(config_of(server.endpoint), messages.catalog("users"), env=env) as run:
            while " is tried again for " not in (text := run.wait_for("LOG")["log"]["message"]):
                pass
            assert f"the proxy {proxy.url()} (HTTPS_PROXY)" in text
            proxy.reply = None
            run.send(messages.record("users", {"id": 0}), messages.stream_state("users", {"n": 0}))
            run.wait_state()
            run.close_stdin()
            run.outcome().ok()


@pytest.mark.parametrize("login", ["", LOGIN + "@"])
def test_sts_behind_a_proxy_for_plain_http(connector, start_server, login):
    """As curl reads HTTP_PROXY: for the role's service too."""
    keys = Keys()
    server = start_server({"credentials": keys.scenario()})
    with Sts(keys) as sts, Proxy(login="loader:p@ss-word-of-proxy", hosts={"sts.intern.test": ("127.0.0.1", sts.server.server_port)}) as proxy:
        role = {"mode": "assume_role", "role_arn": "arn:aws:iam::123456789012:role/loader", "access_key_id": ACCESS_KEY,
                "secret_access_key": SECRET_KEY}
        config = messages.config(server.endpoint, "t", access_key_id=..., secret_access_key=..., authentication=role)
        env = {"AWS_ENDPOINT_URL_STS": "http://sts.intern.test", "HTTP_PROXY": proxy.url(login), "NO_PROXY": "127.0.0.1"}
        status = check(connector, config, env).status
        if not login:
            assert status["status"] == "FAILED" and f"the proxy {proxy.url()} (HTTP_PROXY)" in status["message"] and "407" in status["message"]
            return
        assert status["status"] == "SUCCEEDED", status
        assert set(proxy.asked) == {("POST", "http://sts.intern.test/")}
    bad = check(connector, config, {**env, "HTTP_PROXY": f"socks5://{LOGIN}@127.0.0.1:1"}).status
    assert bad["status"] == "FAILED" and "HTTP_PROXY names a proxy of a kind" in bad["message"]
