"""Logs and metrics of an app, and the KillKrill that receives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import SecretReference


@dataclass(frozen=True, slots=True, kw_only=True)
class KillKrill:
    """Where logs and metrics go; `flush_interval` in seconds, `max_entries` in records."""

    enabled: bool
    api_url: str | None
    grpc_url: str | None
    dialect: str
    client_id: SecretReference | None
    client_secret: SecretReference | None
    flush_interval: int
    max_entries: int
    on_full: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric that the app emits."""

    name: str
    type: str
    category: str | None
    unit: str | None
    description: str | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What the app logs and measures. `log_fields` maps a field's name to its ECS type."""

    killkrill: KillKrill | None
    log_level: str
    log_schema: str
    log_fields: Mapping[str, Mapping[str, Any]]
    metrics: tuple[Metric, ...]
