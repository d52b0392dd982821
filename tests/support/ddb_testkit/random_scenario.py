"""Makes up a scenario from a seed: streams, sizes, STATEs, and faults of all kinds that end some time."""

import math
import random


def random_faults(dice):
    """Rules for BatchWriteItem. Each ends after some requests, so that every run can succeed."""
    actions = [
        lambda: {"unprocessed": {"indexes": sorted(dice.sample(range(25), dice.randint(1, 8)))}},
        lambda: {"unprocessed": {"all": True}},
        lambda: {"unprocessed": {"count": dice.randint(1, 20), "stored": True}},
        lambda: {"unprocessed": {"count": 2, "foreign": True, "hidden": 3}},
        lambda: {"unprocessed": {"count": 2, "twice": True, "hidden": 3}},
        lambda: {"unprocessed": {"count": 3, "changed": True}},
        lambda: {"error": "InternalServerError", "status": 500, "write": dice.random() < 0.5},
        lambda: {"error": "ReplicatedWriteConflictException"},
        lambda: {"status": dice.choice([500, 502, 503, 504]), "write": dice.random() < 0.5},
        lambda: {"reset": dice.choice(["before_body", "in_body", "after_body", "after_write", "in_reply"])},
        lambda: {"reply": {"crc32": "wrong"}},
        lambda: {"reply": {"crc32": "wrong"}, "unprocessed": {"count": 5}},
        lambda: {"reply": {"crc32": "wrong"}, "unprocessed": {"hidden": 25}, "body": '{"UnprocessedItems":{}}'},
        lambda: {"reply": {"truncate_at": dice.randint(0, 22)}},
        lambda: {"reply": {"chunked": True, "truncate_at": dice.randint(0, 30)}},
        lambda: {"reply": {"close_after": True}},
        lambda: {"reply": {"connection_close": True}},
        lambda: {"reply": {"chunked": True}, "delay_ms": dice.randint(0, 50)},
        lambda: {"reply": {"chunked": True, "length": "beside_chunks"}},
        lambda: {"reply": {"length": "missing", "truncate_at": dice.choice([-1, dice.randint(0, 22)])}},
        lambda: {"reply": {"packed": dice.choice(["gzip", "deflate"]), "chunked": dice.random() < 0.5}},
        lambda: {"delay_ms": dice.randint(1, 300)},
        lambda: {
            "body": dice.choice(["", "{}", "[]", "null", '{"UnprocessedItems":null}']),
            "unprocessed": {"hidden": dice.randint(1, 25)},
        },
    ]
    rules = []
    for number in range(dice.randint(0, 6)):
        match = {"operation": "BatchWriteItem", "to": dice.randint(5, 60), "probability": dice.choice([0.05, 0.2, 0.5])}
        rules.append({"name": f"fault {number}", "match": match, "action": dice.choice(actions)()})
    # A request that fails over and over waits up to 20 s between tries: with half of them at most it gets through in time.
    while math.prod(1 - rule["match"]["probability"] for rule in rules) < 0.5:
        for rule in rules:
            rule["match"]["probability"] *= 0.8
    if dice.random() < 0.3:
        error = dice.choice(["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"])
        match = {"operation": "BatchWriteItem", "probability": 0.3, "times": dice.randint(1, 3)}
        rules.append({"name": "throttle", "match": match, "action": {"error": error}})
    return rules


def random_input(dice, blocks):
    streams = ["users", "orders", "items", "events"][: dice.randint(1, 4)]
    total = dice.random() < 0.3  # GLOBAL STATEs, else each stream's own
    steps = []
    for number in range(blocks):
        stream = dice.choice(streams)
        size = dice.choice([0, 0, 0, 10, 500, 20_000])
        count = dice.choice([1, 2, 3, 7, 24, 25, 26, 60]) if size < 20_000 else dice.randint(1, 10)
        steps.append({"records": count, "stream": stream, "bytes": size})
        if dice.random() < 0.6:
            steps.append({"global": f"g{number}"} if total else {"state": f"s{number}", "stream": dice.choice(streams)})
    # Every stream is in the catalog, whether it has records or not.
    return steps, [{"name": stream} for stream in streams]


def with_a_refused_record(file, dice):
    """The same with a record that can never be stored at its end, and what must not come out behind it."""
    count = sum(step["records"] for step in file["input"] if step.get("stream") == "users" and "records" in step)
    before = [state for step in file["input"] for state in (step.get("state"), step.get("global")) if state]
    total = any("global" in step for step in file["input"])
    rules = file["server"]["rules"]
    for rule in rules:  # it goes on to the end
        rule["match"].pop("to", None)
    rules.insert(0, {"name": "poison", "match": {"marker": "POISON"}, "action": {"error": "ValidationException"}})
    file["input"] += [
        {"records": dice.randint(1, 30), "stream": "users", "marked": count, "mark": "POISON"},
        {"global": "behind"} if total else {"state": "behind", "stream": "users"},
        {"records": dice.randint(1, 200), "stream": "users"},
        {"global": "far behind"} if total else {"state": "far behind", "stream": "users"},
    ]
    file["expect"] = {
        "exit": 1,
        "error": {"type": "config_error", "stream": "users"},
        "states": before,
        "stored": {"users": {"never": [count]}},
        "idle_rules": [rule["name"] for rule in rules],
    }
    return file


def random_scenario(seed):
    """The scenario and the number of workers."""
    dice = random.Random(seed)
    rules = random_faults(dice)
    steps, catalog = random_input(dice, dice.randint(1, 40))
    file = {
        "about": f"seed {seed}",
        "input": steps,
        "catalog": catalog,
        "server": {"rules": rules, "seed": seed},
        "expect": {"idle_rules": [rule["name"] for rule in rules]},
    }
    if dice.random() < 0.7:
        file["pieces_seed"] = seed
    return file, dice.choice([1, 2, 4, 16])
