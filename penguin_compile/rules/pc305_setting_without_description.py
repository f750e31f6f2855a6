"""PC305: a config key without a description."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """An empty one is none."""
    for key, setting in app.settings.items():
        if not setting.description or setting.description.isspace():
            yield Finding(
                pointer=("config", key),
                message=f'config key "{key}" has no description',
                label='add "description": what does it do?',
                at_key=True,
            )


RULE = Rule(
    code="PC305",
    severity=Severity.WARNING,
    title="config key without description",
    why="Admins change it on the settings page, and this line is all that they are told of it.",
    source="integration-standards, Database Schema: description; WebUI Configuration Management",
    check=check,
)
