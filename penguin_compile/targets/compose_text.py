"""Compose's `${…}`: variables of the deployment as Compose reads them (target `compose`).

Interpolation as the Compose specification has it, and as its implementation was seen to do it: a
default may hold any character but a line break, and braces only in pairs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from penguin_compile.model.deployment import DeploymentVariable
from penguin_compile.model.service import FromVariable, Literal, Template

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_IN_TEMPLATE = re.compile(rf"\$\{{({_NAME})\}}|\$\$?")
_IN_COMPOSE_TEXT = re.compile(rf"\$(?:\$|\{{({_NAME})\}}|({_NAME}))")
_STEP = re.compile(r"\$\$|\$?\{|\}")
_BRACES = re.compile(r"[{}]")
_BEHIND_BRACE = re.compile(r"\{[{}]")
_SILENCED = "x-allow"  # speaks to penguin-compile, not to Compose


class ComposeText:
    """Expressions for variables, and texts that hold them. `notices` grows as they are used.

    `empty_counts` tells whether a variable that is set to an empty text has a value.
    """

    def __init__(
        self, variables: Mapping[str, DeploymentVariable], *, empty_counts: bool = True
    ) -> None:
        self._variables = variables
        self._falls_back = "-" if empty_counts else ":-"
        self._known: dict[tuple[str, str | None, bool, bool], str] = {}
        self.notices: list[str] = []

    def variable(
        self, name: str, default: str | None = None, *, alone: bool = True, nested: bool = False
    ) -> str:
        """`${NAME-default}` or with `:-`, `${NAME:?…}` where it must be set, `${NAME-}` otherwise.

        `default` is the one of a container that has its own; `alone` tells that no text stands
        beside it, `nested` that another variable's `${…}` stands around it.
        """
        key = (name, default, alone, nested)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._expression(name, default, alone=alone, nested=nested)
        return known

    def _expression(self, name: str, default: str | None, *, alone: bool, nested: bool) -> str:
        variable = self._variables.get(name)
        if variable is None:
            return f"${{{name}-}}"
        if default is None:
            default = variable.default
        if default is None or variable.sensitive:
            return f"${{{name}:?{name} is required}}" if variable.required else f"${{{name}-}}"
        if can_be_default(default, alone=alone):
            # an empty default is the same either way
            falls_back = self._falls_back if default else "-"
            return f"${{{name}{falls_back}{literal(default)}}}"
        # a bare text in another variable's default could end that one
        done = (
            "inside another variable's ${…} it has none"
            if nested
            else "it is written as it stands, and a deployment can't change it"
        )
        notice = (
            f"{name}: its default holds a line break or braces that Compose takes in no ${{…}};"
            f" {done}"
        )
        if notice not in self.notices:
            self.notices.append(notice)
        return f"${{{name}-}}" if nested else literal(default)

    def given(self, value: Literal | FromVariable | Template) -> str:
        """What a container's variable is set to."""
        if isinstance(value, Literal):
            return literal(value.text)
        if isinstance(value, FromVariable):
            return self.variable(value.name, value.default)
        return _IN_TEMPLATE.sub(self._in_template, value.text)

    def _in_template(self, match: re.Match[str]) -> str:
        if match[1] is None:
            return "$$"
        return self.variable(match[1], alone=match[0] == match.string)

    def copy(self, value: Any) -> Any:
        """Compose's own text, where a declared variable without a default is given its own."""
        if isinstance(value, str):
            return self._fill(value) if "$" in value else value
        if isinstance(value, Mapping):
            return {key: self.copy(item) for key, item in value.items() if key != _SILENCED}
        if isinstance(value, list | tuple):
            return [self.copy(item) for item in value]
        return value

    def _fill(self, text: str) -> str:
        return _IN_COMPOSE_TEXT.sub(self._filled, text)

    def _filled(self, match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None or name not in self._variables:
            return match[0]
        nested = _is_nested(match.string[: match.start()])
        return self.variable(name, alone=match[0] == match.string, nested=nested)


def literal(text: str) -> str:
    """Text that Compose takes as it stands."""
    return text.replace("$", "$$")


def _is_nested(before: str) -> bool:
    """Whether a `${` is still open at the end of a text."""
    depth = 0
    for step in _STEP.findall(before):
        if step == "${" or (step == "{" and depth):
            depth += 1
        elif step == "}" and depth:
            depth -= 1
    return depth > 0


def can_be_default(text: str, *, alone: bool) -> bool:
    """Whether `${NAME-text}` ends where it should.

    Compose takes a line break for the end of everything and needs braces in pairs, but overlooks
    a brace directly behind an opening one. It may never find the end, and then takes all there is:
    right where the expression stands `alone`, wrong where text follows.
    """
    if "\n" in text:
        return False
    if "{" not in text and "}" not in text:
        return True
    paired, seen = _open_braces(text), _open_braces(_BEHIND_BRACE.sub("{", text))
    return paired == 0 and seen is not None and (alone or seen == 0)


def _open_braces(text: str) -> int | None:
    """How many braces are open at the end; None where one closes that was never opened."""
    depth = 0
    for brace in _BRACES.findall(text):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return None
    return depth
