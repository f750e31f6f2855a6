"""The database of an environment and the config table in it, as the spec maps its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from penguin_compile.core.errors import PenguinError, SecretUnavailable
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.rights import find_table_rights
from penguin_compile.live.config.sealing import KEYS_VARIABLE, key_of, read_keyring
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.model.app import App
from penguin_compile.sync.diagnosis.check import (
    Check,
    Examination,
    Level,
    failed,
    ok,
    problem,
    warning,
)
from penguin_compile.sync.diagnosis.opening import (
    LOOKING,
    check_creating,
    check_missing_file,
    check_server,
)
from penguin_compile.sync.session import resolve_url

if TYPE_CHECKING:
    from sqlalchemy import Connection


def diagnose_database(examination: Examination) -> Iterator[Check]:
    """Whether it is reached, and whether the config table is one that can be written."""
    app, resolve = examination.app, examination.resolve
    environment = app.environment
    if environment.database is None:
        yield ok("database", "none here; the config keys are not applied")
        return
    try:
        database = Database(resolve_url(environment.database, resolve))
    except PenguinError as error:
        yield failed("database", error)
        return
    try:
        with database.reading(LOOKING) as connection:
            if connection is None:
                yield from check_missing_file("database", database)
                return
            yield from check_server("database", database, connection)
            yield from _check_config_table(app, connection)
    except PenguinError as error:
        yield failed("database", error)
    finally:
        database.close()


def _check_config_table(app: App, connection: Connection) -> Iterator[Check]:
    from sqlalchemy import inspect

    mapped = app.outputs.config_table
    inspector = inspect(connection)
    if not inspector.has_table(mapped.name):
        yield from check_creating("config table", f"no table {mapped.name}", connection)
        return
    columns = inspector.get_columns(mapped.name)
    broken = list(_compare_columns(app, columns))
    yield from broken
    yield from _check_rights(mapped.name, connection)
    if not any(one.level is Level.PROBLEM for one in broken):
        yield from _check_rows(app, connection)


def _compare_columns(app: App, columns: Sequence[Any]) -> Iterator[Check]:
    mapped = app.outputs.config_table
    there = {str(one["name"]) for one in columns}
    ours = {standard: name for standard, name in mapped.columns.items() if name is not None}
    missing = [(standard, name) for standard, name in ours.items() if name not in there]
    for standard, name in missing:
        yield problem(
            "config table",
            f"{mapped.name} has no column {name}",
            f"say in the spec how it is called, or null for none: outputs.sql.columns.{standard}",
        )
    for one in columns:
        needed = not one.get("nullable", True) and one.get("default") is None
        # SQLite fills its integer primary key itself, and says so nowhere.
        filled = ("computed", "identity", "primary_key")
        generated = one.get("autoincrement") is True or any(one.get(name) for name in filled)
        if needed and not generated and one["name"] not in ours.values():
            yield problem(
                "config table",
                f"{mapped.name}.{one['name']} must be filled and has no default, and the spec "
                "doesn't map it: rows can't be added",
                "give the column a default, or map it in outputs.sql.columns",
            )
    if not missing:
        names = ", ".join(ours.values())
        yield ok("config table", f"{mapped.name} has the columns of the spec's mapping: {names}")


def _check_rights(table: str, connection: Connection) -> Iterator[Check]:
    rights = find_table_rights(connection, table)
    if rights.read is False:
        yield problem("rights", f"this user may not read {table}", f"GRANT SELECT ON {table}")
    elif rights.write is False:
        yield problem(
            "rights",
            f"this user may read {table} and not write it: plan and drift work, apply doesn't",
            f"GRANT INSERT, UPDATE, DELETE ON {table}, or apply as another user",
        )
    elif rights.write is None:
        yield warning("rights", f"whether this user may write {table} can't be told", None)
    else:
        yield ok("rights", f"this user may read and write {table}")


def _check_rows(app: App, connection: Connection) -> Iterator[Check]:
    """Whether what is stored encrypted can be opened."""
    rows = SettingsTable(app.outputs.config_table, "").read(connection)
    try:
        keyring = read_keyring()
    except SecretUnavailable:
        return  # told with the keys
    known = set() if keyring is None else set(keyring.keys)
    sealed = {key: key_of(row.text("config_value") or "") for key, row in (rows or {}).items()}
    lost = sorted(key for key, one in sealed.items() if one is not None and one not in known)
    if lost:
        names = sorted({str(sealed[key]) for key in lost})
        yield warning(
            "keys",
            f"encrypted with a key that is not here ({', '.join(names)}): {', '.join(lost)}",
            f"add it to {KEYS_VARIABLE}; until then edits there are told by the stored text alone",
        )
