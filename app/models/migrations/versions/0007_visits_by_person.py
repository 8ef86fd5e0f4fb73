"""The index of the visits that indicators count holds together what one person had in one year.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # By day, every visit had to be put to its person one by one, in Python.
    op.drop_index("ix_follow_up_disease_counted", table_name="follow_up_disease")
    op.create_index(
        "ix_follow_up_disease_counted",
        "follow_up_disease",
        [
            sa.text("substr(visit_date, 1, 4)"),
            "disease",
            "resident_id",
            "visit_date",
            "follow_up_id",
            sa.text(
                "char(65 + 9 * (control_class IS NULL) + 3 * ifnull(uncontrolled != 0, 2)"
                " + CASE WHEN action = '1' THEN 0 WHEN action IS NULL THEN 2 ELSE 1 END)"
            ),
        ],
    )
