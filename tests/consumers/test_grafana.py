"""The dashboard before Grafana's own schema package."""

from __future__ import annotations

import copy
import json

import pytest
from grafana_foundation_sdk.models.dashboard import RowPanel
from grafana_foundation_sdk.models.prometheus import Dataquery
from grafana_foundation_sdk.models.timeseries import Options

from penguin_compile.targets.grafana_dashboard import dashboard
from tests.consumers.grafana_dashboard import load, problems
from tests.models import example_app, read_app, render

KINDS = ("counter", "gauge", "histogram", "summary")
OTHERS = (5, "x", True, None, [1], {"no": 1})
CHOICES = {("current", "text"), ("current", "value")}  # one, or a list


def document(app):
    text = render("telemetry", app)["telemetry/grafana-dashboard.json"].text
    return json.loads(text)


def every_kind():
    """An app with a metric of each kind, with and without labels, unit, category, description."""
    metrics = {}
    for kind in KINDS:
        metrics[f"{kind}.bare"] = {"type": kind}
        metrics[f"{kind}.full"] = {
            "type": kind,
            "category": f"of {kind}s",
            "unit": "bytes",
            "labels": ["status-code", "user.id"],
            "description": 'Ü "quoted" \\ ${x} {{y}}',
        }
    spec = {"penguin": 1, "app": {"name": "kinds"}, "telemetry": {"metrics": metrics}}
    return read_app(json.dumps(spec))


@pytest.mark.parametrize("app", [example_app, every_kind])
def test_it_ignores_and_misreads_nothing(app):
    assert problems(document(app())) == []


def test_it_reads_what_is_meant():
    loaded = load(document(example_app()))
    rows = [one.title for one in loaded.panels if isinstance(one, RowPanel)]
    panels = [one for one in loaded.panels if not isinstance(one, RowPanel)]
    assert rows == ["api", "business", "system"]
    assert [one.title for one in panels] == [one.name for one in example_app().telemetry.metrics]
    assert [one.name for one in loaded.templating.list_val] == ["datasource", "service"]
    assert loaded.uid == load(document(example_app("prod"))).uid
    assert loaded.uid != dashboard("other", [])["uid"]
    units = {one.title: one.field_config.defaults.unit for one in panels}
    assert units["http.request.duration_ms"] == "ms"
    assert units["http.request.size_bytes"] == "bytes"
    assert units["http.requests.total"] == "cps"
    assert units["users.active"] == "short"
    assert {type(one.options) for one in panels} == {Options}
    assert {type(query) for one in panels for query in one.targets} == {Dataquery}


def test_it_holds_nothing_that_grafana_numbers_itself():
    given = {key for path, _ in places(document(example_app())) for key in path[-1:]}
    assert not given & {"id", "version", "iteration"}


def places(value, path=()):
    """Every value of a document, and the way to it."""
    if path:
        yield path, value
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value) if isinstance(value, list) else parts
    for key, inside in parts:
        yield from places(inside, (*path, key))


def mutants(whole):
    """The document with one value of another type, or one key misspelt; and where."""
    for path, value in places(whole):
        *outer, last = path
        for other in OTHERS:
            if type(other) is not type(value):
                mutant = copy.deepcopy(whole)
                at(mutant, outer)[last] = other
                yield path, other, mutant
        if isinstance(last, str):
            mutant = copy.deepcopy(whole)
            inside = at(mutant, outer)
            inside[f"{last}s"] = inside.pop(last)
            yield path, "misspelt", mutant


def at(whole, path):
    for key in path:
        whole = whole[key]
    return whole


def is_open(path, other):
    """Whether Grafana's schema allows anything there, or this in a place of two types."""
    asked = "templating" in path and "query" in path
    asked_of = "targets" in path and "datasource" in path
    return asked or asked_of or (path[-2:] in CHOICES and other == "x")


@pytest.mark.slow
def test_a_document_of_another_shape_would_be_seen():
    whole = document(every_kind())
    whole["panels"] = whole["panels"][:3]
    tried = [(path, other, bool(problems(mutant))) for path, other, mutant in mutants(whole)]
    assert len(tried) > 500
    assert [one[:2] for one in tried if not one[2] and not is_open(*one[:2])] == []
