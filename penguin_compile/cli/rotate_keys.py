"""`rotate-keys`: seal stored secrets anew with the first key, so that an older one can go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.planning import (
    app_option,
    check_one,
    environment_option,
    lock_option,
    open_environment,
    parse_time,
)
from penguin_compile.core.errors import UsageError
from penguin_compile.core.suggestion import list_names

if TYPE_CHECKING:
    from penguin_compile.sync.rotation import Rotation


@click.command(
    short_help="Encrypt stored secrets anew with the first key.",
    epilog="Example: penguin-compile rotate-keys --env prod --lock-timeout 30s",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option("--yes", is_flag=True, help="Ask nothing.")
@lock_option
@app_option
def command(
    spec: str | None,
    environment: str | None,
    app_name: str | None,
    lock_timeout: str,
    *,
    yes: bool,
) -> None:
    """Encrypt stored secrets anew that are sealed with an older key than the first one.

    The keys are those of PENGUIN_CONFIG_KEYS or of the file that PENGUIN_CONFIG_KEYS_FILE names.
    Give the new key to every app that reads the table before; remove the old one after. Values
    stay what they are, and so does who edited them. All of it is done, or nothing.
    """
    from penguin_compile.sync.rotation import KeyRotation

    seconds = parse_time(lock_timeout)
    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        keys = KeyRotation(session)
        rotation = keys.look()
        for line in _describe(rotation):
            click.echo(line)
        if not rotation.has_work:
            click.echo(
                f"Nothing to do: nothing here is sealed with an older key than {rotation.first}."
            )
        else:
            if rotation.count:
                _ask(rotation, f"{session.app.name} in {environment}", yes=yes)
            revision = keys.run(spec=checked.loaded.path, lock_timeout=seconds)
            click.echo(
                f"\nRevision {revision}: {_values(rotation.count)} sealed with {rotation.first}."
            )
    if rotation.removable:
        click.echo(
            f"\nno row of this table needs {list_names(rotation.removable)} any more; it can leave "
            "the keys once no backup, app or other environment needs it either",
            err=True,
        )


def _describe(rotation: Rotation) -> Iterator[str]:
    for key, names in rotation.older.items():
        yield f"  ~ {key} → {rotation.first}: {list_names(names)}"
    for key, names in rotation.unknown.items():
        yield f"  ! sealed with {key}, which is not among the keys; left: {list_names(names)}"
    if rotation.damaged:
        names = list_names(rotation.damaged)
        yield f"  ! doesn't open, damaged or copied from another setting; left: {names}"
    if rotation.clear:
        yield f"  ! stored in clear, as an edit or by policy; left: {list_names(rotation.clear)}"


def _ask(rotation: Rotation, where: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on", hint="add --yes")
    question = (
        f"\nSeal {_values(rotation.count)} of {where} with {rotation.first}? Do the apps have it?"
    )
    if not click.confirm(question, err=True):
        raise click.Abort


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"
