"""PC207: a default that breaks its own type or check, and a check that is broken itself."""

from __future__ import annotations

from collections.abc import Iterator

from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.check import flaws, has_type, violations
from penguin_compile.model.deployment import Variable
from penguin_compile.model.setting import SettingType, Unset, parse_stored
from penguin_compile.rules.literals import own_defaults
from penguin_compile.rules.rule import Finding, Rule


def check(app: App) -> Iterator[Finding]:
    """Config keys with their checks, and variables with their types."""
    for key, setting in app.settings.items():
        if setting.check is not None:
            for flaw in flaws(setting):
                yield Finding(
                    pointer=("config", key, "check"),
                    message=f'the check of "{key}" can\'t be right: {flaw}',
                )
        if isinstance(setting.default, Unset):
            continue
        for violation in violations(setting, setting.default):
            yield Finding(
                pointer=("config", key, "default"),
                message=f'the default of "{key}" breaks its own check: it {violation}',
                related=() if setting.check is None else (("the check", ("config", key, "check")),),
            )
    for name, variable in app.variables.items():
        if not _reads(variable.type, variable.default):
            yield _wrong_type(variable, ("variables", name, "default"))
    for service, name, value in own_defaults(app):
        variable = app.variables[value.name]
        if not _reads(variable.type, value.default):
            yield _wrong_type(variable, ("services", service, "environment", name, "default"))


def _wrong_type(variable: Variable, pointer: Pointer) -> Finding:
    return Finding(
        pointer=pointer,
        message=f'the default of "{variable.name}" breaks its own type:'
        f" it can't be read as {variable.type}",
    )


def _reads(kind: str, text: str | None) -> bool:
    """Whether a variable's text can be read as its type."""
    if text is None or kind == "string":
        return True
    try:
        value = parse_stored(kind, text)
    except ValueError:
        return False
    return has_type(SettingType(kind), value)


RULE = Rule(
    code="PC207",
    severity=Severity.ERROR,
    title="default breaks its own type or check",
    why="The first start of the app would store a value that the app itself refuses.",
    source="integration-standards, Bootstrap Process: validate before storing",
    check=check,
)
