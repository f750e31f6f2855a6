"""`diff`: what a change of the spec changes, from two git revisions. Needs no credentials."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.specs import style
from penguin_compile.cli.terminal import columns
from penguin_compile.core.errors import UsageError
from penguin_compile.pipeline import SPEC_FOLDER

if TYPE_CHECKING:
    from penguin_compile.model.spec_change import SpecDifference
    from penguin_compile.report.spec_diff_view import Sides


@click.command(
    short_help="Show what a change of the spec changes.",
    epilog="Example: penguin-compile diff --base origin/main --format markdown",
)
@click.argument("spec", required=False, type=click.Path())
@click.option("--base", metavar="REV", help="The git revision to compare with.")
@click.option("--head", metavar="REV", help="The revision that is new; default the work tree.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    help="How it is shown; markdown is for a pull request.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where anything differs.")
def command(
    spec: str | None, base: str | None, head: str | None, form: str, *, detailed_exitcode: bool
) -> int:
    """Show what a change of the spec changes, resource by resource and environment by environment.

    SPEC is a file or a folder of specs; default spec/. Both versions are read from the local
    repository: no live system is asked, and the work tree is not touched. A branch that fell
    behind is best compared with `git merge-base`.
    """
    from penguin_compile.cli.revisions import open_revision, read_pairs
    from penguin_compile.compiler.spec_comparison import compare
    from penguin_compile.report.spec_diff_view import Sides

    if base is None:
        raise UsageError("compared with what?", hint="name a revision with --base origin/main")
    path = Path(SPEC_FOLDER if spec is None else spec)
    old = open_revision(path, base)
    new = None if head is None else open_revision(path, head)
    differences = [compare(*pair) for pair in read_pairs(path, old, new)]
    sides = Sides(
        base=base,
        base_commit=old.commit,
        head=head,
        head_commit=None if new is None else new.commit,
    )
    click.echo(_render(differences, sides, form), nl=False)
    return 2 if detailed_exitcode and any(one.differs for one in differences) else 0


def _render(differences: Sequence[SpecDifference], sides: Sides, form: str) -> str:
    if form == "json":
        from penguin_compile.report.spec_diff_json import render_spec_diff_json

        return render_spec_diff_json(differences, sides)
    if form == "markdown":
        from penguin_compile.report.spec_diff_markdown import render_spec_diff_markdown

        return render_spec_diff_markdown(differences, sides)
    from penguin_compile.report.spec_diff_text import render_spec_diff

    return render_spec_diff(differences, sides, style, width=columns())
