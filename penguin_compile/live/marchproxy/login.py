"""A user's login at an api-server: the token that requests carry, renewed before it expires."""

from __future__ import annotations

import base64
import json
import math
import threading
import time
from typing import Any, Final

from penguin_compile.core.errors import GatewayDenied
from penguin_compile.core.secret import Masked, SecretReference
from penguin_compile.live.marchproxy.answer import Answer
from penguin_compile.live.marchproxy.client import Client, is_portable
from penguin_compile.live.marchproxy.failures import Denied, Rejected
from penguin_compile.live.marchproxy.one_time_code import one_time_code

LOGIN: Final = "/api/v1/auth/login"
_REFRESH: Final = "/api/v1/auth/refresh"
_MARGIN: Final = 60.0  # seconds before its end at which a token is renewed, at most
_SHARE: Final = 0.2  # and at most this part of its life


class Login:
    """The credentials of the spec, and what they have brought; for many threads.

    A username logs in and can do so again; a `token` of the spec's is used as it is.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._token: Masked | None = None
        self._refresh_token: Masked | None = None
        self._renew_at = math.inf
        self._logged_in_again = False
        client.credentials_hint = self._hint()

    def token(self) -> Masked:
        """Return a token that is good for now; GatewayDenied where there is none."""
        with self._lock:
            if self._token is None:
                self._begin()
            elif time.monotonic() >= self._renew_at:
                self._renew()
            return self._require()

    def replace(self, refused: Masked) -> Masked | None:
        """Return another token after a 401, from one more login in all; None where that's over."""
        with self._lock:
            if self._token is not refused:
                return self._token  # another thread was here first
            if self._client.gateway.username is None or self._logged_in_again:
                return None
            self._logged_in_again = True
            self._log_in()
            return self._token

    def seconds_left(self) -> float | None:
        """How long the spec's own token still lives, by our clock; None for one that is renewed."""
        token = None if self._client.gateway.username is not None else self._token
        end = None if token is None else _read_claims(token).get("exp")
        return end - time.time() if isinstance(end, int | float) else None

    def _require(self) -> Masked:
        if self._token is None:
            raise GatewayDenied(f"{self._client.place}: there is no token", hint=self._hint())
        return self._token

    def _begin(self) -> None:
        gateway, place = self._client.gateway, self._client.place
        if gateway.username is not None:
            self._log_in()
        elif gateway.token is not None:
            self._token = self._client.resolve_token(gateway.token)
        else:
            raise GatewayDenied(
                f"{place} has no credentials, and an `api-server` MarchProxy wants a user's",
                hint=f"add to {place}: username: …, and "
                'password: {secret: "env:MARCHPROXY_PASSWORD"}',
            )

    def _log_in(self) -> None:
        gateway, place = self._client.gateway, self._client.place
        if gateway.password is None:
            raise GatewayDenied(
                f"{place} has a username and no password",
                hint=f'add to {place}: password: {{secret: "env:MARCHPROXY_PASSWORD"}}',
            )
        password = self._client.resolve(gateway.password)
        body = {"username": gateway.username, "password": password.reveal()}
        if gateway.totp is not None:
            body["totp_code"] = self._make_code(gateway.totp)
        try:
            answer = self._client.request("POST", LOGIN, body)
        except Rejected as failure:  # 422: too short to be a password, say
            raise GatewayDenied(failure.message, hint=self._hint()) from None
        if answer.take_secret("access_token") is None:
            self._explain_nothing(answer)
        self._accept(answer)

    def _make_code(self, reference: SecretReference) -> str:
        secret = self._client.resolve(reference)
        try:
            code = one_time_code(secret.reveal(), time.time())
        except ValueError:
            raise GatewayDenied(
                f"the TOTP secret {reference} is no base32 text",
                hint="it is the text that the server showed beside its QR code, not a code "
                "of six digits",
            ) from None
        self._client.hide(Masked(code))
        return code

    def _explain_nothing(self, answer: Answer) -> None:
        if answer.parse().get("requires_2fa"):
            place = self._client.place
            raise GatewayDenied(
                f"{answer.request}: this user needs a second factor, and "
                + ("none was accepted" if self._client.gateway.totp else f"{place} has no totp"),
                hint=f"the TOTP secret belongs into {place} as: "
                'totp: {secret: "env:MARCHPROXY_TOTP"}',
            )
        raise GatewayDenied(f"{answer.request}: the answer holds no token", hint=self._hint())

    def _renew(self) -> None:
        """From the refresh token, else by logging in: the token is at its end in any case."""
        refresh, self._refresh_token = self._refresh_token, None
        if refresh is not None:
            body = {"refresh_token": refresh.reveal()}
            try:
                self._accept(self._client.request("POST", _REFRESH, body))
            except (Denied, Rejected):
                pass
            else:
                return
        self._log_in()

    def _accept(self, answer: Answer) -> None:
        token = answer.take_secret("access_token")
        if token is None or not is_portable(token):
            raise GatewayDenied(f"{answer.request}: the answer holds no token", hint=self._hint())
        self._client.hide(token)
        refresh = answer.take_secret("refresh_token")
        if refresh is not None:
            self._client.hide(refresh)
        self._token, self._refresh_token = token, refresh
        life = read_life(token)
        self._renew_at = time.monotonic() + life - min(_MARGIN, life * _SHARE)

    def _hint(self) -> str:
        gateway, place = self._client.gateway, self._client.place
        if gateway.username is not None:
            factor = " and totp" if gateway.totp is not None else ""
            return f"is the user {gateway.username} an admin there, and are password{factor} right?"
        if gateway.token is not None:
            return (
                f"the token comes from {gateway.token} ({place}.token): it has to be an admin's "
                "JWT, which lives half an hour; with username and password it is renewed"
            )
        return f"add to {place}: username and password"


def read_life(token: Masked) -> float:
    """Return how many seconds a JWT lives by its own `exp`; no end where it tells none.

    The server's `expires_in` says twice as much as is true. Its own `iat` is where its clock
    started; without one it is taken for ours.
    """
    try:
        claims = _read_claims(token)
        life = float(claims["exp"]) - float(claims.get("iat", time.time()))
    except (ValueError, LookupError, TypeError, OverflowError):
        return math.inf
    # Clocks that differ by more than that say nothing: a 401 will.
    return life if life > 0 else math.inf


def _read_claims(token: Masked) -> dict[str, Any]:
    """What a JWT says of itself; nothing where it is none."""
    try:
        part = token.reveal().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, LookupError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
