"""The console in a real browser, Debian's chromium: by mouse, by keyboard, on a phone, in the dark.

`axe` is axe-core of npm: it has to find nothing on any page.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from penguin_compile.cli.program import run
from tests.browsers import DARK, DESKTOP, PHONE, axe, check_with_axe, chromium
from tests.console.consoles import PASSWORD, SECRET

__all__ = ["axe", "chromium"]

PAGES = (
    "/settings",
    "/settings?q=nothing-has-this",
    *(f"/settings/{key}" for key in ("theme", "page_size", "maintenance", "menu", "api_key")),
    "/promote/page_size",
    "/promote/api_key",
    "/drift",
    "/license",
    "/services",
    "/nowhere",
)


class Visitor:
    """A page of a browser, and all that went wrong in it or went elsewhere."""

    def __init__(self, browser, console, **options):
        self.console = console
        self.context = browser.new_context(base_url=console.url, **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.wrong: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._check)

    def _note(self, message):
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.wrong.append(message.text)

    def _check(self, request):
        if not request.url.startswith(self.console.url):
            self.wrong.append(f"asked {request.url}")

    def log_in(self):
        self.page.goto("/login")
        self.page.get_by_label("Name").fill("dev")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/settings")
        return self

    def shoot(self, name):
        """Kept where somebody asks for pictures."""
        if folder := os.environ.get("PENGUIN_TEST_PICTURES"):
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture
def visit(chromium, local):
    visitors = []

    def visit(**options):
        visitor = Visitor(chromium, local, **(options or DESKTOP))
        visitors.append(visitor)
        return visitor

    yield visit
    for one in visitors:
        one.context.close()
        assert one.wrong == []


def test_an_edit_in_place_is_kept_by_plan(visit, local, capsys) -> None:
    visitor = visit().log_in()
    page = visitor.page
    page.get_by_text("nothing edited live").wait_for()
    row = page.get_by_role("listitem").filter(has_text="page_size")
    row.get_by_role("link", name="Edit page_size").click()
    box = page.get_by_label("page_size", exact=True)
    box.wait_for()
    expect(box).to_be_focused()
    box.fill("50")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text="page_size is saved").wait_for()
    assert page.url.endswith("/settings")
    edited = page.get_by_role("listitem").filter(has_text="page_size")
    assert "edited live" in edited.inner_text()
    expect(edited.get_by_role("link", name="Edit page_size")).to_be_focused()
    capsys.readouterr()
    assert run(["plan", str(local.spec), "--env", "dev"]) == 0
    said = capsys.readouterr().out
    assert "50" in said
    assert "dev" in said
    page.get_by_role("link", name="page_size", exact=True).click()
    page.get_by_role("link", name="Promote into the spec…").click()
    page.get_by_text("page_size: {default: 50}").wait_for()


def test_a_mistake_is_told_in_place_and_mended(visit, local) -> None:
    page = visit().log_in().page
    page.get_by_role("link", name="Edit menu").click()
    page.get_by_label("menu", exact=True).fill("{")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").filter(has_text="must be a JSON value").wait_for()
    page.get_by_label("menu", exact=True).fill('{"a": 2}')
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text="menu is saved").wait_for()
    assert local.get("/api/v1/config/menu").json()["value"] == '{"a": 2}'


def test_somebody_elses_edit_in_between(visit, local) -> None:
    page = visit().log_in().page
    page.get_by_role("link", name="Edit smtp_host").click()
    page.get_by_label("smtp_host", exact=True).fill("mine.example.com")
    local.put("smtp_host", "theirs.example.com")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").filter(has_text="Somebody changed this setting").wait_for()
    assert page.get_by_text("theirs.example.com").is_visible()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text="smtp_host is saved").wait_for()


def test_by_keyboard_alone(visit, local) -> None:
    page = visit().log_in().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    edit = page.get_by_role("link", name="Edit theme")
    for _ in range(60):
        page.keyboard.press("Tab")
        if edit.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("theme", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Edit theme")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("theme", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="theme is saved").wait_for()
    assert local.get("/api/v1/config/theme").json()["value"] == "dark"


def test_search_as_one_types(visit) -> None:
    page = visit().log_in().page
    page.get_by_role("searchbox").press_sequentially("smtp")
    page.get_by_role("link", name="Edit theme").wait_for(state="hidden")
    assert page.get_by_role("link", name="Edit smtp_host").is_visible()
    assert "q=smtp" in page.url


def test_without_scripts(visit, local) -> None:
    page = visit(**DESKTOP, java_script_enabled=False).log_in().page
    page.get_by_role("link", name="Edit maintenance").click()
    page.get_by_role("switch").check(force=True)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("maintenance is saved").first.wait_for()
    assert local.get("/api/v1/config/maintenance").json()["value"] == "true"
    page.get_by_role("button", name="Reset to the spec's value").click()
    page.get_by_text("what the spec says again").first.wait_for()
    assert local.get("/api/v1/config/maintenance").json()["value"] == "false"


def test_values_of_strangers_stay_text(visit, local) -> None:
    """Whatever a row holds, nothing of it runs."""
    nasty = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    for key in ("smtp_host", "smtp_user"):
        local.put(key, nasty)
    local.sql(
        "INSERT INTO config (config_key, config_value, config_type, category, description,"
        " updated_by) VALUES ('<script>alert(1)</script>', '{{7*7}}', 'string',"
        " '\"><script>alert(2)</script>', '<svg onload=alert(3)>', '</p><script>alert(4)')"
    )
    page = visit().log_in().page
    page.on("dialog", lambda _: pytest.fail("a script ran"))
    for path in (
        "/settings",
        "/settings/smtp_host",
        "/drift",
        "/promote/smtp_host",
        "/settings/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/settings?q=%22%3E%3Cscript%3Ealert(5)%3C%2Fscript%3E",
    ):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert "owned" not in page.title()
        assert "49" not in page.locator(".val").all_inner_texts()


@pytest.mark.parametrize("look", [DESKTOP, PHONE, DARK], ids=["desktop", "phone", "dark"])
def test_axe_finds_nothing(visit, local, axe, look, request) -> None:
    local.put("page_size", 50)
    local.put("api_key", "Fresh-canary")
    visitor = visit(**look)
    page = visitor.page
    page.goto("/login")
    check_with_axe(page, axe, "/login")
    visitor.log_in()
    for path in PAGES:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        check_with_axe(page, axe, path)
        assert SECRET not in page.content()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
        visitor.shoot(f"{request.node.callspec.id}{path.replace('/', '-').partition('?')[0]}")
    page.goto("/settings")
    for key in ("page_size", "theme", "maintenance", "api_key", "menu"):
        page.get_by_role("link", name=f"Edit {key}").click()
        page.get_by_label(key, exact=True).wait_for(state="attached")
    check_with_axe(page, axe, "editors")
    visitor.shoot(f"{request.node.callspec.id}-editors")
