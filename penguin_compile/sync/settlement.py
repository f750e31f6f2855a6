"""From the three values of one resource to one change: fields, class, action, ledger entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from penguin_compile.core.canonical import digest_text
from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.model.address import Address
from penguin_compile.model.plan import ABSENT, Action, Change, ChangeClass, FieldChange
from penguin_compile.model.record import VALUE, Base, Desired, Live, SecretState
from penguin_compile.model.setting import Manage, Unparsed, canonical_value, stored_text
from penguin_compile.sync.comparison import Decision, Verdict, compare_value, same, worst
from penguin_compile.sync.edits import DELETED, find_edits, mark_edits

CONFIG = "config"
_PRUNE = "needs --prune"
_SHOWN = "sensitive → not: its value would stand in clear; needs --use-spec"
_WRITING = frozenset((Action.CREATE, Action.UPDATE, Action.REPLACE))
_GATEWAY_RULE = Manage.MERGE  # with equal values: a delete needs --prune alone, edited or not


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One address, seen from its three sides; at least one of them is there.

    `locate` turns a pointer into `file:line:column`.
    """

    address: Address
    base: Base | None
    live: Live | None
    desired: Desired | None
    decision: Decision | None = None
    prune: bool = False
    deletable: bool = True
    locate: Callable[[Pointer], str] | None = None


def settle(resource: Resource) -> Change:
    """What becomes of one resource."""
    if resource.desired is None:
        return _settle_gone(resource)
    if resource.live is not None and resource.live.owner is not None:
        return _settle_foreign(resource, resource.live.owner)
    if resource.address.kind == CONFIG:
        return _settle_setting(resource, resource.desired)
    return _settle_object(resource, resource.desired)


def _settle_gone(resource: Resource) -> Change:
    """The spec has it no longer, or never had it."""
    base, live = resource.base, resource.live
    if base is None:
        return _change(resource, ChangeClass.UNMANAGED, Action.NONE, (), ledger=None)
    if resource.address.kind == CONFIG:
        manage, settled, there = base.manage, settled_value(base, live), _value(_fields(live))
        if settled is ABSENT:  # a row whose value was never ours: nothing of it to delete
            klass = ChangeClass.FORGET if live is None else ChangeClass.RELEASE
            return _change(resource, klass, Action.NONE, (), ledger=None)
    else:
        manage, settled, there = _GATEWAY_RULE, True, ABSENT if live is None else True
    verdict = compare_value(
        manage, settled, there, ABSENT, decision=resource.decision, prune=resource.prune
    )
    action, reason = verdict.action, ""
    if action is Action.DELETE and not resource.deletable:
        action, reason = Action.NONE, "this server can't delete it"
    elif verdict.klass is ChangeClass.DELETE and action is Action.NONE:
        edited = not same(settled, there)
        reason = f"edited live; {_PRUNE} --use-spec {resource.address}" if edited else _PRUNE
    keep = verdict.klass is ChangeClass.DELETE and action is Action.NONE
    fields = tuple(
        _field(path, base.fields.get(path, ABSENT), _fields(live).get(path, ABSENT), ABSENT)
        for path in sorted({*base.fields, *_fields(live)})
        if live is not None and verdict.klass is ChangeClass.DELETE
    )
    ledger = dict(base.fields) if keep else None
    return _change(resource, verdict.klass, action, fields, ledger=ledger, reason=reason)


def _settle_foreign(resource: Resource, owner: str) -> Change:
    """A resource of our name that belongs to somebody else."""
    desired = resource.desired
    if desired is not None and resource.decision is Decision.USE_SPEC:
        return _settle_object(resource, desired)
    return _conflict(resource, (), f"owned by {owner}")


def _settle_setting(resource: Resource, desired: Desired) -> Change:
    """A row of the config table: `manage` governs the value, the rest follows the spec."""
    base, live = resource.base, resource.live
    wanted = _value(desired.fields)
    if wanted is ABSENT:
        return _settle_valueless(resource, desired)
    there = _value(_fields(live))
    settled = ABSENT if base is None else settled_value(base, live, desired)
    verdict = compare_value(
        desired.manage,
        settled,
        there,
        wanted,
        decision=resource.decision,
        mode_changed=base is not None and base.manage is not desired.manage,
    )
    verdict, reason = _check_edit(resource, desired, verdict)
    value = _field(VALUE, settled, there, wanted)
    if verdict.action is Action.CREATE:
        fields = (value, *(_field(path, ABSENT, ABSENT, one) for path, one in _rest(desired)))
        writes = dict(desired.fields)
        return _change(resource, verdict.klass, Action.CREATE, fields, ledger=writes, writes=writes)
    if verdict.klass is ChangeClass.CONFLICT:
        return _conflict(resource, (value,), reason)
    if live is None or verdict.ledger is ABSENT:
        ledger = _after(base, desired, verdict)
        return _change(resource, verdict.klass, Action.NONE, (value,), ledger=ledger, reason=reason)
    writes = {path: one for path, one in _rest(desired) if not same(_fields(live).get(path), one)}
    described = tuple(
        _field(path, _base_field(base, path), _fields(live).get(path, ABSENT), one)
        for path, one in writes.items()
    )
    if verdict.action is Action.UPDATE:
        writes = {VALUE: wanted, **writes}
    klass = worst([verdict.klass, *([ChangeClass.UPDATE] if writes else [])])
    action = Action.UPDATE if writes else Action.NONE
    ledger = _remember(base, desired, _stored_base(verdict.ledger, there))
    return _change(
        resource, klass, action, (value, *described), ledger=ledger, writes=writes, reason=reason
    )


def _check_edit(resource: Resource, desired: Desired, verdict: Verdict) -> tuple[Verdict, str]:
    """Where following the spec would break a kept edit, a person decides."""
    live = resource.live
    if _would_show(resource, desired):
        return replace(verdict, klass=ChangeClass.CONFLICT, action=Action.NONE), _SHOWN
    if live is None or resource.decision is not None:
        return verdict, _reason(verdict, desired)
    kept = verdict.klass in {ChangeClass.OVERRIDE_KEPT, ChangeClass.LEFT}
    retyped = live.fields.get("type") not in {None, desired.fields.get("type")}
    if kept and retyped and isinstance(live.fields.get(VALUE), Unparsed):
        reason = f"the live value doesn't fit the new type {desired.fields.get('type')}"
        return replace(verdict, klass=ChangeClass.CONFLICT, action=Action.NONE), reason
    return verdict, _reason(verdict, desired)


def _would_show(resource: Resource, desired: Desired) -> bool:
    """Whether a secret would stand in clear, which only --use-spec may decide."""
    was = resource.live is not None and resource.live.fields.get("sensitive") is True
    shown = was and desired.fields.get("sensitive") is False
    return shown and resource.decision is not Decision.USE_SPEC


def _reason(verdict: Verdict, desired: Desired) -> str:
    if verdict.klass is ChangeClass.LEFT:
        return f"manage: {desired.manage}, the value is the admin's"
    return ""


def _settle_valueless(resource: Resource, desired: Desired) -> Change:
    """A key without a value in the spec: its value is never written nor deleted."""
    base, live = resource.base, resource.live
    if live is None:
        ledger = None if base is None else base.fields
        return _change(resource, ChangeClass.UNCHANGED, Action.NONE, (), ledger=ledger)
    if _would_show(resource, desired):
        return _conflict(resource, (), _SHOWN)
    rest = dict(_rest(desired))
    writes = {path: one for path, one in rest.items() if not same(live.fields.get(path), one)}
    fields = tuple(
        _field(path, _base_field(base, path), live.fields.get(path, ABSENT), one)
        for path, one in writes.items()
    )
    first = ChangeClass.ADOPT if base is None else ChangeClass.UNCHANGED
    klass = ChangeClass.UPDATE if writes else first
    action = Action.UPDATE if writes else Action.NONE
    # What was settled of the value stays known: a secret that one run doesn't resolve, say.
    settled = ABSENT if base is None else settled_value(base, live, desired)
    ledger = rest if settled is ABSENT else _remember(base, desired, settled)
    return _change(resource, klass, action, fields, ledger=ledger, writes=writes)


def _settle_object(resource: Resource, desired: Desired) -> Change:
    """A service or mapping of the gateway: per field, the spec's."""
    base, live = resource.base, resource.live
    everything = dict(desired.fields)
    if live is None:
        klass = ChangeClass.CREATE if base is None else ChangeClass.RECREATE
        fields = tuple(_field(path, ABSENT, ABSENT, one) for path, one in everything.items())
        return _change(resource, klass, Action.CREATE, fields, ledger=everything, writes=everything)
    writes: dict[str, Any] = {}
    changed: list[FieldChange] = []
    classes = [ChangeClass.ADOPT if base is None else ChangeClass.UNCHANGED]
    for path, wanted in everything.items():
        there, settled = live.fields.get(path, ABSENT), _base_field(base, path)
        if same(there, wanted):
            continue
        edited = settled is not ABSENT and not same(there, settled)
        classes.append(ChangeClass.RESTORE if edited else ChangeClass.UPDATE)
        changed.append(_field(path, settled, there, wanted))
        writes[path] = wanted
    if live.fixed:
        return _replace(resource, live, everything)
    reason = ""
    if live.owner is not None and not writes:  # its fields are ours already, its place is not
        writes, reason = everything, f"taken over: owned by {live.owner}"
        classes.append(ChangeClass.UPDATE)
    if writes and resource.decision is Decision.KEEP_LIVE:
        ledger = None if base is None else dict(base.fields)
        klass = ChangeClass.OVERRIDE_KEPT
        return _change(resource, klass, Action.NONE, tuple(changed), ledger=ledger)
    action = Action.UPDATE if writes else Action.NONE
    return _change(
        resource,
        worst(classes),
        action,
        tuple(changed),
        ledger=everything,
        writes=writes,
        reason=reason,
    )


def settled_value(base: Base, live: Live | None, desired: Desired | None = None) -> Any:
    """BASE as LIVE is read now: by its present type, and as a secret where the row is one.

    Else a row that nobody touched would pass for edited as soon as the spec changes its type.
    """
    settled, there = base.fields.get(VALUE, ABSENT), _value(_fields(live))
    if settled is ABSENT or isinstance(settled, SecretState):
        return settled
    before = base.fields.get("type") or _type_of(settled)
    if isinstance(there, SecretState):
        stored = digest_text(stored_text(before, settled))
        # A mark that is no secret's fingerprint: what stood in clear is not the secret.
        return there if there.stored == stored else SecretState(fingerprint=stored, stored=stored)
    now = None if live is None else live.read_as
    now = now or (None if desired is None else desired.fields.get("type")) or before
    return settled if now == before else canonical_value(now, stored_text(before, settled))


def _type_of(value: Any) -> str:
    """The type of a value whose table has no column for it."""
    if isinstance(value, str):
        return "string"
    return {bool: "boolean", int: "integer"}.get(type(value), "json")


def _conflict(resource: Resource, fields: tuple[FieldChange, ...], reason: str) -> Change:
    """Nothing is written and nothing settled: the ledger's entry stays in all its parts."""
    base = resource.base
    ledger = None if base is None else base.fields
    change = _change(
        resource, ChangeClass.CONFLICT, Action.NONE, fields, ledger=ledger, reason=reason
    )
    return replace(change, ledger_changes=False, kept=None if base is None else base.kept)


def _replace(resource: Resource, live: Live, everything: Mapping[str, Any]) -> Change:
    """Something that no update can change: all of it goes, and comes back as the spec says."""
    fixed = [_field(path, ABSENT, there, wanted) for path, (there, wanted) in live.fixed.items()]
    fields = [
        _field(path, _base_field(resource.base, path), live.fields.get(path, ABSENT), wanted)
        for path, wanted in everything.items()
        if not same(live.fields.get(path, ABSENT), wanted)
    ]
    return _change(
        resource,
        ChangeClass.REPLACE,
        Action.REPLACE,
        (*fixed, *fields),
        ledger=everything,
        writes={**everything, **{path: wanted for path, (_, wanted) in live.fixed.items()}},
        reason=f"{', '.join(live.fixed)} can't be changed in place: deleted and created anew",
    )


def _change(
    resource: Resource,
    klass: ChangeClass,
    action: Action,
    fields: tuple[FieldChange, ...],
    *,
    ledger: Mapping[str, Any] | None,
    writes: Mapping[str, Any] | None = None,
    reason: str = "",
) -> Change:
    base, live, desired = resource.base, resource.live, resource.desired
    protected = desired.protected if desired is not None else base is not None and base.protected
    manage = desired.manage if desired is not None else base.manage if base else Manage.MERGE
    kept = None if ledger is None else _keep(resource, action, ledger, writes or {})
    return Change(
        address=resource.address,
        klass=klass,
        action=action,
        fields=fields,
        writes=writes if action in _WRITING else None,
        ledger=ledger,
        ledger_changes=_ledger_changes(base, ledger, manage, kept, protected=protected),
        manage=manage.value,
        protected=protected,
        reason=reason,
        origin=None if desired is None else _origin(resource, desired),
        precondition=None if live is None else live.digest,
        ledger_revision=None if base is None else base.revision,
        kept=kept,
        edited_by=None if live is None else live.edited_by,
        edited_at=None if live is None else live.edited_at,
    )


def _origin(resource: Resource, desired: Desired) -> str | None:
    return None if resource.locate is None else resource.locate(desired.pointer)


def _keep(
    resource: Resource, action: Action, ledger: Mapping[str, Any], writes: Mapping[str, Any]
) -> str | None:
    """The mark of the edit that a person keeps, now or before; None once it is gone or another."""
    base, live = resource.base, resource.live
    before = None if base is None else base.kept
    decided = resource.decision is Decision.KEEP_LIVE
    if (before is None and not decided) or action in {Action.CREATE, Action.REPLACE, Action.DELETE}:
        return None
    if live is None:
        return DELETED if decided or before == DELETED else None
    left = mark_edits(find_edits(ledger, live, writes))
    known = base is not None and before == mark_edits(find_edits(base.fields, live))
    return left if decided or known else None


def _ledger_changes(
    base: Base | None,
    ledger: Mapping[str, Any] | None,
    manage: Manage,
    kept: str | None,
    *,
    protected: bool,
) -> bool:
    if base is None or ledger is None:
        return (base is None) is not (ledger is None)
    if (base.manage, base.protected, base.kept) != (manage, protected, kept):
        return True
    return base.fields.keys() != ledger.keys() or not all(
        same(base.fields[path], value) for path, value in ledger.items()
    )


def _after(base: Base | None, desired: Desired, verdict: Verdict) -> Mapping[str, Any] | None:
    """The entry where no row of ours is live: as it was, or what was settled now."""
    if verdict.ledger is ABSENT or verdict.klass is ChangeClass.LEFT:
        return None if base is None else base.fields
    return _remember(base, desired, verdict.ledger)


def _remember(base: Base | None, desired: Desired, value: Any) -> dict[str, Any]:
    """An entry; a settled value that the present type can't read keeps the type it has."""
    fields = {**dict(_rest(desired)), VALUE: value}
    if isinstance(value, Unparsed) and base is not None:
        fields[VALUE] = base.fields[VALUE]
        fields |= {path: one for path, one in base.fields.items() if path == "type"}
    return fields


def _stored_base(settled: Any, live: Any) -> Any:
    """A secret that was found equal is remembered by the text that is stored."""
    if isinstance(settled, SecretState) and isinstance(live, SecretState) and same(settled, live):
        return SecretState(
            fingerprint=settled.fingerprint or live.fingerprint,
            stored=live.stored or settled.stored,
        )
    return settled


def _field(path: str, base: Any, live: Any, desired: Any) -> FieldChange:
    secret = (
        isinstance(base, SecretState)
        or isinstance(live, SecretState)
        or isinstance(desired, SecretState)
    )
    return FieldChange(path=path, base=base, live=live, desired=desired, sensitive=secret)


def _rest(desired: Desired) -> list[tuple[str, Any]]:
    return [(path, one) for path, one in desired.fields.items() if path != VALUE]


def _fields(live: Live | None) -> Mapping[str, Any]:
    return {} if live is None else live.fields


def _value(fields: Mapping[str, Any]) -> Any:
    return fields.get(VALUE, ABSENT)


def _base_field(base: Base | None, path: str) -> Any:
    return ABSENT if base is None else base.fields.get(path, ABSENT)
