"""Compose files for tests: their `${…}` filled in, and everything by its path in one mapping.

Two files that say the same in Compose's different forms are equal here. Source: the Compose
specification, "Interpolation" and "Services top-level elements".
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path: TypeAlias = tuple[str, ...]

_START = re.compile(r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*))")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """A text as Compose reads it; LookupError where `${NAME:?…}` refuses."""
    filled, position = [], 0
    while (match := _START.search(text, position)) is not None:
        filled.append(text[position : match.start()])
        position = match.end()
        if match["escaped"]:
            filled.append("$")
        elif match["bare"]:
            filled.append(variables.get(match["bare"], ""))
        else:
            end = _closing_brace(text, position)
            filled.append(_value(match["braced"], text[position:end], variables))
            position = end + 1
    return "".join([*filled, text[position:]])


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise ValueError(f"a brace stays open: {text}")


def _value(name: str, rest: str, variables: Mapping[str, str]) -> str:
    operator = next((one for one in _OPERATORS if rest.startswith(one)), "")
    argument = rest[len(operator) :]
    if not operator and rest:
        raise ValueError(f"not an operator: {rest}")
    value = variables.get(name)
    there = bool(value) if operator.startswith(":") else value is not None
    match operator[-1:]:
        case "-":
            return str(value) if there else interpolate(argument, variables)
        case "+":
            return interpolate(argument, variables) if there else ""
        case "?" if not there:
            raise LookupError(name)
    return value or ""


def read_compose(text: str, folder: str, variables: Mapping[str, str]) -> dict[Path, Any]:
    """Everything that a file says, by path: `(service, key, …)`, or `(key, …)` at the top.

    `folder` is the file's own, from the root of the repository. What `${NAME:?…}` refuses reads
    `refused without NAME`.
    """
    document = _filled(YAML(typ="safe", pure=True).load(text), variables)
    said: dict[Path, Any] = {}
    for name, service in document.pop("services").items():
        said[name,] = "service"
        for key, value in service.items():
            normal = _normalise(key, value, folder, variables)
            said.update(_flatten((name, key), normal))
    for key, value in document.items():
        said.update(_flatten((key,), value))
    return said


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        try:
            return interpolate(value, variables)
        except LookupError as error:
            return f"refused without {error.args[0]}"
    if isinstance(value, dict):
        return {key: _filled(item, variables) for key, item in value.items()}
    return [_filled(item, variables) for item in value] if isinstance(value, list) else value


def _flatten(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flatten((*path, str(key)), item)
    else:
        yield path, value


def _normalise(key: str, value: Any, folder: str, variables: Mapping[str, str]) -> Any:
    """One of the forms that Compose allows for a key."""
    normal = value
    if key == "environment":
        normal = _environment(value, variables)
    elif key == "build":
        build = {"context": value} if isinstance(value, str) else value
        context = _from_root(build["context"], folder)
        normal = {"dockerfile": "Dockerfile", **build, "context": context}
    elif key == "depends_on" and isinstance(value, list):
        normal = {name: {"condition": "service_started"} for name in value}
    elif key == "volumes":
        normal = dict(_volume(one, folder) for one in value)
    elif key in {"networks", "ports", "cap_add"} and isinstance(value, list):
        normal = dict.fromkeys(str(one) for one in value)
    return normal


def _environment(value: Any, variables: Mapping[str, str]) -> dict[str, str]:
    """Texts by name; a name without a value has the deployment's, and is left out without one."""
    if isinstance(value, list):
        entries = [one.partition("=") for one in value]
        value = {name: text if equals else None for name, equals, text in entries}
    given = {name: variables.get(name) if one is None else one for name, one in value.items()}
    return {name: _text(one) for name, one in given.items() if one is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _volume(entry: str, folder: str) -> tuple[str, str]:
    source, target, *mode = entry.split(":")
    return target, ":".join([_from_root(source, folder), *mode])


def _from_root(path: str, folder: str) -> str:
    if not path.startswith("."):
        return path
    return "./" + posixpath.normpath(posixpath.join(folder, path))
