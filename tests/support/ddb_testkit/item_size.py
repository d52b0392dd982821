"""The size of an item in DynamoDB JSON as DynamoDB counts it. For numbers two rules are known, so a `rule` picks one of both."""

from decimal import Decimal
from functools import lru_cache

LIMIT = 409_600  # bytes of an item
# Which of the two sizes of a number an engine has.
RULES = {"dynamodb-local": lambda both: both[0], "dynoxide": lambda both: both[1]}


@lru_cache(maxsize=10_000)
def number_sizes(text):
    """What DynamoDB Local counts, and what the service does."""
    sign, digits, exponent = Decimal(text).as_tuple()
    digits = "".join(map(str, digits)).lstrip("0")
    exponent += len(digits)
    digits = digits.rstrip("0")
    if not digits:
        return 1, 1
    pairs = -(-(len(digits) + exponent % 2) // 2)
    whole = min(max(exponent, 0), len(digits))
    return (1 + pairs + (sign and pairs < 20), 1 + -(-whole // 2) + -(-(len(digits) - whole) // 2) + sign)


def sizes(value, rule):
    """`rule` picks one of the two sizes of a number."""
    (kind, inside), = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + sizes(member, rule) for name, member in inside.items())
    if kind == "L":
        return 3 + sum(1 + sizes(element, rule) for element in inside)
    if kind == "N":
        return rule(number_sizes(inside))
    return len(inside.encode()) if kind == "S" else 1


def item_size(item, rule):
    return sum(len(name.encode()) + sizes(value, rule) for name, value in item.items())
