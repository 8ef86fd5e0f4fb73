"""What reports read of visits, contracts and managed diseases stands ready for them.

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
_TOLD = """
    char(65 + 32 * (visit.mode NOT IN ('1', '2'))
        + 9 * (part.control_class IS NULL
            AND NOT (part.disease = 'type2_diabetes' AND visit.not_fasting_reason IS NOT NULL))
        + 3 * ifnull(part.uncontrolled != 0, 2)
        + CASE WHEN part.action = '1' THEN 0 WHEN part.action IS NULL THEN 2 ELSE 1 END)
"""
# Of one line: the part of a visit that was written (new) or was there before (old).
_OF_PART = """
    part.resident_id = {row}.resident_id AND part.disease = {row}.disease
    AND part.visit_date BETWEEN substr({row}.visit_date, 1, 4) || '-01-01'
        AND substr({row}.visit_date, 1, 4) || '-12-31'
"""
# Of the lines of all diseases that one visit was for.
_LINES_OF_VISIT = """
    SELECT DISTINCT disease, substr(visit_date, 1, 4) AS year, resident_id
    FROM follow_up_disease WHERE follow_up_id = new.id
"""
_OF_VISIT = """
    part.id IN (
        SELECT beside.id FROM follow_up_disease AS own
        CROSS JOIN follow_up_disease AS beside ON beside.resident_id = own.resident_id
            AND beside.disease = own.disease
            AND beside.visit_date BETWEEN substr(own.visit_date, 1, 4) || '-01-01'
                AND substr(own.visit_date, 1, 4) || '-12-31'
        WHERE own.follow_up_id = new.id
    )
"""
# Tells the lines of some visits' parts anew.
_TELL = """
    INSERT INTO visit_year (disease, year, resident_id, visits)
    SELECT part.disease, substr(part.visit_date, 1, 4), part.resident_id, group_concat(
        part.visit_date || {told}, ',' ORDER BY part.visit_date, part.follow_up_id, part.id
    )
    FROM follow_up_disease AS part CROSS JOIN follow_up AS visit ON visit.id = part.follow_up_id
    WHERE {which} AND visit.status != 'entered_in_error'
    GROUP BY part.disease, substr(part.visit_date, 1, 4), part.resident_id;
"""


def _anew(row: str) -> str:
    forget = """
        DELETE FROM visit_year WHERE disease = {row}.disease
        AND year = substr({row}.visit_date, 1, 4) AND resident_id = {row}.resident_id;
    """
    return forget.format(row=row) + _TELL.format(told=_TOLD, which=_OF_PART.format(row=row))


_VISIT_ANEW = (
    f"DELETE FROM visit_year WHERE (disease, year, resident_id) IN ({_LINES_OF_VISIT});"  # noqa: S608
    + _TELL.format(told=_TOLD, which=_OF_VISIT)
)


def upgrade() -> None:
    _lines_of_visits()
    _agreed_packages()
    _managed_diseases()


def _agreed_packages() -> None:
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


def _managed_diseases() -> None:
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


def _lines_of_visits() -> None:
    op.create_table(
        "visit_year",
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("year", sa.String(length=4), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("visits", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("disease", "year", "resident_id", name=op.f("pk_visit_year")),
        sqlite_with_rowid=False,
    )
    # The wide rows are read in the order in which they lie, and sorted afterwards.
    op.execute(
        _TELL.format(told=_TOLD, which="1").replace(
            "follow_up_disease AS part CROSS JOIN follow_up AS visit",
            "follow_up AS visit CROSS JOIN follow_up_disease AS part",
        )
    )
    # What held every visit once more, so that reports need not read the wide rows.
    op.drop_index("ix_follow_up_disease_counted", table_name="follow_up_disease")
    op.drop_index("ix_follow_up_counted", table_name="follow_up")
    for words in (
        f"CREATE TRIGGER visit_part_written AFTER INSERT ON follow_up_disease"
        f" BEGIN {_anew('new')} END",
        "CREATE TRIGGER visit_part_changed AFTER UPDATE OF follow_up_id, resident_id, visit_date,"
        " disease, control_class, uncontrolled, action ON follow_up_disease"
        f" BEGIN {_anew('old')} {_anew('new')} END",
        f"CREATE TRIGGER visit_part_removed AFTER DELETE ON follow_up_disease"
        f" BEGIN {_anew('old')} END",
        "CREATE TRIGGER visit_changed AFTER UPDATE OF status, mode, not_fasting_reason ON follow_up"
        " WHEN old.status IS NOT new.status OR old.mode IS NOT new.mode"
        " OR old.not_fasting_reason IS NOT new.not_fasting_reason"
        f" BEGIN {_VISIT_ANEW} END",
    ):
        op.execute(words)
