"""Section `outputs`: where compile writes, and the table that holds the settings."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from penguin_compile.model.app import ConfigTable, OutputPlace, Outputs
from penguin_compile.sections.shape import Named, Shape, TypeInWords, mistake

FOLDER = r"^(?![/~])(?![A-Za-z]:)(?!(?:.*/)?\.\.(?:/|$))[^\\\x00-\x1f]+$"
_FOLDER = re.compile(FOLDER)


def _folder(text: str) -> str:
    if not _FOLDER.match(text):
        raise mistake("not a folder inside the repository: write one such as config/marchproxy")
    return text


class _FolderType(TypeInWords):
    """Tells JSON Schema what a folder inside the repository looks like."""

    words = "a folder inside the repository"

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": FOLDER}


Folder: TypeAlias = Annotated[str, AfterValidator(_folder), _FolderType]
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


class TargetOutputShape(Shape):
    """Where the files of one target stand, if not with the others."""

    directory: Folder | None = Field(
        default=None,
        description="Folder in the repository for this target alone; with several environments"
        " there is one in it for each, unless `environment` names one.",
        examples=["config/marchproxy"],
    )
    environment: str | None = Field(
        default=None,
        description="The environment whose files stand there; those of others stay where they are.",
        examples=["prod"],
    )


class SqlShape(TargetOutputShape):
    """The table that holds the settings, and where its files stand."""

    table: Identifier = Field(default="config", description="Its name.")
    columns: ColumnsShape = Field(
        default=ColumnsShape.model_construct(),
        description="Its columns, where they aren't the standard's.",
        examples=[{"config_key": "name", "category": None}],
    )


class ComposeOutputShape(TargetOutputShape):
    """How the Compose file is written."""

    form: Literal["full", "override"] = Field(
        default="full",
        description=(
            "full: it runs by itself; override: it is laid over the app's own Compose file"
            " (`docker compose -f docker-compose.yml -f …/docker-compose.override.yml`) and holds"
            " only what compile adds to it: no key of a service's `container`, and WaddleAI whole."
        ),
    )
    empty: Literal["value", "default"] = Field(
        default="value",
        description=(
            "What an empty variable of a deployment means: a value like any other (`${NAME-…}`),"
            " or none, so that its default counts (`${NAME:-…}`)."
        ),
    )


def _target_output(description: str) -> Any:
    return Field(
        default=TargetOutputShape.model_construct(),
        description=description,
        examples=[{"directory": "config/marchproxy", "environment": "prod"}],
    )


class OutputsShape(Shape):
    """What compile is told about where and how to write."""

    directory: Folder | None = Field(
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
    marchproxy: TargetOutputShape = _target_output("The gateway's import files.")
    env: TargetOutputShape = _target_output("Example env files.")
    kubernetes: TargetOutputShape = _target_output("Kubernetes manifests.")
    license: TargetOutputShape = _target_output("The license's entitlements.")
    telemetry: TargetOutputShape = _target_output("Metrics, log schema and dashboard.")
    runtime: TargetOutputShape = _target_output("The manifest for a library inside the app.")
    docs: TargetOutputShape = _target_output("The page for people.")
    pydal: TargetOutputShape = _target_output("The table's definition for pyDAL.")
    python: TargetOutputShape = _target_output("The stub of the settings, for type checkers.")
    typescript: TargetOutputShape = _target_output("The settings, declared for a web page.")


def lower_outputs(shape: OutputsShape) -> Outputs:
    """The dataclass of section `outputs`."""
    columns = {name: getattr(shape.sql.columns, name) for name in STANDARD_COLUMNS}
    return Outputs(
        directory=shape.directory,
        targets=shape.targets,
        config_table=ConfigTable(name=shape.sql.table, columns=columns),
        compose_form=shape.compose.form,
        compose_empty=shape.compose.empty,
        places={
            name: OutputPlace(directory=output.directory, environment=output.environment)
            for name in OutputsShape.model_fields
            if isinstance(output := getattr(shape, name), TargetOutputShape)
            and output.directory is not None
        },
    )
