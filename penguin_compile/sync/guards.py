"""What a plan must not do without being told to: limits and protections (sync.md, Safety).

The numbers are octoDNS's: more than 30 % of a kind with at least 10 live owned resources.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import KINDS
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.planning import Situation

_SHARE = 0.30
_LEAST = 10
_NAMES = {"config": "config key", "service": "service", "mapping": "mapping"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the guards know beside the plan, which `--only` may have cut.

    By kind: `owned` counts what is live and in the ledger, `gone` the entries of a kind that the
    ledger knows and the spec no longer has. `empty`: the spec has nothing of any kind. `others` are
    other apps whose keys stand in the same config table.
    """

    owned: Mapping[str, int]
    gone: Mapping[str, int]
    empty: bool = False
    others: tuple[str, ...] = ()


def remember(situation: Situation, others: tuple[str, ...] = ()) -> Memory:
    """What the ledger knows of a situation, counted."""
    settled = situation.count_settled()
    entries = settled + Counter(one.kind for one in situation.bases)
    wanted = {*settled, *(one.address.kind for one in situation.desired)}
    return Memory(
        owned=settled + Counter(one.kind for one in situation.bases if one in situation.live),
        gone={
            kind: number
            for kind, number in entries.items()
            if kind in situation.kinds and kind not in wanted
        },
        empty=not wanted,
        others=others,
    )


def check_guards(
    plan: Plan, decisions: Decisions, limits: Mapping[str, str], memory: Memory | None = None
) -> list[str]:
    """Why this plan is refused, each with the flag that would let it through; empty: it is not.

    Without a memory, the plan's own changes are all there is.
    """
    if memory is None:
        owned = Counter(one.address.kind for one in plan.changes if _is_owned(one))
        owned.update(plan.unchanged)
        memory = Memory(owned=owned, gone={})
    max_updates = decisions.max_updates or limits.get("max_updates")
    max_deletes = decisions.max_deletes or limits.get("max_deletes")
    return [
        *_check_protected(plan),
        *_check_app(plan, decisions, memory),
        *_check_updates(plan, memory, max_updates),
        *_check_deletes(plan, memory, max_deletes),
    ]


def _check_protected(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.protected and change.action is Action.REPLACE:
            yield (
                f"{change.address} is protected, and it would be deleted and created anew: apply "
                "`protected: false` first"
            )
        if change.protected and change.action is Action.DELETE:
            yield (
                f"{change.address} is protected: apply `protected: false` first, then delete it, "
                f"or release it with --keep-live {change.address}"
            )


def _check_app(plan: Plan, decisions: Decisions, memory: Memory) -> Iterator[str]:
    """One config table serves one app."""
    touched = any(
        one.address.kind == "config" and (one.action is not Action.NONE or one.ledger_changes)
        for one in plan.changes
    )
    if memory.others and touched and decisions.max_deletes is None:
        yield (
            f'this config table belongs to another app than "{plan.app}": its ledger knows the '
            f"keys of {', '.join(memory.others)}; --max-deletes 0 allows it"
        )


def _check_updates(plan: Plan, memory: Memory, limit: str | None) -> Iterator[str]:
    """A share is of what is owned; a number is of everything, rows that are adopted included."""
    changes = [one for one in plan.changes if one.action is Action.UPDATE]
    if limit is None or limit.endswith("%"):
        changes = [one for one in changes if one.ledger_revision is not None]
    updates = Counter(one.address.kind for one in changes)
    refused = [kind for kind in KINDS if _exceeds(updates[kind], memory.owned.get(kind, 0), limit)]
    needed = max((_count(plan, Action.UPDATE)[kind] for kind in refused), default=0)
    for kind in refused:
        share = f" of {_several(memory.owned.get(kind, 0), kind)}"
        few = updates[kind] > memory.owned.get(kind, 0)
        what = _several(updates[kind], kind) if few else f"{updates[kind]}{share}"
        yield f"{what} would be updated; --max-updates {needed} allows it"


def _check_deletes(plan: Plan, memory: Memory, limit: str | None) -> Iterator[str]:
    """One number in all messages: it is one flag that has to let all of them through."""
    deletes = _count(plan, Action.DELETE) + _count(plan, Action.REPLACE)
    refused: list[tuple[str, int]] = []
    for kind in KINDS:
        owned, gone = memory.owned.get(kind, 0), memory.gone.get(kind, 0)
        count, every = deletes[kind], deletes[kind] > 0 and deletes[kind] == owned
        if gone and (limit is None or _exceeds(gone, max(gone, owned), limit)):
            lost = f"the spec has no {_NAMES[kind]}s any more"
            spec = "the spec is empty" if memory.empty else lost
            were = "was" if gone == 1 else "were"
            refused.append((f"{spec}, and {_several(gone, kind)} {were} applied here", gone))
        elif (every and limit is None) or _exceeds(count, owned, limit):
            what = f"all of {_several(count, kind)}"
            what = what if every else f"{count} of {_several(owned, kind)}"
            refused.append((f"{what} would be deleted", count))
    needed = max((count for _, count in refused), default=0)
    for what, _ in refused:
        yield f"{what}; --max-deletes {needed} allows it"


def _count(plan: Plan, action: Action) -> Counter[str]:
    return Counter(one.address.kind for one in plan.changes if one.action is action)


def _several(count: int, kind: str) -> str:
    return f"{count} {_NAMES[kind]}{'' if count == 1 else 's'}"


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
