"""PC208: two keys that share a variable and disagree about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from penguin_compile.compiler.link import secret_variable
from penguin_compile.core.diagnostic import Severity
from penguin_compile.core.pointer import Pointer
from penguin_compile.model.app import App
from penguin_compile.model.service import FromSecret
from penguin_compile.model.setting import Setting, Unset, stored_text
from penguin_compile.rules.rule import Finding, Rule


class _Claim(NamedTuple):
    """What one key says of a variable; None where it says nothing."""

    what: str
    pointer: Pointer
    type: str | None
    default: str | None
    sensitive: bool


def check(app: App) -> Iterator[Finding]:
    """Variables, config keys, and the secrets of single containers, each against the first."""
    first: dict[str, _Claim] = {}
    shared = _shared_names(app)
    for name, claim in _claims(app) if shared else ():
        if name not in shared:
            continue
        known = first.setdefault(name, claim)
        difference = _difference(known, claim)
        if difference is not None:
            yield Finding(
                pointer=claim.pointer,
                message=f"{known.what} and {claim.what} share the variable {name} {difference}",
                label="name another variable with `env`, or make them equal",
                related=((known.what, known.pointer[:2]),),
            )


def _shared_names(app: App) -> set[str]:
    """Variables that more than one key has: mostly none."""
    names = Counter(list(app.variables))
    names.update(setting.variable for setting in app.settings.values())
    names.update(name for name, _ in _secret_claims(app))
    return {name for name, count in names.items() if count > 1}


def _claims(app: App) -> Iterator[tuple[str, _Claim]]:
    for name, variable in app.variables.items():
        at: Pointer = ("variables", name)
        what = f'variable "{name}"'
        yield name, _Claim(what, at, variable.type, variable.default, variable.sensitive)
    for key, setting in app.settings.items():
        at = ("config", key, "env")
        what, default = f'config key "{key}"', _default(setting)
        yield setting.variable, _Claim(what, at, setting.type.value, default, setting.sensitive)
    yield from _secret_claims(app)


def _secret_claims(app: App) -> Iterator[tuple[str, _Claim]]:
    for service, one in app.services.items():
        for name, value in one.environment.items():
            if isinstance(value, FromSecret):
                at: Pointer = ("services", service, "environment", name)
                what = f'the secret of service "{service}"'
                carrier = secret_variable(name, value.secret)
                yield carrier, _Claim(what, at, None, None, sensitive=True)


def _default(setting: Setting) -> str | None:
    if isinstance(setting.default, Unset):
        return None
    return stored_text(setting.type, setting.default)


def _difference(one: _Claim, other: _Claim) -> str | None:
    if one.sensitive != other.sensitive:
        return "and only one of them is sensitive"
    if one.type is None or other.type is None:
        return None
    if one.type != other.type:
        return f"with different types: {one.type} and {other.type}"
    return "with different defaults" if one.default != other.default else None


RULE = Rule(
    code="PC208",
    severity=Severity.ERROR,
    title="variable shared with different type, default or sensitivity",
    why="A deployment sets it once: one of the two keys starts with a value that isn't its own.",
    source="real apps: the same variable twice in one env file, with different values",
    check=check,
)
