"""PC307: `release_mode` off in a protected environment."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Of apps that have a license section."""
    license_ = app.license
    if app.environment.protected and license_ is not None and not license_.release_mode:
        yield Finding(
            pointer=("license", "release_mode"),
            message="licenses are not enforced in a protected environment: `release_mode` is off",
            label="set it in the overrides of the environment",
        )


RULE = Rule(
    code="PC307",
    severity=Severity.WARNING,
    title="release_mode off in a protected environment",
    why="Every feature is there for everybody, whatever their license says.",
    source="integration-standards, License: RELEASE_MODE, dev false, prod true",
    check=check,
)
