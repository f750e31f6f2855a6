"""One value of a YAML file set by a splice of its text: every other byte stays as it is.

Ways to write the value are tried, the one that looks most like its surroundings first, and the text
is read again after each: only one that says the same but for that value is taken. So this holds for
all of YAML, whatever the ways think of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.pointer import Pointer, format_dotted
from penguin_compile.core.records import dataclass
from penguin_compile.core.span import Source
from penguin_compile.source.splicing_nodes import Node, Step, read_nodes, walk
from penguin_compile.source.splicing_proof import list_differences, with_value
from penguin_compile.source.splicing_values import (
    block_lines,
    block_scalar,
    flow_text,
    is_full,
    key_text,
    scalar_texts,
)
from penguin_compile.source.yaml_events import DEEPEST, parse_yaml

_BREAK = re.compile(r"\r\n|\n|\r")
_INDENT = 2
_EXPLICIT = re.compile(r"\?[ \t]+\Z")


class SplicingFailure(PenguinError):
    """The value can't be written at its place without changing something else."""


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    text: str


def splice_value(source: Source, pointer: Pointer, value: Any) -> Source:
    """The text with a value at a pointer; mappings that are missing on the way are added.

    The text has to read without complaints. Inside of a collection that stays one, only what
    differs is written anew. Raises SplicingFailure, also for an alias that would change with it.
    """
    if _height(value) > DEEPEST:
        raise SplicingFailure(
            f"{format_dotted(pointer)} is nested deeper than {DEEPEST} levels",
            hint="a spec can't hold such a value",
        )
    for place, part in _edits(_tree(source), pointer, value):
        source = _splice(source, place, part)
    return source


def _edits(tree: Any, pointer: Pointer, value: Any) -> Iterator[tuple[Pointer, Any]]:
    """The smallest values that have to be written, for one to become the other."""
    try:
        old = _at(tree, pointer)
    except (KeyError, IndexError, TypeError):
        yield pointer, value
        return
    yield from _differing(old, value, pointer)


def _differing(old: Any, new: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
    if (
        is_full(old)
        and isinstance(old, dict)
        and isinstance(new, dict)
        and old.keys() <= new.keys()
    ):
        for key, item in new.items():
            if key in old:
                yield from _differing(old[key], item, (*pointer, key))
            else:
                yield (*pointer, key), item
    elif is_full(old) and isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _differing(left, right, (*pointer, index))
    elif next(list_differences(old, new), None) is not None:
        yield pointer, new


def _at(tree: Any, pointer: Pointer) -> Any:
    for part in pointer:
        tree = tree[part]
    return tree


@lru_cache(maxsize=2)  # what was proved of one splice is what the next one begins with
def _tree(source: Source) -> Any:
    """The tree of a text; None where it has complaints, as no spec with something in it has."""
    document, findings = parse_yaml(source)
    return None if findings or document is None else document.root


def _splice(source: Source, pointer: Pointer, value: Any) -> Source:
    root = read_nodes(source)
    changed: set[Pointer] = set()
    try:
        wanted = with_value(_tree(source), pointer, value)
    except KeyError as error:
        raise SplicingFailure(
            f"{source.path}: {format_dotted(pointer)} can't be set: what holds {error.args[0]!r} "
            "is no mapping",
            hint="mend the spec first",
        ) from None
    for one in [] if root is None else _Writer(source, root, pointer, value).ways():
        text = source.text[: one.start] + one.text + source.text[one.end :]
        spliced = Source(source.path, text)
        got = _tree(spliced)
        wrong = set(list_differences(wanted, got))
        if not wrong:
            return spliced
        changed = changed or {place for place in wrong if got is not None and place != pointer}
    raise _failure(source, pointer, changed)


def _failure(source: Source, pointer: Pointer, changed: set[Pointer]) -> SplicingFailure:
    where = f"{source.path}: {format_dotted(pointer)}"
    others = ", ".join(sorted({format_dotted(one) for one in changed if one})[:3])
    if others:
        return SplicingFailure(
            f"{where} can't be changed alone: {others} would change, too",
            hint="an anchor or a merge key shares it; write the value there by hand",
        )
    return SplicingFailure(
        f"{where} can't be written: no YAML at its place reads back as this value",
        hint="write the value there by hand",
    )


class _Writer:
    """All ways to write one value into one text."""

    def __init__(self, source: Source, root: Node, pointer: Pointer, value: Any) -> None:
        self._text = source.text
        self._value = value
        self._steps = walk(root, pointer)
        self._missing = [str(part) for part in pointer[len(self._steps) - 1 :]]
        first = _BREAK.search(self._text)
        self._break = "\n" if first is None else first[0]

    def ways(self) -> Iterator[_Splice]:
        """The best first."""
        step = self._steps[-1]
        if not self._missing:
            yield from self._replace(step)
        elif step.node.is_alias:
            start, end = step.node.start, step.node.end
            pair = self._pair(self._missing)
            yield _Splice(start, end, f"{{<<: {self._text[start:end]}, {pair}}}")
        elif not step.node.is_mapping:
            yield from self._replace_null(step)
        elif step.node.flow:
            yield from self._add_to_flow(step.node)
        else:
            yield from self._add_to_block(step)

    # What stands there already.

    def _replace(self, step: Step) -> Iterator[_Splice]:
        node = step.node
        if node.start == node.end:
            yield from self._fill(step, self._inline(step, None))
        elif node.is_alias:
            yield from (_Splice(node.start, node.end, one) for one in self._inline(step, None))
        elif node.is_collection:
            yield from self._replace_collection(step)
        else:
            yield from self._replace_scalar(step)

    def _fill(self, step: Step, texts: Iterator[str]) -> Iterator[_Splice]:
        """An empty value, which is written right behind the colon, if there is one."""
        at = step.node.start
        for text in texts:
            if step.key is not None and at == step.key.end:
                column = self._column(step.key)
                before = "" if column is None else self._break + " " * column
                yield _Splice(at, at, f"{before}: {text}")
            yield _Splice(at, at, f" {text}")

    def _inline(self, step: Step, style: str | None) -> Iterator[str]:
        """The value in one line, in the style that stands there first."""
        flow, json = step.node.flow and not step.node.is_collection, self._is_json(step.key)
        if len(self._steps) > 1:
            flow = self._steps[-2].node.flow
        if isinstance(self._value, dict | list):
            yield flow_text(self._value, json=json, flow=flow)
        else:
            yield from scalar_texts(self._value, style='"' if json else style, flow=flow)

    def _replace_scalar(self, step: Step) -> Iterator[_Splice]:
        node = step.node
        rest = self._header_comment(node)
        yield from self._as_block(step)
        style = node.style if node.style in {"'", '"'} else None
        for text in self._inline(step, style):
            for start, before in self._heads(node):
                yield _Splice(start, node.end, before + text + rest)

    def _heads(self, node: Node) -> Iterator[tuple[int, str]]:
        """Where the new value begins: behind anchor and tag, or with the tag taken away."""
        body = self._text[node.body - 1 : node.body]
        gap = " " if node.body > node.start and not body.isspace() else ""
        yield node.body, gap
        if node.event.tag is not None:
            anchor = f"&{node.event.anchor} " if node.event.anchor else ""
            yield node.start, anchor

    def _header_comment(self, node: Node) -> str:
        """The comment in the first line of a block text, which outlives it."""
        if not node.is_block_scalar:
            return ""
        header = _BREAK.split(self._text[node.body : node.end], maxsplit=1)[0]
        mark = header.find(" #")
        return "" if mark < 0 else header[len(header[:mark].rstrip()) :]

    def _as_block(self, step: Step) -> Iterator[_Splice]:
        """A text of several lines as a block, where quotes don't say otherwise."""
        node, value = step.node, self._value
        if not isinstance(value, str) or node.flow or node.style in {"'", '"'} or not step.key:
            return
        column = self._column(step.key)
        if column is None:
            return
        style = node.style or "|"
        indent = self._indent_of(node, column) if node.is_block_scalar else _INDENT
        for one in (style, "|"):
            block = block_scalar(value, one, indent)
            if block is None:
                continue
            same = node.is_block_scalar and block[0].strip("|>123456789") == self._chomping(node)
            if "\n" not in value.rstrip("\n") and not same:
                continue
            end = node.end if node.is_block_scalar else self._line_end(node.end)
            rest = self._header_comment(node) or self._text[node.end : end]
            yield _Splice(node.body, end, self._block_text(block, rest, column + indent))

    def _block_text(self, block: tuple[str, list[str]], rest: str, indent: int) -> str:
        header, lines = block
        content = (" " * indent + line if line else "" for line in lines)
        return self._break.join([header + rest, *content])

    def _chomping(self, node: Node) -> str:
        header = _BREAK.split(self._text[node.body : node.end], maxsplit=1)[0]
        return "".join(one for one in header.partition("#")[0] if one in "+-")

    def _indent_of(self, node: Node, column: int) -> int:
        """How far the content of a block text stands inside its mapping."""
        lines = _BREAK.split(self._text[node.body : node.end])[1:]
        first = next((one for one in lines if one.strip()), "")
        digits = [one for one in self._text[node.body : node.body + 3] if one.isdigit()]
        found = int(digits[0]) if digits else len(first) - len(first.lstrip(" ")) - column
        return found if 0 < found <= 9 else _INDENT

    def _replace_collection(self, step: Step) -> Iterator[_Splice]:
        node, value = step.node, self._value
        if not node.flow:
            yield from self._replace_block(step)
        for text in self._inline(step, None):
            yield _Splice(node.body, node.end, text)
        if not is_full(value):
            yield _Splice(node.start, node.end, next(self._inline(step, None)))

    def _replace_block(self, step: Step) -> Iterator[_Splice]:
        """A block collection by another one, or by what then stands on its key's line."""
        node = step.node
        if is_full(self._value):
            pad = self._break + " " * self._column_at(node.body)
            yield _Splice(node.body, node.end, pad.join(block_lines(self._value)))
            return
        colon = None if step.key is None else self._text.find(":", step.key.end)
        if colon is not None and not self._text[colon + 1 : node.start].strip():
            for text in self._inline(step, None):
                yield _Splice(colon + 1, node.end, f" {text}")

    # What is missing.

    def _replace_null(self, step: Step) -> Iterator[_Splice]:
        """A value that is null becomes a mapping; something else does not."""
        node = step.node
        pair = "{" + self._pair(self._missing) + "}"
        if node.start != node.end:
            yield _Splice(node.body, node.end, pair)
            return
        column = None if step.key is None else self._column(step.key)
        if not node.flow and column is not None and not self._is_json(step.key):
            end = self._line_end(node.end)
            indent = column + self._indent(step)
            yield _Splice(end, end, self._lines(self._missing, indent))
        yield from self._fill(step, iter((pair,)))

    def _add_to_flow(self, node: Node) -> Iterator[_Splice]:
        pair = self._pair(self._missing)
        if not node.children:
            yield _Splice(node.body + 1, node.body + 1, pair)
            return
        last = node.children[-1].end
        yield _Splice(last, last, f", {pair}")
        yield _Splice(node.body + 1, node.body + 1, f"{pair}, ")

    def _add_to_block(self, step: Step) -> Iterator[_Splice]:
        """Behind the last entry, or else before the first one."""
        node = step.node
        first = node.children[0]
        column = self._column(first)
        if column is None:
            return
        end = self._line_end(node.end)
        yield _Splice(end, end, self._lines(self._missing, column))
        start = first.start - (self._column_at(first.start) - column)
        lines = self._lines(self._missing, column).removeprefix(self._break).lstrip(" ")
        yield _Splice(start, start, lines + self._break + " " * column)

    def _pair(self, keys: list[str]) -> str:
        """`key: {key: value}`, for inside of braces."""
        json = self._is_json(self._last_key())
        text = flow_text(self._value, json=json)
        for number, key in enumerate(reversed(keys)):
            text = f"{key_text(key, json=json)}: " + (f"{{{text}}}" if number else text)
        return text

    def _lines(self, keys: list[str], column: int) -> str:
        """Lines of a block mapping, each with the break before it."""
        lines, indent = list[str](), self._indent(self._steps[-1])
        block = block_scalar(self._value, "|", indent) if isinstance(self._value, str) else None
        if block is not None and "\n" not in self._value.strip("\n"):
            block = None
        flat = len(keys) - 1 if block or (len(keys) < 2 or self._likes_blocks()) else len(keys) - 2
        for depth, key in enumerate(keys[:flat]):
            lines.append(" " * (column + depth * indent) + f"{key_text(key, json=False)}:")
        pad = column + flat * indent
        last = key_text(keys[flat], json=False)
        if block is not None:
            text = f"{last}: " + self._block_text(block, "", pad + indent)
        elif flat == len(keys) - 1:
            text = f"{last}: {flow_text(self._value, flow=False)}"
        else:
            text = f"{last}: {{{self._pair(keys[flat + 1 :])}}}"
        return "".join(self._break + line for line in (*lines, " " * pad + text))

    def _likes_blocks(self) -> bool:
        """Whether the last mapping beside the one that is added is written as a block."""
        values = [node for _, node in self._steps[-1].node.entries() if node.is_mapping]
        return len(self._missing) == 2 and bool(values) and not values[-1].flow

    # Where things stand.

    def _last_key(self) -> Node | None:
        node = self._steps[-1].node
        return node.children[-2] if node.is_mapping and node.children else self._steps[-1].key

    def _is_json(self, key: Node | None) -> bool:
        return key is not None and key.style == '"'

    def _line_end(self, offset: int) -> int:
        found = _BREAK.search(self._text, offset)
        return len(self._text) if found is None else found.start()

    def _column_at(self, offset: int) -> int:
        line = max(self._text.rfind("\n", 0, offset), self._text.rfind("\r", 0, offset)) + 1
        return offset - line

    def _column(self, key: Node) -> int | None:
        """The column of a block mapping's key, or of the `?` before it; None inside of flow."""
        if key.flow:
            return None
        column = self._column_at(key.start)
        explicit = _EXPLICIT.search(self._text[key.start - column : key.start])
        return column if explicit is None else column - len(explicit[0])

    def _indent(self, step: Step) -> int:
        """How far mappings stand inside of each other here."""
        columns = [
            self._column_at(one.node.children[0].start)
            for one in self._steps
            if one.node.is_mapping and not one.node.flow and one.node.children
        ]
        nested = [
            self._column_at(node.children[0].start) - columns[-1]
            for _, node in (step.node.entries() if step.node.is_mapping else ())
            if node.is_mapping and not node.flow and columns
        ]
        steps = [right - left for left, right in pairwise(columns)]
        return next((one for one in (*nested, *reversed(steps)) if one > 0), _INDENT)


def _height(value: Any) -> int:
    """Levels of collections in a value; by levels, for one may be too deep for recursion."""
    height, level = 0, [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        height += 1
        level = [item for one in level for item in (one.values() if isinstance(one, dict) else one)]
    return height
