"""Reads Python files without running them: what each decorates with @tool, and what it needs, by its path."""

import ast
import json
import re

TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}


def schema(node):
    if node is None:
        return {}
    if isinstance(node, ast.Constant):
        if node.value is None:
            return {"type": "null"}
        if isinstance(node.value, str):
            try:
                return schema(ast.parse(node.value, mode="eval").body)
            except SyntaxError:
                return {}
    if isinstance(node, ast.Attribute):
        node = ast.Name(id=node.attr)
    if isinstance(node, ast.Name):
        if node.id in TYPES:
            return {"type": TYPES[node.id]}
        if node.id in ("list", "List", "tuple", "set", "Sequence"):
            return {"type": "array"}
        if node.id in ("dict", "Dict", "Mapping"):
            return {"type": "object"}
        return {}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return either([schema(node.left), schema(node.right)])
    if isinstance(node, ast.Subscript):
        name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Optional":
            return either([schema(inner[0]), {"type": "null"}])
        if name == "Union":
            return either([schema(one) for one in inner])
        if name == "Annotated":
            found = schema(inner[0])
            texts = [
                one.value for one in inner[1:] if isinstance(one, ast.Constant) and isinstance(one.value, str)
            ]
            return {**found, "description": texts[0]} if texts else found
        if name == "Literal":
            return {"enum": [one.value for one in inner if isinstance(one, ast.Constant)]}
        if name in ("list", "List", "Sequence", "set", "Set"):
            return {"type": "array", "items": schema(inner[0])}
        if name in ("dict", "Dict", "Mapping") and len(inner) == 2:
            return {"type": "object", "additionalProperties": schema(inner[1])}
        if name in ("tuple", "Tuple"):
            return {"type": "array"}
    return {}


def either(parts):
    if any(part == {} for part in parts):
        return {}
    flat = []
    for part in parts:
        for one in part["anyOf"] if set(part) == {"anyOf"} else [part]:
            if one not in flat:
                flat.append(one)
    if len(flat) == 1:
        return flat[0]
    return {"anyOf": flat}


def described(text):
    """The first paragraph, and what is said of each parameter."""
    lines = (text or "").split("\n")
    first = []
    for line in lines:
        if not line.strip():
            if first:
                break
            continue
        if re.match(r"\s*(:param|Args:|Arguments:|Parameters)", line):
            break
        first.append(line.strip())
    found = {}
    for line in lines:
        match = re.match(r"\s*:param\s+(?:[\w\[\], ]+\s+)?(\w+):\s*(.+)", line) or re.match(
            r"\s+(\w+)\s*(?:\([^)]*\))?:\s+(.+)", line
        )
        if match:
            found.setdefault(match[1], match[2].strip())
    return " ".join(first), found


class Refused(Exception):
    pass


def tool_of(node, decorator):
    fields = {}
    if isinstance(decorator, ast.Call):
        if decorator.args:
            raise Refused(f"line {decorator.lineno}: @tool takes its fields by name")
        for one in decorator.keywords:
            try:
                fields[one.arg] = ast.literal_eval(one.value)
            except Exception:
                raise Refused(f"line {decorator.lineno}: {one.arg} of @tool is not a constant") from None
    text, notes = described(ast.get_docstring(node))
    given = node.args
    if given.posonlyargs or given.vararg or given.kwarg:
        raise Refused(f"line {node.lineno}: {node.name} takes more than parameters by name")
    properties, required = {}, []
    defaults = [None] * (len(given.args) - len(given.defaults)) + given.defaults
    pairs = [*zip(given.args, defaults, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    for one, default in pairs:
        part = schema(one.annotation)
        if one.arg in notes and "description" not in part:
            part = {**part, "description": notes[one.arg]}
        if default is None:
            required.append(one.arg)
        else:
            try:
                value = ast.literal_eval(default)
                json.dumps(value, allow_nan=False)
                if value is not None:
                    part = {**part, "default": value}
                elif part.get("type") not in (None, "null"):
                    part = {k: v for k, v in part.items() if k != "type"} | {
                        "anyOf": [{"type": part["type"]}, {"type": "null"}]
                    }
            except Exception:
                pass
        properties[one.arg] = part
    input = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"function": node.name, "description": text, "input": input, "fields": fields}


def is_tool(decorator):
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (
        isinstance(target, ast.Name)
        and target.id == "tool"
        or isinstance(target, ast.Attribute)
        and target.attr == "tool"
        and getattr(target.value, "id", "") == "sandglass"
    )


NETWORK = {"requests", "httpx", "aiohttp", "urllib3", "http", "websockets"}
WRITES = {"write_text", "write_bytes", "mkdir", "makedirs", "touch"}
DELETES = {"unlink", "rmtree", "rmdir"}
READS = {"read_text", "read_bytes", "iterdir", "listdir", "scandir"}


def scratch(node):
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (node.value == "/tmp" or node.value.startswith("/tmp/"))
    )


def needs_of(tree):
    found = []

    def add(capability, by, node):
        found.append({"capability": capability, "by": by, "line": getattr(node, "lineno", 1)})

    defined = {
        node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    for node in ast.walk(tree):
        names = (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
        for name in names:
            if (
                name.split(".")[0] in NETWORK
                and name not in ("http", "http.cookies")
                or name == "urllib.request"
            ):
                add("http", f"import {name}", node)
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.id
            if isinstance(node.func, ast.Name)
            else node.func.attr
            if isinstance(node.func, ast.Attribute)
            else ""
        )
        place = node.args[0] if node.args else None
        if isinstance(node.func, ast.Name) and name == "open" and "open" not in defined:
            if scratch(place):
                continue
            mode = (
                node.args[1]
                if len(node.args) > 1
                else next((one.value for one in node.keywords if one.arg == "mode"), None)
            )
            text = (
                mode.value
                if isinstance(mode, ast.Constant) and isinstance(mode.value, str)
                else "r"
                if mode is None
                else "?"
            )
            first = ast.unparse(place)[:40] if place is not None else ""
            second = f", {text!r}" if mode is not None and text != "?" else ""
            shown = f"open({first}{second})"
            if any(letter in text for letter in "wax+"):
                add("fs.write", shown, node)
            if text != "?" and ("r" in text or "+" in text or not any(letter in text for letter in "wax")):
                add("fs.read", shown, node)
        elif isinstance(node.func, ast.Attribute):
            if scratch(place):
                continue
            owner = ast.unparse(node.func.value)[:60]
            if "/tmp" in owner:
                continue
            if owner == "os" and name == "remove" or name in DELETES:
                add("fs.delete", f"{owner}.{name}", node)
            elif name in WRITES:
                add("fs.write", f"{owner}.{name}", node)
            elif name in READS:
                add("fs.read", f"{owner}.{name}", node)
    return found


answer = {}
for file in globals()["files"]:
    try:
        tree = ast.parse(file["code"])
        tools = [
            tool_of(node, one)
            for node in tree.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for one in node.decorator_list
            if is_tool(one)
        ]
        answer[file["path"]] = {"tools": tools, "needs": needs_of(tree)}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        answer[file["path"]] = {"error": f"{type(error).__name__}: {error}", "tools": [], "needs": []}
    except Refused as error:
        answer[file["path"]] = {"error": str(error), "tools": [], "needs": []}
json.dumps(answer)
