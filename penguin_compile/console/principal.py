"""Who asks, once that is known, and the refusal of who may not.

Under `access.py` and everything that answers requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from penguin_compile.live.config.row import TOOL

_LONGEST: Final = 200  # `updated_by` has 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An admin, by the name that goes into the audit."""

    name: str


class Denied(Exception):
    """A request that is refused: its status, what the answer says, and `reason` for the audit."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str,
        who: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.who = who
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a verified token says of a person."""

    subject: str
    email: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """What the audit calls them. Nobody passes for apply, whose writes are no edits."""
        name = "".join(one for one in (self.email or self.subject) if one.isprintable())[:_LONGEST]
        return f"user {name}" if name in {"", TOOL} else name


def read_claims(claims: Mapping[str, object], role_claim: str) -> Claims:
    """From the claims of a token; an address that was not verified names nobody."""
    email = claims.get("email")
    known = isinstance(email, str) and claims.get("email_verified", True) is True
    return Claims(
        subject=str(claims.get("sub", "")),
        email=str(email) if known else None,
        roles=_read_roles(claims, role_claim),
    )


def _read_roles(claims: Mapping[str, object], path: str) -> frozenset[str]:
    found: object = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset(found.split())
    if isinstance(found, list):
        return frozenset(one for one in found if isinstance(one, str))
    return frozenset()
