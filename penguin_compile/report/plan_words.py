"""A plan in words: what becomes of a change, a value in a few characters, the plan's one sentence.

Under the renderers of plans; plain text without control characters, which each of them escapes in
its own way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final

from penguin_compile.model.plan import ABSENT, Action, ChangeClass
from penguin_compile.model.record import VALUE, SecretState
from penguin_compile.report.plan_view import ChangeView, FieldView, Hidden, RevisionView
from penguin_compile.report.printable import printable

SHORT: Final = 60  # characters of a value in a line of text
_SIGNS: Final = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "±", Action.DELETE: "-"}
_FIXED: Final = {
    ChangeClass.RELEASE: "released: the ledger forgets it, live stays",
    ChangeClass.FORGET: "gone on both sides: the ledger forgets it",
    ChangeClass.UNMANAGED: "unmanaged",
}


def sign(change: ChangeView) -> str:
    """`+`, `~`, `-`, `±` for a replacement, `!` for what must be decided, `=` for what stays."""
    if change.klass is ChangeClass.CONFLICT:
        return "!"
    if change.action is Action.NONE:
        return "-" if change.klass is ChangeClass.DELETE else "="
    return _SIGNS[change.action]


def details(change: ChangeView, longest: int = SHORT) -> Iterator[str]:
    """What happens, in a few words for each field; and what the running app sees instead."""
    yield from _details(change, longest)
    if change.sees is not None:
        sees = change.sees
        seen = "" if sees.value is ABSENT else f" {show(sees.value, longest)}"
        yield f"the app sees{seen}: {printable(sees.why)}"


def _details(change: ChangeView, longest: int) -> Iterator[str]:
    value = change.value
    match change.klass:
        case ChangeClass.CONFLICT:
            yield from _conflict(change, value, longest)
        case ChangeClass.OVERRIDE_KEPT:
            yield _kept(change, value, longest)
        case ChangeClass.LEFT:
            live = _live(change, value, longest)
            yield f"left: {live}{printable(change.reason)}"
        case ChangeClass.DELETED_OUTSIDE:
            yield f"deleted live{edited(change)}, kept so"
        case ChangeClass.DELETE:
            yield f"({printable(change.reason)})" if change.reason else "delete"
        case ChangeClass.REPLACE:
            yield from (f"replace: {printable(change.reason)}", *_updated(change, longest))
        case _ if change.klass in _FIXED:
            yield _FIXED[change.klass]
        case _ if change.action is Action.CREATE:
            again = " (deleted live)" if change.klass is ChangeClass.RECREATE else ""
            yield (_created(change, value, longest) + again).strip()
        case _:
            yield from _updated(change, longest)


def _conflict(change: ChangeView, value: FieldView | None, longest: int) -> Iterator[str]:
    if value is None or change.reason:
        yield f"conflict: {printable(change.reason)}"
        return
    sides = (("was", value.base), ("live", value.live), ("spec", value.desired))
    texts = [f"{name} {show(one, longest)}" for name, one in sides if one is not ABSENT]
    if value.live is ABSENT:
        texts.insert(1, "deleted live")
    else:
        texts[-2] += edited(change)
    yield f"conflict: {', '.join(texts)}"


def _kept(change: ChangeView, value: FieldView | None, longest: int) -> str:
    if value is None:
        return f"live edits kept: {', '.join(printable(one.path) for one in change.fields)}"
    moved = "unchanged" if value.base == value.desired else "set aside"
    who = printable(change.edited_by or "live edit")
    live, desired = show_pair(value.live, value.desired, longest)
    return f"live {live} kept ({who}; spec {desired} {moved})"


def _live(change: ChangeView, value: FieldView | None, longest: int) -> str:
    if value is None or value.live is ABSENT:
        return "deleted live; "
    live, desired = show_pair(value.live, value.desired, longest)
    return f"live {live}{edited(change)}, spec {desired}; "


def edited(change: ChangeView) -> str:
    """` (admin@example.com, 2026-11-20)`: who wrote the live value last; empty where we did."""
    if not change.edited_by:
        return ""
    day = f", {printable(change.edited_at[:10])}" if change.edited_at else ""
    return f" ({printable(change.edited_by)}{day})"


def _created(change: ChangeView, value: FieldView | None, longest: int) -> str:
    if value is not None:
        return show(value.desired, longest)
    fields = {one.path: one.desired for one in change.fields}
    text = ""
    if change.kind == "service":
        where = f"{fields.get('protocol')}://{fields.get('ip_fqdn')}:{fields.get('port')}"
        text = f"{where} auth {fields.get('auth_type')}"
    elif change.kind == "mapping":
        sources = ", ".join(map(str, fields.get("source_services") or ()))
        targets = ", ".join(map(str, fields.get("dest_services") or ()))
        text = f"{sources} → {targets} {fields.get('path_prefix') or ''}".rstrip()
    return printable(text)


def _updated(change: ChangeView, longest: int) -> Iterator[str]:
    if change.reason and not change.fields:
        yield printable(change.reason)
    for one in change.fields:
        if one.written:
            name = "" if one.path == VALUE else f"{printable(one.path)} "
            note = " (edited live)" if was_edited(one) else ""
            live, desired = show_pair(one.live, one.desired, longest)
            yield f"{name}{live} → {desired}{note}"
        elif one.path == VALUE and _stays_another(one):
            yield _kept(change, one, longest)


def _stays_another(field: FieldView) -> bool:
    """Whether the live value stays and is not the spec's; of a secret, as far as that is known."""
    if not field.sensitive:
        return bool(field.live != field.desired)
    prints = [getattr(one, "fingerprint", None) for one in (field.base, field.live)]
    return all(prints) and prints[0] != prints[1]


def was_edited(field: FieldView) -> bool:
    """Whether what is live is not what was settled."""
    return field.base is not ABSENT and field.live != field.base and not field.sensitive


def show(value: Any, longest: int = SHORT) -> str:
    """A value in a few characters; secrets have no text but whether they are known."""
    if isinstance(value, SecretState):
        known = "at apply" if value.fingerprint is None and value.stored is None else None
        return show(Hidden(fingerprint=value.fingerprint, known=known))
    if isinstance(value, Hidden):
        return _show_hidden(value)
    return _fit(_json(value), longest)


def _show_hidden(value: Hidden) -> str:
    if value.fingerprint:
        return f"secret {printable(value.fingerprint[:8])}"
    return f"(secret, known {value.known})" if value.known == "at apply" else "(secret)"


def value_text(value: Any) -> str:
    """A value as JSON on one line, every deceiving character escaped."""
    return printable(_json(value))


def _json(value: Any) -> str:
    return "(none)" if value is ABSENT else json.dumps(value, ensure_ascii=False)


def show_pair(old: Any, new: Any, longest: int = SHORT) -> tuple[str, str]:
    """Two values side by side: long ones so that the place where they differ can be seen."""
    if any(isinstance(one, Hidden | SecretState) for one in (old, new)):
        return show(old, longest), show(new, longest)
    texts = (_json(old), _json(new))
    if max(map(len, texts)) > longest:
        pairs = zip(*texts, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if same > longest // 2:
            start = same - longest // 4
            texts = (f"{texts[0][:8]}…{texts[0][start:]}", f"{texts[1][:8]}…{texts[1][start:]}")
    return _fit(texts[0], longest), _fit(texts[1], longest)


def _fit(text: str, longest: int) -> str:
    """Cut before it is escaped, which is slow, and after, because that makes it longer."""
    return shorten(printable(shorten(text, longest)), longest)


def shorten(text: str, longest: int) -> str:
    """A text that is too long, without its middle."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[len(text) - tail :]}"


def summary_parts(summary: Mapping[str, int]) -> list[str]:
    """`1 to create, 2 to update, 0 to delete`, `1 live edit kept`, `212 unchanged`."""
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
    return parts


def description_note(summary: Mapping[str, int]) -> str:
    """That updates are of descriptions alone; empty where none is."""
    quiet = summary["description_only"]
    return f"{quiet} of the updates the running app does not see (description only)." * bool(quiet)


def revision_words(revision: RevisionView) -> Iterator[tuple[str, str]]:
    """What is known of a revision, each with its name."""
    note = f" ({revision.note})" if revision.note else ""
    yield "revision", printable(f"{revision.number}{note}, {revision.status}")
    yield "by", printable(revision.actor)
    ended = f" to {show_time(revision.finished_at)}" if revision.finished_at else ""
    yield "when", show_time(revision.started_at) + ended
    if revision.git_commit:
        yield "commit", printable(revision.git_commit)
    yield "tool", printable(f"penguin-compile {revision.tool_version}")


def show_time(text: str) -> str:
    """`2026-11-20 09:30:12 UTC`, of an ISO time as we write it."""
    zone = " UTC" if text.endswith(("+00:00", "Z")) else ""
    return printable(text[:19].replace("T", " ") + zone)
