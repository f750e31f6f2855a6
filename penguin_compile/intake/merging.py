"""What a table or a gateway tells of an app, taken into the draft (`init`)."""

from __future__ import annotations

from penguin_compile.intake.draft import Data, Draft, DraftEntry, DraftService
from penguin_compile.intake.found import Found, FoundRoute, FoundService, FoundSetting, FoundTable
from penguin_compile.intake.meaning import Intention
from penguin_compile.intake.secrecy import Secrets
from penguin_compile.model.setting import STANDARD_CATEGORIES, Unset

_STANDARD_TABLE = "config"


def merge_found(draft: Draft, found: Found, secrets: Secrets) -> None:
    """Services, routes, settings and the table of one source."""
    draft.sources = (*draft.sources, found.source)
    for service in found.services:
        _merge_service(draft, service)
    for route in found.routes:
        draft.routes[route.name] = _route(route)
    for setting in found.settings:
        _merge_setting(draft, setting, secrets)
    if found.table is not None:
        _merge_table(draft, found.table)


def _merge_service(draft: Draft, found: FoundService) -> None:
    """A container that answers to the gateway's name or address is that service."""
    drafted = draft.services.get(found.name) or draft.services.get(found.host)
    if drafted is not None and drafted.gateway.get("gateway", True) and drafted.name != found.name:
        drafted = None  # it is registered already: this is another of its ports
    if drafted is None:
        drafted = DraftService(name=found.name, gateway={})
        draft.services[found.name] = drafted
    drafted.gateway = _gateway(found, drafted.name)
    if drafted.container is not None and "host" in drafted.gateway:
        reason = f'the gateway knows it as "{found.host}": compile makes that a network alias'
        draft.intentions.append(
            Intention(path=("services", drafted.name, "networks"), reason=reason)
        )


def _gateway(found: FoundService, name: str) -> Data:
    keys: Data = {} if found.host == name else {"host": found.host}
    if found.port is not None:
        keys["port"] = found.port
    keys["protocol"] = found.protocol
    if found.auth != "none":
        keys["auth"] = found.auth
    if found.tls_enabled or found.tls_verify is not None:
        keys["tls"] = {"enabled": found.tls_enabled}
        if found.tls_verify is not None:
            keys["tls"]["verify"] = found.tls_verify
    check = found.health_check
    if check is None or not check.enabled:
        keys["health_check"] = False
    else:
        told: Data = {} if check.path is None else {"path": check.path}
        if check.interval is not None:
            told["interval"] = f"{check.interval}s"
        if told:
            keys["health_check"] = told
    return keys


def _route(found: FoundRoute) -> DraftEntry:
    keys: Data = {}
    if found.description:
        keys["description"] = found.description
    keys["from"], keys["to"] = list(found.sources), list(found.targets)
    listen: Data = {}
    if found.listen_port is not None:
        listen["port"] = found.listen_port
    if found.listen_protocol is not None:
        listen["protocol"] = found.listen_protocol
    if listen:
        keys["listen"] = listen
    if found.path_prefix is not None:
        keys["path_prefix"] = found.path_prefix
    return DraftEntry(name=found.name, keys=keys)


def _merge_setting(draft: Draft, found: FoundSetting, secrets: Secrets) -> None:
    """A row is the truth about a setting; a variable of its name is its bootstrap variable."""
    drafted = draft.settings.get(found.key)
    keys: Data = {} if found.type == "string" else {"type": found.type}
    if found.category and found.category != "system":
        keys["category"] = found.category
        known = {*STANDARD_CATEGORIES, *draft.categories}
        if found.category not in known:
            draft.categories.append(found.category)
    if found.env and found.env != found.key.upper().replace(".", "_"):
        keys["env"] = found.env
    if found.sensitive:
        keys["sensitive"] = True
    elif not isinstance(found.value, Unset):
        keys["default"] = found.value
    described = found.description or (drafted.keys.get("description") if drafted else None)
    if described:
        keys["description"] = secrets.redact(str(described))
    if drafted is None:
        draft.settings[found.key] = DraftEntry(name=found.key, keys=keys)
        return
    kept = drafted.keys.get("default")
    if not found.sensitive and "default" in drafted.keys and kept != keys.get("default"):
        drafted.comments.append(f"{found.place.path}: {secrets.redact(str(keys.get('default')))}")
        keys["default"] = kept  # what containers start with must not change
        if "type" in drafted.keys:
            keys["type"] = drafted.keys["type"]
    drafted.keys = keys


def _merge_table(draft: Draft, table: FoundTable) -> None:
    columns = {name: column for name, column in table.columns.items() if name != column}
    sql: Data = {} if table.name == _STANDARD_TABLE else {"table": table.name}
    if columns:
        sql["columns"] = columns
    if sql:
        draft.outputs["sql"] = sql
