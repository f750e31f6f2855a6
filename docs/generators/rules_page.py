"""Every code that a complaint can have, with a wrong and a right example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from markdown_text import block, text

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.intake.examples import has_examples, read_example
from penguin_compile.neighbours import check_neighbours
from penguin_compile.pipeline import check_spec
from penguin_compile.report.diagnostics_text import render_diagnostics
from penguin_compile.rules.allowance import ALLOW, can_be_silenced
from penguin_compile.rules.codes import examples_of, find_code, list_codes
from penguin_compile.rules.intake_codes import INTAKE_CODES
from penguin_compile.rules.rule import Code
from penguin_compile.source.load import load_spec

_HEAD = """\
# Rules

Every complaint has a code. Errors stop a compile, a plan and an apply. Warnings are told, and
`validate`, `plan` and `apply` fail on them with `--strict`. Codes from PC501 on are about the
files that an app has today, and are told by `init`. `penguin-compile explain PC201` says the same
in a terminal.
"""
_WIDTH = 80
_MOST = 3


def rules_page() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for name in list_codes():
        code = find_code(name)
        lines += [f"## {name}: {text(code.title)}", "", text(code.why), "", *_facts(code)]
        lines.extend(_of_files(name) if name in INTAKE_CODES else _of_specs(name))
    return "\n".join(lines)


def _facts(code: Code) -> Iterator[str]:
    yield f"*Severity:* {code.severity}. *Source:* {text(code.source.rstrip('.'))}."
    if code.code not in INTAKE_CODES and can_be_silenced(code.code, code.severity):
        yield f"`{ALLOW}: {{{code.code}: the reason}}` beside it, or above it, silences it."
    yield ""


def _of_specs(name: str) -> Iterator[str]:
    wrong, right = examples_of(name, "bad"), examples_of(name, "good")
    checked = check_neighbours([check_spec(load_spec(one, one.name)) for one in wrong])
    yield from _example("Wrong", _texts(wrong))
    yield from _complaints(name, [finding for one in checked for finding in one.findings])
    yield from _example("Right", _texts(right))


def _texts(specs: Sequence[Path]) -> dict[str, str]:
    """By name where there are several; a title names a file that a reader could mix up."""
    several = len(specs) > 1
    return {one.name if several else "": one.read_text(encoding="utf-8") for one in specs}


def _of_files(name: str) -> Iterator[str]:
    if not has_examples(name):
        return
    wrong, right = read_example(name, "bad"), read_example(name, "good")
    yield from _example("Wrong", wrong.texts)
    yield from _complaints(name, wrong.findings)
    yield from _example("Right", right.texts)


def _example(title: str, files: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{title}:", "")
    for name, body in files.items():
        language = "yaml" if name.endswith((".yml", ".yaml", "")) else "text"
        yield from block(f'{language} title="{name}"' if name else language, body)


def _complaints(name: str, findings: Sequence[Diagnostic]) -> Iterator[str]:
    shown = [one for one in findings if one.code == name][:_MOST]
    if shown:
        yield from block("text", render_diagnostics(shown, width=_WIDTH))
