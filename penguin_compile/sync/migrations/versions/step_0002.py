"""What rollback needs: entries of the ledger that were replaced, and what a revision was for.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

from penguin_compile.sync.migrations.versions.step_0001 import OPTIONS

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table and the column; note from which revision on the past is known."""
    op.create_table(
        "penguin_past",
        sa.Column("app", sa.String(64), primary_key=True),
        sa.Column("environment", sa.String(64), primary_key=True),
        sa.Column("address", sa.String(300), primary_key=True),
        sa.Column("replaced", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb"), nullable=False),
        sa.Column("manage", sa.String(16), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        **OPTIONS,
    )
    # MySQL commits at every DDL: a run killed before the version was noted comes here again.
    columns = {one["name"] for one in sa.inspect(op.get_bind()).get_columns("penguin_revision")}
    if "note" not in columns:
        op.add_column("penguin_revision", sa.Column("note", sa.String(255)))
    _note_where_the_past_begins()


def _note_where_the_past_begins() -> None:
    """Entries that were replaced before this step are gone: no rollback to before its newest."""
    names = ("app", "environment", "name", "value")
    meta = sa.table("penguin_meta", *(sa.column(one) for one in names))
    revisions = sa.table("penguin_revision", *(sa.column(one) for one in (*names[:2], "id")))
    op.execute(meta.delete().where(meta.c.name == "past_since"))
    newest = sa.select(
        revisions.c.app,
        revisions.c.environment,
        sa.literal_column("'past_since'"),
        sa.cast(sa.func.max(revisions.c.id), sa.String(12)),
    ).group_by(revisions.c.app, revisions.c.environment)
    op.execute(meta.insert().from_select(names, newest))
