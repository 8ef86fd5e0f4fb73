"""Test records of elder health and contracts, of a person who does not exist."""

from __future__ import annotations

from abc import ABC, abstractmethod

from app.models.records import Record


class ElderSamples(ABC):
    """The part of ``SampleRecords`` for checks, assessments and contracts."""

    @abstractmethod
    def id_of(self, name: str) -> str:
        """The id of this run's record of that name."""

    def _health_check(self) -> Record:
        return {
            "id": self.id_of("health_check"),
            "check_date": "2026-03-02",
            "doctor_name": "契约测试医生",
            "sbp_left": 142,
            "dbp_left": 88,
            "weight": 61.5,
            "conclusion": "2",
            "guidance": ["2"],
            "answers": {"symptoms": ["1"], "creatinine": 71.5, "abnormal": ["血压偏高"]},
            "not_measured": {"ecg": "2"},
            "concluded_by": "契约测试医生",
            "status": "final",
            "form_version": "NBPHS-2017-2025",
            "rule_version": "NBPHS-2017",
        }

    def _assessment(self) -> Record:
        return {
            "id": self.id_of("assessment"),
            "scale": "barthel",
            "assessed_on": "2026-03-02",
            "answers": {"feeding": "1", "bathing": "2", "transfer": "3"},
            "total": 60.0,
            "level": "moderate",
            "preliminary_level": "moderate",
            "details": {"subtotals": {}},
            "performer_id": self.id_of("staff"),
            "performer_name": "契约测试医生",
            "second_assessor": "契约测试护士",
            "informant_relation": "20",
            "confirmed": True,
            "reassess_on": "2026-06-02",
            "remark": "契约测试",
            "status": "final",
            "form_version": "WST-431-2013",
            "rule_version": "WST-431-2013",
        }

    def _care_team(self) -> Record:
        return {
            "id": self.id_of("care_team"),
            "name": "契约测试团队",
            "leader_id": self.id_of("staff"),
            "leader_name": "契约测试医生",
            "members": [
                {
                    "staff_id": self.id_of("staff"),
                    "name": "契约测试医生",
                    "role": "doctor",
                    "phone": "",
                }
            ],
            "villages": ["测试村"],
            "area": "测试镇",
            "phone": "0564-0000001",
            "active": True,
        }

    def _package_services(self) -> list[Record]:
        return [
            {
                "service": "visits",
                "name": "高血压随访",
                "times": 4,
                "counts": "follow_up:hypertension",
                "applies": "hypertension",
            }
        ]

    def _service_package(self) -> Record:
        return {
            "id": self.id_of("service_package"),
            "code": "basic",
            "version": 2,
            "name": "基础包",
            "category": "basic",
            "services": self._package_services(),
            "price": 120.5,
            "payers": {"insurance": 60.0, "public_health": 60.5, "personal": 0.0},
            "active": True,
        }

    def _contract(self) -> Record:
        return {
            "id": self.id_of("contract"),
            "contract_no": f"契约测试-{self.id_of('contract')[:8]}",
            "category": "family_doctor",
            "population_flags": ["senior", "hypertension"],
            "team_id": self.id_of("care_team"),
            "team_name": "契约测试团队",
            "doctor_id": self.id_of("staff"),
            "doctor_name": "契约测试医生",
            "signed_on": "2026-03-02",
            "starts_on": "2026-03-02",
            "ends_on": "2027-03-01",
            "term_years": 1,
            "status": "1",
            "source": "home",
            "packages": [
                {
                    "id": self.id_of("service_package"),
                    "code": "basic",
                    "version": 2,
                    "name": "基础包",
                    "category": "basic",
                    "price": 120.5,
                    "payers": {"insurance": 60.0, "public_health": 60.5, "personal": 0.0},
                    "services": self._package_services(),
                }
            ],
            "payers": {"insurance": 60.0, "public_health": 60.5, "personal": 0.0},
            "read_to_resident": True,
            "signer_name": "契约测试（非真人）",
            "signer_relation": "self",
        }

    def _contract_service(self) -> Record:
        return {
            "id": self.id_of("contract_service"),
            "contract_id": self.id_of("contract"),
            "service": "education",
            "service_name": "健康教育",
            "served_on": "2026-03-02",
            "performer_id": self.id_of("staff"),
            "performer_name": "契约测试医生",
            "note": "契约测试",
            "status": "final",
        }
