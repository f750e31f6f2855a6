"""PC309: a metric name or label that Prometheus or Elasticsearch would refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.telemetry import Metric
from penguin_compile.rules.rule import Finding, Rule

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\Z")
_LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED = {"histogram": "le", "summary": "quantile"}


def check(app: App) -> Iterator[Finding]:
    """Dots are ECS's own, and become underscores for Prometheus."""
    if app.telemetry is None:
        return
    metrics = app.telemetry.metrics
    for metric in metrics:
        if not _NAME.match(metric.name):
            label = "letters, digits and underscores, in parts that dots join"
            message = f'"{metric.name}" is no name that a metric can have'
            yield _finding(metric, message, label)
        yield from _label_findings(metric)
    yield from _clashes(metrics)


def _label_findings(metric: Metric) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(metric.labels):
        problem = None
        if not _LABEL.match(name):
            problem = "letters, digits and underscores, not beginning with a digit or __"
        elif name == _RESERVED.get(metric.type):
            problem = f"every {metric.type} has a label of that name already"
        elif name in seen:
            problem = "it stands here twice"
        seen.add(name)
        if problem is not None:
            message = f'"{name}" is no label that metric "{metric.name}" can have'
            yield _finding(metric, message, problem, ("labels", index))


def _clashes(metrics: tuple[Metric, ...]) -> Iterator[Finding]:
    """Two names that become one, and a name that is an object and a value at once."""
    first: dict[str, Metric] = {}
    names = {metric.name for metric in metrics}
    for metric in metrics:
        flat = metric.name.replace(".", "_")
        other = first.setdefault(flat, metric)
        if other is not metric:
            message = f'metrics "{other.name}" and "{metric.name}" are both {flat} for Prometheus'
            yield _finding(metric, message, "rename one of them", other=other.name)
        parts = metric.name.split(".")
        for length in range(1, len(parts)):
            parent = ".".join(parts[:length])
            if parent in names:
                message = f'metric "{metric.name}" lies inside metric "{parent}"'
                label = "a field of Elasticsearch is an object or a value, never both"
                yield _finding(metric, message, label, other=parent)


def _finding(
    metric: Metric, message: str, label: str, inside: Pointer = (), other: str | None = None
) -> Finding:
    pointer = ("telemetry", "metrics", metric.name)
    return Finding(
        pointer=(*pointer, *inside),
        message=message,
        label=label,
        at_key=not inside,
        related=() if other is None else ((f'metric "{other}"', (*pointer[:2], other)),),
    )


RULE = Rule(
    code="PC309",
    severity=Severity.WARNING,
    title="metric name or label that Prometheus or ECS refuses",
    why="The receiver drops the metric, and its dashboard stays empty without an error.",
    source="Prometheus data model, metric names and labels; Elastic Common Schema, field names",
    check=check,
)
