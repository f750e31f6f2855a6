"""The rest of a tree with mistakes: without what is wrong, so that rules can judge what is right.

A user sees dangling references in the same run as misspelt keys. What a rule says of a place that
was taken out, or of a name that went with it, is not told: it may be a consequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

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
        wrong = [(one.code, _wrong_place(one)) for one in findings]
        removed.extend(_doubtful_place(code, pointer) for code, pointer in wrong)
        document = _without(document, (pointer for _, pointer in wrong))
        shape, findings = read_shapes(document)
        if shape is not None:
            break
    return shape, document, removed


def untouched(findings: Iterable[Diagnostic], removed: Sequence[Pointer]) -> list[Diagnostic]:
    """The errors that say nothing of a place that was taken out, or of its name."""
    names = {str(part[-1]) for part in removed if part}
    places = set(removed)
    around = {pointer[:length] for pointer in places for length in range(len(pointer) + 1)}
    return [
        one
        for one in findings
        if one.severity is Severity.ERROR
        and not _touches(one.pointer, places, around)
        and names.isdisjoint(one.message.split('"')[1:-1])  # messages put names in quotes
    ]


def _wrong_place(finding: Diagnostic) -> Pointer:
    """What to take out; for a key that is missing, the pointer is the mapping that lacks it."""
    if finding.code == "PC105" and finding.pointer in {(), ("app",)}:
        return (*finding.pointer, "name") if finding.pointer else ("penguin",)
    return finding.pointer


def _doubtful_place(code: str, pointer: Pointer) -> Pointer:
    """A wrong value makes what stands beside it doubtful; a key too many doesn't."""
    return pointer if code == "PC103" or len(pointer) < 3 else pointer[:-1]


def _touches(pointer: Pointer, removed: AbstractSet[Pointer], around: AbstractSet[Pointer]) -> bool:
    return pointer in around or any(
        pointer[:length] in removed for length in range(len(pointer) + 1)
    )


def _without(document: Document, pointers: Iterable[Pointer]) -> Document:
    """A copy without some places, all taken out at once: thousands cost no more than one."""
    every = {pointer for pointer in pointers if pointer}
    mended = Document(_rebuild(document.root, _cuts(every)), document.place)
    for required, placeholder in _PLACEHOLDERS.items():
        holder = _holder(mended, required)
        if required in every and holder is not None:
            holder.put(required[-1], placeholder, document.place_of(required))
    return mended


def _cuts(pointers: Iterable[Pointer]) -> dict[Any, Any]:
    """Places as a tree of their parts; None: the whole value there."""
    root: dict[Any, Any] = {}
    for pointer in sorted(pointers, key=len):
        node: dict[Any, Any] | None = root
        for part in pointer[:-1]:
            node = None if node is None else node.setdefault(part, {})
        if node is not None:
            node[pointer[-1]] = None
    return root


def _holder(document: Document, pointer: tuple[str, ...]) -> Mapping | None:
    node = document.root
    for part in pointer[:-1]:
        node = node.get(part) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else None


def _rebuild(node: Value, cuts: dict[Any, Any]) -> Value:
    """A copy of what leads to the places, without the places themselves."""
    if isinstance(node, Mapping):
        copy = Mapping()
        for key, place in node.places.items():
            if key not in cuts:
                copy.put(key, node[key], place)
            elif cuts[key] is not None:
                copy.put(key, _rebuild(node[key], cuts[key]), place)
        return copy
    if isinstance(node, List):
        items = List()
        for index, item in enumerate(node):
            if index not in cuts or cuts[index] is not None:
                items.append(item if index not in cuts else _rebuild(item, cuts[index]))
                items.places.append(node.places[index])
        return items
    return node
