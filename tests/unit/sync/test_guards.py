"""The limits of sync.md, with octoDNS's numbers: what is refused, and the flag that allows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.guards import check_guards

CLASSES = {
    Action.UPDATE: ChangeClass.UPDATE,
    Action.DELETE: ChangeClass.DELETE,
    Action.NONE: ChangeClass.UNCHANGED,
}


def plan(owned: int, action: Action, count: int, *, protected: bool = False) -> Plan:
    """So many owned config keys, the first `count` of which would be written."""
    done = [action if number < count else Action.NONE for number in range(owned)]
    changes = tuple(
        Change(
            address=Address("config", f"key_{number}"),
            klass=CLASSES[one],
            action=one,
            precondition="digest",
            ledger_revision=1,
            protected=protected,
        )
        for number, one in enumerate(done)
    )
    return Plan(
        app="a",
        environment="dev",
        protected=False,
        spec_digest="d",
        tool_version="1",
        created_at="",
        targets=(),
        changes=changes,
    )


@pytest.mark.parametrize(
    ("owned", "count", "flag", "refused"),
    [
        (10, 3, None, False),
        (10, 4, None, True),
        (9, 9, None, False),
        (10, 4, "4", False),
        (10, 4, "3", True),
        (10, 4, "40%", False),
        (10, 4, "39%", True),
    ],
)
def test_updates_of_a_kind_have_a_limit(
    owned: int, count: int, flag: str | None, refused: bool
) -> None:
    reasons = check_guards(plan(owned, Action.UPDATE, count), Decisions(max_updates=flag), {})
    assert bool(reasons) == refused
    assert all(f"--max-updates {count}" in one for one in reasons)


@pytest.mark.parametrize(
    ("owned", "count", "flag", "refused"),
    [(10, 3, None, False), (10, 4, None, True), (2, 2, None, True), (2, 2, "2", False)],
)
def test_deletes_of_a_kind_have_a_limit_and_all_of_it_always(
    owned: int, count: int, flag: str | None, refused: bool
) -> None:
    reasons = check_guards(plan(owned, Action.DELETE, count), Decisions(max_deletes=flag), {})
    assert bool(reasons) == refused
    assert all(f"--max-deletes {count}" in one for one in reasons)


def test_the_environment_sets_limits_and_a_flag_goes_before() -> None:
    everything = plan(10, Action.UPDATE, 10)
    assert check_guards(everything, Decisions(), {"max_updates": "100%"}) == []
    assert check_guards(everything, Decisions(max_updates="1"), {"max_updates": "100%"})


def test_what_is_protected_is_not_deleted_whatever_the_limits() -> None:
    decisions = Decisions(max_deletes="100%", prune=True)
    (reason,) = check_guards(plan(4, Action.DELETE, 1, protected=True), decisions, {})
    assert "config/key_0 is protected" in reason
    assert "--keep-live config/key_0" in reason


def test_rows_that_are_adopted_count_as_a_number_and_not_as_a_share():
    owned = plan(10, Action.NONE, 0)
    adopted = tuple(
        Change(
            address=Address("config", f"new_{number}"),
            klass=ChangeClass.UPDATE,
            action=Action.UPDATE,
            precondition="digest",
        )
        for number in range(20)
    )
    both = replace(owned, changes=(*owned.changes, *adopted))
    assert check_guards(both, Decisions(), {}) == []
    assert check_guards(both, Decisions(max_updates="60%"), {}) == []
    (told,) = check_guards(both, Decisions(max_updates="19"), {})
    assert told == "20 config keys would be updated; --max-updates 20 allows it"
