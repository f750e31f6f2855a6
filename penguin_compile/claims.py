"""What an app claims of what all apps share: names and ports of the gateway, a config table.

Claims are values without the spec that they come from: a fleet keeps those of specs that haven't
changed, and compares all of them (`neighbours.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from penguin_compile.core.pointer import Pointer
from penguin_compile.core.secret import SecretReference
from penguin_compile.core.span import Span

if TYPE_CHECKING:
    from penguin_compile.model.app import App
    from penguin_compile.model.environment import Environment
    from penguin_compile.pipeline import CheckedSpec, ResolvedApp

_DEPLOYMENTS = frozenset(("env",))  # schemes whose references mean another value in each deployment


class Kind(StrEnum):
    """What is claimed, or needed of another app."""

    NAME = "name"  # of a service on the gateway
    LISTEN = "listen"  # a port of the gateway, with protocol and path
    TABLE = "table"  # the config table of a database
    CALLER = "caller"  # a service of another app that a route lets in


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that an app wants for itself; for a caller, that it must be there.

    `key` tells two claims of a kind from each other, `what` is the same for people. `holder` is
    the service, route or app that it is for. `environments` are those of the spec that claim it.
    """

    kind: Kind
    key: str
    what: str
    holder: str
    pointer: Pointer
    span: Span
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All that one spec claims; `apps` and `services` (`app/service`) are what others may name."""

    apps: tuple[str, ...]
    services: tuple[str, ...]
    claims: tuple[Claim, ...]


def claims_of(spec: CheckedSpec) -> Claims:
    """What a spec claims in the environments that were checked, as far as they have no errors."""
    found: dict[tuple[str, str, str], Claim] = {}
    apps: dict[str, None] = {}
    services: dict[str, None] = {}
    for name, resolved in spec.environments.items():
        app = resolved.app
        if app is None:
            continue
        apps[app.name] = None
        services |= {f"{app.name}/{one}": None for one in _registered(app)}
        for claim in _claims(app, resolved, name):
            key = (claim.kind, claim.key, claim.holder)
            first = found.setdefault(key, claim)
            if first is not claim:
                found[key] = replace(first, environments=(*first.environments, name))
    return Claims(apps=tuple(apps), services=tuple(services), claims=tuple(found.values()))


def _registered(app: App) -> list[str]:
    return [name for name, service in app.services.items() if service.gateway]


def _claims(app: App, resolved: ResolvedApp, environment: str) -> Iterator[Claim]:
    document = resolved.document
    for name in _registered(app):
        pointer: Pointer = ("services", name)
        gateway_name = app.gateway_name(name)
        yield Claim(
            kind=Kind.NAME,
            key=gateway_name,
            what=gateway_name,
            holder=f"{app.name}/{name}",
            pointer=pointer,
            span=document.key_span(pointer),
            environments=(environment,),
        )
    yield from _routes(app, resolved, environment)
    table = _config_table(app)
    if table is not None:
        pointer = ("environments", environment, "database", "url")
        yield Claim(
            kind=Kind.TABLE,
            key=table[0],
            what=table[1],
            holder=app.name,
            pointer=pointer,
            span=document.value_span(pointer),
            environments=(environment,),
        )


def _routes(app: App, resolved: ResolvedApp, environment: str) -> Iterator[Claim]:
    document, gateway = resolved.document, _gateway(app.environment)
    for name, route in app.routes.items():
        for index, source in enumerate(route.sources):
            if "/" in source and not source.startswith(f"{app.name}/"):
                pointer: Pointer = ("routes", name, "from", index)
                yield Claim(
                    kind=Kind.CALLER,
                    key=source,
                    what=source,
                    holder=f"{app.name}/{name}",
                    pointer=pointer,
                    span=document.value_span(pointer),
                    environments=(environment,),
                )
        if route.listen_port is None:
            continue
        path = route.path_prefix or "/"
        protocol = f" {route.listen_protocol}" if route.listen_protocol else ""
        pointer = ("routes", name, "listen", "port")
        yield Claim(
            kind=Kind.LISTEN,
            key="\n".join((gateway, str(route.listen_port), protocol, path)),
            what=f"port {route.listen_port}{protocol} for the path {path}",
            holder=f"{app.name}/{name}",
            pointer=pointer,
            span=document.value_span(pointer),
            environments=(environment,),
        )


def _gateway(environment: Environment) -> str:
    """Which gateway it is; where none is named, that of all environments with this name."""
    gateway = environment.gateway
    if gateway is None:
        return f"of {environment.name}"
    url = gateway.url.rstrip("/") if isinstance(gateway.url, str) else f"secret {gateway.url}"
    return f"{url} {1 if gateway.cluster is None else gateway.cluster}"


def _config_table(app: App) -> tuple[str, str] | None:
    """The table that holds an app's settings, for comparison and for people.

    None where nobody can tell: a variable's name says nothing of the database behind it.
    """
    url = app.environment.database
    if url is None or not app.settings:
        return None
    if isinstance(url, SecretReference):
        where = None if url.scheme in _DEPLOYMENTS else f"the database of {url}"
    else:
        where = _database(url)
    table = app.outputs.config_table.name
    return None if where is None else (f"{where}\n{table}", f'table "{table}" of {where}')


def _database(url: str) -> str | None:
    """A database's URL without who logs in and how; None for one that is gone with its program."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    kind = parts.scheme.partition("+")[0]
    if kind == "sqlite":
        return f"sqlite://{parts.path}" if parts.path.strip("/") not in {"", ":memory:"} else None
    ports: Mapping[str, int] = {"postgresql": 5432, "postgres": 5432, "mysql": 3306}
    default = ports.get("mysql" if kind == "mariadb" else kind)
    host = parts.hostname or "localhost"
    return f"{kind}://{host}{'' if port in {None, default} else f':{port}'}{parts.path}"
