"""`history`: what was applied here, when and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penguin_compile.cli.planning import app_option, check_one, environment_option, open_environment

if TYPE_CHECKING:
    from penguin_compile.sync.state import Revision

_HEADINGS = ("REVISION", "STARTED", "STATUS", "ACTOR", "COMMIT", "SPEC")


@click.command(
    short_help="List what was applied, when and by whom.",
    epilog="Example: penguin-compile history --env prod",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@app_option
def command(spec: str | None, environment: str | None, app_name: str | None) -> None:
    """List what was applied, when and by whom, the newest first.

    STATUS is done, partial (the same command finishes it), running, or interrupted.
    """
    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        revisions = session.state.history()
    if not revisions:
        click.echo(f"nothing was applied to {environment} yet", err=True)
        return
    rows = [_HEADINGS, *(_row(one) for one in revisions)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _row(revision: Revision) -> tuple[str, ...]:
    commit = revision.git_commit or ""
    dirty = "-dirty" if commit.endswith("-dirty") else ""
    return (
        str(revision.id),
        revision.started_at[:19].replace("T", " "),
        revision.status,
        revision.actor,
        commit[:8] + dirty,
        revision.spec_digest[:6],
    )
