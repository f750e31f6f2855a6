"""Files of an app that contradict each other, and such that don't: for `explain`, and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from penguin_compile.core.diagnostic import Diagnostic
from penguin_compile.intake.findings.inspection import inspect
from penguin_compile.intake.todays_files import find_todays_files, read_todays_files

_EXAMPLES = Path(__file__).with_name("findings") / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The texts of a folder by name, and all that is found in them."""

    texts: Mapping[str, str]
    findings: tuple[Diagnostic, ...]


def has_examples(code: str) -> bool:
    """Whether a code is one that files can be wrong by."""
    return (_EXAMPLES / code).is_dir()


def read_example(code: str, kind: Literal["good", "bad"]) -> Example:
    """The files that a code lets through, or those that it complains about."""
    folder = _EXAMPLES / code / kind
    files = find_todays_files(folder)
    evidence, problems = read_todays_files(files, below=str(folder))
    every = (*files.compose, *files.env, *files.gateway)
    return Example(
        texts={str(one.relative_to(folder)): one.read_text(encoding="utf-8") for one in every},
        findings=(*problems, *inspect(evidence)),
    )
