"""The encoder against an encoder written here, on random records; its sizes against the engine's; table names against
Python's unicodedata. The program `item_vectors` runs the code of the product."""

import hashlib
import json
import os
import random
import re
import subprocess
import unicodedata
from decimal import Decimal

import pytest

from ddb_testkit import messages, rows
from ddb_testkit.item_size import LIMIT, RULES, item_size

RECORDS = int(os.environ.get("DDB_RANDOM_RECORDS", 100_000))
SEED = int(os.environ.get("DDB_RANDOM_SEED", 5))
STORED = int(os.environ.get("DDB_STORED_RECORDS", 3_000))
LARGE = STORED // 10
NAMES = 100_000
LEVELS = 31  # containers in each other
TEXT = ("TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION")
NULLED = ("NULLED", "DESTINATION_RECORD_SIZE_LIMITATION")
REPLACED = ("TRUNCATED", "DESTINATION_SERIALIZATION_ERROR")
CUT = ("TRUNCATED", "DESTINATION_RECORD_SIZE_LIMITATION")
MOST_COUNTED = 10**18 - 1


def vectors(build_folder, mode, lines):
    binary = build_folder / "src" / "items" / "item_vectors"
    text = "".join(line + "\n" for line in lines)
    run = subprocess.run([binary, mode], input=text.encode(), capture_output=True, check=True)
    found = run.stdout.decode().split("\n")[:-1]
    assert len(found) == len(lines)
    return found


class Generator:
    """Random JSON, with what should become of it: the text, and the attribute value as a Python object. What is changed
    is noted as (path, kind)."""

    NAMES = ["id", "name", "a.b", "c[0]", "back\\slash", "é", "漢字", "with \"quotes\"", "", "_airbyte_data", "x" * 40]
    CHARACTERS = ["a", "b", " ", "é", "漢", "😀", "\u2028", "\x7f", "\x00", "\n", '"', "\\", "/", "{", "}", "\ufffd"]

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def space(self):
        return self.rng.choice(["", "", "", "", " ", "\t", "\r", "  "])

    def number(self):
        digits = "".join(self.rng.choice("0123456789000") for _ in range(self.rng.choice([1, 2, 5, 9, 17, 38, 39, 60])))
        text = self.rng.choice(["", "", "-"]) + (digits.lstrip("0") or "0")
        if self.rng.random() < 0.4:
            text += "." + "".join(self.rng.choice("0012345") for _ in range(self.rng.choice([1, 2, 6, 20, 40])))
        if self.rng.random() < 0.2:
            text += self.rng.choice("eE") + self.rng.choice(["", "+", "-"]) + str(self.rng.choice([0, 1, 7, 88, 125, 126, 130, 999999]))
        return text

    def string(self):
        """(JSON, what is stored, whether something was replaced)"""
        written, stored, replaced = [], [], False
        for _ in range(self.rng.choice([0, 1, 3, 8, 20, 70])):
            character = self.rng.choice(self.CHARACTERS)
            if self.rng.random() < 0.01:
                written.append(f"\\u{self.rng.randrange(0xd800, 0xe000):04x}-")  # half a pair, whatever follows
                stored.append("\ufffd-")
                replaced = True
                continue
            stored.append(character)
            short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n"}.get(character)
            if short and self.rng.random() < 0.8:
                written.append(short)
            elif character in '"\\' or character < " " or self.rng.random() < 0.2:
                units = character.encode("utf-16-be")
                written += [f"\\u{int.from_bytes(units[i:i + 2], 'big'):04{self.rng.choice('xX')}}" for i in range(0, len(units), 2)]
            else:
                written.append(character)
        return '"' + "".join(written) + '"', "".join(stored), replaced

    def value(self, level, budget):
        """`level` containers are around it. (JSON, attribute value, notes), paths from here."""
        if budget > 0 and self.rng.random() < (0.95 if level > 25 or self.deep and level < 40 else 0.3):
            text, value, notes = self.object(level, budget) if self.rng.random() < 0.5 else self.list(level, budget)
            return (text, {"S": text}, [("", TEXT)]) if level == LEVELS else (text, value, notes)
        kind = self.rng.randrange(6)
        if kind == 0:
            return self.rng.choice([("true", {"BOOL": True}, []), ("false", {"BOOL": False}, []), ("null", {"NULL": True}, [])])
        if kind < 3:
            text = self.number()
            value = Decimal(text)
            digits = value.as_tuple().digits
            significant = "".join(map(str, digits)).strip("0")
            fits = not significant or len(significant) <= 38 and -130 <= value.adjusted() <= 125
            return (text, {"N": value}, []) if fits else (text, {"S": text}, [("", TEXT)])
        text, stored, replaced = self.string()
        return text, {"S": stored}, [("", REPLACED)] if replaced else []

    def list(self, level, budget):
        count = self.rng.choice([0, 1, 1, 2, 4]) if not self.deep else 1
        values = [self.value(level + 1, budget // max(count, 1) - 1) for _ in range(count)]
        text = "[" + self.space() + ("," + self.space()).join(v[0] + self.space() for v in values) + "]"
        return text, {"L": [v[1] for v in values]}, [(f"[{i}]" + p, k) for i, v in enumerate(values) for p, k in v[2]]

    def object(self, level, budget):
        count = self.rng.choice([0, 1, 2, 5, 9]) if not self.deep else self.rng.choice([1, 1, 2])
        texts, members = [], {}
        for _ in range(count):
            name = self.rng.choice(self.NAMES) if self.rng.random() < 0.3 else f"n{self.rng.randrange(10_000)}"
            text, value, notes = self.value(level + 1, budget // count - 1)
            texts.append(json.dumps(name, ensure_ascii=self.rng.random() < 0.5) + self.space() + ":" + self.space() + text)
            members.pop(name, None)  # the last one counts, and where it stands
            members[name] = (value, notes)
        value, all_notes = {}, []
        for name, (member, notes) in members.items():
            stored = name or "_airbyte_empty_name"
            path = "." + re.sub(r"([.\[\\])", r"\\\1", stored)
            all_notes += [(path, REPLACED)] if not name else []
            all_notes += [(path + p, k) for p, k in notes]
            value[stored] = member
        text = "{" + self.space() + ("," + self.space()).join(t + self.space() for t in texts) + "}"
        return text, {"M": value}, all_notes

    def record(self):
        self.deep = self.rng.random() < 0.05
        text, value, notes = self.object(0, 100 if self.deep else 30)
        return text, value, [(path[1:], kind) for path, kind in notes]


def unique(pairs):
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def as_written(value):
    """DynamoDB JSON as parsed, with numbers by value."""
    (kind, inside), = value.items()
    if kind == "M":
        return {"M": {name: as_written(member) for name, member in inside.items()}}
    if kind == "L":
        return {"L": [as_written(element) for element in inside]}
    return {kind: Decimal(inside)} if kind == "N" else value


def expected_changes(notes):
    """The first hundred by their path, if it is not too long, the others once for every top-level field."""
    changes, paths, last = [], 0, None
    for path, kind in notes:
        top = re.match(r"(\\.|[^.\[\\])*", path)[0]
        if paths < 100 and len(path.encode()) <= 1024:
            paths += 1
        elif top == last:
            continue
        else:
            path = last = top
        changes.append({"M": {"field": {"S": path}, "change": {"S": kind[0]}, "reason": {"S": kind[1]}}})
    return changes


def test_agrees_with_an_encoder_in_python(build_folder):
    generator = Generator(SEED)
    changed = 0
    for begin in range(0, RECORDS, 10_000):
        records = [generator.record() for _ in range(min(10_000, RECORDS - begin))]
        for (text, value, notes), line in zip(records, vectors(build_folder, "encode", [r[0] for r in records])):
            lower, upper, truncated, nulled, item = line.split(" ", 4)
            item = json.loads(item, object_pairs_hook=unique)
            assert as_written(item["_airbyte_data"]) == value, text
            meta = item.get("_airbyte_meta")
            assert meta == ({"M": {"changes": {"L": expected_changes(notes)}, "sync_id": {"N": "5"}}} if notes else None), text
            assert (int(truncated), int(nulled)) == (len(notes), 0)
            assert (int(lower), int(upper)) == (item_size(item, min), item_size(item, max)), text
            changed += bool(notes)
    assert changed > RECORDS // 20


def record_of_small_fields(rng):
    """Too many of them, a few of which are worth nulling, or noted."""
    fields = []
    for number in range(rng.randrange(6_000, 9_000)):
        text = "s" * rng.choice([0, 40, 60, 60, 60, 75, 80])
        fields.append((f"n{number}", f'"{text}"', {"S": text}, None))
    for name in rng.sample(["id", "kept", "large", "c[0]"], rng.randrange(5)):
        text = rng.choice("1234") * rng.choice([39, 2_000])
        fields.insert(rng.randrange(len(fields)), (name, text, {"S": text}, TEXT))
    if rng.random() < 0.5:  # as many notes as need to be cut
        fields = [(name, "1e999", {"S": "1e999"}, TEXT) if rng.random() < 0.3 else (name, text, value, kind)
                  for name, text, value, kind in fields]
    return fields


def random_large_record(rng):
    """Around the limit: [(name, JSON, attribute value, noted kind or None)]. Names are short, or hardly worth nulling."""
    if rng.random() < 0.1:
        return record_of_small_fields(rng)
    names = rng.sample(["id", "kept", "a.b", "c[0]", "é" * 40, "z" * 3_000, *(f"n{number}" for number in range(9))], rng.randrange(1, 9))
    fields = []
    for name in names:
        kind = rng.randrange(4)
        if kind == 0:
            text = rng.choice(["120", "0.012", "-9." + "9" * 37, "1E+125"])
            count = rng.choice([1, 30, 4_000])
            fields.append((name, f"[{','.join([text] * count)}]", {"L": [{"N": text}] * count}, None))
        elif kind == 1:
            text = rng.choice("1234") * rng.choice([39, 2_000, 150_000])
            fields.append((name, text, {"S": text}, TEXT))
        else:
            text = rng.choice("abc") * rng.choice([0, 20, 90, 130, 5_000, 100_000, 200_000, 409_000, 700_000])
            fields.append((name, f'"{text}"', {"S": text}, None))
    filler = max(0, rng.choice([LIMIT, LIMIT + rng.randrange(-100, 100), LIMIT - 4_000]) - item_size(item_of(fields), rng.choice([min, max])))
    pad = "p" * max(0, filler - rng.choice([5, 5, 6, rng.randrange(40)]))
    return [*fields, ("pad", f'"{pad}"', {"S": pad}, None)]


def path_of(name):
    return re.sub(r"([.\[\\])", r"\\\1", name)


def change_of(name, kind):
    return {"M": {"field": {"S": path_of(name)}, "change": {"S": kind[0]}, "reason": {"S": kind[1]}}}


def counted(field, count):
    return {"M": {"field": {"S": field}, "change": {"S": CUT[0]}, "reason": {"S": CUT[1]}, "count": {"N": str(count)}}}


def notes_of(fields):
    """As the encoder lists them; every path is the field's here."""
    return [change_of(name, kind) for name, _, _, kind in fields if kind]


def item_of(fields, nulled=(), left_out=(), notes=None, unnamed=0):
    """The whole item, as item_vectors makes it; the id apart."""
    changes = [*(notes_of(fields) if notes is None else notes), *(change_of(name, NULLED) for name, *_ in fields if name in nulled)]
    changes += [counted("_airbyte_data", len(left_out))] if left_out else []
    changes += [counted("_airbyte_meta.changes", unnamed)] if unnamed else []
    data = {name: {"NULL": True} if name in nulled else value for name, _, value, _ in fields if name not in left_out}
    meta = {"_airbyte_meta": {"M": {"changes": {"L": changes}, "sync_id": {"N": "5"}}}} if changes else {}
    return {"_airbyte_data": {"M": data}, "_airbyte_ab_id": {"S": "u" * 36}, "sync_time": {"N": "1"},
            "_airbyte_emitted_at": {"N": "7"}, **meta}


def size_in(value, name=""):
    """Of a member or an element, with what the container needs for it."""
    return 1 + item_size({name: value}, max)


def made_to_fit(fields):
    """The item with a long list of notes cut, the largest fields nulled, as far as one gains by it, and the last ones left out;
    None where that is not enough."""
    if item_size(item_of(fields), min) <= LIMIT:
        return item_of(fields)
    notes, kept, taken = notes_of(fields), [], 0
    for note in notes:
        taken += size_in(note)
        if taken > LIMIT // 10:
            break
        kept.append(note)
    unnamed = len(notes) - len(kept)
    room_for_count = size_in(counted("_airbyte_data", MOST_COUNTED))
    total = item_size(item_of(fields, notes=kept), max)
    if not kept:
        total += item_size({"_airbyte_meta": {"M": {"changes": {"L": []}, "sync_id": {"N": "5"}}}}, max)
    if unnamed:
        total += size_in(counted("_airbyte_meta.changes", MOST_COUNTED))
    nulled, left_out = set(), set()
    for index in sorted(range(len(fields)), key=lambda i: (-item_size({"": fields[i][2]}, max), i)):
        name, _, value, _ = fields[index]
        gain = item_size({"": value}, max) - 1 - size_in(change_of(name, NULLED))
        if total > LIMIT and name not in ("id", "kept") and gain > 0:
            nulled.add(name)
            total -= gain
    for name, _, value, _ in reversed(fields):
        if total > LIMIT and name not in ("id", "kept"):
            total += 0 if left_out else room_for_count
            total -= size_in({"NULL": True}, name) + size_in(change_of(name, NULLED)) if name in nulled else size_in(value, name)
            nulled.discard(name)
            left_out.add(name)
    return item_of(fields, nulled, left_out, kept, unnamed) if total <= LIMIT else None


def outcome_of(fields, line):
    """What item_vectors has made of it, which is what it should be."""
    expected = made_to_fit(fields)
    if expected is None:
        assert line == "rejected"
        return "rejected"
    lower, upper, truncated, lost, item = line.split(" ", 4)
    item = json.loads(item, object_pairs_hook=unique)
    item["_airbyte_ab_id"] = {"S": "u" * 36}
    assert item == expected, {name: (len(text), text[:10]) for name, text, _, _ in fields[:20]}
    assert (int(lower), int(upper)) == (item_size(item, min), item_size(item, max))
    changes = item.get("_airbyte_meta", {"M": {"changes": {"L": []}}})["M"]["changes"]["L"]
    is_cut = any(change["M"]["field"]["S"] == "_airbyte_meta.changes" for change in changes)
    assert int(truncated) == sum(kind is not None for *_, kind in fields) + is_cut
    if int(lost):
        assert int(upper) <= LIMIT
        return "left out" if len(item["_airbyte_data"]["M"]) < len(fields) else "nulled"
    return "between" if int(upper) > LIMIT else "whole"


def test_sizes_agree_with_an_encoder_in_python(build_folder):
    """Items around the limit and far over it: what is nulled, what is left as it is, what is refused."""
    rng = random.Random(SEED)
    seen = {"whole": 0, "nulled": 0, "left out": 0, "rejected": 0, "between": 0}
    for _ in range(0, LARGE, 20):  # of up to several MB each
        records = [random_large_record(rng) for _ in range(20)]
        lines = ["{" + ",".join(f"{json.dumps(name)}:{text}" for name, text, _, _ in fields) + "}" for fields in records]
        for fields, line in zip(records, vectors(build_folder, "encode", lines)):
            seen[outcome_of(fields, line)] += 1
    assert all(count >= LARGE // 50 for count in seen.values()), seen


def test_random_records_are_stored_as_they_should_be(connector, engine, dynamodb, prefix):
    generator = Generator(SEED + 1)
    records = [generator.record() for _ in range(STORED)]
    lines = [rows.raw_record("s", text, number) for number, (text, _, _) in enumerate(records)]
    connector.write(messages.config(engine.endpoint, prefix, workers=2), messages.catalog("s"), lines).ok()
    pages = dynamodb.get_paginator("scan").paginate(TableName=f"{prefix}_s", ConsistentRead=True)
    found = {int(item["_airbyte_emitted_at"]["N"]): item for page in pages for item in page["Items"]}
    assert len(found) == STORED
    for number, (text, value, notes) in enumerate(records):
        assert as_written(found[number]["_airbyte_data"]) == value, text
        changes = found[number].get("_airbyte_meta", {"M": {"changes": {"L": []}}})["M"]["changes"]["L"]
        assert changes == expected_changes(notes), text


VALUES = [{"S": ""}, {"S": "aé漢😀"}, {"BOOL": False}, {"NULL": True}, {"L": []}, {"M": {}}, {"M": {"é": {"L": [{"S": "x"}]}}},
          *({"N": text} for text in ["0", "1", "12", "120", "99990", "0.012", "0.12", "3.14159", "100.5", "-1", "-120", "1E+125",
                                     "1E-130", "9" * 38, "-" + "9" * 38, "-9." + "9" * 37, "-0.0" + "1" * 37])]


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_the_size_limit_is_where_the_engine_has_it(engine, dynamodb, prefix, value):
    """By the engine's own rule for numbers; the encoder's bounds are the smaller and the larger of both rules."""
    table = f"{prefix}_t"
    dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])
    rule = RULES[engine.name]
    item = {"k": {"S": "k"}, "v": value, "p": {"S": ""}}
    item["p"] = {"S": "x" * (LIMIT - item_size(item, rule))}
    dynamodb.put_item(TableName=table, Item=item)
    item["p"]["S"] += "x"
    with pytest.raises(dynamodb.exceptions.ClientError, match="size has exceeded"):
        dynamodb.put_item(TableName=table, Item=item)


def clean(name):
    name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.category(c).startswith("M"))
    return re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"[ \t\n\v\f\r]+", "_", name))


def table_names(prefix, streams):
    """The whole rule; a stream is (namespace or None, name), and "" is no namespace. One that is called as another one's table with
    its digits is refused."""
    whole = [prefix + "".join("_" + clean(part) for part in (ns or None, name) if part is not None) for ns, name in streams]
    plain = [name if 3 <= len(name) <= 255 else None for name in whole]
    hashes = [hashlib.sha256((ns.encode() if ns else b"\xff") + b"\0" + name.encode()).hexdigest() for ns, name in streams]
    digits = [8] * len(streams)
    while True:
        hashed = [f"{name[:254 - d]}_{h[:d]}" for name, h, d in zip(whole, hashes, digits)]
        if any(name in plain for name in hashed):
            return ["refused"]
        clash = [hashed.count(name) > 1 for name in hashed]
        if not any(clash):
            return [h if p is None or plain.count(p) > 1 else p for p, h in zip(plain, hashed)]
        digits = [d + 8 * c for d, c in zip(digits, clash)]


def test_whole_table_names_agree(build_folder):
    """Streams that meet in a name, names too short and too long, prefixes of all lengths; whatever the order."""
    rng = random.Random(SEED)
    parts = ["a", "A", "b c", "b_c", "b\tc", "b  c", "é", "e", "e\u0301", "漢", "字", "", "ﬁ", "fi", "\u0300", "x" * 120, "x" * 130 + "é",
             "x" * 130 + "e", "ǆ" * 100, "😀"]
    catalogs, lines, names, hashed, refused = [], [], 0, 0, 0
    for _ in range(NAMES // 5):
        prefix = rng.choice(["", "p", "airbyte", "a-b.c", "y" * 200, "y" * 246])
        some = ["".join(rng.choice(parts) for _ in range(rng.choice([1, 1, 2]))) for _ in range(rng.randrange(1, 10))]
        streams = {(rng.choice([None, None, "", *some]), name) for name in some}
        streams -= {("", name) for namespace, name in streams if namespace is None}  # one and the same
        if rng.random() < 0.2:  # one that already has a name that another one gets
            taken = rng.choice(table_names(prefix, sorted(streams, key=repr)))
            streams -= {("", taken[len(prefix) + 1:])}
            streams.add((None, taken[len(prefix) + 1:]))
        streams = rng.sample(sorted(streams, key=repr), len(streams))
        catalogs.append((prefix, streams))
        words = ["x" + prefix.encode().hex()]
        for namespace, stream in streams:
            words += ["-" if namespace is None else "x" + namespace.encode().hex(), "x" + stream.encode().hex()]
        lines.append(" ".join(words))
    for (prefix, streams), found in zip(catalogs, vectors(build_folder, "names", lines)):
        expected = table_names(prefix, streams)
        assert found.split(" ") == expected, (prefix, streams)
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", name) for name in expected)
        names += len(expected)
        hashed += sum(bool(re.search(r"_[0-9a-f]{8}$", name)) for name in expected)
        refused += expected == ["refused"]
    assert names > NAMES // 2 and hashed > NAMES // 20 and refused > NAMES // 200, (names, hashed, refused)


def test_table_names_agree_with_unicodedata(build_folder):
    """On the code points that Python's Unicode has: the product's may be newer, and an unassigned one changes there."""
    rng = random.Random(7)
    blocks = [(0, 0x250), (0x300, 0x370), (0x600, 0x700), (0xE00, 0xF00), (0x2000, 0x2070), (0x3000, 0x3100), (0xAC00, 0xD7A4),
              (0xF900, 0xFB50), (0x1D400, 0x1D800), (0x1F100, 0x1F650), (0, 0xD800), (0xE000, 0x110000)]
    names = []
    while len(names) < NAMES:
        name = "".join(chr(rng.randrange(*rng.choice(blocks))) for _ in range(rng.randrange(16)))
        names.append("".join(c for c in name if unicodedata.category(c) != "Cn"))
    found = vectors(build_folder, "clean", [name.encode().hex() for name in names])
    assert found == [clean(name) for name in names]
