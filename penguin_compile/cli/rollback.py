"""`rollback`: back to what an earlier revision had settled, as a plan that is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.apply import ask, has_work, report
from penguin_compile.cli.planning import (
    check_one,
    decide,
    environment_option,
    lock_option,
    open_environment,
    parse_time,
    plan_options,
    show_plan,
)
from penguin_compile.cli.progress import progress_bar
from penguin_compile.core.suggestion import list_names
from penguin_compile.model.plan import Action, ChangeClass

if TYPE_CHECKING:
    from penguin_compile.model.plan import Plan

_INSTEAD = (
    "answer on a terminal; or bring the spec of that time back in git, and apply a saved plan of it"
)


@click.command(
    short_help="Plan back to an earlier revision, and apply.",
    epilog="Example: penguin-compile rollback 12 --env prod",
)
@click.argument("revision", type=click.IntRange(min=1))
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--skip-conflicts", is_flag=True, help="Do the rest, and still exit with 3.")
@lock_option
@plan_options
def command(
    revision: int,
    spec: str | None,
    environment: str | None,
    app_name: str | None,
    lock_timeout: str,
    *,
    yes: bool,
    show_unmanaged: bool,
    **options: Any,
) -> int:
    """Plan back to what an earlier REVISION had settled, show it, ask, and apply.

    What an admin edited since is kept or asked about, secrets are left alone, and what was added
    since is deleted with --prune alone. It becomes a new revision. The spec stays as it is: change
    it in git as well, or the next apply goes forward again.
    """
    from penguin_compile.sync.decisions import Decisions
    from penguin_compile.sync.kept_plan import keep_plan
    from penguin_compile.sync.rollback import plan_rollback

    seconds = parse_time(lock_timeout)
    checked, resolved = check_one(spec, app_name, environment)
    decisions = decide(options)
    with open_environment(resolved, checked.loaded.root) as session:
        back = plan_rollback(session, revision, decisions)
        plan = back.plan
        show_plan(plan, unmanaged=show_unmanaged)
        session.check(plan, decisions, back.desired)
        if yes:
            session.check_memory(plan)
        if has_work(plan):
            ask(plan, yes=yes, instead=_INSTEAD)
        text = keep_plan(plan, checked.loaded.path, decisions)
        with progress_bar(plan) as progress:
            outcome = session.apply(
                plan,
                plan_text=text,
                lock_timeout=seconds,
                progress=progress,
                desired=back.desired,
                note=f"rollback to {revision}",
            )
        forward = session.plan(Decisions())
    code = report(outcome, plan)
    _tell_what_the_spec_says(forward, checked.loaded.path)
    return code


def _tell_what_the_spec_says(forward: Plan, spec: str) -> None:
    """What the next plain apply would do again."""
    again = [
        str(one.address)
        for one in forward.changes
        if one.action is not Action.NONE or one.klass is ChangeClass.CONFLICT
    ]
    if again:
        click.echo(
            f"\nthe spec still says otherwise of {list_names(again)}; change {spec} in git, or "
            "the next apply goes forward again",
            err=True,
        )
