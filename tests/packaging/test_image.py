"""The image that scripts/image has written: what it says of itself, and a pod of it on a read-only root. Of two images, one made
by buildah of the Dockerfile and one without any engine, also that they are the same.

    scripts/image --test
    scripts/image --with buildah --bases debian --test

Without Docker: its layers are unpacked, and entered with chroot in namespaces of its own. Needs root; without, or without an image,
everything here is skipped and says so.
"""

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from ddb_testkit import messages, protocol, rows
from ddb_testkit.pod import Container, Pipes, put

ROOT = Path(__file__).resolve().parents[2]
IMAGES = [Path(each) for each in os.environ.get("DDB_IMAGES", "").split(":") if each]
LIMIT_BYTES = 25_000_000

pytestmark = pytest.mark.skipif(not IMAGES or os.getuid() != 0, reason="no image (DDB_IMAGES), or not root: scripts/image --test")


def unpacked(data):
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


class Image:
    """The archive, read as `docker load` reads it, each digest compared."""

    def __init__(self, path):
        self.path = path
        with tarfile.open(path) as tar:
            self.files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        (self.manifest,) = json.loads(self.files["manifest.json"])
        for name in (self.manifest["Config"], *self.manifest["Layers"]):
            assert hashlib.sha256(self.files[name]).hexdigest() == Path(name).name.partition(".")[0]
        self.config = json.loads(self.files[self.manifest["Config"]])
        self.layers = [unpacked(self.files[name]) for name in self.manifest["Layers"]]
        assert [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in self.layers] == self.config["rootfs"]["diff_ids"]

    @property
    def env(self):
        return dict(each.split("=", 1) for each in self.config["config"]["Env"])


    def tree(self):
        """{path: what it is}, the layers one over the other. Times are left out, and the root itself, which only some builders name."""
        found = {}
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                for member in tar:
                    name = member.name.removeprefix("./").rstrip("/")
                    assert not Path(name).name.startswith(".wh."), f"{name}: a layer that takes something away"
                    content = hashlib.sha256(tar.extractfile(member).read()).hexdigest() if member.isreg() else member.linkname
                    found[name] = (member.type, oct(member.mode & 0o7777), member.uid, member.gid, content)
        return {name: what for name, what in found.items() if name not in ("", ".")}


@pytest.fixture(scope="module", params=IMAGES, ids=lambda path: path.name)
def image(request):
    return Image(request.param)


@pytest.fixture(scope="module")
def root(image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("image") / "root"
    for layer in image.layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
            tar.extractall(folder)
    for name in ("dev", "proc"):  # what a container engine mounts
        (folder / name).mkdir(exist_ok=True)
    return folder


def enter(root, volume):
    """What puts a command into the image: its root read-only, one volume, user 1000, as process 1 without any capability."""
    steps = ("mount --bind $0 $0 && mount --bind $1 $0/dest && mount --bind $1 $0/config && mount --rbind /dev $0/dev && "
             "mount -t proc proc $0/proc && mount -o remount,bind,ro $0 && volume=$1 && root=$0 && shift && "
             "exec chroot --userspec=1000:1000 $root \"$@\"")
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "sh", "-c", steps, root, volume]


@pytest.fixture
def volume(tmp_path):
    folder = tmp_path / "volume"
    folder.mkdir()
    os.chmod(folder, 0o777)
    for parent in folder.parents:  # user 1000 has to get there
        if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
            os.chmod(parent, 0o755)
    return folder


def test_what_it_says_of_itself(image):
    config = image.config["config"]
    version = re.search(r"project\(.* VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    assert len(gzip.compress(image.path.read_bytes(), 6)) < LIMIT_BYTES
    assert config["User"] == "1000:1000"
    assert config["Entrypoint"] == ["/airbyte/destination-dynamodb"]
    # Absolute, as the platform starts it in another folder; with exec, or its SIGTERM ends a shell and leaves the connector.
    assert image.env["AIRBYTE_ENTRYPOINT"] == "exec " + config["Entrypoint"][0]
    assert config["Labels"]["io.airbyte.version"] == version
    assert config["Labels"]["io.airbyte.name"] in image.manifest["RepoTags"][0]
    assert image.manifest["RepoTags"][0].endswith(f":{version}")


def test_the_dockerfile_makes_the_same(image):
    text = (ROOT / "packaging/Dockerfile").read_text()
    config = image.config["config"]
    assert f'ENV AIRBYTE_ENTRYPOINT="{image.env["AIRBYTE_ENTRYPOINT"]}"' in text
    assert f"USER {config['User']}" in text and f"WORKDIR {config['WorkingDir']}" in text
    assert f"ENTRYPOINT {json.dumps(config['Entrypoint'])}" in text
    for label in config["Labels"]:
        assert label.startswith("io.buildah.") or f"{label}=" in text
    assert f"ARG VERSION={config['Labels']['io.airbyte.version']}\n" in text  # for who builds it by hand


def test_buildah_makes_of_the_dockerfile_what_is_made_without_it():
    if len(IMAGES) != 2:
        pytest.skip("one image alone: scripts/image --with buildah --bases debian --test makes two")
    one, other = (Image(path) for path in IMAGES)
    said = [{**image.config["config"], "Env": image.env, "Labels": {name: value for name, value in image.config["config"]["Labels"].items()
                                                                     if not name.startswith("io.buildah.")}} for image in (one, other)]
    assert said[0] == said[1]
    assert one.config["architecture"] == other.config["architecture"]
    assert [Path(image.manifest["RepoTags"][0]).name for image in (one, other)] == [Path(one.manifest["RepoTags"][0]).name] * 2
    assert one.tree() == other.tree()


def test_what_is_in_it(root, volume):
    users = (root / "etc/passwd").read_text()
    assert "airbyte:x:1000:1000:" in users
    # Debian's authorities, and not those that the owner of the machine that builds has added to his own.
    package = sorted(Path("/usr/share/ca-certificates/mozilla").glob("*.crt"), key=lambda path: path.name.encode())
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_bytes() == b"".join(path.read_bytes() for path in package) != b""
    for tool in ("sh", "sleep", "mv", "kill", "test", "echo"):
        subprocess.run([*enter(root, volume), "/bin/sh", "-c", f"command -v {tool}"], check=True, capture_output=True)
    refused = subprocess.run([*enter(root, volume), "/bin/sh", "-c", "echo > /airbyte/x"], capture_output=True, text=True)
    assert "Read-only file system" in refused.stderr  # or the tests below show less than they say
    for folder in ("airbyte", "config", "dest"):
        assert (root / folder).stat().st_uid == 1000
    assert not [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_mode & 0o6000]


def pod(root, image, volume, command, redirections):
    return Container(["/bin/sh"], volume, image.env["AIRBYTE_ENTRYPOINT"], command, redirections, wrap=enter(root, volume), folder="/dest")


def test_spec(root, image, volume):
    with pod(root, image, volume, "spec ", "> jobOutput.json") as container:
        assert container.wait() == (0, 0)
    (spec,) = [protocol.message(line) for line in (volume / "jobOutput.json").read_text().splitlines()]
    assert spec["type"] == "SPEC"


def test_check(root, image, volume, engine, prefix):
    put(volume / "connectionConfiguration.json", messages.config(engine.endpoint, prefix))
    with pod(root, image, volume, "check --config /config/connectionConfiguration.json", "> jobOutput.json") as container:
        assert container.wait() == (0, 0)
    found = [protocol.message(line) for line in (volume / "jobOutput.json").read_text().splitlines()]
    assert [m["connectionStatus"]["status"] for m in found if m["type"] == "CONNECTION_STATUS"] == ["SUCCEEDED"]


@pytest.mark.parametrize("stopped", [False, True], ids=["to its end", "stopped in mid-run"])
def test_write(root, image, volume, engine, dynamodb, prefix, stopped):
    put(volume / "connectorConfig.json", messages.config(engine.endpoint, prefix))
    put(volume / "catalog.json", messages.catalog("users"))
    pipes = Pipes(volume)
    command = "write --config /dest/connectorConfig.json --catalog /dest/catalog.json"
    with pod(root, image, volume, command, Pipes.redirections) as container:
        pipes.open_stdin()
        pipes.send(*(messages.record("users", {"id": n}) for n in range(100)), messages.stream_state("users", {"n": 100}, id=1))
        pipes.wait_for_states(1)
        if stopped:
            (volume / "TERMINATED").touch()
        else:
            pipes.stdin.close()
        assert container.wait() == ((143, 143) if stopped else (0, 0))
        pipes.close()
    if stopped:
        pipes.stdin.close()
    assert len(rows.data(dynamodb, f"{prefix}_users")) == 100
