"""What every test shares: the terminal of a test is no one's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests import postgres_server

pytest_plugins = ["penguin_compile.testing"]

settings.register_profile("unhurried", deadline=None)  # a busy machine is no counterexample
if "CI" not in os.environ:  # there, Hypothesis has a profile of its own
    settings.load_profile("unhurried")


_ROOT = Path(__file__).parent
_WITH_SERVERS = {"console", "examples", "faults", "live", "runtime"}
_WITH_PROGRAMS = {"consumers", "editor", "mermaid", "typescript"}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Servers and other programs take their time: `make test-fast` is without them."""
    if item.path.relative_to(_ROOT).parts[0] in _WITH_SERVERS | _WITH_PROGRAMS:
        item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def _plain_terminal() -> None:
    """Colours and width of whoever runs the tests play no part."""
    for name in [one for one in os.environ if one.startswith("PENGUIN_COMPILE_")]:
        del os.environ[name]
    os.environ["COLUMNS"] = "100"
    os.environ.pop("NO_COLOR", None)


def pytest_configure(config: pytest.Config) -> None:
    """A server that tests start is the whole run's: it ends with the process that began it."""
    if postgres_server.begin_run():
        config.add_cleanup(postgres_server.end_run)
