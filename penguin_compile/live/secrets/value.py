"""A secret inside structured data: found by its key, and as the text that stands for it."""

from __future__ import annotations

import json
from typing import Any

from penguin_compile.core.resolver import without_line_end


def find_value(data: Any, path: str) -> Any:
    """What stands at `a.b.0`; a key may have dots itself. KeyError where nothing does."""
    if isinstance(data, dict) and path in data:
        return data[path]
    if isinstance(data, list) and path.isdecimal() and int(path) < len(data):
        return data[int(path)]
    for position, character in enumerate(path):
        if character == ".":
            try:
                return find_value(find_value_of(data, path[:position]), path[position + 1 :])
            except KeyError:
                continue
    raise KeyError(path)


def find_value_of(data: Any, key: str) -> Any:
    """One step down: a mapping's key or a list's index; KeyError where there is none."""
    if isinstance(data, dict):
        return data[key]
    if isinstance(data, list) and key.isdecimal() and int(key) < len(data):
        return data[int(key)]
    raise KeyError(key)


def value_text(value: Any) -> str | None:
    """A text as it is, without its last line break; anything else as JSON. None for null."""
    if value is None:
        return None
    return without_line_end(value) if isinstance(value, str) else json.dumps(value)
