"""plan and apply as an operator uses them: SQLite and a gateway over a real socket."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run


def edit_row(key: str, value: str, who: str = "admin@example.com") -> None:
    with closing(sqlite3.connect("dev.db")) as database, database:
        database.execute(
            "UPDATE config SET config_value = ?, updated_by = ? WHERE config_key = ?",
            (value, who, key),
        )


def rows() -> dict[str, str]:
    with closing(sqlite3.connect("dev.db")) as database:
        return dict(database.execute("SELECT config_key, config_value FROM config").fetchall())


def replace(spec: Path, old: str, new: str) -> None:
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))


@pytest.fixture
def applied(penguin: Run, shop: Path) -> Path:
    result = penguin("apply", "--env", "dev", "--yes")
    assert result.code == 0, result.err
    return shop


def test_a_plan_creates_nothing(penguin: Run, shop: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = penguin("plan", "--env", "dev", "--detailed-exitcode")
    assert result.code == 2
    assert "+ config/theme" in result.out
    assert "Plan: 4 to create, 0 to update, 0 to delete; 0 unchanged." in result.out
    assert sorted(tmp_path.rglob("*")) == before


def test_after_apply_the_plan_is_empty_and_applying_again_touches_nothing(
    penguin: Run, applied: Path, sandbox: Sandbox
) -> None:
    assert rows() == {"theme": "light", "page_size": "20"}
    plan = penguin("plan", "--env", "dev", "--detailed-exitcode")
    assert plan.code == 0
    assert "Plan: 0 to create, 0 to update, 0 to delete; 4 unchanged." in plan.out
    before, asked = Path("dev.db").read_bytes(), len(sandbox.requests)
    again = penguin("apply", "--env", "dev", "--yes")
    assert (again.code, "Nothing to apply." in again.out) == (0, True)
    assert Path("dev.db").read_bytes() == before
    assert {one.split()[0] for one in sandbox.requests[asked:]} == {"GET"}


def test_an_admins_edit_is_kept_and_named(penguin: Run, applied: Path) -> None:
    edit_row("theme", "dark")
    replace(applied, "default: 20", "default: 50")
    result = penguin("apply", "--env", "dev", "--yes")
    assert result.code == 0
    assert "= config/theme" in result.out
    assert 'live "dark" kept (admin@example.com; spec "light" unchanged)' in result.out
    assert rows() == {"theme": "dark", "page_size": "50"}


def test_a_conflict_stops_before_the_first_write_and_shows_the_ways_out(
    penguin: Run, applied: Path
) -> None:
    edit_row("theme", "dark")
    replace(applied, "default: light", "default: blue")
    replace(applied, "default: 20", "default: 50")
    assert penguin("plan", "--env", "dev").code == 0
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 3
    result = penguin("apply", "--env", "dev", "--yes")
    assert result.code == 3
    assert 'conflict: was "light", live "dark" (admin@example.com' in result.out
    assert "--keep-live config/theme" in result.out
    assert rows() == {"theme": "dark", "page_size": "20"}
    rest = penguin("apply", "--env", "dev", "--yes", "--skip-conflicts")
    assert rest.code == 3
    assert rows() == {"theme": "dark", "page_size": "50"}


@pytest.mark.parametrize(("flag", "value"), [("--keep-live", "dark"), ("--use-spec", "blue")])
def test_a_decision_settles_a_conflict_for_good(
    penguin: Run, applied: Path, flag: str, value: str
) -> None:
    edit_row("theme", "dark")
    replace(applied, "default: light", "default: blue")
    assert penguin("apply", "--env", "dev", "--yes", flag, "config/th*").code == 0
    assert rows()["theme"] == value
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_a_saved_plan_is_applied_without_a_question(penguin: Run, applied: Path) -> None:
    replace(applied, "default: 20", "default: 50")
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    plan = json.loads(Path("plan.json").read_text())
    assert plan["format"] == 1
    assert plan["summary"]["update"] == 1
    (change,) = [one for one in plan["changes"] if one["action"] == "update"]
    assert change["address"] == "config/page_size"
    assert change["class"] == "update"
    assert change["fields"] == [
        {"path": "value", "base": 20, "live": 20, "desired": 50, "sensitive": False}
    ]
    assert change["origin"] == "spec/shop.yaml:9:3"
    assert penguin("apply", "plan.json").code == 0
    assert rows()["page_size"] == "50"


@pytest.mark.parametrize("what", ["row", "spec", "gateway", "applied already"])
def test_a_stale_plan_writes_nothing(
    penguin: Run, applied: Path, sandbox: Sandbox, what: str
) -> None:
    replace(applied, "default: 20", "default: 50")
    replace(applied, "port: 8080", "port: 8081")
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    if what == "row":
        edit_row("page_size", "7")
    elif what == "spec":
        replace(applied, "default: 50", "default: 51")
    elif what == "gateway":
        import httpx

        headers = {"Authorization": "Bearer test-key"}
        url = f"{sandbox.url}/api/v1/services"
        (service,) = httpx.get(url, headers=headers).json()["services"]
        service["port"] = 9
        assert httpx.put(f"{url}/{service['id']}", json=service, headers=headers).is_success
    else:
        assert penguin("apply", "plan.json").code == 0
    before = rows()
    result = penguin("apply", "plan.json")
    assert result.code == 5
    assert "make a new plan" in result.err
    assert rows() == before


def test_a_saved_plan_takes_no_more_decisions(penguin: Run, applied: Path) -> None:
    edit_row("theme", "dark")
    replace(applied, "default: light", "default: blue")
    replace(applied, "default: 20", "default: 50")
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    refused = penguin("apply", "plan.json", "--use-spec", "config/theme")
    assert refused.code == 64
    assert "--use-spec" in refused.err
    assert penguin("apply", "plan.json").code == 3
    assert rows() == {"theme": "dark", "page_size": "20"}
    assert penguin("apply", "plan.json", "--skip-conflicts").code == 3
    assert rows() == {"theme": "dark", "page_size": "50"}


def test_a_plan_for_another_environment_is_refused(penguin: Run, shop: Path) -> None:
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    assert penguin("apply", "plan.json", "--env", "prod").code == 64


def test_a_protected_environment_wants_a_saved_plan(penguin: Run, shop: Path) -> None:
    refused = penguin("apply", "--env", "prod", "--yes")
    assert refused.code == 4
    assert "plan --env prod --out plan.json" in refused.err
    assert not Path("dev.db").exists()
    assert penguin("plan", "--env", "prod", "--out", "plan.json").code == 0
    assert penguin("apply", "plan.json").code == 0


def test_without_a_terminal_and_without_yes_nothing_happens(penguin: Run, shop: Path) -> None:
    result = penguin("apply", "--env", "dev")
    assert result.code == 64
    assert "--yes" in result.err
    assert not Path("dev.db").exists()


def test_what_left_the_spec_is_deleted_with_prune_alone(
    penguin: Run, applied: Path, sandbox: Sandbox
) -> None:
    replace(applied, "  page_size: {type: integer, default: 20, description: Rows on a page}\n", "")
    kept = penguin("apply", "--env", "dev", "--yes")
    assert (kept.code, "(needs --prune)" in kept.out) == (0, True)
    assert rows()["page_size"] == "20"
    assert penguin("apply", "--env", "dev", "--yes", "--prune").code == 0
    assert rows() == {"theme": "light"}
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


def test_deleting_all_of_a_kind_needs_a_limit(penguin: Run, applied: Path) -> None:
    text = applied.read_text()
    theme, key = text.index("  theme:"), text.index("  api_key:")
    applied.write_text(text[:theme] + "  other: {description: New}\n" + text[key:])
    refused = penguin("apply", "--env", "dev", "--yes", "--prune")
    assert refused.code == 4
    assert "--max-deletes 2" in refused.err
    assert rows() == {"theme": "light", "page_size": "20"}


def test_a_runner_without_memory_is_refused(
    penguin: Run, shop: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    text = shop.read_text()
    line = '    database: {url: "sqlite:///dev.db"}\n'
    shop.write_text(text.replace(line, ""))
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    (tmp_path / ".penguin").rename(tmp_path / "elsewhere")
    refused = penguin("apply", "--env", "dev", "--yes")
    assert refused.code == 4
    assert "state: {url:" in refused.err
    assert not (tmp_path / ".penguin").exists()


def test_json_and_text_show_the_same_plan(penguin: Run, shop: Path) -> None:
    text = penguin("plan", "--env", "dev").out
    data = json.loads(penguin("plan", "--env", "dev", "--format", "json").out)
    assert [one["address"] for one in data["changes"] if one["address"] not in text] == []
    assert data["environment"] == "dev"
    assert data["summary"]["create"] == 4


def test_unmanaged_rows_are_counted_and_left(penguin: Run, applied: Path) -> None:
    with closing(sqlite3.connect("dev.db")) as database, database:
        database.execute(
            "INSERT INTO config (config_key, config_value, config_type, category) "
            "VALUES ('mine', '1', 'integer', 'system')"
        )
    result = penguin("plan", "--env", "dev", "--prune")
    assert "1 unmanaged" in result.out
    assert "config/mine" not in result.out
    assert "config/mine" in penguin("plan", "--env", "dev", "--show-unmanaged").out
    assert penguin("apply", "--env", "dev", "--yes", "--prune").code == 0
    assert rows()["mine"] == "1"


def test_a_part_that_fails_is_finished_by_the_same_command(
    penguin: Run, shop: Path, sandbox: Sandbox
) -> None:
    sandbox.faults.add("POST /services:500:x1")
    first = penguin("apply", "--env", "dev", "--yes")
    assert first.code == 7
    assert "failed" in first.out
    assert rows() == {"theme": "light", "page_size": "20"}
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0
