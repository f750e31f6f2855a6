"""A plan for people in a terminal: one line per change, and a sentence that sums up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from textwrap import fill, wrap
from typing import Any

from penguin_compile.model.plan import (
    ABSENT,
    Action,
    Change,
    ChangeClass,
    FieldChange,
    Origin,
    Plan,
)
from penguin_compile.model.record import VALUE, SecretState

Style = Callable[[str, str], str]

_WIDTH = 100
_LONGEST_VALUE = 60
_SIGNS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
}
_QUIET = frozenset(
    (ChangeClass.UNCHANGED, ChangeClass.UNMANAGED, ChangeClass.CONVERGED, ChangeClass.ADOPT)
)


def _plain(text: str, _colour: str) -> str:
    return text


def render_plan(
    plan: Plan, summary: dict[str, int], style: Style = _plain, *, unmanaged: bool = False
) -> str:
    """The plan as cli.md shows it; `unmanaged` lists what neither spec nor ledger knows."""
    header = " · ".join((plan.app, plan.environment, f"spec {plan.spec_digest[:6]}", *plan.targets))
    shown = [one for one in plan.changes if _is_shown(one, unmanaged=unmanaged)]
    width = min(max((len(str(one.address)) for one in shown), default=0) + 2, 44)
    lines = [style(header, "bright_white"), ""]
    for change in shown:
        lines.extend(_change_lines(change, width, style))
    if shown:
        lines.append("")
    for notice in plan.notices:
        lines.extend(
            style(line, "cyan") for line in wrap(f"note: {notice}", _WIDTH, subsequent_indent="  ")
        )
    lines.append(summary_sentence(summary))
    lines.extend(_ways_out(plan))
    return "\n".join(lines) + "\n"


def _is_shown(change: Change, *, unmanaged: bool) -> bool:
    if change.action is not Action.NONE:
        return True
    if change.klass is ChangeClass.UNMANAGED:
        return unmanaged
    return change.klass not in _QUIET


def _change_lines(change: Change, width: int, style: Style) -> Iterator[str]:
    sign, colour = _sign(change)
    room = _WIDTH - 5 - width
    texts = [line for text in _all_details(change) for line in wrap(text, room) or [""]]
    first = texts[0] if texts else ""
    line = f"  {style(sign, colour)} {change.address!s:<{width}} {first}".rstrip()
    plain = f"  {sign} {change.address!s:<{width}} {first}".rstrip()
    if change.origin and change.action is not Action.NONE:
        room = _WIDTH - len(plain) - len(change.origin)
        if room >= 2:
            line += " " * max(2, min(room, 78 - len(plain))) + style(change.origin, "bright_black")
    yield line
    for text in texts[1:]:
        yield f"    {'':<{width}} {text}".rstrip()


def _sign(change: Change) -> tuple[str, str]:
    if change.klass is ChangeClass.CONFLICT:
        return "!", "magenta"
    if change.action is Action.NONE:
        return ("-", "red") if change.klass is ChangeClass.DELETE else ("=", "cyan")
    return _SIGNS[change.action]


def _all_details(change: Change) -> Iterator[str]:
    """And what the running app sees, where that isn't the live value that is told anyway."""
    yield from _details(change)
    if change.sees is not None and change.sees.origin is not Origin.ROW:
        yield f"the app sees {show(change.sees.value)}: {change.sees.why}"


def _details(change: Change) -> Iterator[str]:
    """What happens, in a few words for each field."""
    value = next((one for one in change.fields if one.path == VALUE), None)
    match change.klass:
        case ChangeClass.CONFLICT:
            yield from _conflict(change, value)
        case ChangeClass.OVERRIDE_KEPT if change.action is Action.NONE:
            yield _kept(change, value)
        case ChangeClass.LEFT if change.action is Action.NONE:
            live = _live(change, value)
            yield f"left: {live}{change.reason}"
        case ChangeClass.DELETED_OUTSIDE:
            yield f"deleted live{_by(change)}, kept so"
        case ChangeClass.DELETE:
            yield f"({change.reason})" if change.reason else "delete"
        case ChangeClass.RELEASE:
            yield "released: the ledger forgets it, live stays"
        case ChangeClass.FORGET:
            yield "gone on both sides: the ledger forgets it"
        case ChangeClass.UNMANAGED:
            yield "unmanaged"
        case _ if change.action is Action.CREATE:
            again = " (deleted live)" if change.klass is ChangeClass.RECREATE else ""
            yield (_created(change, value) + again).strip()
        case _:
            yield from _updated(change)


def _conflict(change: Change, value: FieldChange | None) -> Iterator[str]:
    if value is None or change.reason:
        yield f"conflict: {change.reason}"
        return
    sides = (("was", value.base), ("live", value.live), ("spec", value.desired))
    texts = [f"{name} {show(one)}" for name, one in sides if one is not ABSENT]
    if value.live is ABSENT:
        texts.insert(1, "deleted live")
    else:
        texts[-2] += _by(change)
    yield f"conflict: {', '.join(texts)}"


def _kept(change: Change, value: FieldChange | None) -> str:
    if value is None:
        return f"live edits kept: {', '.join(one.path for one in change.fields)}"
    moved = "unchanged" if value.base == value.desired else "set aside"
    who = change.edited_by or "live edit"
    return f"live {show(value.live)} kept ({who}; spec {show(value.desired)} {moved})"


def _live(change: Change, value: FieldChange | None) -> str:
    if value is None or value.live is ABSENT:
        return "deleted live; "
    return f"live {show(value.live)}{_by(change)}, spec {show(value.desired)}; "


def _by(change: Change) -> str:
    if not change.edited_by:
        return ""
    day = f", {change.edited_at[:10]}" if change.edited_at else ""
    return f" ({change.edited_by}{day})"


def _created(change: Change, value: FieldChange | None) -> str:
    if value is not None:
        return show(value.desired)
    fields = {one.path: one.desired for one in change.fields}
    if change.address.kind == "service":
        where = f"{fields.get('protocol')}://{fields.get('ip_fqdn')}:{fields.get('port')}"
        return f"{where} auth {fields.get('auth_type')}"
    if change.address.kind == "mapping":
        sources = ", ".join(fields.get("source_services") or ())
        targets = ", ".join(fields.get("dest_services") or ())
        return f"{sources} → {targets} {fields.get('path_prefix') or ''}".rstrip()
    return ""


def _updated(change: Change) -> Iterator[str]:
    written = change.writes or {}
    for one in change.fields:
        if one.path in written:
            name = "" if one.path == VALUE else f"{one.path} "
            note = ""
            if one.base is not ABSENT and one.live != one.base and not one.sensitive:
                note = " (edited live)"
            yield f"{name}{show(one.live)} → {show(one.desired)}{note}"
        elif one.path == VALUE and one.live != one.desired:
            yield _kept(change, one)


def show(value: Any) -> str:
    """A value in a few characters; secrets have no text but whether they are known."""
    if value is ABSENT:
        return "(none)"
    if isinstance(value, SecretState):
        known = value.fingerprint or value.stored
        return f"secret {known[:8]}" if known else "(secret, known at apply)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def summary_sentence(summary: dict[str, int]) -> str:
    """What the plan comes to: `Plan: 1 to create, …; 1 live edit kept; 212 unchanged.`."""
    verbs = ("create", "update", "delete")
    parts = [", ".join(f"{summary[verb]} to {verb}" for verb in verbs)]
    for key, one, many in (
        ("conflicts", "conflict", "conflicts"),
        ("waiting", "delete held back", "deletes held back"),
        ("kept", "live edit kept", "live edits kept"),
        ("adopted", "adopted", "adopted"),
    ):
        if summary[key]:
            parts.append(f"{summary[key]} {one if summary[key] == 1 else many}")
    parts.append(f"{summary['unchanged']} unchanged")
    if summary["unmanaged"]:
        parts.append(f"{summary['unmanaged']} unmanaged")
    sentence = f"Plan: {'; '.join(parts)}."
    quiet = summary["description_only"]
    if quiet:
        sentence += (
            f"\n      {quiet} of the updates the running app does not see (description only)."
        )
    return "\n".join(fill(line, _WIDTH, subsequent_indent="  ") for line in sentence.splitlines())


def _ways_out(plan: Plan) -> Iterator[str]:
    """How each conflict can be decided, ready to paste."""
    conflicts = [one for one in plan.changes if one.klass is ChangeClass.CONFLICT]
    for change in conflicts[:20]:
        yield ""
        yield f"{change.address}: decide with one of"
        if change.manage != "enforce" or change.address.kind != "config":
            yield f"  --keep-live {change.address}"
        yield f"  --use-spec {change.address}"
