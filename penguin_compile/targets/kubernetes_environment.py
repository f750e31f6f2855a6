"""Variables of containers in Kubernetes: from the ConfigMap, the Secret, or text over those.

Rules of `$(NAME)`: https://kubernetes.io/docs/reference, EnvVar: only what the same container
declares before is expanded, and anything else stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from penguin_compile.model.deployment import DeploymentVariable
from penguin_compile.model.service import FromVariable, Literal, Template
from penguin_compile.model.setting import value_text
from penguin_compile.targets.kubernetes_text import KubernetesText, Unresolvable, literal

Data: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, Literal | FromVariable | Template]

_IN_TEMPLATE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$")
_NAME = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*\Z")
# Names of variables that a container has only for others to be made of.
_HELPER = "DEPLOYMENT_"


class DeploymentValues:
    """The ConfigMap and the Secret of one app, as containers come to use their keys."""

    def __init__(self, app: str, variables: Mapping[str, DeploymentVariable]) -> None:
        self.config_map = f"{app}-config"
        self.secret = f"{app}-secrets"
        self.variables = variables
        self._used: set[str] = set()
        self._needed: set[str] = set()

    def reference(self, name: str, *, needed: bool) -> Data:
        """What fills a variable. `needed`: without it, a text that holds it would be wrong."""
        variable = self.variables[name]
        self._used.add(name)
        if not variable.sensitive:
            return {"configMapKeyRef": {"name": self.config_map, "key": name}}
        source: Data = {"name": self.secret, "key": name}
        if needed or variable.required:
            self._needed.add(name)
        else:
            source["optional"] = True
        return {"secretKeyRef": source}

    def config_data(self) -> dict[str, str]:
        """What the ConfigMap holds: the values that a container in Compose has by default."""
        return {
            one.name: one.default or ""
            for one in self._in_use(sensitive=False)
            if one.default is not None or not one.required
        }

    def missing(self) -> list[str]:
        """Keys of the ConfigMap that the deployment has to add, because they have no default."""
        present = self.config_data()
        return [one.name for one in self._in_use(sensitive=False) if one.name not in present]

    def secrets(self) -> dict[str, bool]:
        """Keys of the Secret, and whether a container waits for them."""
        return {one.name: one.name in self._needed for one in self._in_use(sensitive=True)}

    def _in_use(self, *, sensitive: bool) -> list[DeploymentVariable]:
        return [
            one
            for one in self.variables.values()
            if one.name in self._used and one.sensitive is sensitive
        ]


class ContainerEnvironment:
    """The variables of one container, `given` by the spec over `own`, those of Compose's text."""

    def __init__(
        self, values: DeploymentValues, text: KubernetesText, own: Any, given: Given
    ) -> None:
        self._values = values
        self._text = text
        self._plain: dict[str, str] = {}
        self._direct: dict[str, str] = {}  # variable of the container → of the deployment
        self._direct_of: dict[str, str] = {}  # the reverse
        self._made: dict[str, str] = {}
        self._inside: set[str] = set()
        self.refused: list[str] = []
        self._names: dict[str, Any] = {**pairs(own), **given}
        later: list[Callable[[], None]] = []
        for name, value in self._names.items():
            self._add(name, value, later)
        for make in later:
            make()

    def _add(self, name: str, value: Any, later: list[Callable[[], None]]) -> None:
        if not _NAME.match(name):
            self.refused.append(f"environment {name}")
        elif isinstance(value, FromVariable):
            self._add_variable(name, value)
        elif isinstance(value, Literal):
            self._plain[name] = literal(value.text)
        elif isinstance(value, Template):
            later.append(lambda: self._made.update({name: self._template(value)}))
        elif value is None:  # Compose passes it on from whoever starts it
            if name in self._values.variables:
                self._add_variable(name, FromVariable(name))
            else:
                self.refused.append(f"environment {name}")
        else:
            later.append(lambda: self._make(name, value))

    def _add_variable(self, name: str, value: FromVariable) -> None:
        variable = self._values.variables.get(value.name)
        if variable is None:
            self._plain[name] = ""
        elif variable.sensitive or value.default in {None, variable.default}:
            self._direct[name] = value.name
            self._direct_of.setdefault(value.name, name)
        else:  # a ConfigMap has one value for all containers
            self._text.fixed[value.name] = None
            self._plain[name] = literal(str(value.default))

    def _template(self, value: Template) -> str:
        return _IN_TEMPLATE.sub(
            lambda match: "$$" if match[1] is None else self._refer(match[1]), value.text
        )

    def _make(self, name: str, value: Any) -> None:
        try:
            self._made[name] = self.expanded(value_text(value))
        except Unresolvable as problem:
            self.refused.append(f"environment {name} ({problem})")

    def expanded(self, text: str) -> str:
        """Compose's text for the command or a variable, references to the deployment's in it."""
        return self._text.expanded(text, self._refer)

    def _refer(self, variable: str) -> str:
        if variable not in self._values.variables:
            return ""
        name = self._direct_of.get(variable)
        if name is None:
            name = f"{_HELPER}{variable}"
            while name in self._names or name in self._direct:
                name = f"_{name}"
            self._direct[name] = variable
            self._direct_of[variable] = name
        self._inside.add(name)
        return f"$({name})"

    def entries(self) -> list[Data]:
        """As a container lists them: what others are made of comes first."""
        entries: list[Data] = []
        for name in (*self._names, *(one for one in self._direct if one not in self._names)):
            if name in self._plain:
                entries.append({"name": name, "value": self._plain[name]})
            elif name in self._direct:
                needed = name in self._inside
                source = self._values.reference(self._direct[name], needed=needed)
                entries.append({"name": name, "valueFrom": source})
        return [*entries, *({"name": name, "value": text} for name, text in self._made.items())]


def pairs(environment: Any) -> Data:
    """Compose's `environment`, a list or a mapping, as a mapping; a name alone is None."""
    if isinstance(environment, Mapping):
        return dict(environment)
    found: Data = {}
    for entry in environment if isinstance(environment, list) else ():
        name, equals, value = str(entry).partition("=")
        found[name] = value if equals else None
    return found
