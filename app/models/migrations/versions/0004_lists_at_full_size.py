"""Indexes for the lists of a store with 50,000 residents and five years of visits.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nearly everybody is active: whoever looked a few residents up by id and asked for the active
    # ones was sent through all of them. Asked for are only those that are not.
    op.drop_index("ix_resident_record_status", table_name="resident")
    op.create_index(
        "ix_resident_ended",
        "resident",
        ["village", "name"],
        sqlite_where=sa.text("record_status <> 'active'"),
    )
    op.create_index(
        "ix_due_item_kind",
        "due_item",
        ["organisation_id", "kind", "due_on", "resident_id", "urgent"],
    )
