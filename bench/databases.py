"""The config table on real databases: plan and apply beside the bare statements of their drivers.

PENGUIN_TEST_POSTGRES_URL and PENGUIN_TEST_MYSQL_URL name servers; SQLite is always there. Each run
has a database of its own, which is dropped afterwards.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, make_url, text

from penguin_compile.cli.planning import open_environment
from penguin_compile.live.config.database_url import parse_url
from penguin_compile.pipeline import check_file
from penguin_compile.sync.decisions import Decisions

COLUMNS = (
    "config_key",
    "config_value",
    "config_type",
    "category",
    "description",
    "is_sensitive",
    "updated_by",
)
SELECT = f"SELECT {', '.join(COLUMNS)}, last_updated FROM config"


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def make_settings(count: int, url: str, changed: int = 0) -> str:
    """A spec of settings alone; the first `changed` of them have another default."""
    lines = ["penguin: 1", 'app: {name: bench, version: "1"}', "config:"]
    for number in range(count):
        value = number + 1_000_000 if number < changed else number
        lines.append(
            f"  key_{number}: {{type: integer, category: system, description: Key {number}, "
            f"default: {value}}}"
        )
    return "\n".join([*lines, f'environments: {{bench: {{database: {{url: "{url}"}}}}}}', ""])


@contextmanager
def databases(folder: str) -> Iterator[dict[str, str]]:
    """Empty databases by their kind."""
    made = {"SQLite": f"sqlite:///{folder}/bench.db"}
    name, servers = f"bench_{uuid.uuid4().hex[:12]}", []
    for kind, variable in (
        ("PostgreSQL", "PENGUIN_TEST_POSTGRES_URL"),
        ("MariaDB", "PENGUIN_TEST_MYSQL_URL"),
    ):
        if variable in os.environ:
            url = parse_url(os.environ[variable])
            server = create_engine(url, isolation_level="AUTOCOMMIT")
            with server.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            servers.append(server)
            made[kind] = url.set(database=name).render_as_string(hide_password=False)
    try:
        yield made
    finally:
        for server in servers:
            with server.connect() as connection, suppress(Exception):
                connection.execute(text(f"DROP DATABASE {name}"))


def insert_bare(cursor: Any, kind: str, rows: list[tuple[Any, ...]], folder: str) -> None:
    """The fastest way of each driver, into a table without indexes but the key's."""
    names = ", ".join(COLUMNS)
    if kind == "PostgreSQL":
        with cursor.copy(f"COPY bare ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif kind == "MariaDB":
        path = Path(folder, "rows.tsv")
        path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
        cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE bare ({names})")
    else:
        cursor.executemany(f"INSERT INTO bare ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def bare_insert(url: str, kind: str, count: int, folder: str) -> float:
    """Seconds for the rows alone."""
    query = {"local_infile": "1"} if kind == "MariaDB" else {}
    engine = create_engine(make_url(parse_url(url)).update_query_dict(query))
    rows = [
        (
            f"key_{n}",
            str(n),
            "integer",
            "system",
            f"Key {n}",
            int(kind == "None"),
            "penguin-compile",
        )
        for n in range(count)
    ]
    flag = "BOOLEAN" if kind != "PostgreSQL" else "INTEGER"
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE bare (config_key VARCHAR(255) PRIMARY KEY, config_value TEXT,"
                f" config_type VARCHAR(50), category VARCHAR(100), description TEXT, is_sensitive"
                f" {flag}, updated_by VARCHAR(255))"
            )
        )
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()

        def work() -> None:
            insert_bare(cursor, kind, rows, folder)
            raw.commit()

        return timed(work)
    finally:
        raw.close()
        engine.dispose()


def bench_databases(count: int, folder: str) -> None:
    with databases(folder) as made:
        for kind, url in made.items():
            bench_database(kind, url, count, folder)


def bench_database(kind: str, url: str, count: int, folder: str) -> None:
    """Prints what one database costs, as multiples of its bare statements."""
    spec = Path(folder) / "settings.yaml"
    floor = bare_insert(url, kind, count, folder)
    spec.write_text(make_settings(count, url))
    checked = check_file(spec)
    resolved = checked.environments["bench"]
    with open_environment(resolved, checked.loaded.root) as session:
        first = session.plan(Decisions())
        applied = timed(lambda: session.apply(first, plan_text="{}"))
        unchanged = min(timed(lambda: session.plan(Decisions())) for _ in range(3))
        assert session.database is not None
        with session.database.reading("reading") as connection:
            assert connection is not None
            cursor: Any = connection.connection.cursor()
            bare = min(timed(lambda: (cursor.execute(SELECT), cursor.fetchall())) for _ in range(3))
    spec.write_text(make_settings(count, url, changed=10))
    statements = count_statements(spec)
    print(f"\n{kind}, {count:,} config keys")
    print(f"  {'floor: bare SELECT and fetch':<56} {bare:8.3f} s")
    print(
        f"  {'read both sides and compare, nothing changed':<56} {unchanged:8.3f} s"
        f" {unchanged / bare:7.1f} times that"
    )
    way = {"PostgreSQL": "COPY", "MariaDB": "LOAD DATA", "SQLite": "executemany INSERT"}[kind]
    print(f"  {f'floor: bare {way} of the rows':<56} {floor:8.3f} s")
    print(
        f"  {'apply all as new: rows, ledger, audit, revision':<56} {applied:8.3f} s"
        f" {applied / floor:7.1f} times that"
    )
    print(f"  {'10 changes: statements beside reading':<56} {statements:8}")


def count_statements(spec: Path) -> int:
    """How many statements an apply of what the spec changes sends that are no SELECT."""
    checked = check_file(spec)
    resolved = checked.environments["bench"]
    sent = []
    with open_environment(resolved, checked.loaded.root) as session:
        plan = session.plan(Decisions())
        assert session.database is not None
        engine = session.database._writer  # noqa: SLF001

        @event.listens_for(engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
            if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "DESCRIBE", "SHOW")):
                sent.append(statement)

        session.apply(plan, plan_text="{}")
    return len(sent)
