/** Python: HTTP over the host's `http`, under the shapes that Python people know. */
export const HTTP_SOURCE = String.raw`
"""One request function over the host, and http.client, urllib, pyfetch and small requests and httpx modules on top of it."""
import email.message
import http.client
import importlib
import importlib.machinery
import io
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import _sandglass_host as host

CHUNK = 1 << 20

#: Where relative URLs start, or None; the host resolves them, but urllib wants to know of which scheme they are.
_base = None


NO_BASE = "it is no absolute URL, and no entry of the http grant has a base for relative ones"


def set_base(base):
    global _base
    _base = base


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
            host.call("http.close", {"handle": handle})

    async def close_async(self):
        handle, self._handle, self._first = self._handle, None, None
        if handle is not None:
            await host.call_async("http.close", {"handle": handle})


def arguments(method, url, headers, redirect, timeout):
    args = {"url": str(url), "method": method, "headers": [[str(k), str(v)] for k, v in headers], "redirect": redirect, "stream": True}
    if timeout is not None:
        args["timeoutMs"] = max(1, int(timeout * 1000))
    return args


def begin(method, url, headers=(), body=None, redirect="follow", timeout=None):
    """Asks the host and waits for the head of the response."""
    return Answer(*host.call("http.request", arguments(method, url, headers, redirect, timeout), body))


async def begin_async(method, url, headers=(), body=None, redirect="follow", timeout=None):
    """The same without blocking other tasks."""
    return Answer(*await host.call_async("http.request", arguments(method, url, headers, redirect, timeout), body))


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


def message_of(headers):
    message = http.client.HTTPMessage()
    for name, value in headers:
        message.add_header(name, value)
    return message


class Carrier:
    """Headers in the shape that cookie jars read."""

    def __init__(self, headers):
        self._message = message_of(headers)

    def info(self):
        return self._message


class ClientResponse(io.BytesIO):
    """What http.client and urllib answer with."""

    def __init__(self, answer):
        super().__init__(answer.content)
        self.status = self.code = answer.status
        self.reason = self.msg = answer.reason
        self.version = 11
        self.url = answer.url
        self.headers = message_of(answer.headers)
        self.length = len(answer.content)
        self.will_close = True
        self.chunked = False

    def getheader(self, name, default=None):
        values = self.headers.get_all(name)
        return ", ".join(values) if values else default

    def getheaders(self):
        return list(self.headers.items())

    def info(self):
        return self.headers

    def geturl(self):
        return self.url

    def getcode(self):
        return self.status

    def isclosed(self):
        return self.closed


def url_of(connection, target):
    scheme = "https" if isinstance(connection, http.client.HTTPSConnection) else "http"
    if target.startswith(("http://", "https://")):
        return target
    default = 443 if scheme == "https" else 80
    name = f"[{connection.host}]" if ":" in connection.host else connection.host
    port = "" if connection.port in (None, default) else f":{connection.port}"
    return f"{scheme}://{name}{port}{target}"


def install_client():
    """http.client without its socket; whatever is built on it follows."""
    kind = http.client.HTTPConnection

    def connect(self):
        self.sock = self.sock or True

    def putrequest(self, method, url, skip_host=False, skip_accept_encoding=False):
        self._validate_method(method)
        self._validate_path(url or "/")
        self._sandglass = {"method": method, "url": url_of(self, url), "headers": [], "body": bytearray()}

    def putheader(self, header, *values):
        text = lambda item: item.decode("latin-1") if isinstance(item, (bytes, bytearray)) else str(item)
        name = text(header)
        if name.lower() not in ("host", "content-length", "connection", "transfer-encoding"):
            self._sandglass["headers"].append((name, ", ".join(text(value) for value in values)))

    def endheaders(self, message_body=None, *, encode_chunked=False):
        if message_body is not None:
            self.send(message_body)

    def send(self, data):
        body = self._sandglass["body"]
        if hasattr(data, "read"):
            while part := data.read(CHUNK):
                body += part.encode("utf-8") if isinstance(part, str) else part
        elif isinstance(data, str):
            body += data.encode("latin-1")
        elif isinstance(data, (bytes, bytearray, memoryview)):
            body += data
        else:
            for part in data:
                body += part

    def request(self, method, url, body=None, headers={}, *, encode_chunked=False):
        self.putrequest(method, url)
        for name, value in headers.items():
            self.putheader(name, value)
        if isinstance(body, str):
            body = body.encode("iso-8859-1")
        self.endheaders(body)

    def getresponse(self):
        pending = self._sandglass
        timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
        return ClientResponse(fetch(pending["method"], pending["url"], pending["headers"], bytes(pending["body"]) or None,
                                    getattr(self, "_sandglass_redirect", "manual"), timeout))

    def close(self):
        self.sock = None

    for function in (connect, putrequest, putheader, endheaders, send, request, getresponse, close):
        setattr(kind, function.__name__, function)
    http.client.HTTPSConnection.connect = connect


class HostHandler(urllib.request.BaseHandler):
    handler_order = 100

    def http_open(self, request):
        client = http.client.HTTPConnection  # what urllib has check the address: InvalidURL for blanks and control characters
        client._validate_host(client, request.host or "")
        client._validate_path(client, request.selector)
        headers = [(k, v) for k, v in {**request.unredirected_hdrs, **request.headers}.items()
                   if k.lower() not in ("host", "content-length", "connection")]
        data = request.data
        if data is not None and not isinstance(data, (bytes, bytearray, memoryview)):
            data = data.read() if hasattr(data, "read") else b"".join(data)
        timeout = request.timeout if isinstance(request.timeout, (int, float)) else None
        try:
            # Where a redirect leads is for the handlers of the opener to say, which ask again.
            answer = fetch(request.get_method(), request.full_url, headers, data, "manual", timeout)
        except PermissionError:
            raise
        except OSError as error:
            raise host.stand_for(urllib.error.URLError(error), error) from error
        return ClientResponse(answer)

    https_open = http_open


def install_urllib():
    def parse(self):
        if _base is not None and urllib.parse.urlsplit(self._full_url).scheme == "":
            self._full_url = urllib.parse.urljoin(_base, self._full_url)
        try:
            plain_parse(self)
        except ValueError as error:
            if _base is not None:
                raise
            raise ValueError(f"{error}: no absolute URL, and no entry of the http grant has a base for relative ones") from None
    plain_parse = urllib.request.Request._parse
    urllib.request.Request._parse = parse

    def build(*handlers):
        return plain(*handlers, HostHandler)
    plain = urllib.request.build_opener
    urllib.request.build_opener = build
    urllib.request.install_opener(build())


def pyfetch_module():
    """pyodide.http: the names that notebooks use."""
    import pyodide.http as module

    class FetchResponse:
        def __init__(self, answer):
            self._answer = answer
            self.url, self.status, self.status_text = answer.url, answer.status, answer.reason
            self.redirected, self.ok, self.body_used, self.type = answer.redirected, 200 <= answer.status < 300, False, "basic"
            self.headers = {name.lower(): value for name, value in answer.headers}

        def raise_for_status(self):
            if self.status >= 400:
                raise OSError(f"{self.status} {self.status_text} for url: {self.url}")

        async def bytes(self):
            return self._answer.content

        async def buffer(self):
            return self._answer.content

        async def memoryview(self):
            return memoryview(self._answer.content)

        async def text(self):
            return self._answer.content.decode("utf-8")

        string = text

        async def json(self, **options):
            return json.loads(self._answer.content, **options)

        def clone(self):
            return FetchResponse(self._answer)

    async def pyfetch(url, **options):
        headers = options.get("headers") or {}
        body = options.get("body")
        if isinstance(body, str):
            body = body.encode("utf-8")
        pairs = headers.items() if hasattr(headers, "items") else headers
        return FetchResponse(await fetch_async(options.get("method", "GET"), url, list(pairs), body, options.get("redirect", "follow")))

    def open_url(url):
        return io.StringIO(fetch("GET", url).content.decode("utf-8"))

    module.FetchResponse, module.pyfetch, module.open_url = FetchResponse, pyfetch, open_url


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


#: Module → its source, or None for one that another makes; filled where this module is loaded.
SOURCES = {}
_parts = set()


def add_parts(package, names):
    """Submodules of a package that is one module here: each has all of its names."""
    for name in names:
        _parts.add(f"{package}.{name}")
        importlib.import_module(f"{package}.{name}")


def alias(name, module):
    """Another name for a module and what is below it."""
    for known in list(sys.modules):
        if known == module or known.startswith(module + "."):
            sys.modules[name + known.removeprefix(module)] = sys.modules[known]


class ClientFinder:
    """Answers for requests and httpx where the real ones are not installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in SOURCES or name in _parts:
            return importlib.machinery.ModuleSpec(name, ClientFinder, is_package=True)
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        if name in SOURCES:
            exec(compile(SOURCES[name], f"<{name}>", "exec"), module.__dict__)
            return
        whole = sys.modules[name.partition(".")[0]]
        module.__dict__.update({key: value for key, value in vars(whole).items() if not key.startswith("__")})


def install():
    install_client()
    install_urllib()
    pyfetch_module()
    sys.meta_path.append(ClientFinder)
`;
