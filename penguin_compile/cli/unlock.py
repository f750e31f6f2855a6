"""`unlock`: free the lock of a run that is dead."""

from __future__ import annotations

import click

from penguin_compile.cli.planning import app_option, check_one, environment_option, open_environment


@click.command(
    short_help="Free the lock of a run that is dead.",
    epilog="Example: penguin-compile unlock 5f0c2d --env dev",
)
@click.argument("lock_id", metavar="ID")
@click.argument("spec", required=False, type=click.Path())
@environment_option
@app_option
def command(lock_id: str, spec: str | None, environment: str | None, app_name: str | None) -> None:
    """Free the lock of a run that is dead; its ID stands in the message of exit code 6.

    A run that is alive after all stops before its next write.
    """
    from penguin_compile.sync.lock import unlock

    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        held = unlock(session.state, lock_id)
    click.echo(f"freed: the lock was held by {held}")
