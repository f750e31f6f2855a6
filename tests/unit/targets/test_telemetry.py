from __future__ import annotations

import json
from dataclasses import replace

import jsonschema_rs
import prometheus_client
import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics import exposition as open_metrics
from prometheus_client.openmetrics import parser as open_metrics_parser
from prometheus_client.parser import text_string_to_metric_families

from penguin_compile.artifacts.check import check_artifacts
from penguin_compile.core.errors import PenguinError
from penguin_compile.model.prometheus import prometheus_name
from penguin_compile.model.telemetry import Metric
from penguin_compile.targets.grafana_dashboard import dashboard
from penguin_compile.targets.telemetry import catalogue
from tests.models import example_app, read_app, render

KINDS = {
    "counter": prometheus_client.Counter,
    "gauge": prometheus_client.Gauge,
    "histogram": prometheus_client.Histogram,
    "summary": prometheus_client.Summary,
}
# integration-standards, "Structured Logging".
STANDARD_RECORD = {
    "@timestamp": "2024-01-15T10:30:00Z",
    "level": "info",
    "message": "User authentication",
    "service.name": "flask-backend",
    "user.id": "user_123",
    "organization.id": "team_abc",
    "event.action": "login",
    "event.outcome": "success",
    "source.ip": "192.168.1.1",
}
NESTED_RECORD = {
    "@timestamp": "2024-01-15T10:30:00.123+01:00",
    "log": {"level": "error", "logger": "auth"},
    "message": "User authentication",
    "service": {"name": "flask-backend", "version": "1.4.0"},
    "event": {"action": "login", "outcome": "failure", "dataset": "auth"},
    "source": {"ip": "2001:db8::1", "port": 1234},
    "labels": {"shard": "7"},
    "tags": ["auth"],
    "team": {"id": "team_abc"},
}


def read(app, name):
    artifacts = render("telemetry", app)
    check_artifacts(artifacts.values())
    return json.loads(artifacts[f"telemetry/{name}.json"].text)


def metric(name, kind="gauge", unit=None, labels=(), category=None):
    return Metric(
        name=name, type=kind, category=category, unit=unit, description=None, labels=labels
    )


def register(entries):
    """A registry with every metric of a catalogue, each emitted once."""
    registry = prometheus_client.CollectorRegistry()
    for entry in entries:
        kind = KINDS[entry["type"]]
        one = kind(entry["prometheus_name"], "text", entry["labels"], registry=registry)
        child = one.labels(*("value" for _ in entry["labels"])) if entry["labels"] else one
        emit = {"gauge": "set", "counter": "inc"}.get(entry["type"], "observe")
        getattr(child, emit)(3)
    return registry


def samples(registry):
    """Samples by name, as a Prometheus server would read them."""
    text = prometheus_client.generate_latest(registry).decode()
    found = _by_name(text_string_to_metric_families(text))
    newer = open_metrics.generate_latest(registry).decode()  # its reader is stricter
    assert (
        _by_name(open_metrics_parser.text_string_to_metric_families(newer)).keys() == found.keys()
    )
    return found


def _by_name(families):
    return {
        sample.name: (family.type, set(sample.labels) - {"le", "quantile"})
        for family in families
        for sample in family.samples
    }


def test_prometheus_takes_every_metric_under_the_names_of_the_catalogue():
    entries = read(example_app(), "metrics")["metrics"]
    found = samples(register(entries))
    assert len(entries) == 10
    for entry in entries:
        name = entry["prometheus_name"]
        suffixes = {"histogram": ("_bucket", "_sum", "_count")}.get(entry["type"], ("",))
        for suffix in suffixes:
            assert found[name + suffix] == (entry["type"], set(entry["labels"]))


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (metric("http.request.duration_ms", "histogram", "ms"), "http_request_duration_ms"),
        (metric("http.request.duration", "histogram", "ms"), "http_request_duration_milliseconds"),
        (metric("http.request.size_bytes", "histogram", "bytes"), "http_request_size_bytes"),
        (metric("http.requests.total", "counter"), "http_requests_total"),
        (metric("features.used", "counter"), "features_used_total"),
        (metric("sent.total", "counter", "bytes"), "sent_bytes_total"),
        (metric("sent.bytes.total", "counter", "By"), "sent_bytes_total"),
        (metric("teams.total"), "teams_total"),
        (metric("queue-length", unit="{jobs}"), "queue_length"),
        (metric("disk.read", unit="B/s"), "disk_read_bytes_per_second"),
        (metric("disk.read_bytes_per_second", unit="By/s"), "disk_read_bytes_per_second"),
        (metric("cpu", unit="%"), "cpu_percent"),
        (metric("9lives", unit="1"), "_9lives"),
    ],
)
def test_names(declared, expected):
    assert prometheus_name(declared) == expected


names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}([.-][a-z0-9_]{1,8}){0,3}", fullmatch=True)


@given(
    names,
    st.sampled_from(sorted(KINDS)),
    st.sampled_from([None, "", "1", "ms", "s", "bytes", "%", "B/s", "°C", "jobs", "{x}"]),
)
def test_any_name_and_unit_is_one_that_prometheus_takes(name, kind, unit):
    declared = metric(name, kind, unit, labels=("user.id", "status"))
    entries = catalogue("app", [declared])["metrics"]
    found = samples(register(entries))
    assert {kinds for kinds, _ in found.values()} <= {kind, "gauge"}  # beside: when it was created
    assert any(one.startswith(entries[0]["prometheus_name"]) for one in found)
    again = replace(declared, name=prometheus_name(declared))
    assert prometheus_name(again) == again.name


def test_metrics_that_prometheus_could_not_tell_apart_are_told():
    text = """
penguin: 1
app: {name: twice}
telemetry: {metrics: {cache: {type: counter}, cache.total: {type: gauge}}}
"""
    artifacts = render("telemetry", read_app(text))
    assert artifacts["telemetry/metrics.json"].notices == (
        '"cache" and "cache.total" are both cache_total for Prometheus',
    )


def log_validator(app):
    return jsonschema_rs.validator_for(read(app, "log-schema"), validate_formats=True)


@pytest.mark.parametrize("record", [STANDARD_RECORD, NESTED_RECORD])
def test_a_record_may_be_flat_or_nested(record):
    assert [one.message for one in log_validator(example_app()).iter_errors(record)] == []


@pytest.mark.parametrize("record", [STANDARD_RECORD, NESTED_RECORD])
@pytest.mark.parametrize("name", ["@timestamp", "message", "level", "service"])
def test_a_record_lacks_nothing_that_is_required(record, name):
    lacking = {one: value for one, value in record.items() if not one.startswith(name)}
    lacking = {one: value for one, value in lacking.items() if (one, name) != ("log", "level")}
    assert len(lacking) == len(record) - 1
    assert not log_validator(example_app()).is_valid(lacking)


@pytest.mark.parametrize(
    "change",
    [
        {"@timestamp": 1705314600},
        {"@timestamp": "yesterday"},
        {"message": None},
        {"level": "debug"},
        {"level": "loud"},
        {"log.level": "trace"},
        {"log": {"level": "debug"}},
        {"log": "info"},
        {"service.name": ""},
        {"service": {"name": 5}},
        {"event.outcome": "maybe"},
        {"event": {"outcome": "maybe"}},
        {"source.ip": "localhost"},
        {"source": {"ip": "1.2.3.4.5"}},
        {"team.id": 7},
        {"team": {"id": ["a"]}},
        {"tags": "auth"},
    ],
)
@pytest.mark.parametrize("record", [STANDARD_RECORD, NESTED_RECORD])
def test_a_record_that_elastic_or_killkrill_would_mistake_is_refused(record, change):
    assert not log_validator(example_app()).is_valid({**record, **change})


def log_app(fields, level="info"):
    spec = {
        "penguin": 1,
        "app": {"name": "logs"},
        "telemetry": {"logs": {"level": level, "fields": fields}},
    }
    return read_app(json.dumps(spec))


def test_every_level_from_the_least_upwards():
    accepted = {
        least: [
            level
            for level in ("trace", "debug", "info", "warn", "warning", "error", "fatal")
            if log_validator(log_app({}, least)).is_valid({**STANDARD_RECORD, "level": level})
        ]
        for least in ("debug", "warning", "error")
    }
    assert accepted == {
        "debug": ["debug", "info", "warn", "warning", "error", "fatal"],
        "warning": ["warn", "warning", "error", "fatal"],
        "error": ["error", "fatal"],
    }


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("keyword", "a", 1),
        ("text", "", None),
        ("long", -(2**63), 2**63),
        ("long", 3, 3.5),
        ("unsigned_long", 2**64 - 1, -1),
        ("byte", 127, 128),
        ("double", 0.5, "0.5"),
        ("boolean", False, "false"),
        ("date", "2024-01-15", "15.1.2024"),
        ("date", 1705314600000, True),
        ("ip", "::1", "300.1.1.1"),
        ("object", {"any": 1}, "x"),
        ("nested", [{"a": 1}], ["a"]),
        ("flattened", {}, []),
    ],
)
def test_field_types(kind, good, bad):
    validator = log_validator(log_app({"a.b.c": {"type": kind}}))
    for form in (lambda value: {"a.b.c": value}, lambda value: {"a": {"b": {"c": value}}}):
        assert validator.is_valid({**STANDARD_RECORD, **form(good)})
        assert not validator.is_valid({**STANDARD_RECORD, **form(bad)})


def test_a_declared_field_may_be_a_list_but_never_loosens_what_is_required():
    fields = {
        "groups": {"type": "keyword", "normalize": ["array"], "description": "Of the user"},
        "@timestamp": {"type": "long"},
        "log.level": {"type": "keyword"},
    }
    app = log_app(fields)
    validator = log_validator(app)
    assert validator.is_valid({**STANDARD_RECORD, "groups": ["a", "b"]})
    assert not validator.is_valid({**STANDARD_RECORD, "groups": "a"})
    assert not validator.is_valid({**STANDARD_RECORD, "@timestamp": 5})
    assert not validator.is_valid({**STANDARD_RECORD, "log.level": "loud"})
    assert read(app, "log-schema")["properties"]["groups"]["description"] == "Of the user"


def test_a_type_that_elastic_does_not_have_is_told():
    app = log_app({"team.id": {"type": "kyeword"}, "team": {}, "tag": {"type": ["keyword"]}})
    notices = render("telemetry", app)["telemetry/log-schema.json"].notices
    assert [one.split('"')[1] for one in notices] == ["team.id", "team", "tag"]
    assert log_validator(app).is_valid({**STANDARD_RECORD, "team.id": 5, "tag": None})


def test_panels_neither_overlap_nor_leave_the_grid():
    document = read(example_app(), "grafana-dashboard")
    taken = set()
    for place in (one["gridPos"] for one in document["panels"]):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells
        taken |= cells
    assert {x for x, _ in taken} == set(range(24))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("labels", [(), ("endpoint", "status-code")])
def test_what_a_panel_asks_is_promql_over_series_that_the_app_emits(kind, labels):
    declared = metric("queue.wait", kind, "s", labels)
    emitted = samples(register(catalogue("app", [declared])["metrics"]))
    document = dashboard("app", [declared])
    (panel,) = (one for one in document["panels"] if one["type"] == "timeseries")
    asked = [one["expr"].replace("$__rate_interval", "5m") for one in panel["targets"]]
    selectors = [found for one in asked for found in _selectors(promql_parser.parse(one))]
    assert selectors
    names = {one.name for one in selectors}
    if kind == "summary":  # this client emits no quantiles, others do
        names.discard("queue_wait_seconds")
    assert names <= emitted.keys()
    assert all('{job=~"$service"}' in one.prettify() for one in selectors)
    variable = document["templating"]["list"][1]["query"]["query"]
    series = variable.removeprefix('label_values({__name__=~"').removesuffix('"}, job)')
    assert series in emitted


def _selectors(node):
    """The vector selectors of a parsed query."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector"):
        if (inside := getattr(node, name, None)) is not None:
            yield from _selectors(inside)
    for inside in getattr(node, "args", ()) or ():
        yield from _selectors(inside)


def test_counters_are_rates_by_label_histograms_quantiles_and_gauges_values():
    def asked(kind):
        document = dashboard("app", [metric("m", kind, labels=("a", "b"))])
        return [(one["expr"], one["legendFormat"]) for one in document["panels"][1]["targets"]]

    assert asked("counter") == [
        ('sum by (a, b) (rate(m_total{job=~"$service"}[$__rate_interval]))', "{{a}} {{b}}")
    ]
    assert asked("gauge") == [('m{job=~"$service"}', "{{instance}} {{a}} {{b}}")]
    assert [legend for _, legend in asked("histogram")] == ["p50", "p95", "p99"]
    assert asked("histogram")[1][0] == (
        'histogram_quantile(0.95, sum by (le) (rate(m_bucket{job=~"$service"}[$__rate_interval])))'
    )


def test_only_what_there_is_to_say_is_written():
    assert render("telemetry", read_app("penguin: 1\napp: {name: mute}\n")) == {}
    artifacts = render("telemetry", log_app({}))
    assert list(artifacts) == ["telemetry/metrics.json", "telemetry/log-schema.json"]
    assert json.loads(artifacts["telemetry/metrics.json"].text)["metrics"] == []


def test_a_document_of_another_form_is_not_written():
    artifacts = render("telemetry", example_app())
    for name, wrong in (
        ("metrics", {"format": 1, "app": "a", "metrics": [{"name": "a.b"}]}),
        ("log-schema", {**read(example_app(), "log-schema"), "properties": {"a": {"type": "x"}}}),
        ("grafana-dashboard", {**read(example_app(), "grafana-dashboard"), "id": 5}),
    ):
        artifact = replace(artifacts[f"telemetry/{name}.json"], text=json.dumps(wrong))
        with pytest.raises(PenguinError, match=f"{name}.json would be wrong"):
            check_artifacts([artifact])
