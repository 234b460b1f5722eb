"""http.client without its socket; whatever is built on it follows."""

import http.client
import io

from _sandglass_http import fetch

CHUNK = 1 << 20


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


def install():
    kind = http.client.HTTPConnection

    def connect(self):
        self.sock = self.sock or True

    def putrequest(self, method, url, skip_host=False, skip_accept_encoding=False):
        self._validate_method(method)
        self._validate_path(url or "/")
        self._sandglass = {"method": method, "url": url_of(self, url), "headers": [], "body": bytearray()}

    def putheader(self, header, *values):
        def text(item):
            return item.decode("latin-1") if isinstance(item, (bytes, bytearray)) else str(item)

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

    def request(self, method, url, body=None, headers={}, *, encode_chunked=False):  # noqa: B006 - as http.client has it
        self.putrequest(method, url)
        for name, value in headers.items():
            self.putheader(name, value)
        if isinstance(body, str):
            body = body.encode("iso-8859-1")
        self.endheaders(body)

    def getresponse(self):
        pending = self._sandglass
        timeout = self.timeout if isinstance(self.timeout, (int, float)) else None
        return ClientResponse(
            fetch(
                pending["method"],
                pending["url"],
                pending["headers"],
                bytes(pending["body"]) or None,
                getattr(self, "_sandglass_redirect", "manual"),
                timeout,
            )
        )

    def close(self):
        self.sock = None

    for function in (connect, putrequest, putheader, endheaders, send, request, getresponse, close):
        setattr(kind, function.__name__, function)
    http.client.HTTPSConnection.connect = connect
