"""What commands share that read specs: the argument, and how findings are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from penguin_compile.cli.completing import complete_environment
from penguin_compile.cli.terminal import columns
from penguin_compile.core.diagnostic import Diagnostic, Severity, sort_diagnostics
from penguin_compile.core.errors import FileFailure, UsageError
from penguin_compile.neighbours import check_neighbours
from penguin_compile.pipeline import SPEC_FOLDER, CheckedSpec, check_file, check_spec, find_specs

specs_argument = click.argument("specs", nargs=-1, metavar="[SPEC]...", type=click.Path())
environments_option = click.option(
    "--env",
    "environments",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_environment,
    help="This environment alone.",
)

STDIN = "-"
STANDARD_INPUT = "<stdin>"


def check_all(specs: Sequence[str], environments: Sequence[str]) -> list[CheckedSpec]:
    """Every spec that is named, or all in spec/, validated."""
    paths = find_specs([Path(one) for one in specs] or [Path(SPEC_FOLDER)])
    return check_neighbours([check_file(path, environments) for path in paths])


def check_standard_input(filename: str | None, environments: Sequence[str]) -> CheckedSpec:
    """The text on standard input, validated as the file that it counts as.

    Raises UsageError for a name that is no file's.
    """
    from penguin_compile.source.load import load_text
    from penguin_compile.source.text import LARGEST, decode_source

    if filename is not None and (not filename or Path(filename).is_dir()):
        raise UsageError(
            f'--stdin-filename is a file, and "{filename}" is none',
            hint="name the spec, new or not",
        )
    source, findings = decode_source(
        _read_standard_input(LARGEST + 1), STANDARD_INPUT if filename is None else filename
    )
    path = None if filename is None else Path(filename)
    return check_spec(load_text(source, path, findings), environments)


def _read_standard_input(most: int) -> bytes:
    if sys.stdin is None:  # closed before we were started
        return b""
    try:
        return sys.stdin.buffer.read(most)
    except OSError as error:
        raise FileFailure(
            f"can't read standard input: {error.strerror}", hint="pipe the text of a spec into it"
        ) from None


def show_findings(findings: Sequence[Diagnostic], *, err: bool, limit: int = 100) -> None:
    """As text, the first `limit` of them; the rest is counted."""
    click.echo(render_findings(findings, limit), err=err, nl=False)


def render_findings(findings: Sequence[Diagnostic], limit: int) -> str:
    """What `show_findings` shows."""
    from penguin_compile.report.diagnostics_text import render_diagnostics

    shown = sort_diagnostics(findings)[:limit]
    text = render_diagnostics(shown, style, width=columns())
    if len(findings) > limit:
        text += f"\n… and {len(findings) - limit} more; --max-findings N shows them\n"
    return text


def style(text: str, colour: str) -> str:
    """Colour for a terminal; click takes it out where there is none."""
    return click.style(text, fg=colour)


def count_findings(checked: Iterable[CheckedSpec]) -> list[str]:
    """That there are warnings, and who tells them: commands that act don't repeat them all."""
    return [
        f"{spec.loaded.path}: {summarise(spec.findings)}; see penguin-compile validate"
        for spec in checked
        if spec.findings
    ]


def summarise(findings: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `no findings`."""
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
        count = sum(one.severity is severity for one in findings)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 and severity > 1 else ''}")
    return ", ".join(parts) or "no findings"
