"""A plan as JSON: what reviewers read, and what `apply PLAN` holds itself to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from penguin_compile.core.canonical import canonical_json
from penguin_compile.core.errors import FileFailure, StalePlan
from penguin_compile.core.records import dataclass
from penguin_compile.model.plan import (
    ABSENT,
    FORMAT,
    Action,
    Change,
    ChangeClass,
    FieldChange,
    Plan,
    Sight,
)
from penguin_compile.model.record import SecretState
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.plan_check import find_problem

_HINT = "make a new plan: penguin-compile plan --env NAME --out plan.json"
_REVIEWED = ("writes", "reason", "manage", "protected")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What a plan file promises: these addresses in this state, from this spec, so decided.

    `preconditions` maps an address to the digest of LIVE (None: nothing there) and the ledger's
    revision that the plan saw; `actions` to what it announced; `shown` to the values that a
    reviewer saw, secrets apart.
    """

    spec: str
    app: str
    environment: str
    spec_digest: str
    decisions: Decisions
    preconditions: Mapping[str, tuple[str | None, int | None]]
    actions: Mapping[str, str]
    shown: Mapping[str, str]


def summarise(plan: Plan) -> dict[str, int]:
    """How many changes of each kind; `visible` are those that the running app sees."""
    actions = Counter(change.action for change in plan.changes)
    classes = Counter(change.klass for change in plan.changes)
    writes = [one for one in plan.changes if one.action is not Action.NONE]
    kept = (ChangeClass.OVERRIDE_KEPT, ChangeClass.DELETED_OUTSIDE, ChangeClass.LEFT)
    return {
        # What is replaced is deleted and created, and a reviewer has to count it as both.
        "create": actions[Action.CREATE] + actions[Action.REPLACE],
        "update": actions[Action.UPDATE],
        "delete": actions[Action.DELETE] + actions[Action.REPLACE],
        "conflicts": classes[ChangeClass.CONFLICT],
        "kept": sum(classes[one] for one in kept),
        "adopted": classes[ChangeClass.ADOPT],
        "unchanged": classes[ChangeClass.UNCHANGED]
        + classes[ChangeClass.CONVERGED]
        + sum(plan.unchanged.values()),
        "unmanaged": classes[ChangeClass.UNMANAGED],
        "waiting": sum(_is_waiting(one) for one in plan.changes),
        "description_only": sum(_is_description(one) for one in writes),
    }


def _is_waiting(change: Change) -> bool:
    return change.klass is ChangeClass.DELETE and change.action is Action.NONE


def _is_description(change: Change) -> bool:
    """An update that the running app doesn't see."""
    if change.action is not Action.UPDATE or change.writes is None:
        return False
    return change.address.kind == "config" and not {"value", "type"} & change.writes.keys()


def plan_data(plan: Plan, spec: str, decisions: Decisions) -> dict[str, Any]:
    """The plan as JSON has it (sync.md, Plan); secrets as fingerprints."""
    head = plan_head(plan, spec, decisions)
    last = {name: head.pop(name) for name in ("refusals", "notices", "findings")}
    return {**head, "changes": [change_data(one) for one in plan.changes], **last}


def plan_head(plan: Plan, spec: str, decisions: Decisions) -> dict[str, Any]:
    """All of it but the changes."""
    return {
        "format": FORMAT,
        "tool_version": plan.tool_version,
        "app": plan.app,
        "environment": plan.environment,
        "protected": plan.protected,
        "spec": spec,
        "spec_digest": plan.spec_digest,
        "created_at": plan.created_at,
        "targets": list(plan.targets),
        "decisions": {key: _plain(value) for key, value in asdict(decisions).items()},
        "summary": summarise(plan),
        "refusals": list(plan.refusals),
        "notices": list(plan.notices),
        "findings": [dict(one) for one in plan.findings],
    }


def write_json(data: Any) -> str:
    """JSON for people; half a surrogate pair, which UTF-8 can't hold, as its escape."""
    import orjson

    try:
        return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n"
    except TypeError:  # such a half, or an integer of more than 64 bits
        text = json.dumps(data, indent=2, ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace").decode() + "\n"


def write_compact(data: Any) -> bytes:
    """The same JSON without a space."""
    import orjson

    try:
        return orjson.dumps(data)
    except TypeError:
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "backslashreplace")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def change_data(change: Change) -> dict[str, Any]:
    """One change as JSON has it."""
    return {
        "address": str(change.address),
        "class": change.klass.value,
        "action": change.action.value,
        "fields": [_field_data(one) for one in change.fields],
        "writes": list(change.writes or ()),
        "reason": change.reason,
        "origin": change.origin,
        "manage": change.manage,
        "protected": change.protected,
        "edited_by": change.edited_by,
        "edited_at": change.edited_at,
        "precondition": change.precondition,
        "ledger_revision": change.ledger_revision,
        **({} if change.sees is None else {"sees": sight_data(change.sees)}),
    }


def _field_data(field: FieldChange) -> dict[str, Any]:
    data: dict[str, Any] = {"path": field.path}
    # One by one: a first plan has half a million of them.
    if field.base is not ABSENT:
        data["base"] = _secret_data(field.base) if field.sensitive else field.base
    if field.live is not ABSENT:
        data["live"] = _secret_data(field.live) if field.sensitive else field.live
    if field.desired is not ABSENT:
        data["desired"] = _secret_data(field.desired) if field.sensitive else field.desired
    data["sensitive"] = field.sensitive
    return data


def _secret_data(value: Any) -> Any:
    """A side of a sensitive field; what the spec says in clear, before or after, isn't shown."""
    if isinstance(value, SecretState):
        return value_data(value)
    return {"fingerprint": None, "known": "in the spec"}


def sight_data(sight: Sight) -> dict[str, Any]:
    """What the running app sees: no `value` where only the deployment knows it."""
    shown = {} if sight.value is ABSENT else {"value": value_data(sight.value)}
    return {**shown, "from": sight.origin.value, "why": sight.why}


def value_data(value: Any) -> Any:
    """A field's value as JSON; a secret as its fingerprint, or as known at apply."""
    if isinstance(value, SecretState):
        if value.fingerprint is None and value.stored is None:
            return {"fingerprint": None, "known": "at apply"}
        return {"fingerprint": value.fingerprint}
    return value


def read_plan(path: Path) -> SavedPlan:
    """A plan file; FileFailure where it is none, StalePlan where its format is another."""
    return _saved(read_plan_data(path))


def read_plan_data(path: Path) -> Mapping[str, Any]:
    """A plan file's JSON, checked; raises what `read_plan` raises."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileFailure(f"can't read the plan {path}: {error.strerror}", hint=_HINT) from None
    except UnicodeDecodeError as error:
        raise FileFailure(f"{path} is no plan file: {error}", hint=_HINT) from None
    return parse_plan(text, str(path))


def parse_plan(text: str, name: str) -> Mapping[str, Any]:
    """A plan's JSON as it is, once its format, its schema and its own counts are right."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFailure(f"{name} is no plan file: {error}", hint=_HINT) from None
    if not isinstance(data, dict) or "changes" not in data or "spec_digest" not in data:
        raise FileFailure(f"{name} is no plan file", hint=_HINT)
    if data.get("format") != FORMAT:
        found = data.get("format")
        raise StalePlan(f"{name} has plan format {found}, this tool reads {FORMAT}", hint=_HINT)
    problem = find_problem(data)
    if problem is not None:
        raise FileFailure(f"{name} is not as plan wrote it: {problem}", hint=_HINT)
    return data


def _saved(data: Mapping[str, Any]) -> SavedPlan:
    decisions: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in data["decisions"].items()
    }
    changes = data["changes"]
    return SavedPlan(
        spec=data["spec"],
        app=data["app"],
        environment=data["environment"],
        spec_digest=data["spec_digest"],
        decisions=Decisions(**decisions),
        preconditions={
            one["address"]: (one["precondition"], one["ledger_revision"]) for one in changes
        },
        actions={one["address"]: f"{one['class']}/{one['action']}" for one in changes},
        shown={one["address"]: _shown(one) for one in changes},
    )


def _shown(change: Mapping[str, Any]) -> str:
    """What a reviewer saw of a change and apply has a part in.

    Of secrets only that there are any: before the first apply there is no salt yet, and every plan
    has fingerprints of its own.
    """
    fields = [
        {"path": one["path"], "sensitive": True} if one["sensitive"] else one
        for one in change["fields"]
    ]
    return canonical_json([fields, *(change[name] for name in _REVIEWED)])


def hold_to(saved: SavedPlan, plan: Plan) -> Plan:
    """The new plan cut to the saved one's addresses; StalePlan names everything that moved."""
    if (saved.app, saved.environment) != (plan.app, plan.environment):
        message = f"the plan is for {saved.app} in {saved.environment}"
        raise StalePlan(f"{message}, this is {plan.app} in {plan.environment}", hint=_HINT)
    if saved.spec_digest != plan.spec_digest:
        raise StalePlan("the spec has changed since the plan was made", hint=_HINT)
    now = {str(one.address): one for one in plan.changes}
    moved = [
        address
        for address, seen in saved.preconditions.items()
        if address not in now
        or seen != (now[address].precondition, now[address].ledger_revision)
        or saved.actions[address] != f"{now[address].klass}/{now[address].action}"
        or saved.shown[address] != _shown(change_data(now[address]))
    ]
    moved = [one for one in moved if saved.actions[one] != f"{ChangeClass.UNMANAGED}/none"]
    if moved:
        listed = ", ".join(moved[:10]) + (f" and {len(moved) - 10} more" if moved[10:] else "")
        raise StalePlan(f"changed since the plan was made: {listed}", hint=_HINT)
    kept = tuple(one for address, one in now.items() if address in saved.preconditions)
    return replace(plan, changes=kept)
