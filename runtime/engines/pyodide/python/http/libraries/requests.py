"""The everyday part of requests, over the host's http: each hop of a redirect is checked by the grant."""

# ruff: noqa: F401 - what requests has, programs import from it
import base64 as _base64
import http as _http_status
import json as _json
import time as _time
import urllib.parse as _parse
from urllib.parse import quote, unquote, urlencode, urljoin, urlparse, urlsplit, urlunparse

import _sandglass_host as _host
import _sandglass_http as _web
import _sandglass_http_exchange as _client
import _sandglass_stand_ins as _libraries

__version__ = "2.32.0+sandglass"
DEFAULT_REDIRECT_LIMIT = 30
CaseInsensitiveDict = _client.Headers
RequestsCookieJar = _client.Cookies


class RequestException(IOError):
    def __init__(self, *args, response=None, request=None):
        super().__init__(*args)
        self.response = response
        self.request = request if request is not None else getattr(response, "request", None)


class InvalidJSONError(RequestException): ...


class HTTPError(RequestException): ...


class ConnectionError(RequestException): ...


class ProxyError(ConnectionError): ...


class SSLError(ConnectionError): ...


class Timeout(RequestException): ...


class ConnectTimeout(ConnectionError, Timeout): ...


class ReadTimeout(Timeout): ...


class URLRequired(RequestException): ...


class TooManyRedirects(RequestException): ...


class MissingSchema(RequestException, ValueError): ...


class InvalidSchema(RequestException, ValueError): ...


class InvalidURL(RequestException, ValueError): ...


class InvalidHeader(RequestException, ValueError): ...


class ChunkedEncodingError(RequestException): ...


class ContentDecodingError(RequestException): ...


class StreamConsumedError(RequestException, TypeError): ...


class RetryError(RequestException): ...


class RequestsWarning(Warning): ...


class JSONDecodeError(InvalidJSONError, _json.JSONDecodeError):
    def __init__(self, *args, **kwargs):
        _json.JSONDecodeError.__init__(self, *args)
        InvalidJSONError.__init__(self, *self.args, **kwargs)


for _made in list(globals().values()):
    if isinstance(_made, type) and issubclass(_made, (RequestException, RequestsWarning)):
        _made.__module__ = "requests.exceptions"


class AuthBase:
    def __call__(self, request):
        raise NotImplementedError("Auth hooks must be callable.")


class HTTPBasicAuth(AuthBase):
    def __init__(self, username, password):
        self.username, self.password = username, password

    def __call__(self, request):
        word = _base64.b64encode(f"{self.username}:{self.password}".encode("utf-8")).decode("ascii")
        request.headers["Authorization"] = f"Basic {word}"
        return request


class HTTPDigestAuth(AuthBase):
    def __init__(self, username, password):
        raise NotImplementedError("Cannot sign in by digest: only basic and header authentication are here")


class HTTPAdapter:
    def __init__(self, pool_connections=10, pool_maxsize=10, max_retries=0, pool_block=False):
        self.max_retries = max_retries

    def close(self):
        pass


BaseAdapter = HTTPAdapter


class Request:
    def __init__(
        self,
        method=None,
        url=None,
        headers=None,
        files=None,
        data=None,
        params=None,
        auth=None,
        cookies=None,
        hooks=None,
        json=None,
    ):
        self.method, self.url, self.headers, self.files, self.data = method, url, headers or {}, files, data
        self.params, self.auth, self.cookies, self.hooks, self.json = (
            params or {},
            auth,
            cookies,
            hooks or {},
            json,
        )

    def prepare(self):
        return Session().prepare_request(self)

    def __repr__(self):
        return f"<Request [{self.method}]>"


class PreparedRequest:
    def __init__(self):
        self.method = self.url = self.headers = self.body = None
        self.hooks, self._cookies = {}, None

    @property
    def path_url(self):
        parts = _parse.urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def __repr__(self):
        return f"<PreparedRequest [{self.method}]>"


class Response:
    def __init__(self, answer=None, request=None):
        self.request, self.history, self.connection = request, [], None
        self.status_code, self.reason, self.url = (
            (answer.status, answer.reason, answer.url) if answer else (None, None, None)
        )
        self.headers, self.cookies = CaseInsensitiveDict(), RequestsCookieJar()
        self.raw = self._content = self.elapsed = None
        if answer:
            _client.answered(answer.headers, self.headers)
            self.cookies.take(self.url or request.url, answer.headers)
            self.raw = _client.Body(answer)
        self.encoding = _client.charset_of(self.headers) or "utf-8"

    @property
    def content(self):
        if self._content is None:
            self._content = b"".join(_reading(self.raw.pieces())) if self.raw else b""
        return self._content

    @property
    def apparent_encoding(self):
        return _client.guess(self.content)

    @property
    def text(self):
        try:
            return self.content.decode(self.encoding or self.apparent_encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self, **options):
        try:
            return _json.loads(self.content if self.encoding == "utf-8" else self.text, **options)
        except UnicodeDecodeError:
            raise JSONDecodeError("Expecting value", "", 0, response=self) from None
        except _json.JSONDecodeError as error:
            raise JSONDecodeError(
                error.msg, error.doc if isinstance(error.doc, str) else "", error.pos, response=self
            ) from None

    def iter_content(self, chunk_size=1, decode_unicode=False):
        pieces = (
            [self._content] if self._content is not None else _reading(self.raw.pieces()) if self.raw else []
        )
        pieces = _client.split(pieces, chunk_size)
        return _client.decoded(pieces, self.encoding or "utf-8") if decode_unicode else pieces

    def iter_lines(self, chunk_size=None, decode_unicode=False, delimiter=None):
        return _client.lines_of(self.iter_content(chunk_size, decode_unicode), delimiter)

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def is_redirect(self):
        return "location" in self.headers and self.status_code in _client.REDIRECTS

    @property
    def is_permanent_redirect(self):
        return "location" in self.headers and self.status_code in (301, 308)

    @property
    def next(self):
        if not self.is_redirect:
            return None
        return Request("GET", _parse.urljoin(self.url, self.headers["location"])).prepare()

    @property
    def links(self):
        return _client.links_of(self.headers)

    def raise_for_status(self):
        if self.status_code >= 400:
            side = "Client" if self.status_code < 500 else "Server"
            raise HTTPError(
                f"{self.status_code} {side} Error: {self.reason} for url: {self.url}", response=self
            )

    def close(self):
        if self.raw is not None:
            self.raw.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __iter__(self):
        return self.iter_content(128)

    def __bool__(self):
        return self.ok

    def __repr__(self):
        return f"<Response [{self.status_code}]>"


def _translate(error, request=None):
    kind = ReadTimeout if isinstance(error, TimeoutError) else ConnectionError
    return _host.stand_for(kind(error.strerror or str(error), request=request), error)


def _reading(pieces):
    try:
        yield from pieces
    except PermissionError:
        raise
    except OSError as error:
        raise _translate(error) from error


def _check(url):
    scheme, colon, rest = url.partition(":")
    if not colon or "/" in scheme or "." in scheme or rest.isdigit():
        if _web.base() is None:
            raise MissingSchema(
                f"Invalid URL {url!r}: No scheme supplied. Perhaps you meant https://{url}? Now {_web.NO_BASE}"
            )
    elif scheme.lower() not in ("http", "https"):
        raise InvalidSchema(f"No connection adapters were found for {url!r}")
    elif not _parse.urlsplit(url).netloc:
        raise InvalidURL(f"Invalid URL {url!r}: No host supplied")


class Session:
    def __init__(self):
        self.headers, self.cookies = CaseInsensitiveDict(), RequestsCookieJar()
        self.auth, self.params, self.hooks, self.proxies = None, {}, {"response": []}, {}
        self.stream, self.verify, self.cert, self.trust_env, self.max_redirects = (
            False,
            True,
            None,
            True,
            DEFAULT_REDIRECT_LIMIT,
        )
        self.adapters = {"https://": HTTPAdapter(), "http://": HTTPAdapter()}

    def mount(self, prefix, adapter):
        self.adapters[prefix] = adapter

    def get_adapter(self, url):
        found = max(
            (prefix for prefix in self.adapters if url.lower().startswith(prefix.lower())),
            key=len,
            default=None,
        )
        return self.adapters.get(found) or HTTPAdapter()

    def prepare_request(self, request):
        made = PreparedRequest()
        made.method = (request.method or "GET").upper()
        url = _client.text_of(request.url).strip()
        _check(url)
        params = (
            request.params
            if isinstance(request.params, (str, bytes))
            else [*_client.pairs_of(self.params), *_client.pairs_of(request.params)]
        )
        made.url = _client.with_params(url, params)
        made.headers = CaseInsensitiveDict()
        for headers in (self.headers, request.headers):
            for name, value in _client.pairs_of(headers):
                made.headers[_client.text_of(name)] = value
        for name in [name for name, value in made.headers.items() if value is None]:
            del made.headers[name]
        made.body = _client.encode_body(made.headers, request.data, request.json, None, request.files)
        made._cookies = self.cookies.copy()
        made._cookies.update(request.cookies)
        parts = _parse.urlsplit(made.url)
        auth = request.auth or self.auth
        if auth is None and parts.username:
            auth = (_parse.unquote(parts.username), _parse.unquote(parts.password or ""))
            made.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if isinstance(auth, (tuple, list)):
            auth = HTTPBasicAuth(*auth)
        if auth:
            made = auth(made) or made
        made.hooks = {"response": [*_hooks(self.hooks), *_hooks(request.hooks)]}
        return made

    def send(
        self, request, stream=None, timeout=None, allow_redirects=True, proxies=None, verify=None, cert=None
    ):
        # The host checks certificates, whatever "verify" says.
        _client.refuse(
            proxies=self.proxies if proxies is None else proxies, cert=self.cert if cert is None else cert
        )
        retries = self.get_adapter(request.url).max_retries
        if isinstance(retries, int):
            retries = Retry(retries, status_forcelist=())
        jar = request._cookies if request._cookies is not None else self.cookies.copy()

        def make(answer, method, url, headers, body):
            sent = PreparedRequest()
            sent.method, sent.url, sent.headers, sent.body = method, url, CaseInsensitiveDict(headers), body
            response = Response(answer, sent)
            self.cookies.update(response.cookies)
            return response

        def too_many(response):
            return TooManyRedirects(f"Exceeded {self.max_redirects} redirects.", response=response)

        for turn in range(max(0, retries.total or 0) + 1):
            last = turn >= (retries.total or 0)
            try:
                response = _client.carry_out(
                    _client.exchange(
                        jar,
                        request.method,
                        request.url,
                        request.headers,
                        request.body,
                        follow=allow_redirects,
                        most=self.max_redirects,
                        timeout=_client.seconds_of(timeout),
                        make=make,
                        too_many=too_many,
                    )
                )
            except PermissionError, RequestException:
                raise
            except OSError as error:
                if last or not retries.allows(request.method):
                    raise _translate(error, request) from error
            else:
                again = response.status_code in (retries.status_forcelist or ()) and retries.allows(
                    request.method
                )
                if not again:
                    break
                if last:
                    if turn and retries.raise_on_status:
                        raise RetryError(
                            f"too many {response.status_code} error responses", response=response
                        )
                    break
                response.close()
            _time.sleep(min(retries.backoff_factor * 2**turn if turn else 0, 120))
        for hook in request.hooks.get("response", ()):
            response = hook(response) or response
        if not (self.stream if stream is None else stream):
            _ = response.content  # read at once
        return response

    def request(
        self,
        method,
        url,
        params=None,
        data=None,
        headers=None,
        cookies=None,
        files=None,
        auth=None,
        timeout=None,
        allow_redirects=True,
        proxies=None,
        hooks=None,
        stream=None,
        verify=None,
        cert=None,
        json=None,
    ):
        made = self.prepare_request(
            Request(method, url, headers, files, data, params, auth, cookies, hooks, json)
        )
        return self.send(
            made,
            stream=stream,
            timeout=timeout,
            allow_redirects=allow_redirects,
            proxies=proxies,
            verify=verify,
            cert=cert,
        )

    def get(self, url, **options):
        return self.request("GET", url, **options)

    def options(self, url, **options):
        return self.request("OPTIONS", url, **options)

    def head(self, url, **options):
        options.setdefault("allow_redirects", False)
        return self.request("HEAD", url, **options)

    def post(self, url, data=None, json=None, **options):
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url, data=None, **options):
        return self.request("PUT", url, data=data, **options)

    def patch(self, url, data=None, **options):
        return self.request("PATCH", url, data=data, **options)

    def delete(self, url, **options):
        return self.request("DELETE", url, **options)

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def _hooks(hooks):
    found = (hooks or {}).get("response") or []
    return found if isinstance(found, (list, tuple)) else [found]


class Retry:
    DEFAULT_ALLOWED_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PUT", "TRACE"))

    def __init__(
        self,
        total=10,
        connect=None,
        read=None,
        redirect=None,
        status=None,
        other=None,
        allowed_methods=DEFAULT_ALLOWED_METHODS,
        status_forcelist=None,
        backoff_factor=0,
        raise_on_redirect=True,
        raise_on_status=True,
        method_whitelist=None,
        **ignored,
    ):
        self.total, self.backoff_factor, self.raise_on_status = total, backoff_factor, raise_on_status
        self.status_forcelist = status_forcelist or ()
        self.allowed_methods = method_whitelist if method_whitelist is not None else allowed_methods

    def allows(self, method):
        return not self.allowed_methods or method in self.allowed_methods


def session():
    return Session()


def request(method, url, **options):
    return Session().request(method, url, **options)


def get(url, params=None, **options):
    return request("GET", url, params=params, **options)


def options(url, **options):
    return request("OPTIONS", url, **options)


def head(url, **options):
    options.setdefault("allow_redirects", False)
    return request("HEAD", url, **options)


def post(url, data=None, json=None, **options):
    return request("POST", url, data=data, json=json, **options)


def put(url, data=None, **options):
    return request("PUT", url, data=data, **options)


def patch(url, data=None, **options):
    return request("PATCH", url, data=data, **options)


def delete(url, **options):
    return request("DELETE", url, **options)


class _Codes(dict):
    def __getattr__(self, name):
        try:
            return self[name.lower()]
        except KeyError:
            raise AttributeError(name) from None


codes = _Codes({status.name.lower(): int(status) for status in _http_status.HTTPStatus})
codes.update(okay=200, teapot=418, im_a_teapot=418, server_error=500, unprocessable=422, too_many=429)


def dict_from_cookiejar(jar):
    return {cookie.name: cookie.value for cookie in jar}


def cookiejar_from_dict(cookies, **ignored):
    return RequestsCookieJar(cookies)


def requote_uri(url):
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~")


_libraries.add_parts(
    __name__,
    (
        "adapters",
        "api",
        "auth",
        "compat",
        "cookies",
        "exceptions",
        "models",
        "packages",
        "sessions",
        "status_codes",
        "structures",
        "utils",
    ),
)
import urllib3 as _urllib3  # noqa: E402 - it imports this module

packages.urllib3 = _urllib3  # noqa: F821 - of add_parts
_libraries.alias("requests.packages.urllib3", "urllib3")
