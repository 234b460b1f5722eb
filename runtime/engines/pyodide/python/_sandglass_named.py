"""Operations of host functions by their names: sandglass.sql.query(…), sandglass.kv.get(…), sandglass.browser.navigate(…)."""

import _sandglass_host as host

_SQL = {
    "query": ("database", "query", "params"),
    "execute": ("database", "query", "params"),
    "schema": ("database",),
    "table": ("database", "table"),
    "insert": ("database", "collection", "documents"),
    "find": ("database", "collection", "filter"),
    "count": ("database", "collection", "filter"),
    "update": ("database", "collection", "filter", "update"),
    "delete": ("database", "collection", "filter"),
}

_KV = {
    "get": ("store", "key"),
    "set": ("store", "key", "value"),
    "delete": ("store", "key"),
    "list": ("store",),
}

_SESSION = {
    "get": ("key",),
    "set": ("key", "value"),
    "delete": ("key",),
    "list": (),
}

_BROWSER = {
    "navigate": ("url",),
    "back": (),
    "tabs": ("action", "index"),
    "snapshot": (),
    "extract": ("selectors",),
    "download": ("url",),
    "console": (),
    "network": (),
    "wait_for": ("selector",),
    "click": ("selector",),
    "fill": ("selector", "value"),
    "fill_form": ("data",),
    "press": ("key",),
    "select": ("selector", "values"),
    "scroll": ("by",),
    "screenshot": (),
    "pdf": (),
    "close": (),
}


def _camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class _Verb:
    """One operation, to be called: arguments by place, the others by name."""

    __slots__ = ("__name__", "_operation", "_places")

    def __init__(self, operation, name, places):
        self.__name__ = name
        self._operation = f"{operation}.{_camel(name)}"
        self._places = places

    def _args(self, given, named):
        if len(given) > len(self._places):
            raise TypeError(
                f"{self.__name__}() takes {len(self._places)} arguments by place, not {len(given)}: give the others by name"
            )
        args = dict(zip(self._places, given, strict=False))
        for name, value in named.items():
            args[_camel(name)] = value
        # None is left out, except as the value of a key.
        return {
            name: value
            for name, value in args.items()
            if value is not None or (name == "value" and self._operation in ("kv.set", "session.set"))
        }

    def __call__(self, *given, **named):
        """Calls it and waits."""
        value, data = host.call(self._operation, self._args(given, named))
        return value if data is None else data

    async def later(self, *given, **named):
        """The same without holding up other tasks."""
        value, data = await host.call_async(self._operation, self._args(given, named))
        return value if data is None else data

    def __repr__(self):
        return f"<{self._operation}>"


class _Verbs:
    __slots__ = ("__dict__", "_name")

    def __init__(self, name, verbs):
        self._name = name
        self.__dict__.update({verb: _Verb(name, verb, places) for verb, places in verbs.items()})

    def __repr__(self):
        return f"<sandglass.{self._name}>"


sql = _Verbs("sql", _SQL)
kv = _Verbs("kv", _KV)
session = _Verbs("session", _SESSION)
browser = _Verbs("browser", _BROWSER)
