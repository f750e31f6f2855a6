"""Which address shows which page, and which form changes what; every one asks for a session first.

Over `pages.py`, which renders them in a thread: a database may be slow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from penguin_compile.console.pages import Pages, read_number
from penguin_compile.console.store import NoSuchSetting

_STATIC: Final = {
    "console.css": "text/css; charset=utf-8",
    "console.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "htmx.min.js": "text/javascript; charset=utf-8",
}
_FOLDER: Final = Path(__file__).parent / "static"


def build_pages(pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    _add_settings(router, pages)
    _add_changes(router, pages)
    _add_others(router, pages)
    _add_files(router, pages)
    return router


def _add_settings(router: APIRouter, pages: Pages) -> None:
    @router.get("/")
    async def home(request: Request) -> Response:
        pages.require(request)
        return RedirectResponse("/settings", 303)

    @router.get("/settings")
    async def settings(request: Request) -> Response:
        session = pages.require(request)
        part = request.headers.get("hx-target") == "found"
        return await run_in_threadpool(pages.overview, session, request.query_params, part=part)

    @router.get("/settings/{key:path}")
    async def setting(request: Request, key: str) -> Response:
        session = pages.require(request)
        query = request.query_params
        return await run_in_threadpool(pages.show, session, key, query)

    @router.get("/promote/{key:path}")
    async def promote(request: Request, key: str) -> Response:
        session = pages.require(request)
        chosen = read_number(request.query_params.get("place", ""))
        return await run_in_threadpool(pages.promote, session, key, chosen)


def _add_changes(router: APIRouter, pages: Pages) -> None:
    @router.post("/settings/{key:path}")
    async def save(request: Request, key: str) -> Response:
        session, form = await pages.require_form(request)
        return await run_in_threadpool(pages.save, request, session, key, form)

    @router.post("/reset/{key:path}")
    async def reset(request: Request, key: str) -> Response:
        session, form = await pages.require_form(request)
        return await run_in_threadpool(pages.reset, session, key, form)


def _add_others(router: APIRouter, pages: Pages) -> None:
    @router.get("/drift")
    async def drift(request: Request) -> Response:
        return await run_in_threadpool(pages.drift, pages.require(request))

    @router.get("/drift/summary")
    async def summary(request: Request) -> Response:
        return await run_in_threadpool(pages.summary, pages.require(request))

    @router.get("/license")
    async def license_(request: Request) -> Response:
        return pages.license(pages.require(request))

    @router.get("/services")
    async def services(request: Request) -> Response:
        return pages.services(pages.require(request))


def _add_files(router: APIRouter, pages: Pages) -> None:
    @router.get("/services.svg")
    async def picture(request: Request) -> Response:
        pages.require(request)
        return pages.picture()

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        kind = _STATIC.get(name)
        if kind is None:
            raise NoSuchSetting
        headers = {"Cache-Control": "public, max-age=300"}
        return Response(_FOLDER.joinpath(name).read_bytes(), media_type=kind, headers=headers)
