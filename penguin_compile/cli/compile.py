"""`compile`: from specs to generated/, or what would change there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.specs import (
    check_all,
    environments_option,
    mention_findings,
    show_findings,
    specs_argument,
    style,
    summarise,
)
from penguin_compile.pipeline import CheckedSpec, environment_folder, render

if TYPE_CHECKING:
    from penguin_compile.artifacts.writer import Writes


@click.command(
    short_help="Write generated/ from specs.",
    epilog="Example: penguin-compile compile --check --diff",
)
@specs_argument
@environments_option
@click.option("--target", "targets", multiple=True, metavar="NAME", help="This output alone.")
@click.option("--out", metavar="DIR", type=click.Path(), help="Folder; default generated/.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 if it would.")
@click.option("--diff", "show_diff", is_flag=True, help="Print a unified diff.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    help="How --diff is shown; markdown is for a pull request.",
)
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
def command(
    specs: tuple[str, ...],
    environments: tuple[str, ...],
    targets: tuple[str, ...],
    out: str | None,
    *,
    check: bool,
    show_diff: bool,
    form: str,
    force: bool,
) -> int:
    """Write generated/<app>/<environment>/ from specs.

    SPEC is a file or a folder of specs; default spec/. Nothing is written where a spec has errors.
    """
    from penguin_compile.artifacts.writer import apply_writes, refuse_edited

    checked = check_all(specs, environments)
    findings = [finding for spec in checked for finding in spec.findings]
    if any(spec.has_errors for spec in checked):
        show_findings(findings, err=True)
        click.echo(f"nothing was written: {summarise(findings)}", err=True)
        return 1
    mention_findings(checked)
    everything = [writes for spec in checked for writes in _plan_spec(spec, targets, out)]
    if show_diff:
        shown = _render_diff(everything, form, _command(specs, environments, targets, out))
        click.echo(shown, nl=False)
    if check:
        return _report_check(everything, err=show_diff)
    if not force:
        for writes in everything:
            refuse_edited(writes)
    for writes in everything:
        apply_writes(writes, force=force)
        _report_written(writes, err=show_diff)
    return 0


def _plan_spec(spec: CheckedSpec, targets: tuple[str, ...], out: str | None) -> list[Writes]:
    from penguin_compile.artifacts.writer import plan_writes

    planned = []
    for resolved in spec.environments.values():
        if resolved.app is None:
            continue
        folder = environment_folder(spec.loaded, resolved.app, None if out is None else Path(out))
        artifacts = render(resolved, spec.loaded, folder, targets)
        for artifact in artifacts:
            for notice in artifact.notices:
                click.echo(f"note: {folder / artifact.path}: {notice}", err=True)
        only = set(targets) if targets else None
        planned.append(plan_writes(folder, artifacts, resolved.digest, only=only))
    return planned


def _render_diff(everything: list[Writes], form: str, command: str) -> str:
    from penguin_compile.report.artifact_diff import view_artifact_diff

    diff = view_artifact_diff(everything)
    if form == "markdown":
        from penguin_compile.report.artifact_diff_markdown import render_artifact_diff_markdown

        return render_artifact_diff_markdown(diff, command)
    from penguin_compile.report.artifact_diff_text import render_artifact_diff

    return render_artifact_diff(diff, style)


def _command(
    specs: tuple[str, ...], environments: tuple[str, ...], targets: tuple[str, ...], out: str | None
) -> str:
    """What a reader types to see the whole diff."""
    import shlex

    options = [("--env", one) for one in environments] + [("--target", one) for one in targets]
    options += [] if out is None else [("--out", out)]
    words = [word for pair in options for word in pair]
    return shlex.join(["penguin-compile", "compile", *specs, *words, "--check", "--diff"])


def _report_check(everything: list[Writes], *, err: bool) -> int:
    """Tell what is stale; 2 where anything is."""
    stale = [writes for writes in everything if not writes.clean]
    for writes in stale:
        for write in (*writes.created, *writes.changed, *writes.edited):
            click.echo(f"{writes.folder / write.path} is not what the spec says", err=err)
        for write in writes.removed:
            click.echo(f"{writes.folder / write.path} is no longer in the spec", err=err)
        if not (writes.created or writes.changed or writes.edited or writes.removed):
            click.echo(f"{writes.folder / 'manifest.json'} is not what the spec says", err=err)
    if not stale:
        click.echo(f"up to date: {', '.join(str(one.folder) for one in everything)}", err=True)
        return 0
    click.echo("run penguin-compile compile to write them", err=True)
    return 2


def _report_written(writes: Writes, *, err: bool) -> None:
    counts = {
        "created": len(writes.created),
        "changed": len(writes.changed) + len(writes.edited),
        "removed": len(writes.removed),
        "unchanged": len(writes.unchanged),
    }
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    click.echo(f"{writes.folder}: {listed or 'nothing to write'}", err=err)
