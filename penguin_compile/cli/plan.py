"""`plan`: what apply would change, and why. Writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from penguin_compile.cli.planning import (
    check_one,
    check_strict,
    decide,
    detailed_code,
    environment_option,
    gateway_options,
    open_environment,
    plan_options,
    render_view,
    review_plan,
    take_manners,
)
from penguin_compile.cli.self_report import reporting
from penguin_compile.core.errors import FileFailure


@click.command(
    short_help="Show what apply would change, and why.",
    epilog="Example: penguin-compile plan --env dev --out plan.json",
)
@click.argument("spec", required=False, type=click.Path())
@environment_option
@click.option("--out", type=click.Path(), metavar="FILE", help="Save the plan for apply.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    help="How it is shown; markdown is for a pull request.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 on changes, 3 on conflicts.")
@click.option("--secrets", is_flag=True, help="Resolve secrets and compare their fingerprints.")
@gateway_options
@plan_options
def command(
    spec: str | None,
    environment: str | None,
    out: str | None,
    form: str,
    app_name: str | None,
    *,
    detailed_exitcode: bool,
    secrets: bool,
    show_unmanaged: bool,
    strict: bool,
    **options: Any,
) -> int:
    """Show what apply would change, and why; write nothing.

    SPEC is a spec file, or a folder that holds one; default spec/.
    """
    from penguin_compile.report.plan_view import view_plan
    from penguin_compile.sync.plan_file import plan_data, summarise, write_json

    manners = take_manners(options)
    checked, resolved = check_one(spec, app_name, environment)
    decisions = decide({**options, "secrets": secrets})
    with (
        reporting(resolved.app, "plan") as facts,
        open_environment(resolved, checked.loaded.root, manners) as session,
    ):
        plan = review_plan(session, checked, decisions)
        facts.update(summarise(plan))
    data = plan_data(plan, checked.loaded.path, decisions)
    text = write_json(data) if out is not None or form == "json" else ""
    if out is not None:
        _save(Path(out), text)
    if form == "json":
        click.echo(text, nl=False)
    else:
        click.echo(render_view(view_plan(data, unmanaged=show_unmanaged), form), nl=False)
    for refusal in plan.refusals:
        click.echo(f"\napply would refuse this: {refusal}", err=True)
    if out is not None:
        click.echo(f"\nsaved; apply exactly this with: penguin-compile apply {out}", err=True)
    check_strict(session, checked, strict=strict)
    return detailed_code(summarise(plan)) if detailed_exitcode else 0


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileFailure(
            f"can't write the plan to {path}: {error.strerror}", hint="name another file with --out"
        ) from None
