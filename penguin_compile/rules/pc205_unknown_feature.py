"""PC205: something requires a license feature that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.rules.names import Names
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """`requires_feature` of services, and the features that gate WaddleAI."""
    features = app.license.features if app.license is not None else ()
    names = Names(frozenset(one.name for one in features), "license features of this app")
    for user, feature, pointer in _requirements(app):
        if feature not in names.known:
            yield Finding(
                pointer=pointer,
                message=f'{user} requires a license feature that does not exist: "{feature}"',
                label=names.label(feature),
                help=names.help if names.known else "declare it under `license.features`",
            )


def _requirements(app: App) -> Iterator[tuple[str, str, Pointer]]:
    for name, service in app.services.items():
        if service.requires_feature is not None:
            pointer: Pointer = ("services", name, "requires_feature")
            yield f'service "{name}"', service.requires_feature, pointer
    for index, feature in enumerate(app.waddleai.features if app.waddleai is not None else ()):
        yield "WaddleAI", feature, ("integrations", "waddleai", "features", index)


RULE = Rule(
    code="PC205",
    severity=Severity.ERROR,
    title="unknown license feature",
    why="The license server entitles nobody to it: what requires it is never there.",
    source="real apps: features enforced in code but missing in the license registry",
    check=check,
)
