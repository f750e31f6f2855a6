"""What a change of the spec changes, for programs: schemas/spec-diff.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from penguin_compile.model.plan import ABSENT
from penguin_compile.model.spec_change import FieldDifference, SpecChange, SpecDifference
from penguin_compile.report.spec_diff_view import Sides, count, is_hidden, values

FORMAT: Final = 1


def render_spec_diff_json(differences: Sequence[SpecDifference], sides: Sides) -> str:
    """Every app, also those that don't differ; values that may be secret are left out."""
    document = {
        "format": FORMAT,
        "base": {"revision": sides.base, "commit": sides.base_commit},
        "head": {"revision": sides.head, "commit": sides.head_commit},
        "apps": [_difference(one) for one in differences],
        "summary": count(differences),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _difference(difference: SpecDifference) -> dict[str, Any]:
    return {
        "app": difference.app,
        "base_app": difference.base_app,
        "path": difference.path,
        "base_path": difference.base_path,
        "environments": list(difference.environments),
        "added_environments": list(difference.added_environments),
        "removed_environments": list(difference.removed_environments),
        "changes": [_change(one) for one in difference.changes],
        "notes": list(difference.notes),
    }


def _change(change: SpecChange) -> dict[str, Any]:
    return {
        "address": change.address,
        "change": change.kind.value,
        "environments": list(change.environments),
        "origin": change.origin,
        "fields": [_field(change, one) for one in change.fields],
    }


def _field(change: SpecChange, difference: FieldDifference) -> dict[str, Any]:
    data: dict[str, Any] = {"path": difference.path}
    old, new = values(change, difference)
    if old is not ABSENT:
        data["old"] = old
    if new is not ABSENT:
        data["new"] = new
    if is_hidden(change, difference):
        data["hidden"] = True
    return data
