"""What a dialect is: one kind of MarchProxy API, spoken over a client.

A new one is a module with a class of this shape and a row in the package's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol, TypeAlias

from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.model.app import Identity

Row: TypeAlias = Mapping[str, Any]  # one resource as the server tells it, without secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a server of a dialect takes; the plan is checked against it before any write.

    `immutable` are the fields that no update changes: another value is a delete and a create.
    `imports` says that many resources can be written by one request. `unread` are kinds whose
    writes are answered without being read back, because only the whole list could do that. Without
    `users` there are keys of clusters, and nobody can ask for users or clusters.
    """

    kinds: tuple[str, ...]
    deletes: frozenset[str]
    protocols: tuple[str, ...]
    auth_types: tuple[str, ...]
    immutable: frozenset[str] = frozenset()
    imports: bool = False
    unread: frozenset[str] = frozenset()
    users: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who a token belongs to. `seconds_left` is how long a token of the spec's own still lives."""

    name: str
    admin: bool
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poisoned:
    """A service that a server saved and can't show, so that every list that holds it fails.

    `row` is what is known of it, where it could be read elsewhere; `faults` are the fields of it
    that the server doesn't take back, with their values, as far as it shows them there.
    """

    identity: int
    row: Row | None = None
    faults: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoisonedList:
    """What stands in the way of reading a list. `spots` are places in it, `known` those found."""

    spots: int
    known: Sequence[Poisoned]
    asked_cluster: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """What to write, so that a service can be shown; `spare` only where that wasn't all."""

    fields: Row
    spare: Row = field(default_factory=dict)


class Dialect(Protocol):
    """How to authenticate, list, create, update and delete.

    Everything raises GatewayFailure. What returns a row returns the server's own word, or None
    where the answer to a write holds none and has to be read.
    """

    name: str
    abilities: Abilities

    def __init__(self, client: Client, cluster: int | str | None, identity: Identity) -> None: ...

    @staticmethod
    def recognizes(paths: Mapping[str, Any]) -> bool:
        """Whether the paths of an OpenAPI document are those of such a server."""

    def find_cluster(self) -> int:
        """The id of the cluster that the spec names by id or name; asked once, before the rest."""

    def find_user(self) -> User:
        """Who we are there."""

    def list_clusters(self) -> Sequence[Row]:
        """The clusters that we see, with id and name."""

    def find_poison(self) -> PoisonedList:
        """What makes the list of services fail, which has just answered 500."""

    def cure(self, identity: int, cure: Cure) -> Row | None:
        """Give a poisoned service values that can be shown, and tell which; None if it can be."""

    def list_services(self) -> Sequence[Row]:
        """Every service that the server shows, of all clusters and collections: complete."""

    def list_mappings(self) -> Sequence[Row]:
        """Every mapping of the cluster."""

    def create(self, kind: str, body: Row, former: Row | None) -> Row | None:
        """Create a resource whose name is free, or taken by ours that was softly deleted."""

    def update(self, kind: str, remote: Row, body: Row, changed: Row) -> Row | None:
        """Make a resource that which the body says, whole; `changed` are the fields that differ."""

    def import_all(self, bodies: Sequence[tuple[str, Row]]) -> Mapping[str, str]:
        """Create or replace all, each with its kind, by name, in one request; what failed and why.

        Asked only of a dialect whose abilities say so.
        """

    def delete(self, kind: str, remote: Row, *, for_good: bool) -> None:
        """Delete a resource; one that is gone already is done.

        `for_good`: its name has to be free afterwards.
        """


def offers(paths: Mapping[str, Any], method: str, path: str) -> bool:
    """Whether an OpenAPI document has that operation."""
    operations = paths.get(path)
    return isinstance(operations, dict) and method in operations
