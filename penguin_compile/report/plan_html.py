"""A plan as one HTML file that a person likes to read: no script, nothing fetched from anywhere.

The page is a template; everything in it that comes from a spec or a live system goes through
Jinja's autoescape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.records import dataclass
from penguin_compile.model.plan import ABSENT, Action, ChangeClass
from penguin_compile.report.plan_view import (
    ChangeView,
    FieldView,
    PlanView,
    StepView,
    WayOut,
    count_sorts,
    ways_out,
)
from penguin_compile.report.plan_words import (
    description_note,
    details,
    edited,
    revision_words,
    show,
    show_time,
    sign,
    was_edited,
)
from penguin_compile.report.printable import printable
from penguin_compile.report.value_diff import ValueDiff, diff_values, full_text

if TYPE_CHECKING:
    from jinja2 import Template

_KINDS: Final = {"config": "Settings", "service": "Services", "mapping": "Mappings"}
_SORTS: Final = {
    "conflict": "to decide",
    "delete": "to delete",
    "held": "held back",
    "replace": "to replace",
    "update": "to update",
    "create": "to create",
    "kept": "left alone",
}
_WORDS: Final = {
    ChangeClass.OVERRIDE_KEPT: "kept",
    ChangeClass.DELETED_OUTSIDE: "kept",
    ChangeClass.RELEASE: "released",
    ChangeClass.FORGET: "forgotten",
}
_LONG, _LONGEST = 160, 600  # characters of a value
# classes whose words name who edited the value
_NAMES_EDITOR: Final = frozenset((ChangeClass.LEFT, ChangeClass.DELETED_OUTSIDE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A field in a row: what it was, what it becomes, and the parts that differ."""

    path: str
    old: str | None
    new: str | None
    diff: ValueDiff | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One change; `folded` fields are there for who wants to know."""

    sort: str
    sign: str
    word: str
    address: str
    origin: str
    said: Sequence[str]
    fields: Sequence[_Field]
    folded: Sequence[_Field]
    edited: str
    protected: bool
    step: StepView | None
    sides: Sequence[tuple[str, str]]
    between: _Field | None
    ways: Sequence[WayOut]


def render_plan_html(plan: PlanView) -> str:
    """The page."""
    return _template().render(
        plan=plan,
        revision=() if plan.revision is None else list(revision_words(plan.revision)),
        created=show_time(plan.created_at),
        counts=_counts(plan),
        note=description_note(plan.summary),
        conflicts=[_row(plan, one) for one in plan.conflicts],
        sections=list(_sections(plan)),
        left_over=plan.left_over,
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("penguin_compile.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["printable"] = printable
    return templates.get_template("plan.html.j2")


def _counts(plan: PlanView) -> list[tuple[str, str, int]]:
    """What the reader can look at alone."""
    return [(sort, _SORTS[sort], number) for sort, number in count_sorts(plan.changes).items()]


def _sections(plan: PlanView) -> Iterator[tuple[str, str, list[_Row]]]:
    """Each kind's changes but for conflicts, which have a place of their own."""
    for kind, changes in plan.kinds():
        rows = [_row(plan, one) for one in changes if one.klass is not ChangeClass.CONFLICT]
        if rows:
            yield kind, _KINDS[kind], rows


def _row(plan: PlanView, change: ChangeView) -> _Row:
    conflict = change.klass is ChangeClass.CONFLICT
    fields = [] if conflict else list(_open_fields(change))
    return _Row(
        sort=change.sort,
        sign=sign(change),
        word="held back" if change.sort == "held" else _WORDS.get(change.klass, change.klass.value),
        address=printable(change.address),
        origin=printable(change.origin or ""),
        said=_said(change, told=bool(fields)),
        fields=fields,
        folded=list(_folded_fields(change)),
        edited="" if change.klass in _NAMES_EDITOR else edited(change).strip(" ()"),
        protected=change.protected,
        step=change.step,
        sides=list(_sides(change)) if conflict else (),
        between=_between(change) if conflict else None,
        ways=ways_out(plan, change) if conflict and plan.revision is None else (),
    )


def _said(change: ChangeView, *, told: bool) -> list[str]:
    """Sentences beside the fields, where the fields don't say it all."""
    if change.klass is ChangeClass.CONFLICT:
        if change.reason:
            return [printable(change.reason)]
        return ["Both the spec and the live value have changed since it was last settled."]
    words = [one for one in details(change) if one != change.klass]
    if change.klass is ChangeClass.DELETE:
        stays = change.value if change.action is Action.NONE else None
        live = [] if stays is None else [f"live: {show(stays.live)}"]
        return [*live, printable(change.reason)] if change.reason else live
    if change.klass is ChangeClass.REPLACE:
        return [printable(change.reason)]
    if change.action is Action.CREATE and change.kind == "config":
        again = change.klass is ChangeClass.RECREATE
        words = ["it was deleted live"] * again + words[1:]
    elif told:
        seen = 0 if change.sees is None else 1
        words = words[len(words) - seen :]
    return words


def _open_fields(change: ChangeView) -> Iterator[_Field]:
    """What is shown at once: the value that comes or goes, and each field that is updated."""
    value = change.value
    if change.action in {Action.UPDATE, Action.REPLACE}:
        for one in change.fields:
            if one.written:
                yield _field(one.path, one.live, one.desired, _edit_note(one))
    elif change.action is Action.CREATE and value is not None:
        yield _field("", ABSENT, value.desired)
    elif change.action is Action.DELETE and value is not None:
        yield _field("", _before(value), ABSENT, _edit_note(value))


def _folded_fields(change: ChangeView) -> Iterator[_Field]:
    """The rest of what comes or goes."""
    rest = [one for one in change.fields if one is not change.value]
    if change.action is Action.CREATE:
        yield from (_field(one.path, ABSENT, one.desired) for one in rest)
    elif change.action is Action.DELETE:
        yield from (_field(one.path, _before(one), ABSENT, _edit_note(one)) for one in rest)


def _before(field: FieldView) -> Any:
    return field.base if field.live is ABSENT else field.live


def _edit_note(field: FieldView) -> str:
    return "edited live" if was_edited(field) else ""


def _field(path: str, old: Any, new: Any, note: str = "") -> _Field:
    return _Field(
        path=printable(path),
        old=None if old is ABSENT else full_text(old),
        new=None if new is ABSENT else full_text(new),
        diff=diff_values(old, new),
        note=note,
    )


def _sides(change: ChangeView) -> Iterator[tuple[str, str]]:
    """The three values of a conflict, each with its name."""
    value = change.value
    if value is None:
        return
    longest = _LONG if _between(change) else _LONGEST
    sides: Mapping[str, Any] = {
        "last settled": value.base,
        "live now": value.live,
        "in the spec": value.desired,
    }
    for name, one in sides.items():
        gone = "deleted" if name == "live now" else "nothing"
        yield name, gone if one is ABSENT else full_text(one, longest)


def _between(change: ChangeView) -> _Field | None:
    """What --use-spec would change, where the values are too long to be compared by eye."""
    value = change.value
    if value is None or max(map(len, map(full_text, (value.live, value.desired)))) <= _LONG:
        return None
    field = _field("", value.live, value.desired)
    return field if field.diff else None
