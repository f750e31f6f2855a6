"""Each code on a spec that is right and one that is wrong, through the stages of the pipeline."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

import penguin_compile
from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.neighbours import check_neighbours
from penguin_compile.pipeline import check_spec
from penguin_compile.report.diagnostics_text import render_diagnostics
from penguin_compile.rules import RULES
from penguin_compile.rules.codes import examples_of, find_code, list_codes
from penguin_compile.rules.intake_codes import INTAKE_CODES
from penguin_compile.source.load import load_spec

PACKAGE = Path(penguin_compile.__file__).parent
CODES = [code for code in list_codes() if code not in INTAKE_CODES]  # those of specs


def findings_of(code: str, kind: str) -> list[Diagnostic]:
    paths = examples_of(code, "good" if kind == "good" else "bad")
    loaded = [load_spec(path, f"{code}/{path.name}") for path in paths]
    checked = check_neighbours([check_spec(one) for one in loaded])
    return [finding for spec in checked for finding in spec.findings]


@pytest.mark.parametrize("code", CODES)
def test_a_right_spec_is_let_through(code: str) -> None:
    findings = findings_of(code, "good")
    assert not [one for one in findings if one.code == code or one.severity is Severity.ERROR], (
        render_diagnostics(findings)
    )


@pytest.mark.parametrize("code", CODES)
def test_a_wrong_spec_is_told(code: str, snapshot: SnapshotAssertion) -> None:
    findings = [one for one in findings_of(code, "bad") if one.code == code]
    assert findings
    assert render_diagnostics(findings) == snapshot


@pytest.mark.parametrize("code", CODES)
def test_a_wrong_spec_breaks_no_other_rule_by_an_error(code: str) -> None:
    findings = findings_of(code, "bad")
    others = {one.code for one in findings if one.severity is Severity.ERROR} - {code}
    assert not others, render_diagnostics(findings)


@pytest.mark.parametrize("code", list_codes())
def test_every_code_says_what_why_and_whence(code: str) -> None:
    found = find_code(code)
    assert found.code == code
    assert found.why.endswith(".")
    assert found.title
    assert not found.title.endswith(".")
    assert found.source


def test_every_code_has_its_own_examples_and_every_rule_its_own_check() -> None:
    folders = sorted(one.name for one in (PACKAGE / "rules" / "examples").iterdir())
    assert folders == CODES
    assert len({RULES.load(code).check for code in RULES}) == len(list(RULES))


def test_every_code_that_the_sources_name_is_known() -> None:
    named = {
        code
        for file in PACKAGE.rglob("*.py")
        for code in re.findall(r'"(PC\d{3})"', file.read_text(encoding="utf-8"))
    }
    assert named <= set(list_codes())
    assert set(list_codes()) - set(RULES) <= named
