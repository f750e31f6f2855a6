"""`doctor`: whether plan and apply have what they need, and how to mend what is missing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.planning import app_option, check_one, environment_option
from penguin_compile.cli.specs import style
from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from penguin_compile.sync.diagnosis import Check

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
_WIDTH = 100


@click.command(
    short_help="Check what plan and apply need, and how to mend it.",
    epilog="Example: penguin-compile doctor --env prod",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How it is shown."
)
@app_option
def command(spec: str | None, environment: str | None, app_name: str | None, form: str) -> int:
    """Check database, rights, tables, lock, keys, secrets and gateway; write nothing.

    Each line says ok, warning or problem, and what to do. Exits with 1 where something would
    stop apply.
    """
    from penguin_compile.sync.diagnosis import Level, diagnose

    _, resolved = check_one(spec, app_name, environment)
    if resolved.app is None:
        raise UsageError("a spec with errors has no environments", hint="run validate first")
    app = resolved.app
    checks = list(diagnose(app))
    if form == "json":
        click.echo(_json(app.name, app.environment.name, checks))
    else:
        click.echo(style(f"{app.name} · {app.environment.name}", "bright_white") + "\n")
        for check in checks:
            _show(check)
    return int(any(one.level is Level.PROBLEM for one in checks))


def _show(check: Check) -> None:
    head = f"  {style(f'{check.level.value:<8}', _COLOURS[check.level])} {check.subject:<13} "
    texts = [*wrap(check.text, _WIDTH - 26)]
    if check.advice:
        texts += wrap(f"→ {check.advice}", _WIDTH - 26, subsequent_indent="  ")
    for position, text in enumerate(texts):
        click.echo(f"{head if position == 0 else ' ' * 25}{text}")


def _json(app: str, environment: str, checks: Sequence[Check]) -> str:
    data = {
        "app": app,
        "environment": environment,
        "checks": [
            {
                "level": one.level.value,
                "subject": one.subject,
                "text": one.text,
                "advice": one.advice,
            }
            for one in checks
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)
