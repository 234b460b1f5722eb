"""The tools that a program's grant names, as functions."""

import _sandglass_host as host


class ToolError(Exception):
    """A call of a tool that failed. code says how, hint what helps, details what about it."""

    def __init__(self, message, code="HOST_CALL_FAILED", hint=None, details=None):
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.details = details

    def __str__(self):
        return self.message if self.hint is None else f"{self.message}. {self.hint}"


def failed(refusal):
    error = ToolError(
        refusal["message"],
        code=refusal["code"],
        hint=refusal.get("hint"),
        details=refusal.get("details"),
    )
    return host.remember(error, refusal)


def request(name, args, named):
    if not isinstance(name, str):
        raise TypeError(f"Cannot call a tool: its name must be a str, not {type(name).__name__}")
    if args is not None and not isinstance(args, dict):
        raise TypeError(
            f"Cannot call {name}: a tool takes its arguments by name, or one dict of them, not {type(args).__name__}"
        )
    return {"name": name, "args": {**(args or {}), **named}}


class Tool:
    """One tool, to be called."""

    __slots__ = ("__name__",)

    def __init__(self, name):
        self.__name__ = name

    def __call__(self, args=None, /, **named):
        return tools.call(self.__name__, args, **named)

    def __repr__(self):
        return f"<tool {self.__name__}>"


class Tools:
    """tools.NAME(argument=…) calls a tool and waits; await tools.acall("NAME", argument=…) lets other tasks go on."""

    __slots__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)  # asked by copy, inspect and the like
        return Tool(name)

    def __getitem__(self, name):
        if not isinstance(name, str):
            raise TypeError(f"Cannot find a tool: its name must be a str, not {type(name).__name__}")
        return Tool(name)

    def call(self, name, args=None, /, **named):
        """Calls a tool by its name and waits. Answers its result; raises ToolError."""
        return host.call("tools.call", request(name, args, named), failed=failed)[0]["value"]

    async def acall(self, name, args=None, /, **named):
        """The same without holding up other tasks."""
        answer = await host.call_async("tools.call", request(name, args, named), failed=failed)
        return answer[0]["value"]

    def search(self, query, limit=None):
        """Tools by words of their names and descriptions, best first: a list of dicts with name, description and score."""
        args = {"query": query} if limit is None else {"query": query, "limit": limit}
        return host.call("tools.search", args, failed=failed)[0]

    def describe(self, name):
        """What a tool takes and answers: a dict with name, description, input, output, examples and signature."""
        return host.call("tools.describe", {"name": name, "language": "python"}, failed=failed)[0]

    def __repr__(self):
        return "<tools>"


tools = Tools()
