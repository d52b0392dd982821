"""Writes a folder as an image with one layer: a tar that `docker load`, `podman load` and `kind load image-archive` take.

Two runs over the same files give the same bytes: owners come from the files, times are fixed, names are sorted.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

EPOCH = "1970-01-01T00:00:00Z"


def layer(root):
    """The folder as an uncompressed tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            info = tar.gettarinfo(path, arcname=str(path.relative_to(root)))
            info.mtime, info.uname, info.gname = 0, "", ""
            if info.isreg():
                with open(path, "rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
    return buffer.getvalue()


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    tar.addfile(info, io.BytesIO(data))


def digest(data):
    return hashlib.sha256(data).hexdigest()


def blob(tar, data, media_type):
    add(tar, f"blobs/sha256/{digest(data)}", data)
    return {"mediaType": media_type, "digest": f"sha256:{digest(data)}", "size": len(data)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", required=True, help="NAME:TAG")
    parser.add_argument("--arch", required=True)
    parser.add_argument("--settings", required=True, help="the image's config as JSON: Env, User, ...")
    args = parser.parse_args()

    unpacked = layer(args.root)
    packed = gzip.compress(unpacked, 9, mtime=0)
    config = json.dumps({
        "architecture": args.arch, "os": "linux", "created": EPOCH, "config": json.loads(args.settings),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(unpacked)}"]},
        "history": [{"created": EPOCH, "created_by": "scripts/image"}],
    }, sort_keys=True).encode()
    part = args.out.with_suffix(".part")
    with tarfile.open(part, "w") as tar:
        layer_entry = blob(tar, packed, "application/vnd.oci.image.layer.v1.tar+gzip")
        config_entry = blob(tar, config, "application/vnd.oci.image.config.v1+json")
        manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                               "config": config_entry, "layers": [layer_entry]}).encode()
        entry = blob(tar, manifest, "application/vnd.oci.image.manifest.v1+json")
        tag = args.name.rpartition(":")[2]
        entry["annotations"] = {"io.containerd.image.name": f"docker.io/{args.name}" if args.name.count("/") == 1 else args.name,
                                "org.opencontainers.image.ref.name": tag}
        add(tar, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        # What Docker before 25 reads.
        add(tar, "manifest.json", json.dumps([{
            "Config": f"blobs/sha256/{digest(config)}", "RepoTags": [args.name],
            "Layers": [f"blobs/sha256/{digest(packed)}"]}]).encode())
    os.replace(part, args.out)
    print(f"{args.out}: {len(packed) / 1e6:.2f} MB compressed, {len(unpacked) / 1e6:.2f} MB unpacked")
    return packed


if __name__ == "__main__":
    main()
