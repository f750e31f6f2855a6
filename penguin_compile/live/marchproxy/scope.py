"""Whose resources are whose: a server's rows, told apart into ours, others', and what was deleted.

Between a dialect's lists and the backend; nothing here asks the server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from penguin_compile.core.canonical import digest
from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.live.marchproxy.dialect import Row
from penguin_compile.live.marchproxy.fields import CARRIED, canonical_fields
from penguin_compile.model.address import Address
from penguin_compile.model.record import Live

SERVICE: Final = "service"
MAPPING: Final = "mapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of a gateway is one app's: its collection in one cluster.

    `wanted` has the names of the spec by kind: of others' resources, those of that name are seen.
    `immutable` are fields that no update changes; `server` is the gateway as a person may see it.
    """

    app: str
    cluster: int
    wanted: Mapping[str, Container[str]]
    immutable: frozenset[str]
    server: str

    def find_plain(self, kind: str, rows: Iterable[Row]) -> dict[str, Row]:
        """By name, those that are ours and active, and that share their name with none of ours."""
        cluster = str(self.cluster)
        plain: dict[str, Row] = {}
        several: list[str] = []
        for row in rows:
            if row.get("is_active") is False:
                continue
            if kind == SERVICE and row.get("collection") != self.app:
                continue
            place, name = row.get("cluster_id"), row["name"]
            if kind == SERVICE and place is not None and str(place) != cluster:
                continue
            if name in plain:
                several.append(name)
            plain[name] = row
        for name in several:
            plain.pop(name, None)
        return plain

    def select_services(
        self, rows: Iterable[Row], settled: Container[str] = ()
    ) -> tuple[dict[Address, Live], dict[Address, Row]]:
        """What is there of ours and of others with a name of ours; and ours that was deleted.

        A soft delete keeps the name: ours counts as absent and is revived, another's is another's.
        Of the names in `settled` nothing is told.
        """
        ours: dict[Address, Live] = {}
        foreign: dict[Address, Live] = {}
        former: dict[Address, Row] = {}
        for row in rows:
            if row["name"] in settled:
                continue
            deleted = row.get("is_active") is False
            address = Address(SERVICE, row["name"])
            owner = self.find_owner(row)
            if owner is None and deleted:
                former[address] = row
            elif owner is None:
                if address in ours:
                    raise GatewayFailure(
                        f"{self.server} has two services named {row['name']} in cluster "
                        f"{self.cluster}",
                        hint="delete one of them where MarchProxy is administered",
                    )
                ours[address] = see(address, row)
            elif address.name in self.wanted[SERVICE]:
                kept = ", deleted there but keeping its name" if deleted else ""
                foreign[address] = see(address, row, owner + kept, self._find_fixed(row))
        return {**foreign, **ours}, former

    def _find_fixed(self, row: Row) -> dict[str, tuple[Any, Any]]:
        """What is not as we want it and no update can change."""
        cluster = self._find_cluster(row)
        if "cluster_id" in self.immutable and cluster != str(self.cluster):
            return {"cluster_id": (row["cluster_id"], self.cluster)}
        return {}

    def select_mappings(
        self, rows: Iterable[Row], settled: Container[str] = ()
    ) -> dict[Address, Live]:
        """Mappings have no collection: only the prefix of their names says whose they are."""
        prefix = f"{self.app}-"
        live: dict[Address, Live] = {}
        for row in rows:
            if row["name"] in settled:
                continue
            address = Address(MAPPING, row["name"])
            named = row["name"].startswith(prefix) or row["name"] in self.wanted[MAPPING]
            if named and row.get("is_active") is not False:
                live[address] = see(address, row)
        return live

    def find_owner(self, row: Row) -> str | None:
        """Return whose a service is; None where it is ours."""
        cluster = self._find_cluster(row)
        if cluster != str(self.cluster):
            return f"cluster {cluster}"
        collection = row.get("collection")
        if collection == self.app:
            return None
        return f"collection {collection}" if collection else "no collection"

    def find(self, address: Address, rows: Iterable[Row]) -> Row | None:
        """The row of that name, the one in our cluster if there are several."""
        named = [row for row in rows if row["name"] == address.name]
        near = [row for row in named if self._find_cluster(row) == str(self.cluster)]
        return next(iter(near or named), None)

    def _find_cluster(self, row: Row) -> str:
        """A server of one cluster doesn't tell which."""
        cluster = row.get("cluster_id")
        return str(self.cluster if cluster is None else cluster)


def see(
    address: Address,
    row: Row,
    owner: str | None = None,
    fixed: Mapping[str, tuple[Any, Any]] | None = None,
) -> Live:
    """A row as plan compares it."""
    fields = canonical_fields(address.kind, row)
    carried = {key: row[key] for key in CARRIED[address.kind] if row.get(key) is not None}
    edited_at = row.get("updated_at")
    return Live(
        address=address,
        fields=fields,
        digest=_digest(fields if owner is None else [fields, owner]),
        owner=owner,
        fixed=fixed or {},
        edited_at=edited_at if isinstance(edited_at, str) else None,
        remote={
            "id": row["id"],
            "cluster_id": row.get("cluster_id"),
            "is_active": row.get("is_active"),
            **carried,
        },
    )


def _digest(value: Any) -> str:
    """SHA-256 of the canonical form, of thousands of rows: in C where that can write it."""
    import orjson

    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half a surrogate pair, or an integer of more than 64 bits
        return digest(value)
    return hashlib.sha256(text).hexdigest()


def find_differences(kind: str, body: Row, row: Row) -> list[str]:
    """The fields that were sent and came back different."""
    sent, came = canonical_fields(kind, body), canonical_fields(kind, row)
    # The digests tell true from 1, which are the same to Python; mostly all of it came as it went.
    alike = _digest(sent) == _digest({name: came.get(name) for name in sent})
    different = [
        f"{name}: sent {value!r}, came {came.get(name)!r}"
        for name, value in sent.items()
        if not alike and digest(value) != digest(came.get(name))
    ]
    cluster = row.get("cluster_id")
    if cluster is not None and str(cluster) != str(body["cluster_id"]):
        different.append(f"cluster_id: sent {body['cluster_id']}, came {cluster}")
    return different
