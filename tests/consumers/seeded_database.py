"""A database, and everybody who runs the seeds in it: drivers, client programs, SQLAlchemy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import URL

from penguin_compile.model.app import App
from tests.models import render
from tests.requirements import end_without

NAMES = ("01_schema", "02_config_seed")
_PROGRAMS = {
    "sqlite": ("sqlite3", "sqlite3"),
    "postgresql": ("psql", "postgresql-client"),
    "mysql": ("mariadb", "mariadb-client"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededDatabase:
    """A fresh database of one kind, and a folder for scripts."""

    kind: str
    url: URL
    folder: Path

    def connect(self) -> Any:
        """A connection of the kind's driver."""
        if self.kind == "sqlite":
            return sqlite3.connect(str(self.url.database), timeout=30)
        parts = {"host": self.url.host, "user": self.url.username, "password": self.url.password}
        parts = {name: value for name, value in parts.items() if value is not None}
        if self.kind == "postgresql":
            import psycopg

            port = self.url.port or 5432
            return psycopg.connect(dbname=self.url.database, port=port, autocommit=True, **parts)
        import pymysql
        from pymysql.constants import CLIENT

        options: dict[str, Any] = {"autocommit": True, "client_flag": CLIENT.MULTI_STATEMENTS}
        port = self.url.port or 3306
        return pymysql.connect(database=self.url.database, port=port, **options, **parts)

    def write(self, name: str, text: str) -> Path:
        """A script as compile would have written it."""
        path = self.folder / f"{name}.sql"
        path.write_text(text, encoding="utf-8", newline="")
        return path

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a query finds."""
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]

    def execute(self, script: str) -> None:
        """Statements of the test's own, by the driver."""
        with closing(self.connect()) as connection:
            run(connection, script)


def run(connection: Any, script: str) -> None:
    """A whole script, and every complaint of every statement in it."""
    if isinstance(connection, sqlite3.Connection):
        connection.executescript(script)
        return
    with closing(connection.cursor()) as cursor:
        cursor.execute(script)
        while cursor.nextset():
            pass


def scripts(app: App, kind: str) -> tuple[str, str]:
    """Schema and seeds of an app."""
    artifacts = render("sql", app)
    schema, seed = (artifacts[f"sql/{kind}/{name}.sql"].text for name in NAMES)
    return schema, seed


def by_driver(database: SeededDatabase, script: Path) -> None:
    """All statements at once, as an app's own start-up would."""
    with closing(database.connect()) as connection:
        run(connection, script.read_bytes().decode())


def by_sqlalchemy(database: SeededDatabase, script: Path) -> None:
    """Statement by statement, without parameters: a driver would look for them after a `%`."""
    options = {"no_parameters": True}
    engine = create_engine(database.url, isolation_level="AUTOCOMMIT", execution_options=options)
    try:
        with engine.connect() as connection:
            for statement in statements(script.read_bytes().decode()):
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


def statements(script: str) -> Iterator[str]:
    """A statement ends where a line does, with `;` and outside of quotes; quotes are doubled."""
    lines: list[str] = []
    for line in script.removesuffix("\n").split("\n"):
        if not lines and (not line or line.startswith("--")):
            continue
        lines.append(line)
        if line.endswith(";") and "\n".join(lines).count("'") % 2 == 0:
            yield "\n".join(lines)
            lines = []
    assert not lines


def by_client(database: SeededDatabase, script: Path) -> None:
    """As documented everywhere: `psql -f`, `mariadb <`, `sqlite3 <`."""
    run_client(database, script)


def by_client_reading(database: SeededDatabase, script: Path) -> None:
    """By the client's own command for it."""
    command = {"postgresql": r"\i '{}'", "mysql": "source {}", "sqlite": '.read "{}"'}
    text = command[database.kind].format(script)
    run_client(database, database.write(f"read-{script.stem}", f"{text}\n"))


def run_client(
    database: SeededDatabase,
    script: Path,
    options: Iterable[str] = (),
    variables: Mapping[str, str] | None = None,
) -> None:
    """A script by the kind's own program; ChildProcessError with what it says if it fails."""
    name, package = _PROGRAMS[database.kind]
    program = shutil.which(name) or end_without("clients", f"{name} is not here: {package} has it")
    arguments = {"sqlite": _sqlite3, "postgresql": _psql, "mysql": _mariadb}[database.kind]
    with script.open("rb") as text:
        done = subprocess.run(
            [str(program), *options, *arguments(database, script)],
            stdin=text,
            capture_output=True,
            env={**os.environ, **_passwords(database.url), **(variables or {})},
            timeout=60,
            check=False,
        )
    if done.returncode != 0:
        raise ChildProcessError(done.stderr.decode("utf-8", "replace"))


def _psql(database: SeededDatabase, script: Path) -> list[str]:
    url = database.url._replace(drivername="postgresql", password=None)
    return ["-v", "ON_ERROR_STOP=1", "-f", str(script), url.render_as_string()]


def _mariadb(database: SeededDatabase, _: Path) -> list[str]:
    url = database.url
    place = ["-h", str(url.host), "-P", str(url.port or 3306), "-u", str(url.username)]
    return [*place, str(url.database)]


def _sqlite3(database: SeededDatabase, _: Path) -> list[str]:
    return ["-bail", str(database.url.database)]


def _passwords(url: URL) -> dict[str, str]:
    return {"PGPASSWORD": str(url.password), "MYSQL_PWD": str(url.password)} if url.password else {}


Runner = Callable[[SeededDatabase, Path], None]
RUNNERS: dict[str, Runner] = {
    "driver": by_driver,
    "sqlalchemy": by_sqlalchemy,
    "client": by_client,
    "client-reading": by_client_reading,
}
