"""What a field of a request may hold: one table that both checks bodies and describes them.

Below every dialect of the sandbox; the kinds of complaint are those of the real server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

JsonObject = dict[str, object]
Location = tuple[str | int, ...]
Kind = Literal["string", "integer", "boolean", "string list", "object list"]

NOT_AN_OBJECT = "Input should be a valid dictionary or object to extract fields from"
# What the real server's INTEGER columns hold; a larger number would be a 500 there.
LARGEST_INTEGER = 2**31 - 1

_TYPE_ERRORS: dict[Kind, tuple[str, str]] = {
    "string": ("string_type", "Input should be a valid string"),
    "integer": ("int_type", "Input should be a valid integer"),
    "boolean": ("bool_type", "Input should be a valid boolean"),
    "string list": ("list_type", "Input should be a valid list of strings"),
    "object list": ("list_type", "Input should be a valid list"),
}


class _Bounds(NamedTuple):
    least: str
    too_small: str
    most: str
    too_large: str
    subject: str


_BOUNDS: dict[Kind, _Bounds] = {
    "string": _Bounds("minLength", "string_too_short", "maxLength", "string_too_long", "Length"),
    "integer": _Bounds("minimum", "greater_than_equal", "maximum", "less_than_equal", "Input"),
    "string list": _Bounds("minItems", "too_short", "maxItems", "too_long", "Number of items"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field; `least` and `most` bound a number, or a length of text or list.

    `items` names the schema of a list's objects; they are checked one by one by who takes them.
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = False
    default: object = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    format: str | None = None
    items: str | None = None

    def describe(self) -> JsonObject:
        """Return the field as JSON Schema, nullable ones as the real server writes them."""
        schema: JsonObject = {"type": "array" if self.kind.endswith("list") else self.kind}
        if self.kind.endswith("list"):
            schema["items"] = refer_to(self.items) if self.items else {"type": "string"}
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.format:
            schema["format"] = self.format
        if self.least is not None:
            schema[_BOUNDS[self.kind].least] = self.least
        if self.most is not None:
            schema[_BOUNDS[self.kind].most] = self.most
        if self.nullable:
            schema = {"anyOf": [schema, {"type": "null"}]}
        if self.default is not None:
            schema["default"] = self.default
        return schema

    def complain(self, value: object) -> tuple[str, str] | None:
        """Return the type and the text of what is wrong with a value, None if it is right."""
        if value is None and self.nullable:
            return None
        if not self._fits(value):
            return _TYPE_ERRORS[self.kind]
        if not _is_unicode(value):
            return "string_unicode", "Input should be a valid string, unable to parse as unicode"
        if self.choices and value not in self.choices:
            return "literal_error", f"Input should be one of {', '.join(self.choices)}"
        return self._complain_of_size(len(value) if isinstance(value, str | list) else value)

    def _complain_of_size(self, size: object) -> tuple[str, str] | None:
        if self.least is not None and isinstance(size, int) and size < self.least:
            bounds = _BOUNDS[self.kind]
            return bounds.too_small, f"{bounds.subject} should be at least {self.least}"
        if self.most is not None and isinstance(size, int) and size > self.most:
            bounds = _BOUNDS[self.kind]
            return bounds.too_large, f"{bounds.subject} should be at most {self.most}"
        return None

    def _fits(self, value: object) -> bool:
        if self.kind == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        if self.kind == "object list":
            return isinstance(value, list)
        if self.kind == "string list":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        return isinstance(value, bool if self.kind == "boolean" else str)


def describe_object(title: str, fields: Sequence[Field], *, answer: bool = False) -> JsonObject:
    """Return the JSON Schema of an object; an answer always carries every field."""
    return {
        "type": "object",
        "title": title,
        "properties": {field.name: field.describe() for field in fields},
        "required": [field.name for field in fields if answer or field.required],
    }


def refer_to(schema: str) -> JsonObject:
    """Return a reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{schema}"}


def check_object(
    fields: Sequence[Field], body: object, location: Location = ("body",)
) -> tuple[JsonObject, list[JsonObject]]:
    """Return the known fields of a body with defaults filled in, and everything wrong with it.

    Unknown fields are ignored without a word, as the real server does.
    """
    if not isinstance(body, dict):
        return {}, [make_problem("model_attributes_type", NOT_AN_OBJECT, location, body)]
    values = {field.name: body.get(field.name, field.default) for field in fields}
    problems: list[JsonObject] = []
    for field in fields:
        where = (*location, field.name)
        if field.name not in body:
            if field.required:
                problems.append(make_problem("missing", "Field required", where, body))
        elif complaint := field.complain(body[field.name]):
            problems.append(make_problem(*complaint, where, body[field.name]))
    return values, problems


def make_problem(kind: str, message: str, location: Location, value: object) -> JsonObject:
    """Return one entry of a 422's detail; it echoes what was sent, as the real server does."""
    return {"type": kind, "loc": list(location), "msg": message, "input": value}


def _is_unicode(value: object) -> bool:
    """JSON can spell half of a surrogate pair, which no database takes."""
    try:
        "".join(map(str, value) if isinstance(value, list) else str(value)).encode()
    except UnicodeEncodeError:
        return False
    return True
