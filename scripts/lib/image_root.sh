#!/usr/bin/env bash
# scripts/lib/image_root.sh FOLDER TARBALL: lays out what the image has over its base: the program, the user airbyte with its
# folders, and the roots of trust of Debian's ca-certificates. Needs root, for the owners.
source "$(dirname "${BASH_SOURCE[0]}")/../setup"
[ $# = 2 ] || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
folder=$1 tarball=$2
ddb_apt "roots of trust" ca-certificates
rm -rf "$folder"
mkdir -p "$folder"/{etc/ssl/certs,airbyte,tmp,config,dest,secrets,local}
tar -xzf "$tarball" -C "$folder/airbyte" --strip-components=2 --wildcards '*/bin/destination-dynamodb'
# Of the package, not this machine's bundle: what its owner trusts besides (a company's proxy) is no matter of who runs the image.
(LC_ALL=C && cat /usr/share/ca-certificates/mozilla/*.crt) >"$folder/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0:root:/root:/bin/sh\nairbyte:x:1000:1000:airbyte:/airbyte:/bin/sh\n' >"$folder/etc/passwd"
printf 'root:x:0:\nairbyte:x:1000:\n' >"$folder/etc/group"
# Where the base has one of its own, this says the same: files, then name servers.
printf 'hosts: files dns\n' >"$folder/etc/nsswitch.conf"
chmod 755 "$folder" "$folder/airbyte/destination-dynamodb"
chmod 1777 "$folder/tmp"
chown -R 0:0 "$folder"
# What the platform, PyAirbyte and docker put files into.
chown 1000:1000 "$folder"/{airbyte,config,dest,secrets,local}
