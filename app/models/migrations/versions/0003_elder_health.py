"""Elder health, contracts and rosters: one function a group of tables.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Each group stands by itself; none changes a row that an earlier release wrote."""
    _printed_rounds()


def _printed_rounds() -> None:
    """Lists that were printed for a village round; they stay on the PC."""
    op.create_table(
        "paper_round",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("printed_at", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.Text(), nullable=True),
        sa.Column("visit_date", sa.Date(), nullable=True),
        sa.Column("mode", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_round")),
        sa.UniqueConstraint("number", name=op.f("uq_paper_round_number")),
    )
    op.create_table(
        "paper_slip",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("round_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("diseases", sa.JSON(), nullable=False),
        sa.Column("follow_up_id", sa.String(length=36), nullable=True),
        sa.Column("entered_at", sa.Text(), nullable=True),
        sa.Column("set_aside", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["round_id"], ["paper_round.id"], name=op.f("fk_paper_slip_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_paper_slip_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_slip")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_paper_slip_round_id_position")),
    )
    op.create_index(op.f("ix_paper_slip_resident_id"), "paper_slip", ["resident_id"], unique=False)
