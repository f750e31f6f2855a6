"""The answer of `why`, for people in a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from penguin_compile.model.plan import ABSENT
from penguin_compile.model.record import VALUE
from penguin_compile.report.change_reason import explain_change
from penguin_compile.report.drift_text import author_of
from penguin_compile.report.plan_words import shorten, show
from penguin_compile.report.printable import printable
from penguin_compile.sync.comparison import same
from penguin_compile.sync.inquiry import Answer
from penguin_compile.sync.past import AuditRecord
from penguin_compile.sync.plan_file import sight_data, value_data

Style = Callable[[str, str], str]
_WIDTH = 100  # columns where nobody says how many there are
_LABEL = 11
_WIDEST_CELL, _NARROWEST_CELL = 40, 12
_SIDES = ("settled", "live", "spec")


def render_why(
    answer: Answer, commands: Sequence[tuple[str, str]], style: Style, *, width: int = _WIDTH
) -> str:
    """Values side by side, then where they come from, what apply would do, what to type."""
    manage = None if answer.manage is None else f"manage: {answer.manage}"
    origin = None if answer.change is None else answer.change.origin
    parts = (str(answer.address), answer.app, answer.environment, manage, origin)
    title = " · ".join(one for one in parts if one)
    head = wrap(title, width, subsequent_indent="  ", break_on_hyphens=False)
    lines = [*(style(line, "bright_white") for line in head), ""]
    lines.extend(_table(answer, style, width))
    lines.append("")
    room = width - _LABEL - 2
    for label, texts in _facts(answer, commands, room):
        for position, text in enumerate(texts):
            name = label if position == 0 else ""
            wrapped = wrap(text, room) or [""]
            if label == "next":
                wrapped = [text]  # whole, to be copied
            lines.append(f"  {style(f'{name:<{_LABEL}}', 'cyan')}{wrapped[0]}".rstrip())
            lines.extend(f"  {'':<{_LABEL}}{line}" for line in wrapped[1:])
    return "\n".join(lines) + "\n"


def why_json(answer: Answer, commands: Sequence[tuple[str, str]]) -> str:
    """The same as data; secrets as fingerprints."""
    return json.dumps(_data(answer, commands), indent=2, ensure_ascii=False) + "\n"


def _table(answer: Answer, style: Style, width: int) -> Iterator[str]:
    """One line per field; what is not the same on all sides is marked."""
    every = dict.fromkeys(path for side in answer.sides for path in side)
    paths = sorted(every, key=lambda path: path != VALUE)  # the value first
    rows = [
        (path, [show(side.get(path, ABSENT)) for side in answer.sides], _agree(answer.sides, path))
        for path in paths
    ]
    first = max((len(path) for path in paths), default=0) + 2
    columns = [
        min(max([len(name), *(len(texts[index]) for _, texts, _ in rows)]), _WIDEST_CELL)
        for index, name in enumerate(_SIDES)
    ]
    room = width - 4 - first - 2 * (len(columns) - 1)
    if sum(columns) > room:
        columns = [min(one, max(room // len(columns), _NARROWEST_CELL)) for one in columns]
    headings = "  ".join(f"{name:<{columns[index]}}" for index, name in enumerate(_SIDES))
    yield f"    {'':<{first}}{style(headings.rstrip(), 'cyan')}"
    for path, texts, agree in rows:
        cells = "  ".join(
            f"{shorten(text, columns[index]):<{columns[index]}}" for index, text in enumerate(texts)
        )
        sign = " " if agree else style("~", "yellow")
        yield f"  {sign} {path:<{first}}{cells}".rstrip()


def _agree(sides: Sequence[Mapping[str, Any]], path: str) -> bool:
    settled, live, wanted = (side.get(path, ABSENT) for side in sides)
    if settled is ABSENT and wanted is ABSENT:
        return True  # a field that nobody states is the live system's own
    return same(settled, wanted) and same(settled, live)


def _facts(
    answer: Answer, commands: Sequence[tuple[str, str]], room: int
) -> Iterator[tuple[str, Sequence[str]]]:
    yield "settled", [_settled(answer)]
    if answer.edit is not None:
        yield "edited", [_edited(answer)]
    elif answer.live is not None and answer.live.edited_by:
        yield "edited", [f"by{_person(answer)}; the value is the settled one"]
    if answer.live is not None and answer.live.owner:
        yield "owner", [f"{answer.live.owner}: not ours"]
    if answer.sight is not None:
        yield "app sees", [f"{show(answer.sight.value)}: {answer.sight.why}"]
    yield "apply", [_apply(answer)]
    if commands:
        yield "next", _command_lines(commands, room)
    if answer.audit:
        yield "history", [_audit_line(one) for one in answer.audit]


def _command_lines(commands: Sequence[tuple[str, str]], room: int) -> list[str]:
    """What to type, with its purpose behind it, or above it where that is too long."""
    width = max(len(command) for command, _ in commands)
    lines = [f"{command:<{width}}  # {purpose}" for command, purpose in commands]
    if max(map(len, lines)) <= room:
        return lines
    return [line for command, purpose in commands for line in (f"# {purpose}", command)]


def _settled(answer: Answer) -> str:
    if answer.base is None:
        return "never here"
    revision = answer.revision
    if revision is None:
        return f"in revision {answer.base.revision}"
    commit = f", commit {revision.git_commit[:8]}" if revision.git_commit else ""
    note = f" ({revision.note})" if revision.note else ""
    when = revision.started_at[:16].replace("T", " ")
    return f"in revision {revision.id}{note}, {when}, by {printable(revision.actor)}{commit}"


def _edited(answer: Answer) -> str:
    edit = answer.edit
    if edit is None:
        return ""
    what = "deleted live" if edit.deleted else "live"
    known = "known and kept" if edit.kept else "nobody has acknowledged it"
    return f"{what}{author_of(edit)}; {known}"


def _person(answer: Answer) -> str:
    live = answer.live
    if live is None:
        return ""
    when = f", {live.edited_at[:16].replace('T', ' ')}" if live.edited_at else ""
    return f" {printable(live.edited_by or 'somebody')}{when}"


def _apply(answer: Answer) -> str:
    if answer.change is None:
        return "does nothing: the key has no value in the spec, and there is no row"
    return explain_change(answer.change)


def _audit_line(record: AuditRecord) -> str:
    when = record.at[:16].replace("T", " ")
    revision = "" if record.revision is None else f", revision {record.revision}"
    told = ", ".join(_moves(record))
    return (
        f"{when}  {record.action} by {printable(record.actor)} through {record.via}{revision}"
        + (f": {told}" if told else "")
    )


def _moves(record: AuditRecord) -> Iterator[str]:
    """What changed; of a resource that came or went, its value alone."""
    before, after = record.before or {}, record.after or {}
    for path in dict.fromkeys((*before, *after)):
        one, other = before.get(path, ABSENT), after.get(path, ABSENT)
        if same(one, other) or (path != VALUE and not (before and after)):
            continue
        yield f"{'' if path == VALUE else f'{path} '}{show(one)} → {show(other)}"


def _data(answer: Answer, commands: Sequence[tuple[str, str]]) -> dict[str, Any]:
    base, live, edit, change = answer.base, answer.live, answer.edit, answer.change
    revision = answer.revision
    return {
        "address": str(answer.address),
        "app": answer.app,
        "environment": answer.environment,
        "manage": answer.manage,
        "protected": _is_protected(answer),
        "origin": None if change is None else change.origin,
        **{
            name: None if one is None else _fields_data(side)
            for name, one, side in zip(
                ("base", "live", "desired"),
                (base, live, answer.desired),
                answer.sides,
                strict=True,
            )
        },
        "owner": None if live is None else live.owner,
        "edited_by": None if live is None else live.edited_by,
        "edited_at": None if live is None else live.edited_at,
        "edit": None
        if edit is None
        else {
            "fields": [one.path for one in edit.fields],
            "deleted": edit.deleted,
            "kept": edit.kept,
        },
        "settled": None
        if base is None
        else {
            "revision": base.revision,
            "at": None if revision is None else revision.started_at,
            "by": None if revision is None else revision.actor,
            "git_commit": None if revision is None else revision.git_commit,
            "note": None if revision is None else revision.note,
        },
        "sees": None if answer.sight is None else sight_data(answer.sight),
        "class": None if change is None else change.klass.value,
        "action": None if change is None else change.action.value,
        "apply": _apply(answer),
        "next": [{"command": command, "purpose": purpose} for command, purpose in commands],
        "audit": [_audit_data(one) for one in answer.audit],
    }


def _is_protected(answer: Answer) -> bool:
    return any(one is not None and one.protected for one in (answer.base, answer.desired))


def _audit_data(record: AuditRecord) -> dict[str, Any]:
    return {
        "at": record.at,
        "actor": record.actor,
        "via": record.via,
        "action": record.action,
        "revision": record.revision,
        "before": None if record.before is None else _fields_data(record.before),
        "after": None if record.after is None else _fields_data(record.after),
    }


def _fields_data(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value_data(value) for path, value in fields.items()}
