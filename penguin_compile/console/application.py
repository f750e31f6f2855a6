"""The console as one ASGI application: API, pages, and what surrounds both."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from penguin_compile import __version__
from penguin_compile.console.access import Gate, client_of
from penguin_compile.console.api import answer_failure, build_api
from penguin_compile.console.options import ConsoleOptions
from penguin_compile.console.principal import Denied
from penguin_compile.console.protection import Protection
from penguin_compile.console.refusals import Refusal, Refusals
from penguin_compile.console.store import (
    Moved,
    NoSuchSetting,
    NotHere,
    SettingsStore,
    tell,
)
from penguin_compile.console.values import InvalidValue
from penguin_compile.core.errors import PenguinError

API: Final = "/api/"
_LOG: Final = logging.getLogger("penguin_compile.console")
_OWN: Final = (Denied, NoSuchSetting, Moved, NotHere, InvalidValue)


class Console:
    """What the routes share."""

    def __init__(self, store: SettingsStore, options: ConsoleOptions) -> None:
        self.store = store
        self.options = options
        self.gate = Gate(options)
        self.refusals = Refusals(store.state)

    def note(self, request: Request, error: Denied) -> None:
        """A refusal into the audit."""
        of_api = request.url.path.startswith(API)
        refusal = Refusal(
            what=f"{request.method} {request.url.path}",
            reason=error.reason,
            status=error.status,
            client=client_of(request),
            who=error.who,
            via="api" if of_api else "console",
        )
        self.refusals.note(refusal)


def build_application(console: Console) -> ASGIApp:
    """All of it; the store is prepared already."""
    app = FastAPI(
        title=f"{console.store.app.name}: settings",
        version=__version__,
        description="The admin API of the config table, for admins.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(build_api(console.store, console.gate))
    _add_document(app, console)
    _add_failures(app, console)
    https = urlsplit(console.options.public_url).scheme == "https"
    return Protection(app, hosts=console.options.hosts, https=https)


def _add_document(app: FastAPI, console: Console) -> None:
    """The OpenAPI document, and whether we are up."""

    @app.get("/openapi.json", include_in_schema=False)
    async def document(request: Request) -> JSONResponse:
        await run_in_threadpool(console.gate.identify, request)
        return JSONResponse(make_document(app))

    @app.get("/healthz", include_in_schema=False)
    async def health() -> PlainTextResponse:
        return PlainTextResponse("ok\n")


def make_document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1, with how to log in."""
    found: dict[str, Any] = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    found.setdefault("components", {})["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    for path in found["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # bodies are read by hand: it is a 400
    return found


def _add_failures(app: FastAPI, console: Console) -> None:
    """Errors become answers; no traceback reaches anybody."""

    async def own(request: Request, error: Exception) -> Response:
        if isinstance(error, Denied) and error.status in {401, 403, 413, 429}:
            await run_in_threadpool(console.note, request, error)
        answer = answer_failure(error)
        return _internal() if answer is None else answer

    async def failed(request: Request, error: Exception) -> Response:
        said = tell(error) if isinstance(error, PenguinError) else "unavailable"
        _LOG.error("%s %s: %s", request.method, request.url.path, said)
        return JSONResponse({"error": said}, 503)

    async def not_found(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
        return JSONResponse(
            {"error": error.detail}, error.status_code, headers=dict(error.headers or {})
        )

    for kind in _OWN:
        app.add_exception_handler(kind, own)
    app.add_exception_handler(PenguinError, failed)
    app.add_exception_handler(HTTPException, not_found)
    app.add_exception_handler(Exception, _unexpected)


async def _unexpected(request: Request, error: Exception) -> Response:
    """A bug of ours: its kind goes into the log, its text may hold anything."""
    _LOG.error("%s %s: %s, a bug", request.method, request.url.path, type(error).__name__)
    return _internal()


def _internal() -> JSONResponse:
    return JSONResponse({"error": "Internal error"}, 500)
