"""Databases for the tests of live systems: a SQLite file always, servers where they are named."""

import uuid

import pytest
from sqlalchemy import create_engine, make_url, text

from penguin_compile.live.config.database import Database
from tests.requirements import database_url as server_url

_SERVERS = {
    "postgresql": ("PENGUIN_TEST_POSTGRES_URL", "postgresql+psycopg"),
    "mysql": ("PENGUIN_TEST_MYSQL_URL", "mysql+pymysql"),
}


@pytest.fixture(params=["sqlite", *_SERVERS])
def database_url(request, tmp_path):
    """A fresh, empty database of each kind; of SQLite not even the file is there."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/app.db"
        return
    variable, driver = _SERVERS[request.param]
    server = make_url(server_url(variable)).set(drivername=driver)
    name = f"penguin_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
    finally:
        engine.dispose()


@pytest.fixture
def database(database_url):
    """The same, as we open it."""
    database = Database(database_url)
    yield database
    database.close()
