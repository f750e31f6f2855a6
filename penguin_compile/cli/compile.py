"""`compile`: from specs to generated/, or what would change there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.completing import complete_target
from penguin_compile.cli.specs import (
    check_all,
    count_findings,
    environments_option,
    show_findings,
    specs_argument,
    style,
    summarise,
)

if TYPE_CHECKING:
    from penguin_compile.artifacts.writes import Writes
    from penguin_compile.compilation import Compiled
    from penguin_compile.pipeline import CheckedSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What the command line asks for; `arguments` is all of it, as it was given in a folder."""

    environments: tuple[str, ...]
    targets: tuple[str, ...]
    out: Path | None
    check: bool
    show_diff: bool
    form: str
    force: bool
    cached: bool
    started_in: str | None
    arguments: Sequence[str]


@click.command(
    short_help="Write generated/ from specs.",
    epilog="Example: penguin-compile compile --check --diff",
)
@specs_argument
@environments_option
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_target,
    help="This output alone.",
)
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
@click.option("--watch", is_flag=True, help="Compile again whenever a spec changes.")
@click.option("--no-cache", is_flag=True, help="Compile even where nothing has changed.")
@click.pass_context
def command(
    ctx: click.Context,
    specs: tuple[str, ...],
    environments: tuple[str, ...],
    targets: tuple[str, ...],
    out: str | None,
    *,
    check: bool,
    show_diff: bool,
    form: str,
    force: bool,
    watch: bool,
    no_cache: bool,
) -> int:
    """Write generated/<app>/<environment>/ from specs.

    SPEC is a file or a folder of specs; default spec/. Nothing is written where a spec has errors.
    """
    options = _Options(
        environments=environments,
        targets=targets,
        out=None if out is None else Path(out),
        check=check,
        show_diff=show_diff,
        form=form,
        force=force,
        cached=not no_cache,
        started_in=ctx.obj["folder"],
        arguments=ctx.obj["arguments"],
    )
    if watch:
        from penguin_compile.cli.watching import run_on_change

        return run_on_change(specs, lambda: _compile(specs, options))
    return _compile(specs, options)[0]


def _compile(specs: Sequence[str], options: _Options) -> tuple[int, list[CheckedSpec]]:
    """One run: its exit code, and the specs that it read."""
    from penguin_compile.compilation import compile_spec, plan_compiled

    checked = check_all(specs, options.environments)
    findings = [finding for spec in checked for finding in spec.findings]
    if any(spec.has_errors for spec in checked):
        show_findings(findings, err=True)
        click.echo(f"nothing was written: {summarise(findings)}", err=True)
        return 1, checked
    compiled = [
        one
        for spec in checked
        for one in compile_spec(spec, out=options.out, targets=options.targets)
    ]
    said = [*count_findings(checked), *notes_of(compiled)]
    for line in said:
        click.echo(line, err=True)
    with _locked(checked, options):
        everything = plan_compiled(compiled)
        if options.show_diff:
            click.echo(_render_diff(everything, specs, options), nl=False)
        code = (_report_check if options.check else _write)(everything, options)
    if code == 0 and options.cached:
        _remember(checked, compiled, said, options)
    return code, checked


@contextmanager
def _locked(checked: Sequence[CheckedSpec], options: _Options) -> Iterator[None]:
    """The locks of all repositories that are written to, always taken in one order."""
    from penguin_compile.artifacts.lock import writing

    with ExitStack() as locks:
        if not options.check:
            for root in sorted({spec.loaded.root for spec in checked}):
                locks.enter_context(writing(root))
        yield


def notes_of(compiled: Sequence[Compiled]) -> Iterator[str]:
    """What targets have to say of what they made."""
    for one in compiled:
        for artifacts in one.artifacts.values():
            for artifact in artifacts:
                for notice in artifact.notices:
                    yield f"note: {one.folder.path / artifact.path}: {notice}"


def _write(everything: Sequence[Writes], options: _Options) -> int:
    from penguin_compile.artifacts.writer import apply_writes

    apply_writes(*everything, force=options.force)
    for writes in everything:
        click.echo(tell_written(writes), err=options.show_diff)
    return 0


def _remember(
    checked: Sequence[CheckedSpec],
    compiled: Sequence[Compiled],
    said: Sequence[str],
    options: _Options,
) -> None:
    """So that the same command, where nothing has changed, needs only to look at the files."""
    from penguin_compile.cli.compile_record import make_compile_record
    from penguin_compile.cli.run_cache import remember

    live = [one for one in compiled if one.digest is not None]
    if options.check:
        out, err = [], [*said, _up_to_date([one.folder.path for one in live])]
    else:
        counts = [sum(len(each) for each in one.artifacts.values()) for one in live]
        out = [f"{one.folder.path}: {n} unchanged" for one, n in zip(live, counts, strict=True)]
        err = list(said)
    record = make_compile_record(checked, live, out=_lines(out), err=_lines(err))
    if record is not None:
        remember(options.arguments, options.started_in, record)


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}\n" for text in texts)


def _render_diff(everything: list[Writes], specs: Sequence[str], options: _Options) -> str:
    from penguin_compile.report.artifact_diff import view_artifact_diff

    diff = view_artifact_diff(everything)
    if options.form == "markdown":
        from penguin_compile.report.artifact_diff_markdown import render_artifact_diff_markdown

        return render_artifact_diff_markdown(diff, _command(specs, options))
    from penguin_compile.report.artifact_diff_text import render_artifact_diff

    return render_artifact_diff(diff, style)


def _command(specs: Sequence[str], options: _Options) -> str:
    """What a reader types to see the whole diff."""
    import shlex

    pairs = [("--env", one) for one in options.environments]
    pairs += [("--target", one) for one in options.targets]
    pairs += [] if options.out is None else [("--out", str(options.out))]
    words = [word for pair in pairs for word in pair]
    return shlex.join(["penguin-compile", "compile", *specs, *words, "--check", "--diff"])


def _report_check(everything: list[Writes], options: _Options) -> int:
    """Tell what is stale; 2 where anything is."""
    err = options.show_diff  # which has standard output for itself
    stale = [writes for writes in everything if not writes.clean]
    for writes in stale:
        for line in tell_stale(writes):
            click.echo(line, err=err)
    if not stale:
        click.echo(_up_to_date([one.folder for one in everything]), err=True)
        return 0
    click.echo("run penguin-compile compile to write them", err=True)
    return 2


def tell_stale(writes: Writes) -> Iterator[str]:
    """What is not as the spec says in a folder."""
    for write in (*writes.created, *writes.changed, *writes.edited):
        yield f"{writes.folder / write.path} is not what the spec says"
    for write in writes.removed:
        yield f"{writes.folder / write.path} is no longer in the spec"
    if not (writes.created or writes.changed or writes.edited or writes.removed):
        yield f"{writes.folder / 'manifest.json'} is not what the spec says"


def _up_to_date(folders: Sequence[Path]) -> str:
    return f"up to date: {', '.join(str(one) for one in folders)}"


def tell_written(writes: Writes) -> str:
    """What was done to a folder, counted."""
    counts = {
        "created": len(writes.created),
        "changed": len(writes.changed) + len(writes.edited),
        "removed": len(writes.removed),
        "unchanged": len(writes.unchanged),
    }
    listed = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"{writes.folder}: {listed or 'nothing to write'}"
