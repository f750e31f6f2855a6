"""The library's reading of database URLs beside SQLAlchemy's, which the compiler uses."""

import pytest
import sqlalchemy

from penguin_compile.core.errors import DatabaseFailure
from penguin_compile.live.config import database_url as compilers
from penguin_compile.runtime.database_url import parse_url

URLS = [
    "postgres://u:pw@db.internal/myapp",
    "postgresql+psycopg2://u:p%40w@h:5433/a?sslmode=prefer&connect_timeout=5",
    "postgresql://:@/a?host=/var/run/postgresql",
    "postgresql:///a",
    "postgresql://h",
    "postgresql+psycopg://u@h/with%20space",
    "mariadb://u:p:w@[::1]:3306/a-b?ssl_ca=/etc/ca.pem&charset=utf8mb4",
    "mysql+mysqldb://u:p%2Fw@h/a",
    "sqlite:///data/app.db?timeout=1",
    "sqlite:////srv/q%3Fx.db",
]


@pytest.mark.parametrize("text", URLS)
def test_both_read_the_same(text):
    if "%" in text.rpartition("/")[2] and sqlalchemy.__version__ < "2.1":
        pytest.skip("SQLAlchemy 2.0 takes a database's name as it stands in the URL")
    ours, theirs = parse_url(text), compilers.parse_url(text)
    assert ours.dialect == theirs.drivername.partition("+")[0]
    assert (ours.user, ours.host, ours.port, ours.database) == (
        *(theirs.username, theirs.host, theirs.port, theirs.database),
    )
    assert ours.password == (None if theirs.password is None else str(theirs.password))
    assert ours.query == dict(theirs.query)
    assert ours.describe() == compilers.describe_url(theirs)
    assert "pw" not in repr(ours)


@pytest.mark.parametrize(
    "text",
    [
        *("hunter2", "oracle://u:hunter2@h/a", "sqlite://", "sqlite:///:memory:"),
        *("sqlite:///a.db?mode=ro&hunter2=1", "postgresql://u:hunter2@h:x/a"),
    ],
)
def test_both_refuse_the_same_without_quoting_it(text):
    with pytest.raises(DatabaseFailure) as caught:
        parse_url(text)
    with pytest.raises(DatabaseFailure):
        compilers.parse_url(text)
    assert "u:hunter2" not in f"{caught.value.message} {caught.value.hint}"
