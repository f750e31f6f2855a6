"""What every answer carries, and what no request gets past: headers, host names, sizes.

Around the whole application (ASVS 14.4, 13.1).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penguin_compile.console.principal import Denied

LARGEST_BODY: Final = 1_048_576  # bytes
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_HSTS: Final = "max-age=31536000"


class Protection:
    """ASGI middleware."""

    def __init__(self, application: ASGIApp, *, hosts: Collection[str], https: bool) -> None:
        self._application = application
        self._hosts = frozenset(hosts)
        self._https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if self._https:
                    headers["Strict-Transport-Security"] = _HSTS
            await send(message)

        # Another name that leads here (DNS rebinding) is not this console's.
        if Headers(scope=scope).get("host", "").lower() not in self._hosts:
            answer = PlainTextResponse("This host name is not served here.\n", 421)
            await answer(scope, receive, send_protected)
            return
        # What goes wrong was answered and logged by then; it must not be told with a traceback.
        with suppress(Exception):
            await self._application(scope, receive, send_protected)


async def read_body(request: Request) -> bytes:
    """The body of a request; Denied for one that is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Denied(413, "The body is too large", reason="the body is too large")
    return bytes(body)
