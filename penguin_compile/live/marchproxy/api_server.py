"""The `api-server` dialect: the public api-server, with a user's JWT.

PATCH takes what changes and checks none of it, DELETE is soft unless it is permanent, lists come
in pages. There is no import, and nothing that knows mappings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Any, Final

from penguin_compile.core.ahead import Ahead
from penguin_compile.core.errors import GatewayDenied, GatewayFailure
from penguin_compile.core.records import dataclass
from penguin_compile.core.secret import Masked
from penguin_compile.live.marchproxy.answer import Answer
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.dialect import (
    Abilities,
    Cure,
    Poisoned,
    PoisonedList,
    Row,
    User,
    offers,
)
from penguin_compile.live.marchproxy.failures import Denied, Rejected, Unanswered
from penguin_compile.live.marchproxy.login import LOGIN, Login
from penguin_compile.live.marchproxy.poison import Search, find_faults, flatten
from penguin_compile.live.marchproxy.rows import is_row, read_page
from penguin_compile.model.app import Identity

_SERVICES: Final = "/api/v1/services"
_CLUSTERS: Final = "/api/v1/clusters"
_CONFIG: Final = "/api/v1/config"
_PAGE: Final = 1000
_PASSES: Final = 5
_DEFAULT_CLUSTER: Final = 1
_SECRETS: Final = {"jwt": "jwt_secret", "base64": "token_base64"}  # by auth_type, what it needs
_ME: Final = "/api/v1/auth/me"
_BEYOND: Final = 2**31 - 1
_POISON: Final = (
    "one row with a value that the server itself doesn't know makes every page that holds it fail: "
    "`penguin-compile doctor --repair` finds it (or see GET /api/v1/config/{cluster}, and mend it "
    "with a valid PATCH)"
)


class ApiServer:
    """One cluster of an api-server."""

    name = "api-server"
    abilities = Abilities(
        kinds=("service",),
        deletes=frozenset({"service"}),
        protocols=("tcp", "udp", "http", "https"),
        auth_types=("none", "base64", "jwt"),
        immutable=frozenset({"cluster_id"}),
    )

    def __init__(self, client: Client, cluster: int | str | None, identity: Identity) -> None:
        del identity  # nothing here keeps who wrote it
        self._client = client
        self._cluster = cluster
        self._login = Login(client)

    @staticmethod
    def recognizes(paths: Mapping[str, Any]) -> bool:
        """By its login and services, without an import."""
        imports = offers(paths, "post", f"{_SERVICES}/import")
        return offers(paths, "post", LOGIN) and offers(paths, "get", _SERVICES) and not imports

    def find_cluster(self) -> int:
        """By its id as it stands; by its name from the list of clusters."""
        if self._cluster is None:
            return _DEFAULT_CLUSTER
        if isinstance(self._cluster, int) or self._cluster.isdecimal():
            return int(self._cluster)
        known = {row["name"]: row["id"] for row in self.list_clusters()}
        if not isinstance(known.get(self._cluster), int):
            names = self._client.redact(", ".join(sorted(known))) or "none"
            raise GatewayDenied(
                f"GET {self._client.shown_url}{_CLUSTERS}: there is no cluster "
                f"{self._cluster!r}; this user sees: {names}",
                hint=f"write one of them, or its id, as {self._client.place}.cluster",
            )
        return int(known[self._cluster])

    def find_user(self) -> User:
        """Whose token it is, by the server's word."""
        content = self._request("GET", _ME).parse()
        if not isinstance(content.get("username"), str):
            raise GatewayFailure(
                f"GET {self._client.shown_url}{_ME}: the answer names no user",
                hint="is the URL that of a MarchProxy that speaks the `api-server` dialect?",
            )
        return User(
            name=self._client.redact(content["username"]),
            admin=content.get("is_admin") is True,
            seconds_left=self._login.seconds_left(),
        )

    def list_clusters(self) -> Sequence[Row]:
        """The active ones: all of them to an admin, else those that we are assigned to."""
        answer = self._request("GET", f"{_CLUSTERS}?skip=0&limit={_PAGE}&active_only=true")
        return read_page(answer, "clusters", self.name)[0]

    def find_poison(self) -> PoisonedList:
        """Halve pages down to single rows, and ask the cluster's config what they are.

        The config wants the cluster's key: that is what `token` beside `username` is.
        """
        _, total = read_page(self._read_list(_BEYOND, 1), "services", self.name)
        search = Search(read=self._read_ids, fails=self._is_unreadable, total=total or 0)
        token = self._client.gateway.token
        if self._client.gateway.username is None or token is None:
            return search.run({}, None)
        rows = {one["id"]: one for one in self._read_config(self._client.resolve_token(token))}
        told = ((one, find_faults(one, self.abilities)) for one in rows.values())
        seen = {
            row["id"]: Poisoned(identity=row["id"], row=row, faults=faults)
            for row, faults in told
            if faults and self._is_unreadable(row["id"])
        }
        return search.run(seen, rows)

    def cure(self, identity: int, cure: Cure) -> Row | None:
        """PATCH it, unless it can be read by now; then read it, which has to work."""
        if not self._is_unreadable(identity):
            return None
        fields, path = cure.fields, f"{_SERVICES}/{identity}"
        try:
            row = self._request("PATCH", path, fields).parse()
        except Unanswered as failure:
            if failure.status != 500 or not cure.spare:
                raise
            fields = {**fields, **cure.spare}
            row = self._request("PATCH", path, fields).parse()
        self._finish(row, None)  # the secret of an auth_type that comes back is still there
        return fields

    def list_services(self) -> Sequence[Row]:
        """Every service of all clusters, deleted ones too, because names are unique over all.

        Pages by offset skip and repeat rows while others write: then all is read again. What comes
        out the same twice doesn't move, and only to who is no admin it may count what it doesn't
        show (it does so for a service that was assigned to a user twice).
        """
        before = None
        for _ in range(_PASSES):
            reading = self._read_pages()
            if reading.complete or (reading == before and self._is_all(reading)):
                return list(reading.rows.values())
            before = reading
        raise GatewayFailure(
            f"GET {self._client.shown_url}{_SERVICES}: the list changed while it was read, "
            f"{_PASSES} times in a row",
            hint="others are writing there; the same command may be run again",
        )

    def list_mappings(self) -> Sequence[Row]:
        """There are none that could be read or written."""
        return ()

    def create(self, kind: str, body: Row, former: Row | None) -> Row | None:
        """POST a service, or PATCH the deleted one that has its name, whole and active again."""
        if former is not None:
            whole = {key: one for key, one in body.items() if key not in ("name", "cluster_id")}
            return self.update(kind, former, body, whole)
        row = self._request("POST", _SERVICES, body, repeatable=False).parse()
        return self._finish(row, None)

    def update(self, kind: str, remote: Row, body: Row, changed: Row) -> Row | None:
        """PATCH what changes. It was checked before: the server saves what it can't read again."""
        del kind, body
        content = dict(changed)
        if remote.get("is_active") is False:
            content["is_active"] = True
        row = self._request("PATCH", f"{_SERVICES}/{remote['id']}", content).parse()
        return self._finish(row, changed.get("auth_type"))

    def import_all(self, bodies: Sequence[tuple[str, Row]]) -> Mapping[str, str]:
        """There is none."""
        raise GatewayFailure(f"an `api-server` MarchProxy can't import {len(bodies)} resources")

    def delete(self, kind: str, remote: Row, *, for_good: bool) -> None:
        """DELETE softly, so that an admin can bring it back, or for good; then look."""
        del kind
        path = f"{_SERVICES}/{remote['id']}"
        try:
            self._request("DELETE", f"{path}?permanent=true" if for_good else path)
        except Rejected as failure:
            if failure.status != 404:
                raise
        row = self._find(remote["id"])
        if row is not None and (for_good or row.get("is_active") is not False):
            raise GatewayFailure(
                f"DELETE {self._client.shown_url}{path}: the server said that it is done, and the "
                "service is still there",
                hint="plan again to see what is live now",
            )

    def _read_pages(self) -> _Reading:
        """One pass over the list.

        One request at a time; but as long as pages are full, the next one is asked for before this
        one is looked at.
        """
        reading = _Reading()
        skip, full = 0, False
        following: Ahead[Answer] | None = None
        while True:
            answer = self._read_list(skip, _PAGE) if following is None else following.wait()
            more = full and skip + _PAGE < max(reading.totals)
            following = Ahead(partial(self._read_list, skip + _PAGE, _PAGE)) if more else None
            try:
                page, total = self._read_page(answer)
            except GatewayFailure:
                if following is not None:
                    following.leave()
                raise
            reading.add([_mark(row) for row in page], total)
            skip += len(page)
            full = len(page) == _PAGE
            if following is not None and (not full or skip >= total):
                following.wait()  # for the list as it was: it isn't any more
                following = None
            if not page or skip >= total:
                return reading

    def _is_all(self, reading: _Reading) -> bool:
        """Whether a list that counts more than it shows is all that this user may see.

        GatewayFailure for an admin, to whom everything has to be shown.
        """
        user, total = self.find_user(), max(reading.totals)
        if user.admin:
            raise GatewayFailure(
                f"GET {self._client.shown_url}{_SERVICES}: the list says that there are "
                f"{total} services and shows {len(reading.rows)}, each time the same ones: what is "
                "missing can't be known",
                hint="the server's own log may say why; nothing was written",
            )
        # A server that counts first and hides then: something may stand behind an empty page.
        again = _Reading()
        for skip in range(0, total, _PAGE):
            again.add(*self._read_page(self._read_list(skip, _PAGE)))
        return again.rows.keys() == reading.rows.keys()

    def _read_page(self, answer: Answer) -> tuple[list[Row], int]:
        page, total = read_page(answer, "services", self.name)
        if total is None:
            raise GatewayFailure(
                f"{answer.request}: the answer tells no total, so nobody knows what is missing",
                hint="is the URL that of a MarchProxy that speaks the `api-server` dialect?",
            )
        return page, total

    def _read_list(self, skip: int, limit: int) -> Answer:
        path = f"{_SERVICES}?skip={skip}&limit={limit}&active_only=false"
        try:
            return self._request("GET", path)
        except Unanswered as failure:
            if failure.status == 500:
                failure.hint = _POISON
            raise

    def _read_ids(self, skip: int, limit: int) -> list[int] | None:
        try:
            answer = self._read_list(skip, limit)
        except Unanswered as failure:
            if failure.status != 500:
                raise
            return None
        return [row["id"] for row in read_page(answer, "services", self.name)[0]]

    def _is_unreadable(self, identity: int) -> bool:
        """Whether the server fails at a service; one that is gone or not ours to see is none."""
        try:
            self._request("GET", f"{_SERVICES}/{identity}")
        except Unanswered as failure:
            if failure.status != 500:
                raise
            return True
        except (Rejected, Denied):
            return False
        return False

    def _read_config(self, key: Masked) -> list[Row]:
        cluster = self.find_cluster()
        answer = self._client.request("GET", f"{_CONFIG}/{cluster}", cluster_key=key)
        rows, _ = read_page(answer, "services", self.name)
        return [flatten(row, cluster) for row in rows]

    def _finish(self, row: Mapping[str, Any], auth_type: object) -> Row:
        """See that a service has the secret that its auth_type needs, and read it back.

        A change of auth_type makes none; what the server answers to the request for one is kept
        nowhere.
        """
        if not is_row(row):
            raise GatewayFailure(
                f"{self._client.shown_url}: the answer to a write holds no service with name and id"
            )
        needed = auth_type if auth_type in _SECRETS else _find_lack(row)
        if needed is not None:
            path = f"{_SERVICES}/{row['id']}/rotate-token"
            self._request("POST", path, {"auth_type": needed})
        found = self._find(row["id"])
        if found is None:
            raise GatewayFailure(
                f"GET {self._client.shown_url}{_SERVICES}/{row['id']}: the server said that it is "
                "written, and it isn't there",
                hint="plan again to see what is live now",
            )
        return found

    def _find(self, identity: object) -> Row | None:
        try:
            row = self._request("GET", f"{_SERVICES}/{identity}").parse()
        except Rejected as failure:
            if failure.status != 404:
                raise
            return None
        return _mark(row)

    def _request(
        self, method: str, path: str, body: Row | None = None, *, repeatable: bool = True
    ) -> Answer:
        token = self._login.token()
        try:
            return self._client.request(method, path, body, token=token, repeatable=repeatable)
        except Denied as denial:
            another = self._login.replace(token) if denial.status == 401 else None
            if another is None:
                raise
            return self._client.request(method, path, body, token=another, repeatable=repeatable)
        except Rejected as failure:
            if failure.status == 404 and path.startswith(f"{_SERVICES}/"):
                self._check_user(failure)
            raise

    def _check_user(self, failure: Rejected) -> None:
        """A deactivated user gets 404 for everything: that is no service that is gone."""
        try:
            self._read_list(0, 1)
        except Rejected as other:
            if other.status == 404:
                hint = self._client.credentials_hint
                message = f"{failure.message}; and so is the list: is this user still active?"
                raise GatewayDenied(message, hint=hint) from None
            raise


@dataclass(slots=True)
class _Reading:
    """What one pass over the list has shown: the rows by id, and the ids as they came."""

    rows: dict[Any, Row] = field(default_factory=dict, compare=False)
    ids: list[Any] = field(default_factory=list)
    totals: set[int] = field(default_factory=set)

    def add(self, page: Sequence[Row], total: int) -> None:
        """One page more."""
        self.rows.update((row["id"], row) for row in page)
        self.ids += [row["id"] for row in page]
        self.totals.add(total)

    @property
    def complete(self) -> bool:
        """Whether it can be whole."""
        return self.totals == {len(self.rows)}


def _find_lack(row: Mapping[str, Any]) -> str | None:
    """The auth_type of a service whose secret isn't there: null is told, a secret was stripped."""
    kind = row.get("auth_type")
    name = _SECRETS.get(kind) if isinstance(kind, str) else None
    return kind if name is not None and row.get(name, kind) is None else None


def _mark(row: Mapping[str, Any]) -> Row:
    """A service without its secret lets nobody in: it is not yet what its auth_type says.

    So a run that was killed between the two requests is finished by the next.
    """
    lack = _find_lack(row)
    return row if lack is None else {**row, "auth_type": f"{lack} without a secret"}
