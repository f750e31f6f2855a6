"""A YAML text as nodes that end where their own text ends: what `splicing.py` goes by.

The tree knows values and where they begin. A splice also has to know how each one is written, and
which bytes are no longer part of it: the parser ends a block at the next token, behind comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from typing import Any

from ruamel.yaml import events as yaml_events

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source
from penguin_compile.source.yaml_events import list_events

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+|\Z))*")
_COLON = re.compile(r"\s*:")
_DASH = re.compile(r"-(?=\s)")
_STARTS = (yaml_events.MappingStartEvent, yaml_events.SequenceStartEvent)
_ENDS = (yaml_events.MappingEndEvent, yaml_events.SequenceEndEvent)
_LEAVES = (yaml_events.ScalarEvent, yaml_events.AliasEvent)


@dataclass(slots=True)
class Node:
    """One value as it is written. `start` is that of its anchor or tag, `body` comes after them.

    `children` are keys and values in turn, or items. `flow` tells of a collection that it has
    brackets, and of anything else that it stands inside of some.
    """

    event: Any
    start: int
    body: int
    end: int
    flow: bool
    children: list[Node] = field(default_factory=list)

    @property
    def is_mapping(self) -> bool:
        """Whether it is a mapping, in braces or not."""
        return isinstance(self.event, yaml_events.MappingStartEvent)

    @property
    def is_collection(self) -> bool:
        """Whether it is a mapping or a sequence."""
        return isinstance(self.event, _STARTS)

    @property
    def is_alias(self) -> bool:
        """Whether it stands for the value of an anchor."""
        return isinstance(self.event, yaml_events.AliasEvent)

    @property
    def style(self) -> str | None:
        """Of a scalar: its quote, `|`, `>`, or None where it is plain."""
        is_scalar = isinstance(self.event, yaml_events.ScalarEvent)
        return (self.event.style or None) if is_scalar else None

    @property
    def is_block_scalar(self) -> bool:
        """Whether it is a literal or folded text."""
        return self.style in {"|", ">"}

    def entries(self) -> Iterator[tuple[Node, Node]]:
        """Keys and values of a mapping, merge keys among them."""
        return zip(self.children[::2], self.children[1::2], strict=True)

    def child(self, part: str | int) -> tuple[Node | None, Node] | None:
        """The value under a key, with the key; the item at an index. What is merged has no text."""
        if isinstance(part, int):
            return None if self.is_mapping else (None, self.children[part])
        if not self.is_mapping:
            return None
        return next((one for one in self.entries() if one[0].event.value == part), None)


@dataclass(frozen=True, slots=True)
class Step:
    """A node on the way to a pointer, and the key that it stands under."""

    key: Node | None
    node: Node


@lru_cache(maxsize=4)  # the files of a spec are asked about key by key
def read_nodes(source: Source) -> Node | None:
    """The root node of a text that reads without complaints; None for an empty one."""
    reader = _Reader(source.text)
    for event in list_events(source):
        reader.take(event)
    return reader.root


def walk(root: Node, pointer: Pointer) -> list[Step]:
    """The nodes from the root down to a pointer, as far as they are written."""
    steps = [Step(None, root)]
    for part in pointer:
        found = steps[-1].node.child(part)
        if found is None:
            break
        steps.append(Step(*found))
    return steps


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[Node] = []
        self.root: Node | None = None

    def take(self, event: Any) -> None:
        if isinstance(event, _LEAVES):
            self._close(self._leaf(event))
        elif isinstance(event, _STARTS):
            start = event.start_mark.index
            flow = bool(event.flow_style)
            self._open.append(Node(event, start, start, start, flow))
        elif isinstance(event, _ENDS):
            node = self._open.pop()
            end = event.end_mark.index if node.flow else node.children[-1].end
            node.body, node.end = self._body(node), end
            self._close(node)

    def _close(self, node: Node) -> None:
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is None:
            self.root = node

    def _leaf(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        flow = bool(self._open and self._open[-1].flow)
        if start == end:
            start = end = self._empty(start)
        body = start
        if isinstance(event, yaml_events.ScalarEvent) and (event.anchor or event.tag):
            body = self._skip_properties(start, end)
        node = Node(event, start, body, end, flow)
        if node.is_block_scalar:
            node.end = self._end_of_block(body, end)
        return node

    def _empty(self, start: int) -> int:
        """Where an empty value would be written: right behind its key's colon."""
        parent = self._open[-1] if self._open else None
        if parent is None or not parent.is_mapping or len(parent.children) % 2 == 0:
            return start
        colon = _COLON.match(self._text, parent.children[-1].end)
        return parent.children[-1].end if colon is None else colon.end()

    def _end_of_block(self, body: int, end: int) -> int:
        """The last line's end, its break excluded; empty lines count where `+` keeps them."""
        header = self._text[body:end].splitlines()[0].partition("#")[0]
        text = self._text[body:end]
        if "+" not in header:
            return body + len(text.rstrip())
        return body + len(text.removesuffix("\n").removesuffix("\r"))

    def _body(self, node: Node) -> int:
        if not node.event.anchor and not node.event.tag:
            return node.start
        start = self._skip_properties(node.start, len(self._text))
        if node.flow:
            return start
        first = node.children[0].start
        if node.is_mapping:
            return first
        dash = _DASH.search(self._text, node.event.end_mark.index)
        return first if dash is None else dash.start()

    def _skip_properties(self, start: int, end: int) -> int:
        found = _PROPERTIES.match(self._text, start, end)
        return start if found is None else found.end()
