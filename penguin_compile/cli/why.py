"""`why`: all about one address: its values, who edited it, what apply would do, what to type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.completing import complete_address
from penguin_compile.cli.planning import (
    app_option,
    check_one,
    environment_option,
    open_environment,
    place_of,
)
from penguin_compile.cli.specs import style
from penguin_compile.cli.table import COMMANDS
from penguin_compile.cli.terminal import columns
from penguin_compile.model.plan import Action, ChangeClass

if TYPE_CHECKING:
    from penguin_compile.sync.inquiry import Answer

_STAYS = frozenset((ChangeClass.OVERRIDE_KEPT, ChangeClass.LEFT, ChangeClass.DELETED_OUTSIDE))


@click.command(
    short_help="Tell all about one address: its values and its story.",
    epilog="Example: penguin-compile why config/smtp_host --env prod",
)
@click.argument("address", metavar="ADDRESS", shell_complete=complete_address)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How it is shown."
)
@app_option
def command(
    address: str, spec: str | None, environment: str | None, app_name: str | None, form: str
) -> None:
    """Tell all about one address: what was settled, what is live, what the spec says.

    And who edited it when, which value the running app sees, what apply would do and why, and what
    to type next. ADDRESS is config/KEY, service/NAME or mapping/NAME, as plan shows them.
    """
    from penguin_compile.report.why_text import render_why, why_json
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.inquiry import answer

    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        known = answer(session, session.plan(Decisions(), whole=True), address)
    commands = list(_suggest(known, place_of(spec, app_name, environment)))
    if form == "json":
        text = why_json(known, commands)
    else:
        text = render_why(known, commands, style, width=columns())
    click.echo(text, nl=False)


def _suggest(known: Answer, place: str) -> Iterator[tuple[str, str]]:
    """Commands ready to paste, each with what it is for."""
    change, address = known.change, known.address
    if change is None or change.klass is ChangeClass.UNMANAGED:
        return
    apply = f"penguin-compile apply {place} --only {address}"
    edited = known.edit is not None
    new = known.edit is not None and not known.edit.kept
    gone = known.desired is None
    if new and not gone and change.klass in _STAYS:
        yield f"penguin-compile drift {place} --acknowledge {address}", "note that it is known"
    if change.klass is ChangeClass.CONFLICT and known.manage != "enforce":
        yield f"{apply} --keep-live {address}", "the live value stays"
    if gone and change.klass is ChangeClass.DELETE:
        force = f" --use-spec {address}" if edited and address.kind == "config" else ""
        yield f"{apply} --prune{force}", "delete it"
        if edited:
            yield f"{apply} --keep-live {address}", "forget it and leave it live"
        return
    if "promote" in COMMANDS and edited and address.kind == "config" and not gone:
        yield f"penguin-compile promote {address} {place}", "write the live value into the spec"
    if change.klass in {ChangeClass.CONFLICT, *_STAYS}:
        yield f"{apply} --use-spec {address}", "the spec's value instead"
    elif change.action is not Action.NONE:
        yield apply, "do just this"
