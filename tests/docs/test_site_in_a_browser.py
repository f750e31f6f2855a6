"""The site as it is read: on a desk, on a phone, in the dark; and fetched from no other host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browsers import DARK, DESKTOP, axe, check_with_axe, chromium

__all__ = ["axe", "chromium"]

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")  # the rest is the theme's own matter
NARROW = {"viewport": {"width": 375, "height": 740}}  # as wide as a phone, with a keyboard

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("look", [DESKTOP, NARROW, DARK], ids=["desktop", "narrow", "dark"])
def test_every_page_can_be_read(
    site: Path, chromium: Browser, axe: str, look: dict[str, Any]
) -> None:
    context = chromium.new_context(**look)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda one: elsewhere.append(one.url))
    for path in sorted(set(site.rglob("*.html")) - {site / "404.html"}):  # it needs a server
        page.goto(path.as_uri())
        page.wait_for_load_state("networkidle")
        check_with_axe(page, axe, path.name, only=WCAG)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path.name
    context.close()
    assert [one for one in elsewhere if not one.startswith(("file:", "data:"))] == []
