"""One writer per app and environment (sync.md, Lock): a row with a lease and a fencing token.

Taken before apply writes and renewed while it runs. Every transaction confirms the token, so
that a run which was thought dead can't write beside the one that took over.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from penguin_compile.core.errors import Collided, LockHeld, PenguinError, StalePlan
from penguin_compile.sync.holder import Holder, is_gone, this_process
from penguin_compile.sync.state_tables import read_version, state_table

if TYPE_CHECKING:
    from sqlalchemy import Connection, Update

    from penguin_compile.sync.state import State

LEASE_SECONDS: Final = 30.0
_RENEWAL_SECONDS: Final = LEASE_SECONDS / 3
_POLL_SECONDS: Final = 0.25
_COLLISIONS: Final = 10
_FREE: Final = {
    "lock_id": None,
    "holder": None,
    "host": None,
    "machine": None,
    "process": None,
    "process_start": None,
    "started_at": None,
    "expires_at": None,
}


class Lock:
    """The lock, held. `token` grows with every holder and never comes back."""

    def __init__(self, state: State, lock_id: str, token: int) -> None:
        self._state = state
        self.id = lock_id
        self.token = token

    def confirm(self, connection: Connection) -> None:
        """Renew the lease inside the transaction; LockHeld where another run took over.

        The row stays locked until the transaction ends: nobody takes over amid it.
        """
        values = {
            "of_app": self._state.app,
            "of_environment": self._state.environment,
            "of_lock": self.id,
            "of_token": self.token,
            "expires_at": self._state.database.now(connection) + LEASE_SECONDS,
        }
        result = connection.execute(_renewing(), values)
        if result.rowcount != 1:
            raise LockHeld(
                f"this run lost its lock on {_name(self._state)} to another",
                hint="see what that run did, then run the same command again",
            )

    def release(self) -> None:
        """Let the next one in; nothing where the lock was lost."""
        from sqlalchemy import update

        table = state_table("lock")
        with self._state.database.writing("releasing the lock") as connection:
            connection.execute(
                update(table)
                .where(*_place(self._state), table.c.lock_id == self.id)
                .values(**_FREE)
            )


@contextmanager
def hold_lock(state: State, *, holder: str | None = None, timeout: float = 0.0) -> Iterator[Lock]:
    """Take the lock, creating the state tables if missing; LockHeld after `timeout` seconds."""
    lock = _wait(state, this_process(holder), timeout)
    ended = threading.Event()
    renewal = threading.Thread(target=_renew, args=(lock, state, ended), daemon=True)
    renewal.start()
    try:
        yield lock
    finally:
        ended.set()
        renewal.join()
        # A lock that can't be released runs out; what the block raised is what matters.
        with suppress(PenguinError):
            lock.release()


def unlock(state: State, lock_id: str) -> str:
    """Free the lock by its id and say who held it; PenguinError where there is no such lock."""
    from sqlalchemy import update

    with state.database.reading("reading the lock") as connection:
        row = None if connection is None else _read(connection, state)
    if row is None or row["lock_id"] != lock_id:
        raise _no_such_lock(state, lock_id, row)
    table = state_table("lock")
    with state.database.writing("freeing the lock") as connection:
        connection.execute(
            update(table).where(*_place(state), table.c.lock_id == lock_id).values(**_FREE)
        )
    return _describe(row)


def _no_such_lock(state: State, lock_id: str, row: Mapping[str, Any] | None) -> PenguinError:
    if row is None or row["lock_id"] is None:
        return PenguinError(
            f"{_name(state)} has no lock {lock_id}: it is free", hint="nothing has to be done"
        )
    return PenguinError(
        f"{_name(state)} has no lock {lock_id}: the present one is {row['lock_id']}, held by "
        f"{_describe(row)}",
        hint="let that run end; if it is dead: "
        f"penguin-compile unlock {row['lock_id']} --env {state.environment}",
    )


def read_holder(state: State) -> tuple[str, str] | None:
    """The id of the lock that is held now, and by whom since when; None where it is free."""
    with state.database.reading("reading the lock") as connection:
        row = None if connection is None else _read(connection, state)
        if connection is None or row is None or _is_free(row, state.database.now(connection)):
            return None
    return row["lock_id"], _describe(row)


def read_leftover(state: State) -> tuple[str, str] | None:
    """The same of a lock that is free, but was never given back: its holder is gone."""
    with state.database.reading("reading the lock") as connection:
        row = None if connection is None else _read(connection, state)
        if connection is None or row is None or row["lock_id"] is None:
            return None
        if not _is_free(row, state.database.now(connection)):
            return None
    return row["lock_id"], _describe(row)


def free_leftover(state: State, connection: Connection, lock_id: str) -> bool:
    """Give back what its holder didn't, inside the transaction; False where it isn't that now."""
    from sqlalchemy import update

    table = state_table("lock")
    row = _read(connection, state)
    free = row is not None and _is_free(row, state.database.now(connection))
    if row is None or row["lock_id"] != lock_id or not free:
        return False
    seen = (table.c.lock_id == lock_id, table.c.expires_at == row["expires_at"])
    statement = update(table).where(*_place(state), *seen).values(**_FREE)
    return bool(connection.execute(statement).rowcount)


def _wait(state: State, holder: Holder, timeout: float) -> Lock:
    deadline = time.monotonic() + timeout
    collisions = 0
    while True:
        try:
            lock, row = _try(state, holder)
        except Collided:  # several create the tables at once: the next look finds them
            collisions += 1
            if collisions > _COLLISIONS:
                raise
            time.sleep(_POLL_SECONDS)
            continue
        if lock is not None:
            return lock
        left = deadline - time.monotonic()
        if left <= 0:
            raise _held(state, row or {})
        time.sleep(min(_POLL_SECONDS, left))


def _try(state: State, holder: Holder) -> tuple[Lock | None, Mapping[str, Any] | None]:
    """One attempt: the lock, or the row of who has it."""
    from sqlalchemy.exc import IntegrityError

    with state.database.writing("taking the lock") as connection:
        row = _read(connection, state)
        now = state.database.now(connection)
        if row is not None and not _is_free(row, now):
            return None, row
        try:
            state.prepare(connection)
        except StalePlan:  # another was the first here, and may be at work by now
            row = _read(connection, state)
            if row is None or _is_free(row, now):
                raise
            return None, row
        first = nullcontext() if row is not None else connection.begin_nested()
        try:
            with first:
                return _take(connection, state, holder, row, now), row
        except IntegrityError:  # two were the first at once
            return None, row


def _take(
    connection: Connection,
    state: State,
    holder: Holder,
    row: Mapping[str, Any] | None,
    now: float,
) -> Lock | None:
    from sqlalchemy import insert, update

    table = state_table("lock")
    token = 1 if row is None else row["token"] + 1
    values = {
        "token": token,
        "lock_id": uuid.uuid4().hex[:12],
        "holder": holder.name,
        "host": holder.host,
        "machine": holder.machine,
        "process": holder.process,
        "process_start": holder.process_start,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "expires_at": now + LEASE_SECONDS,
    }
    if row is None:
        place = {"app": state.app, "environment": state.environment}
        connection.execute(insert(table), [place | values])
    else:
        seen = [
            table.c.token == row["token"],
            table.c.lock_id.is_not_distinct_from(row["lock_id"]),
        ]
        if row["lock_id"] is not None and row["expires_at"] <= now:
            seen.append(table.c.expires_at <= now)  # its holder may have renewed it meanwhile
        taken = connection.execute(update(table).where(*_place(state), *seen).values(**values))
        if taken.rowcount != 1:
            return None
    return Lock(state, str(values["lock_id"]), token)


def _is_free(row: Mapping[str, Any], now: float) -> bool:
    if row["lock_id"] is None or row["expires_at"] <= now:
        return True
    return is_gone(
        Holder(
            name=row["holder"],
            host=row["host"],
            machine=row["machine"],
            process=row["process"],
            process_start=row["process_start"],
        )
    )


def _read(connection: Connection, state: State) -> Mapping[str, Any] | None:
    from sqlalchemy import select

    if read_version(connection, state.describe()) is None:
        return None
    query = select(state_table("lock")).where(*_place(state))
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def _renew(lock: Lock, state: State, ended: threading.Event) -> None:
    """In a thread of its own. A renewal that fails is tried again; a lost lock ends it."""
    while not ended.wait(_RENEWAL_SECONDS):
        try:
            with state.database.writing("renewing the lock") as connection:
                lock.confirm(connection)
        except LockHeld:
            return  # the run's next transaction finds out by itself
        except PenguinError:
            continue


@cache
def _renewing() -> Update:
    """Built once: it runs in every transaction, and building it takes longer."""
    from sqlalchemy import bindparam, update

    table = state_table("lock")
    return (
        update(table)
        .where(
            table.c.app == bindparam("of_app"),
            table.c.environment == bindparam("of_environment"),
            table.c.lock_id == bindparam("of_lock"),
            table.c.token == bindparam("of_token"),
        )
        .values(expires_at=bindparam("expires_at"))
    )


def _place(state: State) -> tuple[Any, Any]:
    table = state_table("lock")
    return table.c.app == state.app, table.c.environment == state.environment


def _name(state: State) -> str:
    return f"{state.app} in {state.environment}"


def _describe(row: Mapping[str, Any]) -> str:
    who = f"{row['holder']} on {row['host']} (process {row['process']})"
    return f"{who} since {row['started_at']}"


def _held(state: State, row: Mapping[str, Any]) -> LockHeld:
    if not row.get("lock_id"):
        return LockHeld(
            f"{_name(state)} is locked by another run", hint="wait with --lock-timeout 60s"
        )
    return LockHeld(
        f"{_name(state)} is locked by {_describe(row)}",
        hint="wait with --lock-timeout 60s; if that run is dead: "
        f"penguin-compile unlock {row['lock_id']} --env {state.environment}",
    )
