"""What programs configure urllib3 with. It has no sockets here: urllib.request, requests and httpx go over the host's http."""

import warnings

import _sandglass_stand_ins as _libraries
from requests import Retry  # noqa: F401 - programs import it from here

__version__ = "2.0+sandglass"


class HTTPError(Exception): ...


class HTTPWarning(Warning): ...


class SecurityWarning(HTTPWarning): ...


class InsecureRequestWarning(SecurityWarning): ...


class MaxRetryError(HTTPError): ...


def disable_warnings(category=HTTPWarning):
    warnings.simplefilter("ignore", category)


class PoolManager:
    def __init__(self, *args, **kwargs):
        raise NotImplementedError(
            "Cannot use urllib3 by itself: it needs sockets; use urllib.request, requests or httpx"
        )


HTTPConnectionPool = HTTPSConnectionPool = ProxyManager = PoolManager
_libraries.add_parts(__name__, ("exceptions", "util"))
_libraries.add_parts("urllib3.util", ("retry",))
