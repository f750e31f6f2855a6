"""What apply remembers: its tables, its lock, and what a run that was killed has left there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from penguin_compile.core.errors import PenguinError
from penguin_compile.core.suggestion import list_names
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.rights import find_table_rights, may_create_tables
from penguin_compile.sync.diagnosis.check import (
    Check,
    Examination,
    Repair,
    failed,
    ok,
    problem,
    warning,
)
from penguin_compile.sync.diagnosis.opening import LOOKING, check_creating, check_missing_file
from penguin_compile.sync.lock import free_leftover, read_holder, read_leftover
from penguin_compile.sync.session import resolve_url
from penguin_compile.sync.state import FOLDER, State, open_state
from penguin_compile.sync.state_tables import (
    HEAD,
    find_missing_tables,
    list_tables,
    migrate,
    read_version,
    restore_tables,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HELD: Final = {
    "penguin_meta": "what secrets were, by fingerprint: each is told as edited once",
    "penguin_ledger": "what was applied last: what differs from the spec is asked about",
    "penguin_revision": "the history",
    "penguin_past": "what rollback goes back to",
    "penguin_outcome": "what became of each change",
    "penguin_audit": "who changed what",
    "penguin_lock": "who is at work",
}


def diagnose_state(examination: Examination) -> Iterator[Check]:
    """Whether the state can be read and written, by us, now."""
    if "database" in examination.problems and examination.app.environment.state is None:
        return  # it is there, and would be told twice
    try:
        state = _open(examination)
    except PenguinError as error:
        yield failed("state", error)
        return
    with closing(state.database):
        try:
            with state.database.reading(LOOKING) as connection:
                if connection is None:
                    yield from check_missing_file("state", state.database)
                    return
                whole = find_missing_tables(connection, state.describe()) == []
                yield from _check_tables(examination, state, connection)
            if whole:
                yield from _check_lock(examination, state)
        except PenguinError as error:
            yield failed("state", error)


def _open(examination: Examination) -> State:
    environment, resolve = examination.app.environment, examination.resolve
    given = environment.database
    return open_state(
        examination.app.name,
        environment.name,
        database=None if given is None else Database(resolve_url(given, resolve)),
        url=None if environment.state is None else resolve_url(environment.state, resolve),
        folder=Path(FOLDER),
    )


def _repair(examination: Examination, what: str, act: Callable[[State, Connection], str]) -> Repair:
    """Something to be written into the state, in a transaction of its own."""

    def run() -> str:
        state = _open(examination)
        with (
            closing(state.database),
            state.database.writing("repairing the state") as connection,
        ):
            return act(state, connection)

    return Repair(what=what, run=run)


def _check_tables(
    examination: Examination, state: State, connection: Connection
) -> Iterator[Check]:
    place = state.describe()
    version = read_version(connection, place)
    if version is None:
        repair = _repair(examination, f"create the state tables in {place}", _create)
        yield from check_creating("state", f"{place}: no state tables", connection, repair)
        return
    rights = [find_table_rights(connection, one) for one in list_tables(connection)]
    missing = find_missing_tables(connection, place)
    if any(one.write is False or one.read is False for one in rights):
        yield problem(
            "state",
            f"{place}: this user may not write all tables penguin_*",
            "GRANT SELECT, INSERT, UPDATE, DELETE on them, or apply as another user",
        )
    elif missing:
        yield _check_missing(examination, place, missing, connection)
    elif version != HEAD:
        yield _check_version(examination, place, version, connection)
    else:
        yield ok("state", f"{place}: the state tables have version {version}")


def _check_missing(
    examination: Examination, place: str, missing: list[str], connection: Connection
) -> Check:
    lost = "; ".join(_HELD[one] for one in missing)
    text = f"{place}: {list_names(missing)} went missing, and with it {lost}"
    if may_create_tables(connection) is False:
        return problem("state", text, "restore a backup, or GRANT CREATE and repair them")
    return problem(
        "state",
        text,
        "restore a backup where there is one",
        _repair(examination, f"create {list_names(missing)} anew, empty", _restore),
    )


def _check_version(
    examination: Examination, place: str, version: str, connection: Connection
) -> Check:
    old = f"{place}: the state tables have version {version}, this tool {HEAD}"
    if may_create_tables(connection) is False:
        advice = "GRANT CREATE and ALTER, or apply once as their owner"
        return problem("state", f"{old}, and this user may not migrate them", advice)
    repair = _repair(examination, f"migrate the state tables from {version} to {HEAD}", _migrate)
    return ok("state", f"{old}; apply migrates them", repair)


def _check_lock(examination: Examination, state: State) -> Iterator[Check]:
    holder = read_holder(state)
    if holder is not None:
        lock_id, who = holder
        yield warning(
            "lock",
            f"held by {who}",
            "let that run end; if it is dead: penguin-compile unlock "
            f"{lock_id} --env {state.environment}",
        )
        return
    leftover = read_leftover(state)
    if leftover is None:
        yield ok("lock", "free")
        return
    lock_id, who = leftover

    def free(state: State, connection: Connection) -> str:
        freed = free_leftover(state, connection, lock_id)
        return f"freed the lock of {who}" if freed else "left the lock: it is another's by now"

    yield ok(
        "lock",
        f"free: {who} is gone and never gave it back; apply takes it",
        _repair(examination, f"free the lock of {who}", free),
    )


def _create(state: State, connection: Connection) -> str:
    state.prepare(connection)
    return f"created the state tables in {state.describe()}, version {HEAD}"


def _migrate(state: State, connection: Connection) -> str:
    migrate(connection, state.describe())
    return f"migrated the state tables in {state.describe()} to version {HEAD}"


def _restore(state: State, connection: Connection) -> str:
    made = restore_tables(connection, state.describe())
    return f"created {list_names(made)} anew" if made else "left all as it is: nothing is missing"
