"""Services that give credentials, and proxies, as tests need them: on 127.0.0.1, each a thread of the test."""

import base64
import contextlib
import http.server
import json
import select
import socket
import socketserver
import threading
import time
import urllib.parse
from datetime import datetime, timezone

from .connector import TOLD


def iso(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Keys:
    """Temporary keys, a new one every `period_s` seconds, each of which the scripted server takes for that long and a
    second; with `life_s` for so long, as a service says that gives new ones before the old ones expire. Without a period
    there is one."""

    SECRET = "temporary/secret+key"

    def __init__(self, period_s=None, count=40, life_s=None):
        self.period_s = period_s
        self.life_s = life_s
        self.count = count if period_s else 1
        self.started = time.time()
        self.given = []

    def scenario(self):
        """For the scripted server; started right after."""
        self.started = time.time()
        each = [{"access_key": self.key(n), "secret": self.SECRET, "token": self.token(n)} for n in range(self.count)]
        if self.period_s:
            for n, one in enumerate(each):
                one["expires_after_s"] = self.period_s * n + (self.life_s or self.period_s + 1)
        return each

    @staticmethod
    def key(number):
        return f"ASIATEMPORARY{number}"

    @staticmethod
    def token(number):
        return f"session-token-{number}/+=" + "t" * 100

    def now(self):
        """Number and end of the present one."""
        if not self.period_s:
            return 0, time.time() + 3600
        number = min(self.count - 1, int((time.time() - self.started) / self.period_s))
        return number, self.started + self.period_s * number + (self.life_s or self.period_s)

    def take(self):
        number, end = self.now()
        self.given.append(self.key(number))
        TOLD.update((self.SECRET, self.token(number)))
        return {"AccessKeyId": self.key(number), "SecretAccessKey": self.SECRET, "Token": self.token(number),
                "Expiration": iso(end)}, end


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode()
        self.server.owner.requests.append((self.command, self.path, dict(self.headers), body))
        time.sleep(self.server.owner.delay_s)
        self.server.owner.serve(self, body)

    do_GET = do_PUT = do_POST = handle_any


class Serving:
    """What has a `server` in a thread of its own, which `start` begins, until the with block ends."""

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Service(Serving):
    """One service; what it is asked is kept in `requests`."""

    def __init__(self, keys):
        self.keys = keys
        self.requests = []
        self.failing = None  # a status that all get
        self.delay_s = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.start()

    def serve(self, request, body):
        if self.failing:
            request.answer(self.failing, self.error_body(), "text/xml")
        else:
            self.give(request, body)

    def error_body(self):
        return "<ErrorResponse><Error><Code>AccessDenied</Code><Message>echo-of-a-secret</Message></Error></ErrorResponse>"


class Container(Service):
    """ECS and EKS Pod Identity: with `token` as the authorization."""

    def __init__(self, keys, token=None):
        super().__init__(keys)
        self.token = token

    def give(self, request, _):
        TOLD.add(self.token or "")
        if self.token and request.headers.get("Authorization") != self.token:
            return request.answer(401, "{}")
        return request.answer(200, json.dumps(self.keys.take()[0]))


class Instance(Service):
    """The instance metadata service, version 2: without its token nothing is said."""

    TOKEN = "imds-token-1234567890"

    def give(self, request, _):
        path = "/latest/meta-data/iam/security-credentials/"
        if request.command == "PUT" and request.path == "/latest/api/token":
            return request.answer(200 if request.headers.get("X-aws-ec2-metadata-token-ttl-seconds") else 400, self.TOKEN)
        if request.headers.get("X-aws-ec2-metadata-token") != self.TOKEN:
            return request.answer(401, "")
        if request.path == path:
            return request.answer(200, "loader-role\n", "text/plain")
        if request.path == path + "loader-role":
            return request.answer(200, json.dumps({"Code": "Success", **self.keys.take()[0]}))
        return request.answer(404, "")


class Sts(Service):
    """AssumeRole and AssumeRoleWithWebIdentity."""

    def __init__(self, keys, external_id=None):
        super().__init__(keys)
        self.external_id = external_id

    def give(self, request, body):
        form = dict(urllib.parse.parse_qsl(body))
        signed = "Authorization" in request.headers and "/sts/aws4_request" in request.headers["Authorization"]
        fits = form.get("ExternalId") == self.external_id and bool(form.get("RoleArn")) and bool(form.get("RoleSessionName"))
        if form.get("Action") == "AssumeRole":
            fits = fits and signed
        else:
            fits = fits and form.get("WebIdentityToken") == "web-identity-token.x.y"
        if not fits:
            return request.answer(403, self.error_body(), "text/xml")
        keys, end = self.keys.take()
        action = form["Action"]
        return request.answer(200, f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
            <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/loader/x</Arn></AssumedRoleUser>
            <Credentials><AccessKeyId>{keys["AccessKeyId"]}</AccessKeyId><SecretAccessKey>{keys["SecretAccessKey"]}</SecretAccessKey>
            <SessionToken>{keys["Token"]}</SessionToken><Expiration>{iso(end)}</Expiration></Credentials>
            </{action}Result></{action}Response>""", "text/xml")


class Sso(Service):
    """The portal of IAM Identity Center, and its OIDC service, which renews a login for the newest refresh token alone."""

    TOKEN = "sso-access-token"
    CLIENT = {"clientId": "oidc-client-id", "clientSecret": "oidc-client-secret"}

    def __init__(self, keys, valid_s=3600):
        super().__init__(keys)
        self.valid_s = valid_s
        self.refresh_token = "sso-refresh-token-0"
        self.renewed = 0

    def renew(self, request, body):
        asked = json.loads(body)
        if asked != {**self.CLIENT, "grantType": "refresh_token", "refreshToken": self.refresh_token}:
            return request.answer(400, '{"error":"invalid_grant","error_description":"echo-of-a-secret"}')
        self.renewed += 1
        self.refresh_token = f"sso-refresh-token-{self.renewed}"
        TOLD.update((self.TOKEN, self.refresh_token, *self.CLIENT.values()))
        return request.answer(200, json.dumps({"accessToken": self.TOKEN, "tokenType": "Bearer", "expiresIn": self.valid_s,
                                               "refreshToken": self.refresh_token}))

    def give(self, request, body):
        if request.command == "POST" and request.path == "/token":
            return self.renew(request, body)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.path).query))
        if request.headers.get("x-amz-sso_bearer_token") != self.TOKEN or query != {"role_name": "Loader", "account_id": "123456789012"}:
            return request.answer(401, '{"__type":"UnauthorizedException"}')
        keys, end = self.keys.take()
        return request.answer(200, json.dumps({"roleCredentials": {
            "accessKeyId": keys["AccessKeyId"], "secretAccessKey": keys["SecretAccessKey"], "sessionToken": keys["Token"],
            "expiration": int(end * 1000)}}))


class Proxy(Serving):
    """An HTTP proxy that takes CONNECT and requests with a whole URL. `hosts`: names that only it knows."""

    def __init__(self, login=None, answer=None, hang=False, hosts=None):
        self.login, self.reply, self.hang, self.hosts = login, answer, hang, hosts or {}
        self.asked = []
        self.open = []
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    proxy.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.start()

    def url(self, login=""):
        return f"http://{login}127.0.0.1:{self.port}"

    def cut(self):
        """Ends what it has passed on so far."""
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def relay_reply(server, client):
        data = b""
        while b"\r\n\r\n" not in data:
            data += server.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += server.recv(65536)
        client.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)

    def serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            got = client.recv(65536)
            if not got:
                return
            head += got
        top, _, rest = head.partition(b"\r\n\r\n")
        lines = top.decode().split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
        self.asked.append((method, target))
        if self.hang:
            time.sleep(60)
            return
        wanted = self.login and "Basic " + base64.b64encode(self.login.encode()).decode()
        if wanted and headers.get("proxy-authorization") != wanted:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            return
        if self.reply is not None:
            client.sendall(self.reply)
            return
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            first = b""
        else:
            parts = urllib.parse.urlsplit(target)
            host, port = parts.hostname, parts.port or 80
            # One request a connection: the next one has a whole URL again.
            while len(rest) < int(headers.get("content-length", 0)):
                rest += client.recv(65536)
            own = [line for line in lines[1:] if not line.lower().startswith("proxy-authorization:")]
            first = "\r\n".join([lines[0].replace(target, parts.path or "/", 1), *own, "Connection: close\r\n\r\n"]).encode() + rest
        host, port = self.hosts.get(host, (host, port))
        with socket.create_connection((host, int(port))) as server:
            self.open.append(server)
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            server.sendall(first)
            if method != "CONNECT":
                self.relay_reply(server, client)
                return
            while True:
                for ready in select.select([client, server], [], [], 60)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)
