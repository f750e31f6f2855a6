"""The first state tables: ledger, revisions and their outcomes, audit, lock, meta.

Revision ID: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import LONGTEXT

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

# MySQL commits at every DDL: a run killed between two of them begins again at the first.
# Binary collation: an address, like a value, is what it is, letter by letter.
OPTIONS: dict[str, Any] = {
    "if_not_exists": True,
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "penguin_meta",
        *_place(),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.String(255), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "penguin_ledger",
        *_place(),
        sa.Column("address", sa.String(300), primary_key=True),
        sa.Column("fields", _long_text(), nullable=False),
        sa.Column("manage", sa.String(16), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.String(64)),
        sa.Column("revision", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    _create_history()
    op.create_table(
        "penguin_lock",
        *_place(),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("lock_id", sa.String(36)),
        sa.Column("holder", sa.String(255)),
        sa.Column("host", sa.String(255)),
        sa.Column("machine", sa.String(128)),
        sa.Column("process", sa.Integer()),
        sa.Column("process_start", sa.String(32)),
        sa.Column("started_at", sa.String(32)),
        sa.Column("expires_at", sa.Double()),
        **OPTIONS,
    )


def _create_history() -> None:
    op.create_table(
        "penguin_revision",
        *_place(),
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("tool_version", sa.String(64), nullable=False),
        sa.Column("git_commit", sa.String(64)),
        sa.Column("spec_digest", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("plan", _long_text()),
        **OPTIONS,
    )
    op.create_table(
        "penguin_outcome",
        *_place(),
        sa.Column("revision", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("address", sa.String(300), primary_key=True),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("at", sa.String(32), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "penguin_audit",
        *_place(),
        sa.Column("address", sa.String(300), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer()),
        sa.Column("before", _long_text()),
        sa.Column("after", _long_text()),
        **OPTIONS,
    )


def _place() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("app", sa.String(64), primary_key=True),
        sa.Column("environment", sa.String(64), primary_key=True),
    )


def _long_text() -> sa.types.TypeEngine[str]:
    return sa.Text().with_variant(LONGTEXT(), "mysql", "mariadb")
