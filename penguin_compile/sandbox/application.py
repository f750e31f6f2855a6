"""One request in, one response out: the dialect, its store and its key, without any socket."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from penguin_compile.sandbox.openapi import describe_dialect
from penguin_compile.sandbox.routing import (
    Dialect,
    Refusal,
    Request,
    Response,
    Route,
    authenticate,
)

if TYPE_CHECKING:
    from email.message import Message

    from penguin_compile.sandbox.store import Store

BODY_LIMIT = 16 * 1024 * 1024
_DOCUMENT = "/api/openapi.json"


class Application:
    """Answers requests of one dialect from one store."""

    def __init__(self, dialect: Dialect, store: Store, cluster_key: str | None) -> None:
        """Accept only that key, or any where it is None."""
        self._store = store
        self._cluster_key = cluster_key
        document = Response(body=describe_dialect(dialect))
        self._dialect = Dialect(
            name=dialect.name,
            schemas=dialect.schemas,
            routes=(
                Route("GET", _DOCUMENT, lambda _store, _request: document, public=True),
                *dialect.routes,
            ),
        )

    def answer(self, method: str, target: str, headers: Message, body: bytes) -> Response:
        """Return the response; whatever goes wrong inside is a 500, as on a real server."""
        path = get_path(target)
        try:
            if path.endswith("/") and self._dialect.knows(path.rstrip("/")):
                # From the target as it came: an escaped line break must not become a header.
                where, mark, query = target.partition("?")
                return Response(status=307, headers={"Location": where.rstrip("/") + mark + query})
            route, parameters = self._dialect.find(method, path)
            if not route.public:
                authenticate(headers.get("Authorization"), self._cluster_key)
            request = Request(
                parameters=parameters, content_type=headers.get("Content-Type"), body=body
            )
            return route.handler(self._store, request)
        except Refusal as refusal:
            return Response(status=refusal.status, body={"detail": refusal.detail})
        except Exception as error:  # noqa: BLE001 (a server outlives any request)
            sys.stderr.write(
                f"sandbox: {method} {path!r} failed: {type(error).__name__}: {error}\n"
            )
            return Response(status=500, body="Internal Server Error")


def get_path(target: str) -> str:
    """Return the path of a request's target, without its query, escapes undone."""
    return unquote(urlsplit(target).path)
