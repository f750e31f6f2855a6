"""The console as one ASGI application: API, pages, and what surrounds both."""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from penguin_compile import __version__
from penguin_compile.console.access import Gate, client_of
from penguin_compile.console.api import answer_failure, build_api
from penguin_compile.console.login import build_login
from penguin_compile.console.options import ConsoleOptions
from penguin_compile.console.pages import NO_SESSION, Pages
from penguin_compile.console.principal import Denied
from penguin_compile.console.protection import Protection
from penguin_compile.console.refusals import Refusal, Refusals
from penguin_compile.console.routes import build_pages
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
DOCUMENT: Final = "/openapi.json"
HEALTH: Final = "/healthz"
_REFUSALS: Final = frozenset((401, 403, 413, 429))
_LOG: Final = logging.getLogger("penguin_compile.console")
_OWN: Final = (Denied, NoSuchSetting, Moved, NotHere, InvalidValue)


class Console:
    """What the routes share."""

    def __init__(self, store: SettingsStore, options: ConsoleOptions, spec: Path) -> None:
        """`spec` is the file that promoting would change."""
        self.store = store
        self.options = options
        self.spec = spec
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
            who=error.who or getattr(request.state, "name", None),
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
    pages = Pages(console)
    app.include_router(build_login(console, pages))
    app.include_router(build_pages(pages))
    _add_document(app, console)
    _add_failures(app, console, pages)
    https = urlsplit(console.options.public_url).scheme == "https"
    return Protection(app, hosts=console.options.hosts, https=https)


def _add_document(app: FastAPI, console: Console) -> None:
    """The OpenAPI document, and whether we are up."""

    @app.get(DOCUMENT, include_in_schema=False)
    async def document(request: Request) -> JSONResponse:
        await run_in_threadpool(console.gate.identify, request)
        return JSONResponse(make_document(app))

    @app.get(HEALTH, include_in_schema=False)
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


def _add_failures(app: FastAPI, console: Console, pages: Pages) -> None:
    """Errors become answers, of the API as JSON; no traceback reaches anybody."""

    async def own(request: Request, error: Exception) -> Response:
        if isinstance(error, NotHere):
            denied = Denied(409, str(error), reason=str(error))
            await run_in_threadpool(console.note, request, denied)
        elif isinstance(error, Denied) and error.status in _REFUSALS and not _is_new(error):
            await run_in_threadpool(console.note, request, error)
        return _for(request, answer_failure(error) or _internal(), pages)

    async def failed(request: Request, error: Exception) -> Response:
        said = tell(error) if isinstance(error, PenguinError) else "unavailable"
        _LOG.error("%s %s: %s", request.method, request.url.path, said)
        return _for(request, JSONResponse({"error": said}, 503), pages)

    async def other(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(getattr(error, "headers", None) or {})
        answer = JSONResponse({"error": HTTPStatus(status).phrase}, status, headers=headers)
        return _for(request, answer, pages)

    async def unexpected(request: Request, error: Exception) -> Response:
        """A bug of ours: its kind goes into the log, its text may hold anything."""
        _LOG.error("%s %s: %s, a bug", request.method, request.url.path, type(error).__name__)
        return _for(request, _internal(), pages)

    for kind in _OWN:
        app.add_exception_handler(kind, own)
    app.add_exception_handler(PenguinError, failed)
    app.add_exception_handler(HTTPException, other)
    app.add_exception_handler(Exception, unexpected)


def _is_new(error: Denied) -> bool:
    """A browser without a session is sent to log in: that is no refusal."""
    return error.reason == NO_SESSION


def _for(request: Request, answer: JSONResponse, pages: Pages) -> Response:
    """An answer as its asker reads it: a program JSON, a person a page."""
    path = request.url.path
    if path.startswith(API) or path in {DOCUMENT, HEALTH}:
        return answer
    status = answer.status_code
    if status == 401 and request.headers.get("hx-request") != "true":
        return RedirectResponse("/login", 303)
    said = orjson.loads(answer.body)
    text = said["error"] if status != 404 else "There is nothing here."
    title = {404: "Not found", 403: "Not allowed", 503: "Not available"}.get(status, "Not done")
    page = pages.render(
        "failure.html.j2",
        pages.console.gate.session(request),
        status,
        here="",
        title=title,
        said=text,
    )
    for name in ("Retry-After", "Allow"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page


def _internal() -> JSONResponse:
    return JSONResponse({"error": "Internal error"}, 500)
