"""A database, opened to look at it: whether it is there, which it is, what it lets this user do.

Under the diagnoses of the config table and of the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from penguin_compile.live.config.database import Database
from penguin_compile.live.config.rights import find_server, may_create_file, may_create_tables
from penguin_compile.sync.diagnosis.check import Check, Repair, ok, problem, warning

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOOKING: Final = "connecting to it"


def check_missing_file(subject: str, database: Database) -> Iterator[Check]:
    """The file of a SQLite database that isn't there."""
    path = database.path
    if path is not None and not may_create_file(path):
        yield problem(
            subject,
            f"{database.describe()}: the file is missing, and it can't be created there",
            "create its folder, or give this user the right to write there",
        )
        return
    yield ok(subject, f"{database.describe()}: not there yet; apply creates it")


def check_server(subject: str, database: Database, connection: Connection) -> Iterator[Check]:
    """Which server it is, whether it is one that we speak to, whether it takes writes."""
    server = find_server(connection)
    text = f"{database.describe()}: reached, {server}"
    if not server.supported:
        yield problem(subject, text, f"{server.name} {server.oldest} is the oldest supported")
    elif server.read_only:
        yield problem(
            subject,
            f"{text}, which takes no writes: {server.read_only}",
            "plan works; for apply name the server that takes writes",
        )
    else:
        yield ok(subject, text)


def check_creating(
    subject: str, text: str, connection: Connection, repair: Repair | None = None
) -> Iterator[Check]:
    """Tables that are not there: whether apply may create them."""
    may = may_create_tables(connection)
    if may is False:
        yield problem(
            subject,
            f"{text}, and this user may not create tables: plan works, apply doesn't",
            "GRANT CREATE, or keep the state elsewhere: `state: {url: …}` in the environment"
            if subject == "state"
            else "GRANT CREATE, or run sql/<dialect>/01_schema.sql of generated/ as its owner",
        )
    elif may is None:
        yield warning(subject, f"{text}; whether apply may create it can't be told", None, repair)
    else:
        yield ok(subject, f"{text}; apply creates {'them' if subject == 'state' else 'it'}", repair)
