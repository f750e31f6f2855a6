"""Section `app`: who the app is."""

from pydantic import Field

from penguin_compile.model.app import Identity
from penguin_compile.sections.shape import Label, Shape


class IdentityShape(Shape):
    """The app's name, version and owners."""

    name: Label = Field(
        description="RFC 1123 label of at most 40 characters; also the collection on MarchProxy."
    )
    version: str = Field(default="0.0.0", description="Version of the app, quoted: a text.")
    description: str | None = Field(default=None, description="One line for people.")
    owners: list[str] = Field(default_factory=list, description="Whom to ask: e-mail addresses.")


def lower_identity(shape: IdentityShape) -> Identity:
    """The dataclass of section `app`."""
    return Identity(
        name=shape.name,
        version=shape.version,
        description=shape.description,
        owners=tuple(shape.owners),
    )
