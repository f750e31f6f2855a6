"""Tree to shapes: pydantic's errors become diagnostics at the place of the text that is wrong."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, ValidationError

from penguin_compile.core.diagnostic import Diagnostic, Related, Severity
from penguin_compile.core.pointer import Pointer, format_dotted
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.sections.shape import PATTERN_WORDS
from penguin_compile.sections.spec import SpecShape
from penguin_compile.source.tree import Document, Mapping, Sequence

_SUGGESTIONS = 100  # that many are shown; finding the nearest name costs more than all else
_KIND_NAMES = {
    "NoneType": "nothing",
    "bool": "a boolean",
    "int": "an integer",
    "float": "a number",
    "str": "a text",
    "Mapping": "a mapping",
    "Sequence": "a list",
    "dict": "a mapping",
    "list": "a list",
}
_WANTED = {
    "string_type": "a text",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "list_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def read_shapes(document: Document) -> tuple[SpecShape | None, list[Diagnostic]]:
    """The shapes of a resolved tree, or every complaint about why it has none."""
    try:
        return SpecShape.model_validate(document.root), []
    except ValidationError as error:
        seen: dict[tuple[Any, ...], Diagnostic] = {}
        for one in error.errors(include_url=False):
            finding = _to_diagnostic(document, one, suggest=len(seen) < _SUGGESTIONS)
            seen.setdefault((finding.code, finding.pointer), finding)
        return None, list(seen.values())


def _to_diagnostic(document: Document, error: Any, *, suggest: bool) -> Diagnostic:
    pointer, at_key = _pointer_of(document, error["loc"])
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(document, pointer, suggest=suggest)
    if kind == "missing":
        return _missing_key(document, pointer)
    span = document.key_span(pointer) if at_key else document.value_span(pointer)
    message, label = _describe(error, pointer, at_key=at_key)
    return Diagnostic(
        code="PC104",
        severity=Severity.ERROR,
        message=message,
        span=span,
        pointer=pointer,
        label=label,
        related=tuple(
            Related(message="overrides this", span=one) for one in document.earlier_spans(pointer)
        ),
    )


def _pointer_of(document: Document, location: tuple[Any, ...]) -> tuple[Pointer, bool]:
    """Pydantic's location without the parts that name its own validators."""
    node, pointer, at_key = document.root, [], False
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if part == "[key]":
            at_key = True
        elif isinstance(node, Mapping) and (part in node or last):
            pointer.append(part)
            node = node.get(part)
        elif isinstance(node, Sequence) and isinstance(part, int):
            pointer.append(part)
            node = node[part] if part < len(node) else None
    return tuple(pointer), at_key


def _unknown_key(document: Document, pointer: Pointer, *, suggest: bool) -> Diagnostic:
    key = str(pointer[-1])
    known = known_keys(pointer[:-1])
    where = f' in "{format_dotted(pointer[:-1])}"' if pointer[:-1] else ""
    return Diagnostic(
        code="PC103",
        severity=Severity.ERROR,
        message=f'unknown key "{key}"{where}',
        span=document.key_span(pointer),
        pointer=pointer,
        label=did_you_mean(key, known) if suggest else None,
        help=f"keys that exist here: {list_names(known, 20)}" if known else None,
    )


def _missing_key(document: Document, pointer: Pointer) -> Diagnostic:
    parent = pointer[:-1]
    where = f'in "{format_dotted(parent)}"' if parent else "at the top of the spec"
    return Diagnostic(
        code="PC105",
        severity=Severity.ERROR,
        message=f'the key "{pointer[-1]}" is missing {where}',
        span=document.key_span(parent),
        pointer=parent,
        label=f'add "{pointer[-1]}" here',
    )


def _describe(error: Any, pointer: Pointer, *, at_key: bool) -> tuple[str, str | None]:
    """The message and the label of a wrong value."""
    name = format_dotted(pointer)
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if at_key:
        return f'"{pointer[-1]}" is no name that can stand here', _expectation(error)
    if kind in _WANTED:
        found = _KIND_NAMES.get(type(given).__name__, "something else")
        label = None
        if kind == "string_type" and isinstance(given, int | float):
            label = "quote it, as it is written"
        return f'"{name}" must be {_WANTED[kind]}, this is {found}', label
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", '"')
        words = [word.strip('" ') for word in expected.replace(" or ", ", ").split(", ")]
        label = did_you_mean(given, words) if isinstance(given, str) else None
        return f'"{name}" must be {expected}', label
    return f'"{name}" is not valid: {_expectation(error)}', None


def _expectation(error: Any) -> str:  # noqa: PLR0911 - a table
    """What would be right, in words that name no Python."""
    context = error.get("ctx", {})
    match error["type"]:
        case "wrong_value":
            return str(context["text"])
        case "string_pattern_mismatch":
            pattern = str(context["pattern"])
            return PATTERN_WORDS.get(pattern, f"it must match {pattern}")
        case "string_too_long":
            return f"at most {context['max_length']} characters"
        case "string_too_short" | "too_short":
            return "it must not be empty"
        case "greater_than_equal":
            return f"at least {context['ge']}"
        case "less_than_equal":
            return f"at most {context['le']}"
        case _:
            return str(error["msg"])


def known_keys(pointer: Pointer) -> list[str]:
    """The keys that the language has at a pointer; none where names are free."""
    shape = _shape_at(SpecShape, pointer)
    if shape is None:
        return []
    return [
        field.alias or name for name, field in shape.model_fields.items() if not is_hidden(field)
    ]


def is_hidden(field: Any) -> bool:
    """Whether a field is a shape's own, and no key that a spec can write."""
    return field.description is None


def _shape_at(annotation: Any, pointer: Pointer) -> type[BaseModel] | None:
    """The shape that an annotation has behind a pointer, whatever it is wrapped in."""
    for candidate in unwrap(annotation):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            if not pointer:
                return candidate
            for name, field in candidate.model_fields.items():
                if (field.alias or name) == pointer[0]:
                    return _shape_at(field.annotation, pointer[1:])
        elif typing.get_origin(candidate) in {dict, list} and pointer:
            found = _shape_at(typing.get_args(candidate)[-1], pointer[1:])
            if found is not None:
                return found
    return None


def unwrap(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, without what is attached to them."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return unwrap(typing.get_args(annotation)[0])
    if origin in {typing.Union, types.UnionType}:
        return [one for part in typing.get_args(annotation) for one in unwrap(part)]
    return [annotation]
