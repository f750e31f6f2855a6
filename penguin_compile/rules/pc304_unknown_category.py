"""PC304: a config category that nobody declared."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.model.app import App
from penguin_compile.model.setting import STANDARD_CATEGORIES
from penguin_compile.rules.names import Names
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Known are the standard six and those of `categories`."""
    names = Names(frozenset((*STANDARD_CATEGORIES, *app.categories)), "categories")
    for key, setting in app.settings.items():
        if setting.category not in names.known:
            yield Finding(
                pointer=("config", key, "category"),
                message=f'config key "{key}" is of an unknown category: "{setting.category}"',
                label=names.label(setting.category) or "declare it under `categories`",
                help=names.help,
            )


RULE = Rule(
    code="PC304",
    severity=Severity.WARNING,
    title="unknown config category",
    why="The settings page lists keys by category; a misspelt one is a page of its own.",
    source="integration-standards, Configuration Categories",
    check=check,
)
