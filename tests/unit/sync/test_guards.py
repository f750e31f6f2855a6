"""The limits of sync.md, with octoDNS's numbers: what is refused, and the flag that allows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.record import Base, Desired, Live
from penguin_compile.model.setting import Manage
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.guards import Memory, check_guards, remember
from penguin_compile.sync.planning import Situation

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


def changes_of(kind: str, action: Action, count: int) -> tuple[Change, ...]:
    return tuple(
        Change(
            address=Address(kind, f"{kind}_{number}"),
            klass=CLASSES.get(action, ChangeClass.REPLACE),
            action=action,
            precondition="digest",
            ledger_revision=1,
        )
        for number in range(count)
    )


def of(*changes: Change) -> Plan:
    return replace(plan(0, Action.NONE, 0), changes=changes)


def test_what_is_unchanged_and_only_counted_is_owned_too() -> None:
    few = of(*changes_of("config", Action.UPDATE, 3))
    assert check_guards(replace(few, unchanged={"config": 7}), Decisions(), {}) == []
    assert check_guards(replace(few, unchanged={"config": 6}), Decisions(), {}) == []  # below ten
    more = of(*changes_of("config", Action.UPDATE, 4))
    (told,) = check_guards(replace(more, unchanged={"config": 6}), Decisions(), {})
    assert told == "4 of 10 config keys would be updated; --max-updates 4 allows it"


def test_what_is_not_ours_or_not_there_is_no_part_of_the_share() -> None:
    owned = changes_of("config", Action.UPDATE, 4)
    others = changes_of("config", Action.NONE, 6)
    for one in (
        [replace(one, klass=ChangeClass.UNMANAGED) for one in others],
        [replace(one, precondition=None) for one in others],
        [replace(one, ledger_revision=None) for one in others],
    ):
        assert check_guards(of(*owned, *one), Decisions(), {}) == []  # four, of less than ten
    assert check_guards(of(*owned, *others), Decisions(), {})


def test_one_number_lets_all_kinds_through() -> None:
    both = of(
        *changes_of("config", Action.DELETE, 3),
        *changes_of("service", Action.REPLACE, 1),
        *changes_of("mapping", Action.UPDATE, 1),
    )
    assert check_guards(both, Decisions(), {}) == [
        "all of 3 config keys would be deleted; --max-deletes 3 allows it",
        "all of 1 service would be deleted; --max-deletes 3 allows it",
    ]
    assert check_guards(both, Decisions(), {"max_deletes": "2"}) == [
        "all of 3 config keys would be deleted; --max-deletes 3 allows it"
    ]
    assert check_guards(both, Decisions(max_deletes="3"), {"max_deletes": "0"}) == []


def test_more_updates_than_are_owned_are_told_without_a_share() -> None:
    (told,) = check_guards(
        of(*changes_of("service", Action.UPDATE, 2)),
        Decisions(max_updates="1"),
        {},
        Memory(owned={"service": 1}, gone={}),
    )
    assert told == "2 services would be updated; --max-updates 2 allows it"
    (adopted,) = check_guards(
        of(*changes_of("service", Action.UPDATE, 1)),
        Decisions(max_updates="0"),
        {},
        Memory(owned={}, gone={}),
    )
    assert adopted == "1 service would be updated; --max-updates 1 allows it"


def test_a_protected_resource_is_not_created_anew() -> None:
    (change,) = changes_of("service", Action.REPLACE, 1)
    many = replace(of(replace(change, protected=True)), unchanged={"service": 20})
    assert check_guards(many, Decisions(), {}) == [
        (
            "service/service_0 is protected, and it would be deleted and created anew: apply "
            "`protected: false` first"
        )
    ]


@pytest.mark.parametrize(
    ("gone", "empty", "limit", "told"),
    [
        (1, True, None, "the spec is empty, and 1 config key was applied here; --max-deletes 1"),
        (2, True, None, "the spec is empty, and 2 config keys were applied here; --max-deletes 2"),
        (2, False, None, "the spec has no config keys any more, and 2 config keys were applied"),
        (2, False, "1", "the spec has no config keys any more, and 2 config keys were applied"),
        (2, False, "2", None),
        (2, False, "100%", None),
        (2, False, "99%", "the spec has no config keys any more, and 2 config keys were applied"),
    ],
)
def test_a_spec_that_lost_a_kind_is_told_before_anything_is_deleted(
    gone: int, empty: bool, limit: str | None, told: str | None
) -> None:
    memory = Memory(owned={"config": 1}, gone={"config": gone}, empty=empty)
    reasons = check_guards(of(), Decisions(max_deletes=limit), {}, memory)
    assert [told in one for one in reasons if told] == ([] if told is None else [True])
    assert len(reasons) == (told is not None)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (changes_of("config", Action.UPDATE, 1)[0], True),
        (replace(changes_of("config", Action.NONE, 1)[0], ledger_changes=True), True),
        (changes_of("config", Action.NONE, 1)[0], False),
        (changes_of("service", Action.UPDATE, 1)[0], False),
    ],
)
def test_a_table_of_another_app_is_not_touched_by_mistake(change: Change, refused: bool) -> None:
    memory = Memory(owned={}, gone={}, others=("one", "two"))
    reasons = check_guards(of(change), Decisions(), {}, memory)
    assert reasons == (
        [
            (
                'this config table belongs to another app than "a": its ledger knows the keys of'
                " one, two; --max-deletes 0 allows it"
            )
        ]
        if refused
        else []
    )
    assert check_guards(of(change), Decisions(max_deletes="0"), {}, memory) == []
    assert check_guards(of(change), Decisions(), {}, replace(memory, others=())) == []


def base(kind: str, name: str) -> tuple[Address, Base]:
    address = Address(kind, name)
    return address, Base(
        address=address, fields={}, manage=Manage.MERGE, protected=False, revision=1
    )


def test_a_memory_counts_what_is_live_and_what_the_spec_has_no_longer() -> None:
    live = Address("config", "live")
    situation = Situation(
        desired=[Desired(address=Address("mapping", "wanted"), fields={}, pointer=())],
        live={
            one: Live(address=one, fields={}, digest="d") for one in (live, Address("config", "x"))
        },
        bases=dict(
            [
                base("config", "live"),
                base("config", "lost"),
                base("mapping", "old"),
                base("service", "elsewhere"),
            ]
        ),
        kinds=("config", "mapping"),
    )
    memory = remember(situation, ("other",))
    assert memory == Memory(owned={"config": 1}, gone={"config": 2}, others=("other",))
    settled = remember(replace(situation, settled={"config": ["a", "b"]}))
    assert settled == Memory(owned={"config": 3}, gone={})
    assert remember(replace(situation, desired=[])).empty
    assert remember(replace(situation, desired=[])).gone == {"config": 2, "mapping": 1}
