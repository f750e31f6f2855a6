"""The pages of the documentation, and their blocks of code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(ROOT).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
_BLOCK = re.compile(r'^```(\w*)(?: title="([^"]*)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, the title that a reader sees above it, and its text."""

    language: str
    title: str | None
    text: str


def blocks(page: str, language: str | None = None) -> list[Block]:
    """The blocks of a page, in its order. Fails for one whose first line isn't understood."""
    text = PAGES[page].read_text(encoding="utf-8")
    found = [Block(one[1], one[2], one[3]) for one in _BLOCK.finditer(text)]
    fences = re.findall(r"^```.*", text, re.MULTILINE)
    assert len(fences) == 2 * len(found), f"a block of {page} is not understood: {fences}"
    return [one for one in found if language in {None, one.language}]
