"""The rest of a tree with mistakes: without what is wrong, so that rules can judge what is right.

A user sees dangling references in the same run as misspelt keys. What a rule says of a place that
was taken out, or of a name that went with it, is not told: it may be a consequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from penguin_compile.compiler.shape import read_shapes
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.sections.spec import SpecShape
from penguin_compile.source.tree import Document, Mapping, Value
from penguin_compile.source.tree import Sequence as List

_ROUNDS = 4  # taking out a value can leave a required key missing, and so on upwards
_PLACEHOLDERS: dict[tuple[str, ...], Value] = {("penguin",): 1, ("app", "name"): "app"}


def mend(
    document: Document, findings: Sequence[Diagnostic]
) -> tuple[SpecShape | None, Document, list[Pointer]]:
    """Shapes of the tree without the places of the findings, and those places."""
    removed: list[Pointer] = []
    shape: SpecShape | None = None
    for _ in range(_ROUNDS):
        for one in findings:
            pointer = _wrong_place(one)
            removed.append(_doubtful_place(one.code, pointer))
            document = _without(document, pointer)
        shape, findings = read_shapes(document)
        if shape is not None:
            break
    return shape, document, removed


def untouched(findings: Iterable[Diagnostic], removed: Sequence[Pointer]) -> list[Diagnostic]:
    """The errors that say nothing of a place that was taken out, or of its name."""
    names = {f'"{part[-1]}"' for part in removed if part}
    return [
        one
        for one in findings
        if one.severity is Severity.ERROR
        and not any(_overlap(one.pointer, pointer) for pointer in removed)
        and not any(name in one.message for name in names)
    ]


def _wrong_place(finding: Diagnostic) -> Pointer:
    """What to take out; for a key that is missing, the pointer is the mapping that lacks it."""
    if finding.code == "PC105" and finding.pointer in {(), ("app",)}:
        return (*finding.pointer, "name") if finding.pointer else ("penguin",)
    return finding.pointer


def _doubtful_place(code: str, pointer: Pointer) -> Pointer:
    """A wrong value makes what stands beside it doubtful; a key too many doesn't."""
    return pointer if code == "PC103" or len(pointer) < 3 else pointer[:-1]


def _overlap(one: Pointer, other: Pointer) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _without(document: Document, pointer: Pointer) -> Document:
    if not pointer:
        return document
    mended = Document(_rebuild(document.root, pointer), document.place)
    for required, placeholder in _PLACEHOLDERS.items():
        if pointer == required:
            place = document.place_of(required)
            mended.value(required[:-1]).put(required[-1], placeholder, place)
    return mended


def _rebuild(node: Value, rest: Pointer) -> Value:
    """A copy of what leads to a place, without the place itself."""
    part = rest[0]
    if isinstance(node, Mapping) and isinstance(part, str):
        copy = Mapping()
        for key, place in node.places.items():
            if key != part:
                copy.put(key, node[key], place)
            elif len(rest) > 1:
                copy.put(key, _rebuild(node[key], rest[1:]), place)
        return copy
    if isinstance(node, List) and isinstance(part, int) and part < len(node):
        items = List()
        for index, item in enumerate(node):
            if index != part or len(rest) > 1:
                kept = item if index != part else _rebuild(item, rest[1:])
                items.append(kept)
                items.places.append(node.places[index])
        return items
    return node
