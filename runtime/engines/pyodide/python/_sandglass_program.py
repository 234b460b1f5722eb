"""Compiles a program, its last statement apart where that is an expression: its value is the program's."""

import __future__

import ast
import re

#: "await" may stand at the top level.
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
FUTURES = {name: getattr(__future__, name).compiler_flag for name in __future__.all_feature_names}
ANY_FUTURE = sum(set(FUTURES.values()))

#: Begins a line that goes on with a statement: a closing bracket, or the next part of a block.
GOES_ON = re.compile(r"[)\]}]|(?:elif|else|except|finally)\b")
#: Begins a statement that is not an expression.
NO_EXPRESSION = re.compile(
    r"@|(?:assert|async|class|def|del|for|from|global|if|import|pass|raise|try|while|with)\b"
)
#: Lines that are looked through for the last statement.
MOST_LINES = 1000


def compiled(source, filename):
    """Answers the code of a program piece by piece, in the order in which it runs, and that of its last expression, or None.

    To make a tree of Python's own objects of a program costs as much as to compile it. So only its last statement is made one, if at all.
    """
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")  # as the compiler does
    start = last_start(source)
    return (compiled_apart(source, start, filename) if start else None) or compiled_apart(source, 0, filename)


def last_start(source):
    """Where the last line begins that may begin a statement."""
    end = len(source)
    for _ in range(MOST_LINES):
        start = source.rfind("\n", 0, end) + 1
        if start == 0:
            break
        if source[start : start + 1] not in ("", "\n", " ", "\t", "\f", "#") and not GOES_ON.match(
            source, start
        ):
            return start
        end = start - 1
    return 0


def compiled_apart(source, start, filename):
    """Compiles what comes before and after; None if no statement begins there, or there is more to it than that."""
    tail = "\n" * source.count("\n", 0, start) + source[start:]  # its lines keep their numbers
    pieces, last = [], None
    if not NO_EXPRESSION.match(source, start):
        last = attempt(tail, filename, "eval", FLAGS)
    if last is None:
        if start == 0:
            return compiled_tree(tree_of(source, filename), filename)
        tree = attempt(tail, filename, "exec", ast.PyCF_ONLY_AST | FLAGS)
        if tree is None or any(isinstance(node, ast.AnnAssign) for node in ast.walk(tree)):
            return None  # a module has all of its annotations in one
        pieces, last = compiled_tree(tree, filename)
    if start == 0:
        return [], last
    head = attempt(source[:start], filename, "exec", FLAGS)
    if head is None or (pieces and head.co_flags & ANY_FUTURE):
        return None
    return [head, *pieces], last


def attempt(source, filename, mode, flags):
    """None for what is an error by itself: it may be none of the whole, and if it is, it is told of the whole."""
    try:
        return compile(source, filename, mode, flags, dont_inherit=True)
    except SyntaxError:
        return None


def tree_of(source, filename):
    return compile(source, filename, "exec", ast.PyCF_ONLY_AST | FLAGS, dont_inherit=True)


def compiled_tree(tree, filename):
    last = (
        ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    )
    flags = FLAGS | future_flags(tree)
    body = [compile(tree, filename, "exec", flags, dont_inherit=True)] if tree.body else []
    return body, None if last is None else compile(last, filename, "eval", flags, dont_inherit=True)


def future_flags(tree):
    """The flags of a program's own "from __future__" lines: its last expression is compiled apart."""
    flags = 0
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= FUTURES.get(alias.name, 0)
    return flags
