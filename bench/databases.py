"""The config table on real databases: plan and apply beside the bare statements of their drivers.

PENGUIN_TEST_POSTGRES_URL and PENGUIN_TEST_MYSQL_URL name servers; SQLite is always there. Each run
has a database of its own, which is dropped afterwards.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, make_url, text

from penguin_compile.cli.planning import open_environment
from penguin_compile.live.config.database_url import parse_url
from penguin_compile.live.config.table import SettingsTable
from penguin_compile.model.app import ConfigTable
from penguin_compile.pipeline import check_file
from penguin_compile.sync.decisions import Decisions
from penguin_compile.sync.kept_plan import keep_plan

COLUMNS = (
    "config_key",
    "config_value",
    "config_type",
    "category",
    "description",
    "is_sensitive",
    "updated_by",
)
SHAPE = (*COLUMNS, "last_updated", "created_at")  # the standard's table, with its four indexes
READING = ("SELECT", "PRAGMA", "DESCRIBE", "SHOW", "BEGIN")
SELECT = f"SELECT {', '.join(COLUMNS)}, last_updated FROM config"


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()  # as every command does
    try:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    finally:
        gc.enable()


def make_settings(count: int, url: str, changed: int = 0) -> str:
    """A spec of settings and a container that is given them; `changed` have another default."""
    container = '{gateway: false, config: all, container: {image: "bench:1"}}'
    head = ["penguin: 1", 'app: {name: bench, version: "1"}', f"services: {{app: {container}}}"]
    lines = [*head, "config:"]
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


def insert_bare(
    cursor: Any, kind: str, table: str, rows: list[tuple[Any, ...]], folder: str
) -> None:
    """The fastest way of each driver."""
    names = ", ".join(COLUMNS)
    if kind == "PostgreSQL":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    elif kind == "MariaDB":
        path = Path(folder, "rows.tsv")
        path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
        cursor.execute(f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table} ({names})")
    else:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def bare_inserts(url: str, kind: str, count: int, folder: str) -> tuple[float, float]:
    """Seconds for the rows alone: into the standard's table, and into one with a key alone."""
    query = {"local_infile": "1"} if kind == "MariaDB" else {}
    engine = create_engine(make_url(parse_url(url)).update_query_dict(query))
    flag = False if kind == "PostgreSQL" else 0
    rows = [
        (f"key_{n}", str(n), "integer", "system", f"Key {n}", flag, "penguin-compile")
        for n in range(count)
    ]
    standard = SettingsTable(ConfigTable(name="standard", columns={one: one for one in SHAPE}), url)
    with engine.begin() as connection:
        standard.create(connection)
        connection.execute(
            text(
                "CREATE TABLE bare (config_key VARCHAR(255) PRIMARY KEY, config_value TEXT,"
                " config_type VARCHAR(50), category VARCHAR(100), description TEXT, is_sensitive"
                " BOOLEAN, updated_by VARCHAR(255))"
            )
        )
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()

        def fill(table: str) -> float:
            return timed(lambda: (insert_bare(cursor, kind, table, rows, folder), raw.commit()))

        return fill("standard"), fill("bare")
    finally:
        raw.close()
        engine.dispose()


def bench_databases(count: int, folder: str) -> None:
    with databases(folder) as made:
        for kind, url in made.items():
            bench_database(kind, url, count, folder)
    bench_memory(count, folder)


def bench_database(kind: str, url: str, count: int, folder: str) -> None:
    """Prints what one database costs, as multiples of its bare statements."""
    spec = Path(folder) / "settings.yaml"
    standard, bare_table = bare_inserts(url, kind, count, folder)
    spec.write_text(make_settings(count, url))
    checked = check_file(spec)
    resolved = checked.environments["bench"]
    with open_environment(resolved, checked.loaded.root) as session:
        first = session.plan(Decisions())
        applied = timed(
            lambda: session.apply(first, plan_text=keep_plan(first, str(spec), Decisions()))
        )
        unchanged = min(timed(lambda: session.plan(Decisions())) for _ in range(3))
        assert session.database is not None
        with session.database.reading("reading") as connection:
            assert connection is not None
            cursor: Any = connection.connection.cursor()
            bare = min(timed(lambda: (cursor.execute(SELECT), cursor.fetchall())) for _ in range(3))
    spec.write_text(make_settings(count, url, changed=10))
    statements = count_statements(spec)
    way = {"PostgreSQL": "COPY", "MariaDB": "LOAD DATA", "SQLite": "executemany INSERT"}[kind]
    print(f"\n{kind}, {count:,} config keys")
    _row("floor: bare SELECT and fetch", bare)
    _row("read both sides and compare, nothing changed", unchanged, bare)
    _row(f"floor: bare {way} of the rows into the standard's table", standard)
    _row("floor: the same into a table with a key alone", bare_table)
    _row("apply all as new: rows, ledger, audit, revision", applied, standard)
    print(f"  {'10 changes: statements beside reading':<64} {statements:8}")


def _row(name: str, seconds: float, floor: float | None = None) -> None:
    times = "" if floor is None else f" {seconds / floor:7.1f} times that"
    print(f"  {name:<64} {seconds:8.3f} s{times}")


def bench_memory(count: int, folder: str) -> None:
    """Peak of whole commands on SQLite; each in the order of its appetite, as children's peaks."""
    spec, url = Path(folder) / "memory.yaml", f"sqlite:///{folder}/memory.db"
    program = str(Path(sys.executable).parent / "penguin-compile")
    print(f"\npeak memory, {count:,} config keys")
    spec.write_text(make_settings(count, url))
    checked = check_file(spec)
    with open_environment(checked.environments["bench"], checked.loaded.root) as session:
        session.apply(session.plan(Decisions()), plan_text="{}")
    spec.write_text(make_settings(count, url, changed=10))
    for name in ("plan", "apply"):
        command = [program, name, str(spec), "--env", "bench"] + ["--yes"] * (name == "apply")
        script = (
            "import resource, subprocess, sys\n"
            "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL,"
            " stderr=subprocess.DEVNULL)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, *command], check=True, capture_output=True
        )
        print(f"  {name + ' of 10 changes':<64} {int(done.stdout) / 1000:8.0f} MB")


def count_statements(spec: Path) -> int:
    """How many statements an apply of what the spec changes sends that read nothing."""
    checked = check_file(spec)
    resolved = checked.environments["bench"]
    sent = []
    with open_environment(resolved, checked.loaded.root) as session:
        plan = session.plan(Decisions())
        assert session.database is not None
        engine = session.database._writer  # noqa: SLF001

        @event.listens_for(engine, "before_cursor_execute")
        def note(_connection, _cursor, statement, *_rest):  # type: ignore[no-untyped-def]
            # Servers' drivers begin transactions without telling; SQLite's are told here.
            if not statement.lstrip().upper().startswith(READING):
                sent.append(statement)

        session.apply(plan, plan_text=keep_plan(plan, str(spec), Decisions()))
    return len(sent)
