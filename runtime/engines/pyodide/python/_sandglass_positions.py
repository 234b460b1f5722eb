"""Positions in class patterns: `case P(x)` reads an attribute whose name `P.__match_args__` tells only then."""

import ast

#: Names that no program can write.
STAND_IN = ".stand_in"
KEPT = ".kept"
#: Classes with one position, which is the object itself; they cannot be changed.
SELF = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


class Positions(type):
    """Of classes that stand in patterns for the program's own: the names are looked at as they are read."""

    def __instancecheck__(cls, subject):
        return isinstance(subject, cls.kind)

    @property
    def __match_args__(cls):
        names = cls.kind.__match_args__
        if type(names) is tuple:
            for name in names:
                cls.refuse(name)
        return names


def stand_ins(refuse):
    """What makes them. `refuse(name)` raises for the name of an attribute that the program may not use."""
    made = {}

    def stand_in(kind):
        if not issubclass(type(kind), type) or any(kind is one for one in SELF):
            return kind
        found = made.get(id(kind))
        if found is None:
            below = tuple(one for one in SELF if one in type.mro(kind))[:1]
            name = type.__dict__["__name__"].__get__(kind)
            found = Positions(name, below, {"kind": kind, "refuse": staticmethod(refuse)})
            made[id(kind)] = found
        return found

    return stand_in


def guard(tree):
    """Before each case with such patterns stands one that never holds, and makes what stands in them."""
    Guarded().visit(tree)
    ast.fix_missing_locations(tree)


class Guarded(ast.NodeTransformer):
    def __init__(self):
        self.count = 0
        self.in_class = False

    def visit_scope(self, node):
        before, self.in_class = self.in_class, isinstance(node, ast.ClassDef)
        self.generic_visit(node)
        self.in_class = before
        return node

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = visit_scope

    def visit_Match(self, node):
        self.generic_visit(node)
        cases, names = [], []
        for case in node.cases:
            kept = []
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchClass) and pattern.patterns:
                    self.count += 1
                    names.append(f"{KEPT}{self.count}")
                    kept.append(never(names[-1], pattern.cls))
                    pattern.cls = ast.copy_location(ast.Name(names[-1], ast.Load()), pattern.cls)
            if kept:
                test = kept[0] if len(kept) == 1 else ast.BoolOp(ast.Or(), kept)
                cases.append(ast.match_case(ast.MatchAs(), test, [ast.Pass()]))
            cases.append(case)
        node.cases = [ast.copy_location(case, node) for case in cases]
        # The names of a class may be looked up in a mapping of the program's own.
        return (
            [ast.copy_location(ast.Global([STAND_IN, *names]), node), node]
            if self.in_class and names
            else node
        )


def never(name, kind):
    made = ast.Call(ast.Name(STAND_IN, ast.Load()), [kind], [])
    test = ast.Compare(ast.NamedExpr(ast.Name(name, ast.Store()), made), [ast.Is()], [ast.Constant(None)])
    return ast.copy_location(test, kind)
