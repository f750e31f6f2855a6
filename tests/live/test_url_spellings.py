"""Every way in which people write a database's URL, before a real server."""

import pytest
from sqlalchemy import make_url

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.live.config.database import Database
from tests.databases import fresh_database

SPELLINGS = {
    "postgresql": ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"],
    "mysql": ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql", "mysql+mysqldb"],
}


def answer(url, options=""):
    database = Database(url + options)
    try:
        with database.reading("testing") as connection:
            return connection.exec_driver_sql("SELECT 1").scalar_one()
    finally:
        database.close()


@pytest.mark.parametrize("kind", SPELLINGS)
def test_every_spelling_of_a_scheme_and_its_options(kind, tmp_path):
    with fresh_database(kind, tmp_path) as url:
        plain = url.set(drivername="x").render_as_string(hide_password=False)
        for scheme in SPELLINGS[kind]:
            assert answer(f"{scheme}{plain[1:]}") == 1
        option = "?sslmode=prefer&connect_timeout=5" if kind == "postgresql" else "?charset=utf8mb4"
        assert answer(f"{SPELLINGS[kind][0]}{plain[1:]}", option) == 1
        with pytest.raises(DatabaseFailure, match="nonsense") as caught:
            answer(f"{SPELLINGS[kind][0]}{plain[1:]}", "?nonsense=1")
        assert caught.value.hint


@pytest.mark.parametrize("kind", SPELLINGS)
def test_a_password_of_every_sign_and_a_database_with_a_hyphen(kind, tmp_path):
    with fresh_database(kind, tmp_path) as url:
        server = Database(url.render_as_string(hide_password=False))
        name = f"{str(url.database)[:20]}-my-app"
        quoted = f'"{name}"' if kind == "postgresql" else f"`{name}`"
        user = str(url.database)[-12:]
        password = "p@s:s/w%rd#?&+ =[]"
        literal = password.replace("%", "%%")
        engine = server._writer.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            run = connection.exec_driver_sql
            run(f"CREATE DATABASE {quoted}")
            try:
                if kind == "postgresql":
                    run(f"CREATE ROLE \"{user}\" LOGIN PASSWORD '{literal}'")
                else:
                    run(f"CREATE USER '{user}'@'%%' IDENTIFIED BY '{literal}'")
                    run(f"GRANT ALL ON {quoted}.* TO '{user}'@'%%'")
                other = make_url(url).set(database=name, username=user, password=password)
                assert answer(other.render_as_string(hide_password=False)) == 1
                assert name in Database(str(other)).describe()
            finally:
                run(f"DROP DATABASE {quoted}" + (" WITH (FORCE)" if kind == "postgresql" else ""))
                role = f'ROLE "{user}"' if kind == "postgresql" else f"USER '{user}'@'%%'"
                run(f"DROP {role}")
        server.close()


@pytest.mark.parametrize("name", ["with space/app.db", "a%20b.db", "ü🐧.db", "q?x#.db"])
def test_files_of_every_name(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    absolute = f"sqlite:///{tmp_path}/{name}".replace("?", "%3F")
    for spelling in (f"sqlite:///{name}".replace("?", "%3F"), absolute):
        database = Database(spelling)
        with database.writing("testing") as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS t (a)")
        database.close()
    assert [one for one in tmp_path.rglob("*.db") if one.is_file()]
    assert Database(absolute).is_same(Database(spelling))
