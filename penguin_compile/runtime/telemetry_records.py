"""From entries to what is sent: records of Elastic Common Schema, and measurements.

Source of the names: ECS, and the keywords of integration-standards, "KillKrill Integration".
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from penguin_compile.runtime.telemetry_entries import LogEntry, MetricEntry

Json = dict[str, object]

_ECS_VERSION: Final = "8.11"
_LONGEST_MESSAGE: Final = 32_768
_LONGEST_RECORD: Final = 1_000_000  # receivers fail at 16 MiB
_MASK: Final = "***SENSITIVE***"
_SENSITIVE: Final = re.compile(
    r"pass(word|wd|phrase)?$|secret|token$|api[_.-]?key|license[_.-]?key|authorization|credential",
    re.IGNORECASE,
)
_OUTCOMES: Final = frozenset(("success", "failure", "unknown"))
_NAMES: Final = {
    "user_id": "user.id",
    "organization_id": "organization.id",
    "team_id": "organization.id",
    "ip_address": "source.ip",
    "source_ip": "source.ip",
    "action": "event.action",
    "event_action": "event.action",
    "outcome": "event.outcome",
    "event_outcome": "event.outcome",
    "error": "error.message",
    "request_id": "http.request.id",
    "method": "http.request.method",
    "path": "url.path",
    "status": "http.response.status_code",
    "tags": "tags",
}
_TEXTS: Final = frozenset(_NAMES.values()) - {"http.response.status_code", "tags"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who logs, and the fields beyond ECS that the spec declares."""

    service: str
    version: str = ""
    log_fields: frozenset[str] = field(default_factory=frozenset)


def make_log_record(entry: LogEntry, origin: Origin) -> Json:
    """The record, flat with dotted names as in the standards' example."""
    record: Json = {
        "@timestamp": _moment(entry.at),
        "ecs.version": _ECS_VERSION,
        "log.level": entry.level,
        "message": entry.message[:_LONGEST_MESSAGE],
        "service.name": origin.service,
    }
    if origin.version:
        record["service.version"] = origin.version
    if entry.logger is not None:
        record["log.logger"] = entry.logger
    if entry.trace is not None:
        record |= {"trace.id": entry.trace.trace_id, "span.id": entry.trace.span_id}
    labels: dict[str, str] = {}
    declared = {name.replace(".", "_"): name for name in origin.log_fields}
    for key, value in entry.fields.items():
        _place(record, labels, declared.get(key) or _NAMES.get(key, key), key, value)
    if labels:
        record["labels"] = labels
    return record


def make_single_record(entry: LogEntry, origin: Origin) -> Json:
    """The record, with the keys that today's receivers read beside ECS's."""
    record = make_log_record(entry, origin)
    return {
        **record,
        "timestamp": record["@timestamp"],
        "log_level": entry.level,
        "service_name": origin.service,
    }


def make_metric_record(entry: MetricEntry) -> Json:
    """The measurement, as receivers read it."""
    return {
        "name": entry.name,
        "type": entry.type,
        "value": entry.value,
        "labels": dict(entry.labels),
    }


def combine_metrics(entries: Iterable[MetricEntry]) -> list[MetricEntry]:
    """One entry per counter and gauge with its labels: what was added, and what it is now."""
    combined: dict[object, MetricEntry] = {}
    for entry in entries:
        key: object = (entry.name, tuple(sorted(entry.labels.items())))
        if entry.type not in ("counter", "gauge"):
            key = (key, entry.sequence)
        before = combined.get(key)
        if before is not None:
            entry.value += before.value if entry.type == "counter" else 0
            entry.is_local = entry.is_local and before.is_local
        combined[key] = entry
    return list(combined.values())


def encode(record: Mapping[str, object]) -> bytes:
    """JSON, of a size that receivers take."""
    try:
        text = json.dumps(record, default=str, allow_nan=False)
    except ValueError:  # not a number, or a circle
        text = json.dumps({key: _plain(value) for key, value in record.items()})
    if len(text) > _LONGEST_RECORD:
        kept = {key: value for key, value in record.items() if key != "labels"}
        text = json.dumps({key: _cut(value) for key, value in kept.items()} | {"tags": ["cut"]})
    return text.encode()


def snapshot(value: object) -> object:
    """A value as it is now: what is no text or number is copied, and shown as text."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [snapshot(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): snapshot(one) for key, one in value.items()}
    try:
        return str(value)
    except Exception:  # noqa: BLE001 (a log call never fails by what is logged)
        return f"<{type(value).__name__}>"


def _place(record: Json, labels: dict[str, str], name: str, key: str, value: object) -> None:
    """A field of ECS or of the spec by its name, and any other one as a label."""
    if _SENSITIVE.search(key):
        value = _MASK
    if key == "duration_ms" and isinstance(value, int | float):
        record["event.duration"] = int(value * 1_000_000)  # ECS has nanoseconds
    elif "." in name and _fits(name, value):
        record[name] = str(value) if name in _TEXTS else value
    elif name == "tags" and isinstance(value, list):
        record["tags"] = [str(one) for one in value]
    else:
        labels[key] = value if isinstance(value, str) else json.dumps(value, default=str)


def _fits(name: str, value: object) -> bool:
    if name == "event.outcome":
        return value in _OUTCOMES
    if name == "source.ip":
        try:
            ipaddress.ip_address(str(value))
        except ValueError:
            return False
    return True


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError):
        return str(value)
    return value


def _cut(value: object) -> object:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text[:_LONGEST_MESSAGE] if len(text) > _LONGEST_MESSAGE else value
