"""Each request goes on in its caller's trace: around WSGI (Flask) and ASGI (Quart, FastAPI).

`app.wsgi_app = WSGITrace(app.wsgi_app)`, `app.asgi_app = ASGITrace(app.asgi_app)`,
`app.add_middleware(ASGITrace)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from penguin_compile.runtime.telemetry_trace import continue_trace

_WSGI: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_Message: TypeAlias = MutableMapping[str, Any]
_ASGI: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]


class WSGITrace:
    """Around a WSGI app; what a streamed answer logs later is outside of the trace."""

    def __init__(self, app: _WSGI) -> None:
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        with continue_trace(environ.get("HTTP_TRACEPARENT")):
            return self._app(environ, start_response)


class ASGITrace:
    """Around an ASGI app."""

    def __init__(self, app: _ASGI) -> None:
        self._app = app

    async def __call__(
        self,
        scope: _Message,
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Answer one request, or whatever else a server wants."""
        headers = dict(scope.get("headers", ()))
        with continue_trace(headers.get(b"traceparent", b"").decode("latin-1")):
            await self._app(scope, receive, send)
