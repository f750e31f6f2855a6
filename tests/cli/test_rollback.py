"""rollback: back to what an earlier revision had settled, as safe as any apply."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.cli.live_edits import delete_row, edit_row, edit_service, live_service, replace, rows

BACK = ("rollback", "1", "--env", "dev")


@pytest.fixture
def moved(penguin: Run, applied: Path) -> Path:
    """A second revision: another size and port, and a key that is new."""
    replace(applied, "default: 20", "default: 50")
    replace(applied, "port: 8080", "port: 8081")
    replace(applied, "  api_key:", "  extra: {default: one, description: New}\n  api_key:")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert rows() == {"theme": "light", "page_size": "50", "extra": "one"}
    return applied


def test_it_goes_back_is_a_revision_and_says_that_the_spec_did_not(
    penguin: Run, moved: Path, sandbox: Sandbox
) -> None:
    result = penguin(*BACK, "--yes")
    assert result.code == 0, result.err
    assert "~ config/page_size   50 → 20" in result.out
    assert "- config/extra       (needs --prune)" in result.out
    assert "Revision 3: 2 applied." in result.out
    assert "the spec still says otherwise of config/page_size, service/shop-api" in result.err
    assert rows() == {"theme": "light", "page_size": "20", "extra": "one"}
    assert live_service(sandbox)["port"] == 8080
    assert "rollback to 1" in penguin("history", "--env", "dev").out
    again = penguin(*BACK, "--yes")
    assert (again.code, "Nothing to apply." in again.out) == (0, True)
    forward = json.loads(penguin("plan", "--env", "dev", "--format", "json").out)
    updates = [one["address"] for one in forward["changes"] if one["action"] == "update"]
    assert updates == ["config/page_size", "service/shop-api"]
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert rows()["page_size"] == "50"


def test_what_came_since_goes_with_prune(penguin: Run, moved: Path) -> None:
    assert penguin(*BACK, "--yes", "--prune").code == 0
    assert rows() == {"theme": "light", "page_size": "20"}


def test_what_went_since_comes_back(penguin: Run, moved: Path) -> None:
    replace(moved, "  theme: {default: light, description: Colours}\n", "")
    assert penguin("apply", "--env", "dev", "--yes", "--prune").code == 0
    assert "theme" not in rows()
    assert penguin("rollback", "2", "--env", "dev", "--yes").code == 0
    assert rows() == {"theme": "light", "page_size": "50", "extra": "one"}


def test_forward_again_to_a_later_revision(penguin: Run, moved: Path) -> None:
    assert penguin(*BACK, "--yes", "--prune").code == 0
    assert penguin("rollback", "2", "--env", "dev", "--yes").code == 0
    assert rows() == {"theme": "light", "page_size": "50", "extra": "one"}
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_an_edit_made_since_is_not_trampled(penguin: Run, moved: Path, sandbox: Sandbox) -> None:
    edit_row("page_size", "7")
    edit_row("theme", "dark")
    edit_service(sandbox, port=9)
    refused = penguin(*BACK, "--yes")
    assert refused.code == 3
    assert "conflict: was 50, live 7" in refused.out
    assert "edited live: port" in refused.out
    assert penguin(*BACK, "--yes", "--skip-conflicts").code == 3
    assert (rows()["page_size"], rows()["theme"]) == ("7", "dark")
    assert live_service(sandbox)["port"] == 9
    decided = (*BACK, "--yes", "--keep-live", "config/*", "--use-spec", "service/*")
    assert penguin(*decided).code == 0
    assert (rows()["page_size"], rows()["theme"]) == ("7", "dark")
    assert live_service(sandbox)["port"] == 8080


def test_what_it_does_not_speak_of_stays_as_it_was_edited(
    penguin: Run, applied: Path, sandbox: Sandbox
) -> None:
    replace(applied, "default: 20", "default: 50")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    edit_service(sandbox, port=9)
    delete_row("theme")
    assert penguin(*BACK, "--yes").code == 0
    assert rows() == {"page_size": "20"}
    assert live_service(sandbox)["port"] == 9


def test_rows_of_others_are_untouched(penguin: Run, moved: Path) -> None:
    from tests.cli.live_edits import run_sql

    run_sql(
        "INSERT INTO config (config_key, config_value, config_type, category) "
        "VALUES ('mine', '1', 'integer', 'system')"
    )
    assert penguin(*BACK, "--yes", "--prune").code == 0
    assert rows()["mine"] == "1"


def test_a_type_goes_back_with_its_value(penguin: Run, applied: Path) -> None:
    replace(
        applied,
        "theme: {default: light,",
        "theme: {type: json, default: {name: light},",
    )
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert rows()["theme"] == '{"name": "light"}'
    assert penguin(*BACK, "--yes").code == 0
    assert rows()["theme"] == "light"


def test_secrets_are_told_and_left(
    penguin: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    monkeypatch.setenv("SHOP_API_KEY", "first")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    monkeypatch.setenv("SHOP_API_KEY", "second")
    replace(shop, "default: 20", "default: 50")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    before = rows()["api_key"]
    result = penguin(*BACK, "--yes")
    assert result.code == 0, result.err
    assert "secrets are left alone" in result.out
    assert "config/api_key" in result.out
    assert (rows()["api_key"], rows()["page_size"]) == (before, "20")


def test_it_asks_and_a_protected_environment_wants_a_person(penguin: Run, moved: Path) -> None:
    assert penguin(*BACK).code == 64
    replace(moved, "  dev:\n", "  dev:\n    protected: true\n")
    refused = penguin(*BACK, "--yes")
    assert refused.code == 4
    assert "git" in refused.err
    assert rows()["page_size"] == "50"


def test_limits_hold_for_it_too(penguin: Run, applied: Path) -> None:
    new = "".join(f"  n{one}: {{default: a, description: N}}\n" for one in range(10))
    replace(applied, "  api_key:", f"{new}  api_key:")
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    refused = penguin(*BACK, "--yes", "--prune")
    assert refused.code == 4
    assert "10 of 12 config keys would be deleted; --max-deletes 10 allows it" in refused.err
    assert penguin(*BACK, "--yes", "--prune", "--max-deletes", "10").code == 0
    assert rows() == {"theme": "light", "page_size": "20"}


@pytest.mark.parametrize("number", ["0", "99", "one"])
def test_a_revision_that_is_none(penguin: Run, applied: Path, number: str) -> None:
    assert penguin("rollback", number, "--env", "dev", "--yes").code == 64
