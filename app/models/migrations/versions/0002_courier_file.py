"""Rows of the outbox know in which courier file they last left.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a batch: copying the table would forget its AUTOINCREMENT counter.
    op.add_column("outbox", sa.Column("courier", sa.Integer(), nullable=True))
