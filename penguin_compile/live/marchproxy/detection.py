"""Which dialect a server speaks: what the spec says, else what its OpenAPI document shows.

Without a document the answers tell: only an api-server has something to log in to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy import DIALECTS
from penguin_compile.live.marchproxy.api_server import ApiServer
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.failures import Rejected, Unanswered
from penguin_compile.live.marchproxy.login import LOGIN

DEFAULT_DIALECT = "standard"
_DOCUMENT = "/api/openapi.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """A dialect by name, and the server's version where it tells one."""

    dialect: str
    version: str | None = None


def detect_dialect(client: Client, stated: str | None) -> Detected:
    """Return the dialect to speak; GatewayFailure where this release has none for the server.

    A server without an OpenAPI document is taken for a `standard` one unless it has a login; the
    first list answer then shows whether it is one.
    """
    if stated is not None:
        return Detected(dialect=stated)
    document = _read_document(client)
    paths = document.get("paths")
    if not isinstance(paths, dict) or not paths:
        return Detected(dialect=_ask(client))
    known = (name for name in DIALECTS if DIALECTS.load(name).recognizes(paths))
    dialect = next(known, None)
    if dialect is None:
        raise GatewayFailure(
            f"{client.shown_url} has no services API of MarchProxy: {_DOCUMENT} there has none",
            hint=f"is {client.place}.url the address of MarchProxy's API?",
        )
    return Detected(dialect=dialect, version=_read_version(document))


def _read_document(client: Client) -> Mapping[str, Any]:
    client.open()  # an address of no use concerns every request, not just the document's
    try:
        return client.request("GET", _DOCUMENT).parse()
    except Unanswered:
        raise
    except GatewayFailure:  # hidden, absent or a page for people: it tells nothing
        return {}


def _ask(client: Client) -> str:
    """A path that is there for another method answers 405 and does nothing."""
    try:
        client.request("GET", LOGIN)
    except Rejected as failure:
        return ApiServer.name if failure.status == 405 else DEFAULT_DIALECT
    except Unanswered:
        raise
    except GatewayFailure:
        pass
    return DEFAULT_DIALECT


def _read_version(document: Mapping[str, Any]) -> str | None:
    info = document.get("info")
    version = info.get("version") if isinstance(info, dict) else None
    plain = isinstance(version, str) and version.isprintable() and len(version) <= 40
    return version if plain else None
