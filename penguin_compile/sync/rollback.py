"""Rollback: DESIRED is what an earlier revision had settled, not what the spec says now.

Otherwise a plan like any other: the same comparison, the same guards, the same apply. An edit that
an admin made since is kept, or a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.record import VALUE, Base, Desired, Live, SecretState
from penguin_compile.sync.comparison import Decision, same
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.past import settled_at
from penguin_compile.sync.planning import Situation, make_plan
from penguin_compile.sync.session import Session

_CONFIG = "config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """The plan back to a revision, and what it wants."""

    plan: Plan
    desired: tuple[Desired, ...]


def plan_rollback(session: Session, revision: int, decisions: Decisions) -> Rollback:
    """Read everything and plan back; writes nothing. Raises as `settled_at` does.

    Only what the ledger knew then or knows now is spoken of. `manage` and `protected` stay as
    they are today.
    """
    past = settled_at(session.state, revision)
    now = session.read(secrets=False)
    secrets = _find_secrets(now, past)
    ours = (past.keys() | now.bases.keys()) - secrets
    situation = replace(
        now,
        desired=tuple(
            _want(one, now.bases.get(address))
            for address, one in sorted(past.items())
            if address in ours and address.kind in now.kinds
        ),
        live={address: one for address, one in now.live.items() if address in ours},
        bases={address: one for address, one in now.bases.items() if address in ours},
        notices=tuple(_notices(revision, secrets)),
    )
    session.situation = situation
    plan = make_plan(
        session.app,
        situation,
        decisions,
        spec_digest=session.spec_digest,
        locate=lambda _: f"revision {revision}",
    )
    changes = tuple(
        _spare(one, situation.bases.get(one.address), past, decisions.of(one.address))
        for one in plan.changes
    )
    return Rollback(plan=replace(plan, changes=changes), desired=tuple(situation.desired))


def _notices(revision: int, secrets: set[Address]) -> list[str]:
    notices = [f"what stands for the spec here is what revision {revision} had settled"]
    if secrets:
        listed = ", ".join(str(one) for one in sorted(secrets))
        notices.append(f"secrets are left alone, their earlier values are kept nowhere: {listed}")
    return notices


def _want(past: Base, now: Base | None) -> Desired:
    today = now or past
    return Desired(
        address=past.address,
        fields=past.fields,
        pointer=(),
        manage=today.manage,
        protected=today.protected,
    )


def _find_secrets(now: Situation, past: Mapping[Address, Base]) -> set[Address]:
    """The settings of ours that are, were or are to be secret: their values are not remembered."""
    ours = past.keys() | now.bases.keys()
    resources: list[Desired | Live | Base] = [*now.desired, *now.live.values()]
    resources += [*now.bases.values(), *past.values()]
    return {
        one.address
        for one in resources
        if one.address in ours
        and (
            isinstance(one.fields.get(VALUE), SecretState)
            or (one.address.kind == _CONFIG and one.fields.get("sensitive") is True)
        )
    }


def _spare(
    change: Change, base: Base | None, past: Mapping[Address, Base], decision: Decision | None
) -> Change:
    """A resource of the gateway that was edited live: apply would restore it, going back doesn't.

    What the revision had settled otherwise is for a person to decide; else it stays as it is.
    """
    edited = change.klass in {ChangeClass.RESTORE, ChangeClass.RECREATE}
    if change.address.kind == _CONFIG or base is None or not edited:
        return change
    if decision is Decision.USE_SPEC:
        return change
    deleted = change.klass is ChangeClass.RECREATE
    klass = ChangeClass.DELETED_OUTSIDE if deleted else ChangeClass.OVERRIDE_KEPT
    reason = ""
    if decision is None and not _same_fields(base, past[change.address]):
        what = "it was deleted live" if deleted else f"edited live: {_edited(change)}"
        klass, reason = ChangeClass.CONFLICT, f"{what}, and the revision had another state"
    return replace(
        change,
        klass=klass,
        action=Action.NONE,
        writes=None,
        ledger=base.fields,
        ledger_changes=False,
        kept=base.kept,
        reason=reason,
    )


def _edited(change: Change) -> str:
    return ", ".join(one.path for one in change.fields if not same(one.live, one.base))


def _same_fields(one: Base, other: Base) -> bool:
    return one.fields.keys() == other.fields.keys() and all(
        same(value, other.fields[path]) for path, value in one.fields.items()
    )
