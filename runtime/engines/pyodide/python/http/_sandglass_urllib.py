"""urllib.request over the host, with relative URLs where the grant has a base for them."""

import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPConnection

import _sandglass_host as host
import _sandglass_http as http
from _sandglass_http_client import ClientResponse


class HostHandler(urllib.request.BaseHandler):
    handler_order = 100

    def http_open(self, request):
        client = (
            HTTPConnection  # what urllib has check the address: InvalidURL for blanks and control characters
        )
        client._validate_host(client, request.host or "")
        client._validate_path(client, request.selector)
        headers = [
            (k, v)
            for k, v in {**request.unredirected_hdrs, **request.headers}.items()
            if k.lower() not in ("host", "content-length", "connection")
        ]
        data = request.data
        if data is not None and not isinstance(data, (bytes, bytearray, memoryview)):
            data = data.read() if hasattr(data, "read") else b"".join(data)
        timeout = request.timeout if isinstance(request.timeout, (int, float)) else None
        try:
            # Where a redirect leads is for the handlers of the opener to say, which ask again.
            answer = http.fetch(request.get_method(), request.full_url, headers, data, "manual", timeout)
        except PermissionError:
            raise
        except OSError as error:
            raise host.stand_for(urllib.error.URLError(error), error) from error
        return ClientResponse(answer)

    https_open = http_open


def install():
    def parse(self):
        if http.base() is not None and urllib.parse.urlsplit(self._full_url).scheme == "":
            self._full_url = urllib.parse.urljoin(http.base(), self._full_url)
        try:
            plain_parse(self)
        except ValueError as error:
            if http.base() is not None:
                raise
            raise ValueError(f"{error}: {http.NO_BASE.removeprefix('it is ')}") from None

    plain_parse = urllib.request.Request._parse
    urllib.request.Request._parse = parse

    def build(*handlers):
        return plain(*handlers, HostHandler)

    plain = urllib.request.build_opener
    urllib.request.build_opener = build
    urllib.request.install_opener(build())
