"""What all shapes share, and the field types that several sections use.

Shapes are strict: a number is no text, so `version: 1.0` is told to be quoted. Where the language
allows two spellings, a validator turns the short one into the long one before the fields are read,
so that a complaint never comes twice, once for each spelling.
"""

import re
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from penguin_compile.core.duration import parse_seconds
from penguin_compile.core.resolver import find_mistake
from penguin_compile.core.secret import SecretReference

EXTENSION = "x-"
_ANY_KEY = f"\0{EXTENSION}"
DURATION = r"^[0-9]{1,9}[smh]$"
SECRET = r"^[a-z][a-z0-9+.-]*:[^ \t\r\n\f\v]"  # noqa: S105 - a form, not a secret
LABEL = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_SECRET = re.compile(SECRET)
PATTERN_WORDS = {  # what a complaint says instead of a regular expression
    LABEL: "lower-case letters, digits and hyphens, no hyphen at either end (RFC 1123)",
    VARIABLE: "letters, digits and underscores, no digit in front",
    "^/": "it begins with a slash",
    r"^[a-z][a-z0-9_.]*$": "lower-case letters, digits, underscores and dots, a letter in front",
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, dots, underscores and hyphens",
    r"^[A-Za-z_][A-Za-z0-9_]{0,62}$": "letters, digits and underscores, at most 63 characters",
    r"^[0-9]+%?$": "a number such as 30, or per cent such as 60%",
}


def drop_extensions(value: Any) -> Any:
    """A mapping without its `x-` keys, which are allowed everywhere and ignored."""
    # Called for every mapping of a spec: one search over all keys costs a third of a loop.
    if isinstance(value, dict) and _ANY_KEY in "\0" + "\0".join(value):
        return {key: item for key, item in value.items() if not key.startswith(EXTENSION)}
    return value


def _title(shape: type) -> str:
    """What an editor calls a mapping: `HealthCheckShape` is a "health check"."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", shape.__name__.removesuffix("Shape")).lower()


class Shape(BaseModel):
    """A mapping of the language: known keys alone, and `x-` ones ignored."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        protected_namespaces=(),
        defer_build=True,  # the whole language is built once, when a spec is read
        model_title_generator=_title,
    )

    @model_validator(mode="before")
    @classmethod
    def _ignore_extensions(cls, value: Any) -> Any:
        return drop_extensions(value)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["patternProperties"] = {"^x-": {}}
        return schema


def mistake(message: str) -> PydanticCustomError:
    """What a validator raises for a wrong value; the text is shown as it stands."""
    return PydanticCustomError("wrong_value", "{text}", {"text": message})


def _parse_duration(value: Any) -> Any:
    if isinstance(value, str):
        seconds = None if value.isdigit() else parse_seconds(value)
        if seconds is None:
            raise mistake("not a duration: write 30s, 5m or 1h")
        return seconds
    return value


def _parse_secret(value: Any) -> Any:
    if not isinstance(value, str) or not _SECRET.match(value):
        raise mistake("not a secret reference: write SCHEME:REST, such as env:NAME or file:PATH")
    reference = SecretReference.parse(value)
    problem = find_mistake(reference)
    if problem is not None:
        raise mistake(problem)
    return reference


class TypeInWords:
    """What a field's type is called where its Python type says too little."""

    words: ClassVar[str]
    unit: ClassVar[str] = ""  # of the number that it is read as


class _DurationType(TypeInWords):
    """Tells JSON Schema what a duration looks like."""

    words = "a duration (30s, 5m, 1h) or a number of seconds"
    unit = "s"

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": ["string", "integer"], "pattern": DURATION, "minimum": 0}


Duration: TypeAlias = Annotated[int, BeforeValidator(_parse_duration), Field(ge=0), _DurationType]
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]
Label: TypeAlias = Annotated[str, Field(pattern=LABEL, min_length=1, max_length=40)]
GatewayName: TypeAlias = Annotated[  # with "app-" before it, at most the gateway's 100 characters
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=59)
]
VariableName: TypeAlias = Annotated[str, Field(pattern=VARIABLE)]
ComposeText: TypeAlias = Any  # Compose's own YAML; checked as a whole, against its specification


class _Extensible:
    """A mapping of names that the user chooses, beside which `x-` keys are ignored."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(drop_extensions, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        described = handler(schema)
        for items in described.pop("patternProperties", {}).values():
            described["additionalProperties"] = items
            names = _name_schema(schema)
            described["propertyNames"] = {"anyOf": [{"pattern": f"^{EXTENSION}"}, names]}
        return {**described, "patternProperties": {f"^{EXTENSION}": {}}}


def _name_schema(schema: Any) -> JsonSchemaValue:
    """What the names of a mapping have to be, lengths included."""
    keys = schema["schema"]["keys_schema"]
    words = {"pattern": "pattern", "min_length": "minLength", "max_length": "maxLength"}
    return {words[key]: value for key, value in keys.items() if key in words}


Key = TypeVar("Key")
Item = TypeVar("Item")
Keyed: TypeAlias = Annotated[dict[Key, Item], _Extensible]
Named: TypeAlias = Keyed[str, Item]


class _SecretType(TypeInWords):
    """Tells pydantic that the value is a SecretReference, and JSON Schema that it is a text."""

    words = "a secret reference, SCHEME:REST (env:NAME, file:PATH, vault:…, sops:…)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_parse_secret)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": SECRET,
        }


SecretText: TypeAlias = Annotated[SecretReference, _SecretType]


class SecretShape(Shape):
    """`{secret: env:NAME}`."""

    secret: SecretText = Field(
        description="Where the secret is found: SCHEME:REST, never a value.",
        examples=["env:SMTP_PASS", "file:/run/secrets/smtp_pass"],
    )


class TextShape(Shape):
    """A text that may be a secret: written as itself, or as `{secret: …}`."""

    literal: SkipJsonSchema[str | None] = None
    secret: SecretText | None = None

    @property
    def resolved(self) -> str | SecretReference | None:
        """The text, or the reference to it."""
        return self.literal if self.secret is None else self.secret


def _text_or_secret(value: Any) -> Any:
    return {"literal": value} if not isinstance(value, dict) else _only_secret(value)


def _only_secret(value: dict[str, Any]) -> Any:
    if "secret" not in value or "literal" in value:
        raise mistake("write the text itself, or {secret: env:NAME}")
    return value


TextOrSecret: TypeAlias = Annotated[
    TextShape, BeforeValidator(_text_or_secret, json_schema_input_type=str | SecretShape)
]
