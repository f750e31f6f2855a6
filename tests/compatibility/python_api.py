"""The Python API as signatures: what `__all__` of both public packages promises."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import penguin_compile
import penguin_compile.runtime

PACKAGES = (penguin_compile, penguin_compile.runtime)


def describe_api() -> dict[str, Any]:
    """Each public name: parameters with whether they may be left out, and public members."""
    return {
        f"{package.__name__}.{name}": _describe(getattr(package, name))
        for package in PACKAGES
        for name in sorted(package.__all__)
        if name != "__version__"
    }


def _describe(thing: Any) -> dict[str, Any]:
    if not inspect.isclass(thing):
        return {"parameters": _parameters(thing)}
    members = {
        name: _parameters(member) if callable(member) else None
        for name, member in inspect.getmembers(thing)
        if not name.startswith("_")
    }
    if dataclasses.is_dataclass(thing):
        members |= {one.name: None for one in dataclasses.fields(thing)}
    return {"bases": [one.__name__ for one in thing.__mro__[1:]], "members": members}


def _parameters(function: Any) -> dict[str, str]:
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:
        return {}  # of a base class in C
    return {one.name: f"{one.kind.name.lower()}, {_need(one)}" for one in found}


def _need(parameter: inspect.Parameter) -> str:
    return "required" if parameter.default is parameter.empty else "optional"
