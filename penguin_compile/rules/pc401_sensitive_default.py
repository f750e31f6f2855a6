"""PC401: a sensitive key or variable that has a default."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.setting import Unset
from penguin_compile.rules.literals import own_defaults
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Even an empty one: it would count as a value."""
    for key, setting in app.settings.items():
        if setting.sensitive and not isinstance(setting.default, Unset):
            yield _finding("config key", key, ("config", key, "default"))
    for name, variable in app.variables.items():
        if variable.sensitive and variable.default is not None:
            yield _finding("variable", name, ("variables", name, "default"))
    for service, name, value in own_defaults(app):
        if app.variables[value.name].sensitive:
            pointer = ("services", service, "environment", name, "default")
            yield _finding("variable", value.name, pointer)


def _finding(kind: str, name: str, pointer: Pointer) -> Finding:
    return Finding(
        pointer=pointer,
        message=f'the sensitive {kind} "{name}" has a default',
        label="remove it",
        help="a secret is named, never written: `secret: env:NAME`",
    )


RULE = Rule(
    code="PC401",
    severity=Severity.ERROR,
    title="sensitive key with a default",
    why="The secret is in the repository and in every artifact, for everybody who can read them.",
    source="integration-standards, Security Considerations: sensitive values",
    check=check,
)
