/** Python: HTTP over the host's `http`, under the shapes that Python people know. */
export const HTTP_SOURCE = String.raw`
"""One request function over the host, and http.client, urllib, pyfetch and small requests and httpx modules on top of it."""
import email.message
import http.client
import importlib.machinery
import io
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import datetime

import _sandglass_host as host

CHUNK = 1 << 20

#: Where relative URLs start, or None; the host resolves them, but urllib wants to know of which scheme they are.
_base = None


def set_base(base):
    global _base
    _base = base


class Answer:
    """One response, read to its end."""

    def __init__(self, head, content):
        self.status = head["status"]
        self.reason = head["statusText"]
        self.url = head["url"]
        self.redirected = head["redirected"]
        self.headers = [(name, value) for name, value in head["headers"]]
        self.content = content


def arguments(method, url, headers, redirect, timeout):
    args = {"url": str(url), "method": method, "headers": [[str(k), str(v)] for k, v in headers], "redirect": redirect, "stream": True}
    if timeout is not None:
        args["timeoutMs"] = max(1, int(timeout * 1000))
    return args


def fetch(method, url, headers=(), body=None, redirect="follow", timeout=None):
    """Asks the host and waits for the whole response."""
    head, content = host.call("http.request", arguments(method, url, headers, redirect, timeout), body)
    parts = [content or b""]
    handle = head.get("body")
    if handle is not None:
        done = False
        while not done:
            state, part = host.call("http.read", {"handle": handle})
            parts.append(part or b"")
            done = state["done"]
    return Answer(head, b"".join(parts))


async def fetch_async(method, url, headers=(), body=None, redirect="follow", timeout=None):
    """The same without blocking other tasks."""
    head, content = await host.call_async("http.request", arguments(method, url, headers, redirect, timeout), body)
    parts = [content or b""]
    handle = head.get("body")
    if handle is not None:
        done = False
        while not done:
            state, part = await host.call_async("http.read", {"handle": handle})
            parts.append(part or b"")
            done = state["done"]
    return Answer(head, b"".join(parts))


def message_of(headers):
    message = http.client.HTTPMessage()
    for name, value in headers:
        message.add_header(name, value)
    return message


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
            answer = fetch(request.get_method(), request.full_url, headers, data, "follow", timeout)
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


CLIENT_SOURCE = '''
"""A small module with the everyday part of NAME's interface, over the host's http."""
import datetime as _datetime
import json as _json
import time as _time
import urllib.parse as _parse
import base64 as _base64
import _sandglass_http as _http
import _sandglass_host as _host

__version__ = "0+sandglass"


class RequestException(IOError):
    def __init__(self, *args, response=None, request=None):
        super().__init__(*args)
        self.response, self.request = response, request


class HTTPError(RequestException):
    pass


class ConnectionError(RequestException):
    pass


class Timeout(RequestException):
    pass


ConnectTimeout = ReadTimeout = TimeoutException = Timeout
ConnectError = RequestError = TransportError = ConnectionError
HTTPStatusError = HTTPError


class JSONDecodeError(RequestException, ValueError):
    pass


class Response:
    def __init__(self, answer, seconds):
        self.status_code, self.reason, self.url = answer.status, answer.reason, answer.url
        self.reason_phrase = answer.reason
        self.headers = _http.Headers(answer.headers)
        self.content = answer.content
        self.elapsed = _datetime.timedelta(seconds=seconds)
        self.history = []
        self.encoding = self.headers.get("content-type", "").lower().partition("charset=")[2].strip('" ;') or "utf-8"

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def is_success(self):
        return 200 <= self.status_code < 300

    @property
    def is_redirect(self):
        return self.status_code in (301, 302, 303, 307, 308)

    @property
    def text(self):
        try:
            return self.content.decode(self.encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self, **options):
        try:
            return _json.loads(self.content, **options)
        except ValueError as error:
            raise JSONDecodeError(str(error)) from None

    def raise_for_status(self):
        if self.status_code >= 400:
            side = "Client" if self.status_code < 500 else "Server"
            raise HTTPError(f"{self.status_code} {side} Error: {self.reason} for url: {self.url}", response=self)
        return self

    def iter_content(self, chunk_size=65536, decode_unicode=False):
        for at in range(0, len(self.content), chunk_size or 65536):
            yield self.content[at:at + (chunk_size or 65536)]

    iter_bytes = iter_content

    def iter_lines(self, **options):
        yield from self.content.splitlines()

    def read(self):
        return self.content

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def __bool__(self):
        return self.ok if "NAME" == "requests" else True

    def __repr__(self):
        return f"<Response [{self.status_code}]>"


def _prepare(url, params, data, json, content, headers, auth, cookies, files):
    if files:
        raise NotImplementedError("Cannot send files: build the multipart body yourself")
    if params:
        pairs = params if isinstance(params, str) else _parse.urlencode(params, doseq=True)
        url = f"{url}{'&' if '?' in url else '?'}{pairs}"
    sent = _http.Headers((headers or {}).items())
    body = content
    if json is not None:
        body = _json.dumps(json).encode("utf-8")
        if "content-type" not in sent:
            sent["Content-Type"] = "application/json"
    elif data is not None:
        if isinstance(data, (str, bytes, bytearray)):
            body = data
        elif hasattr(data, "read"):
            body = data.read()
        else:
            body = _parse.urlencode(data, doseq=True)
            if "content-type" not in sent:
                sent["Content-Type"] = "application/x-www-form-urlencoded"
    if isinstance(body, str):
        body = body.encode("utf-8")
    if auth:
        word = _base64.b64encode(f"{auth[0]}:{auth[1]}".encode("utf-8")).decode("ascii")
        sent["Authorization"] = f"Basic {word}"
    if cookies:
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return url, list(sent.items()), body


def _seconds(timeout):
    if isinstance(timeout, (tuple, list)):
        timeout = sum(part for part in timeout if part)
    return timeout if isinstance(timeout, (int, float)) else None


def _translate(error):
    text = error.strerror or str(error)
    return _host.stand_for(Timeout(text) if isinstance(error, TimeoutError) else ConnectionError(text), error)


class Session:
    def __init__(self, *, base_url="", headers=None, params=None, auth=None, timeout=None, follow_redirects=FOLLOW, cookies=None, **ignored):
        self.headers = _http.Headers((headers or {}).items())
        self.params, self.auth, self.base_url, self.timeout = params or {}, auth, base_url, timeout
        self.follow_redirects, self.cookies = follow_redirects, dict(cookies or {})

    def _arguments(self, method, url, params=None, data=None, json=None, content=None, headers=None, auth=None, timeout=None,
                   allow_redirects=None, follow_redirects=None, cookies=None, files=None, stream=False, verify=True, **ignored):
        if self.base_url and not url.startswith(("http://", "https://")):
            url = f"{str(self.base_url).rstrip('/')}/{url.lstrip('/')}"
        merged = _http.Headers([*self.headers.items(), *()])
        for name, value in (headers or {}).items():
            merged[name] = value
        both = {**self.params, **params} if isinstance(params, dict) else (params or self.params)
        url, sent, body = _prepare(url, both, data, json, content, merged, auth or self.auth, {**self.cookies, **(cookies or {})}, files)
        follow = next((f for f in (allow_redirects, follow_redirects) if f is not None), self.follow_redirects)
        return method.upper(), url, sent, body, "follow" if follow else "manual", _seconds(timeout if timeout is not None else self.timeout)

    def request(self, method, url, **options):
        started = _time.monotonic()
        try:
            answer = _http.fetch(*self._arguments(method, url, **options))
        except PermissionError:
            raise
        except OSError as error:
            raise _translate(error) from error
        return Response(answer, _time.monotonic() - started)

    def get(self, url, **options):
        return self.request("GET", url, **options)

    def head(self, url, **options):
        return self.request("HEAD", url, **options)

    def options(self, url, **options):
        return self.request("OPTIONS", url, **options)

    def delete(self, url, **options):
        return self.request("DELETE", url, **options)

    def post(self, url, data=None, json=None, **options):
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url, data=None, **options):
        return self.request("PUT", url, data=data, **options)

    def patch(self, url, data=None, **options):
        return self.request("PATCH", url, data=data, **options)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


session = Client = Session


class AsyncClient(Session):
    async def request(self, method, url, **options):
        started = _time.monotonic()
        try:
            answer = await _http.fetch_async(*self._arguments(method, url, **options))
        except PermissionError:
            raise
        except OSError as error:
            raise _translate(error) from error
        return Response(answer, _time.monotonic() - started)

    async def aclose(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass


def request(method, url, **options):
    return Session().request(method, url, **options)


def get(url, params=None, **options):
    return request("GET", url, params=params, **options)


def head(url, **options):
    return request("HEAD", url, **options)


def options(url, **options):
    return request("OPTIONS", url, **options)


def delete(url, **options):
    return request("DELETE", url, **options)


def post(url, data=None, json=None, **options):
    return request("POST", url, data=data, json=json, **options)


def put(url, data=None, **options):
    return request("PUT", url, data=data, **options)


def patch(url, data=None, **options):
    return request("PATCH", url, data=data, **options)


class codes:
    ok, created, no_content, not_found = 200, 201, 204, 404
'''


class ClientFinder:
    """Answers for requests and httpx where the real ones are not installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("requests", "httpx", "requests.exceptions"):
            return importlib.machinery.ModuleSpec(name, ClientFinder, is_package=name == "requests")
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        name = module.__name__
        if name == "requests.exceptions":
            whole = sys.modules["requests"]
            module.__dict__.update({k: v for k, v in vars(whole).items() if isinstance(v, type) and issubclass(v, Exception)})
            return
        follow = "True" if name == "requests" else "False"
        source = CLIENT_SOURCE.replace("NAME", name).replace("FOLLOW", follow, 1)
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
        if name == "requests":
            import importlib
            module.exceptions = importlib.import_module("requests.exceptions")


def install():
    install_client()
    install_urllib()
    pyfetch_module()
    sys.meta_path.append(ClientFinder)
`;
