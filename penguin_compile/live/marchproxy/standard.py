"""The `standard` dialect: the API of the integration standards, with a cluster key as Bearer.

PUT takes the whole object, DELETE is final, the import upserts by name; mappings are read in the
cluster's config, written by import, and can't be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.core.secret import Masked
from penguin_compile.live.marchproxy.answer import Answer
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.dialect import Abilities, Cure, PoisonedList, Row, User, offers
from penguin_compile.live.marchproxy.failures import Rejected
from penguin_compile.live.marchproxy.rows import read_page
from penguin_compile.model.app import Identity

_SERVICES: Final = "/api/v1/services"
_DEFAULT_CLUSTER: Final = 1


class Standard:
    """One cluster of a server that speaks `standard`."""

    name = "standard"
    abilities = Abilities(
        kinds=("service", "mapping"),
        deletes=frozenset({"service"}),
        protocols=("http", "https", "grpc", "tcp"),
        auth_types=("none", "jwt"),
        imports=True,
        unread=frozenset({"service"}),
        users=False,
    )

    def __init__(self, client: Client, cluster: int | str | None, identity: Identity) -> None:
        self._client = client
        self._cluster = cluster
        self._token: Masked | None = None
        client.credentials_hint = (
            f"the token comes from {client.gateway.token} ({client.place}.token): is it this "
            "cluster's key?"
        )
        self._metadata = {
            "app_name": identity.name,
            "generated_by": "penguin-compile",
            "version": identity.version,
        }

    @staticmethod
    def recognizes(paths: Mapping[str, Any]) -> bool:
        """By its import, or by services without a login."""
        return offers(paths, "post", f"{_SERVICES}/import") or (
            offers(paths, "get", _SERVICES) and not offers(paths, "post", "/api/v1/auth/login")
        )

    def find_cluster(self) -> int:
        """There is no list of clusters to find a name in, so it has to be an id."""
        if self._cluster is None:
            self._cluster = _DEFAULT_CLUSTER
        try:
            return int(self._cluster)
        except ValueError:
            raise GatewayDenied(
                f"{self._client.place}.cluster is the name {self._cluster!r}, and a `standard` "
                "MarchProxy has no list of clusters to find it in",
                hint="write the cluster's id, a number (default 1)",
            ) from None

    def find_user(self) -> User:
        """There are none."""
        raise GatewayFailure("a `standard` MarchProxy has keys of clusters, and no users")

    def list_clusters(self) -> Sequence[Row]:
        """There is no such list."""
        raise GatewayFailure("a `standard` MarchProxy has no list of clusters")

    def find_poison(self) -> PoisonedList:
        """Nothing is known of rows that such a server can't show, nor how to go around them."""
        return PoisonedList(spots=0, known=(), asked_cluster=False)

    def cure(self, identity: int, cure: Cure) -> Row | None:
        """There are none."""
        del cure
        raise GatewayFailure(f"a `standard` MarchProxy has no poisoned service {identity}")

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

    def create(self, kind: str, body: Row, former: Row | None) -> Row | None:
        """POST a service, import a mapping; deletes are final, so nothing is there `former`ly."""
        del former
        if kind == "mapping":
            self._import(body)
            return None
        return self._request("POST", _SERVICES, body, repeatable=False).parse()

    def update(self, kind: str, remote: Row, body: Row, changed: Row) -> Row | None:
        """PUT a service, import a mapping: the whole object, not what is `changed` alone."""
        del changed
        if kind == "mapping":
            self._import(body)
            return None
        return self._request("PUT", f"{_SERVICES}/{remote['id']}", body).parse()

    def delete(self, kind: str, remote: Row, *, for_good: bool) -> None:
        """DELETE a service, which is always `for_good`; there is no way to delete a mapping."""
        del for_good
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

    def import_all(self, bodies: Sequence[tuple[str, Row]]) -> Mapping[str, str]:
        """POST the import, which upserts by name, so that it is as good when done twice."""
        content = {
            "services": [dict(body) for kind, body in bodies if kind == "service"],
            "mappings": [dict(body) for kind, body in bodies if kind == "mapping"],
            "metadata": self._metadata,
        }
        answer = self._request("POST", f"{_SERVICES}/import", content)
        failed = answer.parse().get("failed")
        rows = [one for one in failed if isinstance(one, dict)] if isinstance(failed, list) else []
        told = {str(one.get("name")): str(one.get("error")) for one in rows}
        return {
            name: f"{answer.request}: the server didn't import {answer.redact(f'{name}: {error}')}"
            for name, error in told.items()
        }

    def _import(self, body: Row) -> None:
        for reason in self.import_all([("mapping", body)]).values():
            raise GatewayFailure(reason, hint="compare what the spec says with what it takes")

    def _request(
        self, method: str, path: str, body: Row | None = None, *, repeatable: bool = True
    ) -> Answer:
        if self._token is None:
            self._token = self._find_key()
        return self._client.request(method, path, body, token=self._token, repeatable=repeatable)

    def _find_key(self) -> Masked:
        reference, place = self._client.gateway.token, self._client.place
        if reference is None:
            raise GatewayDenied(
                f"{place} has no token, and a `standard` MarchProxy wants the cluster's key",
                hint=f'add to {place}: token: {{secret: "env:CLUSTER_API_KEY"}}',
            )
        return self._client.resolve_token(reference)


def read_rows(answer: Answer, key: str) -> list[Mapping[str, Any]]:
    """Return the rows of a list answer; GatewayFailure unless it is one, and complete."""
    rows, total = read_page(answer, key, Standard.name)
    if total is not None and total > len(rows):
        raise GatewayFailure(
            f"{answer.request}: the answer holds {len(rows)} of {total} {key}, and the `standard` "
            "dialect has no pages",
            hint="this may be an api-server: marchproxy.dialect in the spec says which",
        )
    return list({row["id"]: row for row in rows}.values())
