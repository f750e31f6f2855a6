"""What a saved plan promises, and that a plan which departs from it is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from penguin_compile.core.errors import FileFailure, StalePlan
from penguin_compile.model.address import Address
from penguin_compile.model.plan import (
    ABSENT,
    Action,
    Change,
    ChangeClass,
    FieldChange,
    Origin,
    Plan,
    Sight,
)
from penguin_compile.model.record import SecretState
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.plan_check import find_problem
from penguin_compile.sync.plan_file import (
    SavedPlan,
    change_data,
    hold_to,
    parse_plan,
    plan_data,
    read_plan,
    sight_data,
    summarise,
    value_data,
    write_compact,
    write_json,
)

HINT = "make a new plan: penguin-compile plan --env NAME --out plan.json"
DIGEST = "0" * 64


def update(name: str, **options: Any) -> Change:
    given: dict[str, Any] = {
        "address": Address("config", name),
        "klass": ChangeClass.UPDATE,
        "action": Action.UPDATE,
        "fields": (FieldChange(path="value", base=1, live=1, desired=2),),
        "writes": {"value": 2},
        "precondition": DIGEST,
        "ledger_revision": 1,
    }
    return Change(**given | options)


def plan_of(*changes: Change, **options: Any) -> Plan:
    given: dict[str, Any] = {
        "app": "shop",
        "environment": "dev",
        "protected": False,
        "spec_digest": DIGEST,
        "tool_version": "1",
        "created_at": "2026-01-01T00:00:00+00:00",
        "targets": ("sqlite",),
        "changes": changes,
    }
    return Plan(**given | options)


def save(folder: Path, plan: Plan, decisions: Decisions | None = None) -> SavedPlan:
    path = folder / "plan.json"
    path.write_text(write_json(plan_data(plan, "shop.yaml", decisions or Decisions())))
    return read_plan(path)


def test_a_saved_plan_has_what_apply_holds_itself_to(tmp_path: Path) -> None:
    decisions = Decisions(keep_live=("config/*",), max_deletes="3", prune=True)
    saved = save(tmp_path, plan_of(update("theme")), decisions)
    assert (saved.spec, saved.app, saved.environment) == ("shop.yaml", "shop", "dev")
    assert saved.decisions == decisions
    assert saved.preconditions == {"config/theme": (DIGEST, 1)}
    assert saved.actions == {"config/theme": "update/update"}


def test_what_the_saved_plan_does_not_name_is_left_out(tmp_path: Path) -> None:
    saved = save(tmp_path, plan_of(update("theme")))
    now = plan_of(update("new"), update("theme"))
    assert [str(one.address) for one in hold_to(saved, now).changes] == ["config/theme"]


@pytest.mark.parametrize(
    "moved",
    [
        {"precondition": None},
        {"ledger_revision": 2},
        {"klass": ChangeClass.RESTORE},
        {"action": Action.CREATE},
        {"fields": (FieldChange(path="value", base=1, live=1, desired=3),)},
        {"fields": ()},
        {"writes": {"type": "string"}},
        {"reason": "another"},
        {"manage": "enforce"},
        {"protected": True},
    ],
)
def test_whatever_moved_is_named(tmp_path: Path, moved: dict[str, Any]) -> None:
    saved = save(tmp_path, plan_of(update("theme"), update("size")))
    with pytest.raises(StalePlan, match=r"since the plan was made: config/theme$") as raised:
        hold_to(saved, plan_of(update("theme", **moved), update("size")))
    assert raised.value.hint == HINT


def test_what_nobody_acts_upon_may_move(tmp_path: Path) -> None:
    unmanaged = update("theme", klass=ChangeClass.UNMANAGED, action=Action.NONE)
    saved = save(tmp_path, plan_of(unmanaged))
    assert hold_to(saved, plan_of(replace(unmanaged, precondition="1" * 64))).changes
    assert hold_to(saved, plan_of()).changes == ()
    assert hold_to(saved, plan_of(replace(unmanaged, origin="elsewhere:1:1"))).changes


@pytest.mark.parametrize(
    ("count", "told"), [(1, "k00"), (10, "config/k09"), (11, " and 1 more"), (13, " and 3 more")]
)
def test_ten_of_many_are_listed(tmp_path: Path, count: int, told: str) -> None:
    saved = save(tmp_path, plan_of(*(update(f"k{number:02}") for number in range(count))))
    with pytest.raises(StalePlan) as raised:
        hold_to(saved, plan_of())
    assert str(raised.value).endswith(told)
    assert str(raised.value).count("config/k") == min(count, 10)
    assert ", config/k" in str(raised.value) or count == 1


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"app": "web"}, "the plan is for shop in dev, this is web in dev"),
        ({"environment": "prod"}, "the plan is for shop in dev, this is shop in prod"),
        ({"spec_digest": "1" * 64}, "the spec has changed since the plan was made"),
    ],
)
def test_a_plan_of_something_else_is_refused(
    tmp_path: Path, other: dict[str, Any], told: str
) -> None:
    with pytest.raises(StalePlan) as raised:
        hold_to(save(tmp_path, plan_of()), plan_of(**other))
    assert (str(raised.value), raised.value.hint) == (told, HINT)


def test_secrets_are_shown_by_fingerprints_and_not_compared(tmp_path: Path) -> None:
    def sides(fingerprint: str | None) -> Change:
        secret = SecretState(fingerprint=fingerprint, stored=None)
        field = FieldChange(path="v", base="clear", live=ABSENT, desired=secret, sensitive=True)
        return update("key", fields=(field,))

    (shown,) = change_data(sides("a" * 64))["fields"]
    assert shown == {
        "path": "v",
        "base": {"fingerprint": None, "known": "in the spec"},
        "desired": {"fingerprint": "a" * 64},
        "sensitive": True,
    }
    assert value_data(SecretState(fingerprint=None, stored=None)) == {
        "fingerprint": None,
        "known": "at apply",
    }
    assert value_data(SecretState(fingerprint=None, stored="x")) == {"fingerprint": None}
    assert hold_to(save(tmp_path, plan_of(sides("a" * 64))), plan_of(sides("b" * 64))).changes


def test_what_the_app_sees_has_no_value_where_only_the_deployment_knows_it() -> None:
    seen = Sight(value=ABSENT, origin=Origin.VARIABLE, why="w")
    assert sight_data(seen) == {"from": "variable", "why": "w"}
    assert sight_data(replace(seen, value=None)) == {"value": None, "from": "variable", "why": "w"}
    assert change_data(update("a", sees=seen))["sees"] == sight_data(seen)
    assert "sees" not in change_data(update("a"))


def test_every_change_is_counted_once_and_a_replacement_twice() -> None:
    C, A = ChangeClass, Action  # noqa: N806
    shapes = [
        *[(C.CREATE, A.CREATE), (C.RECREATE, A.CREATE), (C.REPLACE, A.REPLACE)],
        *[(C.UPDATE, A.UPDATE), (C.RESTORE, A.UPDATE), (C.DELETE, A.DELETE), (C.DELETE, A.NONE)],
        *[(C.CONFLICT, A.NONE), (C.OVERRIDE_KEPT, A.NONE), (C.DELETED_OUTSIDE, A.NONE)],
        *[(C.LEFT, A.NONE), (C.ADOPT, A.NONE), (C.UNCHANGED, A.NONE), (C.CONVERGED, A.NONE)],
        *[(C.UNMANAGED, A.NONE)],
    ]
    changes = [
        update(f"k{at}", klass=klass, action=action) for at, (klass, action) in enumerate(shapes)
    ]
    described = [
        update("d", writes={"description": "x"}),
        update("t", writes={"type": "integer", "description": "x"}),
        update("n", writes=None),
        update("s", address=Address("service", "s"), writes={"host": "x"}),
    ]
    plan = plan_of(*changes, *described, unchanged={"config": 5, "service": 2})
    assert summarise(plan) == {
        "create": 3,
        "update": 6,
        "delete": 2,
        "conflicts": 1,
        "kept": 3,
        "adopted": 1,
        "unchanged": 9,
        "unmanaged": 1,
        "waiting": 1,
        "description_only": 1,
    }
    assert find_problem(json.loads(write_json(plan_data(plan, "s", Decisions())))) is None


@pytest.mark.parametrize("value", ["ä", "\ud800", 2**70])
def test_every_value_is_written_as_json_for_people_and_for_machines(value: Any) -> None:
    data = {"a": [value], "b": 1}
    assert json.loads(write_json(data)) == data
    assert json.loads(write_compact(data)) == data
    assert write_json(data).startswith('{\n  "a": [\n    ')
    assert write_json(data).endswith("}\n")
    assert b" " not in write_compact(data)
    assert "ä" in write_json({"a": "ä", "b": value})
    assert "ä".encode() in write_compact({"a": "ä", "b": value})


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("changes", "p.json is no plan file"),
        ("spec_digest", "p.json is no plan file"),
        ("summary", 'p.json is not as plan wrote it: "summary" is a required property'),
    ],
)
def test_what_lacks_a_part_is_no_plan(broken: str, told: str) -> None:
    data = plan_data(plan_of(), "s", Decisions())
    del data[broken]
    with pytest.raises(FileFailure) as raised:
        parse_plan(json.dumps(data), "p.json")
    assert (str(raised.value), raised.value.hint) == (told, HINT)


def test_another_format_is_told_before_anything_else() -> None:
    data = plan_data(plan_of(), "s", Decisions()) | {"format": 2, "summary": None}
    with pytest.raises(StalePlan) as raised:
        parse_plan(json.dumps(data), "p.json")
    assert str(raised.value) == "p.json has plan format 2, this tool reads 1"
    assert raised.value.hint == HINT


def test_a_file_that_cannot_be_read_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(FileFailure, match=r"can't read the plan .*: No such file") as raised:
        read_plan(tmp_path / "none.json")
    assert raised.value.hint == HINT
    (tmp_path / "latin.json").write_bytes(b"\xff")
    with pytest.raises(FileFailure, match=r"latin\.json is no plan file: 'utf-8'") as raised:
        read_plan(tmp_path / "latin.json")
    assert raised.value.hint == HINT


@pytest.mark.parametrize("name", ["update", "create", "delete", "conflicts", "kept", "adopted"])
def test_a_summary_that_counts_otherwise_is_told(name: str) -> None:
    data = json.loads(write_json(plan_data(plan_of(update("a")), "s", Decisions())))
    data["summary"][name] += 1
    counted = int(name == "update")
    told = f"summary/{name}: {counted + 1}, where the changes have {counted}"
    assert find_problem(data) == told


def test_an_address_that_is_there_twice_is_told() -> None:
    data = json.loads(write_json(plan_data(plan_of(update("a"), update("a")), "s", Decisions())))
    assert find_problem(data) == "config/a is there twice"


def test_a_long_complaint_keeps_its_ends() -> None:
    data = json.loads(write_json(plan_data(plan_of(update("a")), "s", Decisions())))
    data["changes"][0]["manage"] = "x" * 1000
    problem = find_problem(data)
    assert problem is not None
    assert problem.startswith('changes/0/manage: "xxx')
    assert " … " in problem
    assert len(problem) == len("changes/0/manage: ") + 203
    data["changes"][0]["manage"] = "\ud800"
    assert str(find_problem(data)).startswith("changes/0/manage: ")
