"""One Compose service laid over another, as Compose itself does it (target `compose`).

Only for the keys that compile adds to a container. What these functions make of two services is
what the program makes of two files: tests/consumers puts both before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Data: TypeAlias = dict[str, Any]


def lay_over(service: Data, added: Data) -> Data:
    """A service with what is added to it; a key that only one of them has stays as it is."""
    merged = dict(service)
    for key, value in added.items():
        merge = _MERGES.get(key)
        merged[key] = value if merge is None else merge(service.get(key), value)
    return merged


def pairs(environment: Any) -> Data:
    """Compose's `environment`, a list or a mapping, as a mapping; a name alone is null."""
    if isinstance(environment, dict):
        return dict(environment)
    named: Data = {}
    for entry in environment or []:
        name, equals, value = str(entry).partition("=")
        named[name] = value if equals else None
    return named


def dependencies(depends: Any) -> Data:
    """Compose's `depends_on`, a list or a mapping, as a mapping."""
    if isinstance(depends, dict):
        return {name: dict(value or {}) for name, value in depends.items()}
    return {name: {"condition": "service_started"} for name in depends or []}


def shortest(depends: Data) -> Any:
    """Dependencies as a list, where a list says everything."""
    if all(one == {"condition": "service_started"} for one in depends.values()):
        return list(depends)
    return depends


def networks(written: Any) -> Data:
    """Compose's `networks`, a list or a mapping, as a mapping; without any it is `default`."""
    if isinstance(written, dict) and written:
        return {name: settings or {} for name, settings in written.items()}
    return {name: {} for name in written or ["default"]}


def _merge_environment(written: Any, added: Data) -> Data:
    return {**pairs(written), **added}


def _merge_dependencies(written: Any, added: Data) -> Any:
    merged = {**dependencies(written), **added}
    return merged if isinstance(written, dict) else shortest(merged)


def _merge_networks(written: Any, added: Data) -> Data:
    merged = networks(written)
    for name, settings in added.items():
        aliases = _merge_lists(merged[name].get("aliases"), settings["aliases"])
        merged[name] = {**merged[name], "aliases": aliases}
    return merged


def _merge_lists(written: Any, added: list[Any]) -> list[Any]:
    present = list(written or [])
    return [*present, *(one for one in added if one not in present)]


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "environment": _merge_environment,
    "depends_on": _merge_dependencies,
    "networks": _merge_networks,
    "profiles": _merge_lists,
    "volumes": _merge_lists,
}
