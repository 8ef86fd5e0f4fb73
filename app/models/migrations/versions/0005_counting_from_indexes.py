"""Indexes that hold all that the contracts room and the indicators of a year count.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Contracts are wide: what a count reads from the table instead of an index costs a page each.
    op.drop_index("ix_contract_organisation_id_ends_on", table_name="contract")
    op.create_index(
        "ix_contract_counted",
        "contract",
        [
            "organisation_id",
            "ends_on",
            "status",
            "starts_on",
            "category",
            "terminated_on",
            "doctor_name",
            "team_id",
            "team_name",
            "signed_on",
            "resident_id",
            "id",
        ],
    )
    # Many contracts hold the same packages: by this index each text is read once a day of ending.
    op.create_index("ix_contract_agreed", "contract", ["ends_on", "packages"])
    op.create_index(
        "ix_contract_doctor", "contract", ["organisation_id", "doctor_name", "status", "ends_on"]
    )
    op.create_index(
        "ix_contract_pending",
        "contract",
        ["organisation_id", "ends_on"],
        sqlite_where=sa.text("status = '4'"),
    )
    op.drop_index("ix_contract_resident_id_status", table_name="contract")
    op.create_index(
        "ix_contract_resident_id_status",
        "contract",
        ["resident_id", "status", "category", "ends_on", "starts_on"],
    )
    op.create_index(
        "ix_contract_service_noted",
        "contract_service",
        ["served_on", "status", "contract_id", "service"],
    )
    op.drop_index("ix_assessment_organisation_id_scale", table_name="assessment")
    op.create_index(
        "ix_assessment_counted",
        "assessment",
        ["organisation_id", "scale", "assessed_on", "status", "resident_id", "reassess_on"],
    )
    # The lists of residents by village skip to any page of themselves without reading the records.
    op.drop_index("ix_resident_village_name", table_name="resident")
    op.create_index(
        "ix_resident_village_name",
        "resident",
        [
            "village",
            "name",
            "id",
            "organisation_id",
            "record_status",
            "birth_date",
            "responsible_doctor_id",
        ],
    )
