"""Each rule on a spec that is right and one that is wrong, through the stages of the pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.pipeline import check_spec
from penguin_compile.report.diagnostics_text import render_diagnostics
from penguin_compile.rules import RULES
from penguin_compile.source.load import load_spec

CASES = Path(__file__).parent


def findings_of(code: str, name: str) -> list[Diagnostic]:
    path = CASES / code / name
    return check_spec(load_spec(path, f"{code}/{name}")).findings


@pytest.mark.parametrize("code", list(RULES))
def test_a_right_spec_is_let_through(code: str) -> None:
    findings = findings_of(code, "good.yaml")
    assert not [one for one in findings if one.code == code or one.severity is Severity.ERROR], (
        render_diagnostics(findings)
    )


@pytest.mark.parametrize("code", list(RULES))
def test_a_wrong_spec_is_told(code: str, snapshot: SnapshotAssertion) -> None:
    findings = [one for one in findings_of(code, "bad.yaml") if one.code == code]
    assert findings
    assert render_diagnostics(findings) == snapshot


@pytest.mark.parametrize("code", list(RULES))
def test_a_wrong_spec_breaks_no_other_rule_by_an_error(code: str) -> None:
    findings = findings_of(code, "bad.yaml")
    others = {one.code for one in findings if one.severity is Severity.ERROR} - {code}
    assert not others, render_diagnostics(findings)


@pytest.mark.parametrize("code", list(RULES))
def test_every_rule_says_what_why_and_whence(code: str) -> None:
    rule = RULES.load(code)
    assert rule.code == code
    assert rule.why.endswith(".")
    assert rule.title
    assert not rule.title.endswith(".")
    assert rule.source


def test_every_rule_has_its_own_code_and_its_own_fixtures() -> None:
    folders = sorted(one.name for one in CASES.iterdir() if one.name.startswith("PC"))
    assert folders == sorted(RULES)
    assert len({RULES.load(code).check for code in RULES}) == len(folders)
