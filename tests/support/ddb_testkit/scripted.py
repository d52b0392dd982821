"""Starts the scripted server, makes certificates, and reads back what was stored."""
import json
import pathlib
import subprocess
import urllib.request

import boto3
import botocore.config

from .engines import REGION

ACCESS_KEY = "AKIASCRIPTED"
SECRET_KEY = "scripted/secret"
RAW_KEYS = {
    "AttributeDefinitions": [
        {"AttributeName": "_airbyte_ab_id", "AttributeType": "S"},
        {"AttributeName": "sync_time", "AttributeType": "N"},
    ],
    "KeySchema": [
        {"AttributeName": "_airbyte_ab_id", "KeyType": "HASH"},
        {"AttributeName": "sync_time", "KeyType": "RANGE"},
    ],
}


class ScriptedServer:
    """One running server. `scenario` is its rules as a dict; tests/fault/README.md describes them."""

    def __init__(self, binary, folder, scenario=None, tls=None, arguments=(), clients=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        scenario_file = self.folder / "scenario.json"
        scenario_file.write_text(json.dumps(scenario or {}))
        command = [binary, "--scenario", str(scenario_file), "--log", str(self.folder / "log.jsonl"), *arguments]
        if tls:
            command += ["--tls-cert", str(tls.certificate), "--tls-key", str(tls.key)]
        if clients:
            command += ["--tls-clients", str(clients)]
        self.errors = open(self.folder / "stderr", "w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.port = self._announced("listening")
        self.control_port = self._announced("control")
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def _announced(self, word):
        line = self.process.stdout.readline()
        assert line.startswith(f"{word} 127.0.0.1:"), line + (self.folder / "stderr").read_text()
        return int(line.rsplit(":", 1)[1])

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def control(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}/__control/{path}", timeout=60) as reply:
            return reply.read().decode()

    def log(self, operation=None):
        lines = [json.loads(line) for line in self.control("log").splitlines()]
        return [line for line in lines if operation in (None, line["operation"])]

    def tables(self):
        return json.loads(self.control("tables"))

    def items(self, table):
        """Each: {"item", "sequence", "stored_s", "writes"}; of a deleted table, those that it had."""
        return json.loads(self.control(f"tables/{table}")).get(table, {}).get("items", [])

    def switch(self, rules, on):
        assert int(self.control(f"rules/{rules}/{'on' if on else 'off'}")) > 0

    def boto3(self, access_key=ACCESS_KEY, secret_key=SECRET_KEY, token=None, endpoint=None, **options):
        config = botocore.config.Config(retries={"total_max_attempts": 1}, **options)
        return boto3.session.Session().client(
            "dynamodb",
            endpoint_url=endpoint or f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=config,
        )


class Certificate:
    def __init__(self, certificate, key, authority):
        self.certificate, self.key, self.authority = certificate, key, authority


class Certificates:
    """A private authority and certificates by it: good, expired, wrong_name; and untrusted, by another authority."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        authority, stranger = self._authority("authority"), self._authority("stranger")
        here = "DNS:localhost,IP:127.0.0.1"
        self.good = self._issue("good", authority, here)
        self.expired = self._issue("expired", authority, here, "20200101000000Z", "20200201000000Z")
        self.not_yet = self._issue("not_yet", authority, here, "20900101000000Z", "20910101000000Z")
        self.wrong_name = self._issue("wrong_name", authority, "DNS:dynamodb.example.org")
        self.untrusted = self._issue("untrusted", stranger, here)
        self.untrusted.authority = authority.certificate
        # What a client shows.
        self.clients = authority.certificate
        self.client = self._issue("client", authority, "DNS:loader")
        self.old_client = self._issue("old_client", authority, "DNS:loader", "20200101000000Z", "20200201000000Z")
        self.strange_client = self._issue("strange_client", stranger, "DNS:loader")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def _authority(self, name):
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self._openssl(
            *"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650".split(),
            *["-subj", f"/CN=test {name}", "-keyout", str(key), "-out", str(certificate)],
        )
        (self.folder / f"{name}.index").write_text("")
        return Certificate(certificate, key, certificate)

    def _issue(self, name, authority, names, start=None, end=None):
        certificate, key, request = (self.folder / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
        self._openssl(
            *"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost".split(),
            *["-keyout", str(key), "-out", str(request)],
        )
        # `openssl ca`, since `openssl x509` cannot set the dates.
        settings = self.folder / f"{name}.cnf"
        settings.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={authority.certificate.with_suffix('.index')}\n"
            f"new_certs_dir={self.folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\ndefault_days=3650\n"
            f"unique_subject=no\n[p]\ncommonName=supplied\n[e]\nsubjectAltName={names}\nbasicConstraints=CA:false\n"
        )
        dates = ["-startdate", start, "-enddate", end] if start else []
        self._openssl(
            *["ca", "-batch", "-notext", "-config", str(settings), "-extensions", "e", "-in", str(request)],
            *["-out", str(certificate), "-cert", str(authority.certificate), "-keyfile", str(authority.key), *dates],
        )
        return Certificate(certificate, key, authority.certificate)
