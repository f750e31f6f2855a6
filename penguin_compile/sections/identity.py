"""Section `app`: who the app is."""

from pydantic import ConfigDict, Field

from penguin_compile.model.app import Identity
from penguin_compile.sections.shape import Label, Shape


class IdentityShape(Shape):
    """The app's name, version and owners."""

    model_config = ConfigDict(title="app")

    name: Label = Field(
        description="RFC 1123 label of at most 40 characters; also the collection on MarchProxy.",
        examples=["myapp"],
    )
    version: str = Field(
        default="0.0.0", description="Version of the app, quoted: a text.", examples=["1.4.0"]
    )
    description: str | None = Field(
        default=None, description="One line for people.", examples=["Team calendar"]
    )
    owners: list[str] = Field(
        default_factory=list,
        description="Whom to ask: e-mail addresses.",
        examples=[["platform@example.com"]],
    )


def lower_identity(shape: IdentityShape) -> Identity:
    """The dataclass of section `app`."""
    return Identity(
        name=shape.name,
        version=shape.version,
        description=shape.description,
        owners=tuple(shape.owners),
    )
