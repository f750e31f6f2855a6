"""How an app of the house reads a setting: integration-standards, "Bootstrap Process"."""

from __future__ import annotations

import json
from typing import Any


def get_config(db: Any, key: str, default: Any = None) -> Any:
    """A setting by pyDAL, as the document's function of this name reads it."""
    row = db(db.config.config_key == key).select().first()
    return default if row is None else read_value(row.config_type, row.config_value)


def read_value(config_type: str, text: str) -> Any:
    """What a row's text says, by the row's type."""
    match config_type:
        case "integer":
            return int(text)
        case "boolean":
            return text.lower() in {"true", "1", "yes"}
        case "json":
            return json.loads(text)
    return text
