"""The rows of a list answer: a list of objects with name and id, or a failure that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.live.marchproxy.answer import Answer

_IDENTITIES = (int, str)  # no union: that one takes ten times as long, for each of many rows


def read_page(answer: Answer, key: str, dialect: str) -> tuple[list[Mapping[str, Any]], int | None]:
    """Return the rows of an answer and the total that it tells, if it does."""
    content = answer.parse((key, "total"))
    rows = content.get(key)
    if not isinstance(rows, list) or not all(map(is_row, rows)):
        raise GatewayFailure(
            f"{answer.request}: the answer holds no list of {key} with name and id",
            hint=f"is the URL that of a MarchProxy that speaks the `{dialect}` dialect?",
        )
    total = content.get("total")
    return rows, total if isinstance(total, int) else None


def is_row(row: object) -> bool:
    """Whether it can be one resource."""
    return (
        isinstance(row, dict)
        and isinstance(row.get("name"), str)
        and isinstance(row.get("id"), _IDENTITIES)
    )
