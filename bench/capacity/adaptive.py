"""Airbyte records from stdin into a DynamoDB table per stream, as a user of boto3 would write them who knows of throttling:
retries in adaptive mode, a thread per table, batches of 25 that send again what was left unprocessed.

adaptive.py ENDPOINT PREFIX
"""

import json
import queue
import sys
import threading
import time
import uuid
from decimal import Decimal

import boto3
from botocore.config import Config


def write(table, records):
    sync_time = int(time.time() * 1000)
    with table.batch_writer() as batch:
        for record in iter(records.get, None):
            batch.put_item(Item={
                "_airbyte_ab_id": str(uuid.uuid4()),
                "sync_time": sync_time,
                "_airbyte_data": record["data"],
                "_airbyte_emitted_at": record["emitted_at"],
            })


def main():
    endpoint, prefix = sys.argv[1:3]
    # Nothing may be lost: it is tried until it is stored.
    config = Config(retries={"mode": "adaptive", "total_max_attempts": 1_000_000}, max_pool_connections=50)
    streams = {}
    for line in sys.stdin.buffer:
        message = json.loads(line, parse_float=Decimal)
        if message["type"] != "RECORD":
            continue
        record = message["record"]
        name = record["stream"]
        if name not in streams:
            records = queue.Queue(1000)  # memory is not endless either
            dynamodb = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1", config=config)
            thread = threading.Thread(target=write, args=(dynamodb.Table(f"{prefix}_{name}"), records))
            thread.start()
            streams[name] = (records, thread)
        streams[name][0].put(record)
    for records, thread in streams.values():
        records.put(None)
        thread.join()


main()
