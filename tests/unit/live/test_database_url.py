import pytest

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.live.config.database import Database
from penguin_compile.live.config.database_url import parse_url


@pytest.mark.parametrize(
    ("text", "driver", "shown"),
    [
        (
            "postgres://u:pw@db.internal/myapp",
            "postgresql+psycopg",
            "postgresql://db.internal/myapp",
        ),
        ("postgresql://u:pw@h:5433/a", "postgresql+psycopg", "postgresql://h:5433/a"),
        ("mariadb://u:p%40w@h/a?ssl_key=pw", "mysql+pymysql", "mysql://h/a"),
        ("mysql://u:pw@[::1]:3306/a", "mysql+pymysql", "mysql://[::1]:3306/a"),
        ("sqlite:///data/app.db?timeout=1", "sqlite+pysqlite", "sqlite:///data/app.db"),
    ],
)
def test_urls_of_other_tools_are_understood_and_shown_without_secrets(text, driver, shown):
    assert parse_url(text).drivername == driver
    assert Database(text).describe() == shown


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hunter2", "no database URL"),
        ("oracle://u:hunter2@h/a", "a kind of database that is not supported"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:///a.db?mode=ro&hunter2=1", "unknown option"),
    ],
)
def test_other_urls_are_refused_without_quoting_them(text, complaint):
    with pytest.raises(DatabaseFailure, match=complaint) as caught:
        Database(text)
    assert caught.value.hint
    assert "u:hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_two_ways_to_write_a_file_are_one_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = Database("sqlite:///data/../app.db")
    assert relative.is_same(Database(f"sqlite:///{tmp_path}/app.db"))
    assert not relative.is_same(Database("sqlite:///other.db"))
