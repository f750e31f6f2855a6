"""The plan file: what it holds, that its schema says so, and that a forged one gets nowhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from penguin_compile.core.published_schema import read_schema
from tests.cli.conftest import Run
from tests.cli.eventful_shop import SECRET

pytestmark = pytest.mark.slow

SCHEMA = jsonschema_rs.validator_for(read_schema("plan.schema.json"))
EVERYTHING = ("--prune", "--max-updates", "90%", "--max-deletes", "90%")


def problems(plan: object) -> list[str]:
    return [f"{list(one.instance_path)}: {one.message}" for one in SCHEMA.iter_errors(plan)]


@pytest.fixture
def saved(penguin: Run, eventful: Path) -> dict[str, Any]:
    assert penguin("plan", "--env", "dev", *EVERYTHING, "--out", "plan.json").code == 0
    plan: dict[str, Any] = json.loads(Path("plan.json").read_text())
    return plan


def live() -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect("dev.db")) as database:
        return database.execute("SELECT * FROM config ORDER BY config_key").fetchall()


def test_a_plan_in_which_everything_happens_is_as_its_schema_says(
    penguin: Run, saved: dict[str, Any]
) -> None:
    assert problems(saved) == []
    assert {one["class"] for one in saved["changes"]} >= {
        *("create", "adopt", "left", "override kept", "conflict", "update", "restore"),
        *("deleted outside", "delete", "release", "unmanaged"),
    }
    assert {one["address"].split("/")[0] for one in saved["changes"]} == {
        *("config", "service", "mapping")
    }
    assert saved["findings"]
    for options in (("--secrets",), ("--keep-live", "*"), ("--use-spec", "*"), ("--only", "none")):
        shown = penguin("plan", "--env", "dev", "--format", "json", *options)
        assert problems(json.loads(shown.out)) == [], options


def test_a_plan_has_what_the_design_says(saved: dict[str, Any]) -> None:
    by_address = {one["address"]: one for one in saved["changes"]}
    conflict = by_address["config/session_minutes"]
    assert conflict["fields"] == [
        {"path": "value", "base": 30, "live": 45, "desired": 60, "sensitive": False}
    ]
    assert (conflict["class"], conflict["action"], conflict["writes"]) == ("conflict", "none", [])
    assert (conflict["edited_by"], conflict["edited_at"]) == (
        "admin@example.com",
        "2026-11-20 09:30:00",
    )
    assert conflict["origin"] == "spec/shop.yaml:15:3"
    assert by_address["config/other_key"]["fields"][0] == {
        "path": "value",
        "desired": {"fingerprint": None, "known": "at apply"},
        "sensitive": True,
    }
    assert by_address["config/described"]["writes"] == ["description"]
    assert by_address["service/shop-old"]["action"] == "delete"
    assert saved["decisions"]["prune"] is True
    assert SECRET not in json.dumps(saved)


def _without_a_key(plan: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The plan again and again, each time without one required key."""
    update = next(at for at, one in enumerate(plan["changes"]) if one["class"] == "update")
    places: list[tuple[Any, ...]] = [(), ("decisions",), ("summary",), ("changes", update)]
    places += [("changes", update, "fields", 0), ("findings", 0)]
    optional = {"base", "live", "desired", "sees"}
    for place in places:
        node: Any = plan
        for step in place:
            node = node[step]
        for key in node:
            if key not in optional:
                broken = deepcopy(plan)
                inside: Any = broken
                for step in place:
                    inside = inside[step]
                del inside[key]
                yield f"{place} without {key}", broken


def _with_another_type(plan: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    update = next(at for at, one in enumerate(plan["changes"]) if one["class"] == "update")
    for place in ((), ("decisions",), ("summary",), ("changes", update)):
        node: Any = plan
        for step in place:
            node = node[step]
        for key in node:
            broken = deepcopy(plan)
            inside: Any = broken
            for step in place:
                inside = inside[step]
            inside[key] = 1.5
            yield f"{place} with another {key}", broken


def test_the_schema_refuses_what_lacks_a_key_or_has_another_type(saved: dict[str, Any]) -> None:
    broken = [*_without_a_key(saved), *_with_another_type(saved)]
    assert len(broken) > 80
    assert [what for what, plan in broken if not problems(plan)] == []


Forgery = Callable[[dict[str, Any]], object]


def _change(plan: dict[str, Any], address: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in plan["changes"] if one["address"] == address)
    return found


FORGERIES: dict[str, tuple[Forgery, int]] = {
    "a key that no plan has": (lambda plan: plan.update(more=1), 1),
    "another format": (lambda plan: plan.update(format=2), 5),
    "an address without kind": (lambda plan: plan["changes"][0].update(address="theme"), 1),
    "an address twice": (lambda plan: plan["changes"].append(deepcopy(plan["changes"][0])), 1),
    "a count that is too low": (lambda plan: plan["summary"].update(delete=0), 1),
    "a conflict that writes": (
        lambda plan: _change(plan, "config/session_minutes").update(action="update"),
        1,
    ),
    "a secret in clear": (
        lambda plan: _change(plan, "config/other_key")["fields"][0].update(desired="hunter2"),
        1,
    ),
    "no address": (lambda plan: plan["changes"].clear(), 1),
    "a harmless value in the place of the real one": (
        lambda plan: _change(plan, "config/page_size")["fields"][0].update(desired=20),
        5,
    ),
    "a reason that nobody gave": (
        lambda plan: _change(plan, "config/page_size").update(reason="harmless"),
        5,
    ),
    "another precondition": (
        lambda plan: _change(plan, "config/page_size").update(precondition="0" * 64),
        5,
    ),
    "another spec": (lambda plan: plan.update(spec_digest="0" * 64), 5),
    "a decision that nobody made": (
        lambda plan: plan["decisions"].update(use_spec=["config/theme"]),
        5,
    ),
}


@pytest.mark.parametrize("what", list(FORGERIES))
def test_a_forged_plan_is_refused_before_the_first_write(
    penguin: Run, saved: dict[str, Any], what: str
) -> None:
    forge, code = FORGERIES[what]
    forge(saved)
    Path("plan.json").write_text(json.dumps(saved))
    before = live()
    refused = penguin("apply", "plan.json", "--skip-conflicts")
    assert refused.code == code, refused.err
    assert "Traceback" not in refused.err
    assert "penguin-compile plan" in refused.err
    assert live() == before


def test_a_broken_plan_says_where_it_is_broken(penguin: Run, saved: dict[str, Any]) -> None:
    saved["changes"][2]["manage"] = "x" * 5_000
    Path("plan.json").write_text(json.dumps(saved))
    refused = penguin("show", "plan.json")
    assert refused.code == 1
    assert "plan.json is not as plan wrote it: changes/2/manage: " in refused.err
    assert len(refused.err) < 600


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, "\udcff", '{"a": 1}'])
def test_what_is_no_plan_at_all_is_told(penguin: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    refused = penguin("show", path)
    assert refused.code == 1
    assert "is no plan file" in refused.err


def test_the_real_plan_is_applied_as_it_was_shown(penguin: Run, saved: dict[str, Any]) -> None:
    result = penguin("apply", "plan.json", "--skip-conflicts")
    assert result.code == 3, result.err
    assert "Revision 2: " in result.out
    with closing(sqlite3.connect("dev.db")) as database:
        query = "SELECT config_value FROM config WHERE config_key = 'page_size'"
        assert database.execute(query).fetchall() == [("50",)]


def test_half_a_character_in_a_value_does_not_stop_the_plan(penguin: Run, eventful: Path) -> None:
    with closing(sqlite3.connect("dev.db")) as database, database:
        database.execute(
            "UPDATE config SET config_value = CAST(X'64ff6b' AS BLOB) WHERE config_key = 'theme'"
        )
    assert penguin("plan", "--env", "dev", "--out", "plan.json").code == 0
    assert "d\\udcffk" in Path("plan.json").read_text()
    for form in ("text", "json", "markdown", "html"):
        shown = penguin("show", "plan.json", "--format", form)
        assert (shown.code, "udcff" in shown.out) == (0, True), form
