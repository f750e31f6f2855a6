"""Every code that a complaint can have, its meaning, and its examples: for `explain` and SARIF."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from penguin_compile.core.errors import UsageError
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.rules import RULES
from penguin_compile.rules.intake_codes import INTAKE_CODES
from penguin_compile.rules.neighbour_codes import NEIGHBOUR_CODES
from penguin_compile.rules.rule import Code
from penguin_compile.rules.shape_codes import SHAPE_CODES

_EXAMPLES = Path(__file__).with_name("examples")


def list_codes() -> list[str]:
    """All codes, sorted."""
    return sorted({*SHAPE_CODES, *RULES, *NEIGHBOUR_CODES, *INTAKE_CODES})


def find_code(code: str) -> Code:
    """What stands behind a code. Raises UsageError for one that doesn't exist."""
    if code in SHAPE_CODES:
        return SHAPE_CODES[code]
    if code in RULES:
        return RULES.load(code)
    if code in NEIGHBOUR_CODES:
        return NEIGHBOUR_CODES[code]
    if code in INTAKE_CODES:
        return INTAKE_CODES[code]
    known = list_codes()
    near = did_you_mean(code, known)
    raise UsageError(
        f'there is no code "{code}"' + (f"; {near}" if near else ""),
        hint=f"codes: {list_names(known)}",
    )


def example_of(code: str, kind: Literal["good", "bad"]) -> Path:
    """A spec that a code lets through, or one that it complains about; the tests read them, too."""
    return _EXAMPLES / code / f"{kind}.yaml"


def examples_of(code: str, kind: Literal["good", "bad"]) -> list[Path]:
    """The same for any code: more than one spec where it takes several to break it."""
    single = example_of(code, kind)
    return [single] if single.exists() else sorted((_EXAMPLES / code / kind).glob("*.yaml"))
