"""What a reader who knows only FHIR finds in teams, packages, contracts and their services."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import mapping
from app.fhir.common import WireContext
from app.fhir.merge import merge_unknown
from tests.fhir.samples import DOCTOR, RESIDENT, TOWNSHIP, id_of, sample


def primary(kind: str, **changes: Any) -> dict[str, Any]:
    return mapping.to_resources(kind, sample(kind) | changes, WireContext())[0]


def test_a_contract_says_who_what_and_how_long() -> None:
    contract = primary("contract")
    assert contract["status"] == "renewed"
    assert contract["subject"] == [{"reference": f"Patient/{RESIDENT}"}]
    assert contract["authority"] == [{"reference": f"Organization/{TOWNSHIP}"}]
    assert contract["author"] == {"reference": f"Practitioner/{DOCTOR}", "display": "李明"}
    assert contract["applies"] == {"start": "2026-03-02", "end": "2027-03-01"}
    assert contract["identifier"][0]["value"] == "QY-20260302-AB12CD"
    assert contract["supportingInfo"][0]["reference"] == f"CareTeam/{id_of('care team')}"
    (term,) = contract["term"]
    assert term["identifier"]["value"] == "basic|2"
    assert term["offer"] == {"text": "基础包"}


@pytest.mark.parametrize(
    ("own", "status"),
    [("1", "executed"), ("2", "terminated"), ("3", "renewed"), ("4", "executable")],
)
def test_each_state_has_its_own_status(own: str, status: str) -> None:
    assert primary("contract", status=own)["status"] == status


def test_a_team_names_its_people_and_serves_no_single_subject() -> None:
    team = primary("care_team")
    assert (team["status"], team["name"]) == ("active", "光明村家庭医生团队")
    assert "subject" not in team
    first, second = team["participant"]
    assert first["member"]["reference"] == f"Practitioner/{DOCTOR}"
    assert first["role"][0]["coding"][0]["code"] == "doctor"
    assert second["member"] == {"display": "周专家"}
    assert primary("care_team", active=False)["status"] == "inactive"


def test_a_package_says_how_often_a_year() -> None:
    package = primary("service_package")
    assert (package["status"], package["version"]) == ("active", "2")
    (action,) = package["action"]
    assert action["timingTiming"]["repeat"] == {"frequency": 4, "period": 1, "periodUnit": "a"}
    assert primary("service_package", active=False)["status"] == "retired"


def test_a_noted_service_is_a_procedure_that_is_no_rehab_session() -> None:
    service = primary("contract_service")
    assert (service["status"], service["code"]["text"]) == ("completed", "健康教育")
    assert mapping.kind_of(service) == "contract_service"
    assert mapping.kind_of(primary("check_in")) == "check_in"
    voided = primary("contract_service", status="entered_in_error")
    assert voided["status"] == "entered-in-error"


def test_what_another_program_added_to_a_contract_is_sent_back() -> None:
    ours = primary("contract")
    theirs = ours | {
        "friendly": [{"contentAttachment": {"title": "扫描件"}}],
        "supportingInfo": [*ours["supportingInfo"], {"reference": "Coverage/1"}],
    }
    merged = merge_unknown(ours, theirs)
    assert merged["friendly"] == theirs["friendly"]
    assert merged["supportingInfo"] == theirs["supportingInfo"]
    # Another team of ours takes the place of the old one.
    moved = merge_unknown(primary("contract", team_id=id_of("other team")), theirs)
    assert [each["reference"].split("/")[0] for each in moved["supportingInfo"]] == [
        "CareTeam", "Coverage",
    ]  # fmt: skip
