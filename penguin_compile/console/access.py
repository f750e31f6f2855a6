"""Who may: admins, by a bearer token, a session, or as the local admin of a developer's machine.

Before every answer but the login page, static files and `/healthz`. Says no by raising Denied.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
from collections.abc import Iterable
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from penguin_compile.console.options import ConsoleOptions, JwtOptions, LocalAdmin, is_loopback
from penguin_compile.console.principal import Denied, Principal, read_claims
from penguin_compile.console.sessions import COOKIE, LoggedIn, LoginLimiter, Sessions
from penguin_compile.console.tokens import (
    IssuerUnavailable,
    TokenRejected,
    TokenVerifier,
    load_file,
    load_url,
)

CSRF_HEADER: Final = "x-csrf-token"
_SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class Gate:
    """Tells who asks, or refuses."""

    def __init__(self, options: ConsoleOptions) -> None:
        self.options = options
        self.sessions = Sessions()
        self.limiter = LoginLimiter()
        self._verifier = None if options.jwt is None else make_verifier(options.jwt)

    # For programs.

    def identify(self, request: Request) -> Principal:
        """The admin behind a request to the API; Denied for anybody else."""
        principal = self._identify(request)
        request.state.name = principal.name  # for the audit of what is refused later
        return principal

    def _identify(self, request: Request) -> Principal:
        self.check_client(request)
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(rest.strip())
        if scheme.lower() == "basic" and self.options.local is not None:
            name, password = _split_basic(rest)
            return self.log_in(request, name, password)
        session = self.session(request)
        if session is None:
            raise Denied(
                401, "Authentication required", reason="no credentials", headers=_CHALLENGE
            )
        if request.method not in _SAFE:
            self.check_csrf(request, session, request.headers.get(CSRF_HEADER))
        return session.principal

    def _by_token(self, token: str) -> Principal:
        if self._verifier is None:
            raise Denied(
                401, "Invalid token", reason="bearer tokens are not set up", headers=_CHALLENGE
            )
        try:
            claims = read_claims(self._verifier.verify(token), self.options.roles.claim)
        except TokenRejected as error:
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise Denied(401, "Invalid token", reason=str(error), headers=headers) from None
        except IssuerUnavailable as error:
            raise Denied(503, "The issuer's keys can't be read", reason=error.message) from None
        return self.admit(claims.name, claims.roles)

    def admit(self, name: str, roles: Iterable[str]) -> Principal:
        """An admin by their roles; Denied for anybody else."""
        wanted = self.options.roles.admin
        if not any(hmac.compare_digest(one.encode(), wanted.encode()) for one in roles):
            raise Denied(
                403, "Admin role required", reason=f"the role {wanted} is missing", who=name
            )
        return Principal(name=name)

    # For people.

    def session(self, request: Request) -> LoggedIn | None:
        """The session of a browser."""
        return self.sessions.find(request.cookies.get(COOKIE))

    def log_in(self, request: Request, name: str, password: str) -> Principal:
        """The local admin by name and password; Denied after too many failures, too."""
        local = self.options.local
        if local is None:
            raise Denied(403, "There is no local admin here", reason="no local admin is set up")
        tried = (f"from {client_of(request)}", f"as {name}")
        wait = self.limiter.wait(tried)
        if wait:
            raise Denied(
                429,
                "Too many failed logins; try again later",
                reason="too many failed logins",
                who=None,
                headers={"Retry-After": str(math.ceil(wait))},
            )
        if not _is_local(local, name, password):
            self.limiter.failed(tried)
            headers = _CHALLENGE
            raise Denied(
                401, "Name or password is wrong", reason="wrong name or password", headers=headers
            )
        self.limiter.succeeded(tried)
        return Principal(name=local.name)

    def check_csrf(self, request: Request, session: LoggedIn, token: str | None) -> None:
        """Denied for a change that our own page did not ask for."""
        if not hmac.compare_digest((token or "").encode(), session.csrf.encode()):
            name = session.principal.name
            raise Denied(
                403,
                "The form is out of date; load the page again",
                reason="wrong CSRF token",
                who=name,
            )
        self.check_origin(request)

    def check_origin(self, request: Request) -> None:
        """Denied for a form of another site."""
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and origin not in self._origins) or site not in {
            "same-origin",
            "none",
        }:
            raise Denied(403, "The request came from another site", reason="another origin")

    def check_client(self, request: Request) -> None:
        """A local admin is on this machine: neither another host nor a proxy may stand between."""
        if self.options.local is None:
            return
        forwarded = any(one in request.headers for one in _FORWARDED)
        if forwarded or not is_loopback(client_of(request)):
            raise Denied(
                403,
                "A local admin is for this machine alone",
                reason="not from this machine, or through a proxy",
            )

    @cached_property
    def _origins(self) -> frozenset[str]:
        scheme = urlsplit(self.options.public_url).scheme
        return frozenset({self.options.origin, *(f"{scheme}://{h}" for h in self.options.hosts)})


def make_verifier(options: JwtOptions) -> TokenVerifier:
    """What verifies the bearer tokens of an issuer; FileFailure for a file without keys."""
    file, url = options.keys_file, options.keys_url
    if file is not None:
        load_file(file)
        return TokenVerifier(options.issuer, options.audience, lambda: load_file(file))
    return TokenVerifier(options.issuer, options.audience, lambda: load_url(str(url)))


def client_of(request: Request) -> str:
    """The address that a request came from: the proxy's, where there is one."""
    return "unknown" if request.client is None else request.client.host


def hash_password(password: str) -> str:
    """Argon2id, with the library's parameters (RFC 9106, low memory)."""
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def is_hash(text: str) -> bool:
    """Whether it is an Argon2 hash that can be verified."""
    from argon2 import extract_parameters
    from argon2.exceptions import InvalidHashError

    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def _is_local(local: LocalAdmin, name: str, password: str) -> bool:
    """The hash is verified whatever the name, so that time tells nothing of names."""
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError

    try:
        right = bool(PasswordHasher().verify(local.password_hash, password))
    except (VerificationError, UnicodeEncodeError):
        right = False
    known = hmac.compare_digest(
        name.encode("utf-8", "surrogatepass"), local.name.encode("utf-8", "surrogatepass")
    )
    return right and known


def _split_basic(text: str) -> tuple[str, str]:
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    name, _, password = decoded.partition(":")
    return name, password
