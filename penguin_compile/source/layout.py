"""Where the parts of a YAML text stand, read from the parser's events: what formatting goes by.

Lines count from 0 here, and offsets are those of the text.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any

from ruamel.yaml import events as yaml_events

from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source
from penguin_compile.source.yaml_events import list_events

_DASH = re.compile(r"^( *)-(?=[ \t\n]|\Z)", re.MULTILINE)
_HEADER = re.compile(r"(?:[&!]\S*\s+)*[|>]([0-9+-]*)")
_COLON = re.compile(r"[ \t]*:([ \t]*)")
_COMMA = re.compile(r"[ \t]*,([ \t]*)")
_SCALAR = yaml_events.ScalarEvent
_LEAVES = (_SCALAR, yaml_events.AliasEvent)
_STARTS = (yaml_events.MappingStartEvent, yaml_events.SequenceStartEvent)
_ENDS = (yaml_events.MappingEndEvent, yaml_events.SequenceEndEvent)


class Unsure(Exception):
    """The text uses YAML that formatting knows too little of: it is to be left as it is."""


@dataclass(slots=True)
class Block:
    """A block mapping or sequence, the column that it has, and the one that it shall have."""

    start: int
    sequence: bool
    column: int
    new_column: int
    end: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """White space between two tokens of one line, to become a single space."""

    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A block scalar: the line of its header, its indicators, and the block that it stands in."""

    line: int
    indicators: str
    block: Block


@dataclass(frozen=True, slots=True)
class Stretch:
    """The outermost token or flow collection that spans several lines, and its offsets."""

    first: int
    last: int
    start: int
    end: int


@dataclass(slots=True)
class Layout:
    """All of a text's blocks, in the order in which they start, and what else needs care."""

    blocks: list[Block] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    literals: list[Literal] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    open_ends: set[int] = field(default_factory=set)  # lines that end inside of a scalar


@dataclass(slots=True)
class _Frame:
    """A collection that is being read."""

    mapping: bool
    block: Block | None  # None for a flow collection
    event: Any
    last_end: int | None = None  # of the node before, None before the first
    wants_value: bool = False


def read_layout(source: Source) -> Layout:
    """The layout of a text without complaints, whose line breaks are line feeds alone.

    Raises Unsure for explicit keys and for a document that begins beside its marker.
    """
    reader = _Reader(source.text)
    for event in list_events(source):
        reader.take(event)
    return reader.finish()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._frames: list[_Frame] = []
        self._layout = Layout()

    def take(self, event: Any) -> None:
        if isinstance(event, _LEAVES):
            self._begin(event)
            self._end(event.end_mark)
            if isinstance(event, _SCALAR):
                self._scalar(event)
        elif isinstance(event, _STARTS):
            self._begin(event)
            self._frames.append(self._frame(event))
        elif isinstance(event, _ENDS):
            frame = self._frames.pop()
            if frame.block is not None:
                frame.block.end = event.end_mark.index
            else:
                self._stretch(frame.event.start_mark, event.end_mark)
            self._end(event.end_mark)

    def finish(self) -> Layout:
        """Without gaps in stretches, or before them: their lines are aligned by hand."""
        layout, kept, rest = self._layout, list[Gap](), iter(self._layout.stretches)
        stretch = next(rest, None)
        for gap in sorted(layout.gaps, key=lambda one: one.start):
            while stretch is not None and stretch.end <= gap.start:
                stretch = next(rest, None)
            if stretch is None or gap.end < stretch.start:
                kept.append(gap)
        layout.gaps = kept
        return layout

    def _frame(self, event: Any) -> _Frame:
        mapping = isinstance(event, yaml_events.MappingStartEvent)
        if event.flow_style:
            return _Frame(mapping, None, event)
        start, column = event.start_mark.index, event.start_mark.column
        if not mapping and (event.anchor or event.tag):
            dash = _DASH.search(self._text, start)
            if dash is None:
                raise Unsure
            column = len(dash[1])
        depth = sum(one.block is not None for one in self._frames)
        block = Block(start, not mapping, column, 2 * depth)
        self._layout.blocks.append(block)
        return _Frame(mapping, block, event)

    def _begin(self, event: Any) -> None:
        """A node begins: the gap before it, and what it tells of the block that it stands in."""
        frame = self._frames[-1] if self._frames else None
        mark = event.start_mark
        if frame is None:
            self._check_root(mark)
            return
        if frame.mapping and frame.block is not None and not frame.wants_value:
            if frame.last_end is None:
                frame.block.column = mark.column
            self._check_key(event)
        if isinstance(event, _SCALAR) and event.end_mark.index == mark.index:
            return  # nothing is written here
        if frame.wants_value:
            self._gap(_COLON, frame.last_end, mark)
        elif frame.block is None:
            self._gap(_COMMA, frame.last_end, mark)
        elif frame.block.sequence:
            self._gap_after_dash(mark)

    def _end(self, end: Any) -> None:
        if not self._frames:
            return
        frame = self._frames[-1]
        frame.last_end = end.index
        frame.wants_value = frame.mapping and not frame.wants_value

    def _gap(self, between: re.Pattern[str], start: int | None, mark: Any) -> None:
        if start is None:
            return
        found = between.fullmatch(self._text, start, mark.index)
        if found is not None and found[1] != " ":
            self._layout.gaps.append(Gap(mark.line, found.start(1), mark.index))

    def _gap_after_dash(self, mark: Any) -> None:
        start = mark.index
        while self._text[start - 1 : start] in {" ", "\t"}:
            start -= 1
        if self._text[start - 1 : start] == "-" and self._text[start : mark.index] != " ":
            self._layout.gaps.append(Gap(mark.line, start, mark.index))

    def _scalar(self, event: Any) -> None:
        first, last = event.start_mark, event.end_mark
        if event.style in {"|", ">"}:
            header = _HEADER.match(self._text, first.index)
            block = self._frames[-1].block if self._frames else None
            if header is None or block is None:
                raise Unsure
            line = first.line + self._text.count("\n", first.index, header.end())
            self._layout.literals.append(Literal(line, header[1], block))
        elif last.line > first.line:
            self._layout.open_ends.update(range(first.line, last.line))
            self._stretch(first, last)

    def _stretch(self, first: Any, last: Any) -> None:
        """Keep it unless a flow collection around it, which ends later, is one, too."""
        in_flow = any(one.block is None for one in self._frames)
        if last.line > first.line and not in_flow:
            stretch = Stretch(first.line, last.line, first.index, last.index)
            self._layout.stretches.append(stretch)

    def _check_root(self, mark: Any) -> None:
        if self._text[mark.index - mark.column : mark.index].strip():
            raise Unsure

    def _check_key(self, event: Any) -> None:
        """An explicit key (`? key`) has its colon elsewhere."""
        if _COLON.match(self._text, event.end_mark.index) is None:
            raise Unsure
