"""Whether a plan's JSON is one that this tool wrote: by its schema, and by its own counts.

Under `plan_file.py`. A plan that was edited on its way from the reviewer to apply stops here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from penguin_compile.core.published_schema import read_schema

SCHEMA: Final = "plan.schema.json"
_LONGEST: Final = 200
_KEPT: Final = ("override kept", "deleted outside", "left")


def find_problem(plan: Mapping[str, Any]) -> str | None:
    """The first thing that is wrong with a plan's JSON, and where; None where it is right."""
    return _find_by_schema(plan) or _find_twice(plan) or _find_miscount(plan)


def _find_by_schema(plan: Mapping[str, Any]) -> str | None:
    try:
        problem = next(iter(_validator().iter_errors(plan)), None)
    except UnicodeEncodeError:  # half a surrogate pair in a value, which is no fault of the plan
        text = json.dumps(plan, ensure_ascii=False).encode("utf-8", "replace")
        problem = next(iter(_validator().iter_errors(json.loads(text))), None)
    if problem is None:
        return None
    where = "/".join(str(step) for step in problem.instance_path)
    message = problem.message
    if len(message) > _LONGEST:
        message = f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 2 :]}"
    return f"{where}: {message}" if where else message


@cache
def _validator() -> Any:
    import jsonschema_rs

    return jsonschema_rs.validator_for(read_schema(SCHEMA))


def _find_twice(plan: Mapping[str, Any]) -> str | None:
    counts = Counter(one["address"] for one in plan["changes"])
    twice = next((address for address, count in counts.items() if count > 1), None)
    return None if twice is None else f"{twice} is there twice"


def _find_miscount(plan: Mapping[str, Any]) -> str | None:
    """The summary is what a reviewer reads first."""
    changes, summary = plan["changes"], plan["summary"]
    actions = Counter(one["action"] for one in changes)
    classes = Counter(one["class"] for one in changes)
    waiting = sum(one["class"] == "delete" and one["action"] == "none" for one in changes)
    counted = {
        "update": actions["update"],
        # What is replaced counts as both.
        **{action: actions[action] + actions["replace"] for action in ("create", "delete")},
        "conflicts": classes["conflict"],
        "kept": sum(classes[one] for one in _KEPT),
        "adopted": classes["adopt"],
        "unmanaged": classes["unmanaged"],
        "waiting": waiting,
    }
    wrong = next((name for name, count in counted.items() if summary[name] != count), None)
    if wrong is None:
        return None
    return f"summary/{wrong}: {summary[wrong]}, where the changes have {counted[wrong]}"
