"""Codes that reading a spec tells, before there is a model: no rule checks them.

The stages that find them are `source/` and `compiler/shape.py`; `explain` and SARIF tell of them
here. PC105 is told by both: its meaning stands with its rule.
"""

from __future__ import annotations

from penguin_compile.core.diagnostic import Severity
from penguin_compile.rules.rule import Code


def _error(code: str, title: str, why: str, source: str) -> Code:
    return Code(code=code, severity=Severity.ERROR, title=title, why=why, source=source)


_CODES = (
    _error(
        "PC101",
        "YAML syntax",
        "The text has no one meaning: two programs would read two different specs, or none.",
        "YAML 1.2.2; a spec is one document of plain data, without tags that construct objects",
    ),
    _error(
        "PC102",
        "duplicate key",
        "Most programs keep the last of the two and say nothing: a line that a reviewer saw would "
        "have no effect.",
        "YAML 1.2.2, section 3.2.1.3: the keys of a mapping are unique",
    ),
    _error(
        "PC103",
        "unknown key",
        "A misspelt key would be ignored, and its default used in silence.",
        "the spec language, version 1; keys that begin with x- are allowed everywhere",
    ),
    _error(
        "PC104",
        "wrong type or value",
        "What reads the value later would refuse it at run time, or take it for another one: "
        "`version: 1.0` is a number, and 1.10 would become 1.1.",
        "the spec language, version 1: types are strict; schemas/spec.schema.json has them for "
        "editors",
    ),
    _error(
        "PC106",
        "import not found, cyclic or outside the repository",
        "A spec that depends on files outside the repository compiles to something else on each "
        "machine, and no reviewer sees them change.",
        "the spec language, version 1: imports stay inside the repository, links included",
    ),
    _error(
        "PC107",
        "`extends` unknown or cyclic",
        "Without the environment that it builds on, an environment is another one than was meant.",
        "the spec language, version 1: `extends` names another environment of the same spec",
    ),
    _error(
        "PC108",
        "over a limit of depth, aliases or size",
        "A few lines of nested aliases can stand for billions of values; reading them would take "
        "all memory.",
        "CWE-776, recursive entity references; limits: 200 levels, 100,000 nodes from aliases, "
        "256 MiB",
    ),
)
SHAPE_CODES = {one.code: one for one in _CODES}
