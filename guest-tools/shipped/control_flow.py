# sandglass:tool
# {
#  "name": "control_flow",
#  "description": "Draws the control-flow graph of Python source, of a function or of the module, as mermaid, dot, html or json",
#  "version": "1.0.0",
#  "category": "code",
#  "tags": ["code-analysis", "visualization"],
#  "keywords": ["diagram", "flowchart", "branches", "loops", "graph", "cfg", "python", "mermaid"],
#  "input": {
#   "type": "object",
#   "properties": {
#    "source": { "type": "string", "description": "Python source; it is read, never run", "maxLength": 1000000 },
#    "targetFunction": { "type": "string", "description": "Name of a function, of a method as Class.method; without one the code of the module itself", "minLength": 1, "maxLength": 200 },
#    "outputFormat": { "type": "string", "enum": ["mermaid", "json", "html", "dot"], "description": "Form of the graph", "default": "mermaid" }
#   },
#   "required": ["source"],
#   "additionalProperties": false
#  },
#  "limits": { "timeoutMs": 60000 },
#  "idempotent": true,
#  "cacheable": true,
#  "pipe": "source",
#  "examples": [
#   {
#    "description": "A branch in a loop",
#    "input": { "source": "def main(n):\n    while n:\n        if n % 2:\n            n -= 1\n    return n\n", "targetFunction": "main" },
#    "output": "flowchart TD\n  n0([\"main\"])\n  n1([\"end\"])\n  n2{\"while n\"}\n  n3{\"if n % 2\"}\n  n4[\"n -= 1\"]\n  n5[\"return n\"]\n  n0 --> n2\n  n2 -->|true| n3\n  n3 -->|true| n4\n  n4 --> n2\n  n3 -->|false| n2\n  n2 -->|false| n5\n  n5 --> n1"
#   }
#  ]
# }
import ast
import html

MOST_NODES = 5_000
MOST_LABEL = 200
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def run(args):
    name = args.get("targetFunction")
    tree = parsed(args["source"])
    try:
        body, title = (tree.body, "module") if name is None else function_of(tree, name)
        graph = Builder(title).build(body)
    except RecursionError:
        raise ValueError(
            "Cannot draw the graph: the source is nested too deeply; name a smaller function"
        ) from None
    return FORMATS[args.get("outputFormat", "mermaid")](graph)


def parsed(source):
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"Cannot read the source: line {error.lineno}: {error.msg}") from None
    except RecursionError, MemoryError:
        raise ValueError("Cannot read the source: it is nested too deeply") from None


def function_of(tree, name):
    found = {}

    def look(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
                whole = f"{prefix}{child.name}"
                if isinstance(child, FUNCTIONS):
                    found.setdefault(whole, child)
                look(child, f"{whole}.")
            else:
                look(child, prefix)

    look(tree, "")
    node = found.get(name)
    if node is None:
        # A method by its own name, where no other has it.
        same = [whole for whole in found if whole.rsplit(".", 1)[-1] == name]
        node = found[same[0]] if len(same) == 1 else None
        if len(same) > 1:
            raise ValueError(f"Cannot tell which {name} is meant; there are: {', '.join(same[:20])}")
    if node is None:
        known = ", ".join(list(found)[:30]) or "none"
        raise ValueError(f"Cannot find the function {name!r}; the functions of the source: {known}")
    return node.body, name


class Builder:
    """Goes through statements and keeps the loose ends: edges whose target comes next."""

    def __init__(self, title):
        self.title = title
        self.nodes = []
        self.edges = []
        self.loops = []  # innermost last: (target of continue, loose ends of break, depth of finallys)
        self.raises = []  # where exceptions go, innermost last
        self.finallys = []  # innermost last: what leaves through them
        self.open = None  # a block that the next plain statement joins

    def build(self, body):
        entry = self.node("entry", self.title, 1)
        self.end = self.node("exit", "end", None)
        ends = self.block(body, [(entry, None)])
        self.connect(ends, self.end)
        reached, waiting = {entry}, [entry]
        while waiting:
            at = waiting.pop()
            for edge in self.edges:
                if edge["from"] == at and edge["to"] not in reached:
                    reached.add(edge["to"])
                    waiting.append(edge["to"])
        for node in self.nodes:
            if node["id"] not in reached and node["kind"] != "exit":
                node["unreachable"] = True
        return {
            "function": self.title,
            "nodes": self.nodes,
            "edges": self.edges,
            "complexity": max(1, len(self.edges) - len(self.nodes) + 2),
        }

    def node(self, kind, label, line):
        if len(self.nodes) >= MOST_NODES:
            raise ValueError(f"Cannot draw the graph: it has over {MOST_NODES} nodes; name one function")
        text = label if len(label) <= MOST_LABEL else label[: MOST_LABEL - 1] + "…"
        node = {"id": f"n{len(self.nodes)}", "kind": kind, "label": text}
        if line is not None:
            node["line"] = line
        self.nodes.append(node)
        self.open = None
        return node["id"]

    def edge(self, source, target, label=None):
        edge = {"from": source, "to": target, **({"label": label} if label else {})}
        if edge not in self.edges[-50:]:
            self.edges.append(edge)

    def connect(self, ends, target):
        for source, label in ends:
            self.edge(source, target, label)

    def step(self, kind, label, line, ends):
        node = self.node(kind, label, line)
        self.connect(ends, node)
        return node

    def block(self, statements, ends):
        for statement in statements:
            method = getattr(self, f"visit_{type(statement).__name__}", None)
            ends = method(statement, ends) if method else self.plain(statement, ends)
        return ends

    # Statements without branches

    def plain(self, statement, ends, label=None):
        ends = self.comprehensions(statement, ends)
        text = label or one_line(statement)
        if self.open is not None and ends == [(self.open["id"], None)]:
            joined = f"{self.open['label']}\n{text}"
            if len(joined) <= MOST_LABEL:
                self.open["label"] = joined
                return ends
        node = self.step("statements", text, statement.lineno, ends)
        self.open = self.nodes[-1]
        return [(node, None)]

    def comprehensions(self, node, ends):
        """The loops that expressions of a statement hold, the outermost ones first."""
        for found in outermost(node):
            line = found.lineno
            first = inner = None
            into = ends
            for generator in found.generators:
                label = f"for {ast.unparse(generator.target)} in {short(generator.iter)}"
                inner_before, inner = inner, self.step("loop", label, line, into)
                if inner_before is not None:
                    self.edge(inner, inner_before, "done")
                first = first or inner
                into = [(inner, "next")]
                for test in generator.ifs:
                    check = self.step("condition", f"if {short(test)}", line, into)
                    self.edge(check, inner, "false")
                    into = [(check, "true")]
            made = (
                f"{short(found.key)}: {short(found.value)}"
                if isinstance(found, ast.DictComp)
                else short(found.elt)
            )
            element = self.step("statements", made, line, into)
            self.edge(element, inner)
            self.open = None
            ends = [(first, "done")]
        return ends

    def visit_FunctionDef(self, statement, ends):
        word = "async def" if isinstance(statement, ast.AsyncFunctionDef) else "def"
        return self.plain_head(statement, ends, f"{word} {statement.name}({ast.unparse(statement.args)})")

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, statement, ends):
        return self.plain_head(statement, ends, f"class {statement.name}")

    def plain_head(self, statement, ends, label):
        node = self.step("statements", label, statement.lineno, ends)
        return [(node, None)]

    # Branches

    def visit_If(self, statement, ends):
        ends = self.comprehensions(statement.test, ends)
        check = self.step("condition", f"if {short(statement.test)}", statement.lineno, ends)
        then = self.block(statement.body, [(check, "true")])
        other = self.block(statement.orelse, [(check, "false")]) if statement.orelse else [(check, "false")]
        self.open = None
        return then + other

    def visit_Match(self, statement, ends):
        ends = self.comprehensions(statement.subject, ends)
        head = self.step("match", f"match {short(statement.subject)}", statement.lineno, ends)
        into, out = [(head, None)], []
        for case in statement.cases:
            guard = f" if {short(case.guard)}" if case.guard is not None else ""
            check = self.step("case", f"case {short(case.pattern)}{guard}", case.pattern.lineno, into)
            always = case.guard is None and is_irrefutable(case.pattern)
            out += self.block(case.body, [(check, None if always else "matches")])
            into = [] if always else [(check, "no match")]
        self.open = None
        return out + into

    def visit_Assert(self, statement, ends):
        ends = self.comprehensions(statement, ends)
        check = self.step("condition", f"assert {short(statement.test)}", statement.lineno, ends)
        self.leave([(check, "false")], "raise")
        return [(check, "true")]

    # Loops

    def visit_While(self, statement, ends):
        ends = self.comprehensions(statement.test, ends)
        head = self.step("loop", f"while {short(statement.test)}", statement.lineno, ends)
        forever = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        return self.loop(statement, head, "true", [] if forever else [(head, "false")])

    def visit_For(self, statement, ends):
        ends = self.comprehensions(statement.iter, ends)
        word = "async for" if isinstance(statement, ast.AsyncFor) else "for"
        label = f"{word} {short(statement.target)} in {short(statement.iter)}"
        head = self.step("loop", label, statement.lineno, ends)
        return self.loop(statement, head, "next", [(head, "done")])

    visit_AsyncFor = visit_For

    def loop(self, statement, head, into, done):
        breaks = []
        self.loops.append((head, breaks, len(self.finallys)))
        self.connect(self.block(statement.body, [(head, into)]), head)
        self.loops.pop()
        # What comes after else is passed over by break.
        out = self.block(statement.orelse, done) if statement.orelse else done
        self.open = None
        return out + breaks

    def visit_Break(self, statement, ends):
        node = self.step("jump", "break", statement.lineno, ends)
        self.leave([(node, None)], "break")
        return []

    def visit_Continue(self, statement, ends):
        node = self.step("jump", "continue", statement.lineno, ends)
        self.leave([(node, None)], "continue")
        return []

    # Ends

    def visit_Return(self, statement, ends):
        ends = self.comprehensions(statement, ends)
        node = self.step("return", one_line(statement), statement.lineno, ends)
        self.leave([(node, None)], "return")
        return []

    def visit_Raise(self, statement, ends):
        ends = self.comprehensions(statement, ends)
        node = self.step("raise", one_line(statement), statement.lineno, ends)
        self.leave([(node, None)], "raise")
        return []

    def leave(self, ends, how):
        """Sends loose ends out of where they are: through each finally on the way, to where they lead."""
        if how == "raise":
            depth = self.raises[-1][1] if self.raises else 0
        elif how in ("break", "continue"):
            depth = self.loops[-1][2]
        else:
            depth = 0
        if len(self.finallys) > depth:
            self.finallys[-1].append((how, ends))
        elif how == "break":
            self.loops[-1][1].extend(ends)
        elif how == "continue":
            self.connect(ends, self.loops[-1][0])
        elif how == "raise" and self.raises:
            self.connect([(source, label or "raises") for source, label in ends], self.raises[-1][0])
        else:
            self.connect(
                [(source, label or ("raises" if how == "raise" else None)) for source, label in ends],
                self.end,
            )

    def visit_Try(self, statement, ends):
        head = self.step("try", "try", statement.lineno, ends)
        leaving = []
        if statement.finalbody:
            self.finallys.append(leaving)
        handlers = []
        if statement.handlers:
            star = "*" if isinstance(statement, getattr(ast, "TryStar", ())) else ""
            dispatch = self.node("except", f"except{star}", statement.handlers[0].lineno)
            self.edge(head, dispatch, "an exception")
            self.raises.append((dispatch, len(self.finallys)))
        out = self.block(statement.body, [(head, None)])
        if statement.handlers:
            self.raises.pop()
        # An exception of else is not for these handlers.
        self.open = None
        out = self.block(statement.orelse, out) if statement.orelse else out
        if statement.handlers:
            caught = False
            for handler in statement.handlers:
                kind = "any" if handler.type is None else short(handler.type)
                named = f" as {handler.name}" if handler.name else ""
                check = self.step("handler", f"except {kind}{named}", handler.lineno, [(dispatch, kind)])
                handlers += self.block(handler.body, [(check, None)])
                caught = caught or kind in ("any", "BaseException")
            if not caught:
                self.leave([(dispatch, "no handler")], "raise")
        elif statement.finalbody:
            self.leave([(head, "an exception")], "raise")
        self.open = None
        if not statement.finalbody:
            return out + handlers
        self.finallys.pop()
        final = self.node("finally", "finally", statement.finalbody[0].lineno)
        self.connect(out + handlers, final)
        for _, loose in leaving:
            self.connect(loose, final)
        after = self.block(statement.finalbody, [(final, None)])
        for how in dict.fromkeys(how for how, _ in leaving):
            self.leave([(source, label or how) for source, label in after], how)
        self.open = None
        return after if out or handlers else []

    visit_TryStar = visit_Try

    def visit_With(self, statement, ends):
        ends = self.comprehensions_of(statement.items, ends)
        word = "async with" if isinstance(statement, ast.AsyncWith) else "with"
        items = ", ".join(ast.unparse(item) for item in statement.items)
        head = self.step("with", f"{word} {items}", statement.lineno, ends)
        return self.block(statement.body, [(head, None)])

    visit_AsyncWith = visit_With

    def comprehensions_of(self, nodes, ends):
        for node in nodes:
            ends = self.comprehensions(node, ends)
        return ends


def outermost(node):
    """Comprehensions of an expression, not those within them, nor those of functions that are only defined."""
    found, waiting = [], [node]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, COMPREHENSIONS):
            found.append(one)
        elif not isinstance(one, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(one))
    return sorted(found, key=lambda one: (one.lineno, one.col_offset))


def is_irrefutable(pattern):
    if isinstance(pattern, ast.MatchAs):
        return pattern.pattern is None or is_irrefutable(pattern.pattern)
    return isinstance(pattern, ast.MatchOr) and is_irrefutable(pattern.patterns[-1])


def short(node):
    return " ".join(ast.unparse(node).split())


def one_line(node):
    return " ".join(line.strip() for line in ast.unparse(node).split("\n"))


SHAPES = {
    "entry": ('(["', '"])'),
    "exit": ('(["', '"])'),
    "condition": ('{"', '"}'),
    "loop": ('{"', '"}'),
    "match": ('{"', '"}'),
    "case": ('{"', '"}'),
    "except": ('{"', '"}'),
    "raise": ('[["', '"]]'),
}
# Letters that end a text of mermaid, or begin markup, as it writes them itself.
ENTITIES = {
    "#": "#35;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "&": "#amp;",
    "|": "#124;",
    "`": "#96;",
    "\\": "#92;",
}


def mermaid_text(text):
    lines = ["".join(ENTITIES.get(letter, letter) for letter in line) for line in text.split("\n")]
    return "<br/>".join(lines)


def mermaid(graph):
    lines = ["flowchart TD"]
    for node in graph["nodes"]:
        begin, end = SHAPES.get(node["kind"], ('["', '"]'))
        lines.append(f"  {node['id']}{begin}{mermaid_text(node['label'])}{end}")
    for edge in graph["edges"]:
        label = f"|{mermaid_text(edge['label'])}|" if "label" in edge else ""
        lines.append(f"  {edge['from']} -->{label} {edge['to']}")
    return "\n".join(lines)


def dot(graph):
    def quoted(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    lines = [f"digraph {quoted(graph['function'])} {{"]
    for node in graph["nodes"]:
        shape = "diamond" if SHAPES.get(node["kind"], ("[",))[0].startswith("{") else "box"
        lines.append(f"  {node['id']} [label={quoted(node['label'])}, shape={shape}];")
    for edge in graph["edges"]:
        label = f" [label={quoted(edge['label'])}]" if "label" in edge else ""
        lines.append(f"  {edge['from']} -> {edge['to']}{label};")
    return "\n".join([*lines, "}"])


def page(graph):
    labels = {node["id"]: node["label"] for node in graph["nodes"]}

    def row(node):
        outs = [
            f"<li>{html.escape(edge['label']) + ': ' if 'label' in edge else ''}"
            f'<a href="#{edge["to"]}">{html.escape(labels[edge["to"]])}</a></li>'
            for edge in graph["edges"]
            if edge["from"] == node["id"]
        ]
        return (
            f'<tr id="{node["id"]}"><td>{node.get("line", "")}</td><td>{html.escape(node["kind"])}</td>'
            f"<td><pre>{html.escape(node['label'])}</pre></td><td><ul>{''.join(outs)}</ul></td></tr>"
        )

    head = "<tr><th>line</th><th>kind</th><th>code</th><th>goes to</th></tr>"
    rows = "".join(row(node) for node in graph["nodes"])
    return (
        f"<h2>{html.escape(graph['function'])}</h2><table><thead>{head}</thead><tbody>{rows}</tbody></table>"
    )


FORMATS = {"mermaid": mermaid, "json": lambda graph: graph, "html": page, "dot": dot}
