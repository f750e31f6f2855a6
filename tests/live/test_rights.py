"""What a server says of itself and of its user's rights, on each that is here."""

import re
import uuid

import pytest
from sqlalchemy import create_engine, make_url, text

from penguin_compile.core.pointer import format_dotted
from penguin_compile.core.resolver import Resolver
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.rights import find_server, find_table_rights, may_create_tables
from penguin_compile.live.marchproxy.manners import Manners
from penguin_compile.sync.diagnosis import diagnose
from penguin_compile.sync.diagnosis.check import Examination, Level
from penguin_compile.sync.state import State
from tests.models import read_app

SPEC = """
penguin: 1
app: {{name: myapp, version: "1.0"}}
config:
  theme: {{default: light, description: Colours}}
environments:
  default: {{database: {{url: "{url}"}}}}
"""
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def run(url, *statements):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for one in statements:
            connection.execute(text(one))
    engine.dispose()


with_users = pytest.mark.parametrize("database_url", ["postgresql", "mysql"], indirect=True)


@pytest.fixture
def reader(database_url):
    """The URL of a user who may read the config table and no more."""
    url = make_url(database_url)
    run(database_url, "CREATE TABLE config (config_key VARCHAR(50), config_value VARCHAR(50))")
    name = f"penguin_{uuid.uuid4().hex[:12]}"
    own = url.set(username=name, password="reader").render_as_string(hide_password=False)
    if url.get_backend_name() == "postgresql":
        run(
            database_url,
            f"CREATE ROLE {name} LOGIN PASSWORD 'reader'",
            f"GRANT SELECT ON config TO {name}",
        )
        # What every user of an older server may do, the one before 15.
        run(database_url, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield own
        run(database_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    else:
        who = f"'{name}'@'%'"
        run(
            database_url,
            f"CREATE USER {who} IDENTIFIED BY 'reader'",
            f"GRANT SELECT ON {url.database}.config TO {who}",
        )
        yield own
        run(database_url, f"DROP USER {who}")


def look(url):
    database = Database(url)
    try:
        with database.reading("testing") as connection:
            server = find_server(connection)
            rights = find_table_rights(connection, "config")
            return server, rights, may_create_tables(connection)
    finally:
        database.close()


def test_an_owner_may_do_everything(database_url):
    run(database_url, "CREATE TABLE config (config_key VARCHAR(50))")
    server, rights, create = look(database_url)
    assert server.name == NAMES.get(database_url.split("+")[0].split(":")[0], server.name)
    assert re.fullmatch(r"\d+(\.\d+)+", server.version)
    assert (server.supported, server.read_only) == (True, None)
    assert (rights.read, rights.write, create) == (True, True, True)


@with_users
def test_a_reader_is_told_what_he_can_do(reader):
    _, rights, create = look(reader)
    assert (rights.read, rights.write, create) == (True, False, False)
    mapping = "outputs: {sql: {columns: {config_type: null, category: null, description: null, "
    mapping += "is_sensitive: null, last_updated: null, updated_by: null, created_at: null}}}\n"
    with Resolver() as resolve:
        examination = Examination(
            app=read_app(SPEC.format(url=reader) + mapping),
            resolve=resolve,
            manners=Manners(),
            locate=format_dotted,
        )
        checks = list(diagnose(examination))
    problems = {one.subject: one for one in checks if one.level is Level.PROBLEM}
    assert set(problems) == {"rights", "state"}
    assert "plan and drift work, apply doesn't" in problems["rights"].text
    assert "state: {url:" in problems["state"].advice


@with_users
def test_a_reader_can_plan(reader):
    database = Database(reader)
    assert State(database, "myapp", "default").bases() == {}
    database.close()
