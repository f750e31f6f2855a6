"""The site as it is built: strict, whole, and fetching nothing from another host."""

from __future__ import annotations

import html
import re
from pathlib import Path

import click
import pytest

from penguin_compile.cli.program import program
from penguin_compile.cli.table import COMMANDS
from penguin_compile.compiler.field import list_fields
from penguin_compile.core import errors
from penguin_compile.core.errors import PenguinError
from penguin_compile.core.published_schema import read_schema
from penguin_compile.rules.codes import list_codes
from tests.docs.pages import PAGES, ROOT

pytestmark = pytest.mark.slow

_FETCHED = re.compile(
    r"""<(?:script|img|link|iframe|source|video|audio|object|embed)\b[^>]*?"""
    r"""\b(?:src|href|data|srcset)=["']?((?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)
_IN_STYLES = re.compile(r"""(?:url\(|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


def page(site: Path, name: str) -> str:
    """A page's text, without markup."""
    text = (site / name).read_text(encoding="utf-8")
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def test_nothing_is_fetched_from_another_host(site: Path) -> None:
    found = []
    for path in site.rglob("*"):
        if path.suffix in {".html", ".css", ".svg"}:
            text = path.read_text(encoding="utf-8")
            found += [(path.name, one) for one in _FETCHED.findall(text) + _IN_STYLES.findall(text)]
    assert found == []


def test_what_scripts_could_fetch_is_not_used(site: Path) -> None:
    """The theme's script can load Mermaid and a repository's facts: no page asks for either."""
    pages = "".join(one.read_text(encoding="utf-8") for one in site.rglob("*.html"))
    assert 'class="mermaid"' not in pages
    assert 'data-md-component="source"' not in pages


def test_the_search_finds_what_a_flag_does(site: Path) -> None:
    assert "detailed-exitcode" in (site / "search" / "search_index.json").read_text("utf-8")


def test_every_page_has_its_place(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    for name in PAGES:
        target = name.removeprefix("docs/").replace(".md", ".html")
        assert f'href="{target}"' in home or target == "index.html", f"{name}: nav in mkdocs.yml"


def commands() -> list[tuple[str, click.Command]]:
    """Each command by its words."""
    found: list[tuple[str, click.Command]] = [("penguin-compile", program)]
    with click.Context(program) as ctx:
        for name in COMMANDS:
            command = program.get_command(ctx, name)
            assert command is not None
            found.append((name, command))
            if isinstance(command, click.Group):
                below = [(one, command.get_command(ctx, one)) for one in command.list_commands(ctx)]
                found += [(f"{name} {one}", each) for one, each in below if each is not None]
    return found


def test_every_command_and_every_flag_is_there(site: Path) -> None:
    text = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    sections = re.split(r"<h[23] id=", text)
    for words, command in commands():
        (section,) = (one for one in sections if one.startswith(f'"{words.replace(" ", "-")}"'))
        told = " ".join(html.unescape(re.sub(r"<[^>]+>", "", section)).split())
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert all(one in told for one in option.opts), f"{words} {option.opts}"
                assert " ".join((option.help or "?").replace("`", "").split()) in told, words
        assert "Example" not in told
        assert "$ " in told, f"{words} has no example"


def test_every_exit_code_is_there(site: Path) -> None:
    text = page(site, "reference/exit-codes.html")
    codes = {
        one.exit_code
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, PenguinError)
    }
    shown = set(map(int, re.findall(r"^(\d+)$", text, re.MULTILINE)))
    assert shown == codes | {0, 1, 2, 130}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {int(one) for one in re.findall(r"\| (\d+) \|", readme)} == shown


def test_every_field_and_every_code_is_there(site: Path) -> None:
    text = page(site, "reference/language.html")
    for field in list_fields():
        assert ".".join(field.path[1:]) in text, field.path
        assert field.path[0] in text
        told = (field.description or "").replace("`", "")
        assert told in text, field.path
    rules = page(site, "reference/rules.html")
    assert [one for one in list_codes() if f"\n{one}: " not in rules] == []


@pytest.mark.parametrize("name", ["plan", "revision"])
def test_every_key_of_a_plan_is_there(site: Path, name: str) -> None:
    text = page(site, "reference/plan-format.html")

    def keys(schema: object) -> set[str]:
        if not isinstance(schema, dict):
            return set()
        own = set(schema.get("properties", ()))
        return own.union(
            *(keys(one) for one in schema.values()), *map(keys, schema.get("oneOf", ()))
        )

    missing = [one for one in sorted(keys(read_schema(f"{name}.schema.json"))) if one not in text]
    assert missing == []
