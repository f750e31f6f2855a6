"""`drift`: what was edited live since it was settled; `--acknowledge` notes that it is known."""

from __future__ import annotations

import click

from penguin_compile.cli.planning import (
    app_option,
    check_one,
    environment_option,
    lock_option,
    open_environment,
    parse_time,
    place_of,
)
from penguin_compile.cli.specs import style
from penguin_compile.cli.terminal import columns

_DIFFERENCES = 2


@click.command(
    short_help="Tell what was edited live, by whom and when.",
    epilog="Example: penguin-compile drift --env prod --acknowledge config/theme",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option(
    "--acknowledge", multiple=True, metavar="GLOB", help="Note that these edits are known and kept."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How it is shown."
)
@lock_option
@app_option
def command(
    spec: str | None,
    environment: str | None,
    app_name: str | None,
    acknowledge: tuple[str, ...],
    form: str,
    lock_timeout: str,
) -> int:
    """Tell what was edited or deleted live since it was settled, by whom and when.

    Exits with 2 where an edit is not known yet: neither kept by apply --keep-live nor
    acknowledged here. A later, different edit of the same key counts again.
    """
    from penguin_compile.report.drift_text import drift_json, render_drift
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.drift import acknowledge as note
    from penguin_compile.sync.drift import find_drift, select_edits

    seconds = parse_time(lock_timeout)
    checked, resolved = check_one(spec, app_name, environment)
    with open_environment(resolved, checked.loaded.root) as session:
        plan = session.plan(Decisions())
        edits = find_drift(plan, session.situation)
        chosen = select_edits(edits, acknowledge)
        if chosen:
            revision = note(
                session.state,
                plan,
                chosen,
                spec=checked.loaded.path,
                git_commit=session.git_commit,
                lock_timeout=seconds,
            )
            plan = session.plan(Decisions())
            edits = find_drift(plan, session.situation)
    text = (
        drift_json(plan, edits)
        if form == "json"
        else render_drift(plan, edits, style, width=columns())
    )
    click.echo(text, nl=False)
    if chosen:
        edited = "1 live edit" if len(chosen) == 1 else f"{len(chosen)} live edits"
        click.echo(f"\nRevision {revision}: {edited} acknowledged.", err=True)
    elif acknowledge:
        click.echo(f"\nnothing to acknowledge matches {', '.join(acknowledge)}", err=True)
    new = [one for one in edits if not one.kept]
    if not new:
        return 0
    first = new[0].base.address
    place = place_of(spec, app_name, environment)
    click.echo(
        f"\nto note that it is known: penguin-compile drift {place} --acknowledge {first}\n"
        f"to see its story: penguin-compile why {first} {place}",
        err=True,
    )
    return _DIFFERENCES
