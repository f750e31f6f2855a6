"""A plan as JSON: what reviewers read, and what `apply PLAN` holds itself to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from penguin_compile.core.errors import FileFailure, StalePlan
from penguin_compile.model.plan import ABSENT, FORMAT, Action, Change, ChangeClass, Plan, Sight
from penguin_compile.model.record import SecretState
from penguin_compile.sync.decisions import Decisions

_HINT = "make a new plan: penguin-compile plan --env NAME --out plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What a plan file promises: these addresses in this state, from this spec, so decided.

    `preconditions` maps an address to the digest of LIVE (None: nothing there) and the ledger's
    revision that the plan saw; `actions` to what it announced.
    """

    spec: str
    app: str
    environment: str
    spec_digest: str
    decisions: Decisions
    preconditions: Mapping[str, tuple[str | None, int | None]]
    actions: Mapping[str, str]


def summarise(plan: Plan) -> dict[str, int]:
    """How many changes of each kind; `visible` are those that the running app sees."""
    actions = Counter(change.action for change in plan.changes)
    classes = Counter(change.klass for change in plan.changes)
    writes = [one for one in plan.changes if one.action is not Action.NONE]
    kept = (ChangeClass.OVERRIDE_KEPT, ChangeClass.DELETED_OUTSIDE, ChangeClass.LEFT)
    return {
        "create": actions[Action.CREATE],
        "update": actions[Action.UPDATE],
        "delete": actions[Action.DELETE],
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
    return {
        "format": FORMAT,
        "tool_version": plan.tool_version,
        "app": plan.app,
        "environment": plan.environment,
        "spec": spec,
        "spec_digest": plan.spec_digest,
        "created_at": plan.created_at,
        "targets": list(plan.targets),
        "decisions": {key: _plain(value) for key, value in asdict(decisions).items()},
        "summary": summarise(plan),
        "changes": [_change_data(one) for one in plan.changes],
        "notices": list(plan.notices),
        "findings": [dict(one) for one in plan.findings],
    }


def plan_text(plan: Plan, spec: str, decisions: Decisions) -> str:
    """The plan file's text."""
    return json.dumps(plan_data(plan, spec, decisions), indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "class": change.klass.value,
        "action": change.action.value,
        "fields": [
            {
                "path": one.path,
                **{
                    side: value_data(value)
                    for side, value in (
                        ("base", one.base),
                        ("live", one.live),
                        ("desired", one.desired),
                    )
                    if value is not ABSENT
                },
                "sensitive": one.sensitive,
            }
            for one in change.fields
        ],
        "reason": change.reason,
        "origin": change.origin,
        "precondition": change.precondition,
        "ledger_revision": change.ledger_revision,
        **({} if change.sees is None else {"sees": sight_data(change.sees)}),
    }


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
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFailure(f"can't read the plan {path}: {error.strerror}", hint=_HINT) from None
    except ValueError as error:
        raise FileFailure(f"{path} is no plan file: {error}", hint=_HINT) from None
    if not isinstance(data, dict) or "changes" not in data or "spec_digest" not in data:
        raise FileFailure(f"{path} is no plan file", hint=_HINT)
    if data.get("format") != FORMAT:
        found = data.get("format")
        raise StalePlan(f"{path} has plan format {found}, this tool reads {FORMAT}", hint=_HINT)
    try:
        return _saved(data)
    except (KeyError, TypeError, AttributeError) as error:
        raise FileFailure(f"{path} is no whole plan file: {error}", hint=_HINT) from None


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
    )


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
    ]
    moved = [one for one in moved if saved.actions[one] != f"{ChangeClass.UNMANAGED}/none"]
    if moved:
        listed = ", ".join(moved[:10]) + (f" and {len(moved) - 10} more" if moved[10:] else "")
        raise StalePlan(f"changed since the plan was made: {listed}", hint=_HINT)
    kept = tuple(one for address, one in now.items() if address in saved.preconditions)
    return replace(plan, changes=kept)
