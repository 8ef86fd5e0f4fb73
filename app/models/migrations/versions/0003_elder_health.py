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
    _contracts()
    _rosters()
    _clinical_settings()
    _copd()
    _bp_screening()
    _health_checks()
    _printed_rounds()
    _assessments()
    _resident_record()
    _indicators()


def _indicators() -> None:
    """What indicators read of everybody and of every visit, without the wide rows."""
    op.create_index(
        "ix_resident_counted",
        "resident",
        [
            "organisation_id",
            "record_status",
            "record_status_on",
            "birth_date",
            "village",
            "responsible_doctor_id",
            "merged_into_id",
            "id",
        ],
        unique=False,
    )
    op.create_index(
        "ix_follow_up_counted", "follow_up", ["visit_date", "status", "mode", "id"], unique=False
    )
    op.create_index(
        "ix_follow_up_disease_counted",
        "follow_up_disease",
        [
            "visit_date",
            "disease",
            "follow_up_id",
            "resident_id",
            "control_class",
            "uncontrolled",
            "action",
        ],
        unique=False,
    )


def _assessments() -> None:
    """Assessments by scales: one row is one filled-in questionnaire."""
    op.create_table(
        "assessment",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("answers", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("total", sa.Double(), nullable=True),
        sa.Column("level", sa.String(), nullable=True),
        sa.Column("preliminary_level", sa.String(), nullable=True),
        sa.Column("level_reason", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("performer_id", sa.String(), nullable=False),
        sa.Column("performer_name", sa.String(), nullable=False),
        sa.Column("second_assessor", sa.String(), nullable=True),
        sa.Column("informant", sa.String(), nullable=True),
        sa.Column("informant_relation", sa.String(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("reassess_on", sa.Date(), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("supersedes_id", sa.String(), nullable=True),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_assessment_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
    )
    op.create_index(
        "ix_assessment_resident_id_scale",
        "assessment",
        ["resident_id", "scale", "assessed_on"],
        unique=False,
    )
    op.create_index(
        "ix_assessment_organisation_id_scale",
        "assessment",
        ["organisation_id", "scale", "assessed_on"],
        unique=False,
    )


def _health_checks() -> None:
    """The annual health check: one row a check."""
    op.create_table(
        "health_check",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("check_date", sa.Date(), nullable=False),
        sa.Column("doctor_name", sa.String(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("pulse", sa.Integer(), nullable=True),
        sa.Column("respiration", sa.Integer(), nullable=True),
        sa.Column("sbp_left", sa.Integer(), nullable=True),
        sa.Column("dbp_left", sa.Integer(), nullable=True),
        sa.Column("sbp_right", sa.Integer(), nullable=True),
        sa.Column("dbp_right", sa.Integer(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("waist", sa.Double(), nullable=True),
        sa.Column("bmi", sa.Double(), nullable=True),
        sa.Column("fpg", sa.Double(), nullable=True),
        sa.Column("hba1c", sa.Double(), nullable=True),
        sa.Column("conclusion", sa.String(), nullable=True),
        sa.Column("guidance", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("not_measured", sa.JSON(), nullable=False),
        sa.Column("assessments", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("concluded_by", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("supersedes_id", sa.String(), nullable=True),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_health_check_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_check")),
    )
    op.create_index(
        "ix_health_check_year",
        "health_check",
        ["check_date", "status", "conclusion", "resident_id", "organisation_id", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_health_check_resident_id_check_date"),
        "health_check",
        ["resident_id", "check_date"],
        unique=False,
    )


def _printed_rounds() -> None:
    """Lists that were printed for a village round; they stay on the PC. Indexes of the lists."""
    op.create_index(
        "ix_resident_place", "resident", ["village", "responsible_doctor_id", "id"], unique=False
    )
    op.create_index(
        "ix_due_item_person",
        "due_item",
        ["organisation_id", "resident_id", "due_on", "kind"],
        unique=False,
    )
    op.create_table(
        "paper_round",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
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


def _clinical_settings() -> None:
    """Each version of an organisation's clinical settings."""
    op.create_table(
        "clinical_settings",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        *_syncable(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinical_settings")),
    )
    op.create_index(
        "ix_clinical_settings_organisation_id_version",
        "clinical_settings",
        ["organisation_id", "version"],
        unique=False,
    )


def _copd() -> None:
    """A follow-up visit may serve COPD too."""
    for column in (
        sa.Column("respiration", sa.Integer(), nullable=True),
        sa.Column("spo2", sa.Integer(), nullable=True),
        sa.Column("fev1", sa.Double(), nullable=True),
        sa.Column("fvc", sa.Double(), nullable=True),
        sa.Column("fev1_fvc", sa.Double(), nullable=True),
        sa.Column("mmrc", sa.String(), nullable=True),
        sa.Column("cat", sa.Integer(), nullable=True),
        sa.Column("copd_control", sa.String(), nullable=True),
        sa.Column("copd", sa.JSON(), server_default="{}", nullable=False),
    ):
        op.add_column("follow_up", column)


def _bp_screening() -> None:
    """Blood pressure of residents who are not known to have hypertension."""
    op.create_table(
        "bp_screening",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("bp_source", sa.String(), nullable=True),
        sa.Column("sbp", sa.Integer(), nullable=True),
        sa.Column("dbp", sa.Integer(), nullable=True),
        sa.Column("not_measured", sa.String(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("waist", sa.Double(), nullable=True),
        sa.Column("bmi", sa.Double(), nullable=True),
        sa.Column("risk_answers", sa.JSON(), nullable=False),
        sa.Column("risk_factors", sa.JSON(), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("raised_days", sa.Integer(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("outcome_reason", sa.String(), nullable=True),
        sa.Column("performer_name", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("rule_version", sa.String(), nullable=False),
        *_syncable(),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_bp_screening_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bp_screening")),
    )
    op.create_index(
        "ix_bp_screening_resident_id_measured_on",
        "bp_screening",
        ["resident_id", "measured_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_bp_screening_measured_on"), "bp_screening", ["measured_on"], unique=False
    )


def _syncable() -> list[sa.Column[object]]:
    """The columns of every record that travels."""
    return [
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
    ]


def _resident_record() -> None:
    """Merging that can be undone, consents, blocks of record numbers, computed tags."""
    for name in ("record_status_note", "status_before_merge"):
        op.add_column("resident", sa.Column(name, sa.String(), nullable=True))
    op.add_column(
        "resident",
        sa.Column("distinct_from", sa.JSON(), nullable=False, server_default="[]"),
    )
    op.create_index(
        "ix_resident_merged_into_id",
        "resident",
        ["merged_into_id"],
        sqlite_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index("ix_resident_name_phone", "resident", ["name", "phone"])
    op.create_table(
        "consent",
        *_syncable(),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("signer_relation", sa.String(), nullable=True),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("evidence_place", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_consent_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_resident_id_type", "consent", ["resident_id", "type"])
    op.create_table(
        "number_block",
        *_syncable(),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("pc_id", sa.String(length=36), nullable=False),
        sa.Column("pc_name", sa.String(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_block")),
    )
    op.create_index(op.f("ix_number_block_prefix"), "number_block", ["prefix"])
    op.create_table(
        "number_counter",
        sa.Column("block_id", sa.String(length=36), nullable=False),
        sa.Column("next_serial", sa.Integer(), nullable=False),
        sa.Column("restored_at", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["block_id"], ["number_block.id"], name=op.f("fk_number_counter_block_id")
        ),
        sa.PrimaryKeyConstraint("block_id", name=op.f("pk_number_counter")),
    )
    op.create_table(
        "population_tag",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("computed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id", "tag", name=op.f("pk_population_tag")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_population_tag_tag_resident_id", "population_tag", ["tag", "resident_id"])


def _contracts() -> None:
    """Teams, service packages, contracts and the services noted by hand."""
    op.create_table(
        "care_team",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("leader_id", sa.String(), nullable=True),
        sa.Column("leader_name", sa.String(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("villages", sa.JSON(), nullable=False),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_team")),
    )
    op.create_table(
        "service_package",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("price", sa.Double(), nullable=False),
        sa.Column("payers", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_package")),
    )
    op.create_index(
        op.f("ix_service_package_code_version"),
        "service_package",
        ["code", "version"],
        unique=False,
    )
    op.create_table(
        "contract",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("contract_no", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("population_flags", sa.JSON(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("team_name", sa.String(), nullable=False),
        sa.Column("doctor_id", sa.String(), nullable=True),
        sa.Column("doctor_name", sa.String(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("term_years", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("packages", sa.JSON(), nullable=False),
        sa.Column("charged", sa.Boolean(), nullable=False),
        sa.Column("payers", sa.JSON(), nullable=False),
        sa.Column("read_to_resident", sa.Boolean(), nullable=False),
        sa.Column("signer_name", sa.String(), nullable=False),
        sa.Column("signer_relation", sa.String(), nullable=False),
        sa.Column("renewed_from_id", sa.String(), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("termination_reason", sa.String(), nullable=True),
        sa.Column("termination_text", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_contract_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    op.create_index(op.f("ix_contract_contract_no"), "contract", ["contract_no"], unique=False)
    op.create_index(
        op.f("ix_contract_organisation_id_ends_on"),
        "contract",
        ["organisation_id", "ends_on"],
        unique=False,
    )
    op.create_index(
        op.f("ix_contract_resident_id_status"), "contract", ["resident_id", "status"], unique=False
    )
    op.create_table(
        "contract_service",
        sa.Column("contract_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("service_name", sa.String(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("performer_id", sa.String(), nullable=False),
        sa.Column("performer_name", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_contract_service_contract_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_service")),
    )
    op.create_index(
        op.f("ix_contract_service_contract_id_served_on"),
        "contract_service",
        ["contract_id", "served_on"],
        unique=False,
    )


def _rosters() -> None:
    """Imports of rosters and the residents that each brought."""
    op.create_table(
        "roster_import",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.String(length=36), nullable=False),
        sa.Column("staff_name", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("imported", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("backup", sa.String(), nullable=False),
        sa.Column("undone_at", sa.Text(), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("undone_name", sa.String(), nullable=True),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_import")),
    )
    op.create_index(op.f("ix_roster_import_at"), "roster_import", ["at"], unique=False)
    op.create_index(op.f("ix_roster_import_digest"), "roster_import", ["digest"], unique=False)
    op.create_table(
        "roster_row",
        sa.Column("import_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("withdrawn_change_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"], ["roster_import.id"], name=op.f("fk_roster_row_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "resident_id", name=op.f("pk_roster_row")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_roster_row_resident_id"), "roster_row", ["resident_id"], unique=False)
