"""`fleet`: what other commands do, for many specs at once; one report, one exit code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_OPTIONS = (
    click.argument("roots", nargs=-1, required=True, metavar="ROOT...", type=click.Path()),
    click.option("--env", "environments", multiple=True, metavar="NAME", help="These alone."),
    click.option("--since", metavar="REV", help="Only what changed since a git revision."),
    click.option(
        "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes; default one per core."
    ),
    click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster: tcp://HOST:8786."),
    click.option("--no-cache", is_flag=True, help="Do everything anew."),
)
_DETAILS = click.Choice(["text", "json", "markdown"])
_PLAN_OPTIONS = (
    click.option("--secrets", is_flag=True, help="Resolve secrets, compare their fingerprints."),
    click.option("--only", multiple=True, metavar="GLOB", help="Addresses to look at."),
    click.option("--prune", is_flag=True, help="Delete what a spec has no longer."),
    click.option("--insecure", is_flag=True, help="Take any TLS certificate of a gateway."),
)


def _options(*more: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((*_OPTIONS, *more)):
            function = option(function)
        return function

    return add


def _format(choice: click.Choice[str]) -> Any:
    return click.option(
        "--format", "form", type=choice, default="text", help="How the report is told."
    )


@click.group(
    short_help="Do it for many specs at once, and compare them.",
    epilog="Example: penguin-compile fleet validate apps --since origin/main",
)
def command() -> None:
    """Do it for all specs under some folders at once, and compare them with each other.

    A spec is a YAML file with `penguin` at its top level. Nothing is done again that has not
    changed since the last run; one spec that fails stops no other.
    """


@command.command(
    "validate",
    short_help="Check all specs, and what they take from each other.",
    epilog="Example: penguin-compile fleet validate apps --strict --format github",
)
@_options(
    _format(click.Choice(["text", "json", "sarif", "github", "markdown"])),
    click.option("--strict", is_flag=True, help="Exit with 1 on warnings, too."),
    click.option(
        "--max-findings",
        type=click.IntRange(min=1),
        default=100,
        show_default=True,
        help="How many are shown; all are counted.",
    ),
)
@click.pass_context
def validate(ctx: click.Context, /, form: str, max_findings: int, **options: Any) -> int:
    """Check all specs, and what they take from each other."""
    from penguin_compile.cli.fleet_record import Invocation
    from penguin_compile.cli.fleet_validate import validate_fleet

    invocation = Invocation(ctx.obj["arguments"], ctx.obj["folder"])
    return validate_fleet(invocation, form, max_findings, **options)


@command.command(
    "compile",
    short_help="Write generated/ from all specs.",
    epilog="Example: penguin-compile fleet compile apps --check",
)
@_options(
    click.option("--target", "targets", multiple=True, metavar="NAME", help="This output alone."),
    click.option("--out", metavar="DIR", type=click.Path(), help="Folder; default generated/."),
    click.option("--check", is_flag=True, help="Write nothing; exit with 2 if it would."),
    click.option("--force", is_flag=True, help="Overwrite files that were edited by hand."),
    _format(_DETAILS),
)
@click.pass_context
def compile_(ctx: click.Context, /, form: str, **options: Any) -> int:
    """Write generated/<app>/<environment>/ from all specs that have no errors."""
    from penguin_compile.cli.fleet_compile import compile_fleet
    from penguin_compile.cli.fleet_record import Invocation

    invocation = Invocation(ctx.obj["arguments"], ctx.obj["folder"])
    return compile_fleet(invocation, form, **options)


@command.command(
    "plan",
    short_help="Show what apply would change, spec by spec.",
    epilog="Example: penguin-compile fleet plan apps --env prod --out plans",
)
@_options(
    *_PLAN_OPTIONS,
    click.option("--out", metavar="DIR", type=click.Path(), help="Save each plan for apply."),
    click.option(
        "--detailed-exitcode", is_flag=True, help="Exit with 2 on changes, 3 on conflict."
    ),
    click.option("--strict", is_flag=True, help="Fail on warnings, too."),
    _format(_DETAILS),
)
def plan(form: str, **options: Any) -> int:
    """Show what apply would change in each environment of each spec; write nothing."""
    from penguin_compile.cli.fleet_live import plan_fleet

    return plan_fleet(form, **options)


@command.command(
    "drift",
    short_help="Tell what was edited live, spec by spec.",
    epilog="Example: penguin-compile fleet drift apps --env prod",
)
@_options(_format(_DETAILS))
def drift(form: str, **options: Any) -> int:
    """Tell what was edited live in each environment of each spec since it was settled."""
    from penguin_compile.cli.fleet_live import drift_fleet

    return drift_fleet(form, **options)


@command.command(
    "matrix",
    short_help="Print changed specs and environments for GitHub Actions.",
    epilog="Example: penguin-compile fleet matrix apps --since origin/main",
)
@_options()
def matrix(**options: Any) -> int:
    """Print specs with their environments as a matrix for GitHub Actions, in one line of JSON."""
    from penguin_compile.cli.fleet_matrix import print_matrix

    return print_matrix(**options)
