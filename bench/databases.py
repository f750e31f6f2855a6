"""The config table on real databases: plan and apply beside the bare statements of their drivers.

PENGUIN_TEST_POSTGRES_URL and PENGUIN_TEST_MYSQL_URL name servers; SQLite is always there. Each run
has a database of its own, which is dropped afterwards.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, make_url, text

from bench.clock import timed
from bench.measurement import Measurement, Scale
from bench.processes import PROGRAM, used
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


def measure(scale: Scale, folder: Path) -> Iterator[Measurement]:
    with databases(str(folder)) as made:
        for kind, url in made.items():
            yield from measure_database(kind, url, scale.keys, str(folder))
    yield from measure_memory(scale.keys, folder)


def measure_database(kind: str, url: str, count: int, folder: str) -> Iterator[Measurement]:
    """What one database costs, as multiples of its bare statements."""
    spec = Path(folder) / "settings.yaml"
    standard, bare_table = bare_inserts(url, kind, count, folder)
    spec.write_text(make_settings(count, url))
    applied, unchanged, bare = time_first_apply(spec)
    size = f"{count:,} keys"
    way = {"PostgreSQL": "COPY", "MariaDB": "LOAD DATA", "SQLite": "executemany INSERT"}[kind]
    yield Measurement(
        size=size,
        stage=f"{kind}: read both sides and compare, nothing changed",
        value=unchanged,
        beside="bare SELECT and fetch",
        beside_value=bare,
        target=4,
    )
    yield Measurement(
        size=size,
        stage=f"{kind}: apply all as new, with ledger, audit, revision",
        value=applied,
        beside=f"bare {way}",
        beside_value=standard,
        target=4,
    )
    yield Measurement(
        size=size,
        stage=f"{kind}: floor, bare {way} into the standard's table",
        value=standard,
        beside="into a table with a key alone",
        beside_value=bare_table,
    )
    spec.write_text(make_settings(count, url, changed=10))
    yield Measurement(
        size=size,
        stage=f"{kind}: apply of 10 changes, statements beside reading",
        value=count_statements(spec),
        unit="",
        target=12,
    )


def time_first_apply(spec: Path) -> tuple[float, float, float]:
    """Seconds of an apply of everything, of a plan after it, and of the bare SELECT."""
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
    return applied, unchanged, bare


def measure_memory(count: int, folder: Path) -> Iterator[Measurement]:
    """Peak of whole commands on SQLite."""
    spec, url = folder / "memory.yaml", f"sqlite:///{folder}/memory.db"
    spec.write_text(make_settings(count, url))
    checked = check_file(spec)
    with open_environment(checked.environments["bench"], checked.loaded.root) as session:
        session.apply(session.plan(Decisions()), plan_text="{}")
    spec.write_text(make_settings(count, url, changed=10))
    for name in ("plan", "apply"):
        options = ("--env", "bench", *(["--yes"] if name == "apply" else []))
        usage = used((PROGRAM, name, str(spec), *options), cwd=folder)
        stage = f"SQLite: {name} of 10 changes"
        yield Measurement(
            size=f"{count:,} keys", stage=f"{stage}, the whole command", value=usage.wall
        )
        yield Measurement(
            size=f"{count:,} keys",
            stage=f"{stage}, peak of memory",
            value=usage.peak / 1e6,
            unit="MB",
            target=400,
        )


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
