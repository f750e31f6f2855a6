"""The settings of a running app: typed, from database, environment and defaults."""

from __future__ import annotations


class Settings:
    """The values that a running app sees."""


def open_settings() -> Settings:
    """Settings of the app whose compiled manifest is given."""
    raise NotImplementedError
