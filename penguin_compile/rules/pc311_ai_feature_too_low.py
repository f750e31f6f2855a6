"""PC311: an AI feature below the professional tier."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule

_LOWEST = "professional"
_BELOW = frozenset(("community", "free"))  # where an app has no tier of that name


def check(app: App) -> Iterator[Finding]:
    """Features that say `ai: true`, and those that gate WaddleAI."""
    if app.license is None:
        return
    order = [tier.name for tier in app.license.tiers]
    below = set(order[: order.index(_LOWEST)]) if _LOWEST in order else _BELOW
    gates = app.waddleai.features if app.waddleai is not None else ()
    for feature in app.license.features:
        if feature.tier in below and (feature.ai or feature.name in gates):
            yield Finding(
                pointer=("license", "features", feature.name, "tier"),
                message=f'AI feature "{feature.name}" is part of tier "{feature.tier}"',
                label=f"AI begins with {_LOWEST}",
            )


RULE = Rule(
    code="PC311",
    severity=Severity.WARNING,
    title="AI feature below the professional tier",
    why="Inference costs money with every request; free users would spend it without a limit.",
    source="integration-standards, License-Gating AI Features: professional and above",
    check=check,
)
