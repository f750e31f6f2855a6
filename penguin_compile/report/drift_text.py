"""Live edits for people in a terminal and as JSON: what was edited, by whom, what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from penguin_compile.model.plan import ABSENT, Plan
from penguin_compile.model.record import VALUE
from penguin_compile.report.change_reason import explain_change
from penguin_compile.report.plan_words import show
from penguin_compile.report.printable import printable
from penguin_compile.sync.drift import LiveEdit
from penguin_compile.sync.plan_file import value_data

Style = Callable[[str, str], str]
_WIDTH = 100  # columns where nobody says how many there are


def render_drift(
    plan: Plan, edits: Sequence[LiveEdit], style: Style, *, width: int = _WIDTH
) -> str:
    """Each edit with its author, the new ones marked, and a sentence that sums up."""
    header = " · ".join((plan.app, plan.environment, f"spec {plan.spec_digest[:6]}", *plan.targets))
    head = wrap(header, width, subsequent_indent="  ", break_on_hyphens=False)
    lines = [*(style(line, "bright_white") for line in head), ""]
    longest = max((len(str(one.base.address)) for one in edits), default=0)
    column = min(longest + 2, 44, width // 2)
    for edit in edits:
        lines.extend(_edit_lines(edit, column, style, width))
    if edits:
        lines.append("")
    lines.append(_sum_up(edits))
    return "\n".join(lines) + "\n"


def drift_data(plan: Plan, edits: Sequence[LiveEdit]) -> dict[str, Any]:
    """The same as data; secrets as fingerprints."""
    kept = sum(one.kept for one in edits)
    return {
        "app": plan.app,
        "environment": plan.environment,
        "spec_digest": plan.spec_digest,
        "summary": {"edits": len(edits), "kept": kept, "new": len(edits) - kept},
        "edits": [_edit_data(one) for one in edits],
    }


def drift_json(plan: Plan, edits: Sequence[LiveEdit]) -> str:
    """Its text."""
    return json.dumps(drift_data(plan, edits), indent=2, ensure_ascii=False) + "\n"


def _edit_lines(edit: LiveEdit, column: int, style: Style, width: int) -> Iterator[str]:
    sign = style("=", "cyan") if edit.kept else style("!", "magenta")
    texts = list(_describe(edit))
    texts[-1] += author_of(edit)
    if edit.kept:
        texts.append("kept: acknowledged, or decided with --keep-live")
    if edit.change is not None:
        texts.append(f"apply {explain_change(edit.change)}")
    lines = [line for text in texts for line in wrap(text, width - column - 5) or [""]]
    address = f"{edit.base.address!s:<{column}}"
    if len(address) > column:  # too long for its column: what happened goes below it
        lines.insert(0, "")
    yield f"  {sign} {address} {lines[0]}".rstrip()
    for line in lines[1:]:
        yield f"    {'':<{column}} {line}"


def _describe(edit: LiveEdit) -> Iterator[str]:
    if edit.deleted:
        value = edit.base.fields.get(VALUE, ABSENT)
        yield "deleted live" + ("" if value is ABSENT else f" (was {show(value)})")
        return
    for one in edit.fields:
        name = "" if one.path == VALUE else f"{one.path} "
        if one.path == "owner" and one.base is ABSENT:
            yield f"now owned by {one.live}"
        else:
            yield f"{name}{show(one.base)} → {show(one.live)}"


def author_of(edit: LiveEdit) -> str:
    """` (admin@example.com, 2026-11-20 10:12)`, as far as the live system knows."""
    live = edit.live
    if live is None or not (live.edited_by or live.edited_at):
        return ""
    parts = [live.edited_by or "", (live.edited_at or "")[:16].replace("T", " ")]
    return f" ({printable(', '.join(one for one in parts if one))})"


def _sum_up(edits: Sequence[LiveEdit]) -> str:
    if not edits:
        return "Drift: none; everything is live as it was settled."
    new = sum(not one.kept for one in edits)
    edited = "1 live edit" if len(edits) == 1 else f"{len(edits)} live edits"
    if not new:
        return f"Drift: {edited}, known and kept."
    if new == len(edits):
        return f"Drift: {edited}, not acknowledged."
    return f"Drift: {edited}, {new} of them not acknowledged."


def _edit_data(edit: LiveEdit) -> dict[str, Any]:
    live = edit.live
    return {
        "address": str(edit.base.address),
        "kept": edit.kept,
        "deleted": edit.deleted,
        "manage": edit.base.manage.value,
        "fields": [
            {
                "path": one.path,
                **({} if one.base is ABSENT else {"base": value_data(one.base)}),
                **({} if one.live is ABSENT else {"live": value_data(one.live)}),
                "sensitive": one.sensitive,
            }
            for one in edit.fields
        ],
        "edited_by": None if live is None else live.edited_by,
        "edited_at": None if live is None else live.edited_at,
        "settled_in": edit.base.revision,
        "class": None if edit.change is None else edit.change.klass.value,
        "apply": None if edit.change is None else explain_change(edit.change),
    }
