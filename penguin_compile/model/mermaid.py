"""Text in Mermaid's diagrams, for targets and reports alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# Harmless between quotes; the rest could end them, begin an entity, Markdown or HTML.
_PLAIN: Final = frozenset(" ·-/.:")


def label(lines: Iterable[str]) -> str:
    """What stands between the quotes of a node or an edge; empty lines are left out."""
    return "<br>".join(_escape(one) for one in lines if one)


def _escape(text: str) -> str:
    """Mermaid's own kind of entities, for all but letters, digits and what is harmless."""
    return "".join(one if one.isalnum() or one in _PLAIN else f"#{ord(one)};" for one in text)
