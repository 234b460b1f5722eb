"""The everyday part of httpx, over the host's http: each hop of a redirect is checked by the grant."""

import asyncio as _asyncio
import base64 as _base64
import contextlib as _contextlib
import enum as _enum
import http as _http
import json as _json
import time as _time
import urllib.parse as _parse

import _sandglass_host as _host
import _sandglass_http as _web
import _sandglass_http_exchange as _core

__version__ = "0.28.0+sandglass"
Headers = _core.Headers
Cookies = _core.Cookies


class HTTPError(Exception):
    def __init__(self, message, *, request=None):
        super().__init__(message)
        self.request = request


class RequestError(HTTPError): ...


class TransportError(RequestError): ...


class TimeoutException(TransportError): ...


class ConnectTimeout(TimeoutException): ...


class ReadTimeout(TimeoutException): ...


class WriteTimeout(TimeoutException): ...


class PoolTimeout(TimeoutException): ...


class NetworkError(TransportError): ...


class ConnectError(NetworkError): ...


class ReadError(NetworkError): ...


class WriteError(NetworkError): ...


class CloseError(NetworkError): ...


class ProxyError(TransportError): ...


class UnsupportedProtocol(TransportError): ...


class ProtocolError(TransportError): ...


class LocalProtocolError(ProtocolError): ...


class RemoteProtocolError(ProtocolError): ...


class DecodingError(RequestError): ...


class TooManyRedirects(RequestError): ...


class InvalidURL(Exception): ...


class CookieConflict(Exception): ...


class StreamError(RuntimeError): ...


class StreamConsumed(StreamError): ...


class StreamClosed(StreamError): ...


class ResponseNotRead(StreamError): ...


class HTTPStatusError(HTTPError):
    def __init__(self, message, *, request=None, response=None):
        super().__init__(message, request=request)
        self.response = response


class URL(str):
    def __new__(cls, url="", params=None):
        self = super().__new__(cls, _core.with_params(str(url), params, True))
        self._parts = _parse.urlsplit(str.__str__(self))
        return self

    scheme = property(lambda self: self._parts.scheme)
    host = property(lambda self: self._parts.hostname or "")
    port = property(lambda self: self._parts.port)
    path = property(lambda self: _parse.unquote(self._parts.path) or "/")
    query = property(lambda self: self._parts.query.encode("ascii", "replace"))
    fragment = property(lambda self: self._parts.fragment)
    params = property(lambda self: dict(_parse.parse_qsl(self._parts.query)))
    netloc = property(lambda self: self._parts.netloc.encode("ascii", "replace"))
    raw_path = property(
        lambda self: (
            (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")
        ).encode("ascii", "replace")
    )
    is_absolute_url = property(lambda self: bool(self._parts.scheme and self._parts.netloc))

    def join(self, url):
        return URL(_parse.urljoin(str(self), str(url)))

    def copy_merge_params(self, params):
        return URL(self, params)

    def __str__(self):
        return str.__str__(self)

    def __repr__(self):
        return f"URL({str(self)!r})"


class Timeout:
    def __init__(self, timeout=5.0, *, connect=..., read=..., write=..., pool=...):
        self.connect, self.read, self.write, self.pool = (
            timeout if part is ... else part for part in (connect, read, write, pool)
        )


class Limits:
    def __init__(self, *, max_connections=None, max_keepalive_connections=None, keepalive_expiry=5.0):
        self.max_connections, self.max_keepalive_connections = max_connections, max_keepalive_connections


class HTTPTransport:
    def __init__(
        self,
        verify=True,
        cert=None,
        trust_env=True,
        http1=True,
        http2=False,
        limits=None,
        proxy=None,
        uds=None,
        local_address=None,
        retries=0,
        socket_options=None,
    ):
        _core.refuse(
            cert=cert, proxy=proxy, uds=uds, local_address=local_address, socket_options=socket_options
        )
        self.retries = retries


class AsyncHTTPTransport(HTTPTransport):
    pass


class BasicAuth:
    def __init__(self, username, password):
        word = _base64.b64encode(f"{username}:{password}".encode("utf-8")).decode("ascii")
        self._header = f"Basic {word}"

    def __call__(self, request):
        request.headers["Authorization"] = self._header
        return request


class DigestAuth:
    def __init__(self, username, password):
        raise NotImplementedError("Cannot sign in by digest: only basic and header authentication are here")


codes = _enum.IntEnum("codes", {status.name: int(status) for status in _http.HTTPStatus})


class Request:
    def __init__(
        self,
        method,
        url,
        *,
        params=None,
        headers=None,
        cookies=None,
        content=None,
        data=None,
        files=None,
        json=None,
        extensions=None,
    ):
        self.method, self.url, self.headers = method.upper(), URL(url, params), Headers(headers)

        def compact(value):
            return _json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

        self.content = _core.encode_body(self.headers, data, json, content, files, compact)
        self._cookies, self.extensions = cookies, extensions or {}

    def read(self):
        return self.content or b""

    def __repr__(self):
        return f"<Request({self.method!r}, {str(self.url)!r})>"


class Response:
    def __init__(
        self, status_code=200, *, headers=None, content=None, text=None, json=None, request=None, answer=None
    ):
        self.status_code, self.request, self.history = status_code, request, []
        self.headers, self.cookies, self.elapsed, self._body = Headers(headers), Cookies(), None, None
        self.http_version, self.is_closed, self.is_stream_consumed, self._encoding = (
            "HTTP/1.1",
            False,
            False,
            None,
        )
        if answer is None:
            self._content = (
                content
                if content is not None
                else text.encode("utf-8")
                if text is not None
                else (_json.dumps(json).encode("utf-8") if json is not None else b"")
            )
            self._reason, self._answer = "", None
            return
        _core.answered(answer.headers, self.headers)
        self._content, self._reason, self._answer = None, answer.reason, answer
        self.cookies.take(answer.url or str(request.url), answer.headers)

    @property
    def url(self):
        return self.request.url

    @property
    def reason_phrase(self):
        return self._reason or getattr(
            _http.HTTPStatus._value2member_map_.get(self.status_code), "phrase", ""
        )

    @property
    def content(self):
        if self._content is None:
            raise ResponseNotRead(
                "Attempted to access streaming response content, without having called read()."
            )
        return self._content

    @property
    def charset_encoding(self):
        return _core.charset_of(self.headers)

    @property
    def encoding(self):
        return self._encoding or self.charset_encoding or "utf-8"

    @encoding.setter
    def encoding(self, value):
        self._encoding = value

    @property
    def text(self):
        return self.content.decode(self.encoding, "replace")

    def json(self, **options):
        return _json.loads(self.content, **options)

    is_informational = property(lambda self: 100 <= self.status_code < 200)
    is_success = property(lambda self: 200 <= self.status_code < 300)
    is_redirect = property(lambda self: 300 <= self.status_code < 400)
    is_client_error = property(lambda self: 400 <= self.status_code < 500)
    is_server_error = property(lambda self: 500 <= self.status_code < 600)
    is_error = property(lambda self: 400 <= self.status_code < 600)
    has_redirect_location = property(
        lambda self: self.status_code in _core.REDIRECTS and "location" in self.headers
    )
    links = property(lambda self: _core.links_of(self.headers))
    num_bytes_downloaded = property(lambda self: len(self._content or b""))

    def raise_for_status(self):
        if self.is_success:
            return self
        kind = {
            1: "Informational response",
            3: "Redirect response",
            4: "Client error",
            5: "Server error",
        }.get(self.status_code // 100, "Error")
        raise HTTPStatusError(
            f"{kind} '{self.status_code} {self.reason_phrase}' for url '{self.url}'",
            request=self.request,
            response=self,
        )

    def read(self):
        if self._content is None:
            self._content = b"".join(self._pieces())
        return self._content

    async def aread(self):
        if self._content is None:
            self._content = b"".join([piece async for piece in self._apieces()])
        return self._content

    def _pieces(self):
        if self._content is not None:
            yield self._content
            return
        self._consume()
        with _translated(self.request):
            while (part := self._answer.next()) is not None:
                if part:
                    yield part

    async def _apieces(self):
        if self._content is not None:
            yield self._content
            return
        self._consume()
        with _translated(self.request):
            while (part := await self._answer.next_async()) is not None:
                if part:
                    yield part

    def _consume(self):
        if self.is_closed:
            raise StreamClosed("Attempted to read or stream content, but the stream has been closed.")
        if self.is_stream_consumed:
            raise StreamConsumed(
                "Attempted to read or stream some content, but the content has already been streamed."
            )
        self.is_stream_consumed = True

    def iter_bytes(self, chunk_size=None):
        return _core.split(self._pieces(), chunk_size)

    iter_raw = iter_bytes

    def iter_text(self, chunk_size=None):
        return _core.decoded(self._pieces(), self.encoding)

    def iter_lines(self):
        return _core.lines_of(self.iter_text())

    async def aiter_bytes(self, chunk_size=None):
        async for piece in self._apieces():
            for part in _core.split([piece], chunk_size):
                yield part

    aiter_raw = aiter_bytes

    async def aiter_text(self, chunk_size=None):
        import codecs

        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        async for piece in self._apieces():
            if text := decoder.decode(piece):
                yield text
        if text := decoder.decode(b"", True):
            yield text

    async def aiter_lines(self):
        rest = ""
        async for text in self.aiter_text():
            lines = (rest + text).splitlines(keepends=True)
            rest = lines.pop() if lines and not lines[-1].endswith(("\n", "\r")) else ""
            for line in lines:
                yield line.rstrip("\r\n")
        if rest:
            yield rest

    def close(self):
        self.is_closed = True
        if self._answer is not None:
            self._answer.close()

    async def aclose(self):
        self.is_closed = True
        if self._answer is not None:
            await self._answer.close_async()

    def __repr__(self):
        return f"<Response [{self.status_code} {self.reason_phrase}]>"


@_contextlib.contextmanager
def _translated(request):
    try:
        yield
    except PermissionError:
        raise
    except OSError as error:
        kind = ReadTimeout if isinstance(error, TimeoutError) else ConnectError
        raise _host.stand_for(kind(error.strerror or str(error), request=request), error) from error


class _BaseClient:
    def __init__(
        self,
        *,
        auth=None,
        params=None,
        headers=None,
        cookies=None,
        verify=True,
        cert=None,
        http1=True,
        http2=False,
        proxy=None,
        proxies=None,
        mounts=None,
        timeout=5.0,
        follow_redirects=False,
        limits=None,
        max_redirects=20,
        event_hooks=None,
        base_url="",
        transport=None,
        app=None,
        trust_env=True,
        default_encoding="utf-8",
    ):
        # The host checks certificates and keeps connections, whatever "verify" and "limits" say.
        _core.refuse(
            cert=cert,
            proxy=proxy,
            proxies=proxies,
            mounts=mounts,
            app=app,
            transport=None if isinstance(transport, HTTPTransport) else transport,
        )
        self._retries = getattr(transport, "retries", 0)
        self.auth, self.params, self.headers, self.cookies = (
            auth,
            dict(_core.pairs_of(params)),
            Headers(headers),
            Cookies(cookies),
        )
        self.timeout, self.follow_redirects, self.max_redirects = timeout, follow_redirects, max_redirects
        self.event_hooks, self.base_url, self.is_closed = event_hooks or {}, URL(base_url), False

    def build_request(self, method, url, *, params=None, headers=None, cookies=None, **body):
        text = str(url)
        base = str(self.base_url)
        if base and not URL(text).is_absolute_url:
            text = f"{base.rstrip('/')}/{text.lstrip('/')}"
        elif not URL(text).is_absolute_url and _web.base() is None:
            raise UnsupportedProtocol(
                f"Request URL is missing an 'http://' or 'https://' protocol: {_web.NO_BASE}"
            )
        merged = Headers(self.headers)
        merged.update(headers)
        body.pop("timeout", None)
        return Request(
            method,
            text,
            params={**self.params, **dict(_core.pairs_of(params))}
            if not isinstance(params, (str, bytes))
            else params,
            headers=merged,
            cookies=cookies,
            **body,
        )

    def _waits(self):
        """For each attempt to connect how long to wait before the next one, seconds; None: it is the last."""
        return [0 if turn == 0 else 0.5 * 2 ** (turn - 1) for turn in range(self._retries)] + [None]

    def _exchange(self, request, auth, follow, timeout):
        auth = self.auth if auth is ... else auth
        if isinstance(auth, (tuple, list)):
            auth = BasicAuth(*auth)
        if auth:
            request = auth(request) or request
        jar = self.cookies.copy()
        jar.update(request._cookies)

        def make(answer, method, url, headers, body):
            if request.method == method and request.url == url:
                sent = request
            else:
                sent = Request(method, url, headers=headers)
                sent.content = body
            response = Response(answer.status, request=sent, answer=answer)
            self.cookies.update(response.cookies)
            return response

        def too_many(response):
            return TooManyRedirects("Exceeded maximum allowed redirects.", request=request)

        timeout = self.timeout if timeout is ... else timeout
        if isinstance(timeout, Timeout):
            timeout = [timeout.connect, timeout.read]
        return request, _core.exchange(
            jar,
            request.method,
            str(request.url),
            request.headers,
            request.content,
            follow=self.follow_redirects if follow is ... else follow,
            most=self.max_redirects,
            timeout=_core.seconds_of(timeout),
            make=make,
            too_many=too_many,
        )


class Client(_BaseClient):
    def send(self, request, *, stream=False, auth=..., follow_redirects=..., timeout=...):
        for hook in self.event_hooks.get("request", ()):
            hook(request)
        for wait in self._waits():
            request, steps = self._exchange(request, auth, follow_redirects, timeout)
            try:
                with _translated(request):
                    response = _core.carry_out(steps)
                break
            except ConnectError:
                if wait is None:
                    raise
                _time.sleep(wait)
        for hook in self.event_hooks.get("response", ()):
            hook(response)
        if not stream:
            response.read()
        return response

    def request(
        self, method, url, *, auth=..., follow_redirects=..., timeout=..., extensions=None, **options
    ):
        return self.send(
            self.build_request(method, url, **options),
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
        )

    @_contextlib.contextmanager
    def stream(self, method, url, *, auth=..., follow_redirects=..., timeout=..., extensions=None, **options):
        response = self.send(
            self.build_request(method, url, **options),
            stream=True,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
        )
        try:
            yield response
        finally:
            response.close()

    def close(self):
        self.is_closed = True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


class AsyncClient(_BaseClient):
    async def send(self, request, *, stream=False, auth=..., follow_redirects=..., timeout=...):
        for hook in self.event_hooks.get("request", ()):
            await hook(request)
        for wait in self._waits():
            request, steps = self._exchange(request, auth, follow_redirects, timeout)
            try:
                with _translated(request):
                    response = await _core.carry_out_async(steps)
                break
            except ConnectError:
                if wait is None:
                    raise
                await _asyncio.sleep(wait)
        for hook in self.event_hooks.get("response", ()):
            await hook(response)
        if not stream:
            await response.aread()
        return response

    async def request(
        self, method, url, *, auth=..., follow_redirects=..., timeout=..., extensions=None, **options
    ):
        return await self.send(
            self.build_request(method, url, **options),
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
        )

    @_contextlib.asynccontextmanager
    async def stream(
        self, method, url, *, auth=..., follow_redirects=..., timeout=..., extensions=None, **options
    ):
        response = await self.send(
            self.build_request(method, url, **options),
            stream=True,
            auth=auth,
            follow_redirects=follow_redirects,
            timeout=timeout,
        )
        try:
            yield response
        finally:
            await response.aclose()

    async def aclose(self):
        self.is_closed = True

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        await self.aclose()


def _verb(method):
    def call(self, url, **options):
        return self.request(method, url, **options)

    call.__name__ = call.__qualname__ = method.lower()
    return call


def _function(method):
    def call(url, **options):
        return request(method, url, **options)

    call.__name__ = call.__qualname__ = method.lower()
    return call


for _method in ("GET", "OPTIONS", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
    setattr(_BaseClient, _method.lower(), _verb(_method))
    globals()[_method.lower()] = _function(_method)

_OF_CLIENT = (
    "cookies",
    "verify",
    "cert",
    "trust_env",
    "proxy",
    "proxies",
    "mounts",
    "transport",
    "http1",
    "http2",
    "limits",
)


def _client_for(options):
    return Client(**{name: options.pop(name) for name in _OF_CLIENT if name in options})


def request(method, url, **options):
    with _client_for(options) as client:
        return client.request(method, url, **options)


@_contextlib.contextmanager
def stream(method, url, **options):
    with _client_for(options) as client, client.stream(method, url, **options) as response:
        yield response
