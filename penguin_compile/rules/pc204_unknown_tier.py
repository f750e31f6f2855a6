"""PC204: a feature, or an environment, of a license tier that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules.names import Names
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """The tiers are those of section `license`."""
    tiers = app.license.tiers if app.license is not None else ()
    names = Names(frozenset(tier.name for tier in tiers), "tiers of this app")
    for feature in app.license.features if app.license is not None else ():
        pointer: Pointer = ("license", "features", feature.name, "tier")
        yield from _unknown(names, feature.tier, f'feature "{feature.name}"', pointer)
    environment = app.environment
    if environment.tier is not None:
        pointer = ("environments", environment.name, "tier")
        yield from _unknown(names, environment.tier, f'environment "{environment.name}"', pointer)


def _unknown(names: Names, tier: str, user: str, pointer: Pointer) -> Iterator[Finding]:
    if tier not in names.known:
        yield Finding(
            pointer=pointer,
            message=f'{user} is of a license tier that does not exist: "{tier}"',
            label=names.label(tier),
            help=names.help if names.known else "declare them under `license.tiers`, lowest first",
        )


RULE = Rule(
    code="PC204",
    severity=Severity.ERROR,
    title="unknown license tier",
    why="No license grants it: what the tier holds is never entitled, or always left out.",
    source="integration-standards, Tiers and Features",
    check=check,
)
