"""PC206: a limit of a higher tier that is below that of a lower one."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.model.license import UNLIMITED
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Each tier against the highest limit of all tiers before it."""
    highest: dict[str, tuple[float, str]] = {}
    for tier in app.license.tiers if app.license is not None else ():
        for name, limit in tier.limits.items():
            size = float("inf") if limit == UNLIMITED else float(limit)
            before, lower = highest.get(name, (size, tier.name))
            if size < before:
                yield Finding(
                    pointer=("license", "tiers", tier.name, "limits", name),
                    message=f'tier "{tier.name}" has fewer {name} than the lower tier "{lower}":'
                    f" {limit} after {_text(before)}",
                    label=UNLIMITED if before == float("inf") else f"at least {_text(before)}",
                    help="tiers are listed lowest first",
                    related=((f'tier "{lower}"', ("license", "tiers", lower, "limits", name)),),
                )
            else:
                highest[name] = size, tier.name


def _text(limit: float) -> str:
    return UNLIMITED if limit == float("inf") else str(int(limit))


RULE = Rule(
    code="PC206",
    severity=Severity.ERROR,
    title="limit of a higher tier below that of a lower one",
    why="A customer who upgrades would lose what the cheaper license gave.",
    source="integration-standards, Tiers and Features: each tier has all of the one before it",
    check=check,
)
