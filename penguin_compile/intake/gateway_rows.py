"""A gateway's services and mappings as services and routes of a spec: targets/marchproxy reversed.

Between the sources that have them, a live gateway or its import files, and the spec. What the
language has no word for is told and left out, never bent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from penguin_compile.core.diagnostic import Diagnostic, Severity
from penguin_compile.core.span import Span
from penguin_compile.intake.found import Found, FoundHealthCheck, FoundRoute, FoundService
from penguin_compile.model.service import EXTERNAL

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,58}\Z")
_APP: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?\Z")
_PROTOCOLS: Final = frozenset(("http", "https", "grpc", "tcp", "udp"))
_AUTHS: Final = frozenset(("none", "jwt", "base64"))
_SECRETLESS: Final = " without a secret"  # as the dialect marks a service that has none yet
_LEAST_INTERVAL: Final = 5
_HIGHEST_PORT: Final = 65_535
_WITH_PATH: Final = frozenset(("http", "https", "grpc"))

Row = Mapping[str, Any]
Placed = tuple[Row, Span]  # a row with a name, and where it stands


class _Unsayable(Exception):
    """The language has no word for it; the text says for what."""


def list_collections(rows: Iterable[Row]) -> list[str]:
    """The collections that can be an app's name, in the order in which they come."""
    named = (row.get("collection") for row in rows if row.get("is_active") is not False)
    return list(dict.fromkeys(one for one in named if isinstance(one, str) and _APP.match(one)))


def read_rows(
    app: str, services: Sequence[Placed], mappings: Sequence[Placed], *, source: str
) -> Found:
    """What is an app's, whose name is its collection and begins the names of what is its.

    `source` names the gateway or its files.
    """
    collections = [one for one in list_collections(row for row, _ in services) if one != app]
    reader = _Reader(app, collections)
    found = reader.read_services(services)
    routes = reader.read_routes(mappings, {one.name for one in found})
    return Found(
        source=source,
        app=app or None,
        services=tuple(found),
        routes=tuple(routes),
        findings=tuple(reader.findings),
    )


class _Reader:
    def __init__(self, app: str, others: Sequence[str]) -> None:
        self._app = app
        self._others = sorted(others, key=len, reverse=True)
        self.findings: list[Diagnostic] = []

    def read_services(self, rows: Iterable[Placed]) -> list[FoundService]:
        found: dict[str, FoundService] = {}
        for row, place in rows:
            if row.get("collection") != self._app:
                continue
            address = f"service {row['name']}"
            if row.get("is_active") is False:
                self._tell(f"{address} is deleted there, and keeps its name", place)
                continue
            try:
                service = _read_service(self._own_name(row["name"]), row, place)
            except _Unsayable as reason:
                self._leave(address, reason, place)
                continue
            found[service.name] = service
            for notice in _tell_service(service, row):
                self._tell(f"{address}: {notice}", place)
        return list(found.values())

    def read_routes(self, rows: Iterable[Placed], services: set[str]) -> list[FoundRoute]:
        found: dict[str, FoundRoute] = {}
        for row, place in rows:
            if self._owner(row["name"]) != self._app:
                continue
            address = f"mapping {row['name']}"
            if row.get("is_active") is False:
                self._tell(f"{address} is inactive there", place)
                continue
            try:
                route = self._read_route(row, services, place)
            except _Unsayable as reason:
                self._leave(address, reason, place)
            else:
                found[route.name] = route
        return list(found.values())

    def _leave(self, address: str, reason: _Unsayable, place: Span) -> None:
        self.findings.append(
            Diagnostic(
                code="PC562",
                severity=Severity.WARNING,
                message=f"{address} is left out: {reason}",
                span=place,
                help="what the spec doesn't have, plan and apply leave alone",
            )
        )

    def _tell(self, message: str, place: Span) -> None:
        self.findings.append(
            Diagnostic(code="PC563", severity=Severity.INFO, message=message, span=place)
        )

    def _owner(self, name: str) -> str | None:
        """Whose prefix a name has, the longest where one app's name begins another's."""
        apps = [*(one for one in self._others if len(one) > len(self._app)), self._app]
        return next((one for one in apps if name.startswith(f"{one}-")), None)

    def _own_name(self, name: str) -> str:
        """A name without the app's prefix."""
        own = name.removeprefix(f"{self._app}-")
        if own == name:
            raise _Unsayable(
                f'its name doesn\'t begin with "{self._app}-", as those of this app do: rename it'
                " there, or leave it to whoever made it"
            )
        if not _NAME.match(own):
            raise _Unsayable(
                f'"{own}" can be no name in a spec: at most 59 letters, digits, ., _ and -'
            )
        return own

    def _read_route(self, row: Row, services: set[str], place: Span) -> FoundRoute:
        return FoundRoute(
            name=self._own_name(row["name"]),
            registered=row["name"],
            description=_text(row, "description"),
            sources=tuple(self._source(one, services) for one in _ends(row, "source_services")),
            targets=tuple(self._target(one, services) for one in _ends(row, "dest_services")),
            listen_port=_port(row, "listen_port"),
            listen_protocol=_choice(row, "protocol", _PROTOCOLS),
            path_prefix=_prefix(row),
            place=place,
        )

    def _source(self, name: str, services: set[str]) -> str:
        if name == EXTERNAL or self._is_own(name, services):
            return name.removeprefix(f"{self._app}-")
        other = next((one for one in self._others if name.startswith(f"{one}-")), None)
        if other is not None:
            return f"{other}/{name.removeprefix(f'{other}-')}"
        raise _Unsayable(f'it comes from "{name}", which is no service of a collection there')

    def _target(self, name: str, services: set[str]) -> str:
        if self._is_own(name, services):
            return name.removeprefix(f"{self._app}-")
        raise _Unsayable(f'it leads to "{name}", which is no service of {self._app}')

    def _is_own(self, name: str, services: set[str]) -> bool:
        return name.startswith(f"{self._app}-") and name.removeprefix(f"{self._app}-") in services


def _read_service(name: str, row: Row, place: Span) -> FoundService:
    port = _port(row, "port")
    host = _text(row, "ip_fqdn")
    if port is None or not host:
        raise _Unsayable("it has no port or no host")
    return FoundService(
        name=name,
        registered=row["name"],
        host=host,
        port=port,
        protocol=_choice(row, "protocol", _PROTOCOLS) or "http",
        auth=_auth(row),
        tls_enabled=row.get("tls_enabled") is True,
        tls_verify=row["tls_verify"] if isinstance(row.get("tls_verify"), bool) else None,
        health_check=_health_check(row),
        collection=row.get("collection"),
        place=place,
    )


def _auth(row: Row) -> str:
    kind = row.get("auth_type")
    plain = kind.removesuffix(_SECRETLESS) if isinstance(kind, str) else kind
    return _choice({"auth_type": plain}, "auth_type", _AUTHS) or "none"


def _health_check(row: Row) -> FoundHealthCheck | None:
    """None where nobody says whether there is one."""
    if row.get("health_check_enabled") is None:
        return None
    interval = row.get("health_check_interval")
    usable = isinstance(interval, int) and interval >= _LEAST_INTERVAL
    return FoundHealthCheck(
        enabled=row["health_check_enabled"] is not False,
        path=_text(row, "health_check_path"),
        interval=interval if usable else None,
    )


def _tell_service(service: FoundService, row: Row) -> Iterator[str]:
    """What of it the first plan will want to be otherwise, because a spec can't say it."""
    check, interval = service.health_check, row.get("health_check_interval")
    if check is not None and check.enabled:
        if check.path is None and service.protocol in _WITH_PATH:
            yield "its health check has no path; the first plan will want the usual one"
        if interval is not None and check.interval is None:
            yield f"its health check interval {interval!r} is none; the first plan will want 30s"
    if str(row.get("auth_type", "")).endswith(_SECRETLESS):
        yield "it has no secret for its auth_type; the first plan will want to make one"


def _port(row: Row, field: str) -> int | None:
    port = row.get(field)
    if port is None:
        return None
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= _HIGHEST_PORT:
        raise _Unsayable(f"its {field} is {port!r}, and no port")
    return port


def _choice(row: Row, field: str, known: frozenset[str]) -> str | None:
    value = row.get(field)
    if value is None or (isinstance(value, str) and value in known):
        return value
    raise _Unsayable(f"its {field} is {value!r}, and a spec knows {', '.join(sorted(known))}")


def _text(row: Row, field: str) -> str | None:
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    raise _Unsayable(f"its {field} is {value!r}, and no text")


def _prefix(row: Row) -> str | None:
    prefix = _text(row, "path_prefix")
    if prefix is not None and not prefix.startswith("/"):
        raise _Unsayable(f"its path_prefix {prefix!r} doesn't begin with a slash")
    return prefix


def _ends(row: Row, field: str) -> Sequence[str]:
    ends = row.get(field)
    if not isinstance(ends, list) or not ends or not all(isinstance(one, str) for one in ends):
        raise _Unsayable(f"its {field} is no list of services")
    return list(dict.fromkeys(ends))
