"""Consoles for tests, on a database of each kind or on SQLite alone."""

import pytest

from tests.console.consoles import KEYS, SECRET, apply_spec, running, write_spec
from tests.databases import KINDS, fresh_database


def pytest_itemcollected(item: pytest.Item) -> None:
    """They listen and wait: `make test-fast` is without them."""
    item.add_marker(pytest.mark.slow)


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A folder of its own, and keys for what is sealed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENGUIN_CONFIG_KEYS", KEYS)
    monkeypatch.setenv("SHOP_API_KEY", SECRET)
    monkeypatch.setenv("SHOP_DATABASE", "")


@pytest.fixture(params=KINDS)
def everywhere(request, tmp_path, surroundings):
    """A console over an applied spec, on each kind of database."""
    with fresh_database(request.param, tmp_path) as url:
        spec = write_spec(tmp_path, url.render_as_string(hide_password=False))
        apply_spec(spec)
        with running(spec, tmp_path) as console:
            yield console


@pytest.fixture
def applied(tmp_path, surroundings):
    """An applied spec, on SQLite."""
    spec = write_spec(tmp_path, f"sqlite:///{tmp_path}/app.db")
    apply_spec(spec)
    return spec


@pytest.fixture
def console(applied, tmp_path):
    """The same, served."""
    with running(applied, tmp_path) as console:
        yield console


@pytest.fixture
def local(applied, tmp_path):
    """The same with a local admin."""
    with running(applied, tmp_path, local=True) as console:
        yield console
