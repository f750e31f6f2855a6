"""JSON as artifacts hold it: two spaces, Unicode as it is, one newline at the end."""

from __future__ import annotations

import json
from typing import Any


def json_text(document: Any) -> str:
    """The text of a document, its members in the order in which they were put there."""
    import orjson

    try:
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"
    except TypeError:  # an integer of more than 64 bits, or half of a surrogate pair
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
