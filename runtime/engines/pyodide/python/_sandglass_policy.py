"""Import and builtin rules for the program's own code; what it imports keeps everything."""

import ast
import builtins
import importlib
import sys
import types

import _sandglass_positions as positions
import _sandglass_views as views

SAFE_IMPORTS = (
    "abc",
    "array",
    "base64",
    "bisect",
    "calendar",
    "cmath",
    "collections",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "itertools",
    "json",
    "math",
    "numbers",
    "operator",
    "pprint",
    "random",
    "re",
    "statistics",
    "string",
    "struct",
    "textwrap",
    "time",
    "types",
    "typing",
    "unicodedata",
    "uuid",
    "zlib",
    "__future__",
)
SAFE_BLOCK = (
    "eval",
    "exec",
    "compile",
    "open",
    "breakpoint",
    "globals",
    "locals",
    "vars",
    "memoryview",
    "exit",
    "quit",
)
#: Attributes between double underscores that ordinary programs use.
PLAIN_DUNDERS = frozenset(
    f"__{name}__"
    for name in (
        "init new del name qualname doc all author version main file annotations slots post_init init_subclass set_name "
        "len length_hint iter next reversed contains getitem setitem delitem missing enter exit aenter aexit aiter anext await call "
        "repr str bytes format hash bool int float complex index round trunc floor ceil abs neg pos invert eq lt le gt ge ne "
        "getattr copy deepcopy class_getitem cause notes"
    ).split()
    + [
        f"{side}{name}"
        for side in ("", "r", "i")
        for name in ("add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or").split()
    ]
)
#: Attributes that lead from a generator, a coroutine or a traceback to the frames below the program.
FRAMES = frozenset(
    "ag_await ag_code ag_frame cr_await cr_code cr_frame f_back f_builtins f_code f_generator f_globals f_locals f_trace "
    "gi_code gi_frame gi_yieldfrom tb_frame".split()
)


class Refused(ImportError):
    """An import that the run does not allow."""

    __module__ = "builtins"


class Blocked(RuntimeError):
    """A builtin that the run blocks."""

    __module__ = "builtins"

    def __init__(self, message, file=None, line=None):
        super().__init__(message)
        self.file, self.line = file, line


def is_allowed(name, allowed):
    return any(name == rule or name.startswith(rule + ".") for rule in allowed)


def apply(names, rules, is_own):
    """Puts the rules around the globals of the program."""
    allowed, block, dunders = rules["imports"], rules["block"], rules["dunders"]
    own = Builtins(vars(builtins))
    if allowed is not None:
        guard = guarded_import(allowed, own, views.create(refuse_hidden) if dunders else None)
        own["__import__"] = guard

        def is_program(frame):  # text that it made code has its builtins, if not its name
            return is_own(frame.f_code.co_filename) or frame.f_builtins.get("__import__") is guard

        importlib.import_module = guarded_module(importlib.import_module, allowed, is_program)
        importlib.__import__ = guarded_module(importlib.__import__, allowed, is_program)
    for name in block:
        own[name] = blocked(name)
    if dunders:
        for name in ("getattr", "hasattr", "setattr", "delattr"):
            own[name] = without_dunders(own[name])
        own[positions.STAND_IN] = positions.stand_ins(refuse_hidden)
    if allowed is None and block:
        own["__import__"] = replaced_builtins(builtins.__import__, own)
    names["__builtins__"] = own


class Builtins(dict):
    """The program's own builtins, as a mapping and as a module."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"module 'builtins' has no attribute {name!r}") from None


def module_of(own):
    module = types.ModuleType("builtins")
    module.__dict__.update(own)
    return module


def guarded_import(allowed, own, show):
    plain = builtins.__import__

    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and not is_allowed(name, allowed):
            raise refusal(name, allowed)
        if name == "builtins":
            return module_of(own)
        if show is None:
            return plain(name, globals, locals, fromlist, level)
        for part in (*name.split("."), *(fromlist or ())):
            if is_private(part):
                raise refusal(f"{name}: {part} is private", allowed)
        return show(plain(name, globals, locals, fromlist, level))

    return __import__


def replaced_builtins(plain, own):
    def __import__(name, *args, **kwargs):
        return module_of(own) if name == "builtins" else plain(name, *args, **kwargs)

    return __import__


def guarded_module(plain, allowed, is_program):
    def checked(name, *args, **kwargs):
        if is_program(sys._getframe(1)) and not name.startswith(".") and not is_allowed(name, allowed):
            raise refusal(name, allowed)
        return plain(name, *args, **kwargs)

    checked.__name__ = checked.__qualname__ = plain.__name__
    return checked


def refusal(name, allowed):
    listed = ", ".join(allowed) if allowed else "no module"
    return Refused(f"Cannot import {name}: this run allows {listed}", name=name)


def blocked(name):
    def refused(*args, **kwargs):
        raise Blocked(f"Cannot call {name}: this run blocks it")

    refused.__name__ = refused.__qualname__ = name
    return refused


def without_dunders(function):
    def checked(target, name, *rest):
        name = views.plain(name)
        refuse_hidden(name)
        return function(target, name, *rest)

    checked.__name__ = checked.__qualname__ = function.__name__
    return checked


def is_hidden(name):
    if not isinstance(name, str):
        return False
    return name in FRAMES or (name.startswith("__") and name.endswith("__") and name not in PLAIN_DUNDERS)


def refuse_hidden(name):
    if is_hidden(name):
        raise Blocked(f"Cannot use {name}: this run blocks attributes of the interpreter")


def is_private(name):
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def check(tree, rules, filename):
    """Refuses before anything runs what cannot be caught while it runs."""
    plain = {target for node in ast.walk(tree) for target in match_args_of(node)}
    for node in ast.walk(tree):
        for name in attributes_of(node) if rules["dunders"] else ():
            if is_hidden(name):
                raise Blocked(
                    f"Cannot use {name} in line {node.lineno}: this run blocks attributes of the interpreter",
                    filename,
                    node.lineno,
                )
        if rules["dunders"] and isinstance(node, ast.Name) and is_hidden(node.id) and node not in plain:
            raise Blocked(
                f"Cannot use {node.id} in line {node.lineno}: this run blocks names of the interpreter",
                filename,
                node.lineno,
            )
    if rules["dunders"]:
        positions.guard(tree)


def match_args_of(node):
    """The targets of `__match_args__ = ('x', …)`: patterns read the attributes that it names, so they are looked at where they stand."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Tuple):
        return ()
    if any(not isinstance(item, ast.Constant) or is_hidden(item.value) for item in node.value.elts):
        return ()
    return [
        target for target in node.targets if isinstance(target, ast.Name) and target.id == "__match_args__"
    ]


def attributes_of(node):
    """The names of attributes that a node of the program reads or sets."""
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    return node.kwd_attrs if isinstance(node, ast.MatchClass) else ()


def rules_of(options):
    """Reads the options of the run, which the host has checked."""
    safe = options.get("preset") == "safe"
    imports = options.get("imports")
    if safe:
        imports = (
            list(SAFE_IMPORTS)
            if imports is None
            else [name for name in imports if is_allowed(name, SAFE_IMPORTS)]
        )
    block = [*(options.get("block") or ()), *(SAFE_BLOCK if safe else ())]
    if imports is None and not block:
        return None
    return {"imports": imports, "block": block, "dunders": safe}
