"""Database URLs with the standard library alone: the spellings that the compiler understands.

First step of a connection. SQLAlchemy, which the compiler uses, is not there in an app; a test
holds both to the same reading. No message holds a URL: it may hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from penguin_compile.core.errors import DatabaseFailure

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
MYSQL: Final = "mysql"
_DIALECTS: Final = {
    "sqlite": SQLITE,
    "postgres": POSTGRESQL,
    "postgresql": POSTGRESQL,
    "mysql": MYSQL,
    "mariadb": MYSQL,
}
_HINT: Final = "such as sqlite:///data/app.db or postgresql://user@host/app"
# Source: sqlalchemy.engine.url, whose reading of odd passwords and hosts has to be ours.
_FORM: Final = re.compile(
    r"(?P<name>[\w+]+)://"
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:(?:\[(?P<ipv6>[^/?]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?)?"
    r"(?:/(?P<database>[^?]*))?"
    r"(?:\?(?P<query>.*))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """A URL in its parts, percent signs decoded; what isn't stated is None."""

    dialect: str
    user: str | None
    password: str | None = field(repr=False)
    host: str | None
    port: int | None
    database: str | None
    query: Mapping[str, str] = field(repr=False)

    def describe(self) -> str:
        """As a person may see it: no user, no password, no options."""
        host = f"[{self.host}]" if ":" in (self.host or "") else self.host or ""
        port = f":{self.port}" if self.port else ""
        return f"{self.dialect}://{host}{port}/{self.database or ''}"


def parse_url(text: str) -> DatabaseUrl:
    """DatabaseFailure where the text is no URL of a database that we speak to."""
    found = _FORM.match(text)
    if found is None:
        raise DatabaseFailure("this is no database URL", hint=_HINT)
    dialect = _DIALECTS.get(found["name"].partition("+")[0])
    if dialect is None:
        raise DatabaseFailure(
            "the database URL names a kind of database that is not supported",
            hint="there are: sqlite, postgresql, mysql, mariadb",
        )
    try:
        port = int(found["port"]) if found["port"] else None
    except ValueError:
        raise DatabaseFailure("this is no database URL", hint=_HINT) from None
    url = DatabaseUrl(
        dialect=dialect,
        user=_decoded(found["user"]),
        password=_decoded(found["password"]),
        host=found["host"] or found["ipv6"],
        port=port,
        database=_decoded(found["database"]),
        query=_query(found["query"] or ""),
    )
    return _check_sqlite(url) if dialect == SQLITE else url


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _query(text: str) -> dict[str, str]:
    """Options; several hosts become a list with commas, as libpq has it."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(text):
        options[name] = f"{options[name]},{value}" if name in options else value
    return options


def _check_sqlite(url: DatabaseUrl) -> DatabaseUrl:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise DatabaseFailure(
            "a SQLite database must be a file here: one in memory has no table of settings",
            hint="relative: sqlite:///data/app.db, absolute: sqlite:////srv/app.db",
        )
    unknown = sorted(set(url.query) - {"timeout"})
    if unknown:
        raise DatabaseFailure(
            f"{url.describe()}: unknown option {', '.join(unknown)}",
            hint="SQLite URLs take timeout=SECONDS alone",
        )
    return url
