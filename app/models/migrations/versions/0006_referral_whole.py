"""Two-way referral whole: what comes back, files, what the lead hospital does below.

Revision ID: 0006
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables and empty columns; no row of an earlier release changes."""
    _returns()
    _files()
    _outreach()
    _state()


def _record() -> list[sa.Column[Any]]:
    """The columns that every record has."""
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


def _returns() -> None:
    op.create_table(
        "referral_reply",
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("to_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("visit_kind", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("doctor_id", sa.String(), nullable=False),
        sa.Column("doctor_name", sa.String(), nullable=False),
        sa.Column("doctor_phone", sa.String(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("inpatient_no", sa.String(), nullable=True),
        sa.Column("admitted_on", sa.Date(), nullable=True),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("diagnosis", sa.String(), nullable=False),
        sa.Column("diagnoses", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("exam_results", sa.String(), nullable=False),
        sa.Column("treatment_given", sa.String(), nullable=False),
        sa.Column("next_plan", sa.String(), nullable=False),
        sa.Column("rehab_advice", sa.String(), nullable=False),
        sa.Column("drugs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("phase", sa.String(), nullable=True),
        sa.Column("reason_codes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.Column("checklist", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("attention_points", sa.String(), nullable=True),
        sa.Column("replaces_id", sa.String(length=36), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        *_record(),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_reply_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_reply")),
    )
    op.create_index(
        op.f("ix_referral_reply_referral_id"), "referral_reply", ["referral_id"], unique=False
    )
    op.create_index(
        op.f("ix_referral_reply_resident_id"), "referral_reply", ["resident_id"], unique=False
    )
    op.create_table(
        "return_plan",
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("steps", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rehab", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("precautions", sa.String(), nullable=True),
        sa.Column("warning_signs", sa.String(), nullable=True),
        sa.Column("doctor_id", sa.String(), nullable=False),
        sa.Column("doctor_name", sa.String(), nullable=False),
        sa.Column("contact_phone", sa.String(), nullable=True),
        sa.Column("replaces_id", sa.String(length=36), nullable=True),
        *_record(),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_return_plan_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_plan")),
    )
    op.create_index(
        op.f("ix_return_plan_referral_id"), "return_plan", ["referral_id"], unique=False
    )
    op.create_index(
        op.f("ix_return_plan_resident_id"), "return_plan", ["resident_id"], unique=False
    )
    op.create_table(
        "referral_visit",
        sa.Column("referral_id", sa.String(length=36), nullable=True),
        sa.Column("rehab_plan_id", sa.String(length=36), nullable=True),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("guide_name", sa.String(), nullable=True),
        sa.Column("local_doctor_name", sa.String(), nullable=True),
        sa.Column("findings", sa.String(), nullable=False),
        sa.Column("vitals", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("plan_changes", sa.String(), nullable=True),
        sa.Column("done_steps", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("replaces_id", sa.String(length=36), nullable=True),
        *_record(),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_referral_visit_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_visit")),
    )
    op.create_index(
        "ix_referral_visit_purpose", "referral_visit", ["purpose", "visited_on"], unique=False
    )
    op.create_index(
        op.f("ix_referral_visit_referral_id"), "referral_visit", ["referral_id"], unique=False
    )
    op.create_index(
        op.f("ix_referral_visit_resident_id"), "referral_visit", ["resident_id"], unique=False
    )


def _files() -> None:
    op.create_table(
        "attachment",
        sa.Column("resident_id", sa.String(length=36), nullable=True),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("thumbnail", sa.Text(), nullable=True),
        sa.Column("part_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        *_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_resident_id"), "attachment", ["resident_id"], unique=False)
    op.create_index(
        "ix_attachment_subject", "attachment", ["subject_kind", "subject_id"], unique=False
    )
    op.create_table(
        "attachment_part",
        sa.Column("attachment_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        *_record(),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_attachment_part_attachment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment_part")),
        sa.UniqueConstraint(
            "attachment_id", "number", name=op.f("uq_attachment_part_attachment_id_number")
        ),
    )


def _outreach() -> None:
    op.create_table(
        "consultation",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("referral_id", sa.String(length=36), nullable=True),
        sa.Column("to_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("invited_department", sa.String(), nullable=True),
        sa.Column("invited_doctor", sa.String(), nullable=True),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("vitals", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("asked_at", sa.Text(), nullable=False),
        sa.Column("from_doctor_id", sa.String(), nullable=False),
        sa.Column("from_doctor_name", sa.String(), nullable=False),
        sa.Column("from_doctor_phone", sa.String(), nullable=True),
        *_record(),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_consultation_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation")),
    )
    op.create_index(
        op.f("ix_consultation_resident_id"), "consultation", ["resident_id"], unique=False
    )
    op.create_index(
        op.f("ix_consultation_to_organisation_id"),
        "consultation",
        ["to_organisation_id"],
        unique=False,
    )
    op.create_table(
        "expert_visit",
        sa.Column("host_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("visit_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.String(length=5), nullable=True),
        sa.Column("ends_at", sa.String(length=5), nullable=True),
        sa.Column("expert_name", sa.String(), nullable=False),
        sa.Column("expert_title", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("topics", sa.String(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("clinic_count", sa.Integer(), nullable=True),
        sa.Column("ward_round_count", sa.Integer(), nullable=True),
        sa.Column("procedure_count", sa.Integer(), nullable=True),
        sa.Column("teaching_count", sa.Integer(), nullable=True),
        sa.Column("summary", sa.String(), nullable=True),
        *_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_visit")),
    )
    op.create_index(
        "ix_expert_visit_day", "expert_visit", ["visit_on", "host_organisation_id"], unique=False
    )
    op.create_table(
        "shared_note",
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=True),
        sa.Column("requester_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("owner_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=False),
        *_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_note")),
    )
    op.create_index(
        "ix_shared_note_subject", "shared_note", ["subject_kind", "subject_id"], unique=False
    )
    op.create_table(
        "training",
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("teacher", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("attendees", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("materials", sa.String(), nullable=True),
        sa.Column("evaluation", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        *_record(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
    )
    op.create_index(op.f("ix_training_held_on"), "training", ["held_on"], unique=False)


def _state() -> None:
    op.add_column("referral_task", sa.Column("arrived_at", sa.Text(), nullable=True))
    op.add_column("referral_task", sa.Column("admitted_at", sa.Text(), nullable=True))
    op.add_column("referral_task", sa.Column("discharged_at", sa.Text(), nullable=True))
    op.add_column("referral_task", sa.Column("inpatient_no", sa.String(), nullable=True))
    op.add_column("referral_task", sa.Column("phase", sa.String(), nullable=True))
    op.add_column("referral_task", sa.Column("reply_id", sa.String(length=36), nullable=True))
    op.add_column("referral_task", sa.Column("plan_id", sa.String(length=36), nullable=True))
