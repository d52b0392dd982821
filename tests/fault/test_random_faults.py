"""Random streams, sizes, STATEs and faults by seed; what always holds (ddb_testkit/scenario.py) has to hold.

One seed again: pytest fault/test_random_faults.py --first-seed SEED --seeds 1
"""

import random

from ddb_testkit.random_scenario import random_scenario, with_a_refused_record
from ddb_testkit.scenario import Scenario


def test_faults(seed, connector, start_server, certificates):
    file, workers = random_scenario(seed)
    Scenario(file, workers).run(connector, start_server, certificates)


def test_what_lies_before_a_refused_record_is_out(seed, connector, start_server, certificates):
    """However many faults there are: it has 30 s, in which no pause is long."""
    file, workers = random_scenario(seed)
    file = with_a_refused_record(file, random.Random(-seed))
    Scenario(file, workers).run(connector, start_server, certificates)


def play_until(end, code, seed, connector, start_server, certificates):
    """A random run with something to be ended in the middle of, and STATEs all the way."""
    file, workers = random_scenario(seed)
    dice = random.Random(-seed)
    total = any("global" in step for step in file["input"])
    for number in range(200):
        state = {"global": f"k{number}"} if total else {"state": f"k{number}", "stream": "users"}
        file["input"] += [{"records": dice.randint(1, 50), "stream": "users"}, state]
    file["input"].append({"hold": True})
    rules = file["server"]["rules"]
    rules.append({"name": "slow", "match": {"operation": "BatchWriteItem"}, "action": {"delay_ms": 3}})
    file["end"] = end(dice)
    file["expect"] = {"exit": code, "states": "any", "idle_rules": [rule["name"] for rule in rules]}
    run = Scenario(file, workers).run(connector, start_server, certificates)
    assert run.states_out() >= file["end"]["after_states"]


def test_kill_at_a_random_point(seed, connector, start_server, certificates):
    """kill -9: whatever STATE came out, all that it covers is in the table."""
    play_until(lambda dice: {"signal": "KILL", "after_states": dice.randint(1, 20), "plus_ms": dice.randint(0, 60)}, -9,
               seed, connector, start_server, certificates)


def test_sigterm_at_a_random_point(seed, connector, start_server, certificates):
    """From before it has begun on. What was printed is true, and what is in flight gets its time."""
    play_until(lambda dice: {"signal": "TERM", "after_states": max(0, dice.randint(-5, 15)), "plus_ms": dice.randint(0, 300)},
               -15, seed, connector, start_server, certificates)
