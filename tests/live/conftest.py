"""Databases for the tests of live systems, of every kind there is."""

import pytest

from penguin_compile.live.config.database import Database
from tests.databases import EMBEDDED, KINDS, fresh_database
from tests.live.gateway_shop import gateway, penguin, spec

__all__ = ["gateway", "penguin", "spec"]  # fixtures of every suite of gateways


@pytest.fixture(params=(*KINDS, *EMBEDDED))
def database_url(request, tmp_path):
    """A fresh, empty database of each kind; of SQLite not even the file is there."""
    with fresh_database(request.param, tmp_path) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture
def database(database_url):
    """The same, as we open it."""
    database = Database(database_url)
    yield database
    database.close()
