"""A program of our own that compiles the sources of a package, and runs none of them. Its value is the bytecode, framed, and what it imports."""

import importlib.util
import struct
import sys
from importlib._bootstrap_external import _code_to_hash_pyc, cache_from_source

SITE = "/lib/python3.14/site-packages/"
#: Folders whose files a package does not load by itself.
ASIDE = {"test", "tests", "doc", "docs", "example", "examples"}


def framed(paths):
    out, needs = bytearray(), {}
    for path in paths:
        try:
            with open(SITE + path, "rb") as file:
                source = file.read()
            code = compile(source, SITE + path, "exec", dont_inherit=True)
        except SyntaxError, ValueError, RecursionError, OSError:
            continue  # an import of it says what is wrong
        # Not compared with its source again: what lies in a wheel does not change.
        data = _code_to_hash_pyc(code, importlib.util.source_hash(source), False)
        out += frame(cache_from_source(SITE + path).removeprefix(SITE), data)
        if not ASIDE.intersection(path.split("/")):
            imported = imports_of(code, "")  # noqa: F821 - stands before this file
            needs.update((name, None) for name in imported if name.isascii())
    return bytes(out + frame("imports", " ".join(needs).encode()))


def frame(name, data):
    return struct.pack("<II", len(name.encode()), len(data)) + name.encode() + data


sys.setrecursionlimit(3000)
framed(paths)  # noqa: F821 - given with the run
