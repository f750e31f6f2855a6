"""A user's folder, as the tests of the commands have it."""

from tests.cli.conftest import penguin, sandbox, shop

__all__ = ["penguin", "sandbox", "shop"]
