"""What a dialect is: one kind of MarchProxy API, spoken over a client.

A new one is a module with a class of this shape and a row in the package's table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from penguin_compile.live.marchproxy.client import Client
from penguin_compile.model.app import Identity

Row: TypeAlias = Mapping[str, Any]  # one resource as the server tells it, without secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a server of a dialect takes; the plan is checked against it before any write.

    `immutable` are the fields that no update changes: another value is a delete and a create.
    `imports` says that many resources can be written by one request.
    """

    kinds: tuple[str, ...]
    deletes: frozenset[str]
    protocols: tuple[str, ...]
    auth_types: tuple[str, ...]
    immutable: frozenset[str] = frozenset()
    imports: bool = False


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
