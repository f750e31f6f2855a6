"""A database of each kind for the artifacts that a database reads."""

import pytest

from tests.consumers.seeded_database import SeededDatabase
from tests.databases import KINDS, fresh_database

# the scripts must not lean on the server's default
_OPTIONS = {"mysql": "CHARACTER SET latin1"}


@pytest.fixture(params=KINDS)
def database(request, tmp_path):
    folder = tmp_path / "with space"
    folder.mkdir()
    with fresh_database(request.param, tmp_path, _OPTIONS.get(request.param, "")) as url:
        yield SeededDatabase(kind=request.param, url=url, folder=folder)
