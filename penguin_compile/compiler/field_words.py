"""Annotations of the shapes in words that name no Python: types and limits, for `explain`."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel, BeforeValidator, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from penguin_compile.sections.shape import PATTERN_WORDS, TypeInWords

_NULL = "null"
_WORDS = {
    str: "a text",
    int: "an integer",
    float: "a number",
    type(None): _NULL,
    Any: "anything",
}
_SCHEMA_WORDS = {"object": "a mapping", "null": _NULL}
_LISTS = {"a text": "a list of texts", "anything": "a list"}
_LIMITS = {
    "ge": ("at least {}", max),
    "le": ("at most {}", min),
    "min_length": ("length at least {}", max),
    "max_length": ("length at most {}", min),
}


def type_in_words(annotation: Any, metadata: Iterable[Any] = (), *, nullable: bool = True) -> str:
    """`an integer`, `one of jwt, base64, none`; `nullable`: whether null is another value."""
    words = list(dict.fromkeys(_alternatives(annotation, metadata)))
    if not nullable and len(words) > 1:
        words = [one for one in words if one != _NULL]
    if len(words) > 2 and not any(one.startswith(("a ", "an ")) for one in words):
        return f"one of {', '.join(words)}"
    return _join(words)


def limits_of(annotation: Any, metadata: Iterable[Any] = ()) -> Iterator[str]:
    """What a value has to be beyond its type."""
    attached = [*metadata, *_attached(annotation)]
    unit = unit_of(annotation, metadata)
    for name, (words, strictest) in _LIMITS.items():
        stated = [value for one in attached if (value := getattr(one, name, None)) is not None]
        if stated:
            yield words.format(f"{strictest(stated)}{unit}")
    for one in attached:
        pattern = getattr(one, "pattern", None)
        if pattern is not None:
            yield PATTERN_WORDS.get(pattern, f"it matches {pattern}")


def unit_of(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What the number is counted in that a value is read as, such as `s`."""
    attached = [*metadata, *_attached(annotation)]
    return next((one.unit for one in attached if _is_words(one)), "")


def name_limits_of(annotation: Any) -> Iterator[str]:
    """The same of the names that a mapping may have."""
    for one in _parts(annotation):
        if typing.get_origin(one) is dict:
            yield from limits_of(typing.get_args(one)[0])


def _alternatives(annotation: Any, metadata: Iterable[Any] = ()) -> Iterator[str]:
    attached = list(metadata)
    if typing.get_origin(annotation) is typing.Annotated:
        annotation, *more = typing.get_args(annotation)
        attached.extend(_expand(more))
    for one in attached:
        if _is_words(one):
            yield one.words
            return
        if isinstance(one, WithJsonSchema):
            yield from (_SCHEMA_WORDS[kind] for kind in (one.json_schema or {})["type"])
            return
        if isinstance(one, BeforeValidator) and one.json_schema_input_type is not PydanticUndefined:
            yield from _alternatives(one.json_schema_input_type)
            return
    yield from _plain(annotation)


def _plain(annotation: Any) -> Iterator[str]:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        for one in inner:
            yield from _alternatives(one)
    elif origin is typing.Literal:
        yield from (str(one) for one in inner)
    elif origin is list:
        each = type_in_words(inner[0])
        yield _LISTS.get(each) or f"a list, each {each}"
    elif origin is dict:
        each = type_in_words(inner[1])
        yield "a mapping" if each == "anything" else f"a mapping of names, each {each}"
    elif annotation is bool:
        yield from ("true", "false")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "a mapping"
    else:
        yield _WORDS[annotation]


def _attached(annotation: Any) -> Iterator[Any]:
    """What is attached to an annotation or to its alternatives, not to what they hold."""
    for one in _parts(annotation):
        if typing.get_origin(one) is typing.Annotated:
            inner, *more = typing.get_args(one)
            yield from _expand(more)
            yield from _attached(inner)


def _parts(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        for one in typing.get_args(annotation):
            yield from _parts(one)
    else:
        yield annotation


def _expand(attached: Iterable[Any]) -> Iterator[Any]:
    """Pydantic keeps what `Field(…)` states of an alias in a list of its own."""
    for one in attached:
        yield from one.metadata if isinstance(one, FieldInfo) else [one]


def _is_words(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, TypeInWords)


def _join(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
