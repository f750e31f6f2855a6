"""Whatever a file holds: complaints with places or a failure in words, soon, in little memory.

`make fuzz` runs this for FUZZ_SECONDS. What it finds lands in tests/fuzz_findings/, is mended in
the code, and stays there to be tried by every run.
"""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from hypothesis import given, settings

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.errors import PenguinError
from penguin_compile.pipeline import check_spec
from penguin_compile.report.diagnostics_github import render_diagnostics_github
from penguin_compile.report.diagnostics_json import render_diagnostics_json
from penguin_compile.report.diagnostics_text import render_diagnostics
from penguin_compile.source.load import load_text
from penguin_compile.source.text import decode_source
from tests.properties import fuzz_text
from tests.properties.spec_mutations import ROOT

FINDINGS = ROOT / "tests" / "fuzz_findings"
SECONDS = 5.0  # of the processor, for texts of some kilobytes: a hundred times what they take
GROWTH = 300 * 1024  # KiB that all of them together may add
quietly = settings(deadline=None)


def survive(data: bytes, keep_as: str | None = None) -> None:
    """Validate bytes as a spec file and tell its findings in every form."""
    started = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        _validate(data)
        assert time.process_time() - started < SECONDS
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH
    except BaseException:
        if keep_as is not None and settings.get_current_profile_name() == "fuzz":
            (FINDINGS / keep_as).write_bytes(data)  # the last one is the smallest
        raise


def _validate(data: bytes) -> None:
    source, findings = decode_source(data, "fuzz.yaml")
    try:
        checked = check_spec(load_text(source, Path("/nowhere/at/all/fuzz.yaml"), findings))
    except PenguinError:  # a failure in words; any other exception is a bug
        return
    for one in checked.findings:
        _check_place(one)
    for text in (
        render_diagnostics(checked.findings),
        render_diagnostics_json(checked.findings),
        render_diagnostics_github(checked.findings),
    ):
        text.encode("utf-8")
    if checked.loaded.document is None:
        assert checked.has_errors


def _check_place(finding: Diagnostic) -> None:
    span = finding.span
    assert 0 <= span.start <= span.end <= len(span.source.text), finding
    assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column), finding
    assert finding.message


@quietly
@given(fuzz_text.noise)
def test_noise(data: bytes) -> None:
    survive(data, "new-noise.yaml")


@quietly
@given(fuzz_text.yamlish)
def test_what_looks_like_yaml(text: str) -> None:
    survive(text.encode(), "new-yamlish.yaml")


@pytest.mark.slow
@quietly
@given(fuzz_text.damaged_specs())
def test_damaged_specs(text: str) -> None:
    survive(text.encode(), "new-damaged-spec.yaml")


@pytest.mark.slow
@quietly
@given(fuzz_text.damaged_bytes())
def test_damaged_bytes(data: bytes) -> None:
    survive(data, "new-damaged-bytes.yaml")


@pytest.mark.slow
@quietly
@given(fuzz_text.trees)
def test_specs_with_odd_values(text: str) -> None:
    survive(text.encode(), "new-tree.yaml")


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_was_found_once_stays_mended(path: Path) -> None:
    survive(path.read_bytes())
