"""`init`: a first spec, empty or taken from an app as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penguin_compile.cli.init_sources import (
    gateway_files,
    read_sources,
    source_options,
    take_sources,
)
from penguin_compile.cli.specs import show_findings, style, summarise
from penguin_compile.cli.terminal import columns
from penguin_compile.core.diagnostic import Diagnostic, Severity, sort_diagnostics
from penguin_compile.core.errors import UsageError

if TYPE_CHECKING:
    from penguin_compile.adoption import Adoption
    from penguin_compile.intake.found import Found
    from penguin_compile.intake.todays_files import TodaysFiles

_FORMATS = ("text", "json", "markdown", "sarif", "github")
_OF_SPECS = frozenset(("text", "json", "markdown"))
_EPILOG = "Example: penguin-compile init --from-compose compose.yml --from-env .env"


@click.command(short_help="Write a first spec, empty or from an app as it is.", epilog=_EPILOG)
@click.argument("directory", default=".", metavar="[DIR]", type=click.Path())
@click.option(
    "--from-compose",
    "compose",
    multiple=True,
    metavar="FILE",
    help="A Compose file; several are merged in this order, as by `docker compose -f`.",
)
@click.option(
    "--from-env",
    "env",
    multiple=True,
    metavar="FILE",
    help="An env file or its example; default, as for Compose: .env beside the Compose file.",
)
@source_options
@click.option(
    "--app", metavar="NAME", help="The app's name; default: as Compose names the project."
)
@click.option("--report-only", is_flag=True, help="Write nothing; tell what the files contradict.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    default="text",
    help="How the report is told; sarif and github with --report-only.",
)
@click.option("--strict", is_flag=True, help="With --report-only: exit with 1 on warnings, too.")
@click.option(
    "--max-findings",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many are shown; all are counted.",
)
@click.option("--force", is_flag=True, help="Replace a spec that is there; a copy of it is kept.")
def command(
    directory: str,
    compose: tuple[str, ...],
    env: tuple[str, ...],
    app: str | None,
    form: str,
    max_findings: int,
    *,
    report_only: bool,
    strict: bool,
    force: bool,
    **options: Any,
) -> int:
    """Write a first spec to DIR/spec/, empty or taken from an app as it is.

    The spec that is taken from Compose files compiles to a Compose file that means the same: each
    difference is told with its reason. What looks like a secret becomes a reference. DIR is the
    current folder.
    """
    sources = take_sources(options)
    folder = Path(directory)
    _check(form, report_only=report_only, strict=strict)
    named = _named(folder, compose, env)
    found, problems = read_sources(sources, app)
    if report_only:
        from penguin_compile.cli import init_report

        files = named or _beside(folder, found)
        return init_report.report_only(
            folder,
            replace(files, gateway=(*files.gateway, *gateway_files(sources))),
            found,
            problems,
            together=bool(named),
            form=form,
            limit=max_findings,
            strict=strict,
        )
    if not named and not found and not problems:
        return _start(folder, app, force=force)
    if any(one.severity is Severity.ERROR for one in problems):
        show_findings(problems, err=True)
        click.echo(f"nothing was written: {summarise(problems)}", err=True)
        return 1
    return _take_over(folder, named, found, problems, app, form, max_findings, force=force)


def _check(form: str, *, report_only: bool, strict: bool) -> None:
    if form not in _OF_SPECS and not report_only:
        raise UsageError(
            f"--format {form} has findings alone",
            hint="add --report-only, or choose another format",
        )
    if strict and not report_only:
        raise UsageError("--strict is for findings", hint="add --report-only")


def _named(folder: Path, compose: Sequence[str], env: Sequence[str]) -> TodaysFiles:
    from penguin_compile.intake.todays_files import TodaysFiles

    return TodaysFiles(
        compose=tuple(_find(folder, one) for one in compose),
        env=tuple(_find(folder, one) for one in env),
    )


def _find(folder: Path, name: str) -> Path:
    """A file as the working directory has it, or else as DIR has it."""
    here, there = Path(name), folder / name
    return there if not here.exists() and there.exists() else here


def _beside(folder: Path, found: Sequence[Found]) -> TodaysFiles:
    """All files of the usual names, where none is named."""
    from penguin_compile.intake.todays_files import TodaysFiles, find_todays_files

    return TodaysFiles() if found else find_todays_files(folder)


def _start(folder: Path, app: str | None, *, force: bool) -> int:
    """A small spec to begin with."""
    from penguin_compile.adoption import first_spec
    from penguin_compile.intake.todays_files import find_todays_files

    path, text = first_spec(folder, app)
    _write(path, text, force=force)
    click.echo(f"wrote {path}: a small example to change; then penguin-compile validate", err=True)
    files = find_todays_files(folder)
    if files.compose:
        names = " ".join(f"--from-compose {one}" for one in files.compose[:1])
        names += "".join(f" --from-env {one}" for one in files.env[:1])
        click.echo(f"to take over what is here instead: init {names} --force", err=True)
    return 0


def _take_over(
    folder: Path,
    files: TodaysFiles,
    found: Sequence[Found],
    problems: Sequence[Diagnostic],
    app: str | None,
    form: str,
    limit: int,
    *,
    force: bool,
) -> int:
    from penguin_compile.adoption import Request, adopt

    request = Request(
        directory=folder,
        compose_files=files.compose,
        env_files=files.env,
        found=found,
        app=app,
    )
    adoption = adopt(request)
    findings = _findings(folder, files, adoption, problems)
    if any(one.severity is Severity.ERROR for one in adoption.findings):
        show_findings(findings, err=True, limit=limit)
        click.echo(
            f"nothing was written: {summarise(findings)}; mend what keeps Compose from reading the"
            " files, and run init again",
            err=True,
        )
        return 1
    _write(adoption.path, adoption.text, force=force)
    _report(adoption, findings, form, limit)
    return _close(adoption)


def _findings(
    folder: Path, files: TodaysFiles, adoption: Adoption, problems: Sequence[Diagnostic]
) -> list[Diagnostic]:
    """What reading tells, and what the files contradict; no excerpt shows a secret."""
    from penguin_compile.intake.findings.inspection import inspect
    from penguin_compile.intake.hidden_secrets import hide_secrets
    from penguin_compile.intake.todays_files import read_todays_files

    readable = not any(one.severity is Severity.ERROR for one in adoption.findings)
    looked: list[Diagnostic] = []
    if readable and files:
        evidence, _ = read_todays_files(files, code=folder)
        looked = inspect(evidence)
    read = hide_secrets([*problems, *adoption.findings])
    known = {(one.code, one.span.path, one.span.start) for one in read}
    rest = [one for one in looked if (one.code, one.span.path, one.span.start) not in known]
    return sort_diagnostics(adoption.intake.secrets.hide([*read, *rest]))


def _report(adoption: Adoption, findings: Sequence[Diagnostic], form: str, limit: int) -> None:
    from penguin_compile.report.intake_view import view_intake

    view = view_intake(adoption.intake, adoption.differences, findings)
    if form == "json":
        from penguin_compile.report.intake_json import render_intake_json

        click.echo(render_intake_json(view, limit), nl=False)
    elif form == "markdown":
        from penguin_compile.report.intake_markdown import render_intake_markdown

        click.echo(render_intake_markdown(view), nl=False)
    else:
        from penguin_compile.report.intake_text import render_intake

        click.echo(render_intake(view, style, limit, width=columns()), nl=False)


def _close(adoption: Adoption) -> int:
    """What was written, whether it is right, and what to type next."""
    unexplained = len(adoption.unexplained)
    click.echo(f"wrote {adoption.path}: {summarise(adoption.checked.findings)}", err=True)
    if adoption.checked.has_errors:
        click.echo(f"mend it: penguin-compile validate {adoption.path}", err=True)
        return 1
    if adoption.intake.project.services:
        count = sum(one.is_seen for one in adoption.differences)
        keys = f"{count} key{'s' if count > 1 else ''}"
        same = "means what the original means"
        if count:
            same = f"differs from the original in {keys}, each with its reason in the report"
        told = f"; {unexplained} of them unexplained: please report it" if unexplained else ""
        click.echo(f"the Compose file that compile writes {same}{told}", err=True)
    brought = len(adoption.intake.draft.brought)
    if brought:
        what = "secrets stood" if brought > 1 else "secret stood"
        click.echo(f"{brought} {what} in the files: a deployment sets them now", err=True)
    click.echo("next: penguin-compile validate && penguin-compile compile", err=True)
    return int(unexplained > 0)


def _write(path: Path, text: str, *, force: bool) -> None:
    from penguin_compile.source.rewriting import write_new

    kept = write_new(path, text.encode(), force=force)
    if kept is not None:
        click.echo(f"kept the old one as {kept}", err=True)
