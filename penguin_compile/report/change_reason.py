"""What apply would do with one address, and why: the rows of sync.md's table in words.

Beside the plan's renderers; `why` and `drift` say it of one address at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.model.plan import ABSENT, Action, Change, ChangeClass, FieldChange
from penguin_compile.model.record import VALUE
from penguin_compile.sync.comparison import same

_CONFIG = "config"
_ALWAYS = {
    ChangeClass.CREATE: "creates it: the spec has it, and it is not there",
    ChangeClass.ADOPT: "writes nothing and takes it over: it is there as the spec says",
    ChangeClass.UNCHANGED: "does nothing: it is live as it was settled and as the spec says",
    ChangeClass.CONVERGED: "writes nothing and remembers it: live was changed to what the spec "
    "says now",
    ChangeClass.DELETED_OUTSIDE: "leaves it deleted: it was deleted live, and the spec has not "
    "changed since",
    ChangeClass.RELEASE: "forgets it and leaves it live: the spec has it no longer",
    ChangeClass.FORGET: "forgets it: neither the spec nor the live system has it any more",
    ChangeClass.UNMANAGED: "does nothing: neither the spec nor the ledger knows it",
}


def explain_change(change: Change) -> str:  # noqa: PLR0911 - a return for each class
    """`keeps the live value: it was edited live, and the spec has not changed since`."""
    value = next((one for one in change.fields if one.path == VALUE), None)
    fixed = _ALWAYS.get(change.klass)
    if fixed is not None:
        return fixed
    match change.klass:
        case ChangeClass.CONFLICT:
            return f"stops before its first write (exit 3): {_conflict(change, value)}"
        case ChangeClass.OVERRIDE_KEPT:
            return _kept(value)
        case ChangeClass.LEFT:
            return _left(value)
        case ChangeClass.DELETE:
            return _deleted(change)
        case ChangeClass.REPLACE:
            return f"deletes it and creates it anew, as --use-spec said: {change.reason}"
        case ChangeClass.RECREATE:
            return f"creates it again: it was deleted live, and {_owner(change)}"
        case ChangeClass.RESTORE:
            return f"puts back what the spec says: it was edited live, and {_owner(change)}"
        case _:
            return "; ".join(_updated(change, value))


def _conflict(change: Change, value: FieldChange | None) -> str:
    if change.reason or value is None:
        return change.reason or "a person has to decide"
    if value.base is ABSENT:
        return "another value was there before the first apply, and manage is enforce"
    if value.live is ABSENT:
        return "it was deleted live, and the spec has changed since"
    if same(value.base, value.desired):
        return "it was edited live under another `manage` than the spec has now"
    return "live and spec have both changed since it was settled, each in its own way"


def _kept(value: FieldChange | None) -> str:
    if value is None:
        return "keeps what is live, as it was told to with --keep-live"
    if value.base is ABSENT:
        return "keeps the live value: it was there before the first apply"
    if same(value.base, value.desired):
        return "keeps the live value: it was edited live, and the spec has not changed since"
    return "keeps the live value, as it was told to with --keep-live"


def _left(value: FieldChange | None) -> str:
    if value is not None and value.live is ABSENT:
        return "leaves it deleted: manage is seed, so the key is the admin's once it was written"
    if value is not None and value.base is ABSENT:
        return "leaves the live value: manage is seed, and one was there before the first apply"
    return "leaves the live value: manage is seed, so it is the admin's once it was written"


def _deleted(change: Change) -> str:
    if change.action is Action.DELETE:
        return "deletes it: the spec has it no longer"
    return f"does not delete it yet, though the spec has it no longer: {change.reason}"


def _owner(change: Change) -> str:
    if change.address.kind == _CONFIG:
        return "manage is enforce" if change.manage == "enforce" else "--use-spec said so"
    return f"what the spec states of a {change.address.kind} is the spec's"


def _updated(change: Change, value: FieldChange | None) -> Iterator[str]:
    written = sorted(change.writes or {})
    rest = [path for path in written if path != VALUE]
    if VALUE in written:
        yield "writes the spec's value: nobody edited it live, and the spec has changed"
    elif value is not None and not same(value.live, value.desired):
        yield "keeps the live value"
    if rest and change.address.kind == _CONFIG:
        yield f"writes {', '.join(rest)}: that always follows the spec"
    elif rest:
        yield f"writes {', '.join(rest)}: the spec says so, and nobody edited it live"
