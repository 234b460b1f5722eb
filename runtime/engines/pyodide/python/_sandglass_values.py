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
#: What one of those beside the tree counts at least, bytes.
SMALLEST_LEAF = 8
MAX_SAFE = 2**53 - 1
COMPACT = json.JSONEncoder(separators=(",", ":"))


class NoJsonForm(Exception):
    """A value that has no JSON form."""


def text_of(value):
    """What Python shows of a value in an interactive session."""
    try:
        return repr(value)
    except Exception:
        return object.__repr__(value)


class TooLarge(Exception):
    """A value that is larger than the run may answer with."""


class Form:
    """The JSON form of one value, as it grows."""

    __slots__ = ("leaves", "missing", "places", "room", "seen")

    def __init__(self, room):
        self.leaves = []
        self.room = room
        self.places = 4 * room  # characters; the host reads a report of that size
        self.seen = set()
        #: What pandas shows as NaN is a value that is not there.
        self.missing = False

    def spend(self, count):
        self.room -= count
        if self.room < 0:
            raise TooLarge

    def leaf(self, path, kind, content):
        self.places -= sum(len(step) + 3 if type(step) is str else 8 for step in path)
        if self.places < 0:
            raise TooLarge
        self.leaves.append([path, kind, content])

    def walk(self, item, path):
        if item is None or item is True or item is False:
            self.spend(4)
            return item
        kind = type(item)
        if kind is str:
            self.spend(len(item) + 2)
            return item
        if isinstance(item, enum.Enum):
            return self.walk(item.value, path)
        if isinstance(item, int):
            if -MAX_SAFE <= item <= MAX_SAFE:
                self.spend(1)
                return int(item)
            self.spend(item.bit_length() // 4 + 2)
            self.leaf(path, "int", hex(item))
            return None
        if isinstance(item, float):
            self.spend(2)
            if math.isfinite(item):
                return float(item)
            if not (self.missing and item != item):
                self.spend(SMALLEST_LEAF)
                self.leaf(path, "float", float.__repr__(item))
            return None
        if isinstance(item, str):
            self.spend(len(item) + 2)
            return str.__str__(item)
        if isinstance(item, (bytes, bytearray, memoryview)):
            data = bytes(item)
            self.spend(max(len(data), SMALLEST_LEAF))
            self.leaf(path, "bytes", base64.b64encode(data).decode("ascii"))
            return None
        if isinstance(item, (datetime.datetime, datetime.date, datetime.time)):
            self.spend(26)
            return None if item != item else item.isoformat()
        if isinstance(item, datetime.timedelta):
            return item.total_seconds()
        if isinstance(item, (decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath)):
            return self.walk(str(item), path)
        if len(path) >= MAX_DEPTH:
            raise NoJsonForm(f"it is nested deeper than {MAX_DEPTH}")
        mark = id(item)
        if mark in self.seen:
            raise NoJsonForm("it contains itself")
        self.seen.add(mark)
        try:
            return self.compound(item, path)
        finally:
            self.seen.discard(mark)

    def entries(self, pairs, path):
        self.spend(2)
        result = {}
        for key, element in pairs:
            name = key_form(key)
            self.spend(len(name) + 4)
            result[name] = self.walk(element, path + [name])
        return result

    def elements(self, items, path):
        self.spend(2)
        result = []
        for index, element in enumerate(items):
            self.spend(1)
            result.append(self.walk(element, path + [index]))
        return result

    def compound(self, item, path):
        if dataclasses.is_dataclass(item) and not isinstance(item, type):
            return self.entries(((f.name, getattr(item, f.name)) for f in dataclasses.fields(item)), path)
        if isinstance(item, tuple) and hasattr(item, "_fields"):
            return self.entries(zip(item._fields, item, strict=False), path)
        if isinstance(item, collections.abc.Mapping):
            return self.entries(item.items(), path)
        if isinstance(
            item,
            (
                list,
                tuple,
                set,
                frozenset,
                range,
                collections.deque,
                collections.abc.Set,
                collections.abc.ValuesView,
            ),
        ):
            return self.elements(item, path)
        package = type(item).__module__.partition(".")[0]
        if package in ("numpy", "pandas"):
            outer, self.missing = self.missing, package == "pandas"
            try:
                return self.of_array(item, path)
            finally:
                self.missing = outer
        raise NoJsonForm(f"a {type(item).__qualname__} has no JSON form")

    def of_array(self, item, path):
        name = type(item).__name__
        if name == "DataFrame":
            return self.elements(item.to_dict("records"), path)
        if name == "Series":
            if type(item.index).__name__ == "RangeIndex":
                return self.elements(item.tolist(), path)
            return self.entries(item.to_dict().items(), path)
        if name in ("NAType", "NaTType"):
            return None
        for method in ("tolist", "item"):
            if hasattr(item, method):
                return self.walk(getattr(item, method)(), path)
        raise NoJsonForm(f"a {name} has no JSON form")


def encode(value, limit):
    """Answers JSON text of {"tree", "leaves"}; raises NoJsonForm, or TooLarge once it is clear that limit bytes do not hold it."""
    form = Form(limit)
    tree = form.walk(value, [])
    return COMPACT.encode({"tree": tree, "leaves": form.leaves})


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
