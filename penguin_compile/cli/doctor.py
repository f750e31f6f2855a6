"""`doctor`: whether plan and apply have what they need, and how to mend what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.planning import (
    app_option,
    check_one,
    connection_options,
    environment_option,
    take_manners,
)
from penguin_compile.cli.specs import style
from penguin_compile.cli.terminal import columns
from penguin_compile.core.errors import PenguinError, Refused, UsageError

if TYPE_CHECKING:
    from penguin_compile.live.marchproxy.manners import Manners
    from penguin_compile.model.app import App
    from penguin_compile.pipeline import ResolvedApp
    from penguin_compile.sync.diagnosis.check import Check, Examination, Repair

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command(
    short_help="Check what plan and apply need, and how to mend it.",
    epilog="\b\nExample: penguin-compile doctor --env prod\n"
    "Example: penguin-compile doctor --env dev --repair",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How it is shown."
)
@click.option("--repair", is_flag=True, help="Mend what can be mended safely, after a question.")
@click.option("--yes", is_flag=True, help="With --repair: ask nothing.")
@connection_options
@app_option
def command(
    spec: str | None,
    environment: str | None,
    app_name: str | None,
    form: str,
    *,
    repair: bool,
    yes: bool,
    **options: Any,
) -> int:
    """Check database, rights, tables, lock, keys, secrets and gateway; write nothing.

    Each line says ok, warning or problem, and what to do. With --repair it asks, then mends what
    is safe to mend, and looks again. Exits with 1 where something would stop apply.
    """
    from penguin_compile.sync.diagnosis import diagnose
    from penguin_compile.sync.diagnosis.check import Level

    if yes and not repair:
        raise UsageError("--yes answers a question of --repair", hint="add --repair")
    manners = take_manners(options)
    _, resolved = check_one(spec, app_name, environment)
    if resolved.app is None:
        raise UsageError("a spec with errors has no environments", hint="run validate first")
    app = resolved.app
    text = form == "text"
    done: list[Done] = []
    with _examine(resolved, app, manners) as examination:
        checks = list(diagnose(examination))
        if text:
            click.echo(style(f"{app.name} · {app.environment.name}", "bright_white") + "\n")
            _show_all(checks)
        repairs = [one for one in checks if one.repair is not None]
        if repair and repairs:
            _ask(app, repairs, yes=yes)
            done = [_mend(one, one.repair) for one in repairs if one.repair is not None]
            checks = list(diagnose(examination))
            if text:
                _show_done(done, checks)
        elif repair and text:
            click.echo("\nNothing here that --repair can mend.")
    if not text:
        click.echo(_json(app, checks, done if repair else None))
    broken = any(one.level is Level.PROBLEM for one in checks)
    return int(broken or any(one.failure is not None for one in done))


class Done:
    """A repair that was tried: what it says that it did, or why it failed."""

    def __init__(self, check: Check, told: str, failure: PenguinError | None) -> None:
        self.subject = check.subject
        self.told = told
        self.failure = failure


@contextmanager
def _examine(resolved: ResolvedApp, app: App, manners: Manners) -> Iterator[Examination]:
    from penguin_compile.core.resolver import Resolver
    from penguin_compile.sync.diagnosis.check import Examination

    with Resolver() as resolve:
        yield Examination(
            app=app,
            resolve=resolve,
            manners=manners,
            locate=lambda pointer: str(resolved.document.key_span(pointer)),
        )


def _ask(app: App, repairs: Sequence[Check], *, yes: bool) -> None:
    """Whether a person wants it; like apply, never without an answer."""
    environment = app.environment
    if yes and environment.protected:
        raise Refused(
            f'the environment "{environment.name}" is protected: --yes repairs nothing there',
            hint="run doctor --repair at a terminal, where it asks",
        )
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on", hint="nothing was written; add --yes")
    click.echo("\nTo be done:", err=True)
    for one in repairs:
        click.echo(f"  {one.subject}: {one.repair.what if one.repair else ''}", err=True)
    if not click.confirm(f"\nRepair this of {app.name} in {environment.name}?", err=True):
        raise click.Abort


def _mend(check: Check, repair: Repair) -> Done:
    try:
        return Done(check, repair.run(), None)
    except PenguinError as error:
        return Done(check, f"could not {repair.what}: {error.message}", error)


def _show_all(checks: Sequence[Check]) -> None:
    for check in checks:
        _show(check)


def _show(check: Check) -> None:
    lines = [*wrap(check.text, columns() - 26)]
    if check.advice:
        lines += wrap(f"→ {check.advice}", columns() - 26, subsequent_indent="  ")
    if check.repair:
        lines += wrap(f"→ --repair: {check.repair.what}", columns() - 26, subsequent_indent="  ")
    _show_lines(check.level.value, check.subject, lines)


def _show_lines(level: str, subject: str, lines: Sequence[str]) -> None:
    head = f"  {style(f'{level:<8}', _COLOURS[level])} {subject:<13} "
    for position, text in enumerate(lines):
        click.echo(f"{head if position == 0 else ' ' * 25}{text}")


def _show_done(done: Sequence[Done], checks: Sequence[Check]) -> None:
    click.echo("\nRepaired:")
    for one in done:
        lines = wrap(one.told, columns() - 26)
        if one.failure is not None and one.failure.hint:
            lines += wrap(f"→ {one.failure.hint}", columns() - 26, subsequent_indent="  ")
        _show_lines("ok" if one.failure is None else "problem", one.subject, lines)
    left = [one for one in checks if one.level.value != "ok"]
    click.echo("\nLeft now:" if left else "\nAll is well now.")
    _show_all(left)


def _json(app: App, checks: Sequence[Check], done: Sequence[Done] | None) -> str:
    data: dict[str, Any] = {
        "app": app.name,
        "environment": app.environment.name,
        "checks": [
            {
                "level": one.level.value,
                "subject": one.subject,
                "text": one.text,
                "advice": one.advice,
                "repair": None if one.repair is None else one.repair.what,
            }
            for one in checks
        ],
    }
    if done is not None:
        data["repairs"] = [
            {
                "subject": one.subject,
                "done": one.failure is None,
                "text": one.told,
                "advice": None if one.failure is None else one.failure.hint,
            }
            for one in done
        ]
    return json.dumps(data, indent=2, ensure_ascii=False)
