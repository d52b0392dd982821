"""Airbyte messages, catalogs and configs as a platform would send them."""

import json

from . import engines

EMITTED_AT = 1700000000000


def line(message):
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def config(endpoint, prefix, **more):
    """A config of the connector; a key given as `...` is left out."""
    keys = {
        "dynamodb_endpoint": endpoint,
        "dynamodb_table_name_prefix": prefix,
        "dynamodb_region": engines.REGION,
        "access_key_id": engines.ACCESS_KEY_ID,
        "secret_access_key": engines.SECRET_ACCESS_KEY,
        **more,
    }
    return {key: value for key, value in keys.items() if value is not ...}


def stream(name, mode="append", namespace=None, **more):
    """One configured stream. `more` holds sync_id, generation_id, minimum_generation_id and the like."""
    body = {"name": name, "json_schema": {"type": "object", "properties": {}},
            "supported_sync_modes": ["full_refresh", "incremental"]}
    if namespace is not None:
        body["namespace"] = namespace
    return {"stream": body, "sync_mode": "incremental" if mode == "append" else "full_refresh",
            "destination_sync_mode": mode, "cursor_field": [], "primary_key": [], **more}


def catalog(*streams):
    return {"streams": [stream(s) if isinstance(s, str) else s for s in streams]}


def record(stream_name, data, namespace=None, emitted_at=EMITTED_AT):
    body = {"stream": stream_name, "data": data, "emitted_at": emitted_at}
    if namespace is not None:
        body["namespace"] = namespace
    return line({"type": "RECORD", "record": body})


def descriptor(name, namespace=None):
    return {"name": name} if namespace is None else {"name": name, "namespace": namespace}


def stream_state(name, blob, namespace=None, **more):
    body = {"stream_descriptor": descriptor(name, namespace), "stream_state": blob}
    return line({"type": "STATE", "state": {"type": "STREAM", "stream": body, **more}})


def global_state(shared, streams=(), **more):
    """`streams`: (name, blob) pairs."""
    states = [{"stream_descriptor": descriptor(name), "stream_state": blob} for name, blob in streams]
    body = {"shared_state": shared, "stream_states": states}
    return line({"type": "STATE", "state": {"type": "GLOBAL", "global": body, **more}})


def legacy_state(data, **more):
    return line({"type": "STATE", "state": {"type": "LEGACY", "data": data, **more}})
