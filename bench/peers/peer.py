"""Airbyte records from stdin into one DynamoDB table, as a user of boto3 would write it.

peer.py ENDPOINT TABLE
"""

import json
import sys
import time
import uuid
from decimal import Decimal

import boto3


def main():
    endpoint, name = sys.argv[1:3]
    dynamodb = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1",
                              aws_access_key_id="bench", aws_secret_access_key="bench")
    sync_time = int(time.time() * 1000)
    # Batches of 25, and sends again what was left unprocessed.
    with dynamodb.Table(name).batch_writer() as batch:
        for line in sys.stdin.buffer:
            message = json.loads(line, parse_float=Decimal)
            if message["type"] != "RECORD":
                continue
            record = message["record"]
            batch.put_item(Item={
                "_airbyte_ab_id": str(uuid.uuid4()),
                "sync_time": sync_time,
                "_airbyte_data": record["data"],
                "_airbyte_emitted_at": record["emitted_at"],
            })


main()
