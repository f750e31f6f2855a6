"""The MODEL: one app in one environment, linked; what rules, targets and backends read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import SecretReference
from penguin_compile.model.deployment import Deployment, Variable
from penguin_compile.model.environment import Environment
from penguin_compile.model.license import License
from penguin_compile.model.service import Route, Service
from penguin_compile.model.setting import Setting
from penguin_compile.model.telemetry import Telemetry


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the app is; its name is also its collection on the gateway."""

    name: str
    version: str
    description: str | None
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaddleAI:
    """The optional AI service; `timeout` in seconds."""

    enabled: bool
    url: str
    features: tuple[str, ...]
    used_by: tuple[str, ...]
    api_key: SecretReference | None
    model_path: str
    max_workers: int
    timeout: int
    container: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigTable:
    """The table that holds the settings, and its columns by the standard's name.

    A column that the table lacks is None. Source of the names: integration-standards.
    """

    name: str
    columns: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlace:
    """A folder of the repository for the files of one target.

    With `environment`, for those of that environment alone.
    """

    directory: str
    environment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What compile is told about where and how to write.

    `targets` switches some on or off, whatever their default. `places` has the targets whose
    files do not stand with the others. `compose_empty` tells what an empty variable is to Compose:
    a `value`, or none, so that its `default` counts.
    """

    directory: str | None
    targets: Mapping[str, bool]
    config_table: ConfigTable
    compose_form: str
    compose_empty: str
    places: Mapping[str, OutputPlace]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One app as one environment sees it, every reference resolved to a name that exists."""

    identity: Identity
    services: Mapping[str, Service]
    routes: Mapping[str, Route]
    settings: Mapping[str, Setting]
    variables: Mapping[str, Variable]
    compose: Mapping[str, Any]
    license: License | None
    telemetry: Telemetry | None
    waddleai: WaddleAI | None
    categories: tuple[str, ...]
    outputs: Outputs
    environment: Environment
    deployment: Deployment

    @property
    def name(self) -> str:
        """The app's name, also its collection on the gateway."""
        return self.identity.name

    def gateway_name(self, name: str) -> str:
        """A service's or route's name on the gateway: `{app}-{name}`, and `app/service` alike."""
        other, slash, service = name.partition("/")
        return f"{other}-{service}" if slash else f"{self.name}-{name}"
