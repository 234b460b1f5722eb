"""pyodide.http over the host: the names that notebooks use."""

import io
import json

from _sandglass_http import fetch, fetch_async


def install():
    import pyodide.http as module

    class FetchResponse:
        def __init__(self, answer):
            self._answer = answer
            self.url, self.status, self.status_text = answer.url, answer.status, answer.reason
            self.redirected, self.ok, self.body_used, self.type = (
                answer.redirected,
                200 <= answer.status < 300,
                False,
                "basic",
            )
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
        return FetchResponse(
            await fetch_async(
                options.get("method", "GET"), url, list(pairs), body, options.get("redirect", "follow")
            )
        )

    def open_url(url):
        return io.StringIO(fetch("GET", url).content.decode("utf-8"))

    module.FetchResponse, module.pyfetch, module.open_url = FetchResponse, pyfetch, open_url
