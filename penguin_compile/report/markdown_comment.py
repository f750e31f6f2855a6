"""What every comment on a pull request keeps to.

What stands in a spec is somebody else's text: everything that comes from there goes through `code`,
inside of which GitHub neither links, mentions nor runs anything.
"""

from __future__ import annotations

from typing import Final

from penguin_compile.report.printable import printable

LONGEST: Final = 65_536  # characters of a comment on GitHub
# What begins something in Markdown, HTML, links or formulas, outside or inside of code.
_STRUCTURAL: Final = frozenset("&<>\"'`|*_~[]()\\:@#!${}")


def code(text: str) -> str:
    """Text as code that stays inside its table cell, whatever it holds."""
    escaped = "".join(
        f"&#{ord(one)};" if one in _STRUCTURAL else one for one in printable(text)
    ).replace("www.", "www&#46;")
    return f"<code>{escaped}</code>"
