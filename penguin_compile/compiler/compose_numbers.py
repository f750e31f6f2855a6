"""Numbers with a leading zero in Compose's own YAML: `mode: 0440` means two things.

YAML 1.2, which a spec is, reads 440; Compose reads YAML 1.1's octal 288. Nothing that compile could
write would be right for both readers, so that the writer has to say which it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.pointer import Pointer, format_dotted
from penguin_compile.source.tree import Document, Mapping, Sequence, Value

_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]*[1-9]")


def check_compose_numbers(document: Document) -> list[Diagnostic]:
    """A complaint about each such number under `container` and `compose`."""
    return [
        _complain(document, pointer)
        for root in _compose_texts(document)
        for pointer in _integers(document, root)
        if _LEADING_ZERO.match(_written(document, pointer))
    ]


def _compose_texts(document: Document) -> Iterator[Pointer]:
    yield ("compose",)
    yield ("integrations", "waddleai", "container")
    services = document.root.get("services")
    for name in services if isinstance(services, Mapping) else ():
        yield ("services", name, "container")


def _integers(document: Document, root: Pointer) -> Iterator[Pointer]:
    try:
        first = document.value(root)
    except (KeyError, IndexError, TypeError):  # not there, or around it is no mapping
        return
    waiting: list[tuple[Pointer, Value]] = [(root, first)]
    while waiting:
        pointer, node = waiting.pop()
        if isinstance(node, Mapping):
            waiting.extend(((*pointer, key), item) for key, item in node.items())
        elif isinstance(node, Sequence):
            waiting.extend(((*pointer, index), item) for index, item in enumerate(node))
        elif type(node) is int:
            yield pointer


def _written(document: Document, pointer: Pointer) -> str:
    source, _, _, start, end, _ = document.place_of(pointer)
    return source.text[start:end]


def _complain(document: Document, pointer: Pointer) -> Diagnostic:
    text = _written(document, pointer)
    digits = text.lstrip("+-0").replace("_", "")
    octal = f"0o{digits} for octal, " if set(digits) <= set("01234567") else ""
    return Diagnostic(
        code="PC104",
        severity=Severity.ERROR,
        message=f'"{format_dotted(pointer)}" is {text}: decimal in YAML 1.2, octal in Compose',
        span=document.value_span(pointer),
        pointer=pointer,
        label=f'quote it: "{text}"',
        help=f"or write {octal}{digits} for decimal",
    )
