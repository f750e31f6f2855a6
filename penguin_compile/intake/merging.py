"""What a table or a gateway tells of an app, taken into the draft (`init`)."""

from __future__ import annotations

from itertools import count
from typing import Any

from penguin_compile.intake.draft import Data, Draft, DraftEntry, DraftService
from penguin_compile.intake.found import Found, FoundService, FoundSetting, FoundTable
from penguin_compile.intake.found_sections import (
    environment_keys,
    route_keys,
    service_keys,
    setting_keys,
    variable_of,
)
from penguin_compile.intake.meaning import Intention
from penguin_compile.intake.row_types import fits
from penguin_compile.intake.secrecy import Secrets
from penguin_compile.model.setting import (
    STANDARD_CATEGORIES,
    SettingType,
    parse_stored,
    value_text,
)

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
        container = draft.services.get(found.host)
        if container is not None and container.container is not None:
            drafted.comments.append(f"registered with the gateway; its container is {found.host}")
        draft.services[found.name] = drafted
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
    keys = setting_keys(found)
    if found.category and found.category not in {*STANDARD_CATEGORIES, *draft.categories}:
        draft.categories.append(found.category)
    if "description" in keys:
        keys["description"] = secrets.redact(str(keys["description"]))
    drafted = draft.settings.get(found.key) or _take_variable(draft, found)
    if drafted is None:
        variable = _free_variable(draft, found.key)
        if variable is not None:
            keys["env"] = variable
        draft.settings[found.key] = DraftEntry(name=found.key, keys=keys)
        return
    if not keys.get("description") and "description" in drafted.keys:
        keys["description"] = drafted.keys["description"]
    if not found.sensitive:
        _keep_start(drafted, keys, found, secrets)
    drafted.keys = keys
    draft.settings[found.key] = drafted


def _keep_start(drafted: DraftEntry, keys: Data, found: FoundSetting, secrets: Secrets) -> None:
    """What containers start with must not change: the files' default stays, the row's is told."""
    live = keys.pop("default", None)
    if "default" in drafted.keys:
        text = value_text(drafted.keys["default"])
        if fits(SettingType(found.type), text):
            keys["default"] = parse_stored(found.type, text)
        else:
            keys["default"] = drafted.keys["default"]
            keys["type"] = drafted.keys.get("type", "string")
    if live is not None and live != keys.get("default"):
        drafted.comments.append(f"{found.place.path} has {secrets.redact(value_text(live))}")


def _take_variable(draft: Draft, found: FoundSetting) -> DraftEntry | None:
    """The variable that is this setting's, as a setting; None where it has to stay a variable."""
    name = variable_of(found.key)
    entry = draft.variables.get(name)
    if entry is None or found.sensitive or entry.keys.get("sensitive"):
        return None
    values = [one.environment.items() for one in draft.services.values()]
    given = [value for pairs in values for _, value in pairs if _refers(value, name)]
    if any("default" in value for value in given):
        return None
    for value in given:
        del value["variable"]
        value["config"] = found.key
    del draft.variables[name]
    kept = {key: one for key, one in entry.keys.items() if key in {"default", "description"}}
    return DraftEntry(
        name=found.key, keys=kept, heading=entry.heading, comments=list(entry.comments)
    )


def _refers(value: Any, name: str) -> bool:
    return isinstance(value, dict) and value.get("variable") == name


def _free_variable(draft: Draft, key: str) -> str | None:
    """Another bootstrap variable for a key whose usual one is taken; None where it is free."""
    usual = variable_of(key)
    taken = {one.keys.get("env") or variable_of(name) for name, one in draft.settings.items()}
    taken |= {name for name, one in draft.variables.items() if not one.keys.get("sensitive")}
    if usual not in taken:
        return None
    return next(name for n in count(2) if (name := f"{usual}_{n}") not in taken)


def _merge_table(draft: Draft, table: FoundTable) -> None:
    columns = {name: column for name, column in table.columns.items() if name != column}
    sql: Data = {} if table.name == _STANDARD_TABLE else {"table": table.name}
    if columns:
        sql["columns"] = columns
    if sql:
        draft.outputs["sql"] = sql
