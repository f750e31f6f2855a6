"""What the published schemas refuse, the compiler refuses, too: an editor never cries wolf."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings

from penguin_compile.compiler.schema import fragment_schema, spec_schema
from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.core.span import Source
from penguin_compile.pipeline import check_spec
from penguin_compile.source.load import load_text
from tests.properties.spec_mutations import COMPLETE, as_text, change, changed_specs

SPEC = jsonschema_rs.validator_for(spec_schema())
FRAGMENT = jsonschema_rs.validator_for(fragment_schema())
SHAPE_CODES = {f"PC{number}" for number in range(101, 109)}


def refusals(text: str, path: Path) -> list[Diagnostic]:
    """What the compiler says of the shape of a text that counts as the file `path`."""
    findings = check_spec(load_text(Source(str(path), text), path, [])).findings
    return [one for one in findings if one.code in SHAPE_CODES]


def agree(document: Any) -> None:
    complaint = next(SPEC.iter_errors(document), None)
    if complaint is not None:
        assert refusals(as_text(document), Path("agreement.yaml")), complaint.message


def test_a_complete_spec_is_right_for_both() -> None:
    assert SPEC.is_valid(COMPLETE)
    assert FRAGMENT.is_valid(COMPLETE)
    assert refusals(as_text(COMPLETE), Path("agreement.yaml")) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("penguin",), True),
        (("config", "page_size", "check"), {"json_schema": {}}),
        (("config", "page_size", "check"), {"json_schema": None}),
        (("services", "api", "environment", "MODE"), {"literal": "x"}),
        (("environments", "dev", "database", "url"), {"secret": "env:A", "literal": "b"}),
    ],
)
def test_words_of_the_program_are_no_words_of_the_language(
    path: tuple[str, ...], value: Any
) -> None:
    document = copy.deepcopy(COMPLETE)
    change(document, path, "set", value, "")
    assert not SPEC.is_valid(document)
    agree(document)


@pytest.mark.slow
@settings(deadline=None)
@given(changed_specs())
def test_what_the_schema_refuses_the_compiler_refuses(document: dict[str, Any]) -> None:
    agree(document)


@pytest.mark.slow
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=changed_specs())
def test_what_the_schema_of_a_fragment_refuses_can_not_be_imported_alone(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    complaint = next(FRAGMENT.iter_errors(document), None)
    if complaint is not None:
        (tmp_path / "fragment.yaml").write_text(as_text(document), encoding="utf-8")
        alone = "imports: [fragment.yaml]\n"
        assert refusals(alone, tmp_path / "main.yaml"), complaint.message


def test_what_imports_is_judged_as_a_part() -> None:
    assert not SPEC.is_valid({"routes": {"public": {"path_prefix": "/x"}}})
    assert SPEC.is_valid({"imports": ["a"], "routes": {"public": {"path_prefix": "/x"}}})
    assert not SPEC.is_valid({"imports": [], "penguin": 1})
