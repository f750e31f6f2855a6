"""`fleet plan` and `fleet drift` beside a real gateway and real databases."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from penguin_compile.sandbox.server import Sandbox
from tests.cli.conftest import Run
from tests.fleet.conftest import statuses, write_app

pytestmark = pytest.mark.slow


@pytest.fixture
def fleet(home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The apps with a database each, and one gateway for all; stock has none of both."""
    monkeypatch.setenv("CLUSTER_API_KEY", "key")
    for name in ("billing", "shop"):
        gateway = f'{{url: "{sandbox.url}", token: {{secret: "env:CLUSTER_API_KEY"}}}}'
        write_app(
            name,
            f'environments: {{dev: {{database: {{url: "sqlite:///{name}.db"}}, '
            f"marchproxy: {gateway}}}}}\n",
        )
    return home


def test_a_plan_of_every_environment_in_one_report(
    penguin: Run, fleet: Path, sandbox: Sandbox
) -> None:
    assert penguin("apply", "apps/shop.yaml", "--env", "dev", "--yes").code == 0
    result = penguin("fleet", "plan", "apps", "--detailed-exitcode", "--out", "plans")
    assert result.code == 2
    assert "billing · dev" in result.out
    assert "apps/billing.yaml  billing  dev  changes: " in result.out
    assert result.out.endswith("\n2 environments: 1 changes, 1 no changes\n")
    assert penguin("fleet", "plan", "apps").code == 0
    told = penguin("fleet", "plan", "apps", "--format", "json")
    assert statuses(told.out, "environment") == {
        "billing dev": "changes",
        "shop dev": "no changes",
    }
    assert json.loads(told.out)["specs"][0]["plan"]["summary"]["create"] > 0
    assert "| <code>apps&#47;" not in penguin("fleet", "plan", "apps", "--format", "markdown").err
    assert penguin("apply", "plans/billing/dev.json").code == 0
    assert penguin("fleet", "plan", "apps", "--detailed-exitcode").code == 0


def test_systems_that_can_not_be_reached_stop_no_other(
    penguin: Run, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = "environments: {dev: {database: {url: 'postgresql://127.0.0.1:9/x'}}}\n"
    write_app("stock", database)
    write_app("broken", "nonsense: 1\n")
    result = penguin("fleet", "plan", "apps", "--format", "json")
    assert result.code == 1
    rows = {one["app"]: one for one in json.loads(result.out)["specs"]}
    assert {name: one["status"] for name, one in rows.items()} == {
        "billing": "changes",
        "broken": "errors",
        "shop": "changes",
        "stock": "failed",
    }
    assert rows["stock"]["detail"]
    assert "Traceback" not in result.err
    monkeypatch.delenv("CLUSTER_API_KEY")
    text = penguin("fleet", "plan", "apps/shop.yaml")
    assert text.code == 1
    assert "CLUSTER_API_KEY" in text.out


def test_drift_of_every_environment(penguin: Run, fleet: Path) -> None:
    for name in ("billing", "shop"):
        assert penguin("apply", f"apps/{name}.yaml", "--env", "dev", "--yes").code == 0
    clean = penguin("fleet", "drift", "apps")
    assert (clean.code, clean.out) == (0, "2 environments: 2 no edits\n")
    with closing(sqlite3.connect("shop.db")) as connection:
        connection.execute("UPDATE config SET config_value = '99', updated_by = 'ada'")
        connection.commit()
    result = penguin("fleet", "drift", "apps")
    assert result.code == 2
    assert "config/page_size" in result.out
    assert "ada" in result.out
    assert "shop  dev  new edits: 1, 1 of them new" in result.out
    told = penguin("fleet", "drift", "apps", "--format", "json")
    assert statuses(told.out) == {"billing": "no edits", "shop": "new edits"}
    acknowledged = ("apps/shop.yaml", "--env", "dev", "--acknowledge", "config/page_size")
    penguin("drift", *acknowledged)
    assert penguin("fleet", "drift", "apps").code == 0


def test_nothing_is_written(penguin: Run, fleet: Path) -> None:
    assert penguin("fleet", "plan", "apps", "--secrets").code == 0
    with closing(sqlite3.connect("shop.db")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert ("config",) not in tables
