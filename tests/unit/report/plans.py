"""Plans as JSON, for the renderers: small, and as the schema wants them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

DIGEST = "3f9c1d" + "0" * 58
NO_DECISIONS = {
    "keep_live": [],
    "use_spec": [],
    "only": [],
    "prune": False,
    "skip_conflicts": False,
    "secrets": False,
    "max_updates": None,
    "max_deletes": None,
}
ACTIONS = {"create": "create", "recreate": "create", "update": "update", "restore": "update"}


def field(path: str = "value", *, sensitive: bool = False, **sides: Any) -> dict[str, Any]:
    return {"path": path, **sides, "sensitive": sensitive}


def change(
    address: str, klass: str, *fields: Mapping[str, Any], action: str | None = None, **more: Any
) -> dict[str, Any]:
    done = ACTIONS.get(klass, "none") if action is None else action
    return {
        "address": address,
        "class": klass,
        "action": done,
        "fields": list(fields),
        "writes": [one["path"] for one in fields] if done in {"create", "update"} else [],
        "reason": "",
        "origin": "spec/shop.yaml:61:7",
        "manage": "merge",
        "protected": False,
        "edited_by": None,
        "edited_at": None,
        "precondition": "a" * 64,
        "ledger_revision": 1,
        **more,
    }


def plan(changes: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    actions = Counter(one["action"] for one in changes)
    classes = Counter(one["class"] for one in changes)
    return {
        "format": 1,
        "tool_version": "0.1.0",
        "app": "shop",
        "environment": "prod",
        "protected": False,
        "spec": "spec/shop.yaml",
        "spec_digest": DIGEST,
        "created_at": "2026-11-25T14:00:00+00:00",
        "targets": ["postgresql://db.internal/shop"],
        "decisions": NO_DECISIONS,
        "summary": {
            "create": actions["create"],
            "update": actions["update"],
            "delete": actions["delete"],
            "conflicts": classes["conflict"],
            "kept": classes["override kept"] + classes["left"] + classes["deleted outside"],
            "adopted": classes["adopt"],
            "unchanged": classes["unchanged"] + classes["converged"],
            "unmanaged": classes["unmanaged"],
            "waiting": classes["delete"] - actions["delete"],
            "description_only": 0,
        },
        "changes": list(changes),
        "refusals": [],
        "notices": [],
        "findings": [],
        **more,
    }


def one_of_each(value: Any = "new", text: str = "text") -> list[dict[str, Any]]:
    """A change of each class with a value and a text of others in every place that shows one."""
    edited = {"edited_by": text, "edited_at": text}
    value_of = {"base": "old", "live": "old", "desired": value}
    edits = {"base": "old", "live": value, "desired": "wanted"}
    return [
        change("config/a", "create", field(desired=value)),
        change("config/b", "update", field(**value_of), field("description", live=text)),
        change("config/c", "restore", field(**edits), **edited),
        change("config/d", "conflict", field(**edits), **edited),
        change("config/e", "override kept", field(**edits), **edited),
        change("config/f", "left", field(**edits), reason=text, **edited),
        change("config/g", "deleted outside", field(base=value, desired=value)),
        change("config/h", "delete", field(base=value, live=value), action="delete"),
        change("config/i", "delete", field(base=value, live=value), reason=text, origin=None),
        change("config/j", "recreate", field(desired=value), origin=text),
        change("config/k", "release"),
        change(f"config/l{text}", "unmanaged", edited_by=text),
        change("service/m", "create", field("ip_fqdn", desired=text), field("port", desired=80)),
        change("service/n", "update", field("protocol", base="x", live="y", desired=text)),
        change("service/o", "conflict", reason=f"owned by {text}"),
        change("mapping/p", "create", field("source_services", desired=[text])),
    ]
