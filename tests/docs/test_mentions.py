"""Commands and flags that prose mentions exist: a page that was forgotten is found."""

from __future__ import annotations

import re

import click
import pytest

from penguin_compile.cli.program import program
from penguin_compile.cli.table import COMMANDS
from tests.docs.pages import PAGES, ROOT

TEXTS = {**PAGES, **{one: ROOT / one for one in ("README.md", "SECURITY.md", "CONTRIBUTING.md")}}
# Flags of other programs, or of scripts of ours.
OTHERS = {
    "--env-file",
    "--snapshot-update",
    "--preload",
    "--quick",
    "--hypothesis-profile",
    "--help",
    "--ignore-missing",
    "--repo",
}


def flags(command: click.Command) -> set[str]:
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    if isinstance(command, click.Group):
        with click.Context(command) as ctx:
            for name in command.list_commands(ctx):
                below = command.get_command(ctx, name)
                assert below is not None
                own |= flags(below)
    return own


FLAGS = flags(program) | OTHERS


@pytest.mark.parametrize("name", TEXTS)
def test_every_flag_is_one_of_ours(name: str) -> None:
    text = TEXTS[name].read_text(encoding="utf-8")
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text))
    assert sorted(told - FLAGS) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_is_one_of_ours(name: str) -> None:
    text = TEXTS[name].read_text(encoding="utf-8")
    told = set(re.findall(r"(?:[`(]|\$ |&& )penguin-compile ([a-z][a-z-]*)\b", text))
    assert sorted(told - set(COMMANDS)) == []


def test_every_command_is_mentioned_by_hand_somewhere() -> None:
    text = " ".join(one.read_text(encoding="utf-8") for one in TEXTS.values())
    assert [one for one in COMMANDS if not re.search(rf"[` ]{one}[` ]", text)] == []


@pytest.mark.parametrize("name", [*TEXTS, "ARCHITECTURE.md", "CHANGELOG.md"])
def test_every_link_leads_to_a_file(name: str) -> None:
    path = ROOT / name
    blocks = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    text = blocks.sub("", path.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    local = [one for one in targets if "://" not in one]
    of_site = {"exit-codes.md", "reference/"}  # made when the site is built
    missing = [one for one in local if not (path.parent / one).exists()]
    assert [one for one in missing if not any(part in one for part in of_site)] == []
