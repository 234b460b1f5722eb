"""What a program has of Sandglass beyond Python's own library: calls to tools and to host functions of the embedder, and its grant."""

import _sandglass_host as _host
from _sandglass_host import HostCallError
from _sandglass_named import browser, kv, session, sql
from _sandglass_tools import ToolError, tools

__all__ = [
    "HostCallError",
    "ToolError",
    "browser",
    "call",
    "call_async",
    "grant",
    "kv",
    "log",
    "progress",
    "remaining_ms",
    "session",
    "sql",
    "tool",
    "tools",
]


def grant():
    """What the program was granted, as a dict; an absent part is denied. Paths are the program's own."""
    return _host.call("sandglass.grant", {})[0]


def remaining_ms():
    """Milliseconds that are left of the run's time."""
    return max(0, _host.call("sandglass.remaining", {})[0])


def log(level, message, data=None):
    """Tells whoever listens to the run a line: level is "debug", "info", "warn" or "error", data is JSON."""
    args = {"level": level, "message": str(message)}
    _host.call("sandglass.log", args if data is None else {**args, "data": data})


def progress(share, message=None):
    """Tells whoever listens to the run how much of the work is done, from 0 to 1."""
    args = {"share": share}
    _host.call("sandglass.progress", args if message is None else {**args, "message": str(message)})


def tool(function=None, **fields):
    """Marks a function as a tool. What it is called, takes and says of itself is read from its source."""

    def marked(function):
        function.__sandglass_tool__ = True
        return function

    return marked if function is None else marked(function)


def _request(operation, args, body):
    if not isinstance(operation, str):
        raise TypeError(
            f"Cannot call a host function: its name must be a str, not {type(operation).__name__}"
        )
    if args is not None and not isinstance(args, dict):
        raise TypeError(f"Cannot call {operation}: its arguments must be a dict, not {type(args).__name__}")
    if body is not None and not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError(f"Cannot call {operation}: its body must be bytes, not {type(body).__name__}")
    return operation, args or {}, body


def _answer(value, data):
    return value if data is None else {"value": value, "bytes": data}


def call(operation, args=None, body=None):
    """Calls a host function by the name of its operation and waits for it.

    args is a dict of JSON values. The answer is the function's value, or {"value": …, "bytes": …} where it gives bytes.
    Raises PermissionError for what no grant covers, ValueError for arguments that the function does not take, OSError for a call that failed,
    and HostCallError, which is an OSError, for one that could not be made.
    """
    return _answer(*_host.call(*_request(operation, args, body)))


async def call_async(operation, args=None, body=None):
    """The same without holding up other tasks."""
    return _answer(*await _host.call_async(*_request(operation, args, body)))
