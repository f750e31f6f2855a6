"""Migrations of the state tables, run by Alembic on a connection of `sync/state.py`."""
