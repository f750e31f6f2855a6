"""What a live source yields, in the words of the language: sections of a spec as plain data.

Between the sources and the draft. It says no more than the source does, so that the first plan
against the same systems finds everything as it is.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from penguin_compile.core.secret import SecretReference
from penguin_compile.intake.found import Found, FoundRoute, FoundService, FoundSetting
from penguin_compile.model.environment import Gateway
from penguin_compile.model.setting import STANDARD_CATEGORIES, Unset

Data: TypeAlias = dict[str, Any]

_DEFAULT_CATEGORY: Final = "system"
_DEFAULT_INTERVAL: Final = 30
_DEFAULT_PATHS: Final = {
    "http": "/healthz",
    "https": "/healthz",
    "grpc": "/grpc.health.v1.Health/Check",
}


def sections_of(found: Found, environment: str) -> Data:
    """The sections that a source fills; its live system is that of the environment."""
    categories = {one.category for one in found.settings if one.category is not None}
    sections: Data = {
        "services": {one.name: service_keys(one) for one in found.services},
        "routes": {one.name: route_keys(one) for one in found.routes},
        "config": {one.key: setting_keys(one) for one in found.settings},
        "categories": sorted(categories - {*STANDARD_CATEGORIES}),
        "outputs": _outputs(found),
        "environments": {environment: environment_keys(found)},
    }
    return {name: keys for name, keys in sections.items() if keys}


def service_keys(service: FoundService) -> Data:
    """What the gateway knows of a service, without what the language takes for granted."""
    keys: Data = {
        "host": None if service.host == service.name else service.host,
        "port": service.port,
        "protocol": None if service.protocol == "http" else service.protocol,
        "auth": None if service.auth == "none" else service.auth,
        "tls": _present({"enabled": service.tls_enabled or None, "verify": service.tls_verify}),
        "health_check": _health_check(service),
    }
    return {name: one for name, one in keys.items() if one is not None and one != {}}


def _health_check(service: FoundService) -> Data | bool | None:
    check = service.health_check
    if check is None:
        return None
    if not check.enabled:
        return False
    usual = _DEFAULT_PATHS.get(service.protocol)
    interval = check.interval
    return _present(
        {
            "path": None if check.path == usual else check.path,
            "interval": None if interval in {None, _DEFAULT_INTERVAL} else f"{interval}s",
        }
    )


def route_keys(route: FoundRoute) -> Data:
    """A mapping as a route."""
    listen = _present({"port": route.listen_port, "protocol": route.listen_protocol})
    return _present(
        {
            "description": route.description,
            "from": list(route.sources),
            "to": list(route.targets),
            "listen": listen or None,
            "path_prefix": route.path_prefix,
        }
    )


def setting_keys(setting: FoundSetting) -> Data:
    """A row as a config key; of a sensitive one the reference to its value."""
    variable = setting.env or variable_of(setting.key)
    category = None if setting.category == _DEFAULT_CATEGORY else setting.category
    keys = _present(
        {
            "type": None if setting.type == "string" else setting.type,
            "category": category,
            "description": setting.description,
            "env": setting.env,
        }
    )
    if setting.sensitive:
        return {**keys, "sensitive": True, "secret": f"env:{variable}"}
    return keys if isinstance(setting.value, Unset) else {**keys, "default": setting.value}


def variable_of(key: str) -> str:
    """The bootstrap variable of a key that names none."""
    return key.upper().replace(".", "_")


def environment_keys(found: Found) -> Data:
    """The live system that was read, as an environment names it."""
    keys: Data = {}
    if found.database is not None:
        keys["database"] = {"url": _reference(found.database)}
    if found.gateway is not None:
        keys["marchproxy"] = _gateway(found.gateway)
    return keys


def _gateway(gateway: Gateway) -> Data:
    return _present(
        {
            "url": _reference(gateway.url),
            "cluster": gateway.cluster,
            "dialect": gateway.dialect,
            "token": _reference(gateway.token),
            "username": gateway.username,
            "password": _reference(gateway.password),
            "totp": _reference(gateway.totp),
        }
    )


def _outputs(found: Found) -> Data:
    if found.table is None:
        return {}
    columns = dict(found.table.columns)
    table = None if found.table.name == "config" else found.table.name
    sql = _present({"table": table, "columns": columns or None})
    return {"sql": sql} if sql else {}


def _reference(value: str | SecretReference | None) -> Any:
    return {"secret": str(value)} if isinstance(value, SecretReference) else value


def _present(keys: Data) -> Data:
    return {name: one for name, one in keys.items() if one is not None}
