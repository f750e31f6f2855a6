"""The three-way comparison: one class, one action, for every combination (sync.md, the table).

Pure functions over values. BASE is what was last settled, LIVE what is there, DESIRED what the
spec says; ABSENT where there is none.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from penguin_compile.core.records import dataclass
from penguin_compile.model.plan import ABSENT, Action, ChangeClass
from penguin_compile.model.record import SecretState
from penguin_compile.model.setting import Manage, Unparsed


class Decision(Enum):
    """What a person said about an address."""

    KEEP_LIVE = "keep-live"
    USE_SPEC = "use-spec"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one value. `ledger` is the settled value afterwards, ABSENT for no entry."""

    klass: ChangeClass
    action: Action
    ledger: Any


def same(one: Any, other: Any) -> bool:
    """Equal as JSON values: true is not 1, and a secret that can't be told counts as equal."""
    if isinstance(one, SecretState) and isinstance(other, SecretState):
        return one.same(other) is not False
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Unparsed) is not isinstance(other, Unparsed):
        return False  # a text that is no JSON is not the JSON string of the same letters
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def compare_value(
    mode: Manage,
    base: Any,
    live: Any,
    desired: Any,
    *,
    decision: Decision | None = None,
    prune: bool = False,
    mode_changed: bool = False,
) -> Verdict:
    """One row of the table. `mode_changed`: the ledger knows another `manage` than the spec."""
    if desired is ABSENT:
        return _compare_gone(mode, base, live, decision, prune=prune)
    if mode is Manage.ENFORCE and decision is Decision.KEEP_LIVE:
        decision = None  # enforce has no place to remember a kept edit; say `manage: merge`
    if decision is Decision.USE_SPEC:
        return _use_spec(base, live, desired)
    if base is ABSENT:
        return _compare_first(mode, live, desired)
    if live is ABSENT:
        return _compare_deleted(mode, base, desired, decision)
    return _compare_known(mode, base, live, desired, decision, mode_changed=mode_changed)


def _use_spec(base: Any, live: Any, desired: Any) -> Verdict:
    if live is ABSENT:
        klass = ChangeClass.CREATE if base is ABSENT else ChangeClass.RECREATE
        return Verdict(klass, Action.CREATE, desired)
    if same(live, desired):
        if base is ABSENT:
            return Verdict(ChangeClass.ADOPT, Action.NONE, desired)
        klass = ChangeClass.UNCHANGED if same(base, desired) else ChangeClass.CONVERGED
        return Verdict(klass, Action.NONE, desired)
    edited = base is ABSENT or not same(live, base)
    return Verdict(ChangeClass.RESTORE if edited else ChangeClass.UPDATE, Action.UPDATE, desired)


def _compare_first(mode: Manage, live: Any, desired: Any) -> Verdict:
    if live is ABSENT:
        return Verdict(ChangeClass.CREATE, Action.CREATE, desired)
    if same(live, desired):
        return Verdict(ChangeClass.ADOPT, Action.NONE, desired)
    if mode is Manage.SEED:
        return Verdict(ChangeClass.LEFT, Action.NONE, ABSENT)
    if mode is Manage.MERGE:
        return Verdict(ChangeClass.OVERRIDE_KEPT, Action.NONE, desired)
    return Verdict(ChangeClass.CONFLICT, Action.NONE, ABSENT)


def _compare_deleted(mode: Manage, base: Any, desired: Any, decision: Decision | None) -> Verdict:
    if mode is Manage.SEED:
        return Verdict(ChangeClass.LEFT, Action.NONE, base)
    if mode is Manage.ENFORCE:
        return Verdict(ChangeClass.RECREATE, Action.CREATE, desired)
    if same(base, desired):
        return Verdict(ChangeClass.DELETED_OUTSIDE, Action.NONE, base)
    if decision is Decision.KEEP_LIVE:
        return Verdict(ChangeClass.DELETED_OUTSIDE, Action.NONE, desired)
    return Verdict(ChangeClass.CONFLICT, Action.NONE, base)


def _compare_known(  # noqa: PLR0911 - a return for each row of the table
    mode: Manage,
    base: Any,
    live: Any,
    desired: Any,
    decision: Decision | None,
    *,
    mode_changed: bool,
) -> Verdict:
    untouched, unmoved = same(live, base), same(desired, base)
    if untouched and unmoved:
        return Verdict(ChangeClass.UNCHANGED, Action.NONE, base)
    if not untouched and same(live, desired):
        return Verdict(ChangeClass.CONVERGED, Action.NONE, desired)
    if mode is Manage.SEED:
        return Verdict(ChangeClass.LEFT, Action.NONE, base)
    if untouched:
        return Verdict(ChangeClass.UPDATE, Action.UPDATE, desired)
    if decision is Decision.KEEP_LIVE:
        return Verdict(ChangeClass.OVERRIDE_KEPT, Action.NONE, desired)
    if mode_changed:  # an edit made under another rule is a person's to judge
        return Verdict(ChangeClass.CONFLICT, Action.NONE, base)
    if mode is Manage.ENFORCE:
        return Verdict(ChangeClass.RESTORE, Action.UPDATE, desired)
    if unmoved:
        return Verdict(ChangeClass.OVERRIDE_KEPT, Action.NONE, base)
    return Verdict(ChangeClass.CONFLICT, Action.NONE, base)


def _compare_gone(
    mode: Manage, base: Any, live: Any, decision: Decision | None, *, prune: bool
) -> Verdict:
    """The spec has it no longer."""
    if base is ABSENT:
        return Verdict(ChangeClass.UNMANAGED, Action.NONE, ABSENT)
    if live is ABSENT:
        return Verdict(ChangeClass.FORGET, Action.NONE, ABSENT)
    if mode is Manage.SEED or decision is Decision.KEEP_LIVE:
        return Verdict(ChangeClass.RELEASE, Action.NONE, ABSENT)
    edited = mode is Manage.MERGE and not same(live, base)
    if prune and (not edited or decision is Decision.USE_SPEC):
        return Verdict(ChangeClass.DELETE, Action.DELETE, ABSENT)
    return Verdict(ChangeClass.DELETE, Action.NONE, base)


# The worst of a resource's fields is the resource's class; the further right, the worse.
SEVERITY: Final = (
    ChangeClass.UNMANAGED,
    ChangeClass.UNCHANGED,
    ChangeClass.FORGET,
    ChangeClass.RELEASE,
    ChangeClass.ADOPT,
    ChangeClass.CONVERGED,
    ChangeClass.LEFT,
    ChangeClass.OVERRIDE_KEPT,
    ChangeClass.DELETED_OUTSIDE,
    ChangeClass.UPDATE,
    ChangeClass.RESTORE,
    ChangeClass.CREATE,
    ChangeClass.RECREATE,
    ChangeClass.REPLACE,
    ChangeClass.DELETE,
    ChangeClass.CONFLICT,
)


def worst(classes: list[ChangeClass]) -> ChangeClass:
    """The class that a resource shows."""
    return max(classes, key=SEVERITY.index)
