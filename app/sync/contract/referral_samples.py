"""Test records of what comes back of a referral, of files and of outreach."""

from __future__ import annotations

import base64
import hashlib
from abc import ABC, abstractmethod

from app.models.records import Record

_CONTENT = b"township-care contract test"


class ReferralSamples(ABC):
    """The part of ``SampleRecords`` for replies, plans, visits, files, consultations, outreach."""

    organisation: str
    receiver: str

    @abstractmethod
    def id_of(self, name: str) -> str:
        """The id of this run's record of that name."""

    def _referral_reply(self) -> Record:
        return {
            "id": self.id_of("referral_reply"),
            "to_organisation_id": self.receiver,
            "purpose": "discharge",
            "visit_kind": "inpatient",
            "department": "心内科",
            "doctor_id": self.id_of("staff"),
            "doctor_name": "契约测试医生",
            "written_on": "2026-03-09",
            "inpatient_no": "ZY20260302001",
            "admitted_on": "2026-03-02",
            "discharged_on": "2026-03-09",
            "diagnosis": "高血压 3 级 极高危",
            "diagnoses": [{"code": "I10", "display": "原发性高血压"}],
            "exam_results": "心电图：窦性心律",
            "treatment_given": "静脉降压后改口服",
            "next_plan": "氨氯地平 5 mg 每日一次",
            "rehab_advice": "每日散步 30 分钟",
            "drugs": [{"code": "amlodipine", "name": "氨氯地平", "dose": 5, "unit": "mg"}],
            "phase": "acute_recovery",
            "reason_codes": ["acute_treatment_completed"],
            "checklist": {"vitals_stable": True, "drugs_obtainable": True},
        }

    def _return_plan(self) -> Record:
        return {
            "id": self.id_of("return_plan"),
            "starts_on": "2026-03-09",
            "steps": [
                {"id": "1", "kind": "follow_up", "due_on": "2026-03-16", "what": "测血压"},
                {"id": "2", "kind": "rehab", "due_on": "2026-03-12", "what": "步行训练"},
            ],
            "rehab": {"goal_short": "独立步行", "items": [{"exercise": "walking", "per_week": 5}]},
            "warning_signs": "胸痛、晕厥时拨打 120",
            "doctor_id": self.id_of("staff"),
            "doctor_name": "契约测试医生",
            "contact_phone": "0564-0000001",
        }

    def _referral_visit(self) -> Record:
        return {
            "id": self.id_of("referral_visit"),
            "purpose": "guidance",
            "mode": "phone",
            "visited_on": "2026-03-16",
            "guide_name": "契约测试医生",
            "local_doctor_name": "契约测试医生",
            "findings": "血压平稳",
            "vitals": {"sbp": 132, "dbp": 78},
            "plan_changes": "维持原方案",
            "done_steps": ["1"],
            "next_on": "2026-04-16",
            "minutes": 15,
            "status": "final",
        }

    def _consultation(self) -> Record:
        return {
            "id": self.id_of("consultation"),
            "to_organisation_id": self.receiver,
            "kind": "remote",
            "urgency": "urgent",
            "invited_department": "心内科",
            "wanted_on": "2026-03-03",
            "summary": "契约测试",
            "question": "是否需要上转",
            "vitals": {"sbp": 168},
            "asked_at": "2026-03-02T01:30:00.000Z",
            "from_doctor_id": self.id_of("staff"),
            "from_doctor_name": "契约测试医生",
        }

    def _expert_visit(self) -> Record:
        return {
            "id": self.id_of("expert_visit"),
            "host_organisation_id": self.receiver,
            "visit_on": "2026-03-20",
            "starts_at": "08:30",
            "ends_at": "11:30",
            "expert_name": "契约测试医生",
            "department": "康复科",
            "topics": "脑卒中康复",
            "quota": 20,
            "status": "planned",
        }

    def _training(self) -> Record:
        return {
            "id": self.id_of("training"),
            "title": "契约测试培训",
            "type": "lecture",
            "held_on": "2026-03-20",
            "hours": 1.5,
            "teacher": "契约测试医生",
            "attendees": [{"organisation_id": self.organisation, "name": "契约测试护士"}],
            "status": "final",
        }

    def _attachment(self) -> Record:
        return {
            "id": self.id_of("attachment"),
            "subject_kind": "referral",
            "subject_id": self.id_of("referral"),
            "category": "ecg",
            "title": "契约测试心电图",
            "media_type": "application/pdf",
            "size": len(_CONTENT),
            "sha256": hashlib.sha256(_CONTENT).hexdigest(),
            "thumbnail": base64.b64encode(b"small").decode("ascii"),
            "part_ids": [self.id_of("attachment_part")],
            "status": "final",
        }

    def _attachment_part(self) -> Record:
        return {
            "id": self.id_of("attachment_part"),
            "attachment_id": self.id_of("attachment"),
            "number": 0,
            "data": base64.b64encode(_CONTENT).decode("ascii"),
        }

    def _shared_note(self) -> Record:
        return {
            "id": self.id_of("shared_note"),
            "subject_kind": "consultation",
            "subject_id": self.id_of("consultation"),
            "requester_organisation_id": self.organisation,
            "owner_organisation_id": self.receiver,
            "move": "asked",
            "urgency": "urgent",
            "occurred_at": "2026-03-02T01:30:00.000Z",
            "actor_name": "契约测试医生",
            "text": "契约测试",
            "details": {"invited_department": "心内科"},
        }
