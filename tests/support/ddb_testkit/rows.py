"""What a raw table holds against what was sent: as multisets, digit by digit, type by type (to Python, True is 1)."""

import json
from collections import Counter
from decimal import Decimal

from . import engines, messages


def parse(text):
    """JSON with every number as a Decimal, as boto3 gives them."""
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def canonical(value):
    """A hashable form; equal where JSON says equal."""
    if isinstance(value, dict):
        return "M", tuple(sorted((name, canonical(member)) for name, member in value.items()))
    if isinstance(value, list):
        return "L", tuple(map(canonical, value))
    if isinstance(value, bool) or value is None:
        return type(value).__name__, value
    return ("S", value) if isinstance(value, str) else ("N", Decimal(value))


def assert_same(found, sent):
    found, sent = Counter(map(canonical, found)), Counter(map(canonical, sent))
    missing, surplus = sent - found, found - sent
    assert not missing and not surplus, (
        f"{missing.total()} missing, such as {list(missing)[:2]}; {surplus.total()} surplus, such as {list(surplus)[:2]}")


def data(dynamodb, table):
    """The records of a table, in no order."""
    return [item["_airbyte_data"] for item in engines.read_table(dynamodb, table)]


def data_by_emitted_at(dynamodb, table):
    items = engines.read_table(dynamodb, table)
    return [item["_airbyte_data"] for item in sorted(items, key=lambda item: item["_airbyte_emitted_at"])]


def ids(dynamodb, table):
    """How often each `id` of the data is there."""
    return Counter(int(row["id"]) for row in data(dynamodb, table))


def raw_record(stream, data_text, emitted_at=messages.EMITTED_AT):
    """A RECORD whose data is this very text."""
    return f'{{"type":"RECORD","record":{{"stream":{json.dumps(stream)},"data":{data_text},"emitted_at":{emitted_at}}}}}'
