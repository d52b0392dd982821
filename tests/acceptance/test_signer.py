"""The signer agrees byte for byte with botocore's on random requests.

The program `signer_vectors` signs with the code of the product; botocore signs the same requests here.
"""

import datetime
import random
import subprocess
import unittest.mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials

REQUESTS = 10_000
SEED = 20150830
DAY = 24 * 3600


def random_text(rng, alphabet, shortest, longest):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(shortest, longest)))


LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
BASE64 = LOWER + LOWER.upper() + DIGITS + "+/="


def random_scope(rng):
    """Host header, path and region: as few as real configurations are, so that signers keep their keys."""
    host = rng.choice(["127.0.0.1", "[::1]", "dynamodb.eu-west-1.amazonaws.com", random_text(rng, LOWER, 1, 30)])
    port = rng.choice(["", ":8000", ":" + str(rng.randint(1024, 65535))])
    segment = lambda: rng.choice(
        ["", ".", "..", "a", "%20", "%2F", "%25", "~", "ü", random_text(rng, LOWER + DIGITS + "-._~!$&'()*+,;=:@", 1, 12)]
    )
    path = "/" + "/".join(segment() for _ in range(rng.choice([0, 0, 1, 2, 5])))
    return host + port, path, rng.choice(["us-east-1", "eu-central-2", "us-gov-west-1", "local", "X-1"])


def random_credentials(rng):
    return (
        "AKIA" + random_text(rng, LOWER.upper() + DIGITS, 12, 16),
        random_text(rng, BASE64, 1, 100),  # past 60 the key of the first HMAC is hashed
        random_text(rng, BASE64, 100, 1500) if rng.random() < 0.5 else "",
    )


def random_requests():
    rng = random.Random(SEED)
    scopes = [random_scope(rng) for _ in range(60)]
    keys = [random_credentials(rng) for _ in range(20)]
    start = 1_700_000_000
    scope, key = scopes[0], keys[0]
    for _ in range(REQUESTS):
        if rng.random() < 0.2:
            scope = rng.choice(scopes)
        if rng.random() < 0.1:
            key = rng.choice(keys)
        if rng.random() < 0.5:  # just before and after midnight UTC, back and forth
            seconds = (start // DAY + rng.randint(0, 3)) * DAY + rng.randint(-2, 1)
        else:
            seconds = rng.randint(0, 4_102_444_800)
        body = rng.randbytes(rng.choice([0, 1, 55, 56, 63, 64, 119, 120, rng.randint(0, 3000)]))
        target = "DynamoDB_20120810." + rng.choice(["BatchWriteItem", "DescribeTable", random_text(rng, LOWER, 1, 40)])
        yield scope, key, target, seconds * 1000 + rng.randint(0, 999), body


def by_botocore(scope, key, target, millis, body):
    """The headers that botocore adds to the request, as a dict."""
    host, path, region = scope
    request = botocore.awsrequest.AWSRequest(
        method="POST",
        url=f"http://{host}{path}",
        data=body,
        headers={"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0", "User-Agent": "any"},
    )
    now = datetime.datetime.fromtimestamp(millis // 1000, datetime.timezone.utc)
    credentials = botocore.credentials.Credentials(key[0], key[1], key[2] or None)
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=now):
        botocore.auth.SigV4Auth(credentials, "dynamodb", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def test_agrees_with_botocore(build_folder):
    binary = build_folder / "src" / "aws" / "signer_vectors"
    requests = list(random_requests())
    as_hex = lambda value: (value if isinstance(value, bytes) else str(value).encode()).hex() or "-"
    lines = [
        " ".join(as_hex(field) for field in (*scope, *key, target, millis, body))
        for scope, key, target, millis, body in requests
    ]
    run = subprocess.run([binary], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    heads = [bytes.fromhex(line).decode() for line in run.stdout.splitlines()]
    assert len(heads) == REQUESTS
    for (scope, key, target, millis, body), head in zip(requests, heads):
        first, *header_lines = head.removesuffix("\r\n\r\n").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in header_lines)}
        assert first == f"POST {scope[1]} HTTP/1.1"
        assert len(headers) == len(header_lines)
        assert headers.pop("host") == scope[0]
        assert headers.pop("content-length") == str(len(body))
        assert headers.pop("accept-encoding") == "identity"
        assert headers.pop("user-agent")
        expected = by_botocore(scope, key, target, millis, body)
        expected.pop("user-agent")
        assert headers == expected, (scope, target, millis, len(body))
