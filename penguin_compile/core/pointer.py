"""Paths into a tree, as tuples of keys and indices, and their RFC 6901 text."""

from __future__ import annotations

from typing import TypeAlias

Pointer: TypeAlias = tuple[str | int, ...]


def format_pointer(pointer: Pointer) -> str:
    """RFC 6901: `/services/flask-api/port`; the whole document is the empty string."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in pointer)


def format_dotted(pointer: Pointer) -> str:
    """For messages: `routes.external-api.to[0]`."""
    text = ""
    for part in pointer:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
