"""PC313: an `x-allow` that silences nothing."""

from __future__ import annotations

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(_app: App) -> tuple[Finding, ...]:
    """The model tells nothing of it: `rules/allowance.py` sees what the other rules find."""
    return ()


RULE = Rule(
    code="PC313",
    severity=Severity.WARNING,
    title="unused x-allow",
    why="It would hide the next mistake at its place; what it excused is gone, is an error that "
    "can't be excused, or has no reason beside it.",
    source="suppression comments of linters that outlive what they suppressed",
    check=check,
)
