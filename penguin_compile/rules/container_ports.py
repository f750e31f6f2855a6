"""The host ports that containers publish.

Source: the Compose specification, `ports`: `[HOST:]CONTAINER[/PROTOCOL]`, where HOST is
`[IP:](port | range)`, and the long form with `target` and `published`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from penguin_compile.core.pointer import Pointer
from penguin_compile.rules.containers import Container

_SHORT = re.compile(
    r"(?:(?P<ip>\[[0-9A-Fa-f:.]*\]|[0-9.]*):)?(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?"
    r":[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?P<protocol>[a-z]+))?\Z"
)
_PUBLISHED = re.compile(r"(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?\Z")
_INNERMOST = re.compile(
    r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::?-(?P<default>[^${}]*)|:?[?+][^${}]*)?\}"
    r"|\$(?P<bare>[A-Za-z_][A-Za-z0-9_]*)"
)
_DEEPEST = 10  # references in the defaults of references
_EVERYWHERE = frozenset(("", "0.0.0.0", "::"))  # noqa: S104
_HIGHEST = 65_535

Lookup: TypeAlias = Callable[[str], str | None]


def _unset(_name: str) -> None:
    """Of a deployment that sets nothing."""


class HostPort(NamedTuple):
    """Ports of the host, first to last, that one entry of `ports` takes; `ip` empty: all."""

    first: int
    last: int
    ip: str
    protocol: str
    pointer: Pointer


class Clash(NamedTuple):
    """Two entries of `ports` that take the same port of the host, and whose they are."""

    first: HostPort
    second: HostPort
    containers: tuple[Container, Container]
    port: int


def find_clashes(
    containers: Iterable[Container], default_of: Lookup, value_of: Lookup = _unset
) -> Iterator[Clash]:
    """Ports that can't be published at once; containers of other profiles left apart."""
    taken: dict[tuple[str, int], list[tuple[HostPort, Container]]] = {}
    for container in containers:
        for claim in host_ports(container, default_of, value_of):
            ports = [(claim.protocol, one) for one in range(claim.first, claim.last + 1)]
            clash = next(_clashes(claim, container, ports, taken), None)
            if clash is not None:
                yield clash
                continue
            for port in ports:
                taken.setdefault(port, []).append((claim, container))


def _clashes(
    claim: HostPort,
    container: Container,
    ports: Iterable[tuple[str, int]],
    taken: Mapping[tuple[str, int], list[tuple[HostPort, Container]]],
) -> Iterator[Clash]:
    for port in ports:
        for other, owner in taken.get(port, ()):
            if overlaps(claim, other) and _together(container, owner):
                yield Clash(other, claim, (owner, container), port[1])


def _together(one: Container, other: Container) -> bool:
    """Whether some choice of Compose profiles starts both."""
    first, second = _profiles(one), _profiles(other)
    return one is other or not first or not second or not first.isdisjoint(second)


def _profiles(container: Container) -> set[str]:
    stated = container.keys.get("profiles")
    return {str(name) for name in stated} if isinstance(stated, list) else set()


def host_ports(
    container: Container, default_of: Lookup, value_of: Lookup = _unset
) -> Iterator[HostPort]:
    """Of one container. What can't be known, such as a random port, is left out.

    `default_of` gives a variable's default, `value_of` what a deployment sets it to.
    """
    stated = container.keys.get("ports")
    if not isinstance(stated, list) or container.keys.get("network_mode") == "host":
        return
    for index, entry in enumerate(stated):
        pointer = (*container.pointer, "ports", index)
        if isinstance(entry, str):
            match = _SHORT.match(fill_in(entry, default_of, value_of))
            if match is not None:
                yield from _host_port(match, match["ip"], match["protocol"], pointer)
        elif isinstance(entry, dict):
            published = fill_in(str(entry.get("published", "")), default_of, value_of)
            match = _PUBLISHED.match(published)
            if match is not None:
                yield from _host_port(match, entry.get("host_ip"), entry.get("protocol"), pointer)


def fill_in(text: str, default_of: Lookup, value_of: Lookup = _unset) -> str:
    """A text as a deployment has it that sets what `value_of` has; without a value it stays."""

    def value(match: re.Match[str]) -> str:
        name = match["name"] or match["bare"]
        known = value_of(name)
        if known:
            return known
        if match["default"] is not None:  # its own counts where it has one
            return match["default"]
        return default_of(name) or match[0]

    for _ in range(_DEEPEST):
        filled = _INNERMOST.sub(value, text)
        if filled == text:
            break
        text = filled
    return text


def overlaps(one: HostPort, other: HostPort) -> bool:
    """Whether two can't be published at once."""
    if one.protocol != other.protocol or one.last < other.first or other.last < one.first:
        return False
    return one.ip == other.ip or not one.ip or not other.ip


def _host_port(
    match: re.Match[str], ip: Any, protocol: Any, pointer: Pointer
) -> Iterator[HostPort]:
    first = int(match["first"])
    last = int(match["last"] or first)
    address = str(ip or "").strip("[]")
    if 1 <= first <= last <= _HIGHEST:
        yield HostPort(
            first=first,
            last=last,
            ip="" if address in _EVERYWHERE else address,
            protocol=str(protocol or "tcp"),
            pointer=pointer,
        )
