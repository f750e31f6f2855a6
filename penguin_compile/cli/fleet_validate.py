"""`fleet validate`: the findings of all specs and those between them, in one report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from penguin_compile.cli.fleet_record import Invocation, remember_run
from penguin_compile.cli.fleet_run import Choice, Run, checked_fleet
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.fleet.exit_codes import worst
from penguin_compile.fleet.run import Member, unique_findings
from penguin_compile.report.fleet_view import Row, failed_row, sum_up


def validate_fleet(
    invocation: Invocation, form: str, limit: int, *, strict: bool, **options: Any
) -> int:
    """Check, tell, and return the exit code."""
    choice = Choice.take(options)
    with checked_fleet(choice) as run:
        rows = [_row(one, strict=strict) for one in run.selected]
        findings = unique_findings(run.selected)
        said = _render(findings, rows, form, limit)
        click.echo(said, nl=False)
        failures = [one for one in rows if one.status == "failed"]
        if form in {"text", "sarif", "github"}:
            for one in failures:
                _show_failure(one)
        code = worst(one.code for one in rows)
        told = f"{sum_up(rows)}{_of_all(run)}"
        if form in {"text", "github"}:
            click.echo(told, err=True)
        if code == 0 and choice.since is None and form != "github":
            err = [told] if form == "text" else []
            remember_run(invocation, run, out=said, err=err)
    return code


def _row(member: Member, *, strict: bool) -> Row:
    if member.failure is not None:
        return failed_row(member.spec, member.app, member.failure)
    worst_found = max((one.severity for one in member.findings), default=None)
    status = {
        None: "no findings",
        Severity.INFO: "infos",
        Severity.WARNING: "warnings",
        Severity.ERROR: "errors",
    }[worst_found]
    fails = worst_found is Severity.ERROR or (strict and worst_found is Severity.WARNING)
    return Row(
        spec=member.spec,
        app=member.app,
        status=status,
        detail=_summarise(member.findings),
        code=int(fails),
        data={"environments": list(member.environments)},
    )


def _summarise(findings: Sequence[Diagnostic]) -> str:
    if not findings:
        return ""
    from penguin_compile.cli.specs import summarise

    return summarise(findings)


def _of_all(run: Run) -> str:
    left = len(run.members) - len(run.selected)
    return f" (of {len(run.members):,})" if left else ""


def _render(findings: Sequence[Diagnostic], rows: Sequence[Row], form: str, limit: int) -> str:
    if form == "json":
        import json

        from penguin_compile.report.diagnostics_json import render_diagnostics_json
        from penguin_compile.report.fleet_view import render_fleet_json

        found = json.loads(render_diagnostics_json(findings, limit))
        return render_fleet_json(rows, findings=found["findings"], counts=found["summary"])
    if form == "sarif":
        from penguin_compile.report.diagnostics_sarif import render_diagnostics_sarif

        return render_diagnostics_sarif(findings, limit)
    if form == "github":
        from penguin_compile.report.diagnostics_github import render_diagnostics_github

        return render_diagnostics_github(findings[:limit])
    if form == "markdown":
        from penguin_compile.report.fleet_view import render_fleet_markdown

        return render_fleet_markdown("Specs", rows)
    return _text(findings, limit)


def _text(findings: Sequence[Diagnostic], limit: int) -> str:
    if not findings:
        return ""
    from penguin_compile.cli.specs import style
    from penguin_compile.report.diagnostics_text import render_diagnostics

    text = render_diagnostics(findings[:limit], style)
    if len(findings) > limit:
        text += f"\n… and {len(findings) - limit} more; --max-findings N shows them\n"
    return text


def _show_failure(row: Row) -> None:
    from penguin_compile.cli.failure import show_failure
    from penguin_compile.core.errors import PenguinError

    show_failure(PenguinError(f"{Path(row.spec)}: {row.detail}", hint=row.hint))
