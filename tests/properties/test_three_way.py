"""The laws of sync.md's table, over every combination of base, live, desired, mode and decision."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguin_compile.model.plan import ABSENT, Action, ChangeClass
from penguin_compile.model.record import SecretState
from penguin_compile.model.setting import Manage
from penguin_compile.sync.comparison import Decision, Verdict, compare_value, same

C, N = ChangeClass, Action.NONE
SEED, MERGE, ENFORCE = Manage.SEED, Manage.MERGE, Manage.ENFORCE

# The table of sync.md, word for word: base, live, desired -> (class, action, ledger after) by mode.
# B is the base's value, D the spec's, L an edited one; `-` is absent.
TABLE: dict[str, dict[Manage, tuple[ChangeClass, Action, str]]] = {
    "- - D": dict.fromkeys(Manage, (C.CREATE, Action.CREATE, "D")),
    "- D D": dict.fromkeys(Manage, (C.ADOPT, N, "D")),
    "- L D": {
        SEED: (C.LEFT, N, "-"),
        MERGE: (C.OVERRIDE_KEPT, N, "D"),
        ENFORCE: (C.CONFLICT, N, "-"),
    },
    "B B B": dict.fromkeys(Manage, (C.UNCHANGED, N, "B")),
    "B B D": {
        SEED: (C.LEFT, N, "B"),
        MERGE: (C.UPDATE, Action.UPDATE, "D"),
        ENFORCE: (C.UPDATE, Action.UPDATE, "D"),
    },
    "B L B": {
        SEED: (C.LEFT, N, "B"),
        MERGE: (C.OVERRIDE_KEPT, N, "B"),
        ENFORCE: (C.RESTORE, Action.UPDATE, "B"),
    },
    "B D D": dict.fromkeys(Manage, (C.CONVERGED, N, "D")),
    "B L D": {
        SEED: (C.LEFT, N, "B"),
        MERGE: (C.CONFLICT, N, "B"),
        ENFORCE: (C.RESTORE, Action.UPDATE, "D"),
    },
    "B - B": {
        SEED: (C.LEFT, N, "B"),
        MERGE: (C.DELETED_OUTSIDE, N, "B"),
        ENFORCE: (C.RECREATE, Action.CREATE, "B"),
    },
    "B - D": {
        SEED: (C.LEFT, N, "B"),
        MERGE: (C.CONFLICT, N, "B"),
        ENFORCE: (C.RECREATE, Action.CREATE, "D"),
    },
    "B B -": {
        SEED: (C.RELEASE, N, "-"),
        MERGE: (C.DELETE, N, "B"),
        ENFORCE: (C.DELETE, N, "B"),
    },
    "B L -": {
        SEED: (C.RELEASE, N, "-"),
        MERGE: (C.DELETE, N, "B"),
        ENFORCE: (C.DELETE, N, "B"),
    },
    "B - -": dict.fromkeys(Manage, (C.FORGET, N, "-")),
    "- L -": dict.fromkeys(Manage, (C.UNMANAGED, N, "-")),
}
VALUES: dict[str, Any] = {"B": "base", "L": "live", "D": "desired", "-": ABSENT}
ROWS = [(row, mode) for row in TABLE for mode in Manage]

modes = st.sampled_from(Manage)
values = st.one_of(
    st.none(), st.booleans(), st.integers(0, 2), st.sampled_from(["", "0", "true", "a"])
)
sides = st.one_of(st.just(ABSENT), values)
decisions = st.sampled_from([None, *Decision])


def compare_row(row: str, mode: Manage, **options: Any) -> Verdict:
    base, live, desired = (VALUES[one] for one in row.split())
    return compare_value(mode, base, live, desired, **options)


@pytest.mark.parametrize(("row", "mode"), ROWS)
def test_every_row_of_the_table(row: str, mode: Manage) -> None:
    klass, action, ledger = TABLE[row][mode]
    assert compare_row(row, mode) == Verdict(klass, action, VALUES[ledger])


@pytest.mark.parametrize("row", [row for row in TABLE if not row.endswith("-")])
@pytest.mark.parametrize("mode", Manage)
def test_use_spec_writes_the_spec_in_every_row(row: str, mode: Manage) -> None:
    desired, live = VALUES[row.split()[2]], VALUES[row.split()[1]]
    verdict = compare_row(row, mode, decision=Decision.USE_SPEC)
    assert verdict.ledger == desired
    assert (verdict.action is N) == (live == desired)


@pytest.mark.parametrize(
    ("row", "klass", "ledger"),
    [
        ("B L D", C.OVERRIDE_KEPT, "D"),
        ("B - D", C.DELETED_OUTSIDE, "D"),
        ("B L -", C.RELEASE, "-"),
    ],
)
def test_keep_live_settles_a_conflict_without_writing(
    row: str, klass: ChangeClass, ledger: str
) -> None:
    verdict = compare_row(row, MERGE, decision=Decision.KEEP_LIVE)
    assert verdict == Verdict(klass, N, VALUES[ledger])


@pytest.mark.parametrize(
    ("row", "mode", "decision", "deletes"),
    [
        ("B B -", MERGE, None, True),
        ("B B -", ENFORCE, None, True),
        ("B L -", ENFORCE, None, True),
        ("B L -", MERGE, None, False),
        ("B L -", MERGE, Decision.USE_SPEC, True),
        ("B B -", SEED, None, False),
        ("- L -", MERGE, Decision.USE_SPEC, False),
    ],
)
def test_deletes_need_prune_and_edited_ones_a_decision(
    row: str, mode: Manage, decision: Decision | None, deletes: bool
) -> None:
    kept = compare_row(row, mode, decision=decision)
    assert kept.action is N
    pruned = compare_row(row, mode, decision=decision, prune=True)
    assert (pruned.action is Action.DELETE) == deletes


def test_a_changed_mode_asks_about_an_edited_row_and_follows_for_an_untouched_one() -> None:
    assert compare_row("B L B", ENFORCE, mode_changed=True).klass is C.CONFLICT
    assert compare_row("B B D", ENFORCE, mode_changed=True).klass is C.UPDATE


def after(verdict: Verdict, live: Any, desired: Any) -> Any:
    """LIVE once the action is done."""
    if verdict.action is Action.DELETE:
        return ABSENT
    return desired if verdict.action in {Action.CREATE, Action.UPDATE} else live


@given(modes, sides, sides, sides, decisions, st.booleans())
def test_applying_settles_and_a_second_time_does_nothing(
    mode: Manage, base: Any, live: Any, desired: Any, decision: Decision | None, prune: bool
) -> None:
    first = compare_value(mode, base, live, desired, decision=decision, prune=prune)
    live_after = after(first, live, desired)
    second = compare_value(mode, first.ledger, live_after, desired, prune=prune)
    assert second.action is N
    if first.klass is not C.CONFLICT:
        assert second.klass is not C.CONFLICT
        assert same(second.ledger, first.ledger)


@given(modes, sides, sides, sides, st.booleans())
def test_an_edit_is_never_lost_unless_the_mode_or_a_person_says_so(
    mode: Manage, base: Any, live: Any, desired: Any, prune: bool
) -> None:
    verdict = compare_value(mode, base, live, desired, prune=prune)
    edited = live is not ABSENT and not same(live, base) and not same(live, desired)
    if edited and mode is not ENFORCE:
        assert verdict.action is N


@given(sides)
def test_what_neither_spec_nor_ledger_knows_is_untouched(live: Any) -> None:
    for mode, prune, decision in product(Manage, (True, False), (None, *Decision)):
        verdict = compare_value(mode, ABSENT, live, ABSENT, decision=decision, prune=prune)
        assert (verdict.klass, verdict.action) == (C.UNMANAGED, N)


@given(values, values)
def test_equality_is_that_of_json(one: Any, other: Any) -> None:
    assert same(one, other) == (type(one) is type(other) and one == other)


def test_booleans_are_no_numbers_even_deep_inside() -> None:
    assert not same({"a": [True]}, {"a": [1]})
    assert same({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]})


def test_secrets_compare_by_what_is_known_of_both() -> None:
    stored, other = SecretState(stored="s1"), SecretState(stored="s2")
    both = SecretState(fingerprint="f1", stored="s1")
    assert same(stored, both)
    assert not same(stored, other)
    assert same(SecretState(), stored)
    assert not same(SecretState(fingerprint="f2", stored="s1"), both)
    assert not same("f1", both)
