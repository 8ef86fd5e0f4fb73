"""One whole test record of every kind, of a person who does not exist.

The values reach every form an element can have (codes, quantities, nested extensions), so
that a server which drops or refuses any of it shows here and not on the first working day.
"""

from __future__ import annotations

import uuid
from typing import Any

from app.fhir.fields import BOOLEAN, DICT, LIST, Field, child_fields, fields_of
from app.models.records import KINDS, Record
from app.sync.contract.elder_samples import ElderSamples
from app.sync.contract.referral_samples import ReferralSamples

#: Parents before their children.
KINDS_SENT = tuple(name for name, kind in KINDS.items() if kind.travels)


class SampleRecords(ElderSamples, ReferralSamples):
    """The records of one run: fresh ids, one resident, one author, one organisation."""

    def __init__(self, organisation: str, receiver: str | None = None) -> None:
        self.organisation = organisation
        self.receiver = receiver or organisation
        self._ids: dict[str, str] = {}

    def id_of(self, name: str) -> str:
        return self._ids.setdefault(name, str(uuid.uuid4()))

    def record(self, kind: str) -> Record:
        """The whole record of a kind, every column present."""
        values = {**self._common(), **getattr(self, f"_{kind}")()}
        record = _row(fields_of(kind), values)
        for child in KINDS[kind].children:
            rows = [_row(child_fields(kind, child.name), row) for row in values[child.name]]
            record[child.name] = sorted(rows, key=lambda row: str(row["id"]))
        return record

    def _common(self) -> Record:
        return {
            "organisation_id": self.organisation,
            "author_id": self.id_of("staff"),
            "updated_by": self.id_of("staff"),
            "change_id": str(uuid.uuid4()),
            "created_at": "2026-03-02T01:30:00.000Z",
            "updated_at": "2026-03-02T02:15:30.250Z",
            "is_sample": True,
            "resident_id": self.id_of("resident"),
            "referral_id": self.id_of("referral"),
            "form_version": "LOCAL-2025",
            "rule_version": "LOCAL-2025",
        }

    def _staff(self) -> Record:
        return {
            "id": self.id_of("staff"),
            "name": "契约测试医生",
            "sex": "1",
            "org_id": self.organisation,
            "login": "contract-test",
            "title": "主治医师",
            "department": "内科",
            "roles": ["doctor"],
            "active": True,
        }

    def _clinical_settings(self) -> Record:
        return {
            "id": self.id_of("clinical_settings"),
            "version": 1,
            "content": {"same_problem_twice_only": True, "limit_sbp": [50, 300, 80, 200]},
            "reason": "契约测试",
            "actor_name": "契约测试医生",
        }

    def _number_block(self) -> Record:
        return {
            "id": self.id_of("number_block"),
            "prefix": "341599001101",
            "area": "契约测试村",
            "first": 1,
            "last": 1000,
            "pc_id": self.id_of("pc"),
            "pc_name": "契约测试电脑",
        }

    def _resident(self) -> Record:
        return {
            "id": self.id_of("resident"),
            "name": "契约测试（非真人）",
            "sex": "2",
            "birth_date": "1948-02-29",
            "id_type": "other",
            "id_no": f"TEST-{self.id_of('resident')[:8]}",
            "record_no": f"TEST{self.id_of('resident')[:8]}",
            "contacts": [{"name": "契约测试联系人", "phone": "", "relation": "20"}],
            "ethnicity": "01",
            "abo": "2",
            "education": "8",
            "marital": "2",
            "payment": [{"code": "3", "text": ""}],
            "drug_allergy": [{"code": "2", "text": ""}, {"code": "5", "text": "头孢"}],
            "past_disease": [{"code": "2", "confirmed": "2011-05", "text": ""}],
            "family": {"mother": [{"code": "2", "text": ""}]},
            "fuel": "5",
            "township": "测试镇",
            "village": "测试村",
            "address": "测试村 1 号",
            "registered_address": "测试镇 2 号",
            "care_status": "residential",
            "lunar_birthday": {"month": 1, "day": 20, "leap": False},
            "record_status": "active",
            "responsible_doctor_id": self.id_of("staff"),
            "note": "HTEST",
            "residences": [
                {
                    "id": self.id_of("residence"),
                    "org_id": self.organisation,
                    "room": "201",
                    "bed": "2",
                    "admit_date": "2026-01-05",
                    "care_level": "2",
                }
            ],
        }

    def _condition(self) -> Record:
        return {
            "id": self.id_of("condition"),
            "code": "I10",
            "display": "原发性高血压",
            "disease": "hypertension",
            "onset": "2011-05",
            "clinical_status": "active",
            "managed": True,
            "managed_since": "2012-01-01",
        }

    def _consent(self) -> Record:
        return {
            "id": self.id_of("consent"),
            "type": "care",
            "decision": "given",
            "signed_on": "2026-03-02",
            "signer": "契约测试家属",
            "signer_relation": "20",
            "evidence": "paper",
            "evidence_place": "档案柜",
            "status": "final",
        }

    def _follow_up(self) -> Record:
        part = {"resident_id": self.id_of("resident"), "visit_date": "2026-03-02"}
        return {
            "id": self.id_of("follow_up"),
            "form_version": "NBPHS-2017",
            "rule_version": "NBPHS-2017",
            "visit_date": "2026-03-02",
            "measured_at": "2026-03-02T01:20:00.000Z",
            "mode": "1",
            "sbp": 168,
            "dbp": 96,
            "bp_source": "1",
            "heart_rate": 88,
            "weight": 61.5,
            "height": 156.0,
            "bmi": 25.3,
            "fpg": 8.2,
            "hba1c": 7.4,
            "hba1c_date": "2026-02-20",
            "danger_signs": ["severe_headache"],
            "not_measured": {"exercise_minutes": "2"},
            "drugs": [
                {
                    "name": "苯磺酸氨氯地平",
                    "code": "amlodipine",
                    "strength": "5 mg",
                    "frequency": "qd",
                    "times_per_day": 1,
                    "dose": 1.0,
                    "unit": "tablet",
                }
            ],
            "doctor_name": "契约测试医生",
            "status": "final",
            "diseases": [
                {
                    **part,
                    "id": self.id_of("part"),
                    "disease": "hypertension",
                    "symptoms": ["2", "6"],
                    "control_class": "2",
                    "uncontrolled": True,
                    "next_visit_date": "2026-03-16",
                }
            ],
        }

    def _bp_screening(self) -> Record:
        return {
            "id": self.id_of("bp_screening"),
            "measured_on": "2026-03-02",
            "bp_source": "1",
            "sbp": 142,
            "dbp": 88,
            "bmi": 25.3,
            "risk_answers": ["family"],
            "risk_factors": ["overweight", "family"],
            "result": "3",
            "raised_days": 1,
            "next_on": "2026-03-09",
            "performer_name": "契约测试医生",
            "status": "final",
            "form_version": "NBPHS-2017",
            "rule_version": "NBPHS-2017",
        }

    def _rehab_plan(self) -> Record:
        return {
            "id": self.id_of("rehab_plan"),
            "diagnosis": "脑梗死恢复期",
            "diagnosis_code": "I69.3",
            "onset_date": "2025-11-20",
            "goal_short": "两周内独立坐站转移",
            "goal_long": "三个月内助行器步行 50 米",
            "items": [
                {
                    "exercise": "sit_to_stand",
                    "place": "gym",
                    "per_week": 5,
                    "sets": 3,
                    "reps": 10,
                    "minutes": None,
                    "intensity": "11-13",
                    "assistance": "supervised",
                    "equipment": "",
                }
            ],
            "precautions": "防跌倒",
            "heart_rate_ceiling": 120,
            "prescriber_id": self.id_of("staff"),
            "prescriber_name": "契约测试医生",
            "starts_on": "2026-03-02",
            "review_on": "2026-03-16",
            "measures": ["barthel", "tug"],
            "status": "active",
        }

    def _check_in(self) -> Record:
        return {
            "id": self.id_of("check_in"),
            "plan_id": self.id_of("rehab_plan"),
            "session_no": 4,
            "started_at": "2026-03-02T01:00:00.000Z",
            "ended_at": "2026-03-02T01:25:00.000Z",
            "place": "gym",
            "pre_sbp": 138,
            "pre_dbp": 82,
            "pre_heart_rate": 76,
            "pre_temperature": 36.4,
            "screen": "pass",
            "items": [{"exercise": "walking", "planned": "15′", "done": True, "minutes": 10}],
            "borg": 13,
            "borg_scale": "6-20",
            "post_sbp": 152,
            "post_dbp": 86,
            "completion": "partial",
            "completion_percent": 60,
            "stop_reasons": [{"code": "dizziness", "value": None, "limit": None}],
            "adverse": ["dizziness"],
            "adverse_text": "站立时头晕，休息后缓解",
            "action": "rest",
            "performer_id": self.id_of("staff"),
            "performer_name": "契约测试医生",
            "status": "final",
        }

    def _referral(self) -> Record:
        return {
            "id": self.id_of("referral"),
            "referral_no": f"契约测试-{self.id_of('referral')[:8]}",
            "direction": "up",
            "from_organisation_id": self.organisation,
            "to_organisation_id": self.receiver,
            "to_department": "心内科",
            "from_doctor_id": self.id_of("staff"),
            "from_doctor_name": "契约测试医生",
            "written_on": "2026-03-02",
            "urgency": "emergency",
            "reason_codes": ["critical_signs", "chronic_uncontrolled_twice"],
            "reason_text": "契约测试",
            "impression": "高血压 3 级",
            "diagnoses": [{"code": "I10", "display": "原发性高血压"}],
            "vitals": {"sbp": 192, "dbp": 112, "heart_rate": 96},
            "current_drugs": ["苯磺酸氨氯地平 5 mg 每日一次"],
            "transport": "120",
            "consent": "given",
            "source_kind": "follow_up",
            "source_id": self.id_of("follow_up"),
        }

    def _referral_service(self) -> Record:
        return {
            "id": self.id_of("referral_service"),
            "service": "bed",
            "request": "心内科床位",
            "wanted_on": "2026-03-03",
            "urgency": "emergency",
            "letter_author_organisation_id": self.organisation,
        }

    def _referral_task(self) -> Record:
        return {
            "id": self.id_of("referral_task"),
            "service": "letter",
            "request_id": self.id_of("referral"),
            "requester_organisation_id": self.organisation,
            "owner_organisation_id": self.receiver,
            "urgency": "emergency",
            "state": "accepted",
            "sent_at": "2026-03-02T01:35:00.000Z",
            "department": "心内科",
            "doctor": "契约测试医生",
            "scheduled_at": "2026-03-02T06:00:00.000Z",
            "ward": "心内一病区",
            "bed": "08",
            "event_ids": [self.id_of("referral_event")],
        }

    def _referral_event(self) -> Record:
        return {
            "id": self.id_of("referral_event"),
            "task_id": self.id_of("referral_task"),
            "service": "letter",
            "urgency": "emergency",
            "move": "accepted",
            "from_state": "sent",
            "to_state": "accepted",
            "occurred_at": "2026-03-02T01:40:00.000Z",
            "actor_name": "契约测试医生",
            "reason_text": "契约测试",
            "details": {"department": "心内科", "bed": "08"},
        }


def _row(fields: dict[str, Field], values: Record) -> Record:
    row: dict[str, Any] = {}
    for name, field in fields.items():
        if name in values:
            row[name] = values[name]
        elif field.form in (LIST, DICT):
            row[name] = [] if field.form == LIST else {}
        else:
            row[name] = False if field.form == BOOLEAN and not field.nullable else field.default
    return row
