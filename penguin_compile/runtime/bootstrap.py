"""The first start: variables of the environment become rows, where the table has none.

The standard's bootstrap, after the table was read and before the app sees it. What is there is
never overwritten; false, 0 and null are values; an empty variable is none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

from penguin_compile.live.config.sealing import seal
from penguin_compile.model.setting import Setting, stored_text
from penguin_compile.runtime.connection import savepoint, transaction
from penguin_compile.runtime.resolution import Resolver, read_variable
from penguin_compile.runtime.table import Rows, SettingsTable

_LOG: Final = logging.getLogger("penguin_compile.runtime")
_AUTHOR: Final = "system"  # the standard's word for rows that no person wrote
_ATTEMPTS: Final = 3
# Two apps in each other's way: PostgreSQL's states, MySQL's numbers.
_COLLISIONS: Final = frozenset(("40001", "40P01", 1205, 1213))


def write_missing(connection: Any, table: SettingsTable, resolver: Resolver, rows: Rows) -> bool:
    """Whether there are rows now that weren't, ours or another app's that starts, too.

    The driver's error where nothing could be written.
    """
    missing = list(_missing_rows(resolver, rows))
    if not missing:
        return False
    types = table.column_types(connection)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _write(connection, table, missing, types)
            break
        except Exception as error:
            if attempt == _ATTEMPTS or not _COLLISIONS.intersection(_codes(error)):
                raise
    return True


def _write(
    connection: Any, table: SettingsTable, missing: list[dict[str, Any]], types: dict[str, str]
) -> None:
    written = []
    with transaction(connection, table.dialect):
        table.lock_for_missing(connection)
        for values in missing:
            key = values["config_key"]
            try:
                with savepoint(connection):
                    if table.insert_missing(connection, values, types):
                        written.append(key)
            except Exception as error:
                if _COLLISIONS.intersection(_codes(error)):
                    raise
                # Its text may hold the row: the kind of error has to do.
                kind = type(error).__name__
                _LOG.warning("setting %s: its row can't be written: %s", key, kind)
    if written:
        _LOG.info("first values from the environment: %s", ", ".join(written))


def _missing_rows(resolver: Resolver, rows: Rows) -> Iterator[dict[str, Any]]:
    manifest = resolver.manifest
    for key, variable in manifest.variables():
        text = resolver.variables.get(variable)
        setting = manifest.setting(key) if text and key not in rows else None
        if setting is None or text is None:
            continue
        found = read_variable(setting, text)
        if found.problem is not None:
            resolver.tell(key, found)
            continue
        stored = _stored(resolver, setting, found.value)
        if stored is not None:
            yield _row(setting, stored)


def _stored(resolver: Resolver, setting: Setting, value: Any) -> str | None:
    """The text of a row; None for a secret that can't be sealed: its variable is read then."""
    text = stored_text(setting.type, value)
    if not setting.sensitive:
        return text
    if resolver.keyring is None:
        return None
    try:
        return seal(resolver.keyring, setting.key, text)
    except ImportError:
        _LOG.warning("setting %s: not stored: the package cryptography is missing", setting.key)
        return None


def _row(setting: Setting, stored: str) -> dict[str, Any]:
    values = {
        "config_key": setting.key,
        "config_value": stored,
        "config_type": setting.type.stored,
        "category": setting.category,
        "description": setting.description,
        "is_sensitive": setting.sensitive,
        "updated_by": _AUTHOR,
    }
    return {name: value for name, value in values.items() if value is not None}


def _codes(error: BaseException) -> set[object]:
    return {getattr(error, "sqlstate", None), next(iter(error.args), None)}
