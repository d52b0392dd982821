"""Random streams, sizes, STATEs and faults by seed; what always holds (ddb_testkit/scenario.py) has to hold.

One seed again: pytest fault/test_random_faults.py --first-seed SEED --seeds 1
"""

import random

from ddb_testkit.random_scenario import random_scenario
from ddb_testkit.scenario import Scenario


def test_faults(seed, connector, start_server, certificates):
    file, workers = random_scenario(seed)
    Scenario(file, workers).run(connector, start_server, certificates)


def test_kill_at_a_random_point(seed, connector, start_server, certificates):
    """kill -9: whatever STATE came out, all that it covers is in the table."""
    file, workers = random_scenario(seed)
    dice = random.Random(-seed)
    # Something to be killed in the middle of.
    file["input"] += [
        step
        for number in range(200)
        for step in ({"records": 30, "stream": "users"}, {"state": f"k{number}", "stream": "users"})
        if not any("global" in one for one in file["input"]) or "state" not in step
    ]
    if any("global" in one for one in file["input"]):
        file["input"] += [{"global": "last"}]
    file["server"]["rules"].append({"name": "slow", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": 3}})
    file["end"] = {"signal": "KILL", "after_states": dice.randint(0, 20), "plus_ms": dice.randint(0, 60)}
    file["expect"] = {"exit": -9, "states": "any", "idle_rules": [rule["name"] for rule in file["server"]["rules"]]}
    Scenario(file, workers).run(connector, start_server, certificates)
