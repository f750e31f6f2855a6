"""The gateway of an environment: reached, trusted, logged in, and able to do what the spec needs.

What is in its lists is looked at in `gateway_services.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import Final
from urllib.parse import urlsplit

from penguin_compile.core.errors import GatewayDenied, GatewayFailure, PenguinError
from penguin_compile.live.marchproxy.backend import MarchProxyBackend
from penguin_compile.live.marchproxy.certificate import Certificate, read_certificate
from penguin_compile.live.marchproxy.client import Client
from penguin_compile.live.marchproxy.detection import detect_dialect
from penguin_compile.live.marchproxy.dialect import Dialect, User
from penguin_compile.live.marchproxy.failures import Unanswered
from penguin_compile.live.marchproxy.trust import CA_VARIABLES
from penguin_compile.model.environment import Gateway
from penguin_compile.sync.diagnosis.check import Check, Examination, failed, ok, problem, warning
from penguin_compile.sync.diagnosis.gateway_services import check_services, open_gateway

_SOON: Final = 21  # days before its end at which a certificate should have been renewed
_SHORT: Final = 600  # seconds that a token should live, for an apply to end
_LOCAL: Final = frozenset(("localhost", "127.0.0.1", "::1"))


def diagnose_gateway(examination: Examination) -> Iterator[Check]:
    """From the wire to the names: what fails ends it, because the rest can't be known then."""
    gateway = examination.app.environment.gateway
    if gateway is None:
        yield ok("marchproxy", "none here; services and routes are not applied")
        return
    backend = open_gateway(examination, gateway)
    with closing(backend):
        try:
            yield from _check_all(examination, gateway, backend)
        except PenguinError as error:
            yield failed("marchproxy", error)


def _check_all(
    examination: Examination, gateway: Gateway, backend: MarchProxyBackend
) -> Iterator[Check]:
    yield from examination.note(_check_tls(backend.client, insecure=examination.manners.insecure))
    if "tls" in examination.problems:
        return
    dialect = backend.speak()
    yield from _check_dialect(gateway, backend)
    user: User | None = None
    if dialect.abilities.users:
        try:
            user = dialect.find_user()
        except GatewayDenied as error:
            yield failed("login", error)
            return
        yield from _check_user(user)
        access = _check_cluster(gateway, backend, dialect)
    else:
        access = _check_key(gateway, backend, dialect)
    yield from examination.note(access)
    if examination.problems & {"login", "cluster"}:
        return
    yield from _check_abilities(examination, gateway, backend)
    yield from check_services(examination, gateway, backend, user)


def _check_tls(client: Client, *, insecure: bool) -> Iterator[Check]:
    _, url = client.open()
    parts = urlsplit(url)
    if parts.scheme != "https":
        if parts.hostname not in _LOCAL:
            yield warning(
                "tls",
                f"none: {client.shown_url} carries passwords and tokens in clear",
                "https:// in marchproxy.url, unless the network between is all yours",
            )
        return
    certificate = read_certificate(client)
    if certificate is not None:
        yield _judge(certificate, insecure=insecure)


def _judge(certificate: Certificate, *, insecure: bool) -> Check:
    ends = f"{certificate.ends:%Y-%m-%d %H:%M} UTC"
    days = certificate.days_left
    by = "itself" if certificate.signs_itself else certificate.issuer
    text = f"certificate {certificate.subject}, signed by {by}, until {ends}"
    if certificate.distrust is not None:
        told = f"{text}: not trusted ({certificate.distrust}); SHA-256 {certificate.fingerprint}"
        if insecure:
            advice = "--insecure takes it all the same: anybody may answer in its place"
            return warning("tls", told, advice)
        return problem("tls", told, _advise(certificate))
    through = [f"{one}={os.environ[one]}" for one in CA_VARIABLES if os.environ.get(one)]
    text += f", trusted through {', '.join(through)}" if through else ", trusted"
    if insecure:
        return warning("tls", f"{text}; not checked", "leave out --insecure: it isn't needed")
    if days < _SOON:
        left = f"{days} day{'s' * (days != 1)}"
        return warning("tls", f"{text}: {left} left", "renew it on the server")
    return ok("tls", text)


def _advise(certificate: Certificate) -> str:
    if certificate.days_left < 0:
        return "renew it on the server; its clock or this one may be wrong, too"
    if "mismatch" in str(certificate.distrust).lower():
        return "write the name that the certificate is for as marchproxy.url, or have it made anew"
    return (
        "name the CA that signed it: SSL_CERT_FILE=/path/to/ca.pem, once you know by the "
        "fingerprint that it is the right one"
    )


def _check_dialect(gateway: Gateway, backend: MarchProxyBackend) -> Iterator[Check]:
    place = backend.client.place
    yield ok("marchproxy", f"{backend.describe()}: reached")
    if gateway.dialect is None:
        return
    shown = detect_dialect(backend.client, None)
    if shown.version is not None and shown.dialect != gateway.dialect:
        yield warning(
            "marchproxy",
            f"{place}.dialect is {gateway.dialect}, and the server's own document is that of "
            f"{shown.dialect} {shown.version}",
            f"leave out {place}.dialect, and it is found out",
        )


def _check_user(user: User) -> Iterator[Check]:
    if user.admin:
        yield ok("login", f"{user.name}, an admin")
    else:
        yield warning(
            "login",
            f"{user.name}, no admin: sees and changes only the services assigned to it",
            "a name that is taken by another service is told only when it is created; log in as "
            "an admin to see all",
        )
    if user.seconds_left is not None and user.seconds_left < _SHORT:
        left = max(0, round(user.seconds_left / 60))
        yield warning(
            "login",
            f"the token ends in {left} minute{'s' * (left != 1)}, and can't be renewed",
            "username and password log in anew whenever that is needed",
        )


def _check_key(gateway: Gateway, backend: MarchProxyBackend, dialect: Dialect) -> Iterator[Check]:
    """A server without users: its config shows whether the key is right and the cluster there."""
    try:
        number = dialect.find_cluster()
    except GatewayDenied as error:
        yield failed("cluster", error)
        return
    try:
        backend.connect().list_mappings()
    except GatewayDenied as error:
        yield failed("login", error)
        return
    except Unanswered:
        raise
    except GatewayFailure as error:
        yield failed("cluster", error)
        return
    yield ok("login", f"by the cluster's key; a `{dialect.name}` MarchProxy has no users")
    yield ok("cluster", f"{number}{'' if gateway.cluster is not None else ', the default'}: there")


def _check_cluster(
    gateway: Gateway, backend: MarchProxyBackend, dialect: Dialect
) -> Iterator[Check]:
    try:
        number, rows = dialect.find_cluster(), dialect.list_clusters()
    except GatewayDenied as error:
        yield failed("cluster", error)
        return
    stated = "" if gateway.cluster is not None else ", the default"
    names = ", ".join(f"{one['name']} ({one['id']})" for one in rows) or "none"
    shown = backend.client.redact(names)
    if any(one["id"] == number for one in rows):
        yield ok("cluster", f"{number}{stated}; this user sees: {shown}")
    else:
        yield problem(
            "cluster",
            f"there is no cluster {number}{stated}; this user sees: {shown}",
            f"write the id or name of one of them as {backend.client.place}.cluster",
        )


def _check_abilities(
    examination: Examination, gateway: Gateway, backend: MarchProxyBackend
) -> Iterator[Check]:
    app = examination.app
    backend.connect()
    wanted = [one for one in backend.project(app) if one.address.kind in backend.kinds]
    problems = [(one, text) for one in wanted for text in backend.problems(one)]
    for desired, text in problems:
        place = f"{examination.locate(desired.pointer)}: " if desired.pointer else ""
        yield problem("abilities", f"{place}{text}")
    for text in backend.list_unsupported():
        yield warning("abilities", text)
    if not problems:
        able = backend.abilities
        mapped = ", ".join(f"{one} as {two}" for one, two in sorted(gateway.protocol_map.items()))
        yield ok(
            "abilities",
            f"takes all {len(wanted)} of the spec; protocols {', '.join(able.protocols)}"
            + (f" (registered: {mapped})" if mapped else "")
            + (", routes" if "mapping" in able.kinds else ", no routes")
            + (", --import" if able.imports else ", no import"),
        )
