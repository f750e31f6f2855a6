"""`why`: all that is known of one address, and what apply would do with it.

A plan with a question. Reads both sides, the ledger, its revisions and the audit; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penguin_compile.core.errors import UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.core.suggestion import list_names, suggest
from penguin_compile.model.address import KINDS, Address
from penguin_compile.model.plan import Change, Plan, Sight
from penguin_compile.model.record import Base, Desired, Live
from penguin_compile.sync.drift import LiveEdit, find_edit
from penguin_compile.sync.past import AuditRecord, find_revision, read_audit
from penguin_compile.sync.planning import Situation
from penguin_compile.sync.remembered import Revision
from penguin_compile.sync.session import Session
from penguin_compile.sync.sight import find_sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One address from all its sides; what is not there is None.

    `edit` is there where LIVE departs from what was settled. `change` is None where a plan has
    nothing to say of the address.
    """

    app: str
    environment: str
    address: Address
    base: Base | None
    live: Live | None
    desired: Desired | None
    revision: Revision | None
    audit: Sequence[AuditRecord]
    edit: LiveEdit | None
    change: Change | None
    sight: Sight | None

    @property
    def manage(self) -> str | None:
        """Who the value of a config key belongs to, by the spec, else by the ledger."""
        if self.address.kind != KINDS[0]:
            return None
        known = self.desired or self.base
        return None if known is None else known.manage.value

    @property
    def sides(self) -> tuple[Mapping[str, Any], ...]:
        """The fields of BASE, LIVE and DESIRED."""
        resources = (self.base, self.live, self.desired)
        return tuple({} if one is None else one.fields for one in resources)


def answer(session: Session, plan: Plan, text: str) -> Answer:
    """About an address as a person typed it; UsageError with a suggestion for one nobody knows."""
    situation = session.situation
    desired = {one.address: one for one in situation.desired}
    address = _find(text, {*desired, *situation.live, *situation.bases}, situation)
    base, live = situation.bases.get(address), situation.live.get(address)
    sight = None
    if address.kind == KINDS[0]:
        sight = find_sight(session.app, session.app.settings.get(address.name), live)
    return Answer(
        app=plan.app,
        environment=plan.environment,
        address=address,
        base=base,
        live=live,
        desired=desired.get(address),
        revision=None if base is None else find_revision(session.state, base.revision),
        audit=read_audit(session.state, address),
        edit=None if base is None else find_edit(base, live),
        change=next((one for one in plan.changes if one.address == address), None),
        sight=sight,
    )


def _find(text: str, known: set[Address], situation: Situation) -> Address:
    names = {str(one): one for one in known}
    if text in names:
        return names[text]
    near = suggest(text, names)
    if near is None:  # the kind was left out, or is another
        tail = text.rpartition("/")[2]
        short = {one.name: one for one in known}
        found = tail if tail in short else suggest(tail, short)
        near = None if found is None else str(short[found])
    hint = f'did you mean "{near}"?' if near else f"there are: {list_names(names)}"
    if not names:
        hint = f"an address is KIND/NAME, with a kind of {', '.join(situation.kinds)}"
    raise UsageError(f'neither spec, ledger nor live system knows "{text}"', hint=hint)
