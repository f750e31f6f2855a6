"""What plan and apply need of an environment, looked at one by one; nothing is written.

For `doctor`: each check says ok, warning or problem, and what to do. A problem is what would stop
apply. One that fails hides only what can't be known without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penguin_compile.core.errors import PenguinError, SecretUnavailable
from penguin_compile.core.resolver import Resolver
from penguin_compile.core.secret import SecretReference
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.rights import (
    find_server,
    find_table_rights,
    may_create_file,
    may_create_tables,
)
from penguin_compile.live.config.sealing import (
    KEYS_VARIABLE,
    Policy,
    choose_policy,
    key_of,
    read_keyring,
)
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.live.marchproxy.backend import MarchProxyBackend
from penguin_compile.model.app import App
from penguin_compile.sync.lock import read_holder
from penguin_compile.sync.session import resolve_url
from penguin_compile.sync.state import FOLDER, State, open_state
from penguin_compile.sync.state_tables import HEAD, list_tables, read_version

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOOKING = "connecting to it"


class Level(StrEnum):
    """How bad it is; a problem would stop apply."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What was found of one thing, and what to do about it."""

    level: Level
    subject: str
    text: str
    advice: str | None = None


def diagnose(app: App) -> Iterator[Check]:
    """Every check, in the order in which apply would come upon them."""
    with Resolver() as resolve:
        database = list(_check_database(app, resolve))
        yield from database
        lost = any(one.subject == "database" and one.level is Level.PROBLEM for one in database)
        if not lost or app.environment.state is not None:  # else it would be told twice
            yield from _check_state(app, resolve)
        yield from _check_keys(app)
        yield from _check_secrets(app, resolve)
        yield from _check_gateway(app, resolve)


def _check_database(app: App, resolve: Resolver) -> Iterator[Check]:
    environment = app.environment
    if environment.database is None:
        yield _ok("database", "none here; the config keys are not applied")
        return
    try:
        database = Database(resolve_url(environment.database, resolve))
    except PenguinError as error:
        yield _failed("database", error)
        return
    try:
        with database.reading(_LOOKING) as connection:
            if connection is None:
                yield from _check_missing_file("database", database)
                return
            yield from _check_server("database", database, connection)
            yield from _check_config_table(app, connection)
    except PenguinError as error:
        yield _failed("database", error)
    finally:
        database.close()


def _check_missing_file(subject: str, database: Database) -> Iterator[Check]:
    path = database.path
    if path is not None and not may_create_file(path):
        yield _problem(
            subject,
            f"{database.describe()}: the file is missing, and it can't be created there",
            "create its folder, or give this user the right to write there",
        )
        return
    yield _ok(subject, f"{database.describe()}: not there yet; apply creates it")


def _check_server(subject: str, database: Database, connection: Connection) -> Iterator[Check]:
    server = find_server(connection)
    text = f"{database.describe()}: reached, {server}"
    if not server.supported:
        yield _problem(subject, text, f"{server.name} {server.oldest} is the oldest supported")
    elif server.read_only:
        yield _problem(
            subject,
            f"{text}, which takes no writes: {server.read_only}",
            "plan works; for apply name the server that takes writes",
        )
    else:
        yield _ok(subject, text)


def _check_config_table(app: App, connection: Connection) -> Iterator[Check]:
    from sqlalchemy import inspect

    mapped = app.outputs.config_table
    inspector = inspect(connection)
    if not inspector.has_table(mapped.name):
        yield from _check_creating("config table", f"no table {mapped.name}", connection)
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
        yield _problem(
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
            yield _problem(
                "config table",
                f"{mapped.name}.{one['name']} must be filled and has no default, and the spec "
                "doesn't map it: rows can't be added",
                "give the column a default, or map it in outputs.sql.columns",
            )
    if not missing:
        names = ", ".join(ours.values())
        yield _ok("config table", f"{mapped.name} has the columns of the spec's mapping: {names}")


def _check_rights(table: str, connection: Connection) -> Iterator[Check]:
    rights = find_table_rights(connection, table)
    if rights.read is False:
        yield _problem("rights", f"this user may not read {table}", f"GRANT SELECT ON {table}")
    elif rights.write is False:
        yield _problem(
            "rights",
            f"this user may read {table} and not write it: plan and drift work, apply doesn't",
            f"GRANT INSERT, UPDATE, DELETE ON {table}, or apply as another user",
        )
    elif rights.write is None:
        yield _warning("rights", f"whether this user may write {table} can't be told", None)
    else:
        yield _ok("rights", f"this user may read and write {table}")


def _check_creating(subject: str, text: str, connection: Connection) -> Iterator[Check]:
    may = may_create_tables(connection)
    if may is False:
        yield _problem(
            subject,
            f"{text}, and this user may not create tables: plan works, apply doesn't",
            "GRANT CREATE, or keep the state elsewhere: `state: {url: …}` in the environment"
            if subject == "state"
            else "GRANT CREATE, or run sql/<dialect>/01_schema.sql of generated/ as its owner",
        )
    elif may is None:
        yield _warning(subject, f"{text}; whether apply may create it can't be told", None)
    else:
        yield _ok(subject, f"{text}; apply creates {'them' if subject == 'state' else 'it'}")


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
        yield _warning(
            "keys",
            f"encrypted with a key that is not here ({', '.join(names)}): {', '.join(lost)}",
            f"add it to {KEYS_VARIABLE}; until then edits there are told by the stored text alone",
        )


def _check_state(app: App, resolve: Resolver) -> Iterator[Check]:
    environment = app.environment
    try:
        url = None if environment.state is None else resolve_url(environment.state, resolve)
        given = environment.database
        database = None if given is None else Database(resolve_url(given, resolve))
        state = open_state(
            app.name, environment.name, database=database, url=url, folder=Path(FOLDER)
        )
    except PenguinError as error:
        yield _failed("state", error)
        return
    try:
        with state.database.reading(_LOOKING) as connection:
            if connection is None:
                yield from _check_missing_file("state", state.database)
                return
            yield from _check_state_tables(state, connection)
        holder = read_holder(state)
    except PenguinError as error:
        yield _failed("state", error)
        return
    finally:
        state.database.close()
    if holder is None:
        yield _ok("lock", "free")
    else:
        lock_id, who = holder
        yield _warning(
            "lock",
            f"held by {who}",
            "let that run end; if it is dead: penguin-compile unlock "
            f"{lock_id} --env {environment.name}",
        )


def _check_state_tables(state: State, connection: Connection) -> Iterator[Check]:
    version = read_version(connection, state.describe())
    if version is None:
        yield from _check_creating("state", f"{state.describe()}: no state tables", connection)
        return
    rights = [find_table_rights(connection, one) for one in list_tables(connection)]
    if any(one.write is False or one.read is False for one in rights):
        yield _problem(
            "state",
            f"{state.describe()}: this user may not write all tables penguin_*",
            "GRANT SELECT, INSERT, UPDATE, DELETE on them, or apply as another user",
        )
    elif version != HEAD:
        may = may_create_tables(connection)
        old = f"{state.describe()}: the state tables have version {version}, this tool {HEAD}"
        if may is False:
            advice = "GRANT CREATE and ALTER, or apply once as their owner"
            yield _problem("state", f"{old}, and this user may not migrate them", advice)
        else:
            yield _ok("state", f"{old}; apply migrates them")
    else:
        yield _ok("state", f"{state.describe()}: the state tables have version {version}")


def _check_keys(app: App) -> Iterator[Check]:
    sensitive = [one.key for one in app.settings.values() if one.sensitive]
    if not sensitive or app.environment.database is None:
        return
    try:
        keyring = read_keyring()
    except SecretUnavailable as error:
        yield _failed("keys", error)
        return
    policy = choose_policy(app.environment.sensitive, keyring)
    count = f"{len(sensitive)} sensitive key{'s' if len(sensitive) > 1 else ''}"
    if policy is Policy.SKIP:
        yield _ok("keys", f"{count} not written; the app reads their variables (sensitive: skip)")
    elif policy is Policy.PLAINTEXT:
        advice = f"set {KEYS_VARIABLE}, and `sensitive: encrypt` in the environment"
        yield _warning("keys", f"{count} stored in clear (sensitive: plaintext)", advice)
    elif keyring is None:
        yield _problem(
            "keys",
            f"{count} to be stored encrypted, and there is no key",
            f"set {KEYS_VARIABLE} to ID:BASE64 of 32 bytes, or `sensitive: skip`",
        )
    else:
        yield _ok("keys", f"{count} encrypted with the key {keyring.first}")


def _check_secrets(app: App, resolve: Resolver) -> Iterator[Check]:
    """By name: whether each can be had; what it is, nobody sees."""
    found = []
    for reference, what, required in _secrets(app):
        try:
            resolve(reference)
        except PenguinError as error:
            if required:
                yield _failed("secrets", error, f"{what}: ")
            else:
                yield _warning("secrets", f"{what}: {error.message}; it will not be written", None)
        else:
            found.append(str(reference))
    if found:
        yield _ok("secrets", f"can be had: {', '.join(dict.fromkeys(found))}")


def _secrets(app: App) -> Iterator[tuple[SecretReference, str, bool]]:
    environment = app.environment
    writes = environment.database is not None
    if writes:
        try:
            keyring = read_keyring()
        except SecretUnavailable:
            keyring = None
        writes = choose_policy(environment.sensitive, keyring) is not Policy.SKIP
    for setting in app.settings.values():
        if setting.secret is not None and writes:
            yield setting.secret, f"config/{setting.key}", setting.required
    gateway = environment.gateway
    for name in ("url", "token", "username", "password", "totp") if gateway else ():
        value = getattr(gateway, name)
        if isinstance(value, SecretReference):
            yield value, f"marchproxy.{name}", True


def _check_gateway(app: App, resolve: Resolver) -> Iterator[Check]:
    if app.environment.gateway is None:
        yield _ok("marchproxy", "none here; services and routes are not applied")
        return
    try:
        gateway = MarchProxyBackend(app.environment.gateway, app, resolve=resolve)
    except PenguinError as error:
        yield _failed("marchproxy", error)
        return
    try:
        live = gateway.read().live
    except PenguinError as error:
        yield _failed("marchproxy", error)
        return
    finally:
        gateway.close()
    ours = sum(one.owner is None for one in live.values())
    yield _ok("marchproxy", f"{gateway.describe()}: reached, {ours} resources of {app.name}")


def _ok(subject: str, text: str) -> Check:
    return Check(level=Level.OK, subject=subject, text=text)


def _warning(subject: str, text: str, advice: str | None) -> Check:
    return Check(level=Level.WARNING, subject=subject, text=text, advice=advice)


def _problem(subject: str, text: str, advice: str | None) -> Check:
    return Check(level=Level.PROBLEM, subject=subject, text=text, advice=advice)


def _failed(subject: str, error: PenguinError, prefix: str = "") -> Check:
    return _problem(subject, f"{prefix}{error.message}", error.hint)
