"""PC306: a license tier with neither feature nor limit."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Only what a tier states itself counts, not what it has of the tiers before it."""
    if app.license is None:
        return
    granted = {feature.tier for feature in app.license.features}
    for tier in app.license.tiers:
        if tier.name not in granted and not tier.limits:
            yield Finding(
                pointer=("license", "tiers", tier.name),
                message=f'tier "{tier.name}" has neither a feature nor a limit of its own',
                at_key=True,
            )


RULE = Rule(
    code="PC306",
    severity=Severity.INFO,
    title="tier with neither feature nor limit",
    why="It is the same as the tier below it: nobody has a reason to buy it.",
    source="integration-standards, Tiers and Features",
    check=check,
)
