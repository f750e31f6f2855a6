"""What a table or a gateway tells of an app, taken into the draft (`init`)."""

from __future__ import annotations

from penguin_compile.intake.draft import Data, Draft, DraftEntry, DraftService
from penguin_compile.intake.found import Found, FoundService, FoundSetting, FoundTable
from penguin_compile.intake.found_sections import (
    environment_keys,
    route_keys,
    service_keys,
    setting_keys,
)
from penguin_compile.intake.meaning import Intention
from penguin_compile.intake.secrecy import Secrets
from penguin_compile.model.setting import STANDARD_CATEGORIES

_STANDARD_TABLE = "config"
LIVE = "live"  # the environment of the systems that were read


def merge_found(draft: Draft, found: Found, secrets: Secrets) -> None:
    """Services, routes, settings, the table and the live system of one source."""
    draft.sources = (*draft.sources, found.source)
    for service in found.services:
        _merge_service(draft, service)
    if found.services:
        _leave_others_alone(draft, {one.name for one in found.services})
    for route in found.routes:
        draft.routes[route.name] = DraftEntry(name=route.name, keys=route_keys(route))
    for setting in found.settings:
        _merge_setting(draft, setting, secrets)
    if found.table is not None:
        _merge_table(draft, found.table)
    keys = environment_keys(found)
    if keys:
        draft.environments.setdefault(LIVE, {}).update(keys)


def _merge_service(draft: Draft, found: FoundService) -> None:
    """The container of that name is that service; one at its address is another of the spec's.

    A name in the spec is the name on the gateway: with another, plan would create it there anew.
    """
    drafted = draft.services.get(found.name)
    if drafted is None:
        drafted = DraftService(name=found.name, gateway={})
        draft.services[found.name] = drafted
        if found.host in draft.services:
            drafted.comments.append(f"registered with the gateway; its container is {found.host}")
    drafted.gateway = service_keys(found)
    if drafted.container is not None and "host" in drafted.gateway:
        reason = f'the gateway knows it as "{found.host}": compile makes that a network alias'
        draft.intentions.append(
            Intention(path=("services", drafted.name, "networks"), reason=reason)
        )


def _leave_others_alone(draft: Draft, registered: set[str]) -> None:
    """What the gateway doesn't have stays off it: a guess would register it."""
    for service in draft.services.values():
        if service.name not in registered:
            service.gateway = {"gateway": False}


def _merge_setting(draft: Draft, found: FoundSetting, secrets: Secrets) -> None:
    """A row is the truth about a setting; a variable of its name is its bootstrap variable."""
    drafted = draft.settings.get(found.key)
    keys = setting_keys(found)
    if found.category and found.category not in {*STANDARD_CATEGORIES, *draft.categories}:
        draft.categories.append(found.category)
    if "description" in keys:
        keys["description"] = secrets.redact(str(keys["description"]))
    if drafted is None:
        draft.settings[found.key] = DraftEntry(name=found.key, keys=keys)
        return
    if "description" not in keys and "description" in drafted.keys:
        keys["description"] = drafted.keys["description"]
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
