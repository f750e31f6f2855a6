"""`history`: what was applied here, when and by whom."""

from __future__ import annotations

import click

from penguin_compile.cli.planning import app_option, check_one, environment_option, open_environment
from penguin_compile.cli.terminal import columns


@click.command(
    short_help="List what was applied, when and by whom.",
    epilog="Example: penguin-compile history --env prod",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How it is shown."
)
@app_option
def command(spec: str | None, environment: str | None, app_name: str | None, form: str) -> None:
    """List what was applied, when and by whom, the newest first.

    STATUS is done, partial (the same command finishes it), running, or interrupted. NOTE tells a
    rollback and an acknowledged edit.
    """
    from penguin_compile.report.history_text import history_json, render_history
    from penguin_compile.sync.past import count_steps

    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        revisions, counts = session.state.history(), count_steps(session.state)
        app, place = session.app.name, session.app.environment.name
    if form == "json":
        click.echo(history_json(app, place, revisions, counts), nl=False)
        return
    if not revisions:
        click.echo(f"nothing was applied to {place} yet", err=True)
        return
    for line in render_history(revisions, counts, width=columns()):
        click.echo(line)
    partial = next((one.id for one in revisions[:1] if one.status in {"partial", "interrupted"}), 0)
    if partial:
        click.echo(
            f"\nrevision {partial} was not finished: penguin-compile apply --env {place} does the "
            "rest",
            err=True,
        )
