"""Variables of a deployment: everything that some container is given from outside."""

from __future__ import annotations

from collections.abc import Mapping

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import SecretReference
from penguin_compile.model.service import FromVariable, Literal, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable that the spec declares under `variables`; `type` names how a value is read."""

    name: str
    type: str
    default: str | None
    description: str | None
    sensitive: bool
    secret: SecretReference | None
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentVariable:
    """A variable by the name that the deployment sets, whoever brought it.

    `group` is the heading under which env files list it, `pointer` the node that declares it.
    """

    name: str
    group: str
    default: str | None
    description: str | None
    sensitive: bool
    required: bool
    type: str
    pointer: Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """All variables, in the order of env files, and what each container's environment holds.

    `containers` maps a service to its variables: a literal, the deployment variable that fills
    it, or a template over such variables.
    """

    variables: Mapping[str, DeploymentVariable]
    containers: Mapping[str, Mapping[str, Literal | FromVariable | Template]]
