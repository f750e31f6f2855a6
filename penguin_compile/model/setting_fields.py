"""Settings as rows of the config table: the fields that describe a value, in the standard's order.

What apply writes beside a value and what `diff` shows of a key agree: both take it from here.
"""

from __future__ import annotations

from typing import Any

from penguin_compile.model.setting import Setting


def described_fields(setting: Setting) -> dict[str, Any]:
    """Everything that a row says of its value, and not the value itself."""
    return {
        "type": setting.type.stored,
        "category": setting.category,
        "description": setting.description,
        "sensitive": setting.sensitive,
    }
