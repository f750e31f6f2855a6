"""Where an app is deployed: the systems that plan and apply talk to."""

from __future__ import annotations

from collections.abc import Mapping

from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import SecretReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A MarchProxy and how to log in there; `cluster` is an id or a name."""

    url: str | SecretReference
    cluster: int | str | None
    dialect: str | None
    token: SecretReference | None
    username: str | None
    password: SecretReference | None
    totp: SecretReference | None
    protocol_map: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment. URLs may be secrets, because they may hold passwords.

    `limits` maps `max_updates` and `max_deletes` to a number or per cent, as text.
    """

    name: str
    protected: bool
    tier: str | None
    database: str | SecretReference | None
    gateway: Gateway | None
    sensitive: str | None
    state: str | SecretReference | None
    limits: Mapping[str, str]
