"""`fleet matrix`: which specs and environments a workflow has to look at.

Format: docs.github.com, "Running variations of jobs in a workflow", `include` of a matrix.
"""

from __future__ import annotations

import json
from typing import Any

import click

from penguin_compile.cli.failure import show_failure
from penguin_compile.cli.fleet_run import Choice, checked_fleet, warn
from penguin_compile.core.errors import PenguinError
from penguin_compile.fleet.exit_codes import worst

_MOST_JOBS = 256  # of a matrix, says GitHub


def print_matrix(**options: Any) -> int:
    """One line of JSON on standard output, without rows where nothing has changed."""
    with checked_fleet(Choice.take(options)) as run:
        rows = [
            {"spec": one.spec, "app": one.app, "env": environment}
            for one in run.selected
            for environment in one.environments
        ]
        failures = [one for one in run.selected if one.failure is not None]
    click.echo(json.dumps({"include": rows}, ensure_ascii=False, separators=(",", ":")))
    if len(rows) > _MOST_JOBS:
        warn(f"GitHub takes {_MOST_JOBS} rows of a matrix, these are {len(rows)}; --env says less")
    for one in failures:
        failure = one.failure or {}
        show_failure(PenguinError(f"{one.spec}: {failure['message']}", hint=failure["hint"]))
    return worst((one.failure or {"code": 0})["code"] for one in failures)
