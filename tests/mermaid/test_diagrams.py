"""The diagrams of the reference page and of `graph`, read by the Mermaid that GitHub draws with."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from penguin_compile.model.app import App
from penguin_compile.report.graph import build_graph
from penguin_compile.report.graph_mermaid import render_graph_mermaid
from penguin_compile.targets.flowchart import flowchart
from tests.models import ROOT, read_app
from tests.node_packages import installed_packages

HERE = Path(__file__).resolve().parent
APPS = [
    (spec.name, environment)
    for spec in sorted((ROOT / "spec").glob("*.yaml"))
    for environment in sorted(one.name for one in (ROOT / "generated" / spec.stem).iterdir())
]
ODD = """\
penguin: 1
app: {name: odd, description: "end"}
services:
  end: {port: 1, container: {image: "x", depends_on: [default, style]}}
  default: {port: 2, requires_feature: "x|y"}
  style: {gateway: false, container: {image: "x"}}
  class-def: {port: 3}
  a_b: {port: 4}
  a-b: {port: 5}
routes:
  click: {from: [external, other/graph], to: [end], path_prefix: '/"|]}#;`%%{init}%%<b>&lt;'}
  subgraph: {from: [a-b], to: [a_b], listen: {port: 443, protocol: https}}
license:
  tiers: {"fr|ee": {limits: {users: 1}}}
  features: {"x|y": {tier: "fr|ee", description: Odd}}
"""


def read(diagrams: list[str]) -> list[dict]:
    folder = installed_packages(HERE, "mermaid")
    program = (HERE / "read.mjs").read_text(encoding="utf-8")
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", program],
        cwd=folder,
        input=json.dumps(diagrams),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shown(text: str) -> str:
    """A label as it is drawn: between these signs Mermaid keeps an entity's number."""
    return re.sub("ﬂ°°([0-9]+)¶ß", lambda one: chr(int(one[1])), text)


def page_diagram(app: App) -> str:
    text = flowchart(app)
    assert text is not None
    return text


def graph_diagram(app: App) -> str:
    return render_graph_mermaid(build_graph(app))


@pytest.fixture(scope="module")
def apps() -> list[App]:
    specs = [
        read_app((ROOT / "spec" / name).read_text(encoding="utf-8"), environment)
        for name, environment in APPS
    ]
    return [*specs, read_app(ODD)]


@pytest.mark.slow
@pytest.mark.parametrize("draw", [page_diagram, graph_diagram])
def test_mermaid_reads_every_node_and_edge(draw, apps) -> None:
    assert len(apps) >= 4
    for app, answer in zip(apps, read([draw(one) for one in apps]), strict=True):
        assert "error" not in answer, answer
        nodes = {key: shown(text).split("<br>")[0] for key, text in answer["nodes"]}
        assert set(app.services) <= set(nodes.values())
        assert all(end in nodes for edge in answer["edges"] for end in edge[:2])
        drawn = {(nodes[a], nodes[b]) for a, b, text in answer["edges"]}
        for service in app.services.values():
            assert {(service.name, one) for one in service.depends_on} <= drawn
        labels = " ".join(shown(text).replace("<br>", " ") for _, _, text in answer["edges"])
        for route in app.routes.values():
            assert f"{route.name} {route.listens}".strip() in labels


@pytest.mark.slow
def test_what_mermaid_would_refuse_is_found() -> None:
    (answer,) = read(['flowchart LR\n    a["x"'])
    assert "Parse error" in answer["error"]


def test_the_lock_file_names_no_registry() -> None:
    text = (HERE / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    assert '"integrity"' in text
