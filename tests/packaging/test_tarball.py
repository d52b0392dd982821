"""The tarball and the Debian package in roots of several releases of Debian, from before and after the one that they are built on.

    scripts/package --test [SUITE...]

makes both, and the roots (debootstrap), and runs this. Needs root, for chroot; without, or without roots, everything here is
skipped and says so.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from ddb_testkit import messages, protocol, rows

ROOT = Path(__file__).resolve().parents[2]
ROOTS = [Path(each) for each in os.environ.get("DDB_ROOTS", "").split(":") if each]
PACKAGES = ROOT / "build" / "portable"
NAME_SERVER = "127.0.0.2"  # /etc/resolv.conf has no port, so it is 53, on an address that nobody else has

pytestmark = pytest.mark.skipif(not ROOTS or os.getuid() != 0, reason="no roots of Debian (DDB_ROOTS), or not root: scripts/package --test")


def package(ending):
    found = sorted(PACKAGES.glob(f"destination-dynamodb-*-linux-amd64.{ending}"))
    assert len(found) == 1, f"{PACKAGES} has {found}: scripts/package"
    return found[0]


@pytest.fixture(params=ROOTS, ids=lambda path: path.name)
def root(request):
    """A root with the tarball unpacked by its own tar into /opt, as the documentation says."""
    folder = request.param
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n127.0.0.1 in-the-hosts-file.test\n")
    (folder / "etc" / "resolv.conf").write_text(f"search svc.test\nnameserver {NAME_SERVER}\n")
    for name in ("opt", "pkg"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    shutil.copy(package("tar.gz"), folder / "pkg" / "package.tar.gz")
    run_in(folder, "tar", "-xzf", "/pkg/package.tar.gz", "-C", "/opt", "--strip-components=1")
    return folder


# tar, for one, needs /proc.
ENTER = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"']


def run_in(root, *command, **more):
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root"}
    done = subprocess.run([*ENTER, root, *command], capture_output=True, text=True, timeout=120, env=env, **more)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
    return done


def connector(root, *arguments, **more):
    done = run_in(root, "/opt/bin/destination-dynamodb", *arguments, **more)
    assert done.stderr == ""
    return [protocol.message(line) for line in done.stdout.splitlines()]


class Names:
    """A name server that knows one name, db.svc.test, and no other."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind((NAME_SERVER, 53))
        except OSError as error:
            self.socket.close()
            pytest.skip(f"no name server can be had at {NAME_SERVER}: {error}")
        self.socket.settimeout(0.05)
        self.asked = []
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        self.socket.close()

    def _serve(self):
        while not self._ends.is_set():
            try:
                query, peer = self.socket.recvfrom(1024)
            except TimeoutError:
                continue
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, kind, question = ".".join(labels), query[at + 2], query[12:at + 5]
            self.asked.append(name)
            known = name == "db.svc.test"
            answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04" + bytes([127, 0, 0, 1]) if known and kind == 1 else b""
            flags = b"\x81\x80" if known else b"\x81\x83"
            self.socket.sendto(query[:2] + flags + b"\0\x01" + (b"\0\x01" if answer else b"\0\0") + b"\0\0\0\0" + question + answer, peer)


def test_it_needs_nothing_of_the_machine(root):
    """No dynamic linker, no library: it runs on any Linux, Alpine's too."""
    program = root / "opt" / "bin" / "destination-dynamodb"
    headers = subprocess.run(["readelf", "-lW", program], check=True, capture_output=True, text=True).stdout
    assert "INTERP" not in headers
    needed = subprocess.run(["readelf", "-dW", program], check=True, capture_output=True, text=True).stdout
    assert "(NEEDED)" not in needed
    assert program.stat().st_size < 16e6


def test_spec_and_version(root):
    (spec,) = connector(root, "spec")
    assert spec["type"] == "SPEC"
    version = re.search(r"project\(.* VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert run_in(root, "/opt/bin/destination-dynamodb", "--version").stdout == f"{version}\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "in-the-hosts-file.test", "db.svc.test", "db"])
def test_a_sync_by_address_hosts_file_and_name_server(root, host, engine, dynamodb, prefix):
    endpoint = re.sub("127.0.0.1|localhost", host, engine.endpoint)
    config = json.loads((root / "opt/share/doc/destination-dynamodb/examples/local.json").read_text())
    config |= {"dynamodb_endpoint": endpoint, "dynamodb_table_name_prefix": prefix}
    (root / "pkg" / "config.json").write_text(json.dumps(config))
    examples = "/opt/share/doc/destination-dynamodb/examples"
    with Names() as names:
        found = connector(root, "check", "--config", "/pkg/config.json")
        assert [m["connectionStatus"]["status"] for m in found if m["type"] == "CONNECTION_STATUS"] == ["SUCCEEDED"]
        found = connector(root, "write", "--config", "/pkg/config.json", "--catalog", f"{examples}/catalog.json",
                          input=(root / examples[1:] / "messages.jsonl").read_text())
        assert bool(names.asked) == host.startswith("db")
    assert [m["state"]["stream"]["stream_state"] for m in found if m["type"] == "STATE"] == [{"id": 2}]
    assert sorted(row["name"] for row in rows.data(dynamodb, f"{prefix}_users")) == ["Ada", "Grace"]


def test_a_name_that_nobody_knows_is_told(root, engine, prefix):
    (root / "pkg" / "config.json").write_text(json.dumps(messages.config("http://nobody-knows.test:1", prefix)))
    with Names() as names:
        found = connector(root, "check", "--config", "/pkg/config.json")
        (status,) = [m["connectionStatus"] for m in found if m["type"] == "CONNECTION_STATUS"]
        assert status["status"] == "FAILED"
        assert "nobody-knows.test" in names.asked


def test_the_debian_package(root):
    shutil.copy(package("deb"), root / "pkg" / "package.deb")
    run_in(root, "dpkg-deb", "-x", "/pkg/package.deb", "/pkg/unpacked")
    for file in ("bin/destination-dynamodb", "share/man/man1/destination-dynamodb.1*", "share/doc/destination-dynamodb/copyright",
                 "share/doc/destination-dynamodb/examples/minimal.json", "share/bash-completion/completions/destination-dynamodb"):
        assert list((root / "pkg/unpacked/usr").glob(file)), file
    fields = run_in(root, "dpkg-deb", "-f", "/pkg/package.deb").stdout
    assert "Architecture: amd64\n" in fields and "Depends:" not in fields
    assert run_in(root, "/pkg/unpacked/usr/bin/destination-dynamodb", "--version").stdout


def test_bash_completes(root):
    """The shell's own answer to TAB."""
    script = ("source /opt/share/bash-completion/completions/destination-dynamodb; COMP_WORDS=(destination-dynamodb write --c); COMP_CWORD=2; "
              "_destination_dynamodb; echo ${COMPREPLY[@]}")
    assert run_in(root, "bash", "-c", script).stdout.split() == ["--config", "--catalog"]
