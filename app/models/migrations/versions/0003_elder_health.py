"""Elder health, contracts and rosters: one function a group of tables.

Revision ID: 0003
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each group stands by itself; none changes a row that an earlier release wrote."""
