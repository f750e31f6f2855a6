"""Where the boxes and arrows of a graph go: layers by longest path, from left to right.

Sugiyama's way: turn around what closes a cycle, give each box a layer, let long arrows and labels
pass as boxes of their own through the layers between, order each layer by the middle of its
neighbours, then settle heights. Every step is deterministic. Used by `graph_svg`.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import field
from itertools import groupby
from typing import Final

from penguin_compile.core.records import dataclass

_SWEEPS: Final = 12
_GAP: Final = 18.0  # between boxes of a layer
_LAYER_GAP: Final = 34.0
_EFFORT: Final = 100_000  # boxes that are looked at in all sweeps of a large graph
_FAN: Final = 10.0  # between links at the side of a box


@dataclass(slots=True, kw_only=True)
class Box:
    """A rectangle to place; `x` is its left side and `y` its middle.

    A line is level from `enter` to `leave`, the sides of the box's layer: it bends between layers,
    and never over another box. `passing` are those that lines run through.
    """

    width: float
    height: float
    passing: bool = False
    layer: int = 0
    x: float = 0.0
    y: float = 0.0
    enter: float = 0.0
    leave: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An arrow between two boxes, by their index, and the size of its label (0, 0 without)."""

    source: int
    target: int
    width: float = 0.0
    height: float = 0.0


@dataclass(slots=True, kw_only=True)
class Path:
    """What a link runs through, from the left: boxes, among them the one that holds its label.

    `reversed` where the arrow points to the left. `start` and `end` are the heights at which it
    leaves its first box and enters its last.
    """

    boxes: list[Box]
    label: Box | None
    reversed: bool
    start: float = 0.0
    end: float = 0.0


@dataclass(slots=True, kw_only=True)
class Layout:
    """The paths of links, in their order; None for an arrow from a box to itself."""

    paths: list[Path | None]
    width: float
    height: float


@dataclass(slots=True)
class _Web:
    """All boxes, with those that links put between, and who is beside whom."""

    boxes: list[Box]
    before: list[list[int]] = field(default_factory=list)
    after: list[list[int]] = field(default_factory=list)

    def add(self, box: Box) -> int:
        self.boxes.append(box)
        self.before.append([])
        self.after.append([])
        return len(self.boxes) - 1

    def join(self, one: int, other: int) -> None:
        self.after[one].append(other)
        self.before[other].append(one)


def arrange(boxes: list[Box], links: Sequence[Link]) -> Layout:
    """Place the boxes, and find the paths of the links between them."""
    forward = _break_cycles(len(boxes), links)
    _assign_layers(boxes, [ends for ends in forward if ends is not None])
    web = _Web([])
    for box in boxes:
        web.add(box)
    paths = [
        None if ends is None else _thread(web, ends, link, turned=ends[0] != link.source)
        for ends, link in zip(forward, links, strict=True)
    ]
    layers = _order(web)
    _settle(web, layers)
    layout = Layout(paths=paths, width=_spread(web, layers), height=_lower(web))
    _fan([one for one in paths if one is not None])
    return layout


def _break_cycles(count: int, links: Sequence[Link]) -> list[tuple[int, int] | None]:
    """The ends of each link, turned around where it would close a cycle; None for a loop."""
    after: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        after[link.source].append(link.target)
    finished: dict[int, int] = {}  # when a search that goes deep first was done with a node
    for start in range(count):
        _search(start, after, finished)
    return [
        None
        if one.source == one.target
        else (one.source, one.target)
        if finished[one.source] > finished[one.target]
        else (one.target, one.source)
        for one in links
    ]


def _search(start: int, after: Sequence[Sequence[int]], finished: dict[int, int]) -> None:
    """Number nodes as they are left; an arrow to one that is left later closes a cycle."""
    if start in finished:
        return
    entered = {start}
    stack = [(start, iter(after[start]))]
    while stack:
        node, rest = stack[-1]
        following = next((one for one in rest if one not in finished and one not in entered), None)
        if following is None:
            finished[node] = len(finished)
            stack.pop()
        else:
            entered.add(following)
            stack.append((following, iter(after[following])))


def _assign_layers(boxes: list[Box], ends: Sequence[tuple[int, int]]) -> None:
    """Longest path from the left, on even numbers: the odd layers are for labels.

    What nothing leads to stands right before what it leads to.
    """
    after: list[list[int]] = [[] for _ in boxes]
    waiting = [0] * len(boxes)
    for one, other in ends:
        after[one].append(other)
        waiting[other] += 1
    sources = [index for index, count in enumerate(waiting) if not count]
    ready = list(sources)
    while ready:
        node = ready.pop(0)
        for other in after[node]:
            boxes[other].layer = max(boxes[other].layer, boxes[node].layer + 2)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for node in sources:
        if after[node]:
            boxes[node].layer = min(boxes[other].layer for other in after[node]) - 2


def _thread(web: _Web, ends: tuple[int, int], link: Link, *, turned: bool) -> Path:
    """Run a link through the layers between its ends, its label in the first of them."""
    one, other = ends
    first, last = web.boxes[one].layer, web.boxes[other].layer
    chain, label = [one], None
    labelled = last - 1 if turned else first + 1
    for layer in range(first + 1, last):
        width, height = (link.width, link.height) if layer == labelled else (0.0, 0.0)
        box = Box(width=width, height=max(height, 6.0), layer=layer, passing=True)
        if width:
            label = box
        chain.append(web.add(box))
        web.join(chain[-2], chain[-1])
    web.join(chain[-1], other)
    return Path(boxes=[web.boxes[index] for index in (*chain, other)], label=label, reversed=turned)


def _order(web: _Web) -> list[list[int]]:
    """The layers, each in the order that has the fewest crossings of some sweeps."""
    layers: list[list[int]] = [
        [] for _ in range(max((box.layer for box in web.boxes), default=0) + 1)
    ]
    for index in _visit(web):
        layers[web.boxes[index].layer].append(index)
    ranks = {node: rank for layer in layers for rank, node in enumerate(layer)}
    best, fewest = [list(one) for one in layers], _crossings(web, layers, ranks)
    for sweep in range(_sweeps(web)):
        down = sweep % 2 == 0
        neighbours = web.before if down else web.after
        for layer in layers if down else reversed(layers):
            _sort_layer(layer, neighbours, ranks)
        crossings = _crossings(web, layers, ranks)
        if crossings < fewest:
            best, fewest = [list(one) for one in layers], crossings
    return best


def _sweeps(web: _Web) -> int:
    """Fewer for what is large: nobody looks at its last crossing."""
    return max(2, min(_SWEEPS, _EFFORT // max(len(web.boxes), 1)))


def _visit(web: _Web) -> list[int]:
    """All boxes, neighbours near each other: a start that is good already."""
    seen: dict[int, None] = {}
    for start in range(len(web.boxes)):
        stack = [start]
        while stack:
            node = stack.pop()
            if node not in seen:
                seen[node] = None
                stack.extend(reversed(web.after[node]))
    return list(seen)


def _sort_layer(
    layer: list[int], neighbours: Sequence[Sequence[int]], ranks: dict[int, int]
) -> None:
    """By the mean rank of neighbours; who has none keeps its place."""
    wanted = {
        node: sum(ranks[one] for one in neighbours[node]) / len(neighbours[node])
        if neighbours[node]
        else float(ranks[node])
        for node in layer
    }
    layer.sort(key=lambda node: (wanted[node], ranks[node]))
    ranks.update((node, rank) for rank, node in enumerate(layer))


def _crossings(web: _Web, layers: Sequence[Sequence[int]], ranks: Mapping[int, int]) -> int:
    """How many pairs of lines cross: of each, those that end below it and began above it."""
    total = 0
    for layer in layers:
        ended: list[int] = []
        lines = sorted((ranks[one], ranks[other]) for one in layer for other in web.after[one])
        for _, end in lines:
            total += len(ended) - bisect_right(ended, end)
            insort(ended, end)
    return total


def _settle(web: _Web, layers: Sequence[Sequence[int]]) -> None:
    """Heights: each box near the middle of its neighbours, none on another."""
    for layer in layers:
        _place(web, layer, [0.0] * len(layer))
    sweeps = _sweeps(web)
    for sweep in range(sweeps * 2):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            wanted = [_middle(web, node, both=sweep >= sweeps, down=down) for node in layer]
            _place(web, layer, wanted)


def _middle(web: _Web, node: int, *, both: bool, down: bool) -> float:
    """The weighted mean height of neighbours; a line pulls at itself, to be straight."""
    beside = web.before[node] if down else web.after[node]
    if both:
        beside = [*web.before[node], *web.after[node]]
    here = web.boxes[node]
    weights = [1 + 3 * (here.passing and web.boxes[one].passing) for one in beside]
    if not beside:
        return here.y
    heights = (web.boxes[one].y * weight for one, weight in zip(beside, weights, strict=True))
    return sum(heights) / sum(weights)


def _place(web: _Web, layer: Sequence[int], wanted: Sequence[float]) -> None:
    """The nearest to what is wanted, by least squares, that keeps order and distances.

    Pools of boxes that touch move as one (pool adjacent violators).
    """
    offsets, at = [], 0.0
    for rank, node in enumerate(layer):
        if rank:
            at += (web.boxes[layer[rank - 1]].height + web.boxes[node].height) / 2 + _GAP
        offsets.append(at)
    pools: list[tuple[float, int]] = []  # sum of what is wanted of the first box, and how many
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            total, count = total + pools[-1][0], count + pools[-1][1]
            pools.pop()
        pools.append((total, count))
    starts = (total / count for total, count in pools for _ in range(count))
    for node, start, offset in zip(layer, starts, offsets, strict=True):
        web.boxes[node].y = start + offset


def _spread(web: _Web, layers: Sequence[Sequence[int]]) -> float:
    """Left sides, layer after layer, each box in the middle of its layer; the whole width."""
    x = 0.0
    for layer in layers:
        width = max((web.boxes[node].width for node in layer), default=0.0)
        for box in (web.boxes[node] for node in layer):
            box.x = x + (width - box.width) / 2
            box.enter, box.leave = x, x + width
        x += width + _LAYER_GAP
    return max(x - _LAYER_GAP, 0.0)


def _lower(web: _Web) -> float:
    """Move everything below 0; the whole height."""
    top = min((box.y - box.height / 2 for box in web.boxes), default=0.0)
    for box in web.boxes:
        box.y -= top
    return max((box.y + box.height / 2 for box in web.boxes), default=0.0)


def _fan(paths: Sequence[Path]) -> None:
    """Heights at which links leave and enter, in the order of where they come from or go to."""
    leaving: dict[int, list[Path]] = {}
    entering: dict[int, list[Path]] = {}
    for path in paths:
        leaving.setdefault(id(path.boxes[0]), []).append(path)
        entering.setdefault(id(path.boxes[-1]), []).append(path)
    for group in leaving.values():
        group.sort(key=lambda path: path.boxes[1].y)
        for path, offset in zip(group, _offsets(group[0].boxes[0], len(group)), strict=True):
            path.start = path.boxes[0].y + offset
    for group in entering.values():
        group.sort(key=lambda path: path.boxes[-2].y)
        for path, offset in zip(group, _offsets(group[0].boxes[-1], len(group)), strict=True):
            path.end = path.boxes[-1].y + offset


def _offsets(box: Box, count: int) -> list[float]:
    step = min(_FAN, (box.height - _FAN) / max(count - 1, 1))
    return [(number - (count - 1) / 2) * step for number in range(count)]


def points(path: Path) -> list[tuple[float, float]]:
    """The corners of a path, from the left: none twice in a row."""
    first, last = path.boxes[0], path.boxes[-1]
    corners = [(first.x + first.width, path.start), (first.leave, path.start)]
    for box in path.boxes[1:-1]:
        corners += [(box.enter, box.y), (box.leave, box.y)]
    corners += [(last.enter, path.end), (last.x, path.end)]
    return [one for one, _ in groupby(corners)]
