"""Compose files laid over one another, in Compose's order and by its rules (`init`).

Source: the Compose specification, "Merge"; the rules of single keys are those of the reference
implementation, and tests/intake puts both before the real program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from penguin_compile.intake.compose_file import OVERRIDE, RESET, Tagged
from penguin_compile.intake.interpolation import Resolved, raw_text
from penguin_compile.intake.short_syntax import mount_key, port_key, volume_key
from penguin_compile.source.tree import Mapping, Place, Sequence

Path: TypeAlias = tuple[str, ...]
Merge: TypeAlias = Callable[[Path, Any, Any, Place], Any]


class CannotMerge(ValueError):
    """Two values of different kinds; `place` is that of the later one."""

    def __init__(self, path: Path, place: Place) -> None:
        super().__init__(".".join(path))
        self.place = place


def merge_models(base: Mapping, over: Mapping) -> Mapping:
    """One Compose model laid over another. Raises CannotMerge."""
    return _mappings((), base, over)


def merge_services(base: Mapping, over: Mapping) -> Mapping:
    """One service laid over the one that it extends. Raises CannotMerge."""
    return _mappings(("services", "*"), base, over)


def settle(value: Any) -> Any:
    """A tree without its `!reset` and `!override`: nothing lies below it."""
    if isinstance(value, Tagged):
        value = value.value
    if isinstance(value, Mapping):
        mapping = Mapping()
        for key, item in value.items():
            if not (isinstance(item, Tagged) and item.tag == RESET):
                mapping.put(key, settle(item), value.places[key])
        return mapping
    if isinstance(value, Sequence):
        sequence = Sequence()
        for item, place in zip(value, value.places, strict=True):
            if not (isinstance(item, Tagged) and item.tag == RESET):
                sequence.append(settle(item))
                sequence.places.append(place)
        return sequence
    return value


def _mappings(path: Path, base: Mapping, over: Mapping) -> Mapping:
    merged = Mapping()
    for key, item in base.items():
        merged.put(key, item, base.places[key])
    for key, item in over.items():
        place = over.places[key]
        if isinstance(item, Tagged) and item.tag == RESET:
            merged.pop(key, None)
        elif (
            (isinstance(item, Tagged) and item.tag == OVERRIDE)
            or key not in merged
            or key.startswith("x-")
        ):
            merged.put(key, settle(item), place)
        else:
            merged.put(key, _values((*path, key), merged[key], item, place), place)
    return merged


def _values(path: Path, base: Any, over: Any, place: Place) -> Any:
    special = _special(path)
    if special is _replace:
        return settle(over)
    if over is None:  # which says nothing, except to a command
        return base
    merge = special or _GENERAL.get(type(base))
    if base is None or merge is None:
        return settle(over)
    return merge(path, base, over, place)


def _merge_mapping(path: Path, base: Any, over: Any, place: Place) -> Mapping:
    if not isinstance(over, Mapping):
        raise CannotMerge(path, place)
    return _mappings(path, base, over)


def _special(path: Path) -> Merge | None:
    if len(path) < 3:
        return None
    wild = (path[0], "*", *path[2:])
    found = _RULES.get(wild)
    if found is None and len(path) == 4 and path[2] in {"ulimits", "networks"}:
        return _RULES.get((path[0], "*", path[2], "*"))
    return found


def _replace(_path: Path, _base: Any, over: Any, _place: Place) -> Any:
    return settle(over)


def _lists(_path: Path, base: Any, over: Any, place: Place, key: Any = str) -> Sequence:
    """One list behind the other; of what stands in both, the later counts, in the earlier place."""
    merged, known = Sequence(), dict[str, int]()
    for value in (base, settle(over)):
        for item, where in _items(value, place):
            name = key(item)
            if name in known:
                merged[known[name]] = item
                merged.places[known[name]] = where
            else:
                known[name] = len(merged)
                merged.append(item)
                merged.places.append(where)
    return merged


def _items(value: Any, place: Place) -> list[tuple[Any, Place]]:
    if isinstance(value, Sequence):
        return list(zip(value, value.places, strict=True))
    return [(value, place)]


def _keyed(key: Callable[[Any], str]) -> Merge:
    return lambda path, base, over, place: _lists(path, base, over, place, key)


def pairs(value: Any, separators: str = "=", missing: Any = None) -> Mapping:
    """A list of `NAME=VALUE` as the mapping that it stands for; places kept."""
    if isinstance(value, Mapping):
        return value
    named = Mapping()
    if isinstance(value, Sequence):
        for item, place in zip(value, value.places, strict=True):
            name, content = _split(item, separators, missing)
            named.put(name, content, place)
    return named


def _split(item: Any, separators: str, missing: Any) -> tuple[str, Any]:
    text = str(item)
    at = min((text.find(one) for one in separators if one in text), default=-1)
    if at < 0:
        return text, missing
    name, content = text[:at], text[at + 1 :]
    if not isinstance(item, Resolved):
        return name, content
    raw = raw_text(item)
    head, found, rest = raw.partition(text[at])
    return name, Resolved(content, rest if found and head == name else raw_text(content))


def _pairs(path: Path, base: Any, over: Any, _place: Place) -> Mapping:
    missing = "" if path[-1] == "labels" else None
    return _mappings_shallow(pairs(base, missing=missing), pairs(settle(over), missing=missing))


def _mappings_shallow(base: Mapping, over: Mapping) -> Mapping:
    merged = Mapping()
    for one in (base, over):
        for key, item in one.items():
            merged.put(key, item, one.places[key])
    return merged


def named(value: Any, place: Place, content: Callable[[], Any]) -> Any:
    """A list of names as a mapping; what a name stands for is made by `content`."""
    if not isinstance(value, Sequence):
        return value
    mapping = Mapping()
    for item, where in _items(value, place):
        mapping.put(str(item), content(), where)
    return mapping


def _nothing() -> None:
    return None


def _dependencies(path: Path, base: Any, over: Any, place: Place) -> Any:
    return _mappings(path, named(base, place, Mapping), named(over, place, Mapping))


def _networks(path: Path, base: Any, over: Any, place: Place) -> Any:
    return _mappings(path, named(base, place, _nothing), named(over, place, _nothing))


def _build(path: Path, base: Any, over: Any, place: Place) -> Any:
    return _mappings(path, _context(base, place), _context(over, place))


def _context(build: Any, place: Place) -> Mapping:
    if isinstance(build, Mapping):
        return build
    mapping = Mapping()
    mapping.put("context", build, place)
    return mapping


def _logging(path: Path, base: Any, over: Any, _place: Place) -> Any:
    """Options are merged where both name the same driver, or one names none."""
    first, second = base.get("driver"), over.get("driver")
    if first is None or second is None or first == second:
        return _mappings(path, base, over)
    return settle(over)


def _ulimit(path: Path, base: Any, over: Any, _place: Place) -> Any:
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return _mappings(path, base, over)
    return settle(over)


def _env_file_key(entry: Any) -> str:
    return str(entry.get("path")) if isinstance(entry, Mapping) else str(entry)


def _host(entry: Any) -> str:
    return str(entry).replace("=", ":", 1)


def _extra_hosts(path: Path, base: Any, over: Any, place: Place) -> Any:
    return _lists(path, _host_list(base), _host_list(over), place, _host)


def _host_list(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    hosts = Sequence()
    for name, address in value.items():
        for one in address if isinstance(address, list) else [address]:
            raw = f"{name}={raw_text(str(one))}"
            hosts.append(Resolved(f"{name}={one}", raw) if "$" in raw else raw)
            hosts.places.append(value.places[name])
    return hosts


_GENERAL: dict[type, Merge] = {Mapping: _merge_mapping, Sequence: _lists}
_SERVICE: dict[Path, Merge] = {
    ("annotations",): _pairs,
    ("build",): _build,
    ("build", "additional_contexts"): _pairs,
    ("build", "args"): _pairs,
    ("build", "extra_hosts"): _extra_hosts,
    ("build", "labels"): _pairs,
    ("command",): _replace,
    ("configs",): _keyed(mount_key),
    ("depends_on",): _dependencies,
    ("deploy", "labels"): _pairs,
    ("dns",): _lists,
    ("dns_opt",): _lists,
    ("dns_search",): _lists,
    ("entrypoint",): _replace,
    ("env_file",): _keyed(_env_file_key),
    ("environment",): _pairs,
    ("extra_hosts",): _extra_hosts,
    ("healthcheck", "test"): _replace,
    ("labels",): _pairs,
    ("logging",): _logging,
    ("networks",): _networks,
    ("ports",): _keyed(port_key),
    ("secrets",): _keyed(mount_key),
    ("sysctls",): _pairs,
    ("tmpfs",): _lists,
    ("ulimits", "*"): _ulimit,
    ("volumes",): _keyed(volume_key),
}
_RULES: dict[Path, Merge] = {
    **{("services", "*", *path): merge for path, merge in _SERVICE.items()},
    ("networks", "*", "labels"): _pairs,
    ("volumes", "*", "labels"): _pairs,
}
