"""`fmt`: the canonical layout of specs, comments and all."""

from __future__ import annotations

from pathlib import Path

import click

from penguin_compile.cli.specs import show_findings, specs_argument, summarise
from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.pipeline import SPEC_FOLDER, find_specs

_DIFFERENT = 2


@click.command(
    short_help="Lay specs out the canonical way.",
    epilog="Example: penguin-compile fmt --check",
)
@specs_argument
@click.option("--check", is_flag=True, help="Write nothing; exit with 2 if it would.")
def command(specs: tuple[str, ...], *, check: bool) -> int:
    """Lay specs out the canonical way.

    SPEC is a file or a folder of specs; default spec/. Only white space changes: indentation is two
    columns for each level, lists included; comments, order and quotes stay. Nothing is written
    where any of the files is no YAML.
    """
    paths = find_specs([Path(one) for one in specs] or [Path(SPEC_FOLDER)])
    changed, findings = _format_all(paths)
    if findings:
        show_findings(findings, err=False)
        click.echo(f"{summarise(findings)}; nothing was written", err=True)
        return 1
    if check:
        for path in changed:
            click.echo(path)
    else:
        _write_all(changed)
    what = "would be formatted" if check else "formatted"
    click.echo(f"{len(changed)} {what}, {len(paths) - len(changed)} as they should be", err=True)
    return _DIFFERENT if check and changed else 0


def _format_all(paths: list[Path]) -> tuple[dict[Path, bytes], list[Diagnostic]]:
    """The new bytes of the files that change, and what keeps files from being read."""
    from penguin_compile.source.formatting import format_text
    from penguin_compile.source.load import collector_paused
    from penguin_compile.source.text import read_source
    from penguin_compile.source.yaml_events import parse_yaml

    changed: dict[Path, bytes] = {}
    findings: list[Diagnostic] = []
    for path in paths:
        source, found = read_source(path, str(path))
        with collector_paused():
            found = found or parse_yaml(source)[1]
            data = b"" if found else format_text(source).encode()
        findings.extend(found)
        if not found and data != path.read_bytes():
            changed[path] = data
    return changed, findings


def _write_all(changed: dict[Path, bytes]) -> None:
    from penguin_compile.source.rewriting import rewrite

    for path, data in changed.items():
        rewrite(path, data)
        click.echo(f"formatted {path}", err=True)
