"""Section `telemetry`: KillKrill, logs and metrics."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from penguin_compile.model.telemetry import KillKrill, Metric, Telemetry
from penguin_compile.sections.shape import Duration, Named, SecretShape, Shape


class BufferShape(Shape):
    """What is kept while KillKrill can't be reached."""

    max_entries: int = Field(default=10_000, ge=1, description="Records that are kept.")
    on_full: Literal["drop_oldest"] = Field(
        default="drop_oldest", description="Which records go first; errors are kept longest."
    )


class KillKrillShape(Shape):
    """Where logs and metrics go."""

    model_config = ConfigDict(title="KillKrill")

    enabled: bool = Field(default=True, description="Logs and metrics are sent.")
    api_url: str | None = Field(
        default=None, description="HTTP receiver.", examples=["http://killkrill-receiver:8081"]
    )
    grpc_url: str | None = Field(
        default=None,
        description="gRPC receiver, host:port.",
        examples=["killkrill-receiver:50051"],
    )
    dialect: Literal["single", "batch"] = Field(
        default="single",
        description="One record per request as today's receivers read, or the standards' batches.",
    )
    client_id: SecretShape | None = Field(
        default=None, description="Who sends.", examples=[{"secret": "env:KILLKRILL_CLIENT_ID"}]
    )
    client_secret: SecretShape | None = Field(
        default=None,
        description="Its proof.",
        examples=[{"secret": "env:KILLKRILL_CLIENT_SECRET"}],
    )
    flush_interval: Duration = Field(default=5, description="Time between batches.")
    buffer: BufferShape = Field(
        default=BufferShape.model_construct(), description="What is kept meanwhile."
    )


class LogsShape(Shape):
    """What a log record looks like."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is sent."
    )
    schema_: Literal["ecs"] = Field(
        default="ecs", alias="schema", description="Elastic Common Schema."
    )
    fields: Named[dict[str, Any]] = Field(
        default_factory=dict,
        description="Fields beyond the schema's own, with their type.",
        examples=[{"team.id": {"type": "keyword"}}],
    )


class MetricShape(Shape):
    """One metric."""

    type: Literal["counter", "gauge", "histogram", "summary"] = Field(
        description="Prometheus's metric types."
    )
    category: str | None = Field(
        default=None,
        description="What it is about.",
        examples=["api", "business", "system"],
    )
    unit: str | None = Field(
        default=None, description="What it is measured in.", examples=["ms", "bytes"]
    )
    description: str | None = Field(default=None, description="One line for people.")
    labels: list[str] = Field(
        default_factory=list,
        description="Names of its labels.",
        examples=[["endpoint", "status"]],
    )


class TelemetryShape(Shape):
    """Logs and metrics of the app."""

    killkrill: KillKrillShape | None = Field(default=None, description="Where they go.")
    logs: LogsShape = Field(
        default=LogsShape.model_construct(), description="What a log record looks like."
    )
    metrics: Named[MetricShape] = Field(
        default_factory=dict,
        description="Metrics, by name.",
        examples=[{"users.active": {"type": "gauge", "category": "business"}}],
    )


def lower_telemetry(shape: TelemetryShape) -> Telemetry:
    """The dataclass of section `telemetry`."""
    return Telemetry(
        killkrill=None if shape.killkrill is None else _lower_killkrill(shape.killkrill),
        log_level=shape.logs.level,
        log_schema=shape.logs.schema_,
        log_fields=shape.logs.fields,
        metrics=tuple(
            Metric(
                name=name,
                type=metric.type,
                category=metric.category,
                unit=metric.unit,
                description=metric.description,
                labels=tuple(metric.labels),
            )
            for name, metric in shape.metrics.items()
        ),
    )


def _lower_killkrill(shape: KillKrillShape) -> KillKrill:
    return KillKrill(
        enabled=shape.enabled,
        api_url=shape.api_url,
        grpc_url=shape.grpc_url,
        dialect=shape.dialect,
        client_id=None if shape.client_id is None else shape.client_id.secret,
        client_secret=None if shape.client_secret is None else shape.client_secret.secret,
        flush_interval=shape.flush_interval,
        max_entries=shape.buffer.max_entries,
        on_full=shape.buffer.on_full,
    )
