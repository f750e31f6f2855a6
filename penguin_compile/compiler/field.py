"""What the language says of one of its fields, read from the shapes: for `explain`.

A path names it as a spec has it, `services.flask-api.port`, or with `*` where a name is free.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from penguin_compile.compiler.field_words import (
    limits_of,
    name_limits_of,
    type_in_words,
    unit_of,
)
from penguin_compile.compiler.shape import is_hidden, unwrap
from penguin_compile.core.errors import UsageError
from penguin_compile.core.records import dataclass
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.model.setting import UNSET
from penguin_compile.sections.shape import EXTENSION
from penguin_compile.sections.spec import SpecShape

ANY_NAME = "*"
_INDEX = re.compile(r"\[(\d+|\*)?\]")
_NO_EXAMPLE: Any = object()
_SAMPLES: dict[Any, Any] = {str: "text", int: 1, float: 1.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key below a field."""

    name: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the language.

    `path` has `*` for each name that the user chooses. `keys` stand below the field, or, where
    `named` is set, below each name in it; `free` is set where the language sets no keys there.
    `example` is a tree of a spec that holds a value of it, or None where the shapes show none.
    """

    path: tuple[str, ...]
    type: str
    description: str | None
    required: bool
    default: str | None
    limits: tuple[str, ...]
    keys: tuple[Key, ...]
    named: bool
    free: bool
    example: Any


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk has come to: an annotation, what is attached to it, and the way there."""

    annotation: Any
    info: FieldInfo | None = None
    metadata: tuple[Any, ...] = ()
    path: tuple[str, ...] = ()
    example: tuple[str, ...] = ()  # the path with names in place of `*`


@dataclass(slots=True)
class _Failure:
    """The farthest that a walk got, and what it met there."""

    place: _Place | None = None
    part: str = ""


def find_field(path: str) -> Field:
    """The field at a path. Raises UsageError for one that the language doesn't have."""
    failure = _Failure()
    found = _walk(_Place(SpecShape), _split(path), failure)
    if found is None:
        raise _unknown(path, failure)
    return _describe(found)


def list_fields() -> Iterator[Field]:
    """Every field of the language, each name as `*`, in the order in which they are written."""
    stack = [_Place(SpecShape)]
    while stack:
        place = stack.pop()
        if place.info is not None:
            yield _describe(place)
        named = _named(place)
        stack.extend(reversed([*_below(place)] if named is None else [named]))


def _split(path: str) -> list[str]:
    """Parts of a dotted path, or of an RFC 6901 pointer as JSON has them."""
    if path.startswith("/"):
        return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
    return _INDEX.sub(lambda found: f".{found[1] or ANY_NAME}", path).split(".")


def _walk(place: _Place, parts: list[str], failure: _Failure) -> _Place | None:
    """The place behind all parts, or the nearest one below which the language sets no keys."""
    if not parts:
        return place
    for step, rest in _steps(place, parts):
        found = _walk(step, rest, failure)
        if found is not None:
            return found
    if _is_free(place):
        return place
    if failure.place is None or len(place.path) > len(failure.place.path):
        failure.place, failure.part = place, parts[0]
    return None


def _steps(place: _Place, parts: list[str]) -> Iterator[tuple[_Place, list[str]]]:
    """The ways to go on from a place. A name may hold dots: the shortest comes first."""
    if place.path[-1:] == ("overrides",):  # a patch on the sections: what they say holds there
        yield _Place(SpecShape), parts
    for one in _below(place):
        if one.path[-1] == parts[0]:
            yield one, parts[1:]
    named = _named(place)
    if named is not None:
        for count in range(1, len(parts) + 1):
            if count == 1 or parts[count:]:  # `services.api.prot` is no service "api.prot"
                name = ".".join(parts[:count])
                yield named if name == ANY_NAME else _called(named, name), parts[count:]
    if _is_list(place) and (parts[0].isdigit() or parts[0] == ANY_NAME):
        yield place, parts[1:]


def _below(place: _Place) -> Iterator[_Place]:
    """The fields of a shape."""
    for shape in unwrap(place.annotation):
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            for name, info in shape.model_fields.items():
                if not is_hidden(info):
                    key = info.alias or name
                    way = (*place.path, key), (*place.example, key)
                    yield _Place(info.annotation, info, tuple(info.metadata), *way)


def _named(place: _Place) -> _Place | None:
    """One entry of a mapping whose names the user chooses and whose values the language knows."""
    for one in unwrap(place.annotation):
        if typing.get_origin(one) is dict and not _is_any(typing.get_args(one)[1]):
            way = (*place.path, ANY_NAME), (*place.example, _sample_name(place))
            return _Place(typing.get_args(one)[1], None, (), *way)
    return None


def _called(place: _Place, name: str) -> _Place:
    return replace(place, example=(*place.example[:-1], name))


def _sample_name(place: _Place) -> str:
    examples = place.info.examples if place.info is not None else None
    for example in examples or ():
        if isinstance(example, dict) and example:
            return str(next(iter(example)))
    return "name"


def _is_any(annotation: Any) -> bool:
    return any(one is Any for one in unwrap(annotation))


def _is_list(place: _Place) -> bool:
    return any(typing.get_origin(one) is list for one in unwrap(place.annotation))


def _is_free(place: _Place) -> bool:
    """Whether what stands below is not the language's own."""
    return _is_any(place.annotation) or any(
        typing.get_origin(one) is dict and _is_any(typing.get_args(one)[1])
        for one in unwrap(place.annotation)
    )


def _describe(place: _Place) -> Field:
    named, default = _named(place), _default(place)
    limits = list(limits_of(place.annotation, place.metadata))
    if named is not None:
        limits.extend(f"names: {limit}" for limit in name_limits_of(place.annotation))
    return Field(
        path=place.path,
        type=type_in_words(place.annotation, place.metadata, nullable=default is not None),
        description=None if place.info is None else place.info.description,
        required=place.info is not None and place.info.is_required(),
        default=_default_in_words(place, default),
        limits=tuple(limits),
        keys=tuple(_keys(place if named is None else named)),
        named=named is not None,
        free=_is_free(place),
        example=_example(place),
    )


def _keys(place: _Place) -> Iterator[Key]:
    for one in _below(place):
        if one.info is not None:
            yield Key(
                name=one.path[-1],
                description=one.info.description or "",
                required=one.info.is_required(),
            )


def _default(place: _Place) -> Any:
    if place.info is None or place.info.is_required():
        return None
    return place.info.get_default(call_default_factory=True, validated_data={})


def _default_in_words(place: _Place, default: Any) -> str | None:
    """None where there is no default, or nothing that a spec would say."""
    if isinstance(default, BaseModel | list | dict) or default is None or default is UNSET:
        return None
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default}{unit_of(place.annotation, place.metadata)}"


def _example(place: _Place) -> Any:
    value = _example_value(place)
    if value is _NO_EXAMPLE:
        return None
    for part in reversed(place.example):
        value = {part: value}
    return value


def _example_value(place: _Place) -> Any:
    """What the shape shows, or something other than the default."""
    if place.info is not None and place.info.examples:
        return place.info.examples[0]
    kinds, default = unwrap(place.annotation), _default(place)
    literals = (one for one in kinds if typing.get_origin(one) is typing.Literal)
    words = [word for one in literals for word in typing.get_args(one)]
    if words:
        return next((one for one in words if one != default), words[0])
    if bool in kinds and len(kinds) <= 2:
        return not default
    if isinstance(default, int | float | str):
        unit = unit_of(place.annotation, place.metadata)
        return f"{default}{unit}" if unit else default
    below = {one.path[-1]: _example_value(one) for one in _below(place)}
    shown = {name: one for name, one in below.items() if one is not _NO_EXAMPLE}
    return shown or next((_SAMPLES[one] for one in kinds if one in _SAMPLES), _NO_EXAMPLE)


def _unknown(path: str, failure: _Failure) -> UsageError:
    place = failure.place or _Place(SpecShape)
    if failure.part.startswith(EXTENSION):
        message = f'"{failure.part}" is no field: keys that begin with {EXTENSION} are ignored'
        return UsageError(message, hint="they are allowed everywhere, for your own notes")
    where, known = ".".join(place.path), [one.path[-1] for one in _below(place)]
    near = did_you_mean(failure.part, known)
    message = f'the language has no field "{path}"' + (f"; {near}" if near else "")
    if not known:
        return UsageError(message, hint=f'"{where}" has no keys below it')
    return UsageError(message, hint=f"keys of {where or 'a spec'}: {list_names(known, len(known))}")
