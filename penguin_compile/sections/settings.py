"""Section `config`: the run-time settings, rows of table `config`."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, PydanticKnownError

from penguin_compile.core.secret import SecretReference
from penguin_compile.model.setting import UNSET, Check, Manage, Setting, SettingType
from penguin_compile.sections.shape import (
    Keyed,
    SecretText,
    Shape,
    VariableName,
)

SettingKey: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=255)]
Format: TypeAlias = Literal["hostname", "url", "email", "port", "ipv4", "ipv6", "duration"]


class _JsonCheck:
    """The check of a json key on its way to its field, which has no name in the language."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema


def _open_schema(value: Any) -> Any:
    if not isinstance(value, _JsonCheck):
        raise PydanticKnownError("extra_forbidden")
    return value.schema


class CheckShape(Shape):
    """What a value has to be beyond its type; for `json`, a JSON Schema under `schema`."""

    min: int | float | None = Field(
        default=None, description="Least value of a number.", examples=[1]
    )
    max: int | float | None = Field(
        default=None, description="Greatest value of a number.", examples=[200]
    )
    min_length: int | None = Field(
        default=None, alias="minLength", ge=0, description="Least characters of a text."
    )
    max_length: int | None = Field(
        default=None, alias="maxLength", ge=0, description="Most characters of a text."
    )
    pattern: str | None = Field(
        default=None,
        description="Regular expression, searched for.",
        examples=["^[A-Z]{2}$"],
    )
    enum: list[Any] | None = Field(
        default=None, description="The values that are allowed.", examples=[["light", "dark"]]
    )
    format: Format | None = Field(default=None, description="A well-known form of text.")
    json_schema: SkipJsonSchema[Annotated[dict[str, Any] | None, BeforeValidator(_open_schema)]] = (
        None
    )


class SettingShape(Shape):
    """One key of the `config` table."""

    model_config = ConfigDict(title="config key")

    type: Literal["string", "integer", "number", "boolean", "json"] = Field(
        default="string", description="How the value is read."
    )
    category: str = Field(
        default="system",
        description="Where the settings page lists it.",
        examples=["integration", "email", "security", "database", "system", "license"],
    )
    description: str | None = Field(
        default=None, description="What it does, for admins.", examples=["SMTP server hostname"]
    )
    env: VariableName | None = Field(
        default=None,
        description="Bootstrap variable; default: the key in upper case.",
        examples=["SMTP_HOST"],
    )
    default: Any = Field(
        default_factory=lambda: UNSET,
        description="Value that is written where there is none.",
        examples=["localhost"],
    )
    check: CheckShape | None = Field(
        default=None,
        description="What a value must be; for type `json` a JSON Schema.",
        examples=[{"min": 1, "max": 200}],
    )
    enum: list[Any] | None = Field(
        default=None,
        description="Short for `check: {enum: […]}`.",
        examples=[["light", "dark"]],
    )
    manage: Literal["seed", "merge", "enforce"] = Field(
        default="merge", description="Whose the value is once it was written."
    )
    protected: bool = Field(default=False, description="Its delete or rename is refused.")
    sensitive: bool = Field(default=False, description="A secret; never has a default.")
    secret: SecretText | None = Field(
        default=None,
        description="Where apply finds it; default env:<its variable>.",
        examples=["env:SMTP_PASS"],
    )
    required: bool = Field(default=False, description="A deployment must give it a value.")

    @model_validator(mode="before")
    @classmethod
    def _json_check(cls, value: Any) -> Any:
        """The check of a json key is a JSON Schema: not ours to read key by key."""
        if isinstance(value, dict) and "check" in value and value.get("type") == "json":
            return {**value, "check": {"json_schema": _JsonCheck(value["check"])}}
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        own = schema["properties"]["check"].pop("anyOf")
        schema["if"] = {"properties": {"type": {"not": {"const": "json"}}}}
        schema["then"] = {"properties": {"check": {"anyOf": own}}}
        schema["else"] = {"properties": {"check": {"type": ["object", "null"]}}}
        return schema


SettingsShape: TypeAlias = Keyed[SettingKey, SettingShape]


def variable_of(key: str, shape: SettingShape) -> str:
    """The bootstrap variable: stated, or the key in upper case with dots as underscores."""
    return shape.env or key.upper().replace(".", "_")


def lower_setting(key: str, shape: SettingShape) -> Setting:
    """The dataclass of one key."""
    variable = variable_of(key, shape)
    secret = shape.secret
    if secret is None and shape.sensitive:
        secret = SecretReference("env", variable)
    return Setting(
        key=key,
        type=SettingType(shape.type),
        category=shape.category,
        description=shape.description,
        variable=variable,
        default=UNSET if shape.default is None and shape.type != "json" else shape.default,
        check=_lower_check(shape),
        manage=Manage(shape.manage),
        protected=shape.protected,
        sensitive=shape.sensitive,
        secret=secret,
        required=shape.required,
    )


def _lower_check(shape: SettingShape) -> Check | None:
    if shape.check is None:
        return None if shape.enum is None else Check(enum=tuple(shape.enum))
    check = shape.check
    enum = shape.enum if check.enum is None else check.enum
    return Check(
        minimum=check.min,
        maximum=check.max,
        min_length=check.min_length,
        max_length=check.max_length,
        pattern=check.pattern,
        enum=None if enum is None else tuple(enum),
        format=check.format,
        schema=_plain(check.json_schema),
    )


def _plain(value: Any) -> Any:
    """Without the tree's own containers, which jsonschema_rs refuses in a schema."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
