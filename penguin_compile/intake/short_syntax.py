"""Compose's short forms as its long ones: ports, volumes, pairs (under `intake/compose_merge.py`).

Source: the Compose specification; what the reference implementation makes of each form is in
tests/intake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Data: TypeAlias = dict[str, Any]

_PORT = re.compile(
    r"(?:(?:(?P<ip>\[[0-9A-Fa-f:.]*\]|[0-9.]*):)?(?P<published>[0-9-]*):)?"
    r"(?P<target>[0-9]+(?:-[0-9]+)?)(?:/(?P<protocol>[a-zA-Z]+))?\Z"
)
_MOST_PORTS = 65_535
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_MODES = frozenset(("ro", "rw", "z", "Z", "nocopy", "cached", "consistent", "delegated"))
_PROPAGATION = frozenset(("shared", "rshared", "slave", "rslave", "private", "rprivate"))


def long_ports(entry: Any) -> list[Data] | None:
    """One entry of `ports` as long ones, a range as several; None where it can't be read."""
    if isinstance(entry, Mapping):
        return _long_port(entry)
    match = _PORT.match(str(entry).strip())
    if match is None:
        return None
    first, last = _range(match["target"])
    published = match["published"] or ""
    start, end = _range(published) if published else (0, last - first)
    count = last - first + 1
    if published and count == 1 and end > start:  # one port of a range is chosen at start
        return [_port(match, first, published)]
    if not 1 <= count == end - start + 1 <= _MOST_PORTS:
        return None
    return [_port(match, first + n, str(start + n) if published else None) for n in range(count)]


def _port(match: re.Match[str], target: int, published: str | None) -> Data:
    port: Data = {"mode": "ingress", "target": target}
    if match["ip"]:
        port["host_ip"] = match["ip"].strip("[]")
    if published:
        port["published"] = published
    port["protocol"] = (match["protocol"] or "tcp").lower()
    return port


def _long_port(entry: Mapping[str, Any]) -> list[Data]:
    port: Data = {"mode": "ingress", **entry, "protocol": str(entry.get("protocol") or "tcp")}
    target = str(entry.get("target"))
    port["target"] = int(target) if target.isdigit() else target
    if entry.get("published") not in {None, ""}:
        port["published"] = str(entry["published"])
    else:
        port.pop("published", None)
    return [port]


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    start = int(first) if first.isdigit() else 0
    return start, (int(last) if last.isdigit() else start) if dash else start


def port_key(entry: Any) -> str:
    """What makes two entries of `ports` the same one."""
    ports = long_ports(entry)
    if ports is None:
        return str(entry)
    return " ".join(
        f"{one.get('host_ip') or '0.0.0.0'}:{one.get('published', '')}:{one['target']}"  # noqa: S104
        f"/{one['protocol']}"
        for one in ports
    )


def split_volume(text: str) -> list[str]:
    """The parts of a short volume; a drive's letter is no part of its own."""
    parts = text.split(":")
    if len(parts) > 1 and _DRIVE.match(text):
        parts = [f"{parts[0]}:{parts[1]}", *parts[2:]]
    return parts


def long_volume(entry: Any) -> Data:
    """One entry of `volumes` in its long form."""
    if isinstance(entry, Mapping):
        return dict(entry)
    parts = split_volume(str(entry))
    if len(parts) == 1:
        return {"type": "volume", "target": parts[0]}
    source, target, options = parts[0], parts[1], ",".join(parts[2:])
    volume: Data = {"type": "bind" if is_path(source) else "volume"}
    volume |= {"source": source, "target": target}
    for option in filter(None, options.split(",")):
        _apply(volume, option)
    return volume


def _apply(volume: Data, option: str) -> None:
    if option == "ro":
        volume["read_only"] = True
    elif option == "nocopy":
        volume["volume"] = {"nocopy": True}
    elif option in {"z", "Z"}:
        volume.setdefault("bind", {})["selinux"] = option
    elif option in _PROPAGATION:
        volume.setdefault("bind", {})["propagation"] = option
    elif option not in _MODES:
        volume.setdefault("options", []).append(option)


def is_path(source: str) -> bool:
    """Whether the source of a volume is a place on the host, and no volume's name."""
    return source.startswith((".", "/", "~", "\\")) or _DRIVE.match(source) is not None


def volume_key(entry: Any) -> str:
    """What makes two entries of `volumes` the same one: where they are mounted."""
    return str(long_volume(entry).get("target"))


def mount_key(entry: Any) -> str:
    """What makes two entries of `secrets` or `configs` the same one."""
    if isinstance(entry, Mapping):
        return str(entry.get("target") or entry.get("source"))
    return str(entry)
