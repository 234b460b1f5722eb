"""One exchange with a server: bodies, cookies, redirects, streams. No library's own names."""

import datetime
import http.cookiejar
import io
import json
import os
import time
import urllib.parse
import urllib.request

import _sandglass_http as web
from _sandglass_http_client import Carrier

REDIRECTS = (301, 302, 303, 307, 308)
SECRET_HEADERS = ("authorization", "cookie")


class Headers(web.Headers):
    """Header names without regard to case, as a dict."""

    def __init__(self, data=None, **more):
        super().__init__()
        self.update(data, **more)

    def update(self, data=None, **more):
        for name, value in [*pairs_of(data), *more.items()]:
            self[text_of(name)] = value

    def setdefault(self, name, default=None):
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name, *default):
        for known in list(self):
            if known.lower() == name.lower():
                return super().pop(known)
        if default:
            return default[0]
        raise KeyError(name)

    def __delitem__(self, name):
        self.pop(name)

    def copy(self):
        return type(self)(self)

    def get_list(self, name, split_commas=False):
        value = self.get(name)
        return (
            [] if value is None else [part.strip() for part in value.split(",")] if split_commas else [value]
        )

    def multi_items(self):
        return list(self.items())

    @property
    def raw(self):
        return [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in self.items()]


def answered(pairs, into):
    """Puts the headers of an answer into a dict; those that come more than once are one, joined."""
    for name, value in pairs:
        known = into.get(name)
        into[name] = value if known is None else f"{known}, {value}"


def refuse(**options):
    """Options for how to connect. It is the host that connects, as the grant says: to leave one out in silence would be to do something else."""
    for name, value in options.items():
        if any(value.values()) if isinstance(value, dict) else value:
            raise NotImplementedError(
                f"Cannot use {name}: it is the host that connects, as the http grant says"
            )


def text_of(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def pairs_of(data):
    if data is None:
        return []
    return list(data.items()) if hasattr(data, "items") else list(data)


def with_params(url, params, lower=False):
    if not params:
        return url
    if isinstance(params, (str, bytes)):
        query = text_of(params)
    else:
        flat = [
            (name, value)
            for name, values in pairs_of(params)
            for value in (values if isinstance(values, (list, tuple, set)) else [values])
            if value is not None
        ]
        query = urllib.parse.urlencode(
            [
                (name, str(value).lower() if lower and isinstance(value, bool) else value)
                for name, value in flat
            ]
        )
    if not query:
        return url
    address, hash_, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{query}{hash_}{fragment}"


def content_of(part):
    if hasattr(part, "read"):
        part = part.read()
    return part.encode("utf-8") if isinstance(part, str) else bytes(part)


def multipart(data, files):
    """A multipart/form-data body, and its content type."""
    mark = os.urandom(16).hex()
    body = bytearray()

    def add(disposition, kind, content):
        body.extend(f"--{mark}\r\nContent-Disposition: form-data; {disposition}\r\n".encode("utf-8"))
        if kind:
            body.extend(f"Content-Type: {kind}\r\n".encode("utf-8"))
        body.extend(b"\r\n" + content + b"\r\n")

    def quote(name):
        return str(name).replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")

    for name, values in pairs_of(data):
        for value in values if isinstance(values, (list, tuple)) else [values]:
            if value is not None:
                add(
                    f'name="{quote(name)}"',
                    None,
                    content_of(value if isinstance(value, (str, bytes)) else str(value)),
                )
    for name, file in pairs_of(files):
        kind = None
        if isinstance(file, (tuple, list)):
            filename, content, *more = file
            kind = more[0] if more else None
        else:
            content = file
            own = getattr(file, "name", None)
            filename = os.path.basename(own) if isinstance(own, str) else name
        if kind is None and filename:
            import mimetypes

            kind = mimetypes.MimeTypes(()).guess_type(filename)[0] or "application/octet-stream"
        add(
            f'name="{quote(name)}"' + (f'; filename="{quote(filename)}"' if filename else ""),
            kind,
            content_of(content),
        )
    body.extend(f"--{mark}--\r\n".encode("utf-8"))
    return bytes(body), f"multipart/form-data; boundary={mark}"


def encode_body(headers, data=None, json_value=None, content=None, files=None, dumps=json.dumps):
    """The bytes of a body, or None; says in headers what they are, if nobody has."""
    kind = None
    if files:
        body, kind = multipart(data, files)
    elif content is not None:
        body = (
            content_of(content)
            if isinstance(content, (str, bytes, bytearray, memoryview)) or hasattr(content, "read")
            else b"".join(content_of(part) for part in content)
        )
    elif json_value is not None and not data:
        body, kind = dumps(json_value).encode("utf-8"), "application/json"
    elif not data:
        return None
    elif isinstance(data, (str, bytes, bytearray, memoryview)) or hasattr(data, "read"):
        body = content_of(data)
        if isinstance(data, str):
            kind = "application/x-www-form-urlencoded"
    elif hasattr(data, "items") or isinstance(data, (list, tuple)):
        body, kind = (
            urllib.parse.urlencode(pairs_of(data), doseq=True).encode("ascii"),
            "application/x-www-form-urlencoded",
        )
    else:
        body = b"".join(content_of(part) for part in data)
    if kind is not None and "content-type" not in headers:
        headers["Content-Type"] = kind
    return body


class Cookies(http.cookiejar.CookieJar):
    """A cookie jar that is a dict, too."""

    def __init__(self, cookies=None):
        super().__init__()
        self.update(cookies)

    def set(self, name, value, domain="", path="/", **ignored):
        if value is None:
            self.delete(name)
            return
        self.set_cookie(
            http.cookiejar.Cookie(
                0,
                name,
                str(value),
                None,
                False,
                domain,
                bool(domain),
                domain.startswith("."),
                path,
                True,
                False,
                None,
                True,
                None,
                None,
                {},
            )
        )

    def delete(self, name, domain=None, path=None):
        for cookie in list(self):
            if cookie.name == name and domain in (None, cookie.domain) and path in (None, cookie.path):
                self.clear(cookie.domain, cookie.path, cookie.name)

    def update(self, cookies):
        if isinstance(cookies, http.cookiejar.CookieJar):
            for cookie in cookies:
                self.set_cookie(cookie)
        else:
            for name, value in pairs_of(cookies):
                self.set(name, value)

    def get(self, name, default=None, domain=None, path=None):
        return next(
            (
                c.value
                for c in self
                if c.name == name and domain in (None, c.domain) and path in (None, c.path)
            ),
            default,
        )

    def get_dict(self, domain=None, path=None):
        return {c.name: c.value for c in self if domain in (None, c.domain) and path in (None, c.path)}

    def keys(self):
        return [cookie.name for cookie in self]

    def values(self):
        return [cookie.value for cookie in self]

    def items(self):
        return [(cookie.name, cookie.value) for cookie in self]

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __setitem__(self, name, value):
        self.set(name, value)

    def __delitem__(self, name):
        self.delete(name)

    def __contains__(self, name):
        return any(name in (cookie, cookie.name) for cookie in self)

    def copy(self):
        return type(self)(self)

    def header_for(self, url):
        """What this jar sends there. A cookie that was set without a domain goes everywhere."""
        request = urllib.request.Request(url)
        self.add_cookie_header(request)
        return request.get_header("Cookie")

    def take(self, url, headers):
        self.extract_cookies(Carrier(headers), urllib.request.Request(url))


class Body(io.RawIOBase):
    """The body of an answer, read as it is asked for."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self._rest, self.decode_content = answer, b"", True

    def readable(self):
        return True

    def pieces(self):
        if self._rest:
            part, self._rest = self._rest, b""
            yield part
        while (part := self.answer.next()) is not None:
            if part:
                yield part

    def readinto(self, into):
        part = next(self.pieces(), b"")
        count = min(len(into), len(part))
        into[:count], self._rest = part[:count], part[count:]
        return count

    def read(self, amt=-1, decode_content=None):
        return super().read(-1 if amt is None else amt)

    def stream(self, amt=65536, decode_content=None):
        while part := self.read(amt):
            yield part

    def close(self):
        if not self.closed:
            self.answer.close()
        super().close()


def split(pieces, size):
    """Pieces of size bytes at most."""
    for piece in pieces:
        for at in range(0, len(piece), size or len(piece)):
            yield piece[at : at + size] if size else piece


def lines_of(pieces, delimiter=None):
    """Lines without their ends."""
    rest = None
    for piece in pieces:
        if rest is not None:
            piece = rest + piece
        lines = piece.split(delimiter) if delimiter else piece.splitlines()
        rest = lines.pop() if lines and lines[-1] and piece and lines[-1][-1:] == piece[-1:] else None
        yield from lines
    if rest is not None:
        yield rest


def decoded(pieces, encoding):
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if text := decoder.decode(b"", True):
        yield text


def charset_of(headers):
    found = headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip("'\" ")
    try:
        "".encode(found or "utf-8")
    except LookupError:
        return None
    return found or None


def guess(content):
    try:
        content.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return "iso-8859-1"


def links_of(headers):
    found = {}
    for part in (headers.get("link") or "").split(",") if headers.get("link") else []:
        address, *more = part.split(";")
        link = {"url": address.strip("<> '\"")}
        for item in more:
            name, _, value = item.partition("=")
            link[name.strip()] = value.strip("'\" ")
        found[link.get("rel", link["url"])] = link
    return found


def seconds_of(timeout):
    if isinstance(timeout, (tuple, list)):
        given = [part for part in timeout if isinstance(part, (int, float))]
        return sum(given) if given else None
    return timeout if isinstance(timeout, (int, float)) else None


def exchange(jar, method, url, headers, body, *, follow, most, timeout, make, too_many):
    """Sends a request and follows where it leads. A generator of what to do: ("send", …) is sent its answer, ("close", answer) nothing."""
    history = []
    while True:
        sent = Headers(headers)
        cookies = "; ".join(part for part in (sent.get("cookie"), jar.header_for(url)) if part)
        if cookies:
            sent["Cookie"] = cookies
        started = time.monotonic()
        answer = yield (
            "send",
            method,
            url,
            [(k, text_of(v)) for k, v in sent.items() if v is not None],
            body,
            timeout,
        )
        url = answer.url or url
        jar.take(url, answer.headers)
        response = make(answer, method, url, sent, body)
        response.elapsed = datetime.timedelta(seconds=time.monotonic() - started)
        response.history = list(history)
        target = response.headers.get("location")
        if not follow or answer.status not in REDIRECTS or not target:
            return response
        if len(history) >= most:
            yield ("close", answer)
            raise too_many(response)
        yield ("close", answer)
        history.append(response)
        there = urllib.parse.urljoin(url, target)
        if method != "HEAD" and (answer.status in (302, 303) or answer.status == 301 and method == "POST"):
            method, body = "GET", None
            headers = Headers((k, v) for k, v in headers.items() if not k.lower().startswith("content-"))
        if urllib.parse.urlsplit(there)[:2] != urllib.parse.urlsplit(url)[:2]:
            headers = Headers((k, v) for k, v in headers.items() if k.lower() not in SECRET_HEADERS)
        url = there


def carry_out(steps):
    """Does what an exchange asks for, and answers what it ends with."""
    answer = None
    try:
        while True:
            step = steps.send(answer)
            answer = None
            if step[0] == "send":
                _, method, url, headers, body, timeout = step
                answer = web.begin(method, url, headers, body, "manual", timeout)
            else:
                step[1].close()
    except StopIteration as end:
        return end.value


async def carry_out_async(steps):
    answer = None
    try:
        while True:
            step = steps.send(answer)
            answer = None
            if step[0] == "send":
                _, method, url, headers, body, timeout = step
                answer = await web.begin_async(method, url, headers, body, "manual", timeout)
            else:
                await step[1].close_async()
    except StopIteration as end:
        return end.value
