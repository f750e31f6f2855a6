"""What stands in a gateway's lists: names that others have, and rows that nobody can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Final

from penguin_compile.core.suggestion import list_names
from penguin_compile.live.marchproxy.backend import MarchProxyBackend
from penguin_compile.live.marchproxy.dialect import Cure, Poisoned, Row, User
from penguin_compile.live.marchproxy.failures import Unanswered
from penguin_compile.live.marchproxy.poison import find_cure
from penguin_compile.live.marchproxy.scope import SERVICE
from penguin_compile.model.address import Address
from penguin_compile.model.environment import Gateway
from penguin_compile.model.record import Live
from penguin_compile.sync.diagnosis.check import Check, Examination, Repair, failed, ok, problem

_INTERNAL_ERROR: Final = 500


def open_gateway(examination: Examination, gateway: Gateway) -> MarchProxyBackend:
    """The gateway as apply would open it."""
    return MarchProxyBackend(
        gateway, examination.app, resolve=examination.resolve, manners=examination.manners
    )


def check_services(
    examination: Examination, gateway: Gateway, backend: MarchProxyBackend, user: User | None
) -> Iterator[Check]:
    """One reading as plan does it. Raises GatewayFailure where it is no list that is poisoned."""
    app = examination.app
    try:
        live = backend.read().live
    except Unanswered as failure:
        if failure.status != _INTERNAL_ERROR:
            raise
        yield from _check_poison(examination, gateway, backend, failure)
        return
    ours = sum(one.owner is None for one in live.values())
    seen = "" if user is None or user.admin else " that this user sees"
    yield ok("services", f"{ours} resources of {app.name}{seen}")
    yield from _check_names(live)
    deleted = backend.list_deleted()
    if deleted:
        yield ok(
            "names",
            f"deleted there, but keeping their names: {list_names(deleted)}; those of the spec "
            "are revived",
        )


def _check_names(live: Mapping[Address, Live]) -> Iterator[Check]:
    for address, one in live.items():
        if one.owner is not None:
            yield problem(
                "names",
                f"{address} is taken there: owned by {one.owner}",
                f"rename it in the spec; --use-spec {address} takes it over",
            )


def _check_poison(
    examination: Examination, gateway: Gateway, backend: MarchProxyBackend, failure: Unanswered
) -> Iterator[Check]:
    found = backend.connect().find_poison()
    number = max(found.spots, len(found.known))
    if not number:
        yield failed("services", failure)
        return
    yield problem(
        "services",
        f"{failure.message}: the list is poisoned, it holds "
        f"{'1 service' if number == 1 else f'{number} services'} with a value that the server "
        "saved and can't show; nothing can be planned until that is mended",
        None if found.asked_cluster else _ask_for_key(gateway, backend.client.place),
    )
    wanted = {one.address: one for one in backend.project(examination.app)}
    for one in found.known:
        address = None if one.row is None else Address(SERVICE, str(one.row["name"]))
        desired = None if address is None else wanted.get(address)
        cure = find_cure(one, desired, gateway.protocol_map, backend.abilities)
        yield _judge(examination, gateway, backend, one, cure)
    if number > len(found.known):
        yield problem("services", f"{number - len(found.known)} of them could not be found out")


def _ask_for_key(gateway: Gateway, place: str) -> str:
    log_in = (
        "" if gateway.username is not None else "username and password in place of the JWT, and "
    )
    return (
        f"to see which: add to {place} {log_in}the cluster's key, "
        'token: {secret: "env:CLUSTER_API_KEY"}; then --repair mends what is ours'
    )


def _judge(
    examination: Examination,
    gateway: Gateway,
    backend: MarchProxyBackend,
    poisoned: Poisoned,
    cure: Cure | None,
) -> Check:
    """One poisoned service: whose it is, what is wrong with it, who may mend it."""
    path, row = f"PATCH /api/v1/services/{poisoned.identity}", poisoned.row
    if row is None:
        return problem(
            "services",
            f"the service with the id {poisoned.identity} can't be shown, nor whose it is",
            f"an admin who knows it mends it by a valid {path}, or deletes it for good",
        )
    name = backend.client.redact(str(row["name"]))
    owner = backend.find_owner(row)
    values = backend.client.redact(_show(poisoned.faults or {"health_check_enabled": None}))
    text = f"service/{name} (id {poisoned.identity}) can't be shown: {values}"
    if owner is not None:
        whose = backend.client.redact(owner)
        example = f", such as {json.dumps(cure.fields)}" if cure else ""
        advice = f"it is not ours to change: have its owner send a valid {path}{example}"
        return problem("services", f"{text}; owned by {whose}", advice)
    if cure is None:
        advice = f"nobody but a person knows what it should be: send a valid {path}"
        return problem("services", text, advice)
    what = f"give service/{name} {_show(cure.fields)}"
    repair = Repair(
        what=what, run=partial(_mend, examination, gateway, poisoned.identity, cure, name)
    )
    return problem("services", f"{text}; it is ours", None, repair)


def _show(fields: Row) -> str:
    return ", ".join(f"{name}: {json.dumps(value)}" for name, value in fields.items())


def _mend(examination: Examination, gateway: Gateway, identity: int, cure: Cure, name: str) -> str:
    """Look again: who mended it meanwhile, or took the name of the id, is left alone."""
    backend = open_gateway(examination, gateway)
    with closing(backend):
        dialect = backend.connect()
        found = dialect.find_poison().known
        known = next((one for one in found if one.identity == identity), None)
        if known is None or known.row is None or str(known.row.get("name")) != name:
            return f"left service/{name} as it is: it can be shown by now"
        if backend.find_owner(known.row) is not None:
            return f"left service/{name} as it is: it is not ours any more"
        after = dialect.cure(identity, cure)
    if after is None:
        return f"left service/{name} as it is: it can be shown by now"
    return f"gave service/{name} {_show(after)}"
