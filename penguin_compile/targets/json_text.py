"""JSON as artifacts hold it: two spaces, Unicode as it is, one newline at the end."""

from __future__ import annotations

import json
from typing import Any


def json_text(document: Any) -> str:
    """The text of a document, its members in the order in which they were put there."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
