"""Alembic's entry: migrates inside the transaction that the caller has open."""

from __future__ import annotations

from alembic import context

from penguin_compile.sync.state_tables import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
