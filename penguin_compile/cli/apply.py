"""`apply`: bring the live systems in line with a spec, or with a saved plan."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.planning import (
    check_one,
    check_strict,
    decide,
    environment_option,
    gateway_options,
    lock_option,
    open_environment,
    parse_time,
    plan_options,
    show_plan,
    take_manners,
)
from penguin_compile.cli.progress import progress_bar
from penguin_compile.cli.self_report import reporting
from penguin_compile.cli.specs import count_findings
from penguin_compile.core.errors import AppliedInPart, Refused, StalePlan, UsageError
from penguin_compile.model.plan import Action, ChangeClass

if TYPE_CHECKING:
    from penguin_compile.live.marchproxy.manners import Manners
    from penguin_compile.model.plan import Plan
    from penguin_compile.sync.outcome import Outcome


@click.command(
    short_help="Bring the live systems in line with a spec.",
    epilog="\b\nExample: penguin-compile apply --env dev\nExample: penguin-compile apply plan.json",
)
@click.argument("source", required=False, type=click.Path(), metavar="[SPEC|PLAN]")
@environment_option
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--skip-conflicts", is_flag=True, help="Do the rest, and still exit with 3.")
@lock_option
@gateway_options
@plan_options
def command(
    source: str | None,
    environment: str | None,
    app_name: str | None,
    lock_timeout: str,
    *,
    yes: bool,
    show_unmanaged: bool,
    strict: bool,
    **options: Any,
) -> int:
    """Bring the live systems in line with a spec.

    With a saved PLAN it does exactly that plan and asks nothing; with a SPEC it plans, shows the
    plan, asks, and applies.
    """
    from penguin_compile.sync.kept_plan import keep_plan
    from penguin_compile.sync.outcome import Outcome

    seconds = parse_time(lock_timeout)
    manners = take_manners(options)
    if source is not None and source.endswith(".json"):
        _refuse_decisions(options)
        skip = bool(options["skip_conflicts"])
        return _apply_saved(
            Path(source), environment, seconds, manners, skip_conflicts=skip, strict=strict
        )
    checked, resolved = check_one(source, app_name, environment)
    for line in count_findings([checked]):
        click.echo(line, err=True)
    decisions = decide({**options, "secrets": True})
    with (
        reporting(resolved.app, "apply") as facts,
        open_environment(resolved, checked.loaded.root, manners) as session,
    ):
        plan = session.plan(decisions)
        path = checked.loaded.path
        show_plan(plan, unmanaged=show_unmanaged, spec=path, decisions=decisions)
        check_strict(session, checked, strict=strict)
        session.check(plan, decisions)
        if yes:
            session.check_memory(plan)
        if has_work(plan):
            ask(plan, yes=yes)
        text = keep_plan(plan, path, decisions)
        try:
            with progress_bar(plan) as progress:
                outcome = session.apply(
                    plan, plan_text=text, lock_timeout=seconds, progress=progress
                )
        except StalePlan:
            # Another run may have done the same while this one waited for the lock.
            session.state.forget_salt()
            plan = session.plan(decisions)
            if has_work(plan) or any(one.ledger_changes for one in plan.changes):
                raise
            outcome = Outcome()
        facts.update(count(outcome))
    return report(outcome, plan)


def _refuse_decisions(options: dict[str, Any]) -> None:
    """A saved plan holds its decisions: what is said beside it would be ignored."""
    stated = [name for name, value in options.items() if value and name != "skip_conflicts"]
    if stated:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in stated)
        raise UsageError(
            f"{flags} can't change a saved plan",
            hint="give it to plan, and save that: penguin-compile plan --env NAME --out plan.json",
        )


def _apply_saved(
    path: Path,
    environment: str | None,
    seconds: float,
    manners: Manners,
    *,
    skip_conflicts: bool,
    strict: bool,
) -> int:
    from penguin_compile.sync.kept_plan import keep_plan
    from penguin_compile.sync.plan_file import hold_to, read_plan

    saved = read_plan(path)
    if environment not in {None, saved.environment}:
        raise UsageError(f"{path} is a plan for {saved.environment}, not for {environment}")
    checked, resolved = check_one(saved.spec, saved.app, saved.environment)
    with (
        reporting(resolved.app, "apply") as facts,
        open_environment(resolved, checked.loaded.root, manners) as session,
    ):
        plan = hold_to(saved, session.plan(saved.decisions))
        show_plan(plan, unmanaged=False, spec=saved.spec, decisions=saved.decisions)
        check_strict(session, checked, strict=strict)
        session.check(plan, replace(saved.decisions, skip_conflicts=skip_conflicts))
        text = keep_plan(plan, saved.spec, saved.decisions)
        with progress_bar(plan) as progress:
            outcome = session.apply(plan, plan_text=text, lock_timeout=seconds, progress=progress)
        facts.update(count(outcome))
    return report(outcome, plan)


def has_work(plan: Plan) -> bool:
    """Whether apply would write to a live system."""
    return any(one.action is not Action.NONE for one in plan.changes)


def ask(plan: Plan, *, yes: bool, instead: str | None = None) -> None:
    """Whether a person wants it. `instead` is the way out where no saved plan can be made."""
    if yes and plan.protected:
        saved = f"penguin-compile plan --env {plan.environment} --out plan.json"
        raise Refused(
            f'the environment "{plan.environment}" is protected: --yes needs a saved plan',
            hint=instead or f"{saved}, have it reviewed, then: penguin-compile apply plan.json",
        )
    if yes:
        return
    if not sys.stdin.isatty():
        saving = "" if instead else ", or save a plan with plan --out FILE and apply that"
        raise UsageError("there is no terminal to ask on", hint=f"add --yes{saving}")
    if not click.confirm(f"\nApply this to {plan.app} in {plan.environment}?", err=True):
        raise click.Abort


def count(outcome: Outcome) -> dict[str, object]:
    """What an outcome comes to, in numbers."""
    return {
        "revision": outcome.revision,
        "applied": len(outcome.done),
        "failed": len(outcome.failed),
        "skipped": len(outcome.skipped),
    }


def report(outcome: Outcome, plan: Plan) -> int:
    """What was done, and the exit code."""
    for failed in outcome.failed:
        click.echo(f"{click.style('failed', fg='red')}  {failed.address}: {failed.message}")
        if failed.hint:
            click.echo(f"        {failed.hint}")
    for skipped in outcome.skipped:
        click.echo(f"{click.style('skipped', fg='yellow')} {skipped.address}: {skipped.reason}")
    if outcome.revision is None:
        click.echo("\nNothing to apply.")
    else:
        settled = f", {outcome.settled} remembered" if outcome.settled else ""
        click.echo(f"\nRevision {outcome.revision}: {len(outcome.done)} applied{settled}.")
    if not outcome.complete:
        raise AppliedInPart(
            f"{len(outcome.failed)} failed, {len(outcome.skipped)} skipped",
            hint="the same command finishes them",
        )
    return 3 if any(one.klass is ChangeClass.CONFLICT for one in plan.changes) else 0
