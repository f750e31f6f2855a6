"""What the sources of an app yield, before a spec is drafted from all of them (`intake/draft.py`).

Each thing says where it was found: a place in a file, in a table or on a gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.secret import SecretReference
from penguin_compile.core.span import Span
from penguin_compile.model.environment import Gateway
from penguin_compile.model.setting import UNSET, JsonValue, Unset


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHealthCheck:
    """How a gateway asks a service whether it is well; `interval` in seconds."""

    enabled: bool = True
    path: str | None = None
    interval: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundService:
    """A service as a gateway knows it; `name` without the app's prefix, `registered` with it."""

    name: str
    registered: str
    host: str
    port: int | None
    protocol: str
    auth: str = "none"
    tls_enabled: bool = False
    tls_verify: bool | None = None
    health_check: FoundHealthCheck | None = None
    collection: str | None = None
    place: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRoute:
    """A mapping as a gateway knows it; sources and targets by the names that a spec uses."""

    name: str
    registered: str
    description: str | None = None
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    listen_port: int | None = None
    listen_protocol: str | None = None
    path_prefix: str | None = None
    place: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSetting:
    """A row of a config table; a sensitive one has no value here.

    `category` is None where the table has no such column, `env` where no variable is known.
    """

    key: str
    type: str
    value: JsonValue | Unset = UNSET
    category: str | None = None
    description: str | None = None
    sensitive: bool = False
    env: str | None = None
    place: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """The config table itself: `outputs.sql`; a column that it lacks is None."""

    name: str
    columns: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that one source yields, and what is wrong with it.

    `app` is the name that it has for the app. `gateway` and `database` are the live system that
    was read, as an environment names it: a URL that holds a password is the reference to it.
    """

    source: str
    app: str | None = None
    services: tuple[FoundService, ...] = ()
    routes: tuple[FoundRoute, ...] = ()
    settings: tuple[FoundSetting, ...] = ()
    table: FoundTable | None = None
    gateway: Gateway | None = None
    database: str | SecretReference | None = None
    findings: tuple[Diagnostic, ...] = ()
