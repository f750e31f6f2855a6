"""Services and routes as the gateway knows them: the fields of the standard's JSON, in its order.

The files that compile writes and the gateway that apply writes to say the same because both take
it from here. Source of fields and order: integration-standards.
"""

from __future__ import annotations

from typing import Any

from penguin_compile.model.app import App
from penguin_compile.model.deployed import deployed_routes, deployed_services
from penguin_compile.model.service import EXTERNAL, Route, Service


def gateway_services(app: App) -> dict[str, Service]:
    """The services that are registered: deployed, and not `gateway: false`."""
    return {name: one for name, one in deployed_services(app).items() if one.gateway}


def gateway_routes(app: App) -> dict[str, Route]:
    """The routes between what the environment deploys."""
    return deployed_routes(app)


def service_fields(app: App, service: Service) -> dict[str, Any]:
    """One service: ten fields, `tls_verify` where the spec states it, none that is absent."""
    fields: dict[str, Any] = {
        "name": app.gateway_name(service.name),
        "ip_fqdn": service.host,
        "port": service.port,
        "protocol": service.protocol,
        "collection": app.name,
        "auth_type": service.auth,
        "tls_enabled": service.tls_enabled,
        "tls_verify": service.tls_verify,
        "health_check_enabled": service.health_check is not None,
    }
    if service.health_check is not None:
        fields["health_check_path"] = service.health_check.path
        fields["health_check_interval"] = service.health_check.interval
    return _present(fields)


def route_fields(app: App, route: Route) -> dict[str, Any]:
    """One route as the gateway's mapping: seven fields, none that is absent."""
    return _present(
        {
            "name": app.gateway_name(route.name),
            "description": route.description,
            "source_services": [_end(app, name) for name in route.sources],
            "dest_services": [_end(app, name) for name in route.targets],
            "listen_port": route.listen_port,
            "protocol": route.listen_protocol,
            "path_prefix": route.path_prefix,
        }
    )


def _end(app: App, name: str) -> str:
    return EXTERNAL if name == EXTERNAL else app.gateway_name(name)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
