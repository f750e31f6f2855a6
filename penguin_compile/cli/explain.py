"""`explain`: what a code or a field of the language means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from penguin_compile.cli.completing import complete_subject
from penguin_compile.cli.specs import style
from penguin_compile.cli.terminal import columns

if TYPE_CHECKING:
    from penguin_compile.rules.rule import Code

_CODE = re.compile(r"[A-Z]{2}\d*\Z", re.IGNORECASE)


@click.command(
    short_help="Tell what a code or a field means.",
    epilog="\b\nExample: penguin-compile explain PC201\n"
    "Example: penguin-compile explain services.flask-api.health_check",
)
@click.argument("subject", metavar="CODE|FIELD", shell_complete=complete_subject)
def command(subject: str) -> None:
    """Tell what a code or a field means.

    CODE stands in brackets in a complaint. FIELD is a path as in a spec, with any name, or * for
    one: services.*.health_check.interval, config.smtp_host.type.
    """
    text = _explain_code(subject.upper()) if _CODE.match(subject) else _explain_field(subject)
    click.echo(text, nl=False)


def _explain_code(name: str) -> str:
    from penguin_compile.pipeline import check_spec
    from penguin_compile.report.explanation_text import render_code
    from penguin_compile.rules.codes import example_of, find_code
    from penguin_compile.rules.intake_codes import INTAKE_CODES
    from penguin_compile.rules.neighbour_codes import NEIGHBOUR_CODES
    from penguin_compile.source.load import load_spec

    code = find_code(name)
    if name in INTAKE_CODES:
        return _explain_intake(code)
    if name in NEIGHBOUR_CODES:
        return _explain_neighbours(code)
    wrong, right = example_of(name, "bad"), example_of(name, "good")
    findings = check_spec(load_spec(wrong, wrong.name)).findings
    return render_code(
        code,
        wrong.read_text(encoding="utf-8"),
        right.read_text(encoding="utf-8"),
        [one for one in findings if one.code == name],
        style,
        width=columns(),
    )


def _explain_neighbours(code: Code) -> str:
    from penguin_compile.neighbours import check_neighbours
    from penguin_compile.pipeline import check_spec
    from penguin_compile.report.explanation_text import render_neighbour_code
    from penguin_compile.rules.codes import examples_of
    from penguin_compile.source.load import load_spec

    wrong, right = examples_of(code.code, "bad"), examples_of(code.code, "good")
    checked = check_neighbours([check_spec(load_spec(one, one.name)) for one in wrong])
    bad, good = (
        {one.name: one.read_text(encoding="utf-8") for one in each} for each in (wrong, right)
    )
    findings = [one for spec in checked for one in spec.findings if one.code == code.code]
    return render_neighbour_code(code, style, bad, good, findings, width=columns())


def _explain_intake(code: Code) -> str:
    from penguin_compile.intake.examples import has_examples, read_example
    from penguin_compile.report.explanation_text import render_intake_code

    if not has_examples(code.code):
        return render_intake_code(code, style, width=columns())
    wrong, right = read_example(code.code, "bad"), read_example(code.code, "good")
    findings = [one for one in wrong.findings if one.code == code.code]
    return render_intake_code(code, style, wrong.texts, right.texts, findings, width=columns())


def _explain_field(path: str) -> str:
    from penguin_compile.compiler.field import find_field
    from penguin_compile.report.explanation_text import render_field

    return render_field(find_field(path), style, width=columns())
