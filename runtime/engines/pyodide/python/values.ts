/** Python: the JSON form of a value. What JSON lacks travels beside the tree, by path: no tag that a guest's own data could wear. */
export const VALUES_SOURCE = String.raw`
"""The JSON form of the values that programs end with."""
import base64
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import math
import pathlib
import uuid

MAX_DEPTH = 100
MAX_SAFE = 2**53 - 1
COMPACT = json.JSONEncoder(separators=(",", ":"))


class NoJsonForm(Exception):
    """A value that has no JSON form."""


class TooLarge(Exception):
    """A value that is larger than the run may answer with."""


def encode(value, limit):
    """Answers JSON text of {"tree", "leaves"}; raises NoJsonForm, or TooLarge once it is clear that limit bytes do not hold it."""
    leaves = []
    seen = set()
    room = [limit]

    def spend(count):
        room[0] -= count
        if room[0] < 0:
            raise TooLarge

    def walk(item, path):
        if item is None or item is True or item is False:
            spend(4)
            return item
        kind = type(item)
        if kind is str:
            spend(len(item) + 2)
            return item
        if isinstance(item, enum.Enum):
            return walk(item.value, path)
        if isinstance(item, int):
            if -MAX_SAFE <= item <= MAX_SAFE:
                spend(1)
                return int(item)
            spend(item.bit_length() // 4 + 2)
            leaves.append([path, "int", hex(item)])
            return None
        if isinstance(item, float):
            spend(2)
            return float(item) if math.isfinite(item) else None
        if isinstance(item, str):
            spend(len(item) + 2)
            return str.__str__(item)
        if isinstance(item, (bytes, bytearray, memoryview)):
            data = bytes(item)
            spend(len(data))
            leaves.append([path, "bytes", base64.b64encode(data).decode("ascii")])
            return None
        if isinstance(item, (datetime.datetime, datetime.date, datetime.time)):
            spend(26)
            return None if item != item else item.isoformat()
        if isinstance(item, datetime.timedelta):
            return item.total_seconds()
        if isinstance(item, (decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath)):
            return walk(str(item), path)
        if len(path) >= MAX_DEPTH:
            raise NoJsonForm(f"it is nested deeper than {MAX_DEPTH}")
        mark = id(item)
        if mark in seen:
            raise NoJsonForm("it contains itself")
        seen.add(mark)
        try:
            return compound(item, path)
        finally:
            seen.discard(mark)

    def entries(pairs, path):
        spend(2)
        result = {}
        for key, element in pairs:
            name = key_form(key)
            spend(len(name) + 4)
            result[name] = walk(element, path + [name])
        return result

    def elements(items, path):
        spend(2)
        result = []
        for index, element in enumerate(items):
            spend(1)
            result.append(walk(element, path + [index]))
        return result

    def compound(item, path):
        if dataclasses.is_dataclass(item) and not isinstance(item, type):
            return entries(((f.name, getattr(item, f.name)) for f in dataclasses.fields(item)), path)
        if isinstance(item, tuple) and hasattr(item, "_fields"):
            return entries(zip(item._fields, item), path)
        if isinstance(item, collections.abc.Mapping):
            return entries(item.items(), path)
        if isinstance(item, (list, tuple, set, frozenset, range, collections.deque, collections.abc.Set,
                             collections.abc.ValuesView)):
            return elements(item, path)
        package = type(item).__module__.partition(".")[0]
        if package in ("numpy", "pandas"):
            return of_array(item, path)
        raise NoJsonForm(f"a {type(item).__qualname__} has no JSON form")

    def of_array(item, path):
        name = type(item).__name__
        if name == "DataFrame":
            return elements(item.to_dict("records"), path)
        if name == "Series":
            if type(item.index).__name__ == "RangeIndex":
                return elements(item.tolist(), path)
            return entries(item.to_dict().items(), path)
        if name in ("NAType", "NaTType"):
            return None
        for method in ("tolist", "item"):
            if hasattr(item, method):
                return walk(getattr(item, method)(), path)
        raise NoJsonForm(f"a {name} has no JSON form")

    tree = walk(value, [])
    return COMPACT.encode({"tree": tree, "leaves": leaves})


def key_form(key):
    if isinstance(key, str):
        return str.__str__(key)
    if key is None:
        return "null"
    if key is True or key is False:
        return "true" if key else "false"
    if isinstance(key, (datetime.datetime, datetime.date)):
        return key.isoformat()
    return str(key)
`;
