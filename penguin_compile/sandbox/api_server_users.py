"""Who asks the api-server sandbox: logins, tokens, and which services a user may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penguin_compile.sandbox.api_server_objects import ASSIGNMENT, LOGIN, REFRESH
from penguin_compile.sandbox.fields import JsonObject
from penguin_compile.sandbox.routing import Refusal, Request, Response, read_bearer, require
from penguin_compile.sandbox.service import check

if TYPE_CHECKING:
    from penguin_compile.sandbox.accounts import Accounts, User
    from penguin_compile.sandbox.store import Store

# What the real server says, whatever the token's own `exp`.
_EXPIRES_IN = 3600


def authenticate(accounts: Accounts, authorization: str | None) -> User:
    """Accept a user's token; Refusal 403 without one, 401 if it is wrong, 404 without its user."""
    number = accounts.read_token(read_bearer(authorization), "access")
    if number is None:
        raise Refusal(401, "Could not validate credentials")
    return _require_user(accounts, number)


def log_in(_store: Store, request: Request) -> Response:
    """Answer tokens for a name and a password, or that a second factor is needed."""
    body = check(LOGIN, request.parse_body())
    user = request.accounts.log_in(str(body["username"]), str(body["password"]))
    if user is None:
        raise Refusal(401, "Incorrect username or password")
    code = body["totp_code"]
    if user.totp_secret and code is not None and not user.accepts_code(str(code)):
        raise Refusal(401, "Invalid 2FA code")
    waits = user.totp_secret is not None and code is None
    tokens = _make_tokens(request.accounts, user)
    answer = {
        "user_id": user.id,
        "username": user.username,
        "email": user.email,
        "is_admin": user.is_admin,
        "requires_2fa": waits,
        **(dict.fromkeys(tokens) if waits else tokens),
        "token_type": "bearer",
    }
    return Response(body=answer)


def refresh_token(_store: Store, request: Request) -> Response:
    """Answer new tokens for a refresh token."""
    body = check(REFRESH, request.parse_body())
    number = request.accounts.read_token(str(body["refresh_token"]), "refresh")
    if number is None:
        raise Refusal(401, "Invalid refresh token")
    return Response(body=_make_tokens(request.accounts, _require_user(request.accounts, number)))


def show_me(_store: Store, request: Request) -> Response:
    """Answer who the token belongs to."""
    user = asking(request)
    body = {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_active": user.is_active,
        "is_admin": user.is_admin,
        "totp_enabled": user.totp_secret is not None,
    }
    return Response(body=body)


def assign_service(store: Store, request: Request) -> Response:
    """Let a user see a service; only for administrators."""
    if not asking(request).is_admin:
        raise Refusal(403, "Admin access required")
    body = check(ASSIGNMENT, request.parse_body())
    user = require(request.accounts.find(request.parameters["user_id"]), "User")
    with store.transaction():
        service = require(store.find("services", id=body["service_id"]), "Service")
        assignment = {"user_id": user.id, "service_id": service["id"]}
        store.insert("assignments", assignment)
    return Response(status=201, body=assignment)


def _require_user(accounts: Accounts, number: int) -> User:
    user = accounts.find(number)
    return require(user if user and user.is_active else None, "User")


def asking(request: Request) -> User:
    """Who the token of a request belongs to."""
    return require(request.user, "User")


def _make_tokens(accounts: Accounts, user: User) -> JsonObject:
    return {
        "access_token": accounts.make_token(user, "access"),
        "refresh_token": accounts.make_token(user, "refresh"),
        "token_type": "bearer",
        "expires_in": _EXPIRES_IN,
    }
