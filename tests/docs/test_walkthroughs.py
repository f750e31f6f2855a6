"""The tutorial and the how-to guides, followed to the letter.

`PENGUIN_DOCS_WRITE=1 pytest tests/docs/test_walkthroughs.py` writes what commands print into the
pages, where it is not what they show: read the difference as somebody who learns from it.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks
from tests.docs.walkthrough import SECOND_TERMINAL, Step, Walkthrough, agrees, settled, steps_of

WRITE = bool(os.environ.get("PENGUIN_DOCS_WRITE"))
TUTORIAL = "docs/tutorial.md"
HOW_TO = [one for one in PAGES if one.startswith("docs/how-to/")]
NEED_THE_SHOP = {
    "docs/how-to/promote.md",
    "docs/how-to/roll-back.md",
    "docs/how-to/recover.md",
    "docs/how-to/rotate-keys.md",
    "docs/how-to/terminal.md",
}
APPLY = Step("penguin-compile apply --env dev --yes")

pytestmark = pytest.mark.slow


def free_port() -> int:
    """As long as the port that pages show: it stands in lines that are broken by their length."""
    for port in random.sample(range(8001, 9999), 100):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Walkthrough]:
    """Somebody in an empty folder, on a machine where nothing else listens on the port."""
    port = free_port()
    folder = tmp_path / "shop"
    folder.mkdir()
    packages = str(tmp_path / "packages")
    pip = {"PIP_TARGET": packages, "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}
    pip |= {"PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    someone = Walkthrough(folder, port, {"PYTHONPATH": packages, **pip})
    yield someone
    someone.close()


def begin_with_the_shop(reader: Walkthrough) -> None:
    """The tutorial's spec; its gateway is each page's own matter."""
    (spec,) = (one for one in blocks(TUTORIAL, "yaml") if one.title == "spec/shop.yaml")
    reader.follow(spec)
    reader.environment["CLUSTER_API_KEY"] = "any"


@pytest.mark.parametrize("page", [TUTORIAL, *HOW_TO])
def test_every_command_does_what_is_shown(reader: Walkthrough, page: str) -> None:
    if page in NEED_THE_SHOP:
        begin_with_the_shop(reader)
    told: list[tuple[Step, list[str]]] = []
    for block in blocks(page):
        told += reader.follow(block)
    assert told
    if WRITE:
        rewrite(page, told)
    for step, printed in told:
        if not WRITE and not agrees(step.shown, printed):
            assert step.shown == [settled(one) for one in printed], step.command


def rewrite(page: str, told: list[tuple[Step, list[str]]]) -> None:
    text, start = PAGES[page].read_text(encoding="utf-8"), 0
    for step, printed in told:
        command = "$ " + step.command.replace("\n", "\n> ")
        old = "".join(f"{line}\n" for line in (command, *step.shown))
        start = text.index(old, start)
        lines = step.shown if agrees(step.shown, printed) else map(settled, printed)
        new = "".join(f"{line}\n" for line in (command, *lines))
        text = text[:start] + new + text[start + len(old) :]
        start += len(new)
    PAGES[page].write_text(text, encoding="utf-8")


def test_every_guide_is_followed_or_has_a_test_of_its_own() -> None:
    assert {TUTORIAL, *HOW_TO} <= PAGES.keys()
    own = (ROOT / "tests" / "cli" / "test_adopting_guide.py").read_text(encoding="utf-8")
    assert "adopting.md" in own


def test_the_reader_notices_what_is_not_shown() -> None:
    block = Block("console", None, "$ one\nfirst\n…\nspec …: done\n$ two    # exit code 2\n")
    one, two = steps_of(block)
    assert (one.code, two.code) == (0, 2)
    assert agrees(one.shown, ["first", "x", "y", "spec 123: done"])
    assert agrees(one.shown, ["first", "spec 123: done"])
    assert not agrees(one.shown, ["first", "spec 123: failed"])
    assert not agrees(one.shown, ["first", "spec 123: done", "more"])
    assert not agrees(two.shown, ["a line"])
    assert settled("2026-01-02 10:11:12 spec a1b2c3") == "2026-11-20 09:30:12 spec 3f9c1d"


@pytest.mark.parametrize("page", [TUTORIAL, *HOW_TO])
def test_lines_to_type_fit_the_page(page: str) -> None:
    for block in blocks(page, "console"):
        assert block.title in {None, SECOND_TERMINAL}
        for step in steps_of(block):
            assert max(map(len, step.command.split("\n"))) <= 100, step.command
