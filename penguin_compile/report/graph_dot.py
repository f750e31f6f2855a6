"""The graph of an app in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from penguin_compile.report.graph import MEANINGS, EdgeKind, Graph, Node, NodeKind

_NODES: Final[Mapping[NodeKind, str]] = {
    NodeKind.EXTERNAL: "shape=oval",
    NodeKind.SERVICE: "shape=box",
    NodeKind.INTERNAL: "shape=box, style=rounded",
    NodeKind.OTHER_APP: "shape=box, peripheries=2",
    NodeKind.AI: "shape=hexagon",
    NodeKind.FEATURE: "shape=note",
}
_EDGES: Final[Mapping[EdgeKind, str]] = {
    EdgeKind.ROUTE: "penwidth=1.5",
    EdgeKind.DEPENDS: "style=dashed",
    EdgeKind.USES_AI: "style=solid, arrowhead=vee",
    EdgeKind.GATES: "style=dotted, arrowhead=odot",
}
_OURS: Final = frozenset((NodeKind.SERVICE, NodeKind.INTERNAL))


def render_graph_dot(graph: Graph) -> str:
    """A directed graph from left to right; the services of the app in a cluster with its name."""
    names = {one.key: f"n{index}" for index, one in enumerate(graph.nodes)}
    ours = [_node(names, one) for one in graph.nodes if one.kind in _OURS]
    lines = [
        f"digraph {_quote((graph.title,))} {{",
        "  rankdir=LR;",
        '  graph [fontname="sans-serif"];',
        '  node [fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
        *(f"  {_node(names, one)}" for one in graph.nodes if one.kind not in _OURS),
        "  subgraph cluster_app {",
        f"    label={_quote((graph.title,))};",
        *(f"    {one}" for one in ours),
        "  }",
    ]
    for one in graph.edges:
        label = _quote(one.label or (MEANINGS[one.kind],))
        ends = f"{names[one.source]} -> {names[one.target]}"
        lines.append(f"  {ends} [label={label}, {_EDGES[one.kind]}];")
    return "\n".join([*lines, "}"]) + "\n"


def _node(names: Mapping[str, str], node: Node) -> str:
    label = _quote((node.title, node.detail))
    return f"{names[node.key]} [label={label}, {_NODES[node.kind]}];"


def _quote(lines: Sequence[str]) -> str:
    r"""A quoted string with `\n` between lines; Graphviz reads HTML entities in it, too."""
    escaped = (
        one.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for one in lines if one
    )
    printable = ("".join(c if c.isprintable() else " " for c in one) for one in escaped)
    return '"' + "\\n".join(printable) + '"'
