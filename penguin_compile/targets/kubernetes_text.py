"""Compose's own text in Kubernetes, which fills in nothing when it deploys (target `kubernetes`).

Where a container's variables are expanded (`$(NAME)`: environment, command, arguments) a reference
stays one. Everywhere else it is replaced by what it is where a deployment sets nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from penguin_compile.model.deployment import DeploymentVariable

_START = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*))"
)
_BRACE = re.compile(r"[{}]")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")
_DEEPEST = 20  # references in the defaults of references

Refer: TypeAlias = Callable[[str], str]


class Unresolvable(Exception):
    """A text has no value before a deployment gives it one; the message says why."""


class Use(NamedTuple):
    """`${NAME:-argument}` and its like; a plain `${NAME}` has no operator."""

    name: str
    operator: str
    argument: str


class KubernetesText:
    """Texts of one app. `fixed` holds the variables whose value became part of a manifest."""

    def __init__(self, variables: Mapping[str, DeploymentVariable]) -> None:
        self._variables = variables
        self.fixed: dict[str, None] = {}

    def resolved(self, value: Any) -> Any:
        """A value of Compose, all texts in it as they are where a deployment sets nothing."""
        if isinstance(value, str):
            return self.static(value) if "$" in value else value
        if isinstance(value, Mapping):
            return {key: self.resolved(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(item) for item in value]
        return value

    def static(self, text: str, depth: int = 0) -> str:
        """A text without references."""
        return "".join(
            one if isinstance(one, str) else self._value(one, depth) for one in _parts(text, depth)
        )

    def expanded(self, text: str, refer: Refer, depth: int = 0) -> str:
        """A text for Kubernetes to expand; `refer` gives the reference to a variable."""
        return "".join(
            literal(one) if isinstance(one, str) else self._reference(one, refer, depth)
            for one in _parts(text, depth)
        )

    def _value(self, use: Use, depth: int) -> str:
        variable = self._variables.get(use.name)
        if variable is not None and variable.sensitive:
            raise Unresolvable(f"{use.name} is a secret")
        known = None if variable is None else variable.default
        if variable is not None:
            self.fixed[use.name] = None
        there = known is not None and (known != "" or not use.operator.startswith(":"))
        match use.operator[-1:]:
            case "-":
                return str(known) if there else self.static(use.argument, depth + 1)
            case "+":
                return self.static(use.argument, depth + 1) if there else ""
        needed = use.operator or (variable is not None and variable.required)
        if needed and not there:
            raise Unresolvable(f"{use.name} has no default")
        return known or ""

    def _reference(self, use: Use, refer: Refer, depth: int) -> str:
        variable = self._variables.get(use.name)
        if variable is None or use.operator.endswith("+"):
            return literal(self._value(use, depth))
        known = variable.default
        there = known is not None and (known != "" or not use.operator.startswith(":"))
        if variable.sensitive or there or not use.operator.endswith("-"):
            return refer(use.name)
        self.fixed[use.name] = None
        return self.expanded(use.argument, refer, depth + 1)


def literal(text: str) -> str:
    """Text that Kubernetes expands to itself.

    Every dollar is doubled, not `$(` alone: `$$` is one dollar, whatever follows it.
    """
    return text.replace("$", "$$")


def _parts(text: str, depth: int) -> Iterator[str | Use]:
    """Texts, `$$` resolved, and the references between them."""
    if depth > _DEEPEST:
        raise Unresolvable("its defaults nest too deeply")
    position = 0
    for match in _START.finditer(text):
        if match.start() < position:
            continue  # part of a reference's argument
        yield text[position : match.start()]
        position = match.end()
        if match["escaped"]:
            yield "$"
        elif match["bare"]:
            yield Use(match["bare"], "", "")
        else:
            end = _closing_brace(text, position)
            yield _use(match["braced"], text[position:end])
            position = end + 1
    yield text[position:]


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for match in _BRACE.finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    raise Unresolvable("a brace stays open")


def _use(name: str, rest: str) -> Use:
    operator = next((one for one in _OPERATORS if rest.startswith(one)), "")
    if rest and not operator:
        raise Unresolvable(f"${{{name}{rest}}} is nothing that Compose reads")
    return Use(name, operator, rest[len(operator) :])
