"""What the spec wants of a gateway, by kind and name: the fields of the JSON files, as values.

Under `backend.py`. Of 10,000 services a plan looks closely at few: only those become resources.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from penguin_compile.live.marchproxy.fields import canonical_fields
from penguin_compile.live.marchproxy.scope import MAPPING, SERVICE
from penguin_compile.model.address import Address
from penguin_compile.model.app import App
from penguin_compile.model.environment import Gateway
from penguin_compile.model.gateway_fields import (
    gateway_routes,
    gateway_services,
    route_fields,
    service_fields,
)
from penguin_compile.model.record import Desired

NOTHING_SETTLED: Final[Mapping[str, Container[str]]] = {}


class Projection(NamedTuple):
    """One resource in canonical fields, and the node of the spec that says it."""

    fields: Mapping[str, Any]
    pointer: tuple[str, str]
    protected: bool


Projections: TypeAlias = Mapping[str, Mapping[str, Projection]]


def project_app(app: App, gateway: Gateway) -> Projections:
    """Services, then routes, in the order of the spec."""
    services: dict[str, Projection] = {}
    for name, service in gateway_services(app).items():
        fields = service_fields(app, service)
        protocol = fields["protocol"]
        fields["protocol"] = gateway.protocol_map.get(protocol, protocol)
        # A service has no lists, whose order would mean nothing: its fields are canonical.
        services[fields.pop("name")] = Projection(fields, ("services", name), service.protected)
    mappings: dict[str, Projection] = {}
    for name, route in gateway_routes(app).items():
        fields = route_fields(app, route)
        wanted = canonical_fields(MAPPING, fields)
        mappings[fields["name"]] = Projection(wanted, ("routes", name), route.protected)
    return {SERVICE: services, MAPPING: mappings}


def list_desired(
    projections: Projections, settled: Mapping[str, Container[str]] = NOTHING_SETTLED
) -> Iterator[Desired]:
    """The same as resources, but for the names, by kind, that are known to be settled."""
    for kind, named in projections.items():
        known = settled.get(kind, ())
        for name, one in named.items():
            if name not in known:
                yield Desired(
                    address=Address(kind, name),
                    fields=one.fields,
                    pointer=one.pointer,
                    protected=one.protected,
                )
