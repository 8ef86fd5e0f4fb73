"""What a stranger reads of outreach, and what of a stranger's records is ours."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import mapping
from app.fhir.common import WireContext
from app.fhir.faults import FormatError
from tests.fhir.samples import LETTER, id_of, sample

TASK, PLAN = id_of("a task"), id_of("a plan")


def primary(kind: str, context: WireContext | None = None, **changes: Any) -> dict[str, Any]:
    return mapping.to_resources(kind, sample(kind) | changes, context or WireContext())[0]


def record_of(resource: dict[str, Any]) -> dict[str, Any]:
    found = mapping.from_resource(resource)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("kind", ["consultation", "referral_visit"])
def test_what_is_shared_with_a_third_house_refers_to_no_letter_and_no_plan(kind: str) -> None:
    made = primary(kind, referral_id=LETTER)
    named = {type_ for type_, _ in mapping.references_of(made)}
    assert named <= {"Patient", "Practitioner", "Organization"}
    assert record_of(made)["referral_id"] == LETTER


def test_what_was_written_before_is_read_with_its_letter() -> None:
    asked = primary("consultation", referral_id=None)
    asked["basedOn"] = [{"reference": f"ServiceRequest/{LETTER}"}]
    assert record_of(asked)["referral_id"] == LETTER
    visit = primary("referral_visit", referral_id=None, rehab_plan_id=None)
    visit["context"] = {
        "related": [
            {"reference": f"ServiceRequest/{LETTER}"},
            {"reference": f"CarePlan/{PLAN}"},
        ]
    }
    read = record_of(visit)
    assert (read["referral_id"], read["rehab_plan_id"]) == (LETTER, PLAN)


def test_an_answer_says_which_task_it_belongs_to() -> None:
    context = WireContext(letter_tasks={LETTER: TASK})
    reply = primary("referral_reply", context)
    assert {"reference": f"Task/{TASK}"} in reply["context"]["related"]
    plan = primary("return_plan", context)
    assert {"reference": f"Task/{TASK}"} in plan["supportingInfo"]
    for kind, made in (("referral_reply", reply), ("return_plan", plan)):
        assert record_of(made) == record_of(primary(kind))
    # Whatever stands first.
    plan["supportingInfo"].reverse()
    assert record_of(plan)["referral_id"] == LETTER


def _booking(**elements: Any) -> dict[str, Any]:
    """A patient's booking, as a hospital's own program writes it."""
    return {
        "resourceType": "Appointment",
        "id": "3f9c2a52-3fd4-4b2c-8f6e-3a3a3b1f7c10",
        "meta": {"lastUpdated": "2026-03-01T00:00:00Z"},
        "status": "booked",
        "start": "2026-03-20T09:00:00+08:00",
        "end": "2026-03-20T09:10:00+08:00",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
        **elements,
    }


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"serviceCategory": [{"text": "专家坐诊"}]},
        {"serviceCategory": [{"coding": [{"system": "urn:x", "code": "expert_visit"}]}]},
        {"serviceCategory": "expert_visit"},
        {"serviceCategory": [None]},
        {"extension": [{"url": "urn:x", "valueString": "y"}]},
    ],
)
def test_a_booking_of_another_program_is_no_visit_of_ours(elements: dict[str, Any]) -> None:
    assert mapping.kind_of(_booking(**elements)) is None
    assert mapping.from_resource(_booking(**elements)) is None


def test_a_visit_bears_its_mark_and_one_written_before_has_its_day() -> None:
    made = primary("expert_visit")
    assert mapping.kind_of(made) == "expert_visit"
    del made["serviceCategory"]
    assert record_of(made) == record_of(primary("expert_visit"))
    without = {**made, "extension": [e for e in made["extension"] if "visit_on" not in e["url"]]}
    assert mapping.kind_of(without) is None
    # Ours by its mark, and not readable: that is told.
    marked = primary("expert_visit")
    marked["extension"] = [e for e in marked["extension"] if "visit_on" not in e["url"]]
    with pytest.raises(FormatError):
        mapping.from_resource(marked)


@pytest.mark.parametrize(
    ("status", "own"),
    [
        ("proposed", "planned"),
        ("pending", "planned"),
        ("waitlist", "planned"),
        ("booked", "planned"),
        ("arrived", "planned"),
        ("checked-in", "planned"),
        ("fulfilled", "done"),
        ("cancelled", "cancelled"),
        ("noshow", "cancelled"),
        ("entered-in-error", "cancelled"),
    ],
)
def test_every_status_of_r4_means_something(status: str, own: str) -> None:
    held = {**primary("expert_visit", status="planned"), "status": status}
    assert record_of(held)["status"] == own
    # An edit of ours that leaves the meaning leaves the other program's word for it.
    ours = primary("expert_visit", status=own, topics="卒中")
    assert mapping.merge_unknown(ours, held)["status"] == status
    changed = primary("expert_visit", status="done" if own == "planned" else "planned")
    assert mapping.merge_unknown(changed, held)["status"] == changed["status"]


def test_participants_and_elements_of_another_program_are_kept() -> None:
    ours = primary("expert_visit", expert_name="周敏")
    theirs = primary("expert_visit", expert_name="李建华")
    room = {"actor": {"reference": "Location/3"}, "status": "accepted"}
    theirs["participant"].append(room)
    theirs["slot"] = [{"reference": "Slot/7"}]
    theirs["serviceCategory"].append({"coding": [{"system": "urn:x", "code": "out"}]})
    merged = mapping.merge_unknown(ours, theirs)
    assert room in merged["participant"]
    assert merged["slot"] == theirs["slot"]
    assert theirs["serviceCategory"][1] in merged["serviceCategory"]
    assert "李建华" not in str(merged["participant"])
    assert record_of(merged) == record_of(ours)


@pytest.mark.parametrize(
    "author",
    [
        {"display": "培训科"},
        {"identifier": {"system": "urn:x", "value": "7"}},
        {"reference": "Organization/o1"},
        {"reference": "PractitionerRole/r1"},
    ],
)
@pytest.mark.parametrize("kind", ["training", "clinical_settings", "number_block"])
def test_a_basic_whose_author_is_no_person_of_ours_is_read(
    kind: str, author: dict[str, Any]
) -> None:
    made = {**primary(kind), "author": author}
    read = record_of(made)
    assert read["author_id"] == read["organisation_id"]
    del made["author"]
    assert record_of(made)["author_id"] == read["organisation_id"]
