"""The everyday parts of requests, urllib3 and httpx, dbm, and rpds without its Rust: made when they are imported and not installed."""

import importlib
import importlib.machinery
import sys

#: Module → its source: filled in by what makes the interpreter ready.
SOURCES = {}
_parts = set()


def add_parts(package, names):
    """Submodules of a package that is one module here: each has all of its names."""
    for name in names:
        _parts.add(f"{package}.{name}")
        importlib.import_module(f"{package}.{name}")


def alias(name, module):
    """Another name for a module and what is below it."""
    for known in list(sys.modules):
        if known == module or known.startswith(module + "."):
            sys.modules[name + known.removeprefix(module)] = sys.modules[known]


class LibraryFinder:
    """Answers for these libraries where the real ones are not installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in SOURCES or name in _parts:
            return importlib.machinery.ModuleSpec(name, LibraryFinder, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        if name in SOURCES:
            exec(compile(SOURCES[name], f"<{name}>", "exec"), module.__dict__)
            return
        whole = sys.modules[name.partition(".")[0]]
        module.__dict__.update({key: value for key, value in vars(whole).items() if not key.startswith("__")})


def install():
    sys.meta_path.append(LibraryFinder)
