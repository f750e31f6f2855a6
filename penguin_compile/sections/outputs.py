"""Section `outputs`: where compile writes, and the table that holds the settings."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from penguin_compile.model.app import ConfigTable, Outputs
from penguin_compile.sections.shape import Named, Shape

Identifier: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]

STANDARD_COLUMNS = (
    "config_key",
    "config_value",
    "config_type",
    "category",
    "description",
    "is_sensitive",
    "last_updated",
    "updated_by",
    "created_at",
)


class ColumnsShape(Shape):
    """The standard's columns by the names that this table has; null: it lacks the column."""

    config_key: Identifier = Field(default="config_key", description="The key.")
    config_value: Identifier = Field(default="config_value", description="The value, as text.")
    config_type: Identifier | None = Field(default="config_type", description="Its type.")
    category: Identifier | None = Field(default="category", description="Its category.")
    description: Identifier | None = Field(default="description", description="For admins.")
    is_sensitive: Identifier | None = Field(default="is_sensitive", description="A secret.")
    last_updated: Identifier | None = Field(default="last_updated", description="When.")
    updated_by: Identifier | None = Field(default="updated_by", description="By whom, as text.")
    created_at: Identifier | None = Field(default="created_at", description="Since when.")


class SqlShape(Shape):
    """The table that holds the settings."""

    table: Identifier = Field(default="config", description="Its name.")
    columns: ColumnsShape = Field(
        default=ColumnsShape.model_construct(),
        description="Its columns, where they aren't the standard's.",
        examples=[{"config_key": "name", "category": None}],
    )


class ComposeOutputShape(Shape):
    """How the Compose file is written."""

    form: Literal["full", "override"] = Field(
        default="full",
        description=(
            "full: it runs by itself; override: it is laid over the app's own Compose file"
            " (`docker compose -f docker-compose.yml -f …/docker-compose.override.yml`) and holds"
            " only what compile adds to it: no key of a service's `container`, and WaddleAI whole."
        ),
    )


class OutputsShape(Shape):
    """What compile is told about where and how to write."""

    directory: str | None = Field(
        default=None,
        description="Folder in the repository, in place of `generated`.",
        examples=["deploy/compiled"],
    )
    targets: Named[bool] = Field(
        default_factory=dict,
        description="Targets that are switched on, or off, whatever their default.",
        examples=[{"pydal": True, "docs": False}],
    )
    sql: SqlShape = Field(
        default=SqlShape.model_construct(), description="The table that holds the settings."
    )
    compose: ComposeOutputShape = Field(
        default=ComposeOutputShape.model_construct(), description="How the Compose file is written."
    )


def lower_outputs(shape: OutputsShape) -> Outputs:
    """The dataclass of section `outputs`."""
    columns = {name: getattr(shape.sql.columns, name) for name in STANDARD_COLUMNS}
    return Outputs(
        directory=shape.directory,
        targets=shape.targets,
        config_table=ConfigTable(name=shape.sql.table, columns=columns),
        compose_form=shape.compose.form,
    )
