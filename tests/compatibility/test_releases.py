"""What each release left is still read, applied and called: docs/compatibility.md, line by line."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import penguin_compile
from penguin_compile.core.published_schema import read_schema
from tests.cli.conftest import Run, penguin
from tests.compatibility.python_api import describe_api

__all__ = ["penguin"]

RELEASES = sorted(one for one in (Path(__file__).parent / "releases").iterdir() if one.is_dir())
SPECS = [
    (release, spec)
    for release in RELEASES
    for spec in sorted((release / "specs").glob("*/*.yaml"))
    if "penguin: 1" in spec.read_text(encoding="utf-8")
]
release = pytest.mark.parametrize("release", RELEASES, ids=lambda one: one.name)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """A release's app in a folder of its own, which is where commands run."""

    def take(release: Path) -> Path:
        folder = Path(shutil.copytree(release / "shop", tmp_path / "shop"))
        monkeypatch.chdir(folder)
        return folder

    return take


def theme(folder: Path) -> Any:
    with closing(sqlite3.connect(folder / "shop.db")) as database:
        query = "SELECT config_value FROM config WHERE config_key = 'theme'"
        return database.execute(query).fetchone()[0]


@pytest.mark.parametrize(
    ("release", "spec"), SPECS, ids=lambda one: one.name if isinstance(one, Path) else None
)
def test_specs_stay_readable(release: Path, spec: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release / "specs", tmp_path / "specs"))
    path = folder / spec.relative_to(release / "specs")
    checked = penguin_compile.check(path)
    assert checked.ok, checked.report
    assert penguin_compile.compile(path).files


@release
def test_a_saved_plan_applies(release: Path, shop: Callable[[Path], Path], penguin: Run) -> None:
    folder = shop(release)
    done = penguin("apply", "plan.json", "--yes")
    assert (done.code, done.err) == (0, "")
    assert theme(folder) == "light"
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


@release
def test_a_saved_plan_fits_the_schema_and_is_shown(
    release: Path, shop: Callable[[Path], Path], penguin: Run
) -> None:
    plan = json.loads((shop(release) / "plan.json").read_text())
    schema = read_schema("plan.schema.json")
    jsonschema_rs.validator_for(schema, retriever=read_schema).validate(plan)
    shown = penguin("show", "plan.json")
    assert (shown.code, "config/theme" in shown.out) == (0, True)


@release
def test_a_ledger_is_taken_over_with_its_edits_and_history(
    release: Path, shop: Callable[[Path], Path], penguin: Run
) -> None:
    folder = shop(release)
    with closing(sqlite3.connect(folder / "shop.db")) as database:
        database.executescript((folder / "applied.sql").read_text())
    drift = penguin("drift", "--env", "dev")
    assert (drift.code, "config/theme" in drift.out) == (2, True)
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert theme(folder) == "dark", "the admin's edit of then is still seen as one"
    history = penguin("history", "--env", "dev")
    assert history.code == 0
    assert release.name in history.out or "1 " in history.out
    spec = folder / "spec" / "shop.yaml"
    spec.write_text(spec.read_text().replace("default: 20", "default: 50"))
    assert penguin("apply", "--env", "dev", "--yes").code == 0
    assert penguin("plan", "--env", "dev", "--detailed-exitcode").code == 0


@release
def test_the_python_api_has_what_it_had(release: Path) -> None:
    then = json.loads((release / "api.json").read_text())
    now = describe_api()
    for name, promised in then.items():
        assert name in now, name
        for part, told in promised.get("members", {}).items():
            assert part in now[name]["members"], f"{name}.{part}"
            if told:
                check_parameters(f"{name}.{part}", told, now[name]["members"][part] or {})
        assert set(promised.get("bases", ())) <= set(now[name].get("bases", ())), name
        check_parameters(name, promised.get("parameters", {}), now[name].get("parameters", {}))


def check_parameters(name: str, then: dict[str, str], now: dict[str, str]) -> None:
    """A call of then is a call of now: nothing is gone, moved or newly required."""
    assert list(then.items()) == [one for one in now.items() if one[0] in then], name
    added = {parameter: how for parameter, how in now.items() if parameter not in then}
    assert not [one for one, how in added.items() if "required" in how], name


def test_every_release_in_the_changelog_left_something() -> None:
    changelog = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
    told = [line[4:].split("]")[0] for line in changelog.splitlines() if line.startswith("## [")]
    assert {*told, penguin_compile.__version__} <= {one.name for one in RELEASES}
