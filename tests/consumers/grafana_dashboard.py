"""What Grafana's own schema package finds wrong with a dashboard.

The package assigns whatever it reads to its classes, and drops what these do not have. So a
document is loaded and dumped again, which may add defaults but neither lose nor change anything,
and every value is held against the annotation of its attribute.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

register_default_plugins()  # the panels' options and Prometheus' queries


def load(document: Any) -> Dashboard:
    """The document as the package's classes."""
    return Dashboard.from_json(document)


def problems(document: Any) -> list[str]:
    """What Grafana would ignore or misread."""
    try:
        loaded = load(document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [f"it can't be loaded: {error!r}"]
    dumped = json.loads(JSONEncoder().encode(loaded))
    return [*_lost(document, dumped, ""), *_unfit(loaded, Dashboard, "")]


def _lost(document: Any, dumped: Any, place: str) -> Iterator[str]:
    match document, dumped:
        case dict(), dict():
            for key, value in document.items():
                if key not in dumped:
                    yield f"{place}/{key} is unknown"
                else:
                    yield from _lost(value, dumped[key], f"{place}/{key}")
        case list(), list() if len(document) == len(dumped):
            for index, (value, back) in enumerate(zip(document, dumped, strict=True)):
                yield from _lost(value, back, f"{place}/{index}")
        case _:
            if (type(document), document) != (type(dumped), dumped):
                yield f"{place} is read as {dumped!r}"


def _unfit(value: Any, hint: Any, place: str) -> Iterator[str]:
    """Values that are not what the annotation says."""
    kind, arguments = get_origin(hint), get_args(hint)
    if kind in {Union, types.UnionType}:
        possible = [one for one in arguments if one is not type(None) or value is None]
        found = [list(_unfit(value, one, place)) for one in possible]
        yield from min(found, key=len)
    elif kind is list and isinstance(value, list):
        for index, one in enumerate(value):
            yield from _unfit(one, arguments[0], f"{place}/{index}")
    elif kind is dict and isinstance(value, dict):
        for key, one in value.items():
            yield from _unfit(one, arguments[1], f"{place}/{key}")
    elif not _is(value, hint, kind, arguments):
        yield f"{place} is {value!r}, not {hint}"
    elif type(value).__module__.startswith("grafana_foundation_sdk.") and not isinstance(
        value, Enum
    ):
        for name, inside in get_type_hints(type(value)).items():
            yield from _unfit(getattr(value, name), inside, f"{place}/{name}")


def _is(value: Any, hint: Any, kind: Any, arguments: tuple[Any, ...]) -> bool:
    if hint in {Any, object}:
        return True
    if kind is Literal:
        return value in arguments
    if kind is not None:
        return False
    if issubclass(hint, Enum):  # defaults are members, what is read is a member's value
        exact = [(type(one.value), one.value) for one in hint]
        return isinstance(value, hint) or (type(value), value) in exact
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, (int, float)) if hint is float else isinstance(value, hint)
