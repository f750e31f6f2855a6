"""Services of an app, the routes between them, and what their containers are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import SecretReference

EXTERNAL = "external"  # the world outside, as a source of routes


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How the gateway asks a service whether it is well; `interval` in seconds."""

    path: str | None
    interval: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A variable's text, exactly: a dollar is a dollar."""

    text: str


@dataclass(frozen=True, slots=True)
class FromSetting:
    """The variable of a config key, under another name."""

    key: str


@dataclass(frozen=True, slots=True)
class FromVariable:
    """A variable of the deployment; `default` is its default in this container alone."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class FromSecret:
    """A secret of this container alone."""

    secret: SecretReference
    required: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """Text over declared variables: `mysql://${DB_USER}@db/app`."""

    text: str


EnvironmentValue: TypeAlias = Literal | FromSetting | FromVariable | FromSecret | Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: what the gateway registers, and the container that runs it.

    `container` is Compose's own mapping, or None where the spec describes no container.
    `config` holds globs over config keys; `("*",)` with `all_config` stands for `config: all`.
    """

    name: str
    host: str
    port: int | None
    protocol: str
    auth: str
    tls_enabled: bool
    tls_verify: bool | None
    health_check: HealthCheck | None
    gateway: bool
    requires_feature: str | None
    protected: bool
    container: Mapping[str, Any] | None
    environment: Mapping[str, EnvironmentValue]
    all_config: bool
    config_globs: tuple[str, ...]
    all_secrets: bool

    @property
    def depends_on(self) -> list[str]:
        """What its container is started after; Compose has a list or a mapping of names."""
        return [str(name) for name in (self.container or {}).get("depends_on") or ()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route, by the names that the spec uses; absent parts are None."""

    name: str
    description: str | None
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    listen_port: int | None
    listen_protocol: str | None
    path_prefix: str | None
    protected: bool

    @property
    def listens(self) -> str:
        """`https 443 /api`, as far as it is stated."""
        parts = (self.listen_protocol, self.listen_port, self.path_prefix)
        return " ".join(str(one) for one in parts if one)
