"""One view of a plan, for every renderer: values alone, built from the plan's JSON.

From the JSON and not from the `Plan`, so that a plan of this minute, a saved one and one of the
ledger's revisions look the same: what the file doesn't say, nobody shows.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from penguin_compile.core.records import dataclass
from penguin_compile.model.address import KINDS
from penguin_compile.model.plan import ABSENT, Action, ChangeClass, Origin
from penguin_compile.model.record import VALUE
from penguin_compile.report.printable import printable

_QUIET: Final = frozenset(
    (ChangeClass.UNCHANGED, ChangeClass.UNMANAGED, ChangeClass.CONVERGED, ChangeClass.ADOPT)
)
_SAVED: Final = "--out plan.json"
# What a reader must see first where there is no room for everything.
_IMPORTANCE: Final = ("conflict", "delete", "held", "replace", "update", "create", "kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A secret in a plan: its fingerprint, or where its value is to be learned."""

    fingerprint: str | None
    known: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldView:
    """One field's three values: JSON, Hidden, or ABSENT where there is none."""

    path: str
    base: Any
    live: Any
    desired: Any
    sensitive: bool
    written: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the running app sees where that is not the spec's; ABSENT where nobody can know."""

    value: Any
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """What became of a change when it was applied."""

    status: str
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change as a person is shown it; `step` where it was applied."""

    address: str
    kind: str
    klass: ChangeClass
    action: Action
    fields: tuple[FieldView, ...]
    reason: str
    origin: str | None
    manage: str
    protected: bool
    edited_by: str | None
    edited_at: str | None
    sees: Sight | None
    step: StepView | None = None

    @property
    def value(self) -> FieldView | None:
        """The field that a config row is about."""
        return next((one for one in self.fields if one.path == VALUE), None)

    @property
    def sort(self) -> str:
        """What happens in one word, one of `_IMPORTANCE`; `held` is a delete that isn't done."""
        if self.klass is ChangeClass.CONFLICT:
            return "conflict"
        if self.klass is ChangeClass.DELETE and self.action is Action.NONE:
            return "held"
        return "kept" if self.action is Action.NONE else self.action.value


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """Who applied a plan, when, and how it ended."""

    number: int
    status: str
    actor: str
    started_at: str
    finished_at: str | None
    git_commit: str | None
    tool_version: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan as a person is shown it; `revision` where it was applied.

    `changes` are those that are worth a line; the summary counts all.
    """

    app: str
    environment: str
    protected: bool
    spec: str
    spec_digest: str
    tool_version: str
    created_at: str
    targets: tuple[str, ...]
    decisions: tuple[str, ...]
    summary: Mapping[str, int]
    changes: tuple[ChangeView, ...]
    refusals: tuple[str, ...]
    notices: tuple[str, ...]
    findings: tuple[Mapping[str, Any], ...]
    revision: RevisionView | None = None
    left_over: Mapping[str, StepView] = field(default_factory=dict)  # of no change of the plan

    @property
    def title(self) -> tuple[str, ...]:
        """What and where: `myapp`, `prod`, `spec 3f9c1d`, and the live systems."""
        return (self.app, self.environment, f"spec {self.spec_digest[:6]}", *self.targets)

    @property
    def conflicts(self) -> list[ChangeView]:
        """What a person has to decide."""
        return [one for one in self.changes if one.klass is ChangeClass.CONFLICT]

    def kinds(self) -> Iterator[tuple[str, list[ChangeView]]]:
        """The changes of each kind that has any, the most important first."""
        for kind in KINDS:
            of_kind = [one for one in self.changes if one.kind == kind]
            if of_kind:
                yield kind, sorted(of_kind, key=importance)


def importance(change: ChangeView) -> int:
    """The smaller, the sooner it must be seen."""
    return _IMPORTANCE.index(change.sort)


def view_plan(
    data: Mapping[str, Any],
    *,
    unmanaged: bool = False,
    revision: RevisionView | None = None,
    steps: Mapping[str, StepView] | None = None,
) -> PlanView:
    """The view of a plan's JSON; `unmanaged` shows what neither spec nor ledger knows, too."""
    steps = steps or {}
    known = {one["address"] for one in data["changes"]}
    shown = [one for one in data["changes"] if _is_shown(one, steps, unmanaged=unmanaged)]
    return PlanView(
        app=data["app"],
        environment=data["environment"],
        protected=data["protected"],
        spec=data["spec"],
        spec_digest=data["spec_digest"],
        tool_version=data["tool_version"],
        created_at=data["created_at"],
        targets=tuple(data["targets"]),
        decisions=tuple(_decision_flags(data["decisions"])),
        summary=data["summary"],
        changes=tuple(
            _view_change(one, _step(one, steps, applied=revision is not None)) for one in shown
        ),
        refusals=tuple(data["refusals"]),
        notices=tuple(data["notices"]),
        findings=tuple(data["findings"]),
        revision=revision,
        left_over={address: step for address, step in steps.items() if address not in known},
    )


def _is_shown(change: Mapping[str, Any], steps: Mapping[str, StepView], *, unmanaged: bool) -> bool:
    if change["action"] != Action.NONE or change["address"] in steps:
        return True
    if change["class"] == ChangeClass.UNMANAGED:
        return unmanaged
    return change["class"] not in _QUIET


def _step(
    change: Mapping[str, Any], steps: Mapping[str, StepView], *, applied: bool
) -> StepView | None:
    """What became of a change; of one that apply had to leave out there is no record."""
    step = steps.get(change["address"])
    if step is None and applied and change["action"] != Action.NONE:
        return StepView(status="not written", message=None)
    return step


def _view_change(data: Mapping[str, Any], step: StepView | None) -> ChangeView:
    sees = data.get("sees")
    if sees is not None and sees["from"] == Origin.ROW:
        sees = None  # the live value, which is told anyway
    written = frozenset(data["writes"])
    fields = tuple(_view_field(one, written) for one in data["fields"])
    secret = any(one.sensitive for one in fields)
    return ChangeView(
        address=data["address"],
        kind=data["address"].partition("/")[0],
        klass=ChangeClass(data["class"]),
        action=Action(data["action"]),
        fields=fields,
        reason=data["reason"],
        origin=data["origin"],
        manage=data["manage"],
        protected=data["protected"],
        edited_by=data["edited_by"],
        edited_at=data["edited_at"],
        sees=sees and Sight(value=_read_value(sees, "value", sensitive=secret), why=sees["why"]),
        step=step,
    )


def _view_field(data: Mapping[str, Any], written: frozenset[str]) -> FieldView:
    sensitive = data["sensitive"]
    return FieldView(
        path=data["path"],
        base=_read_value(data, "base", sensitive=sensitive),
        live=_read_value(data, "live", sensitive=sensitive),
        desired=_read_value(data, "desired", sensitive=sensitive),
        sensitive=sensitive,
        written=data["path"] in written,
    )


def _read_value(data: Mapping[str, Any], side: str, *, sensitive: bool = False) -> Any:
    value = data.get(side, ABSENT)
    if sensitive and value is not ABSENT:
        return Hidden(fingerprint=value["fingerprint"], known=value.get("known"))
    return value


def _decision_flags(decisions: Mapping[str, Any]) -> Iterator[str]:
    """The options that shaped the plan, as they were typed; `--secrets` shapes what it knows."""
    for name, value in decisions.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True and name != "secrets":
            yield flag
        elif isinstance(value, str):
            yield f"{flag} {shlex.quote(value)}"
        elif isinstance(value, list):
            yield from (f"{flag} {shlex.quote(one)}" for one in value)


# Reasons of conflicts that no --keep-live settles.
_SPEC_ALONE = ("sensitive → not", "owned by ")


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """How a conflict can be decided: what it does, the flag alone, and a command to paste."""

    does: str
    flag: str | None
    command: str


def ways_out(plan: PlanView, change: ChangeView) -> Sequence[WayOut]:
    """All ways in which one conflict can be decided."""
    ways = []
    address = shlex.quote(printable(change.address))
    enforced = change.manage == "enforce" and change.kind == "config"
    keeps = not enforced and not change.reason.startswith(_SPEC_ALONE)
    choices = ((keeps, "keep what is live", "--keep-live"), (True, "take the spec's", "--use-spec"))
    for possible, does, flag in choices:
        if possible:
            option = f"{flag} {address}"
            ways.append(WayOut(does=does, flag=option, command=_plan_again(plan, option)))
    value = change.value
    known = value is not None and value.live is not ABSENT and not value.sensitive
    if known and change.kind == "config":
        command = f"penguin-compile promote {address} {' '.join(_place(plan))}"
        ways.append(WayOut(does="write the live value into the spec", flag=None, command=command))
    return ways


def _plan_again(plan: PlanView, option: str) -> str:
    """The plan's own command with one more decision, saved for apply."""
    decided = map(printable, plan.decisions)
    return " ".join(("penguin-compile plan", *_place(plan), *decided, option, _SAVED))


def _place(plan: PlanView) -> list[str]:
    """How the command line names spec and environment."""
    words = ([plan.spec] if plan.spec else []) + ["--env", plan.environment]
    return [shlex.quote(printable(one)) for one in words]


def count_sorts(changes: Sequence[ChangeView]) -> dict[str, int]:
    """How many of each sort, the most important first."""
    counts = Counter(one.sort for one in changes)
    return {sort: counts[sort] for sort in _IMPORTANCE if counts[sort]}
