"""What a stranger reads of a referral: the letter, its services, their states, the moves."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import mapping, uris
from app.fhir.common import WireContext
from app.fhir.referral_task import LETTER_STATUS, SERVICE_STATUS
from app.models import codes
from tests.fhir.samples import DOCTOR, HOSPITAL, LETTER, RESIDENT, sample

CONTEXT = WireContext(
    organisations={HOSPITAL: "金寨县人民医院"},
    referral_numbers={LETTER: "白塔畈卫生院-20260302-001"},
)


def primary(kind: str, **changes: Any) -> dict[str, Any]:
    return mapping.to_resources(kind, sample(kind) | changes, CONTEXT)[0]


def record_of(resource: dict[str, Any]) -> dict[str, Any]:
    found = mapping.from_resource(resource)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("urgency", "priority"),
    [("routine", "routine"), ("priority", "urgent"), ("emergency", "stat")],
)
@pytest.mark.parametrize("kind", ["referral", "referral_service", "referral_task"])
def test_urgency_is_priority(kind: str, urgency: str, priority: str) -> None:
    assert primary(kind, urgency=urgency)["priority"] == priority


def test_the_letter_its_services_and_tasks_share_the_number() -> None:
    numbers = [
        primary("referral")["requisition"],
        primary("referral_service")["requisition"],
        primary("referral_task")["groupIdentifier"],
    ]
    assert {n["value"] for n in numbers} == {"白塔畈卫生院-20260302-001"}
    assert {n["system"] for n in numbers} == {uris.REFERRAL_NUMBER}


def test_the_letter_reads_as_the_printed_form() -> None:
    letter = primary("referral")
    assert [note["text"] for note in letter["note"]][:2] == [
        "【初步印象】高血压 3 级 极高危",
        "【主要现病史】头痛 3 天，加重 1 天",
    ]
    assert letter["reasonCode"][0]["coding"][0]["display"] == "危急体征"
    assert letter["reasonCode"][2]["coding"][0]["code"] == "I10"
    assert letter["performer"] == [
        {"reference": f"Organization/{HOSPITAL}", "display": "金寨县人民医院"}
    ]


def test_a_letter_refers_to_nothing_that_its_receiver_does_not_need() -> None:
    letter = primary("referral", origin_referral_id="0197a000-0000-7000-8000-00000000abcd")
    assert {type_ for type_, _ in mapping.references_of(letter)} == {
        "Patient",
        "Practitioner",
        "Organization",
    }
    record = record_of(letter)
    assert record["source_kind"] == "follow_up"
    assert record["source_id"]
    assert record["origin_referral_id"] == "0197a000-0000-7000-8000-00000000abcd"


def test_a_letter_that_names_its_source_by_reference_is_still_read() -> None:
    letter = primary("referral", source_kind=None, source_id=None)
    letter["supportingInfo"] = [{"reference": "Procedure/check-in-7"}]
    letter["basedOn"] = [{"reference": "ServiceRequest/earlier-1"}]
    record = record_of(letter)
    assert (record["source_kind"], record["source_id"]) == ("check_in", "check-in-7")
    assert record["origin_referral_id"] == "earlier-1"


@pytest.mark.parametrize("state", [entry.code for entry in codes.entries("referral_state")])
def test_every_state_of_a_letter_has_a_status_and_stays_exact(state: str) -> None:
    task = primary("referral_task", state=state)
    assert task["status"] == LETTER_STATUS[state]
    assert task["businessStatus"]["coding"][0]["code"] == state
    assert record_of(task)["state"] == state


@pytest.mark.parametrize("state", [e.code for e in codes.entries("referral_service_state")])
def test_every_state_of_a_service_has_a_status_and_stays_exact(state: str) -> None:
    task = primary("referral_task", service="bed", state=state)
    assert task["status"] == SERVICE_STATUS[state]
    assert record_of(task)["state"] == state


def test_what_was_arranged_can_be_read_without_knowing_us() -> None:
    said = {
        output["type"]["text"]: output.get("valueString") or output.get("valueDateTime")
        for output in primary("referral_task")["output"]
    }
    assert said == {
        "科室": "心内科",
        "接诊医生": "周主任",
        "联系电话": "0564-0000110",
        "预约时间": "2026-03-02T06:00:00.000Z",
        "病区": "心内一病区",
        "床位": "08",
        "须知": "携带身份证与既往病历",
    }


def test_a_status_that_another_program_changed_is_believed() -> None:
    task = primary("referral_task", state="sent")
    assert record_of(task | {"status": "rejected"})["state"] == "rejected"
    task.pop("businessStatus")
    assert record_of(task | {"status": "accepted"})["state"] == "accepted"


def test_a_bare_date_of_another_program_is_midnight_at_the_clinic() -> None:
    task = primary("referral_task")
    when = next(o for o in task["output"] if "valueDateTime" in o)
    when["valueDateTime"] = "2026-03-05"
    assert record_of(task)["scheduled_at"] == "2026-03-04T16:00:00.000Z"


def test_a_clock_set_back_makes_no_invalid_task() -> None:
    task = primary("referral_task", updated_at="2026-01-01T00:00:00.000Z")
    assert "lastModified" not in task
    assert record_of(task)["updated_at"] == "2026-01-01T00:00:00.000Z"


def test_a_move_says_who_for_whom_from_where_to_where() -> None:
    move = primary("referral_event")
    agent = move["agent"][0]
    assert agent["who"] == {"reference": f"Practitioner/{DOCTOR}", "display": "周主任"}
    assert agent["onBehalfOf"]["display"] == "金寨县人民医院"
    assert move["activity"]["text"] == "sent → accepted"


def test_references_lead_from_a_task_to_all_it_needs() -> None:
    found = mapping.references_of(primary("referral_task"))
    assert ("ServiceRequest", LETTER) in found
    assert ("Patient", RESIDENT) in found
    assert ("Organization", HOSPITAL) in found
    assert [type_ for type_, _ in found].count("Provenance") == 1
    assert not mapping.references_of(
        {"a": [{"reference": "#x"}, {"reference": "urn:uuid:1"}, {"reference": 3}]}
    )
    assert mapping.references_of(
        {"a": {"reference": "http://h.example/fhir/Patient/7/_history/2"}}
    ) == [("Patient", "7")]
