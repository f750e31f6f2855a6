"""`show`: a saved plan, or the plan of a revision and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.planning import (
    app_option,
    check_one,
    environment_option,
    open_environment,
    render_view,
)
from penguin_compile.core.errors import FileFailure, PenguinError, UsageError

if TYPE_CHECKING:
    from penguin_compile.sync.remembered import Revision, Step
    from penguin_compile.sync.state import State

_HINT = "--format json shows who applied it and when, and what became of each change"


@click.command(
    short_help="Show a saved plan, or what a revision did.",
    epilog="\b\nExample: penguin-compile show 12 --env prod\n"
    "Example: penguin-compile show plan.json --format html > plan.html",
)
@click.argument("what", metavar="REVISION|PLAN")
@click.argument("spec", required=False, type=click.Path())
@environment_option
@app_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    help="How it is shown; markdown is for a pull request.",
)
@click.option("--show-unmanaged", is_flag=True, help="List what nobody manages.")
def command(
    what: str,
    spec: str | None,
    environment: str | None,
    app_name: str | None,
    form: str,
    *,
    show_unmanaged: bool,
) -> None:
    """Show a saved plan, or what a revision did.

    PLAN is a file that plan --out wrote: neither spec nor live system is asked. REVISION is a
    number of history: its plan, who applied it and when, and what became of each change. SPEC is a
    spec file, or a folder that holds one; default spec/.
    """
    if not what.isdecimal():
        _show_file(Path(what), form, unmanaged=show_unmanaged)
        return
    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        state, number = session.state, int(what)
        revision = next((one for one in state.history() if one.id == number), None)
        if revision is None:
            raise UsageError(
                f"{state.app} in {state.environment} has no revision {number}",
                hint=f"they are listed by: penguin-compile history --env {state.environment}",
            )
        text, steps = state.plan_text(number), state.steps(number)
    if form == "json":
        click.echo(_revision_json(state, revision, text, steps), nl=False)
    else:
        click.echo(_render(revision, text, steps, form, unmanaged=show_unmanaged), nl=False)


def _show_file(path: Path, form: str, *, unmanaged: bool) -> None:
    from penguin_compile.report.plan_view import view_plan
    from penguin_compile.sync.plan_file import read_plan_data, write_json

    data = read_plan_data(path)
    if form == "json":
        click.echo(write_json(data), nl=False)
    else:
        click.echo(render_view(view_plan(data, unmanaged=unmanaged), form), nl=False)


def _read_plan(number: int, text: str | None) -> Mapping[str, Any]:
    """The plan of a revision; FileFailure where none was kept that can be read."""
    from penguin_compile.sync.plan_file import parse_plan

    if text is None:
        raise FileFailure(f"no plan was kept of revision {number}", hint=_HINT)
    try:
        return parse_plan(text, f"the plan of revision {number}")
    except PenguinError as error:
        raise FileFailure(error.message, hint=_HINT) from None


def _render(
    revision: Revision, text: str | None, steps: Sequence[Step], form: str, *, unmanaged: bool
) -> str:
    from penguin_compile.report.plan_view import RevisionView, StepView, view_plan

    view = view_plan(
        _read_plan(revision.id, text),
        unmanaged=unmanaged,
        revision=RevisionView(
            number=revision.id,
            status=revision.status,
            actor=revision.actor,
            started_at=revision.started_at,
            finished_at=revision.finished_at,
            git_commit=revision.git_commit,
            tool_version=revision.tool_version,
            note=revision.note,
        ),
        steps={str(one.address): StepView(status=one.status, message=one.message) for one in steps},
    )
    return render_view(view, form)


def _revision_json(
    state: State, revision: Revision, text: str | None, steps: Sequence[Step]
) -> str:
    """Everything that is known; where the plan can't be read, that is told and null."""
    from penguin_compile.sync.plan_file import write_json

    plan = None
    try:
        plan = _read_plan(revision.id, text)
    except FileFailure as error:
        click.echo(f"{error.message}; the rest is shown", err=True)
    document = {
        "format": 1,
        "app": state.app,
        "environment": state.environment,
        "revision": asdict(revision),
        "plan": plan,
        "steps": [
            {
                "address": str(one.address),
                "action": one.action,
                "status": one.status,
                "message": one.message,
            }
            for one in steps
        ],
    }
    return write_json(document)
