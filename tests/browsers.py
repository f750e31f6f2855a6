"""Debian's chromium for tests, and axe-core of npm: it finds what can't be read or reached."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.node_packages import installed_packages
from tests.requirements import end_without

ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 375, "height": 740},
    "is_mobile": True,
    "has_touch": True,
}
DARK: dict[str, Any] = {**DESKTOP, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        end_without("browser", "chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The program, to be evaluated in a page."""
    folder = installed_packages(Path(__file__).parent / "console" / "axe", "browser")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def check_with_axe(page: Page, axe: str, where: str, *, only: Sequence[str] = ()) -> None:
    """AssertionError for anything that axe finds, or for what has one of these tags."""
    page.evaluate(axe)
    options = {"resultTypes": ["violations"], **({"runOnly": list(only)} if only else {})}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    told = [(one["id"], one["help"], [node["html"] for node in one["nodes"]]) for one in found]
    assert told == [], where
