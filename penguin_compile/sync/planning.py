"""DESIRED, LIVE and BASE to a plan: one settled change per address, in the order of apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from itertools import chain

from penguin_compile import __version__
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.model.address import KINDS, Address
from penguin_compile.model.app import App
from penguin_compile.model.plan import Action, Change, ChangeClass, Plan
from penguin_compile.model.record import Base, Desired, Live
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.settlement import Resource, settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that a plan is made of, read from both sides and the ledger.

    `kinds` are those that some backend serves here; `undeletable` those that it can't delete.
    `settled` has, by kind, names that a first look has found unchanged; they are nowhere else here.
    `warnings` are parts of the spec that a live system can't have. `secrets`: they were resolved.
    """

    desired: Sequence[Desired]
    live: Mapping[Address, Live]
    bases: Mapping[Address, Base]
    kinds: Sequence[str]
    undeletable: Sequence[str] = ()
    settled: Mapping[str, Collection[str]] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    secrets: bool = False

    def covers(self, *, secrets: bool) -> bool:
        """Whether what apply needs of DESIRED is here: something was read, with secrets if so."""
        return bool(self.kinds) and (self.secrets or not secrets)

    def count_settled(self) -> Counter[str]:
        """How many of each kind."""
        return Counter({kind: len(names) for kind, names in self.settled.items() if names})


def make_plan(
    app: App,
    situation: Situation,
    decisions: Decisions,
    *,
    spec_digest: str,
    locate: Callable[[Pointer], str],
    whole: bool = False,
) -> Plan:
    """The plan of one app and environment. `locate` turns a pointer into `file:line:column`.

    `whole`: changes that say nothing but `unchanged` are in it, not only counted.
    """
    settled = _settle_all(situation, decisions, locate)
    changes = [change for change in settled if whole or not _is_silent(change)]
    changes.sort(key=_order)
    unchanged = situation.count_settled()
    if not whole:
        unchanged.update(change.address.kind for change in settled if _is_silent(change))
    return Plan(
        app=app.name,
        environment=app.environment.name,
        protected=app.environment.protected,
        spec_digest=spec_digest,
        tool_version=__version__,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        targets=situation.targets,
        changes=tuple(changes),
        unchanged=dict(unchanged),
        notices=(
            *situation.warnings,
            *situation.notices,
            *decisions.unmatched(_names(situation, settled)),
        ),
    )


def _settle_all(
    situation: Situation, decisions: Decisions, locate: Callable[[Pointer], str]
) -> list[Change]:
    wanted = {one.address: one for one in situation.desired}
    known = dict.fromkeys(chain(situation.bases, situation.live))
    gone = [address for address in known if address not in wanted]
    settled: list[Change] = []
    for address in (*wanted, *sorted(gone)):
        if address.kind not in situation.kinds or not decisions.covers(address):
            continue
        desired = wanted.get(address)
        resource = Resource(
            address=address,
            base=situation.bases.get(address),
            live=situation.live.get(address),
            desired=desired,
            decision=decisions.of(address),
            prune=decisions.prune,
            deletable=address.kind not in situation.undeletable,
            locate=locate,
        )
        change = settle(resource)
        if change.klass is ChangeClass.UNCHANGED and resource.live is None:
            continue  # a key without a value, and no row: there is nothing to speak of
        settled.append(change)
    return settled


def _names(situation: Situation, settled: Iterable[Change]) -> Iterator[str]:
    """All addresses as text."""
    for kind, names in situation.settled.items():
        yield from (f"{kind}/{name}" for name in names)
    yield from (str(change.address) for change in settled)


def _is_silent(change: Change) -> bool:
    return change.klass is ChangeClass.UNCHANGED and not change.ledger_changes


def _order(change: Change) -> tuple[int, int]:
    """Database first, parents before children, deletes last and children first (sync.md)."""
    rank = KINDS.index(change.address.kind)
    if change.action is Action.DELETE or change.klass is ChangeClass.DELETE:
        return 1, len(KINDS) - rank
    return 0, rank
