"""What `explain` says of a code and of a field, for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from penguin_compile.compiler.field import ANY_NAME, Field
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.report.diagnostics_text import WIDTH, Style, render_diagnostics
from penguin_compile.rules.allowance import ALLOW, can_be_silenced
from penguin_compile.rules.rule import Code
from penguin_compile.source.scalars import resolve_plain
from penguin_compile.targets.yaml_text import yaml_text

_QUOTED = re.compile(r'(.*(?:: |- ))"([A-Za-z0-9./][A-Za-z0-9._/@+-]*)"')
_MOST_COMPLAINTS = 3
_MOST_EXAMPLE_LINES = 20
_CONSEQUENCES = {
    Severity.ERROR: "nothing is compiled, planned or applied while it stands",
    Severity.WARNING: "told and counted; `validate --strict` fails on it",
    Severity.INFO: "told and counted; nothing fails on it",
}

_OF_INTAKE = "told by `init` of the files that an app has today; no spec is the matter"
_OF_NEIGHBOURS = "told where several specs are checked together"


def render_code(
    code: Code,
    wrong: str,
    right: str,
    findings: Sequence[Diagnostic],
    style: Style,
    *,
    width: int = WIDTH,
) -> str:
    """A code with its reasons, a wrong spec with what is said of it, and a right one."""
    severity = f"{code.severity}: {_CONSEQUENCES[code.severity]}"
    silenced = (
        f"`{ALLOW}: {{{code.code}: the reason}}` beside it, or above it, silences it"
        if can_be_silenced(code.code, code.severity)
        else "can't silence it"
    )
    rows = (("severity", severity), ("source", code.source), (ALLOW, silenced))
    lines = [
        style(f"{code.code}: {code.title}", "bright_white"),
        "",
        *wrap(code.why, width),
        "",
        *_table(rows, width),
        "",
        "Wrong:",
        "",
        *_indented(wrong),
        "",
        *_complaints(findings, style, width),
        "Right:",
        "",
        *_indented(right),
    ]
    return "\n".join(lines) + "\n"


def render_intake_code(
    code: Code,
    style: Style,
    wrong: Mapping[str, str] | None = None,
    right: Mapping[str, str] | None = None,
    findings: Sequence[Diagnostic] = (),
    *,
    width: int = WIDTH,
) -> str:
    """A code that `init` tells of an app's own files, with such files by their names."""
    return _render_files(code, _OF_INTAKE, style, wrong or {}, right or {}, findings, width)


def render_neighbour_code(
    code: Code,
    style: Style,
    wrong: Mapping[str, str],
    right: Mapping[str, str],
    findings: Sequence[Diagnostic],
    *,
    width: int = WIDTH,
) -> str:
    """A code that several specs break together, with such specs by their names."""
    consequence = f"{_CONSEQUENCES[code.severity]}; {_OF_NEIGHBOURS}"
    return _render_files(code, consequence, style, wrong, right, findings, width)


def _render_files(
    code: Code,
    consequence: str,
    style: Style,
    wrong: Mapping[str, str],
    right: Mapping[str, str],
    findings: Sequence[Diagnostic],
    width: int,
) -> str:
    rows = (("severity", f"{code.severity}: {consequence}"), ("source", code.source))
    lines = [
        style(f"{code.code}: {code.title}", "bright_white"),
        "",
        *wrap(code.why, width),
        "",
        *_table(rows, width),
    ]
    if wrong and right:
        lines += ["", "Wrong:", "", *_files(wrong), *_complaints(findings, style, width)]
        lines += ["Right:", "", *_files(right)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _files(texts: Mapping[str, str]) -> Iterator[str]:
    for name, text in texts.items():
        yield f"{name}:"
        yield from _indented(text)
        yield ""


def render_field(field: Field, style: Style, *, width: int = WIDTH) -> str:
    """A field with its type, its limits, an example, and the keys below it."""
    lines = [style(".".join(field.path), "bright_white"), ""]
    if field.description:
        lines += [*wrap(field.description, width), ""]
    lines += _table(_rows(field), width)
    if field.keys:
        each = f"Keys of each {'.'.join((*field.path, ANY_NAME))}:" if field.named else "Keys:"
        rows = [(one.name, _key_text(one.description, required=one.required)) for one in field.keys]
        lines += ["", each, "", *_table(rows, width)]
    if field.free:
        lines += ["", "Below it the language sets no keys."]
    if field.example is not None:
        example = [_bare(line) for line in _indented(yaml_text(field.example))]
        cut = ["  …"] if len(example) > _MOST_EXAMPLE_LINES else []
        lines += ["", "Example:", "", *example[:_MOST_EXAMPLE_LINES], *cut]
    return "\n".join(lines) + "\n"


def _rows(field: Field) -> Iterator[tuple[str, str]]:
    yield "type", field.type
    if field.required:
        yield "required", "yes"
    elif field.default is not None:
        yield "default", field.default
    if field.limits:
        yield "limits", "; ".join(field.limits)


def _key_text(description: str, *, required: bool) -> str:
    return f"{description} Required." if required else description


def _complaints(findings: Sequence[Diagnostic], style: Style, width: int) -> Iterator[str]:
    yield from render_diagnostics(findings[:_MOST_COMPLAINTS], style, width=width).split("\n")
    more = len(findings) - _MOST_COMPLAINTS
    if more > 0:
        yield f"… and {more} more of its kind"
        yield ""


def _table(rows: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Names and texts in two columns."""
    every = list(rows)
    column = max(len(name) for name, _ in every) + 4
    for name, text in every:
        lead = f"  {name}".ljust(column)
        yield from wrap(
            text,
            width,
            initial_indent=lead,
            subsequent_indent=" " * column,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _bare(line: str) -> str:
    """Without quotes where a person would write none."""
    quoted = _QUOTED.fullmatch(line)
    if quoted is None or not isinstance(resolve_plain(quoted[2]), str):
        return line
    return quoted[1] + quoted[2]


def _indented(text: str) -> Iterator[str]:
    for line in text.rstrip("\n").split("\n"):
        yield f"  {line}".rstrip()
