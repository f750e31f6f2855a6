"""Markdown from values: nothing in them becomes markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"([\\*_\[\]#|])")


def text(words: str) -> str:
    """Words as words; what stands between backticks stays code."""
    pieces = re.split(r"(`[^`]*`)", " ".join(words.split()))
    return "".join(
        one if one.startswith("`") else _MARKUP.sub(r"\\\1", html.escape(one, quote=False))
        for one in pieces
    )


def code(words: str) -> str:
    """A few words as code, fit for a cell of a table."""
    return f"`{words}`" if words else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already; ends with an empty line."""
    lines = [headings, ["---"] * len(headings), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]


def block(language: str, body: str) -> list[str]:
    """A block of code; ends with an empty line."""
    return [f"```{language}", *body.rstrip("\n").split("\n"), "```", ""]
