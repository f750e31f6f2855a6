"""Fresh, empty databases of each kind: a SQLite file always, servers where they are named."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url
from sqlalchemy.engine import URL

from tests.requirements import database_url

SERVERS = {
    "postgresql": ("PENGUIN_TEST_POSTGRES_URL", "postgresql+psycopg"),
    "mysql": ("PENGUIN_TEST_MYSQL_URL", "mysql+pymysql"),
}
KINDS = ("sqlite", *SERVERS)


@contextmanager
def fresh_database(kind: str, folder: Path, options: str = "") -> Iterator[URL]:
    """A database for one test alone, as SQLAlchemy names it; of SQLite not even the file is there.

    `options` end a server's CREATE DATABASE.
    """
    if kind == "sqlite":
        yield make_url(f"sqlite:///{folder}/app.db")
        return
    variable, driver = SERVERS[kind]
    server = make_url(database_url(variable)).set(drivername=driver)
    name = f"penguin_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} {options}")
        try:
            yield server.set(database=name)
        finally:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            with engine.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
    finally:
        engine.dispose()
