"""The MarchProxy backend: an app's services and mappings, projected, read, written, read back."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

from penguin_compile.core.errors import GatewayFailure
from penguin_compile.core.resolver import Resolver
from penguin_compile.live.backend import Reading
from penguin_compile.live.marchproxy import DIALECTS
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.detection import DEFAULT_DIALECT, Detected, detect_dialect
from penguin_compile.live.marchproxy.dialect import Abilities, Dialect, Row
from penguin_compile.live.marchproxy.failures import Rejected, Unanswered
from penguin_compile.live.marchproxy.fields import CARRIED, find_problems
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.live.marchproxy.patience import Patience
from penguin_compile.live.marchproxy.projection import (
    NOTHING_SETTLED,
    Projections,
    list_desired,
    project_app,
)
from penguin_compile.live.marchproxy.read_back import ReadBack
from penguin_compile.live.marchproxy.scope import MAPPING, SERVICE, Scope
from penguin_compile.live.marchproxy.unread import Unread
from penguin_compile.model.address import Address
from penguin_compile.model.app import App
from penguin_compile.model.environment import Gateway
from penguin_compile.model.plan import Action, Change
from penguin_compile.model.record import Desired, Live

Lists: TypeAlias = Mapping[str, Sequence[Row]]  # what a server tells, by kind

_DEFAULT_CLUSTER = 1
_TAKEN = frozenset((400, 409))


class MarchProxyBackend:
    """One cluster of one gateway, as far as it is one app's. Writes may come from many threads."""

    def __init__(
        self,
        gateway: Gateway,
        app: App,
        *,
        patience: Patience | None = None,
        resolve: Resolver | None = None,
        manners: Manners | None = None,
    ) -> None:
        """Open nothing yet, and resolve no secret."""
        self._gateway = gateway
        self._app = app
        self._place = f"environments.{app.environment.name}.marchproxy"
        self._client = Client(gateway, self._place, patience, manners, resolve)
        self._lock = threading.Lock()
        self._detected: Detected | None = None
        self._spoken: Dialect | None = None
        self._dialect: Dialect | None = None  # once its cluster is known, too
        self._cluster = _DEFAULT_CLUSTER
        self._seen: dict[Address, Live] = {}
        self._former: dict[Address, Row] = {}
        self._unread = Unread()
        _ = self._abilities  # an unknown dialect is refused before anything is asked

    @property
    def client(self) -> Client:
        """Its connections."""
        return self._client

    @property
    def abilities(self) -> Abilities:
        """What this server takes, as far as is known by now."""
        return self._abilities

    @property
    def kinds(self) -> tuple[str, ...]:
        """What this server has; before it was asked, what its stated or default dialect has."""
        return self._abilities.kinds

    def describe(self) -> str:
        """`http://marchproxy:8000 (standard 1.0.0)`, the version once the server has told it."""
        found = self._detected or Detected(dialect=self._gateway.dialect or DEFAULT_DIALECT)
        version = f" {found.version}" if found.version else ""
        return f"{self._client.shown_url} ({found.dialect}{version})"

    @cached_property
    def projections(self) -> Projections:
        """What the spec wants here, by kind and name."""
        return project_app(self._app, self._gateway)

    def project(
        self, app: App, settled: Mapping[str, Container[str]] = NOTHING_SETTLED
    ) -> Sequence[Desired]:
        """Services, then routes, in the order of the spec and with the fields of the JSON files.

        Without the names, by kind, that are known to be settled.
        """
        own = app is self._app
        projections = self.projections if own else project_app(app, self._gateway)
        return list(list_desired(projections, settled))

    def can_delete(self, kind: str) -> bool:
        """Whether this server can delete resources of a kind."""
        return kind in self._abilities.deletes

    def can_import(self) -> bool:
        """Whether this server can write many resources by one request."""
        return self._abilities.imports

    def problems(self, desired: Desired) -> list[str]:
        """What this server would refuse of a resource, and what to do; nothing is asked."""
        address, body = desired.address, {**desired.fields, "name": desired.address.name}
        place = ".".join(map(str, desired.pointer))
        advice = f"change {place}"
        if address.kind == SERVICE:
            advice += f", {self._place}.protocol_map, or keep it off the gateway (gateway: false)"
        return [f"{address}: {text}; {advice}" for text in self._find_problems(address.kind, body)]

    def find_owner(self, row: Row) -> str | None:
        """Whose a service is, once connected; None where it is ours."""
        return self._scope.find_owner(row)

    def list_deleted(self) -> Sequence[str]:
        """The names of ours that the last reading found deleted, but keeping their names."""
        return sorted(one.name for one in self._former)

    def speak(self) -> Dialect:
        """The server's dialect, found out once; nobody has logged in and no cluster is looked for.

        Raises GatewayFailure.
        """
        with self._lock:
            return self._speak()

    def connect(self) -> Dialect:
        """The same with its cluster found. Raises GatewayFailure."""
        with self._lock:
            if self._dialect is None:
                dialect = self._speak()
                cluster = dialect.find_cluster()
                self._dialect, self._cluster = dialect, cluster
            return self._dialect

    def read(self) -> Reading:
        """Everything of ours, from one request for each list; see `interpret`."""
        return self.interpret(self.fetch())

    def fetch(self) -> Lists:
        """Both lists, complete, as the server tells them."""
        dialect = self.connect()
        return {SERVICE: dialect.list_services(), MAPPING: dialect.list_mappings()}

    def find_plain(self, lists: Lists) -> dict[str, dict[str, Row]]:
        """By kind and name, the rows that are ours beyond any question."""
        return {kind: self._scope.find_plain(kind, rows) for kind, rows in lists.items()}

    def interpret(
        self, lists: Lists, settled: Mapping[str, Container[str]] = NOTHING_SETTLED
    ) -> Reading:
        """What of the lists is ours, but for the names, by kind, that are known to be settled.

        That is: the services of the app's collection, the mappings of its prefix, and what bears
        the name of one that the spec wants, whoever it belongs to.
        """
        services, mappings = settled.get(SERVICE, ()), settled.get(MAPPING, ())
        live, former = self._scope.select_services(lists[SERVICE], services)
        live.update(self._scope.select_mappings(lists[MAPPING], mappings))
        with self._lock:
            self._seen, self._former = dict(live), former
        return Reading(live=live, warnings=tuple(self.list_unsupported()))

    def write(self, change: Change) -> Live | None:
        """Make one change to what the last `read` saw; return what is there then.

        Raises GatewayDenied (`fatal`) where no other change would fare better; GatewayFailure
        where it failed, where the last reading isn't what the plan saw, or where the server made
        something else of it. Where no answer came, the outcome is read back and settled.
        """
        before = self._require_seen(change)
        after = self._do(change, before)
        self._keep(change.address, after)
        if self.must_confirm(change.address.kind):
            self._unread.note(change.address, before, after)
        return after

    def must_confirm(self, kind: str) -> bool:
        """Whether writes of a kind are answered here and can be read back only by the list."""
        return kind in self._abilities.unread

    def confirm(self, changes: Sequence[Change]) -> Mapping[Address, GatewayFailure]:
        """Read back what was written of kinds that want it, by one list of each; what isn't so.

        A list that can't be read confirms nothing: then all of them have failed.
        """
        return self._unread.confirm(changes, self._read_back, self._keep)

    def _require_seen(self, change: Change) -> Live | None:
        live = self._seen.get(change.address)
        if (None if live is None else live.digest) != change.precondition:
            raise GatewayFailure(
                f"{change.address} is no longer what the plan saw", hint="plan again, then apply"
            )
        return live

    def _keep(self, address: Address, live: Live | None) -> None:
        with self._lock:
            self._seen.pop(address, None)
            if live is not None:
                self._seen[address] = live

    def write_all(self, changes: Sequence[Change]) -> Mapping[Address, GatewayFailure]:
        """Make creates and updates by one import; return those that failed.

        What became of each is read back, whatever the answer was. Raises GatewayFailure where
        nothing was done or nobody knows.
        """
        dialect = self.connect()
        refused: dict[Address, GatewayFailure] = {}
        bodies: dict[Address, Row] = {}
        for change in changes:
            try:
                bodies[change.address] = self._make_body(change, self._require_seen(change))
            except GatewayFailure as failure:
                refused[change.address] = failure
        cause: Unanswered | None = None
        reasons: Mapping[str, str] = {}
        if bodies:
            try:
                reasons = dialect.import_all([(at.kind, body) for at, body in bodies.items()])
            except Unanswered as failure:
                if not failure.sent:
                    raise
                cause = failure
        return {**refused, **self._read_all_back(bodies, reasons, cause)}

    def _read_all_back(
        self, bodies: Mapping[Address, Row], reasons: Mapping[str, str], cause: Unanswered | None
    ) -> dict[Address, GatewayFailure]:
        failed: dict[Address, GatewayFailure] = {}
        rows = {
            kind: {row["name"]: row for row in self._list(kind)}
            for kind in dict.fromkeys(one.kind for one in bodies)
        }
        for address, body in bodies.items():
            try:
                live = self._read_back.check_row(
                    address, body, rows[address.kind].get(address.name)
                )
            except GatewayFailure as failure:
                told = reasons.get(address.name)
                failed[address] = cause or (GatewayFailure(told) if told else failure)
            else:
                self._keep(address, live)
        return failed

    def close(self) -> None:
        """Give back connections."""
        self._client.close()

    def _do(self, change: Change, live: Live | None) -> Live | None:
        if change.action is Action.NONE:
            return live
        self.connect()  # a body needs to know the cluster
        if live is None:
            return self._create(change)
        if change.action is Action.DELETE:
            self._delete(live, for_good=False)
            return None
        if change.action is Action.REPLACE:
            return self._replace(change, live)
        return self._update(change, live)

    @property
    def _abilities(self) -> Abilities:
        if self._spoken is not None:
            return self._spoken.abilities
        return DIALECTS.load(self._gateway.dialect or DEFAULT_DIALECT).abilities

    def list_unsupported(self) -> Iterator[str]:
        """What the spec has and this server has no place for."""
        projections, kinds = self.projections, self.kinds
        missing = sorted(
            name for kind, named in projections.items() if kind not in kinds for name in named
        )
        if missing:
            names = ", ".join(missing[:10])
            more = f" and {len(missing) - 10} more" if missing[10:] else ""
            routes = f"{len(missing)} route{'s' * (len(missing) > 1)} ({names}{more})"
            yield (
                f"not supported by {self.describe()}, so neither compared nor applied: {routes}; "
                "the JSON files of compile have them"
            )

    @cached_property
    def _read_back(self) -> ReadBack:
        return ReadBack(client=self._client, scope=self._scope, list_rows=self._list)

    @cached_property
    def _scope(self) -> Scope:
        """Whose is what, once the server was asked."""
        return Scope(
            app=self._app.name,
            cluster=self._cluster,
            wanted=self.projections,
            immutable=self._abilities.immutable,
            server=self._client.shown_url,
        )

    def _speak(self) -> Dialect:
        if self._spoken is None:
            self._detected = detect_dialect(self._client, self._gateway.dialect)
            kind = DIALECTS.load(self._detected.dialect)
            self._spoken = kind(self._client, self._gateway.cluster, self._app.identity)
        return self._spoken

    def _create(self, change: Change) -> Live:
        body = self._make_body(change, None)
        former = self._former.get(change.address)

        def attempt() -> Live:
            try:
                row = self.connect().create(change.address.kind, body, former)
            except Unanswered as failure:
                return self._read_back.settle(change.address, body, failure)
            except Rejected as failure:
                if failure.status not in _TAKEN:
                    raise
                return self._read_back.settle(change.address, body, failure)
            return self._read_back.verify(change.address, body, row)

        # A create is no request to repeat; once it was read back as not done, it is.
        return self._client.patience.insist(
            attempt, repeat=lambda failure: failure.again and failure.sent
        )

    def _update(self, change: Change, live: Live) -> Live:
        body = self._make_body(change, live)
        try:
            row = self.connect().update(change.address.kind, live.remote, body, change.writes or {})
        except Unanswered as failure:
            return self._read_back.settle(change.address, body, failure)
        except Rejected as failure:
            if failure.status != 404:
                raise
            raise GatewayFailure(
                f"{failure.message}: {change.address} was deleted after the plan",
                hint="plan again, then apply",
            ) from None
        return self._read_back.verify(change.address, body, row)

    def _replace(self, change: Change, live: Live) -> Live:
        """Delete and create: what differs can't be changed in place."""
        body = self._make_body(change, None)  # refused here, it would be after the delete
        self._delete(live, for_good=True)
        with self._lock:
            self._seen.pop(change.address, None)
            self._former.pop(change.address, None)
        try:
            return self._create(replace(change, writes=body))
        except GatewayFailure as failure:
            failure.args = (f"{failure.message} (it was deleted to be created anew)",)
            failure.message = failure.args[0]
            raise

    def _delete(self, live: Live, *, for_good: bool) -> None:
        try:
            self.connect().delete(live.address.kind, live.remote, for_good=for_good)
        except Unanswered as failure:
            if not failure.sent:
                raise
            for row in self._read_back.list_again(live.address.kind, failure):
                there = for_good or row.get("is_active") is not False
                if row["id"] == live.remote["id"] and there:
                    raise

    def _make_body(self, change: Change, live: Live | None) -> dict[str, Any]:
        """The whole object: what is live stays as it is, but for the fields that are written."""
        kind, name = change.address.kind, change.address.name
        body: dict[str, Any] = {"name": name}
        if live is not None:
            carried = {key: live.remote[key] for key in CARRIED[kind] if key in live.remote}
            body = {**body, **live.fields, **carried}
        body = {**body, **(change.writes or {}), "cluster_id": self._scope.cluster}
        problems = self._find_problems(kind, body)
        if problems:
            raise GatewayFailure(
                f"{change.address}: {'; '.join(problems)}",
                hint="nothing was sent; change the spec, then plan again",
            )
        return body

    def _find_problems(self, kind: str, body: Mapping[str, Any]) -> list[str]:
        dialect = self._gateway.dialect if self._spoken is None else self._spoken.name
        return list(find_problems(kind, body, self._abilities, dialect or DEFAULT_DIALECT))

    def _list(self, kind: str) -> Sequence[Row]:
        dialect = self.connect()
        return dialect.list_services() if kind == SERVICE else dialect.list_mappings()
