"""A shop in a database of each kind, just before the apply that things go wrong with."""

from __future__ import annotations

import pytest

from tests.databases import KINDS, fresh_database
from tests.faults.shop import APPLY, BEFORE, Shop


def make_ready(folder, url):
    """A shop that has lived through a day, and waits for its second apply."""
    shop = Shop(folder, url)
    shop.write(BEFORE)
    first = shop.run(*APPLY)
    assert first.code == 0, first.err
    shop.live_through_a_day()
    return shop


@pytest.fixture(params=KINDS)
def shop(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        yield make_ready(tmp_path, url.render_as_string(hide_password=False))


@pytest.fixture(scope="session")
def wanted(tmp_path_factory):
    """All that stands there after an apply that nothing happened to; alike on every database."""
    folder = tmp_path_factory.mktemp("wanted")
    shop = make_ready(folder, f"sqlite:///{folder}/app.db")
    done = shop.run(*APPLY)
    assert done.code == 0, done.err
    return shop.everything()
