"""What the spec says of logs and metrics: the compiled `telemetry/metrics.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Final

SINGLE: Final = "single"
BATCH: Final = "batch"

_INVALID: Final = re.compile(r"[^A-Za-z0-9_]")


class TelemetryError(Exception):
    """Telemetry can't be opened as asked."""


class UndeclaredMetric(TelemetryError):
    """A metric, a label or a value that the spec doesn't declare; raised in development alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMetric:
    """One metric of the spec."""

    type: str
    labels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSettings:
    """How records are sent: seconds between batches, records kept, the least level, the dialect.

    `log_fields` are the names of fields beyond ECS that the spec declares.
    """

    flush_interval: float = 5.0
    max_entries: int = 10_000
    log_level: str = "info"
    dialect: str = SINGLE
    log_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The declared metrics by name; None where there is no catalogue to go by."""

    app: str
    metrics: Mapping[str, DeclaredMetric] | None = None
    sender: SenderSettings = field(default_factory=SenderSettings)

    def check(
        self, name: str, value: float, type_: str | None, labels: Mapping[str, object]
    ) -> tuple[str, Mapping[str, str]]:
        """The metric's type and its labels as Prometheus takes them; UndeclaredMetric."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise UndeclaredMetric(f'metric "{name}": its value is no number')
        given = {_INVALID.sub("_", one): str(text) for one, text in labels.items()}
        if self.metrics is None:
            return type_ or "gauge", given
        declared = self.metrics.get(name)
        if declared is None:
            near = get_close_matches(name, self.metrics, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UndeclaredMetric(f'the spec declares no metric "{name}"{hint}')
        if type_ not in (None, declared.type):
            raise UndeclaredMetric(f'metric "{name}" is declared as {declared.type}, not {type_}')
        if unknown := sorted(given.keys() - declared.labels):
            known = ", ".join(sorted(declared.labels)) or "none"
            raise UndeclaredMetric(
                f'metric "{name}" has no label "{unknown[0]}" in the spec; it has: {known}'
            )
        return declared.type, given


def read_catalogue(path: str | Path) -> Catalogue:
    """The compiled file; TelemetryError where it can't be read or is something else."""
    try:
        return parse_catalogue(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        problem = error.strerror or str(error)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"it is no telemetry/metrics.json of penguin-compile ({error})"
    raise TelemetryError(f"can't read {path}: {problem}; run penguin-compile compile")


def parse_catalogue(data: Mapping[str, Any]) -> Catalogue:
    """The same from its JSON."""
    sender = data.get("sender", {})
    usual = SenderSettings()
    return Catalogue(
        app=data["app"],
        metrics={
            one["name"]: DeclaredMetric(type=one["type"], labels=frozenset(one["labels"]))
            for one in data["metrics"]
        },
        sender=SenderSettings(
            flush_interval=sender.get("flush_interval", usual.flush_interval),
            max_entries=sender.get("max_entries", usual.max_entries),
            log_level=sender.get("log_level", usual.log_level),
            dialect=sender.get("dialect", usual.dialect),
            log_fields=frozenset(sender.get("log_fields", ())),
        ),
    )
