"""What a plan must not do without being told to: limits and protections (sync.md, Safety).

The numbers are octoDNS's: more than 30 % of a kind with at least 10 live owned resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penguin_compile.model.address import KINDS
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.sync.decisions import Decisions

_SHARE = 0.30
_LEAST = 10
_PLURALS = {"config": "config keys", "service": "services", "mapping": "mappings"}


def check_guards(plan: Plan, decisions: Decisions, limits: Mapping[str, str]) -> list[str]:
    """Why this plan is refused, each with the flag that would let it through; empty: it is not."""
    return [
        *_check_protected(plan),
        *_check_limits(plan, decisions, limits),
    ]


def _check_protected(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.protected and change.action is Action.DELETE:
            yield (
                f"{change.address} is protected: apply `protected: false` first, then delete it, "
                f"or release it with --keep-live {change.address}"
            )


def _check_limits(plan: Plan, decisions: Decisions, limits: Mapping[str, str]) -> Iterator[str]:
    max_updates = decisions.max_updates or limits.get("max_updates")
    max_deletes = decisions.max_deletes or limits.get("max_deletes")
    for kind in KINDS:
        of_kind = [one for one in plan.changes if one.address.kind == kind]
        owned = [one for one in of_kind if _is_owned(one)]
        updates = sum(one.action is Action.UPDATE for one in of_kind)
        deletes = sum(one.action is Action.DELETE for one in of_kind)
        name = _PLURALS[kind]
        if _exceeds(updates, len(owned), max_updates):
            yield (
                f"{updates} of {len(owned)} {name} would be updated; "
                f"--max-updates {updates} allows it"
            )
        every = deletes > 0 and deletes == len(owned)
        if (every and max_deletes is None) or _exceeds(deletes, len(owned), max_deletes):
            what = f"all {deletes}" if every else f"{deletes} of {len(owned)}"
            yield f"{what} {name} would be deleted; --max-deletes {deletes} allows it"


def _is_owned(change: Change) -> bool:
    """Live, and the ledger knows it: what the share is a share of."""
    there = change.precondition is not None
    return (
        there and change.klass is not ChangeClass.UNMANAGED and change.ledger_revision is not None
    )


def _exceeds(count: int, owned: int, limit: str | None) -> bool:
    if count == 0:
        return False
    if limit is None:
        return owned >= _LEAST and count > owned * _SHARE
    if limit.endswith("%"):
        return count > owned * int(limit[:-1]) / 100
    return count > int(limit)
