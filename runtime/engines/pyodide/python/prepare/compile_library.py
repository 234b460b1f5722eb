"""A program of our own that compiles modules of the standard library, and runs none of them. Its value: frames of names and bytecode."""

import marshal
import struct
import sys
import zipimport

LIBRARY = "/lib/python314.zip"


def file_of(name):
    """A module's file in the library; None where it has no such module, or the module is there already."""
    path = name.replace(".", "/")
    found = (file for file in (f"{path}/__init__.py", f"{path}.py") if file in FILES)
    return None if name in sys.modules else next(found, None)


def framed(names):
    """Each frame's name is that of a module and of all that it imports; those that are there already, or are none, have no bytecode."""
    out, todo, seen = bytearray(), list(names), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        needs, data = [], b""
        file = file_of(name)
        if file is not None:
            parent = name.rpartition(".")[0]
            code = compiled(f"{LIBRARY}/{file}")
            data = marshal.dumps(code)
            package = name if file.endswith("/__init__.py") else parent
            imported = imports_of(code, package)  # noqa: F821 - stands before this file
            needs = [need for need in (parent, *imported) if file_of(need) is not None]
            todo += needs
        title = " ".join([name, *needs]).encode()
        out += struct.pack("<II", len(title), len(data)) + title + data
    return bytes(out)


def compiled(file):
    """As an import of it would."""
    return zipimport._compile_source(file, importer.get_data(file))


importer = zipimport.zipimporter(LIBRARY)
FILES = importer._get_files()
sys.setrecursionlimit(3000)
framed(names)  # noqa: F821 - given with the run
