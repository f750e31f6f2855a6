"""Rows that a server saved and can't show: where they are in a list, what is wrong with them.

The public api-server's PATCH saves what its answers can't hold. Every page with such a row is 500
from then on, and so is the row itself; the config that proxies read shows it, but only what is
active, and only to who has the cluster's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy.dialect import Abilities, Cure, Poisoned, PoisonedList, Row
from penguin_compile.model.record import Desired

_PAGE: Final = 1000
_MOST_SPOTS: Final = 20
_MOST_PROBES: Final = 500
_FLAGS: Final = ("tls_enabled", "tls_verify", "health_check_enabled")
_LONGEST_COLLECTION: Final = 100
_SHORTEST_INTERVAL: Final = 5
# What the server itself gives a service that states nothing else; source: its OpenAPI document.
_DEFAULTS: Final[Row] = {
    "tls_enabled": False,
    "tls_verify": True,
    "health_check_enabled": False,
    "health_check_interval": 30,
}
# What the cluster's config doesn't tell of a service without a health check.
_UNTOLD: Final = ("health_check_enabled", "health_check_interval")


@dataclass(slots=True, kw_only=True)
class Search:
    """A search through one list.

    `read` returns the ids of a page, None where it can't be shown; `fails` says whether a service
    by its id can't be; `total` is how many the list has.
    """

    read: Callable[[int, int], Sequence[int] | None]
    fails: Callable[[int], bool]
    total: int
    ids: dict[int, int] = field(default_factory=dict)
    spots: list[int] = field(default_factory=list)

    def run(self, seen: Mapping[int, Poisoned], rows: Mapping[int, Row] | None) -> PoisonedList:
        """Find the places, then who is there.

        `rows` are services as they were read elsewhere, None where nobody could; `seen` are those
        of them in which a fault can be seen.
        """
        for skip in range(0, self.total, _PAGE):
            self._halve(skip, min(_PAGE, self.total - skip))
        known = dict(seen)
        if len(known) < len(self.spots):
            for identity in self._identify():
                row = (rows or {}).get(identity)
                known.setdefault(identity, Poisoned(identity=identity, row=row))
        return PoisonedList(
            spots=len(self.spots), known=tuple(known.values()), asked_cluster=rows is not None
        )

    def _halve(self, skip: int, limit: int) -> None:
        """Divide until a page is whole or a single row."""
        if len(self.spots) >= _MOST_SPOTS:
            return
        page = self.read(skip, limit)
        if page is not None:
            self.ids.update(enumerate(page, skip))
        elif limit == 1:
            self.spots.append(skip)
        else:
            half = limit // 2
            self._halve(skip, half)
            self._halve(skip + half, limit - half)

    def _identify(self) -> Iterator[int]:
        """The ids at the places, from those beside them: the list has the newest first."""
        for first, last in _runs(self.spots):
            above, below = self.ids.get(first - 1), self.ids.get(last + 1, 0)
            wanted = last - first + 1
            end = below + _MOST_PROBES if above is None else above
            for identity in range(below + 1, min(end, below + 1 + _MOST_PROBES)):
                if self.fails(identity):
                    yield identity
                    wanted -= 1
                    if wanted == 0:
                        break


def _runs(spots: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Places in a row, as their first and last."""
    first: int | None = None
    for position, spot in enumerate(spots):
        first = spot if first is None else first
        if position + 1 == len(spots) or spots[position + 1] != spot + 1:
            yield first, spot
            first = None


def flatten(row: Row, cluster: int) -> Row:
    """A service of the cluster's config with the fields that it has in a list."""
    flat = {key: one for key, one in row.items() if not isinstance(one, dict)}
    flat.setdefault("cluster_id", cluster)
    for group, prefix in (("auth", "auth_"), ("tls", "tls_"), ("health_check", "health_check_")):
        told = row.get(group)
        if isinstance(told, dict):
            flat.update((prefix + key, one) for key, one in told.items())
            flat.pop(group, None)
    return flat


def find_faults(row: Row, abilities: Abilities) -> dict[str, Any]:
    """The fields that are told and that the server couldn't show."""
    faults = {name: row[name] for name in _FLAGS if name in row and row[name] is None}
    for name, known in (("protocol", abilities.protocols), ("auth_type", abilities.auth_types)):
        if name in row and row[name] not in known:
            faults[name] = row[name]
    interval = row.get("health_check_interval", _SHORTEST_INTERVAL)
    if not isinstance(interval, int) or interval < _SHORTEST_INTERVAL:
        faults["health_check_interval"] = interval
    if len(str(row.get("collection") or "")) > _LONGEST_COLLECTION:
        faults["collection"] = row["collection"]
    return faults


def find_cure(
    poisoned: Poisoned,
    desired: Desired | None,
    instead: Mapping[str, str],
    abilities: Abilities,
) -> Cure | None:
    """What would mend it; None where nobody here can know.

    What the spec says of it; else what it says to register `instead` of a protocol, and what the
    server itself gives where nothing is stated. What can't be seen comes last.
    """
    row = poisoned.row or {}
    wanted = {} if desired is None else desired.fields
    told: dict[str, Any] = {}
    for name in poisoned.faults:
        value = wanted.get(name, _DEFAULTS.get(name))
        if value is None and name == "protocol":
            value = instead.get(str(row.get(name)))
        if value is None:
            return None
        told[name] = value
    if find_faults({**row, **told}, abilities):
        return None
    untold = [
        {name: wanted.get(name, _DEFAULTS[name])} for name in _UNTOLD if row.get(name) is None
    ]
    steps = [*([told] if told else []), *(untold if poisoned.row is not None else [])]
    if not steps:
        return None
    spare = {name: value for one in steps[1:] for name, value in one.items()}
    return Cure(fields=steps[0], spare=spare)
