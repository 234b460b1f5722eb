"""One request over the host, its answer in pieces, and header names without regard to case."""

import errno

import _sandglass_host as host

#: Where relative URLs start, or None; the host resolves them, but urllib wants to know of which scheme they are.
_base = None

NO_BASE = "it is not an absolute URL, and no entry of the http grant has a base for relative ones"


def set_base(base):
    global _base
    _base = base


def base():
    return _base


class Answer:
    """One response. Its body comes in pieces, as it is asked for."""

    def __init__(self, head, content):
        self.status = head["status"]
        self.reason = head["statusText"]
        self.url = head["url"]
        self.redirected = head["redirected"]
        self.headers = [(name, value) for name, value in head["headers"]]
        self._handle = head.get("body")
        self._first = content

    def next(self):
        """The next piece, possibly an empty one; None after the last."""
        if self._first is not None:
            part, self._first = self._first, None
            return part
        if self._handle is None:
            return None
        return self._took(*host.call("http.read", {"handle": self._handle}))

    async def next_async(self):
        if self._first is not None or self._handle is None:
            return self.next()
        return self._took(*await host.call_async("http.read", {"handle": self._handle}))

    def _took(self, state, part):
        if state["done"]:
            self._handle = None
        return part or b""

    def read(self):
        """All that is left."""
        parts = []
        while (part := self.next()) is not None:
            parts.append(part)
        return b"".join(parts)

    async def read_async(self):
        parts = []
        while (part := await self.next_async()) is not None:
            parts.append(part)
        return b"".join(parts)

    def close(self):
        handle, self._handle, self._first = self._handle, None, None
        if handle is not None:
            try:
                host.call("http.close", {"handle": handle})
            except OSError as error:
                forgive_ended(error)

    async def close_async(self):
        handle, self._handle, self._first = self._handle, None, None
        if handle is not None:
            try:
                await host.call_async("http.close", {"handle": handle})
            except OSError as error:
                forgive_ended(error)


def forgive_ended(error):
    """Of an answer that has ended by itself, as it does when it takes too long, there is nothing left to close."""
    if error.errno != errno.EBADF:
        raise error


def arguments(method, url, headers, redirect, timeout):
    args = {
        "url": str(url),
        "method": method,
        "headers": [[str(k), str(v)] for k, v in headers],
        "redirect": redirect,
        "stream": True,
    }
    if timeout is not None:
        args["timeoutMs"] = max(1, int(timeout * 1000))
    return args


def begin(method, url, headers=(), body=None, redirect="follow", timeout=None):
    """Asks the host and waits for the head of the response."""
    return Answer(*host.call("http.request", arguments(method, url, headers, redirect, timeout), body))


async def begin_async(method, url, headers=(), body=None, redirect="follow", timeout=None):
    """The same without blocking other tasks."""
    return Answer(
        *await host.call_async("http.request", arguments(method, url, headers, redirect, timeout), body)
    )


def fetch(*request):
    """Asks the host and waits for the whole response."""
    answer = begin(*request)
    answer.content = answer.read()
    return answer


async def fetch_async(*request):
    """The same without blocking other tasks."""
    answer = await begin_async(*request)
    answer.content = await answer.read_async()
    return answer


class Headers(dict):
    """Header names without regard to case."""

    def __init__(self, pairs=()):
        super().__init__()
        for name, value in pairs:
            known = self.get(name)
            self[name] = value if known is None else f"{known}, {value}"

    def __setitem__(self, name, value):
        for known in self:
            if known.lower() == name.lower():
                return super().__setitem__(known, value)
        return super().__setitem__(name, value)

    def __getitem__(self, name):
        for known in self:
            if known.lower() == name.lower():
                return super().__getitem__(known)
        raise KeyError(name)

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name):
        return any(known.lower() == str(name).lower() for known in self)
