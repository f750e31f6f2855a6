"""`explain` on every code, and on fields, as a user reads it in a terminal of 100 columns."""

from __future__ import annotations

import pytest

from penguin_compile.compiler.field import list_fields
from penguin_compile.report.diagnostics_text import WIDTH
from penguin_compile.rules.codes import examples_of, find_code, list_codes
from penguin_compile.rules.intake_codes import INTAKE_CODES
from tests.cli.conftest import Run

FIELDS = [".".join(one.path) for one in list_fields()]


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


CODES = [code for code in list_codes() if code not in INTAKE_CODES]


@pytest.mark.parametrize("code", sorted(INTAKE_CODES))
def test_a_code_of_init_is_told_with_its_reasons(penguin: Run, code: str) -> None:
    result = penguin("explain", code)
    words = " ".join(result.out.split())
    known = find_code(code)
    assert (result.code, result.err) == (0, "")
    for part in (known.title, known.why, known.source, str(known.severity)):
        assert part in words
    assert max(map(len, result.out.splitlines())) <= WIDTH


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_told_with_its_reasons_and_both_specs(penguin: Run, code: str) -> None:
    result = penguin("explain", code.lower())
    assert (result.code, result.err) == (0, "")
    words = " ".join(result.out.split())
    known = find_code(code)
    for part in (known.title, known.why, known.source):
        assert part in words
    assert f"\n{known.severity}[{code}]: " in result.out
    for kind in ("bad", "good"):
        for path in examples_of(code, "bad" if kind == "bad" else "good"):
            assert indented(path.read_text(encoding="utf-8")) in result.out
    # What stands beside a mark is the complaint's own, and not wrapped in `validate` either.
    lines = [line for line in result.out.splitlines() if "^" not in line]
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize(
    ("code", "can"),
    [("PC201", False), ("PC310", True), ("PC313", False), ("PC402", True), ("PC101", False)],
)
def test_what_can_be_silenced_says_how(penguin: Run, code: str, can: bool) -> None:
    assert (f"`x-allow: {{{code}: the reason}}`" in penguin("explain", code).out) is can


def test_a_field_is_told_with_type_default_limits_and_an_example(penguin: Run) -> None:
    assert penguin("explain", "services.web.health_check.interval").out == (
        "services.*.health_check.interval\n\n"
        "Time between checks, at least 5s.\n\n"
        "  type     a duration (30s, 5m, 1h) or a number of seconds\n"
        "  default  30s\n"
        "  limits   at least 5s\n\n"
        "Example:\n\n"
        "  services:\n    web:\n      health_check:\n        interval: 30s\n"
    )


def test_a_section_lists_the_keys_below_it(penguin: Run) -> None:
    told = penguin("explain", "routes").out
    assert "Keys of each routes.*:" in told
    assert "  to           Services of this app. Required.\n" in told


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_fits_a_terminal(penguin: Run, path: str) -> None:
    result = penguin("explain", path)
    assert result.code == 0
    assert max(len(line) for line in result.out.splitlines()) <= WIDTH


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("PC210x", ("no field",)),
        ("PC21", ('there is no code "PC21"', "did you mean")),
        ("PC999", ('there is no code "PC999"', "codes: PC101, ")),
        ("services.api.prot", ('did you mean "port"?', "health_check")),
    ],
)
def test_what_does_not_exist_is_wrong_usage(
    penguin: Run, subject: str, words: tuple[str, ...]
) -> None:
    result = penguin("explain", subject)
    assert (result.code, result.out) == (64, "")
    assert all(word in result.err for word in words)
