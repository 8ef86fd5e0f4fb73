"""Each text of packages once, and beside each contract which one it holds; managed diseases in an
index.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NOTE = """
    INSERT INTO agreed_packages (packages)
    SELECT new.packages
    WHERE NOT EXISTS (SELECT 1 FROM agreed_packages WHERE packages = new.packages);
    INSERT INTO agreed_contract (ends_on, contract_id, packages_id)
    SELECT new.ends_on, new.id, id FROM agreed_packages WHERE packages = new.packages;
"""
_FORGET = """
    DELETE FROM agreed_contract WHERE ends_on = old.ends_on AND contract_id = old.id;
"""


def upgrade() -> None:
    op.create_table(
        "agreed_packages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("packages", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreed_packages")),
        sa.UniqueConstraint("packages", name=op.f("uq_agreed_packages_packages")),
    )
    op.create_table(
        "agreed_contract",
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("contract_id", sa.String(length=36), nullable=False),
        sa.Column("packages_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["packages_id"],
            ["agreed_packages.id"],
            name=op.f("fk_agreed_contract_packages_id"),
        ),
        sa.PrimaryKeyConstraint("ends_on", "contract_id", name=op.f("pk_agreed_contract")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO agreed_packages (packages) SELECT DISTINCT packages FROM contract")
    op.execute(
        "INSERT INTO agreed_contract (ends_on, contract_id, packages_id)"
        " SELECT ends_on, contract.id, agreed_packages.id FROM contract"
        " JOIN agreed_packages ON agreed_packages.packages = contract.packages"
    )
    # It held every text once for each contract.
    op.drop_index("ix_contract_agreed", table_name="contract")
    op.execute(f"CREATE TRIGGER contract_signed AFTER INSERT ON contract BEGIN {_NOTE} END")
    op.execute(
        "CREATE TRIGGER contract_changed AFTER UPDATE OF id, ends_on, packages ON contract"
        f" BEGIN {_FORGET} {_NOTE} END"
    )
    op.execute(f"CREATE TRIGGER contract_removed AFTER DELETE ON contract BEGIN {_FORGET} END")
    op.create_index(
        "ix_condition_managed",
        "condition",
        [
            "organisation_id",
            "disease",
            "managed_since",
            "managed_until",
            "resident_id",
            "managed",
            "created_at",
        ],
        sqlite_where=sa.text("disease IS NOT NULL AND (managed = 1 OR managed_until IS NOT NULL)"),
    )
