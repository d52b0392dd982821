"""Local DynamoDBs as processes of ours: started on a free port of 127.0.0.1, ended by their process id."""

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[3]
HOST = "127.0.0.1"
REGION = "us-east-1"
# Neither engine checks them.
ACCESS_KEY_ID = "AKIDLOCALTEST"
SECRET_ACCESS_KEY = "local-test-secret"
READY_WITHIN_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def client_for(endpoint, region=REGION, key=ACCESS_KEY_ID, secret=SECRET_ACCESS_KEY, read_timeout=60):
    """A boto3 client that takes nothing from the environment or the user's profiles."""
    return boto3.session.Session().client(
        "dynamodb", endpoint_url=endpoint, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 5}, read_timeout=read_timeout, max_pool_connections=4))


def installed(variable):
    """The path that scripts/setup exports under this name, also when pytest is called by hand."""
    if variable not in os.environ:
        ask = f'source "$1" && printf %s "${variable}"'
        told = subprocess.run(["bash", "-c", ask, "bash", str(ROOT / "scripts" / "setup")],
                              check=True, capture_output=True, text=True)
        os.environ[variable] = told.stdout
    if not os.path.exists(os.environ[variable]):
        raise FileNotFoundError(f"{variable} is not installed: run scripts/setup all")
    return os.environ[variable]


class Engine:
    """A local DynamoDB. `start` returns when it answers; `kill` and `start` again is a crash and a restart."""

    name = ""

    def __init__(self, data_folder=None):
        self.data_folder = data_folder  # None: in memory, lost with the process
        self.port = free_port()
        self.process = None
        self._log = tempfile.TemporaryFile()

    @property
    def endpoint(self):
        return f"http://{HOST}:{self.port}"

    def client(self, **kwargs):
        return client_for(self.endpoint, **kwargs)

    def command(self):
        raise NotImplementedError

    def start(self):
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
            while self.process.poll() is None:
                if self._answers():
                    return self
                if time.monotonic() > deadline:
                    self.kill()
                    raise TimeoutError(f"{self.name} does not answer: {self._tail()}")
                time.sleep(0.02)
            # Someone else may have taken the port since we looked.
            if time.monotonic() > deadline or "in use" not in self._tail():
                raise RuntimeError(f"{self.name} has ended: {self._tail()}")
            self.port = free_port()

    def kill(self):
        """As a crash: SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
        self._log.close()

    def _end(self, number):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _answers(self):
        try:
            urllib.request.urlopen(self.endpoint, timeout=2).close()
        except urllib.error.HTTPError:
            return True  # a refusal is an answer
        except OSError:
            return False
        return True

    def _tail(self):
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")


class Dynoxide(Engine):
    name = "dynoxide"

    def command(self):
        data = ["--db-path", str(Path(self.data_folder) / "dynoxide.db")] if self.data_folder else []
        return [installed("DDB_DYNOXIDE"), "serve", "--host", HOST, "--port", str(self.port), *data]


class DynamoDbLocal(Engine):
    """AWS's own emulator. It ignores case in table names."""

    name = "dynamodb-local"

    def command(self):
        lib = installed("DDB_DYNAMODB_LOCAL")
        data = ["-dbPath", str(self.data_folder)] if self.data_folder else ["-inMemory"]
        return ["java", f"-Djava.library.path={lib}", "-cp", f"{lib}/*",
                "software.amazon.dynamodb.services.local.main.ServerRunner",
                *data, "-sharedDb", "-disableTelemetry", "-port", str(self.port)]


ENGINES = {engine.name: engine for engine in (Dynoxide, DynamoDbLocal)}


def table_names(client, prefix=""):
    """Names that begin with the prefix, whatever their case."""
    pages = client.get_paginator("list_tables").paginate()
    names = [name for page in pages for name in page["TableNames"]]
    return sorted(name for name in names if name.lower().startswith(prefix.lower()))


def delete_tables(client, prefix):
    for name in table_names(client, prefix):
        client.delete_table(TableName=name)


class _Deserializer(TypeDeserializer):
    """boto3's own refuses 1E+60 written out in digits, as some engines write it."""

    def _deserialize_n(self, value):
        return Decimal(value)


def read_table(client, table):
    """Every item of the table as Python values; numbers are Decimals."""
    value = _Deserializer().deserialize
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [{name: value(attribute) for name, attribute in item.items()} for page in pages for item in page["Items"]]


def count_items(client, table):
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True, Select="COUNT")
    return sum(page["Count"] for page in pages)
