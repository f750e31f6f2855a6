"""A Grafana dashboard of an app's metrics: a row per category, a panel per metric.

Source: Grafana's dashboard schema (`@grafana/schema`, kind `dashboard`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from penguin_compile.core.canonical import digest
from penguin_compile.model.prometheus import prometheus_name
from penguin_compile.model.telemetry import Metric
from penguin_compile.targets.grafana_queries import queries, unit

Data: TypeAlias = dict[str, Any]

SCHEMA_VERSION = 42
UNCATEGORISED = "other"
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT, _COLUMNS = 12, 8, 2


def dashboard(app: str, metrics: Sequence[Metric]) -> Data:
    """The dashboard, without ids: Grafana gives them when it loads it."""
    return {
        "uid": f"penguin-{digest(app)[:24]}",
        "title": f"{app} metrics",
        "tags": ["penguin-compile", app],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_datasource_variable(), _service_variable(metrics)]},
        "panels": list(_panels(metrics)),
    }


def _datasource_variable() -> Data:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "refresh": 1,
    }


def _service_variable(metrics: Iterable[Metric]) -> Data:
    query = f'label_values({{__name__=~"{"|".join(map(_series, metrics))}"}}, job)'
    return {
        "type": "query",
        "name": "service",
        "label": "Service",
        "datasource": _DATASOURCE,
        "query": {"query": query, "refId": "services"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _series(metric: Metric) -> str:
    """A series that is there for every type of metric."""
    name = prometheus_name(metric)
    return f"{name}_count" if metric.type in {"histogram", "summary"} else name


def _panels(metrics: Iterable[Metric]) -> Iterator[Data]:
    """Rows in the order in which the spec first names their category."""
    categories: dict[str, list[Metric]] = {}
    for metric in metrics:
        categories.setdefault(metric.category or UNCATEGORISED, []).append(metric)
    y = 0
    for category, members in categories.items():
        place = {"h": 1, "w": _WIDTH * _COLUMNS, "x": 0, "y": y}
        yield {
            "type": "row",
            "title": category,
            "collapsed": False,
            "gridPos": place,
            "panels": [],
        }
        y += 1
        for index, metric in enumerate(members):
            line, column = divmod(index, _COLUMNS)
            x = column * _WIDTH
            yield _panel(metric, {"h": _HEIGHT, "w": _WIDTH, "x": x, "y": y + line * _HEIGHT})
        y += -(-len(members) // _COLUMNS) * _HEIGHT


def _panel(metric: Metric, place: Data) -> Data:
    panel: Data = {"type": "timeseries", "title": metric.name}
    if metric.description is not None:
        panel["description"] = metric.description
    return {
        **panel,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": unit(metric)}, "overrides": []},
        "options": {
            "legend": {
                "calcs": [],
                "displayMode": "list",
                "placement": "bottom",
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _DATASOURCE,
                "expr": query,
                "legendFormat": legend,
            }
            for index, (query, legend) in enumerate(queries(metric))
        ],
    }
