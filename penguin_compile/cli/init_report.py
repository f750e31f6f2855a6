"""`init --report-only`: what an app's own files contradict, for repositories without a spec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.specs import style, summarise
from penguin_compile.cli.terminal import columns
from penguin_compile.core.diagnostic import Diagnostic, Severity, sort_diagnostics
from penguin_compile.core.errors import PenguinError, UsageError

if TYPE_CHECKING:
    from penguin_compile.adoption import Adoption
    from penguin_compile.intake.found import Found
    from penguin_compile.intake.todays_files import TodaysFiles
    from penguin_compile.report.intake_view import IntakeView

FORMATS = ("text", "json", "markdown", "sarif", "github")


def report_only(
    directory: Path,
    files: TodaysFiles,
    found: Sequence[Found],
    problems: Sequence[Diagnostic],
    *,
    together: bool,
    form: str,
    limit: int,
    strict: bool,
) -> int:
    """Tell everything and write nothing; the exit code.

    `found` are live sources that were read, `problems` what is to be said of them. `together`:
    a person named the Compose files, to be merged; else the first is the app's.
    """
    view = _look(directory, files, found, problems, together=together)
    _show(view, form, limit)
    if form == "text":
        paths = (*files.compose, *files.env, *files.gateway)
        click.echo(f"{len(paths)} files: {summarise(view.findings)}", err=True)
    worst = max((one.severity for one in view.findings), default=Severity.INFO)
    return int(worst is Severity.ERROR or (strict and worst is Severity.WARNING))


def _look(
    directory: Path,
    files: TodaysFiles,
    found: Sequence[Found],
    problems: Sequence[Diagnostic],
    *,
    together: bool,
) -> IntakeView:
    from penguin_compile.intake.findings.inspection import inspect
    from penguin_compile.intake.hidden_secrets import hide_secrets
    from penguin_compile.intake.todays_files import read_todays_files
    from penguin_compile.report.intake_view import IntakeView, view_intake

    if not files and not found:
        raise UsageError(
            f"there is nothing to look at in {directory}: no Compose file, no env file, no "
            "import file of MarchProxy",
            hint="name the folder of an app, or files: --from-compose FILE, --from-env FILE",
        )
    evidence, unread = read_todays_files(files, code=directory)
    told = list({_key(one): one for one in (*problems, *unread)}.values())
    findings = sort_diagnostics([*hide_secrets(told), *inspect(evidence)])
    adoption = None
    if files.compose and not any(one.severity is Severity.ERROR for one in unread):
        taken = files if together else replace(files, compose=files.compose[:1], env=files.env[:1])
        adoption = _adopt(directory, taken, found)
    if adoption is None:
        return IntakeView(findings=findings)
    known = {_key(one) for one in findings}
    more = [one for one in adoption.findings if _key(one) not in known]
    shown = adoption.intake.secrets.hide([*findings, *hide_secrets(more)])
    every = sort_diagnostics(shown)
    return view_intake(adoption.intake, adoption.differences, every)


def _key(finding: Diagnostic) -> tuple[str, str, int]:
    """What is said where: two readers of one file say the same."""
    return finding.code, finding.span.path, finding.span.start


def _adopt(directory: Path, files: TodaysFiles, found: Sequence[Found]) -> Adoption | None:
    """What a spec would be; None where that can't be told."""
    from penguin_compile.adoption import Request, adopt

    request = Request(
        directory=directory,
        compose_files=files.compose,
        env_files=files.env,
        found=found,
    )
    try:
        return adopt(request)
    except PenguinError:
        return None


def _show(view: IntakeView, form: str, limit: int) -> None:
    if form == "json":
        from penguin_compile.report.intake_json import render_intake_json

        click.echo(render_intake_json(view, limit), nl=False)
    elif form == "markdown":
        from penguin_compile.report.intake_markdown import render_intake_markdown

        click.echo(render_intake_markdown(view), nl=False)
    elif form == "sarif":
        from penguin_compile.report.diagnostics_sarif import render_diagnostics_sarif

        click.echo(render_diagnostics_sarif(view.findings, limit), nl=False)
    elif form == "github":
        from penguin_compile.report.diagnostics_github import render_diagnostics_github

        click.echo(render_diagnostics_github(view.findings[:limit]), nl=False)
    else:
        from penguin_compile.report.intake_text import render_intake

        text = render_intake(view, style, limit, placements=False, width=columns())
        click.echo(text, nl=False)
