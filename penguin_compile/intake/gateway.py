"""A live gateway as a source of a spec: the services and routes of one collection.

A source of `init`. It logs in as plan and apply do, in the dialect that it finds there, and only
reads. What goes wrong is told in the words of the command line: there is no spec yet to name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from penguin_compile.core.errors import GatewayDenied, GatewayFailure, UsageError
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.span import Span
from penguin_compile.core.suggestion import did_you_mean, list_names
from penguin_compile.intake.found import Found
from penguin_compile.intake.gateway_rows import list_collections, read_rows
from penguin_compile.intake.listed_places import listed_places
from penguin_compile.live.marchproxy import DIALECTS
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.detection import detect_dialect
from penguin_compile.live.marchproxy.dialect import Row
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.model.app import Identity
from penguin_compile.model.environment import Gateway

_PLACE: Final = "--from-marchproxy"
_NOBODY: Final = Identity(name="init", version="0", description=None, owners=())
# What the client says of a spec, and the options that stand for it here.
_WORDS: Final = (
    (f"{_PLACE}.url", _PLACE),
    (
        f'add to {_PLACE}: password: {{secret: "env:MARCHPROXY_PASSWORD"}}',
        "--password-from env:MARCHPROXY_PASSWORD, with the password in that variable",
    ),
    (f"The address is {_PLACE}", f"the address is what {_PLACE} names"),
    (f"{_PLACE}.token", "--token-from"),
    (f"{_PLACE}.cluster", "--cluster"),
    (f"add to {_PLACE}: username and password", "--username NAME --password-from env:NAME"),
    (
        f'the TOTP secret belongs into {_PLACE} as: totp: {{secret: "env:MARCHPROXY_TOTP"}}',
        "--totp-from env:MARCHPROXY_TOTP names this user's TOTP secret",
    ),
    ("marchproxy.url", _PLACE),
    (": marchproxy.dialect in the spec says which", ""),
    ("; marchproxy.dialect in the spec says which", ""),
    ("marchproxy.dialect in the spec says which", "is it MarchProxy at all?"),
)


def read_gateway(gateway: Gateway, app: str | None, manners: Manners | None = None) -> Found:
    """What the gateway has of an app; of the only one there where None is named.

    GatewayFailure where it can't be reached or read, UsageError where it isn't known which
    collection is meant.
    """
    with Resolver() as resolve, _told_by_options():
        client = Client(gateway, _PLACE, manners=manners, resolve=resolve)
        try:
            detected = detect_dialect(client, gateway.dialect)
            _check_credentials(gateway, detected.dialect)
            dialect = DIALECTS.load(detected.dialect)(client, gateway.cluster, _NOBODY)
            cluster = dialect.find_cluster()
            near = {None, str(cluster), cluster}
            services = _by_name(
                row for row in dialect.list_services() if row.get("cluster_id") in near
            )
            name = _choose(app, list_collections(services), client.shown_url)
            mappings = _by_name(dialect.list_mappings())
            source = f"{client.shown_url} ({detected.dialect})"
            places = iter(_places(source, services, mappings))
            found = read_rows(
                name,
                [(row, next(places)) for row in services],
                [(row, next(places)) for row in mappings],
                source=source,
            )
            return replace(found, gateway=gateway)
        finally:
            client.close()


def _by_name(rows: Iterable[Row]) -> list[Row]:
    """Servers list in no order that would mean anything."""
    return sorted(rows, key=lambda row: str(row["name"]))


def _places(source: str, services: Sequence[Row], mappings: Sequence[Row]) -> list[Span]:
    """A line for each resource, in a text that stands for the gateway's lists."""
    names = [f"service {row['name']}" for row in services]
    return listed_places(source, [*names, *(f"mapping {row['name']}" for row in mappings)])


def _check_credentials(gateway: Gateway, dialect: str) -> None:
    if gateway.token is not None or (dialect == "api-server" and gateway.username is not None):
        return
    if dialect == "api-server":
        raise GatewayDenied(
            "this is an `api-server` MarchProxy, and it wants a user's login",
            hint="--username admin --password-from env:MARCHPROXY_PASSWORD, and where the user has"
            " a second factor --totp-from env:MARCHPROXY_TOTP",
        )
    raise GatewayDenied(
        "this is a `standard` MarchProxy, and it wants the cluster's key",
        hint="--token-from env:CLUSTER_API_KEY, with the key in that variable",
    )


def _choose(app: str | None, collections: list[str], server: str) -> str:
    if app is not None and app in collections:
        return app
    there = f"{server} has these collections: {list_names(collections)}"
    if not collections:
        raise UsageError(
            f"{server} has no service with a collection, so none that would be an app's",
            hint="is it the right cluster (--cluster), and may this user see its services?",
        )
    if app is not None:
        near = did_you_mean(app, collections)
        raise UsageError(
            f'{server} has no collection "{app}"' + (f"; {near}" if near else ""), hint=there
        )
    if len(collections) > 1:
        raise UsageError("which app of the gateway?", hint=f"--app NAME; {there}")
    return collections[0]


@contextmanager
def _told_by_options() -> Iterator[None]:
    """Failures with the options of `init` in place of a spec's fields."""
    try:
        yield
    except GatewayFailure as failure:
        failure.message = _translate(failure.message)
        failure.args = (failure.message,)
        failure.hint = None if failure.hint is None else _translate(failure.hint)
        raise


def _translate(text: str) -> str:
    for spec, option in _WORDS:
        text = text.replace(spec, option)
    return text
