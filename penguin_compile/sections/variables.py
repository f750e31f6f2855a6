"""Section `variables`: what a deployment sets that is no row of `config`."""

from typing import Literal, TypeAlias

from pydantic import Field

from penguin_compile.model.deployment import Variable
from penguin_compile.model.setting import value_text
from penguin_compile.sections.shape import Keyed, SecretText, Shape, VariableName


class VariableShape(Shape):
    """One variable of the deployment."""

    type: Literal["string", "integer", "number", "boolean"] = Field(
        default="string", description="How its text is read."
    )
    default: str | int | float | bool | None = Field(
        default=None,
        description="Its value where the deployment sets none.",
        examples=["myapp"],
    )
    description: str | None = Field(
        default=None, description="What it does, for operators.", examples=["Database user"]
    )
    sensitive: bool = Field(default=False, description="A secret; never has a default.")
    secret: SecretText | None = Field(
        default=None, description="Where the secret is found.", examples=["env:DB_PASS"]
    )
    required: bool = Field(default=False, description="A deployment must set it.")


VariablesShape: TypeAlias = Keyed[VariableName, VariableShape]


def lower_variable(name: str, shape: VariableShape) -> Variable:
    """The dataclass of one variable."""
    return Variable(
        name=name,
        type=shape.type,
        default=None if shape.default is None else value_text(shape.default),
        description=shape.description,
        sensitive=shape.sensitive,
        secret=shape.secret,
        required=shape.required,
    )
