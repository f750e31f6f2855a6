"""Who may ask the sandbox: the cluster's key, and the users with their tokens.

Users live as long as the process; a token of another process is a wrong one.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_Use = Literal["access", "refresh"]

_SHORTEST_PASSWORD = 8
_REFRESH_SECONDS = 7 * 24 * 3600
_TOTP_STEP_SECONDS = 30


@dataclass(slots=True, kw_only=True)
class User:
    """One user; a `totp_secret` in base32 makes logins ask for a second factor."""

    id: int
    email: str
    password: str
    is_admin: bool
    is_active: bool = True
    totp_secret: str | None = None

    @property
    def username(self) -> str:
        """Return the name that the user logs in with, beside the email."""
        return self.email.partition("@")[0]

    def accepts_code(self, code: str) -> bool:
        """Tell whether a code is the one of now, or of the steps beside it."""
        step = int(time.time()) // _TOTP_STEP_SECONDS
        return any(
            hmac.compare_digest(code.encode(), _make_totp(self.totp_secret or "", near).encode())
            for near in (step - 1, step, step + 1)
        )


class Accounts:
    """The cluster's key and the users, whose tokens are real JWTs."""

    def __init__(
        self, users: Mapping[str, str], cluster_key: str | None, token_seconds: float
    ) -> None:
        """Take passwords by email; the first user is the administrator.

        UsageError for an email or password that no login could send.
        """
        for email, password in users.items():
            if "@" not in email or len(password) < _SHORTEST_PASSWORD:
                raise UsageError(
                    f"the user {email!r} can't be seeded: it takes an email address and a "
                    f"password of at least {_SHORTEST_PASSWORD} characters",
                    hint="write EMAIL:PASSWORD, as in admin@example.com:password",
                )
        self.cluster_key = cluster_key
        self.token_seconds = token_seconds
        self.users = [
            User(id=number, email=email, password=password, is_admin=number == 1)
            for number, (email, password) in enumerate(users.items(), start=1)
        ]
        self._secret = secrets.token_bytes(32)

    def accepts_cluster_key(self, sent: str) -> bool:
        """Compare with the cluster's key; where none was set, any key is right."""
        # Header text arrives as latin-1; the key itself may be any text.
        raw = sent.encode("latin-1", errors="replace")
        return self.cluster_key is None or hmac.compare_digest(raw, self.cluster_key.encode())

    def log_in(self, name: str, password: str) -> User | None:
        """Return the active user with that username or email and password."""
        for user in self.users:
            if name in (user.username, user.email) and user.is_active:
                right = hmac.compare_digest(password.encode(), user.password.encode())
                return user if right else None
        return None

    def find(self, user_id: int) -> User | None:
        """Return the user with that number, active or not."""
        return next((user for user in self.users if user.id == user_id), None)

    def make_token(self, user: User, use: _Use) -> str:
        """Return a signed token that expires."""
        now = time.time()
        lifetime = self.token_seconds if use == "access" else _REFRESH_SECONDS
        claims = {"sub": str(user.id), "type": use, "iat": int(now), "exp": int(now + lifetime)}
        claims["jti"] = secrets.token_hex(8)
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def read_token(self, token: str, use: _Use) -> int | None:
        """Return the number of a token's user; None where it is forged, expired or of other use."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(signed).encode()):
            return None
        claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
        if claims["type"] != use or claims["exp"] <= time.time():
            return None
        return int(claims["sub"])

    def _sign(self, text: str) -> str:
        return _trim(hmac.digest(self._secret, text.encode(), "sha256"))


def _encode(part: Mapping[str, object]) -> str:
    return _trim(json.dumps(part, separators=(",", ":")).encode())


def _trim(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _make_totp(secret: str, step: int) -> str:
    """Return the six digits of RFC 6238 for one step of time."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
