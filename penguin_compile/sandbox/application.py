"""One request in, one response out: the dialect, its store and its key, without any socket."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from penguin_compile.sandbox.openapi import describe_dialect
from penguin_compile.sandbox.routing import (
    FAILURE,
    Dialect,
    Refusal,
    Request,
    Response,
    Route,
    read_query,
    require_headers,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from email.message import Message

    from penguin_compile.sandbox.accounts import Accounts
    from penguin_compile.sandbox.store import Store

BODY_LIMIT = 16 * 1024 * 1024
_DOCUMENT = "/api/openapi.json"


class Application:
    """Answers requests of one dialect from one store."""

    def __init__(self, dialect: Dialect, store: Store, accounts: Accounts) -> None:
        """Put the description of the dialect beside what it serves."""
        self._store = store
        self._accounts = accounts
        document = Response(body=describe_dialect(dialect))
        described = Route("GET", _DOCUMENT, lambda _store, _request: document, public=True)
        self._dialect = replace(dialect, routes=(described, *dialect.routes))

    def pretence(self) -> AbstractContextManager[None]:
        """Return a context in which answers are as always, but nothing is kept."""
        return self._store.pretence()

    def answer(self, method: str, target: str, headers: Message, body: bytes) -> Response:
        """Return the response; whatever goes wrong inside is a 500, as on a real server."""
        path = get_path(target)
        try:
            if path.endswith("/") and self._dialect.knows(path.rstrip("/")):
                # From the target as it came: an escaped line break must not become a header.
                where, mark, query = target.partition("?")
                return Response(status=307, headers={"Location": where.rstrip("/") + mark + query})
            route, parameters = self._dialect.find(method, path)
            user = None
            if not route.public:
                user = self._dialect.authenticate(self._accounts, headers.get("Authorization"))
            require_headers(route.headers, headers)
            request = Request(
                parameters=parameters,
                query=read_query(route.query, urlsplit(target).query),
                headers=headers,
                body=body,
                accounts=self._accounts,
                user=user,
            )
            return route.handler(self._store, request)
        except Refusal as refusal:
            detail = {"detail": refusal.detail}
            return Response(status=refusal.status, body=detail, headers=refusal.headers)
        except Exception as error:  # noqa: BLE001 (a server outlives any request)
            sys.stderr.write(
                f"sandbox: {method} {path!r} failed: {type(error).__name__}: {error}\n"
            )
            return FAILURE


def get_path(target: str) -> str:
    """Return the path of a request's target, without its query, escapes undone."""
    return unquote(urlsplit(target).path)
