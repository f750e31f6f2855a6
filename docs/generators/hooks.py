"""MkDocs hooks: pages of the reference, made from code at each build, and links between folders."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commands_page import commands_page
from exit_codes_page import exit_codes_page
from language_page import language_page
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from plan_format_page import plan_format_page
from rules_page import rules_page

ROOT = Path(__file__).resolve().parents[2]
PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/exit-codes.md": exit_codes_page,
    "reference/language.md": language_page,
    "reference/rules.md": rules_page,
    "reference/plan-format.md": plan_format_page,
    "security.md": lambda: (ROOT / "SECURITY.md").read_text(encoding="utf-8"),
    "changelog.md": lambda: (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
}
_OF_ROOT = {"SECURITY.md": "security.md", "CHANGELOG.md": "changelog.md"}
_LINK = re.compile(r"\[([^\]]*)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that no file holds."""
    for path, render in PAGES.items():
        files.append(File.generated(config, path, content=render()))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Make links that are true in the repository true on the site.

    What the site doesn't have, such as an example's folder, stays as text.
    """
    source = page.file.src_uri
    generated = source in PAGES
    folder = Path() if generated and "/" not in source else Path("docs", source).parent

    def mend(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        if source.startswith("reference/"):
            return found[0]
        place = _normal(folder / target)
        inside = _OF_ROOT.get(place) or (
            place.removeprefix("docs/") if place.startswith("docs/") else None
        )
        if inside is None or files.get_file_from_path(inside) is None:
            return text
        up = "../" * source.count("/")
        return f"[{text}]({up}{inside}{anchor})"

    return _outside_code(markdown, mend)


def _normal(path: Path) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return "/".join(parts)


def _outside_code(markdown: str, mend: Callable[[re.Match[str]], str]) -> str:
    """The text with its links mended, blocks of code as they are."""
    pieces = re.split(r"(^```.*?^```$)", markdown, flags=re.DOTALL | re.MULTILINE)
    return "".join(piece if piece.startswith("```") else _LINK.sub(mend, piece) for piece in pieces)
