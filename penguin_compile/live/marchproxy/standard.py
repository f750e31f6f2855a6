"""The `standard` dialect: the API of the integration standards, with a cluster key as Bearer.

PUT takes the whole object, DELETE is final, the import upserts by name; mappings are read in the
cluster's config, written by import, and can't be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.live.marchproxy.answer import Answer
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.dialect import Abilities, Row
from penguin_compile.live.marchproxy.failures import Rejected
from penguin_compile.model.app import Identity

_SERVICES: Final = "/api/v1/services"


class Standard:
    """One cluster of a server that speaks `standard`."""

    name = "standard"
    abilities = Abilities(
        deletes=frozenset({"service"}),
        protocols=("http", "https", "grpc", "tcp"),
        auth_types=("none", "jwt"),
    )

    def __init__(self, client: Client, cluster: int, identity: Identity) -> None:
        self._client = client
        self._cluster = cluster
        self._metadata = {
            "app_name": identity.name,
            "generated_by": "penguin-compile",
            "version": identity.version,
        }

    def list_services(self) -> Sequence[Row]:
        """Every service of all clusters, from one request."""
        answer = self._request("GET", _SERVICES)
        return read_rows(answer, "services")

    def list_mappings(self) -> Sequence[Row]:
        """Every mapping of the cluster's config."""
        try:
            answer = self._request("GET", f"/api/v1/config/{self._cluster}")
        except Rejected as failure:
            if failure.status != 404:
                raise
            raise GatewayFailure(
                f"{failure.message}: cluster {self._cluster} isn't there",
                hint=f"write the id of the cluster as {self._client.place}.cluster (default 1)",
            ) from None
        return read_rows(answer, "mappings")

    def create(self, kind: str, body: Row) -> Row | None:
        """POST a service, import a mapping."""
        if kind == "mapping":
            self._import(body)
            return None
        return self._request("POST", _SERVICES, body, repeatable=False).parse()

    def update(self, kind: str, remote: Row, body: Row) -> Row | None:
        """PUT a service, import a mapping."""
        if kind == "mapping":
            self._import(body)
            return None
        return self._request("PUT", f"{_SERVICES}/{remote['id']}", body).parse()

    def delete(self, kind: str, remote: Row) -> None:
        """DELETE a service; there is no way to delete a mapping."""
        if kind not in self.abilities.deletes:
            raise GatewayFailure(
                f"a `standard` MarchProxy can't delete a {kind}",
                hint="delete it where MarchProxy is administered",
            )
        try:
            self._request("DELETE", f"{_SERVICES}/{remote['id']}")
        except Rejected as failure:
            if failure.status != 404:
                raise

    def _import(self, body: Row) -> None:
        """Upsert one mapping by name, which is as good when done twice."""
        content = {"services": [], "mappings": [dict(body)], "metadata": self._metadata}
        answer = self._request("POST", f"{_SERVICES}/import", content)
        outcome = answer.parse()
        failed = outcome.get("failed")
        if isinstance(failed, list) and failed:
            errors = [one.get("error") for one in failed if isinstance(one, dict)]
            reasons = "; ".join(str(one) for one in errors)
            raise GatewayFailure(
                f"{answer.request}: the server didn't import {body['name']}: "
                + answer.redact(reasons),
                hint="compare what the spec says with what this server takes",
            )

    def _request(
        self, method: str, path: str, body: Row | None = None, *, repeatable: bool = True
    ) -> Answer:
        return self._client.request(
            method, path, body, token=self._client.token(), repeatable=repeatable
        )


def read_rows(answer: Answer, key: str) -> list[Mapping[str, Any]]:
    """Return the rows of a list answer; GatewayFailure unless it is one, and complete."""
    content = answer.parse()
    rows = content.get(key)
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise GatewayFailure(
            f"{answer.request}: the answer holds no list of {key} with name and id",
            hint="is the URL that of a MarchProxy that speaks the `standard` dialect?",
        )
    total = content.get("total")
    if isinstance(total, int) and total > len(rows):
        raise GatewayFailure(
            f"{answer.request}: the answer holds {len(rows)} of {total} {key}, and the `standard` "
            "dialect has no pages",
            hint="this may be an api-server, which this release doesn't speak",
        )
    return list({row["id"]: row for row in rows}.values())


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("name"), str)
        and isinstance(row.get("id"), int | str)
    )
