"""The graph of an app, and each of its three forms, read by somebody else where that is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from penguin_compile.report.graph import Edge, EdgeKind, Graph, Node, NodeKind, build_graph
from penguin_compile.report.graph_dot import render_graph_dot
from penguin_compile.report.graph_layout import Box, Link, Path, arrange, points
from penguin_compile.report.graph_mermaid import render_graph_mermaid
from penguin_compile.report.graph_svg import render_graph_svg
from tests.models import ROOT, example_app, read_app

SVG = "{http://www.w3.org/2000/svg}"
WADDLEPERF = (ROOT / "spec" / "waddleperf.yaml").read_text(encoding="utf-8")
GATED = """\
penguin: 1
app: {name: shop, version: "1"}
services:
  api: {port: 80, container: {image: "a:1", depends_on: {db: {condition: service_started}}}}
  reports: {port: 81, requires_feature: reporting, container: {image: "a:1", depends_on: [db]}}
  db: {gateway: false, container: {image: "a:1"}}
routes:
  in: {from: [external, other/portal], to: [api], listen: {port: 443, protocol: https}}
  deep: {from: [external], to: [api], path_prefix: /deep}
  out: {from: [api], to: [reports]}
license:
  tiers: {community: {limits: {users: 1}}, professional: {limits: {users: 2}}}
  features: {reporting: {tier: professional, description: Reports}}
environments: {free: {tier: community}, paid: {tier: professional}}
"""
HOSTILE = 'end "x" <b>& `y`;\\n|]) --> {z} %%{init}%% #quot; <script>alert(1)</script>'


def hostile() -> Graph:
    return Graph(
        title=HOSTILE,
        nodes=(
            Node(key="a", kind=NodeKind.SERVICE, title=HOSTILE, detail="日本"),
            Node(key="b", kind=NodeKind.FEATURE, title="end"),
        ),
        edges=(Edge(source="a", target="b", kind=EdgeKind.ROUTE, label=(HOSTILE, "x\x1b[2J")),),
    )


def ends(graph: Graph, kind: EdgeKind) -> list[tuple[str, str]]:
    titles = {one.key: one.title for one in graph.nodes}
    return [(titles[one.source], titles[one.target]) for one in graph.edges if one.kind is kind]


def test_what_the_example_app_is() -> None:
    graph = build_graph(example_app())
    assert ends(graph, EdgeKind.ROUTE) == [("external", "flask-api"), ("external", "webui")]
    assert ends(graph, EdgeKind.DEPENDS) == [("flask-api", "db")]
    assert ends(graph, EdgeKind.USES_AI) == [("flask-api", "WaddleAI")]
    assert ends(graph, EdgeKind.GATES) == [
        ("ai_analysis", "WaddleAI"),
        ("ai_generation", "WaddleAI"),
    ]
    assert graph.edges[0].label == ("external-api", "https 443 /api/v1")
    assert "external reaches by external-api, https 443 /api/v1: flask-api." in graph.describe()
    assert graph.describe().endswith("Alone: go-backend.")


def test_a_tier_decides_what_is_there() -> None:
    paid = build_graph(read_app(GATED, "paid"))
    assert ends(paid, EdgeKind.GATES) == [("reporting", "reports")]
    assert ("api", "reports") in ends(paid, EdgeKind.ROUTE)
    assert ("portal", "api") in ends(paid, EdgeKind.ROUTE)
    free = build_graph(read_app(GATED, "free"))
    assert "reports" not in {one.title for one in free.nodes}
    assert ends(free, EdgeKind.GATES) == []
    assert ends(free, EdgeKind.DEPENDS) == [("api", "db")]


def test_routes_between_the_same_two_share_an_arrow() -> None:
    graph = build_graph(read_app(GATED, "paid"))
    (edge,) = [one for one in graph.edges if one.source == "external"]
    assert edge.label == ("in", "https 443", "deep", "/deep")


@pytest.mark.parametrize(
    "render", [render_graph_mermaid, render_graph_dot, render_graph_svg], ids=["mmd", "dot", "svg"]
)
def test_every_name_is_drawn_and_every_run_the_same(render: object) -> None:
    assert callable(render)
    graph = build_graph(example_app())
    text = render(graph)
    assert text == render(build_graph(example_app()))
    plain = re.sub(r"#(\d+);", lambda one: chr(int(one[1])), text)
    for node in graph.nodes:
        assert node.title in plain
        assert node.detail in plain


def test_mermaid_has_nothing_but_its_own_signs() -> None:
    lines = render_graph_mermaid(hostile()).splitlines()
    assert lines[0] == "flowchart LR"
    node = r"n\d+(\[|\(|\(\[|\[\[|\{\{|>)\"[^\"\[\](){}|`%\\=\x1b]*\"(\]|\)|\]\)|\]\]|\}\})"
    arrow = r"n\d+ (==>|-\.->|-->|-\.-o)\|\"[^\"\[\](){}|`%\\=\x1b]*\"\| n\d+"
    frame = r"subgraph app\[\"[^\"\[\](){}|`%\\=]*\"\]|end"
    for line in lines[2:]:
        assert re.fullmatch(rf" +({node}|{arrow}|{frame})", line), line
        assert not re.search(r"<(?!br>)|#(?!\d+;)", line), line


@pytest.mark.parametrize("graph", [hostile(), build_graph(read_app(WADDLEPERF, "dev"))])
def test_graphviz_draws_every_line_of_text(graph: Graph) -> None:
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("graphviz is not installed: apt-get install graphviz")
    done = subprocess.run(
        [dot, "-Tsvg"], input=render_graph_dot(graph), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    drawn = {one.text for one in ET.fromstring(done.stdout).iter(f"{SVG}text")}
    assert {one.title for one in graph.nodes} <= drawn
    assert {line.replace("\x1b", " ") for one in graph.edges for line in one.label} <= drawn


@pytest.mark.parametrize("graph", [hostile(), build_graph(example_app())])
def test_the_picture_is_text_alone_and_says_what_it_shows(graph: Graph) -> None:
    text = render_graph_svg(graph)
    root = ET.fromstring(text)
    kinds = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert kinds <= {"svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "text"}
    assert root.get("role") == "img"
    named = [root.find(f"{SVG}title"), root.find(f"{SVG}desc")]
    assert root.get("aria-labelledby") == " ".join(one.get("id") for one in named)
    assert named[0].text == graph.title
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)[^<]*\"|@import|<script", text)


def test_no_line_crosses_a_box_and_no_two_boxes_touch() -> None:
    boxes, layout = laid_out(GRID)
    for one, other in combinations(boxes, 2):
        assert apart(one, other)
    for path in layout:
        for passing in path.boxes[1:-1]:
            beside = [one for one in boxes if one.layer == passing.layer]
            assert all(abs(passing.y - one.y) >= one.height / 2 for one in beside)
        for (left, high), (right, low) in pairwise(points(path)):
            assert left <= right
            assert high == low or not any(between(one, left, right) for one in boxes)


def test_cycles_are_drawn_backwards_and_loops_alone() -> None:
    boxes = [Box(width=10, height=10) for _ in range(3)]
    ring = [Link(source=one, target=(one + 1) % 3) for one in range(3)]
    layout = arrange(boxes, [*ring, Link(source=1, target=1)])
    assert [path.reversed for path in layout.paths[:3] if path] == [False, False, True]
    assert layout.paths[3] is None
    assert boxes[0].x < boxes[1].x < boxes[2].x


def test_nothing_at_all_can_be_drawn() -> None:
    graph = Graph(title="empty", nodes=(), edges=())
    assert ET.fromstring(render_graph_svg(graph)).get("role") == "img"
    assert render_graph_mermaid(graph) == "flowchart LR\n  accTitle: empty\n"


# a graph with crossings that can't be avoided, long arrows and labels
GRID = [(one, other) for one in range(9) for other in range(one + 1, 12) if (one * other) % 3 == 1]
GRID += [(0, 11), (2, 9), (3, 6), (6, 11)]


def laid_out(pairs: list[tuple[int, int]]) -> tuple[list[Box], list[Path]]:
    boxes = [Box(width=40 + 7 * (one % 4), height=30) for one in range(12)]
    links = [Link(source=one, target=other, width=50, height=20) for one, other in pairs]
    layout = arrange(boxes, links)
    assert all(box.x >= 0 and box.x + box.width <= layout.width + 1e-6 for box in boxes)
    assert all(box.y - 15 >= 0 and box.y + 15 <= layout.height + 1e-6 for box in boxes)
    paths = [one for one in layout.paths if one is not None]
    assert len(paths) == len(pairs)
    return boxes, paths


def apart(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or abs(one.y - other.y) >= (one.height + other.height) / 2


def between(box: Box, left: float, right: float) -> bool:
    return box.x < right and left < box.x + box.width
