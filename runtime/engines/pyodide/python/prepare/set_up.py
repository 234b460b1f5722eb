"""Run once, before the snapshot is taken: imports what programs use, and makes the modules of this folder."""


def set_up(modules, libraries, installed):
    """modules are pairs of name and source, in the order in which they are loaded; those of installed have an install()."""
    import importlib
    import sys
    import types

    # So that programs get them at no cost.
    preloaded = """
    argparse array asyncio base64 bisect calendar cmath codecs collections configparser contextlib
    copy csv dataclasses datetime decimal difflib enum fractions functools glob gzip hashlib heapq
    hmac html html.parser http.client importlib.machinery importlib.metadata importlib.resources inspect io itertools json linecache
    logging math numbers operator os pathlib pprint queue random re secrets shutil statistics string
    struct tempfile textwrap threading time traceback types typing unicodedata urllib.error
    urllib.parse urllib.request uuid xml.etree.ElementTree zipfile zlib
    """
    for name in preloaded.split():
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # not in this build of the standard library
    for name, source in modules:
        module = types.ModuleType(name)
        sys.modules[name] = module
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    sys.modules["_sandglass_stand_ins"].SOURCES.update(libraries)
    for name in installed:
        sys.modules[name].install()
