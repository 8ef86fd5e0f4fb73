"""First release: all tables.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_record", "audit_event", ["kind", "record_id"], unique=False)
    op.create_table(
        "conflict",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("mine_by", sa.String(), nullable=True),
        sa.Column("mine_at", sa.Text(), nullable=True),
        sa.Column("theirs_by", sa.String(), nullable=True),
        sa.Column("theirs_organisation_id", sa.String(), nullable=True),
        sa.Column("theirs_at", sa.Text(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
    )
    op.create_index(op.f("ix_conflict_record_id"), "conflict", ["record_id"], unique=False)
    op.create_index(op.f("ix_conflict_resolved_at"), "conflict", ["resolved_at"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint(
            "form", "subject_id", "staff_id", name=op.f("uq_draft_form_subject_id_staff_id")
        ),
    )
    op.create_index(op.f("ix_draft_staff_id"), "draft", ["staff_id"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("pinyin_initials", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("consortium_id", sa.String(), nullable=True),
        sa.Column("lead_id", sa.String(), nullable=True),
        sa.Column("uscc", sa.String(), nullable=True),
        sa.Column("medical_licence_no", sa.String(), nullable=True),
        sa.Column("region_code", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("green_channel_phone", sa.String(), nullable=True),
        sa.Column("green_channel", sa.Boolean(), nullable=False),
        sa.Column("medical_beds", sa.Integer(), nullable=True),
        sa.Column("care_beds", sa.Integer(), nullable=True),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=True),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_record", "outbox", ["kind", "record_id"], unique=True)
    op.create_index("ix_outbox_resident_id_seq", "outbox", ["resident_id", "seq"], unique=False)
    op.create_index("ix_outbox_state_lane_seq", "outbox", ["state", "lane", "seq"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("server_time", sa.Text(), nullable=False),
        sa.Column("received_at", sa.Text(), nullable=False),
        sa.Column("via", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "record_id", name=op.f("pk_receipt")),
    )
    op.create_table(
        "resident",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("id_type", sa.String(), nullable=False),
        sa.Column("id_no", sa.String(), nullable=True),
        sa.Column("no_id_reason", sa.String(), nullable=True),
        sa.Column("record_no", sa.String(), nullable=True),
        sa.Column("employer", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("contacts", sa.JSON(), nullable=False),
        sa.Column("residency", sa.String(), nullable=True),
        sa.Column("ethnicity", sa.String(), nullable=True),
        sa.Column("abo", sa.String(), nullable=True),
        sa.Column("rh", sa.String(), nullable=True),
        sa.Column("education", sa.String(), nullable=True),
        sa.Column("occupation", sa.String(), nullable=True),
        sa.Column("marital", sa.String(), nullable=True),
        sa.Column("payment", sa.JSON(), nullable=False),
        sa.Column("drug_allergy", sa.JSON(), nullable=False),
        sa.Column("exposure", sa.JSON(), nullable=False),
        sa.Column("past_disease", sa.JSON(), nullable=False),
        sa.Column("surgeries", sa.JSON(), nullable=False),
        sa.Column("traumas", sa.JSON(), nullable=False),
        sa.Column("transfusions", sa.JSON(), nullable=False),
        sa.Column("family", sa.JSON(), nullable=False),
        sa.Column("genetic_disease", sa.String(), nullable=True),
        sa.Column("disability", sa.JSON(), nullable=False),
        sa.Column("disability_cert_no", sa.String(), nullable=True),
        sa.Column("disability_grade", sa.String(), nullable=True),
        sa.Column("kitchen_vent", sa.String(), nullable=True),
        sa.Column("fuel", sa.String(), nullable=True),
        sa.Column("water", sa.String(), nullable=True),
        sa.Column("toilet", sa.String(), nullable=True),
        sa.Column("livestock", sa.String(), nullable=True),
        sa.Column("township", sa.String(), nullable=True),
        sa.Column("village", sa.String(), nullable=True),
        sa.Column("village_group", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("registered_address", sa.String(), nullable=True),
        sa.Column("care_status", sa.String(), nullable=False),
        sa.Column("guardian", sa.JSON(), nullable=False),
        sa.Column("consents", sa.JSON(), nullable=False),
        sa.Column("population_flags", sa.JSON(), nullable=False),
        sa.Column("lunar_birthday", sa.JSON(), nullable=False),
        sa.Column("communication", sa.JSON(), nullable=False),
        sa.Column("record_status", sa.String(), nullable=False),
        sa.Column("record_status_on", sa.Date(), nullable=True),
        sa.Column("merged_into_id", sa.String(), nullable=True),
        sa.Column("temporary", sa.Boolean(), nullable=False),
        sa.Column("responsible_doctor_id", sa.String(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
    )
    op.create_index("ix_resident_birth_date_name", "resident", ["birth_date", "name"], unique=False)
    op.create_index(op.f("ix_resident_id_no"), "resident", ["id_no"], unique=False)
    op.create_index(op.f("ix_resident_phone"), "resident", ["phone"], unique=False)
    op.create_index(op.f("ix_resident_record_no"), "resident", ["record_no"], unique=False)
    op.create_index(op.f("ix_resident_record_status"), "resident", ["record_status"], unique=False)
    op.create_index("ix_resident_village_name", "resident", ["village", "name"], unique=False)
    op.create_table(
        "search_token",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("token", "resident_id", name=op.f("pk_search_token")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_search_token_resident_id"), "search_token", ["resident_id"], unique=False
    )
    op.create_table(
        "server_copy",
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("record_id", sa.String(), nullable=True),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("last_updated", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("resource_type", "resource_id", name=op.f("pk_server_copy")),
    )
    op.create_index("ix_server_copy_record", "server_copy", ["kind", "record_id"], unique=False)
    op.create_table(
        "setting",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "staff",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("id_no", sa.String(), nullable=True),
        sa.Column("org_id", sa.String(length=36), nullable=False),
        sa.Column("login", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("practice_cert_no", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("multi_site_orgs", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    op.create_index(op.f("ix_staff_org_id"), "staff", ["org_id"], unique=False)
    op.create_table(
        "sync_state",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sync_state")),
    )
    op.create_table(
        "sync_try",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("bytes_up", sa.Integer(), nullable=False),
        sa.Column("bytes_down", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_try")),
    )
    op.create_table(
        "condition",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("display", sa.String(), nullable=False),
        sa.Column("disease", sa.String(), nullable=True),
        sa.Column("onset", sa.String(), nullable=True),
        sa.Column("clinical_status", sa.String(), nullable=False),
        sa.Column("managed", sa.Boolean(), nullable=False),
        sa.Column("managed_since", sa.Date(), nullable=True),
        sa.Column("managed_until", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("outcome_reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_condition_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_condition")),
    )
    op.create_index(
        "ix_condition_resident_id_disease", "condition", ["resident_id", "disease"], unique=False
    )
    op.create_table(
        "due_item",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("source_kind", sa.String(), nullable=True),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_due_item_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_item")),
        sa.UniqueConstraint("resident_id", "kind", name=op.f("uq_due_item_resident_id_kind")),
    )
    op.create_index(
        "ix_due_item_organisation_id_due_on",
        "due_item",
        ["organisation_id", "due_on"],
        unique=False,
    )
    op.create_table(
        "follow_up",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("visit_date", sa.Date(), nullable=False),
        sa.Column("measured_at", sa.Text(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("sbp", sa.Integer(), nullable=True),
        sa.Column("dbp", sa.Integer(), nullable=True),
        sa.Column("bp_source", sa.String(), nullable=True),
        sa.Column("heart_rate", sa.Integer(), nullable=True),
        sa.Column("temperature", sa.Double(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("weight_target", sa.Double(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("waist", sa.Double(), nullable=True),
        sa.Column("bmi", sa.Double(), nullable=True),
        sa.Column("bmi_target", sa.Double(), nullable=True),
        sa.Column("other_signs", sa.String(), nullable=True),
        sa.Column("smoking", sa.Double(), nullable=True),
        sa.Column("smoking_target", sa.Double(), nullable=True),
        sa.Column("alcohol", sa.Double(), nullable=True),
        sa.Column("alcohol_target", sa.Double(), nullable=True),
        sa.Column("exercise_per_week", sa.Double(), nullable=True),
        sa.Column("exercise_per_week_target", sa.Double(), nullable=True),
        sa.Column("exercise_minutes", sa.Double(), nullable=True),
        sa.Column("exercise_minutes_target", sa.Double(), nullable=True),
        sa.Column("salt", sa.String(), nullable=True),
        sa.Column("salt_target", sa.String(), nullable=True),
        sa.Column("staple_food", sa.Double(), nullable=True),
        sa.Column("staple_food_target", sa.Double(), nullable=True),
        sa.Column("psych", sa.String(), nullable=True),
        sa.Column("compliance", sa.String(), nullable=True),
        sa.Column("adherence", sa.String(), nullable=True),
        sa.Column("adverse_reaction", sa.String(), nullable=True),
        sa.Column("adverse_reaction_text", sa.String(), nullable=True),
        sa.Column("new_or_worse_complication", sa.Boolean(), nullable=False),
        sa.Column("complication_text", sa.String(), nullable=True),
        sa.Column("danger_signs", sa.JSON(), nullable=False),
        sa.Column("fpg", sa.Double(), nullable=True),
        sa.Column("ppg", sa.Double(), nullable=True),
        sa.Column("random_glucose", sa.Double(), nullable=True),
        sa.Column("not_fasting_reason", sa.String(), nullable=True),
        sa.Column("hba1c", sa.Double(), nullable=True),
        sa.Column("hba1c_date", sa.Date(), nullable=True),
        sa.Column("dorsalis_pedis", sa.String(), nullable=True),
        sa.Column("dorsalis_pedis_side", sa.String(), nullable=True),
        sa.Column("hypoglycaemia", sa.String(), nullable=True),
        sa.Column("aux_exam", sa.String(), nullable=True),
        sa.Column("other_tests", sa.String(), nullable=True),
        sa.Column("not_measured", sa.JSON(), nullable=False),
        sa.Column("drugs", sa.JSON(), nullable=False),
        sa.Column("insulin", sa.JSON(), nullable=False),
        sa.Column("drug_adjustment", sa.JSON(), nullable=False),
        sa.Column("next_measure", sa.String(), nullable=True),
        sa.Column("referral_reason", sa.String(), nullable=True),
        sa.Column("referral_org_dept", sa.String(), nullable=True),
        sa.Column("referral_contact", sa.String(), nullable=True),
        sa.Column("referral_phone", sa.String(), nullable=True),
        sa.Column("referral_result", sa.String(), nullable=True),
        sa.Column("doctor_name", sa.String(), nullable=False),
        sa.Column("resident_signed", sa.Boolean(), nullable=False),
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
            ["resident_id"], ["resident.id"], name=op.f("fk_follow_up_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    op.create_index(
        "ix_follow_up_resident_id_visit_date",
        "follow_up",
        ["resident_id", "visit_date"],
        unique=False,
    )
    op.create_index(op.f("ix_follow_up_visit_date"), "follow_up", ["visit_date"], unique=False)
    op.create_table(
        "referral",
        sa.Column("referral_no", sa.String(), nullable=True),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("from_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("to_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("to_department", sa.String(), nullable=True),
        sa.Column("to_doctor", sa.String(), nullable=True),
        sa.Column("from_doctor_id", sa.String(), nullable=False),
        sa.Column("from_doctor_name", sa.String(), nullable=False),
        sa.Column("from_doctor_phone", sa.String(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.Column("red_flags", sa.JSON(), nullable=False),
        sa.Column("impression", sa.String(), nullable=True),
        sa.Column("present_history", sa.String(), nullable=True),
        sa.Column("past_history", sa.String(), nullable=True),
        sa.Column("treatment_given", sa.String(), nullable=True),
        sa.Column("diagnoses", sa.JSON(), nullable=False),
        sa.Column("vitals", sa.JSON(), nullable=False),
        sa.Column("last_results", sa.String(), nullable=True),
        sa.Column("allergies", sa.String(), nullable=True),
        sa.Column("current_drugs", sa.JSON(), nullable=False),
        sa.Column("isolation_risk", sa.String(), nullable=True),
        sa.Column("mobility", sa.String(), nullable=True),
        sa.Column("transport", sa.String(), nullable=True),
        sa.Column("escort", sa.String(), nullable=True),
        sa.Column("attention_points", sa.String(), nullable=True),
        sa.Column("consent", sa.String(), nullable=True),
        sa.Column("consent_signer", sa.String(), nullable=True),
        sa.Column("contracted_team", sa.String(), nullable=True),
        sa.Column("origin_referral_id", sa.String(), nullable=True),
        sa.Column("source_kind", sa.String(), nullable=True),
        sa.Column("source_id", sa.String(), nullable=True),
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
            ["resident_id"], ["resident.id"], name=op.f("fk_referral_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(
        op.f("ix_referral_from_organisation_id"), "referral", ["from_organisation_id"], unique=False
    )
    op.create_index(op.f("ix_referral_referral_no"), "referral", ["referral_no"], unique=False)
    op.create_index(op.f("ix_referral_resident_id"), "referral", ["resident_id"], unique=False)
    op.create_index(
        op.f("ix_referral_to_organisation_id"), "referral", ["to_organisation_id"], unique=False
    )
    op.create_table(
        "rehab_plan",
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("diagnosis", sa.String(), nullable=False),
        sa.Column("diagnosis_code", sa.String(), nullable=True),
        sa.Column("onset_date", sa.Date(), nullable=True),
        sa.Column("source_referral_id", sa.String(), nullable=True),
        sa.Column("goal_short", sa.String(), nullable=False),
        sa.Column("goal_long", sa.String(), nullable=True),
        sa.Column("precautions", sa.String(), nullable=False),
        sa.Column("contraindications", sa.String(), nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("heart_rate_ceiling", sa.Integer(), nullable=True),
        sa.Column("prescriber_id", sa.String(), nullable=True),
        sa.Column("prescriber_name", sa.String(), nullable=False),
        sa.Column("supervisor", sa.String(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("countersigned_by", sa.String(), nullable=True),
        sa.Column("countersigned_at", sa.Text(), nullable=True),
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
            ["resident_id"], ["resident.id"], name=op.f("fk_rehab_plan_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehab_plan")),
    )
    op.create_index(
        "ix_rehab_plan_resident_id_status", "rehab_plan", ["resident_id", "status"], unique=False
    )
    op.create_index(op.f("ix_rehab_plan_review_on"), "rehab_plan", ["review_on"], unique=False)
    op.create_table(
        "residence",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("org_id", sa.String(length=36), nullable=False),
        sa.Column("building", sa.String(), nullable=True),
        sa.Column("room", sa.String(), nullable=True),
        sa.Column("bed", sa.String(), nullable=True),
        sa.Column("admit_date", sa.Date(), nullable=False),
        sa.Column("discharge_date", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("carer", sa.String(), nullable=True),
        sa.Column("care_level", sa.String(), nullable=True),
        sa.Column("fee_payer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_residence_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residence")),
    )
    op.create_index(
        "ix_residence_org_id_discharge_date",
        "residence",
        ["org_id", "discharge_date"],
        unique=False,
    )
    op.create_index(op.f("ix_residence_resident_id"), "residence", ["resident_id"], unique=False)
    op.create_table(
        "check_in",
        sa.Column("plan_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("session_no", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("pre_sbp", sa.Integer(), nullable=True),
        sa.Column("pre_dbp", sa.Integer(), nullable=True),
        sa.Column("pre_heart_rate", sa.Integer(), nullable=True),
        sa.Column("pre_spo2", sa.Integer(), nullable=True),
        sa.Column("pre_temperature", sa.Double(), nullable=True),
        sa.Column("pre_pain", sa.Integer(), nullable=True),
        sa.Column("pre_glucose", sa.Double(), nullable=True),
        sa.Column("ate_within_2h", sa.Boolean(), nullable=True),
        sa.Column("pre_symptoms", sa.JSON(), nullable=False),
        sa.Column("pre_note", sa.String(), nullable=True),
        sa.Column("screen", sa.String(), nullable=False),
        sa.Column("hold_reasons", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("borg", sa.Integer(), nullable=True),
        sa.Column("borg_scale", sa.String(), nullable=False),
        sa.Column("post_sbp", sa.Integer(), nullable=True),
        sa.Column("post_dbp", sa.Integer(), nullable=True),
        sa.Column("post_heart_rate", sa.Integer(), nullable=True),
        sa.Column("post_spo2", sa.Integer(), nullable=True),
        sa.Column("post_pain", sa.Integer(), nullable=True),
        sa.Column("completion", sa.String(), nullable=False),
        sa.Column("completion_percent", sa.Integer(), nullable=True),
        sa.Column("reason_not_done", sa.String(), nullable=True),
        sa.Column("stop_reasons", sa.JSON(), nullable=False),
        sa.Column("recovered", sa.Boolean(), nullable=True),
        sa.Column("adverse", sa.JSON(), nullable=False),
        sa.Column("adverse_text", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("not_measured", sa.JSON(), nullable=False),
        sa.Column("performer_id", sa.String(), nullable=False),
        sa.Column("performer_name", sa.String(), nullable=False),
        sa.Column("resident_confirmed", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("supersedes_id", sa.String(), nullable=True),
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
        sa.ForeignKeyConstraint(["plan_id"], ["rehab_plan.id"], name=op.f("fk_check_in_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
    )
    op.create_index(
        "ix_check_in_plan_id_started_at", "check_in", ["plan_id", "started_at"], unique=False
    )
    op.create_index(
        "ix_check_in_resident_id_started_at",
        "check_in",
        ["resident_id", "started_at"],
        unique=False,
    )
    op.create_table(
        "follow_up_disease",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("follow_up_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("visit_date", sa.Date(), nullable=False),
        sa.Column("disease", sa.String(), nullable=False),
        sa.Column("symptoms", sa.JSON(), nullable=False),
        sa.Column("symptom_text", sa.String(), nullable=True),
        sa.Column("control_class", sa.String(), nullable=True),
        sa.Column("proposed_class", sa.String(), nullable=True),
        sa.Column("override_reason", sa.String(), nullable=True),
        sa.Column("uncontrolled", sa.Boolean(), nullable=True),
        sa.Column("problem", sa.Boolean(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("urgent_reasons", sa.JSON(), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("proposed_action", sa.String(), nullable=True),
        sa.Column("next_visit_date", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["follow_up.id"], name=op.f("fk_follow_up_disease_follow_up_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_disease")),
    )
    op.create_index(
        op.f("ix_follow_up_disease_follow_up_id"),
        "follow_up_disease",
        ["follow_up_id"],
        unique=False,
    )
    op.create_index(
        "ix_follow_up_disease_resident",
        "follow_up_disease",
        ["resident_id", "disease", "visit_date"],
        unique=False,
    )
    op.create_table(
        "referral_event",
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_event_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_event")),
    )
    op.create_index(
        op.f("ix_referral_event_referral_id"), "referral_event", ["referral_id"], unique=False
    )
    op.create_index(op.f("ix_referral_event_task_id"), "referral_event", ["task_id"], unique=False)
    op.create_table(
        "referral_service",
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=True),
        sa.Column("wanted_on", sa.Date(), nullable=True),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("letter_author_organisation_id", sa.String(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_service_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_service")),
    )
    op.create_index(
        op.f("ix_referral_service_referral_id"), "referral_service", ["referral_id"], unique=False
    )
    op.create_table(
        "referral_task",
        sa.Column("referral_id", sa.String(length=36), nullable=False),
        sa.Column("resident_id", sa.String(length=36), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("part_of_id", sa.String(), nullable=True),
        sa.Column("requester_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("owner_organisation_id", sa.String(length=36), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("doctor", sa.String(), nullable=True),
        sa.Column("doctor_phone", sa.String(), nullable=True),
        sa.Column("scheduled_at", sa.Text(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("ward", sa.String(), nullable=True),
        sa.Column("bed", sa.String(), nullable=True),
        sa.Column("instructions", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), nullable=True),
        sa.Column("reason_text", sa.String(), nullable=True),
        sa.Column("phone_confirmed_by", sa.String(), nullable=True),
        sa.Column("phone_number", sa.String(), nullable=True),
        sa.Column("phone_confirmed_at", sa.Text(), nullable=True),
        sa.Column("event_ids", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organisation_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("updated_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.Text(), nullable=False),
        sa.Column("change_id", sa.String(length=36), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_referral_task_referral_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_task")),
    )
    op.create_index(
        "ix_referral_task_owner",
        "referral_task",
        ["owner_organisation_id", "service", "state"],
        unique=False,
    )
    op.create_index(
        op.f("ix_referral_task_referral_id"), "referral_task", ["referral_id"], unique=False
    )
    op.create_index(
        "ix_referral_task_requester",
        "referral_task",
        ["requester_organisation_id", "service", "state"],
        unique=False,
    )
