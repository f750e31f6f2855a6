"""Compose's sizes, durations and ports in the units of Kubernetes (target `kubernetes`).

Each reader raises ValueError for what Compose would refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import Any, NamedTuple

_SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?) ?(?P<unit>[kmgtp]?)(?:i?b)?\Z", re.IGNORECASE)
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?(?:h|ms|us|ns|m|s))+\Z")
_STEP = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]*)?)(?P<unit>h|ms|us|ns|m|s)")
_SECONDS = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}
_PORTS = re.compile(
    r"(?:.*:)?(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?(?:/(?P<protocol>tcp|udp|sctp))?\Z"
)
_HIGHEST = 65_535


class Port(NamedTuple):
    """A port of a container, as others in the network reach it."""

    number: int
    protocol: str = "TCP"


def memory(value: Any) -> str:
    """`512m` and `512MB` count in powers of 1024 in Compose, which is `512Mi` here."""
    match = _SIZE.match(str(value))
    if match is None or isinstance(value, bool):
        raise ValueError(f"not a size: {value!r}")
    number, unit = Decimal(match["number"]), match["unit"].upper()
    if number == int(number):
        return f"{int(number)}{unit}{'i' if unit else ''}"
    return str(ceil(number * 1024 ** " KMGTP".index(unit or " ")))


def cpus(value: Any) -> str:
    """`0.5` is `500m`: Kubernetes writes it so, and would tell a difference otherwise."""
    try:
        thousandths = ceil(Decimal(str(value)) * 1000)
    except (InvalidOperation, OverflowError, ValueError):
        raise ValueError(f"not a number of processors: {value!r}") from None
    if thousandths < 0:
        raise ValueError(f"not a number of processors: {value!r}")
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def flag(value: Any) -> bool:
    """`true`, or a text that says it."""
    words = {"true": True, "false": False}
    if str(value).lower() not in words:
        raise ValueError(f"neither true nor false: {value!r}")
    return words[str(value).lower()]


def seconds(value: Any) -> int:
    """`1m30s` is 90; parts of a second count as one."""
    text = str(value)
    if not _DURATION.match(text):
        raise ValueError(f"not a duration: {text!r}")
    steps = _STEP.finditer(text)
    return ceil(sum(Decimal(one["number"]) * _SECONDS[one["unit"]] for one in steps))


def ports(entry: Any) -> Iterator[Port]:
    """The container's side of an entry of `ports` or `expose`, short or long."""
    stated = entry.get("target") if isinstance(entry, dict) else entry
    match = _PORTS.match(str(stated))
    if match is None or isinstance(stated, bool):
        raise ValueError(f"not a port: {stated!r}")
    protocol = match["protocol"] or (entry.get("protocol") if isinstance(entry, dict) else None)
    first = int(match["first"])
    last = int(match["last"] or first)
    if not 1 <= first <= last <= _HIGHEST:
        raise ValueError(f"not a port: {stated!r}")
    for number in range(first, last + 1):
        yield Port(number, str(protocol or "tcp").upper())


def is_published(entry: Any) -> bool:
    """Whether an entry of `ports` is reached on a port of the host."""
    return "published" in entry if isinstance(entry, dict) else ":" in str(entry)
