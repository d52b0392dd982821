"""The scripted server itself: a real AWS client is served, what the service refuses is refused, rules do what they say."""
import socket
import ssl
import time
import zlib

import botocore.exceptions
import pytest

from ddb_testkit import scripted


def create(client, table="things", **more):
    client.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **scripted.RAW_KEYS, **more)


def item(number, text="x"):
    return {"_airbyte_ab_id": {"S": f"id-{number}"}, "sync_time": {"N": "1"}, "text": {"S": text}}


def put_batch(client, items, table="things", **more):
    return client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": i}} for i in items]}, **more)


def error_of(call, *arguments, **more):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **more)
    return caught.value.response["Error"]["Code"]


def raw_exchange(server, request):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        reply = b""
        while chunk := connection.recv(65536):
            reply += chunk
    return reply


def test_a_real_client_writes_and_reads(start_server):
    server = start_server()
    client = server.boto3()
    create(client)
    client.get_waiter("table_exists").wait(TableName="things")
    reply = put_batch(client, [item(n) for n in range(25)], ReturnConsumedCapacity="TOTAL")
    assert reply["UnprocessedItems"] == {}
    assert reply["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 25.0}]
    pages = client.get_paginator("scan").paginate(TableName="things", Limit=7)
    assert sorted(i["_airbyte_ab_id"]["S"] for page in pages for i in page["Items"]) == sorted(
        f"id-{n}" for n in range(25)
    )
    key = {"_airbyte_ab_id": {"S": "id-3"}, "sync_time": {"N": "1.0"}}
    assert client.get_item(TableName="things", Key=key)["Item"] == item(3)
    assert len(server.items("things")) == 25
    assert [line["violations"] for line in server.log() if line["violations"]] == []
    client.delete_table(TableName="things")
    assert client.list_tables()["TableNames"] == []


def test_settings_of_a_table_are_kept_and_described(start_server):
    client = start_server().boto3()
    create(
        client,
        TableClass="STANDARD_INFREQUENT_ACCESS",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        Tags=[{"Key": "team", "Value": "data"}],
    )
    client.update_time_to_live(
        TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"}
    )
    table = client.describe_table(TableName="things")["Table"]
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    client.tag_resource(ResourceArn=table["TableArn"], Tags=[{"Key": "more", "Value": "1"}])
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert sorted(tag["Key"] for tag in tags) == ["more", "team"]
    ttl = client.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


@pytest.mark.parametrize(
    "keys, code",
    [
        ({"access_key": "AKIAOTHER"}, "UnrecognizedClientException"),
        ({"secret_key": "not it"}, "InvalidSignatureException"),
        ({"token": "surplus"}, "UnrecognizedClientException"),
    ],
)
def test_wrong_keys_are_refused(start_server, keys, code):
    assert error_of(start_server().boto3(**keys).list_tables) == code


def test_session_tokens_expiry_and_permissions(start_server):
    key = {"access_key": scripted.ACCESS_KEY, "secret": scripted.SECRET_KEY}
    server = start_server({"credentials": [{**key, "token": "t0k", "denied": ["CreateTable", "DescribeTable:secret"]}]})
    client = server.boto3(token="t0k")
    assert client.list_tables()["TableNames"] == []
    assert error_of(server.boto3().list_tables) == "UnrecognizedClientException"
    assert error_of(create, client) == "AccessDeniedException"
    assert error_of(client.describe_table, TableName="secret") == "AccessDeniedException"
    assert error_of(client.describe_table, TableName="other") == "ResourceNotFoundException"
    expired = start_server({"credentials": [{**key, "token": "t0k", "expired": True}]})
    assert error_of(expired.boto3(token="t0k").list_tables) == "ExpiredTokenException"


@pytest.mark.parametrize("offset", [-600, 600])
def test_a_skewed_clock_is_refused(start_server, offset):
    client = start_server({"clock_offset_s": offset}).boto3()
    assert error_of(client.list_tables) == "InvalidSignatureException"


def test_an_endpoint_with_a_path_is_signed(start_server):
    server = start_server()
    assert server.boto3(endpoint=f"http://127.0.0.1:{server.port}/some%20where").list_tables()["TableNames"] == []


def test_requests_without_signature_or_target(start_server):
    server = start_server()
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    reply = raw_exchange(server, head + b"X-Amz-Target: DynamoDB_20120810.ListTables\r\n\r\n{}")
    assert b"MissingAuthenticationTokenException" in reply
    assert b"UnknownOperationException" in raw_exchange(server, head + b"\r\n{}")
    assert server.log()[0]["violations"] == ["content type"]


@pytest.mark.parametrize(
    "items, code",
    [
        ([item(n) for n in range(26)], "ValidationException"),
        ([item(1), item(1)], "ValidationException"),
        ([{**item(1), "sync_time": {"N": "1000"}}, {**item(1), "sync_time": {"N": "1e3"}}], "ValidationException"),
        ([{**item(1), "sync_time": {"S": "1"}}], "ValidationException"),
        ([{"_airbyte_ab_id": {"S": "x"}}], "ValidationException"),
        ([{**item(1), "_airbyte_ab_id": {"S": ""}}], "ValidationException"),
        ([item(1, "x" * 409_600)], "ValidationException"),
        ([item(1), {**item(2), "n": {"N": "1" * 39}}], "ValidationException"),
        ([item(1), {**item(2), "m": {"M": {"": {"S": "x"}}}}], "ValidationException"),
    ],
)
def test_a_bad_batch_is_refused_whole(start_server, items, code):
    server = start_server()
    client = server.boto3(parameter_validation=False)
    create(client)
    assert error_of(put_batch, client, items) == code
    assert server.items("things") == []
    assert server.log("BatchWriteItem")[0]["violations"]


def test_an_unknown_table_refuses_the_batch(start_server):
    assert error_of(put_batch, start_server().boto3(), [item(1)]) == "ResourceNotFoundException"


def test_over_16_mb_is_413(start_server):
    client = start_server().boto3()
    create(client)
    big = [item(n, "\\" * 399_000) for n in range(25)]  # each backslash is two bytes on the wire
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        put_batch(client, big)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_unprocessed_items(start_server):
    rule = {
        "name": "some",
        "match": {"operation": "BatchWriteItem", "nth": [1]},
        "action": {"unprocessed": {"count": 2, "indexes": [4], "marker": "STAY"}},
    }
    server = start_server({"rules": [rule]})
    client = server.boto3()
    create(client)
    reply = put_batch(client, [item(n) for n in range(9)] + [item(9, "STAY")])
    left = [entry["PutRequest"]["Item"] for entry in reply["UnprocessedItems"]["things"]]
    assert [i["_airbyte_ab_id"]["S"] for i in left] == ["id-0", "id-1", "id-4", "id-9"]
    assert len(server.items("things")) == 6
    assert put_batch(client, left)["UnprocessedItems"] == {}
    assert len(server.items("things")) == 10


def test_rules_count_end_and_can_be_switched_off(start_server):
    def rule(name, match, error):
        return {"name": name, "match": {"operation": "ListTables", **match}, "action": {"error": error}}

    server = start_server(
        {
            "rules": [
                rule("second", {"nth": 2}, "ThrottlingException"),
                rule("rest", {"from": 2, "times": 2}, "InternalServerError"),
                rule("always", {"from": 5}, "RequestLimitExceeded"),
            ]
        }
    )
    client = server.boto3()
    assert client.list_tables()["TableNames"] == []
    codes = [error_of(client.list_tables) for _ in range(5)]
    assert codes == ["ThrottlingException", *["InternalServerError"] * 2, *["RequestLimitExceeded"] * 2]
    server.switch("always", False)
    assert client.list_tables()["TableNames"] == []


def test_a_token_bucket_throttles_as_the_service_does(start_server):
    server = start_server({"tables": [{"table": "things", "wcu": 0.001, "burst_wcu": 10}]})
    client = server.boto3()
    create(client)
    reply = put_batch(client, [item(n) for n in range(15)])
    assert len(reply["UnprocessedItems"]["things"]) == 5
    assert error_of(put_batch, client, [item(99)]) == "ThrottlingException"


def send_signed(server, operation, body):
    """A request signed by botocore, over a plain socket, so that the reply's bytes can be seen."""
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    request = botocore.awsrequest.AWSRequest(
        method="POST",
        url=f"http://127.0.0.1:{server.port}/",
        data=body,
        headers={
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "Host": f"127.0.0.1:{server.port}",
        },
    )
    credentials = botocore.credentials.Credentials(scripted.ACCESS_KEY, scripted.SECRET_KEY)
    botocore.auth.SigV4Auth(credentials, "dynamodb", "us-east-1").add_auth(request)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return raw_exchange(
        server, f"POST / HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body.encode()
    )


def test_crc32_right_wrong_and_missing(start_server):
    def rule(nth, crc):
        return {"match": {"operation": "ListTables", "nth": nth}, "action": {"reply": {"crc32": crc}}}

    server = start_server({"rules": [rule(2, "wrong"), rule(3, "missing")]})
    right, wrong, missing = (send_signed(server, "ListTables", "{}") for _ in range(3))
    body = right.split(b"\r\n\r\n", 1)[1]
    header = f"x-amz-crc32: {zlib.crc32(body)}".encode()
    assert header in right
    assert header not in wrong and b"x-amz-crc32" in wrong
    assert b"x-amz-crc32" not in missing


def test_resets_and_torn_replies(start_server):
    places = ["before_body", "in_body", "after_body", "after_write", "in_reply"]
    rules = [
        {"name": place, "match": {"operation": "BatchWriteItem", "times": 1}, "action": {"reset": place}}
        for place in places
    ]
    torn = {"match": {"operation": "BatchWriteItem", "times": 1}, "action": {"reply": {"truncate_at": 3}}}
    chunked = {"match": {"operation": "BatchWriteItem", "times": 1}, "action": {"reply": {"chunked": True}}}
    server = start_server({"rules": [*rules, torn, chunked]})
    client = server.boto3()
    create(client)
    for number in range(5):
        with pytest.raises(botocore.exceptions.HTTPClientError):
            put_batch(client, [item(number)])
    assert "UnprocessedItems" not in put_batch(client, [item(5)])  # boto3 takes a torn reply for a whole one
    assert put_batch(client, [item(6)])["UnprocessedItems"] == {}
    stored = {stored["item"]["_airbyte_ab_id"]["S"] for stored in server.items("things")}
    assert stored == {"id-3", "id-4", "id-5", "id-6"}
    assert [line["rule"] for line in server.log("BatchWriteItem")][:5] == places


def test_errors_have_the_services_shapes(start_server):
    def rule(error):
        return {"match": {"operation": "ListTables", "times": 1}, "action": {"error": error}}

    server = start_server(
        {
            "rules": [
                rule("ProvisionedThroughputExceededException"),
                rule({"name": "ThrottlingException", "reason": "TableWriteKeyRangeThroughputExceeded"}),
                rule({"name": "AccessDeniedException", "message_field": "Message", "message": "echo {request}"}),
            ]
        }
    )
    first, second, third = (send_signed(server, "ListTables", '{"Limit":7}') for _ in range(3))
    assert b'"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"' in first
    assert b'"ThrottlingReasons":[{"reason":"TableWriteProvisionedThroughputExceeded","resource":"arn:aws' in first
    assert b'"throttlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded"' in second
    assert b'"Message":"echo {\\"Limit\\":7}"' in third


def test_delay_and_idle_close(start_server):
    slow = {"match": {"operation": "ListTables", "times": 1}, "action": {"delay_ms": 300}}
    server = start_server({"rules": [slow], "idle_close_ms": 100})
    client = server.boto3()
    begin = time.monotonic()
    client.list_tables()
    assert time.monotonic() - begin >= 0.3
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        assert connection.recv(1) == b""


def test_tables_take_their_time(start_server):
    server = start_server(
        {"tables": [{"table": "slow", "creating_describes": 2, "deleting_describes": 2}, {"table": "n*", "creating_describes": -1}]}
    )
    client = server.boto3()
    create(client, "slow")
    assert error_of(put_batch, client, [item(1)], "slow") == "ResourceNotFoundException"
    assert error_of(client.delete_table, TableName="slow") == "ResourceInUseException"
    status = lambda table: client.describe_table(TableName=table)["Table"]["TableStatus"]
    assert [status("slow") for _ in range(3)] == ["CREATING", "CREATING", "ACTIVE"]
    client.delete_table(TableName="slow")
    assert [status("slow") for _ in range(2)] == ["DELETING", "DELETING"]
    assert error_of(client.describe_table, TableName="slow") == "ResourceNotFoundException"
    create(client, "never")
    assert {status("never") for _ in range(10)} == {"CREATING"}


def test_tls(start_server, certificates):
    server = start_server(tls=certificates.good)
    good = ssl.create_default_context(cafile=certificates.good.authority)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        with good.wrap_socket(connection, server_hostname="localhost") as wrapped:
            assert wrapped.version() == "TLSv1.3"
    for name in ("expired", "not_yet", "wrong_name", "untrusted"):
        server = start_server(tls=getattr(certificates, name))
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            with pytest.raises(ssl.SSLCertVerificationError):
                good.wrap_socket(connection, server_hostname="localhost")


def test_a_mistake_in_a_scenario_is_refused(start_server):
    with pytest.raises(AssertionError, match="unknown member actoin"):
        start_server({"rules": [{"action": {}, "actoin": {}}]})
