"""Target `telemetry`: what an app measures and logs, for those who build, collect and watch it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from penguin_compile.model.app import App
from penguin_compile.model.prometheus import prometheus_label, prometheus_name
from penguin_compile.model.telemetry import Metric, Telemetry
from penguin_compile.targets.grafana_dashboard import dashboard
from penguin_compile.targets.json_text import json_text
from penguin_compile.targets.log_schema import log_schema, unknown_fields
from penguin_compile.targets.target import Artifact, Placement, Target

FORMAT = 1


def render(app: App, placement: Placement) -> Iterator[Artifact]:  # noqa: ARG001  # JSON
    """The catalogue, the log records' schema, and a dashboard where there is something to see."""
    if app.telemetry is None:
        return
    metrics = app.telemetry.metrics
    yield Artifact(
        path="telemetry/metrics.json",
        text=json_text({**catalogue(app.name, metrics), "sender": sender(app.telemetry)}),
        notices=tuple(_clashes(metrics)),
    )
    yield Artifact(
        path="telemetry/log-schema.json",
        text=json_text(log_schema(app.name, app.telemetry)),
        notices=tuple(unknown_fields(app.telemetry)),
    )
    if metrics:
        text = json_text(dashboard(app.name, metrics))
        yield Artifact(path="telemetry/grafana-dashboard.json", text=text)


def catalogue(app: str, metrics: Iterable[Metric]) -> dict[str, Any]:
    """Every metric, in the order of the spec."""
    return {"format": FORMAT, "app": app, "metrics": [_entry(metric) for metric in metrics]}


def sender(telemetry: Telemetry) -> dict[str, Any]:
    """How the app's library sends; addresses and credentials are variables.

    `flush_interval` is in seconds.
    """
    fields: dict[str, Any] = {
        "log_level": telemetry.log_level,
        "log_fields": list(telemetry.log_fields),
    }
    if telemetry.killkrill is not None:
        fields |= {
            "dialect": telemetry.killkrill.dialect,
            "flush_interval": telemetry.killkrill.flush_interval,
            "max_entries": telemetry.killkrill.max_entries,
            "on_full": telemetry.killkrill.on_full,
        }
    return fields


def _entry(metric: Metric) -> dict[str, Any]:
    """What was not declared is left out; labels are as Prometheus takes them."""
    fields = {
        "name": metric.name,
        "prometheus_name": prometheus_name(metric),
        "type": metric.type,
        "category": metric.category,
        "unit": metric.unit,
        "labels": [prometheus_label(one) for one in metric.labels],
        "description": metric.description,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _clashes(metrics: Iterable[Metric]) -> Iterator[str]:
    """Metrics that Prometheus could not tell apart."""
    first: dict[str, str] = {}
    for metric in metrics:
        name = prometheus_name(metric)
        if name in first:
            yield f'"{first[name]}" and "{metric.name}" are both {name} for Prometheus'
        first.setdefault(name, metric.name)


TARGET = Target(
    name="telemetry",
    render=render,
    renders=frozenset(("metric",)),
    ignores={
        "service": "the dashboard finds the services by the metrics that they emit",
        "route": "the gateway measures its routes itself",
        "setting": "settings are neither logged nor measured",
        "variable": "KillKrill's variables are in env and Compose",
        "tier": "the license server holds the tiers",
        "feature": "a feature's use is a metric that the app declares",
        "waddleai": "it measures itself",
    },
    owns=("telemetry/",),
)
