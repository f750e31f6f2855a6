"""The graph of an app as SVG: no dependency, no script, no font from elsewhere.

Colours are CSS variables, and follow the reader's light or dark mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Final
from unicodedata import east_asian_width

from penguin_compile.report.graph import MEANINGS, Edge, EdgeKind, Graph, Node, NodeKind
from penguin_compile.report.graph_layout import Box, Layout, Link, Path, arrange, points

_MARGIN: Final = 24.0
_HEADING: Final = 40.0
_LEGEND: Final = 34.0
_LINE: Final = 16.0  # between lines of a box
_SMALL_LINE: Final = 14.0  # between lines of a label
_LONGEST: Final = 44  # characters of a line; the rest is in the tooltip
_NARROW: Final = frozenset("fijlrt.,:;'|!()[] /-·")
_WIDE: Final = frozenset("mwMWABCDEFGHKNOPQRSTUVXYZ@%—")

_STYLE: Final = """\
    .penguin-graph {
      --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #818b98;
      --service: #ddf4ff; --service-line: #0969da; --internal: #eff2f5; --internal-line: #818b98;
      --outside: #ffffff; --ai: #fbefff; --ai-line: #8250df; --feature: #fff8c5;
      --feature-line: #9a6700;
      font-family: system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink);
    }
    @media (prefers-color-scheme: dark) {
      .penguin-graph {
        --paper: #0d1117; --ink: #f0f6fc; --quiet: #b7c0ca; --line: #7d8590;
        --service: #0c2d6b; --service-line: #4493f8; --internal: #212830; --internal-line: #7d8590;
        --outside: #0d1117; --ai: #271052; --ai-line: #ab7df8; --feature: #341a00;
        --feature-line: #d29922;
      }
    }
    .paper { fill: var(--paper); }
    .heading { font-size: 16px; font-weight: 600; }
    .title { font-size: 14px; font-weight: 600; text-anchor: middle; }
    .detail { font-size: 12px; fill: var(--quiet); text-anchor: middle; }
    .label { font-size: 11px; text-anchor: middle; }
    .legend { font-size: 12px; fill: var(--quiet); }
    .box { stroke: var(--line); stroke-width: 1.5; fill: var(--outside); }
    .service .box { fill: var(--service); stroke: var(--service-line); }
    .internal .box { fill: var(--internal); stroke: var(--internal-line); }
    .other .box { stroke-dasharray: 6 3; }
    .ai .box { fill: var(--ai); stroke: var(--ai-line); }
    .feature .box { fill: var(--feature); stroke: var(--feature-line); }
    .edge { fill: none; stroke: var(--line); stroke-width: 1.5; }
    .route { stroke: var(--service-line); stroke-width: 2; }
    .depends { stroke-dasharray: 5 4; }
    .uses { stroke: var(--ai-line); }
    .gates { stroke: var(--feature-line); stroke-dasharray: 2 4; stroke-linecap: round; }
    .tip { fill: var(--line); }
    .tip-route { fill: var(--service-line); }
    .tip-uses { fill: var(--ai-line); }
    .tip-gates { fill: var(--feature-line); }
"""


def render_graph_svg(graph: Graph) -> str:
    """A picture of the graph; a screen reader finds all of it in the description."""
    boxes = [_box(one) for one in graph.nodes]
    index = {one.key: number for number, one in enumerate(graph.nodes)}
    layout = arrange(boxes, [_link(one, index) for one in graph.edges])
    legend = list(_legend(graph))
    legend_width = sum(entry[1] for entry in legend)
    inside = max(layout.width, legend_width, _text_width(graph.title, 16) * 1.12)
    width = inside + 2 * _MARGIN
    height = layout.height + 2 * _MARGIN + _HEADING + (_LEGEND if legend else 0)
    corner = f"{_number(_MARGIN + (inside - layout.width) / 2)} {_number(_MARGIN + _HEADING)}"
    lines = [
        *_beginning(graph, _number(width), _number(height)),
        f'  <g transform="translate({corner})">',
        *(f"    {one}" for one in _edges(graph, boxes, index, layout)),
    ]
    for node, box in zip(graph.nodes, boxes, strict=True):
        lines.extend(f"    {one}" for one in _node(node, box))
    lines.append("  </g>")
    x = _MARGIN
    for kind, entry_width in legend:
        lines.append(f"  {_legend_entry(kind, x, height - _MARGIN)}")
        x += entry_width
    return "\n".join([*lines, "</svg>"]) + "\n"


def _beginning(graph: Graph, width: str, height: str) -> Iterator[str]:
    """What is said of the picture, its colours, its paper and its heading."""
    yield (
        '<svg xmlns="http://www.w3.org/2000/svg" class="penguin-graph" role="img" '
        'aria-labelledby="penguin-graph-title penguin-graph-desc" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f'  <title id="penguin-graph-title">{_text(graph.title)}</title>'
    yield f'  <desc id="penguin-graph-desc">{_text(graph.describe())}</desc>'
    yield f"  <style>\n{_STYLE}  </style>"
    yield from _tips(graph)
    yield '  <rect class="paper" width="100%" height="100%"/>'
    place = f'x="{_number(_MARGIN)}" y="{_number(_MARGIN + 14)}"'
    yield f'  <text class="heading" {place}>{_text(graph.title)}</text>'


def _box(node: Node) -> Box:
    widest = max(_text_width(_cut(node.title), 14) * 1.12, _text_width(_cut(node.detail), 12))
    return Box(width=max(widest + 28, 84.0), height=52.0 if node.detail else 40.0)


def _link(edge: Edge, index: Mapping[str, int]) -> Link:
    if not edge.label:
        return Link(source=index[edge.source], target=index[edge.target])
    return Link(
        source=index[edge.source],
        target=index[edge.target],
        width=max(_text_width(_cut(one), 11) for one in edge.label) + 12,
        height=_SMALL_LINE * len(edge.label) + 6,
    )


def _edges(
    graph: Graph, boxes: Sequence[Box], index: Mapping[str, int], layout: Layout
) -> Iterator[str]:
    """All lines first, so that no line is drawn over a label."""
    labels: list[str] = []
    for edge, path in zip(graph.edges, layout.paths, strict=True):
        if path is None:
            yield _line(edge, _loop(boxes[index[edge.source]]), turned=False)
            continue
        yield _line(edge, _curve(path), turned=path.reversed)
        if path.label is not None:
            labels.extend(_label(edge, path.label))
    yield from labels


def _line(edge: Edge, shape: str, *, turned: bool) -> str:
    end = "marker-start" if turned else "marker-end"
    kind = edge.kind.value
    told = " ".join(edge.label) or MEANINGS[edge.kind]
    return (
        f'<path class="edge {kind}" d="{shape}" {end}="url(#penguin-tip-{kind})">'
        f"<title>{_text(told)}</title></path>"
    )


def _curve(path: Path) -> str:
    """Level through each box on the way, and bent between them."""
    corners = points(path)
    shape = f"M{_number(corners[0][0])} {_number(corners[0][1])}"
    for (left, high), (right, low) in pairwise(corners):
        if high == low:
            shape += f" H{_number(right)}"
        else:
            middle, end = _number((left + right) / 2), f"{_number(right)} {_number(low)}"
            shape += f" C{middle} {_number(high)} {middle} {_number(low)} {end}"
    return shape


def _loop(box: Box) -> str:
    x, y = box.x + box.width / 2, box.y - box.height / 2
    return (
        f"M{_number(x - 14)} {_number(y)} C{_number(x - 22)} {_number(y - 22)} "
        f"{_number(x + 22)} {_number(y - 22)} {_number(x + 14)} {_number(y)}"
    )


def _label(edge: Edge, box: Box) -> Iterator[str]:
    middle = _number(box.x + box.width / 2)
    top = box.y - box.height / 2
    yield (
        f'<rect class="paper" x="{_number(box.x)}" y="{_number(top)}" '
        f'width="{_number(box.width)}" height="{_number(box.height)}"/>'
    )
    for number, one in enumerate(edge.label):
        y = _number(top + 3 + _SMALL_LINE * (number + 0.78))
        yield f'<text class="label" x="{middle}" y="{y}">{_text(_cut(one))}</text>'


def _node(node: Node, box: Box) -> Iterator[str]:
    left, top = box.x, box.y - box.height / 2
    round_ = {NodeKind.EXTERNAL: 12.0, NodeKind.FEATURE: 14.0}.get(node.kind, 6.0)
    told = f"{node.title}, {node.detail}" if node.detail else node.title
    yield f'<g class="{node.kind.value}"><title>{_text(told)}</title>'
    yield (
        f'  <rect class="box" x="{_number(left)}" y="{_number(top)}" width="{_number(box.width)}" '
        f'height="{_number(box.height)}" rx="{_number(round_)}"/>'
    )
    middle = _number(left + box.width / 2)
    y = box.y + (5 if not node.detail else 5 - _LINE / 2)
    yield f'  <text class="title" x="{middle}" y="{_number(y)}">{_text(_cut(node.title))}</text>'
    if node.detail:
        below = _number(y + _LINE)
        yield f'  <text class="detail" x="{middle}" y="{below}">{_text(_cut(node.detail))}</text>'
    yield "</g>"


def _kinds(graph: Graph) -> list[EdgeKind]:
    present = {one.kind for one in graph.edges}
    return [kind for kind in EdgeKind if kind in present]


def _tips(graph: Graph) -> Iterator[str]:
    """An arrowhead in each colour that is used."""
    kinds = _kinds(graph)
    if not kinds:
        return
    yield "  <defs>"
    for kind in kinds:
        yield (
            f'    <marker id="penguin-tip-{kind.value}" viewBox="0 0 10 10" refX="9" refY="5" '
            'markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" '
            'orient="auto-start-reverse">'
            f'<path class="tip tip-{kind.value}" d="M0 0 L10 5 L0 10 z"/></marker>'
        )
    yield "  </defs>"


def _legend(graph: Graph) -> Iterator[tuple[EdgeKind, float]]:
    """The kinds of lines that are there, and the width that each one's entry takes."""
    for kind in _kinds(graph):
        yield kind, 44 + _text_width(MEANINGS[kind], 12) + 22


def _legend_entry(kind: EdgeKind, x: float, y: float) -> str:
    return (
        f'<path class="edge {kind.value}" d="M{_number(x)} {_number(y - 4)} h34" '
        f'marker-end="url(#penguin-tip-{kind.value})"/>'
        f'<text class="legend" x="{_number(x + 44)}" y="{_number(y)}">{MEANINGS[kind]}</text>'
    )


def _text_width(text: str, size: float) -> float:
    """About what a sans-serif font needs, on the wide side; no font is at hand to ask."""
    return size * sum(map(_advance, text))


def _advance(character: str) -> float:
    if character in _NARROW:
        return 0.4
    if character in _WIDE:
        return 0.76
    return 1.05 if east_asian_width(character) in "WF" else 0.61


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(text: str) -> str:
    """Escaped for XML, without what XML can't hold."""
    return escape("".join(one if one.isprintable() else " " for one in text))


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
