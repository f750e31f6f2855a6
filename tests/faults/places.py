"""Every place where a process talks to its database, counted in the drivers, and a kill at one.

In the drivers, because not all goes through SQLAlchemy's events: COPY and executemany neither.
"""

from __future__ import annotations

import functools
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pymysql

Step = Callable[[str], None]


def watch_drivers(step: Step) -> None:
    """Call `step` before and after each statement, commit and rollback of this process."""
    for owner, names in (
        (psycopg.Cursor, ("execute", "executemany")),
        (psycopg.Connection, ("commit", "rollback")),
        (psycopg.Copy, ("write", "write_row")),
        (pymysql.connections.Connection, ("query", "commit", "rollback")),
    ):
        for name in names:
            setattr(owner, name, _watched(getattr(owner, name), name, step))
    psycopg.Cursor.copy = _watched_copy(psycopg.Cursor.copy, step)  # type: ignore[method-assign]
    _watch_sqlite(step)


def kill_at(place: int) -> Step:
    """SIGKILL at the place of that number, counted from 1."""
    left = [place]

    def step(_: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def _watched(original: Any, name: str, step: Step) -> Any:
    @functools.wraps(original)
    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        what = _name(name, arguments)
        step(f"before {what}")
        answer = original(self, *arguments, **options)
        step(f"after {what}")
        return answer

    return call


def _watched_copy(original: Any, step: Step) -> Any:
    @contextmanager
    def copy(self: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        what = _name("copy", arguments)
        step(f"before {what}")
        with original(self, *arguments, **options) as writer:
            yield writer
            step(f"before the end of {what}")
        step(f"after {what}")

    return copy


def _watch_sqlite(step: Step) -> None:
    """Its classes can't be changed, but others be given to `connect`."""

    class Cursor(sqlite3.Cursor):
        execute = _watched(sqlite3.Cursor.execute, "execute", step)
        executemany = _watched(sqlite3.Cursor.executemany, "executemany", step)

    class Connection(sqlite3.Connection):
        commit = _watched(sqlite3.Connection.commit, "commit", step)
        rollback = _watched(sqlite3.Connection.rollback, "rollback", step)

        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

    sqlite3.connect = functools.partial(sqlite3.connect, factory=Connection)  # type: ignore[assignment]


def _name(name: str, arguments: tuple[Any, ...]) -> str:
    statement = arguments[0] if arguments else ""
    if isinstance(statement, bytes):
        statement = statement.decode(errors="replace")
    if name in {"write", "write_row"} or not isinstance(statement, str):
        return name
    return " ".join(f"{name} {statement}".split())[:60]
