"""Imports a set of packages before their snapshot is taken."""


def import_packages(names):
    """They meet what they would meet in a run: neither JavaScript nor bytecode files; what they print is lost."""
    import importlib
    import linecache
    import os
    import sys

    import _sandglass_surroundings as surroundings
    import pyodide.code

    def open_files():
        found = set()
        for number in range(3, 64):
            try:
                os.fstat(number)
            except OSError:
                continue
            found.add(number)
        return found

    javascript = {name: sys.modules[name] for name in surroundings.JAVASCRIPT_MODULES if name in sys.modules}
    finders = [
        (place, finder) for place, finder in enumerate(sys.meta_path) if type(finder).__name__ == "JsFinder"
    ]
    run_js, writes = pyodide.code.run_js, sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    surroundings.enter()
    importlib.invalidate_caches()
    files = open_files()
    try:
        for name in names:
            importlib.import_module(name)
    finally:
        sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not surroundings.Absent]
        for place, finder in finders:
            sys.meta_path.insert(place, finder)
        sys.modules.update(javascript)
        pyodide.code.run_js, sys.dont_write_bytecode = run_js, writes
    if open_files() - files:
        raise RuntimeError("a module keeps a file open, which no snapshot can")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    linecache.clearcache()
