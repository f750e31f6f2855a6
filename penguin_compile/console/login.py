"""Logging in and out: the local admin's form, and the way to an OpenID provider and back.

Beside `pages.py`. Afterwards everybody lands on the settings page: nobody names another place.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from penguin_compile.console.forms import read_form
from penguin_compile.console.oidc import CALLBACK, Provider
from penguin_compile.console.pages import Pages
from penguin_compile.console.principal import Denied, Principal, read_claims
from penguin_compile.console.sessions import COOKIE, make_token

if TYPE_CHECKING:
    from penguin_compile.console.application import Console

_FORM_COOKIE: Final = "__Host-penguin-login"
_OIDC_COOKIE: Final = "__Host-penguin-oidc"


class Door:
    """Lets people in and out."""

    def __init__(self, console: Console, pages: Pages) -> None:
        self.console = console
        self.gate = console.gate
        self.pages = pages
        self.options = console.options

    def page(self, status: int = 200, problem: str = "") -> Response:
        """The login page, with a token that its form has to bring back."""
        token = make_token()
        answer = self.pages.render(
            "login.html.j2",
            None,
            status,
            here="login",
            token=token,
            local=self.options.local is not None,
            oidc=self.options.oidc is not None,
            problem=problem,
        )
        _set(answer, _FORM_COOKIE, token)
        return answer

    async def log_in(self, request: Request) -> Response:
        """The local admin's form."""
        self.gate.check_client(request)
        form = await read_form(request)
        self.gate.check_origin(request)
        cookie = request.cookies.get(_FORM_COOKIE, "")
        if not cookie or not hmac.compare_digest(cookie.encode(), form.get("token", "").encode()):
            raise Denied(403, "The form is out of date; load the page again", reason="wrong token")
        try:
            principal = await run_in_threadpool(
                self.gate.log_in, request, form.get("name", ""), form.get("password", "")
            )
        except Denied as error:
            await run_in_threadpool(self.console.note, request, error)
            answer = self.page(error.status, error.message)
            if "Retry-After" in error.headers:
                answer.headers["Retry-After"] = error.headers["Retry-After"]
            return answer
        return self.begin(request, principal)

    def begin(self, request: Request, principal: Principal) -> Response:
        """A new session, and the end of the one before."""
        self.gate.sessions.end(request.cookies.get(COOKIE))
        answer = RedirectResponse("/settings", 303)
        _set(answer, COOKIE, self.gate.sessions.begin(principal))
        for name in (_FORM_COOKIE, _OIDC_COOKIE):
            answer.delete_cookie(name, secure=True, httponly=True, samesite="lax")
        return answer

    async def log_out(self, request: Request) -> Response:
        """The end of a session."""
        await self.pages.require_form(request)
        self.gate.sessions.end(request.cookies.get(COOKIE))
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")
        return answer


def build_login(console: Console, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    door = Door(console, pages)

    @router.get("/login")
    async def show(request: Request) -> Response:
        door.gate.check_client(request)
        if door.gate.session(request) is not None:
            return RedirectResponse("/settings", 303)
        return door.page()

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        return await door.log_in(request)

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        return await door.log_out(request)

    if console.options.oidc is not None:
        _add_oidc(router, Provider(console.options.oidc, console.options.public_url), door)
    return router


def _add_oidc(router: APIRouter, provider: Provider, door: Door) -> None:
    """To the provider and back."""
    gate = door.gate

    @router.get("/oidc/login")
    async def leave(request: Request) -> Response:
        gate.check_client(request)
        url, handle = await run_in_threadpool(provider.begin)
        answer = RedirectResponse(url, 303)
        _set(answer, _OIDC_COOKIE, handle)
        return answer

    @router.get(CALLBACK)
    async def come_back(request: Request) -> Response:
        gate.check_client(request)
        handle, query = request.cookies.get(_OIDC_COOKIE), dict(request.query_params)
        claims = await run_in_threadpool(provider.finish, handle, query)
        known = read_claims(claims, door.options.roles.claim)
        return door.begin(request, gate.admit(known.name, known.roles))


def _set(answer: Response, name: str, value: str) -> None:
    """Out of reach of scripts, of other sites' forms, and of networks without TLS.

    Lax, not strict: the browser comes back from the provider's site with it.
    """
    answer.set_cookie(name, value, path="/", secure=True, httponly=True, samesite="lax")
