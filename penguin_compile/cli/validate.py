"""`validate`: all findings of all environments, in one run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from penguin_compile.cli.specs import (
    STDIN,
    check_all,
    check_standard_input,
    environments_option,
    render_findings,
    specs_argument,
    summarise,
)
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.errors import UsageError
from penguin_compile.pipeline import CheckedSpec


@click.command(
    short_help="Check specs and tell every finding at once.",
    epilog="Example: penguin-compile validate spec/myapp.yaml --strict",
)
@specs_argument
@click.option(
    "--stdin-filename",
    metavar="PATH",
    help="The file that the text on standard input (SPEC is -) counts as.",
)
@environments_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    help="How findings are told.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings, too.")
@click.option(
    "--max-findings",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many are shown; all are counted.",
)
@click.option("--no-cache", is_flag=True, help="Check even where nothing has changed.")
@click.pass_context
def command(
    ctx: click.Context,
    specs: tuple[str, ...],
    stdin_filename: str | None,
    environments: tuple[str, ...],
    form: str,
    max_findings: int,
    *,
    strict: bool,
    no_cache: bool,
) -> int:
    """Check specs and tell every finding at once.

    SPEC is a file, a folder of specs, or - for standard input; default spec/. Exit code 1 on
    errors.
    """
    checked = _check(specs, stdin_filename, environments)
    findings = [finding for spec in checked for finding in spec.findings]
    out = _render(findings, form, max_findings)
    if not (_on_terminal() if ctx.color is None else ctx.color):
        out = click.unstyle(out)
    named = ", ".join(spec.loaded.path for spec in checked)
    err = f"{named}: {summarise(findings)}\n" if form == "text" else ""
    click.echo(out, nl=False)
    click.echo(err, nl=False, err=True)
    worst = max((one.severity for one in findings), default=Severity.INFO)
    code = int(worst is Severity.ERROR or (strict and worst is Severity.WARNING))
    if not no_cache and STDIN not in specs:
        _remember(ctx, checked, code, out, err)
    return code


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _remember(
    ctx: click.Context, checked: Sequence[CheckedSpec], code: int, out: str, err: str
) -> None:
    """So that the same command, where nothing has changed, needs only to look at the files."""
    from penguin_compile.cli.run_cache import remember
    from penguin_compile.cli.run_record import make_record

    record = make_record(checked, code=code, out=out, err=err)
    if record is not None:
        remember(ctx.obj["arguments"], ctx.obj["folder"], record)


def _check(
    specs: Sequence[str], stdin_filename: str | None, environments: Sequence[str]
) -> list[CheckedSpec]:
    if list(specs) == [STDIN]:
        return [check_standard_input(stdin_filename, environments)]
    if STDIN in specs:
        raise UsageError("- is standard input, and stands alone", hint="name it or files, not both")
    if stdin_filename is not None:
        raise UsageError(
            "--stdin-filename names the text on standard input, and none is read",
            hint="validate - --stdin-filename PATH < PATH",
        )
    return check_all(specs, environments)


def _render(findings: Sequence[Diagnostic], form: str, limit: int) -> str:
    if form == "json":
        from penguin_compile.report.diagnostics_json import render_diagnostics_json

        return render_diagnostics_json(findings, limit)
    if form == "sarif":
        from penguin_compile.report.diagnostics_sarif import render_diagnostics_sarif

        return render_diagnostics_sarif(findings, limit)
    if form == "github":
        from penguin_compile.report.diagnostics_github import render_diagnostics_github

        return render_diagnostics_github(findings[:limit])
    return render_findings(findings, limit)
