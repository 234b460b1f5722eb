"""Modules of the standard library from the bytecode that the host has kept of them; the sources stay where they are."""

import marshal
import zipimport
from io import FileIO

LIBRARY = "/lib/python314.zip"
#: The host puts it there, ahead of each run, of the modules that the run may import.
KEPT = "/lib/python3.14/__pycache__"
zipimporter = zipimport.zipimporter
_get_code, _get_filename, _loads = zipimporter.get_code, zipimporter.get_filename, marshal.loads


def get_code(self, fullname):
    """What CPython's own answers: the same code, already compiled."""
    if self.archive == LIBRARY:
        try:
            with FileIO(f"{KEPT}/{fullname}.pyc") as file:
                data = file.readall()
        except OSError:
            pass  # it is compiled now
        else:
            return _loads(data)
    return _get_code(self, fullname)


def get_filename(self, fullname):
    """The same file. CPython's own compiles a module to tell it."""
    if self.archive == LIBRARY:
        files, path = self._get_files(), self.prefix + fullname.rpartition(".")[2]
        for file in (f"{path}/__init__.py", f"{path}.py"):
            if file in files:
                return f"{LIBRARY}/{file}"
    return _get_filename(self, fullname)


def install():
    zipimporter.get_code, zipimporter.get_filename = get_code, get_filename
