"""The graph of an app in Mermaid, which GitHub draws from a fenced block or a `.mmd` file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from penguin_compile.model.mermaid import label
from penguin_compile.report.graph import MEANINGS, EdgeKind, Graph, Node, NodeKind

_SHAPES: Final = {
    NodeKind.EXTERNAL: ('(["', '"])'),
    NodeKind.SERVICE: ('["', '"]'),
    NodeKind.INTERNAL: ('("', '")'),
    NodeKind.OTHER_APP: ('[["', '"]]'),
    NodeKind.AI: ('{{"', '"}}'),
    NodeKind.FEATURE: ('>"', '"]'),
}
_ARROWS: Final = {
    EdgeKind.ROUTE: "==>",
    EdgeKind.DEPENDS: "-.->",
    EdgeKind.USES_AI: "-->",
    EdgeKind.GATES: "-.-o",
}
_OURS: Final = frozenset((NodeKind.SERVICE, NodeKind.INTERNAL))


def render_graph_mermaid(graph: Graph) -> str:
    """A flowchart; the services of the app stand in a frame with its name."""
    names = {one.key: f"n{index}" for index, one in enumerate(graph.nodes)}
    lines = ["flowchart LR", f"  accTitle: {_plain(graph.title)}"]
    lines += [f"  {_node(names, one)}" for one in graph.nodes if one.kind not in _OURS]
    lines += _frame(graph.title, [_node(names, one) for one in graph.nodes if one.kind in _OURS])
    for one in graph.edges:
        text = label(one.label or (MEANINGS[one.kind],))
        lines.append(f'  {names[one.source]} {_ARROWS[one.kind]}|"{text}"| {names[one.target]}')
    return "\n".join(lines) + "\n"


def _frame(title: str, nodes: Sequence[str]) -> Iterator[str]:
    if nodes:
        yield f'  subgraph app["{label((title,))}"]'
        yield from (f"    {one}" for one in nodes)
        yield "  end"


def _node(names: dict[str, str], node: Node) -> str:
    before, after = _SHAPES[node.kind]
    return f"{names[node.key]}{before}{label((node.title, node.detail))}{after}"


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() and one not in "{}#;" else " " for one in text)
