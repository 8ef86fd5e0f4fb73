"""What a stranger reads: the FHIR elements say what the record means."""

from __future__ import annotations

from typing import Any

import pytest

from app.fhir import mapping, uris
from app.fhir.common import WireContext
from app.models.identity import companion_id
from app.models.records import KINDS
from tests.fhir.samples import DOCTOR, HOSPITAL, LETTER, NURSE, RESIDENT, TOWNSHIP, sample

CONTEXT = WireContext(
    organisations={TOWNSHIP: "白塔畈镇中心卫生院", HOSPITAL: "金寨县人民医院"},
    staff={DOCTOR: "李明", NURSE: "赵护士"},
    referral_numbers={LETTER: "白塔畈卫生院-20260302-001"},
)


def resources(kind: str, **changes: Any) -> list[dict[str, Any]]:
    return mapping.to_resources(kind, sample(kind) | changes, CONTEXT)


def primary(kind: str, **changes: Any) -> dict[str, Any]:
    return resources(kind, **changes)[0]


def record_of(resource: dict[str, Any]) -> dict[str, Any]:
    found = mapping.from_resource(resource)
    assert found is not None
    return found[1]


BY_THE_HOSPITAL = frozenset(
    {
        *("organisation", "referral_event", "referral_reply", "return_plan"),
        *("expert_visit", "training"),
    }
)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_resource_says_whose_it_is_and_whether_it_is_a_sample(kind: str) -> None:
    for resource in resources(kind):
        tags = resource["meta"]["tag"]
        owner = HOSPITAL if kind in BY_THE_HOSPITAL else TOWNSHIP
        assert tags[0] == {"system": uris.ORGANISATION_TAG, "code": owner}
        assert (len(tags) == 2) == sample(kind)["is_sample"]
    sample_free = mapping.to_resources(kind, sample(kind) | {"is_sample": True}, CONTEXT)[0]
    assert {"system": uris.SAMPLE_SYSTEM, "code": "HTEST"} in sample_free["meta"]["tag"]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"organisation"}))
def test_every_primary_carries_its_write_id(kind: str) -> None:
    assert mapping.write_id(primary(kind)) == sample(kind)["change_id"]


def test_the_first_state_of_a_check_in_needs_no_write_id() -> None:
    record = sample("check_in")
    procedure = primary("check_in", change_id=record["id"])
    assert uris.WRITE_ID not in str(procedure)
    assert mapping.write_id(procedure) == record["id"]
    assert record_of(procedure)["change_id"] == record["id"]


def test_parents_are_pulled_before_their_children() -> None:
    order = mapping.pulled_types
    assert len(set(order)) == len(order)
    for parent, child in (
        ("Organization", "Patient"),
        ("Practitioner", "Patient"),
        ("Patient", "Condition"),
        ("Patient", "CarePlan"),
        ("CarePlan", "Procedure"),
        ("ServiceRequest", "Task"),
        ("Task", "Provenance"),
    ):
        assert order.index(parent) < order.index(child)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_kind_of_a_primary(kind: str) -> None:
    assert mapping.kind_of(primary(kind)) == kind
    for companion in resources(kind)[1:]:
        assert mapping.kind_of(companion) is None


@pytest.mark.parametrize(
    ("canonical", "kind"),
    [
        (None, "follow_up"),
        (uris.FOLLOW_UP_FORM, "follow_up"),
        (f"{uris.FOLLOW_UP_FORM}|NBPHS-2017", "follow_up"),
        (f"{uris.FOLLOW_UP_FORM}:part|NBPHS-2017", "follow_up"),
        (f"{uris.FOLLOW_UP_FORM}s|NBPHS-2017", None),
        ("http://hospital.example/Questionnaire/discharge", None),
        ("", None),
        (7, None),
    ],
)
def test_the_canonical_of_a_form_tells_its_kind(canonical: object, kind: str | None) -> None:
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": canonical}
    assert mapping.kind_of(response) == kind


# Resident


def test_a_patient_has_the_national_identifiers() -> None:
    patient = primary("resident")
    assert patient["identifier"] == [
        {
            "use": "official",
            "system": "urn:oid:2.16.156.10011.1.3",
            "value": "341599194802290027",
        },
        {"system": "urn:oid:2.16.156.10011.1.2", "value": "34152400100100001"},
    ]
    other = primary("resident", id_type="other", id_no="G12345678")
    assert other["identifier"][0]["system"] == uris.OTHER_PAPER


@pytest.mark.parametrize(
    ("sex", "gender"), [("1", "male"), ("2", "female"), ("0", "unknown"), ("9", "unknown")]
)
def test_gender_keeps_the_forms_own_code(sex: str, gender: str) -> None:
    patient = primary("resident", sex=sex)
    assert patient["gender"] == gender
    assert record_of(patient)["sex"] == sex


@pytest.mark.parametrize(
    ("form", "national"), [("1", "10"), ("2", "20"), ("3", "30"), ("4", "40"), ("5", "90")]
)
def test_marital_status_in_both_code_systems(form: str, national: str) -> None:
    codings = primary("resident", marital=form)["maritalStatus"]["coding"]
    assert [c["code"] for c in codings] == [national, form]


@pytest.mark.parametrize(
    ("form", "national"), [*((str(n), str(n * 10)) for n in range(1, 10)), ("10", None)]
)
def test_education_in_both_code_systems(form: str, national: str | None) -> None:
    patient = primary("resident", education=form)
    (level,) = (
        each["valueCodeableConcept"]
        for each in patient["extension"]
        if each["url"].endswith(":education-level")
    )
    said = [(each["system"], each["code"]) for each in level["coding"]]
    assert said[-1] == ("urn:township-care:code:education", form)
    assert said[:-1] == ([("urn:oid:2.16.156.10011.2.3.3.6", national)] if national else [])
    assert record_of(patient)["education"] == form
    assert not [e for e in patient["extension"] if e["url"].endswith("x:education")], "said once"


def test_a_patient_of_another_system_is_read() -> None:
    """A Patient with nothing of ours but what R4 itself has."""
    stranger = {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {
            "lastUpdated": "2026-03-02T09:30:00+08:00",
            "tag": [{"system": uris.ORGANISATION_TAG, "code": HOSPITAL}],
        },
        "extension": [{"url": uris.X + "column_of_2031", "valueString": "unknown to us"}],
        "name": [{"family": "王", "given": ["秀英"]}],
        "gender": "female",
        "birthDate": "1950-05-06",
        "deceasedDateTime": "2026-02-01",
    }
    record = record_of(stranger)
    assert (record["name"], record["sex"], record["birth_date"]) == ("王秀英", "2", "1950-05-06")
    assert record["created_at"] == record["updated_at"] == "2026-03-02T01:30:00.000Z"
    assert record["author_id"] == record["organisation_id"] == HOSPITAL
    assert mapping.write_id(stranger) is None
    assert record["record_status"] == "deceased"
    assert (record["id_type"], record["contacts"], record["residences"]) == ("none", [], [])


def test_a_merged_resident_points_to_the_one_that_stays() -> None:
    patient = primary("resident", record_status="merged", merged_into_id=LETTER)
    assert patient["active"] is False
    assert patient["link"] == [{"other": {"reference": f"Patient/{LETTER}"}, "type": "replaced-by"}]


# Follow-up


def observation(code: str, **changes: Any) -> list[dict[str, Any]]:
    return [
        r
        for r in resources("follow_up", **changes)
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == code
    ]


def test_no_glucose_in_mmol_has_the_code_for_mg() -> None:
    assert "1558-6" not in str(resources("follow_up"))
    (fasting,) = observation("14771-0")
    assert fasting["valueQuantity"] == {
        "value": 8.2,
        "unit": "mmol/L",
        "system": "http://unitsofmeasure.org",
        "code": "mmol/L",
    }


def test_blood_pressure_is_one_panel() -> None:
    (panel,) = observation("85354-9")
    assert [
        (c["code"]["coding"][0]["code"], c["valueQuantity"]["value"], c["valueQuantity"]["code"])
        for c in panel["component"]
    ] == [("8480-6", 168, "mm[Hg]"), ("8462-4", 96, "mm[Hg]")]


def test_refused_differs_from_blank() -> None:
    (panel,) = observation(
        "85354-9", dbp=None, not_measured={"dbp": "2", "weight": "3"}, weight=None
    )
    assert panel["component"][1]["dataAbsentReason"]["coding"][0]["code"] == "asked-declined"
    (weight,) = observation(
        "29463-7", dbp=None, not_measured={"dbp": "2", "weight": "3"}, weight=None
    )
    assert "valueQuantity" not in weight
    assert weight["dataAbsentReason"]["coding"][1]["display"] == "无法测"
    assert observation("29463-7", weight=None) == []
    assert observation("85354-9", sbp=None, dbp=None) == []


@pytest.mark.parametrize(("mode", "code"), [("1", "AMB"), ("2", "HH"), ("3", "VR"), ("4", "VR")])
def test_the_encounter_class_follows_the_mode(mode: str, code: str) -> None:
    encounter = resources("follow_up", mode=mode)[1]
    assert encounter["resourceType"] == "Encounter"
    assert encounter["class"]["code"] == code


def test_the_drugs_are_statements_with_a_dosage() -> None:
    found = [r for r in resources("follow_up") if r["resourceType"] == "MedicationStatement"]
    assert [r["medicationCodeableConcept"]["text"] for r in found] == [
        "苯磺酸氨氯地平",
        "自备中药",
        "胰岛素",
    ]
    dosage = found[0]["dosage"][0]
    assert dosage["timing"]["repeat"] == {"frequency": 1, "period": 1, "periodUnit": "d"}
    assert dosage["doseAndRate"][0]["doseQuantity"]["unit"] == "片"
    stopped = resources("follow_up", adherence="3")[-1]
    assert stopped["status"] == "not-taken"


def test_a_voided_visit_voids_all_its_parts() -> None:
    statuses = {r["status"] for r in resources("follow_up", status="entered_in_error")}
    assert statuses == {"entered-in-error"}


def test_every_item_of_the_form_has_its_heading() -> None:
    """A column added to the form needs a line in ``follow_up_item.csv``."""

    def untitled(items: list[dict[str, Any]]) -> list[str]:
        return [item["linkId"] for item in items if "text" not in item]

    form = primary("follow_up")
    assert untitled(form["item"]) == []
    groups = [item for item in form["item"] if item["linkId"] == "diseases"]
    assert len(groups) == 3
    for group in groups:
        assert untitled(group["item"]) == ["diseases.id"]


# Rehabilitation


@pytest.mark.parametrize(
    ("status", "completion", "wire"),
    [
        ("final", "complete", "completed"),
        ("final", "partial", "stopped"),
        ("final", "not_done", "not-done"),
        ("amended", "complete", "completed"),
        ("entered_in_error", "complete", "entered-in-error"),
        ("final", "something_new", "unknown"),
    ],
)
def test_the_status_of_a_session(status: str, completion: str, wire: str) -> None:
    procedure = primary("check_in", status=status, completion=completion)
    assert procedure["status"] == wire
    record = record_of(procedure)
    assert (record["status"], record["completion"]) == (status, completion)


def test_an_adverse_event_goes_with_its_session() -> None:
    procedure, event = resources("check_in")
    assert event["resourceType"] == "AdverseEvent"
    assert event["id"] == companion_id(procedure["id"], "adverse-event")
    assert event["suspectEntity"][0]["instance"]["reference"] == f"Procedure/{procedure['id']}"
    assert len(resources("check_in", adverse=[])) == 1


def test_a_session_that_ended_before_it_began_stays_valid_fhir() -> None:
    """The clock of the PC was set back in between."""
    procedure = primary("check_in", ended_at="2026-03-01T00:00:00.000Z")
    assert "end" not in procedure["performedPeriod"]
    assert record_of(procedure)["ended_at"] == "2026-03-01T00:00:00.000Z"


def test_a_plan_shows_its_goals_its_diagnosis_and_its_exercises() -> None:
    plan = primary("rehab_plan")
    assert plan["status"] == "active"
    assert [c["resourceType"] for c in plan["contained"]] == ["Condition", "Goal", "Goal"]
    assert plan["addresses"] == [{"reference": "#diagnosis"}]
    detail = plan["activity"][0]["detail"]
    assert detail["code"]["text"] == "坐站转移"
    assert detail["scheduledTiming"]["repeat"]["frequency"] == 5
    assert detail["description"] == "3 组 × 10 次; 11-13"
    assert primary("rehab_plan", status="paused")["status"] == "on-hold"
    assert primary("rehab_plan", status="stopped")["status"] == "revoked"


# Organisations


def test_the_directory_of_the_embedded_server_is_read() -> None:
    from app.server.directory import to_resource

    entry = {
        "id": HOSPITAL,
        "name": "金寨县人民医院",
        "short_name": "县医院",
        "pinyin_initials": "jzxrmyy",
        "type": "LEAD_HOSPITAL",
        "consortium_id": "A",
        "lead_id": HOSPITAL,
        "region_code": "341524",
        "green_channel": True,
        "green_channel_phone": "0564-0000120",
    }
    record = record_of(to_resource(entry, sample=True))
    assert {name: record[name] for name in entry} == entry
    assert record["is_sample"]
    township = {**entry, "id": TOWNSHIP, "type": "TOWNSHIP_CENTER", "green_channel": False}
    del township["green_channel_phone"]
    record = record_of(to_resource(township, sample=False))
    assert {name: record[name] for name in township} == township
    assert not record["is_sample"]


def test_a_contact_of_whom_only_the_relation_is_known_is_allowed_by_r4() -> None:
    """R4 (constraint pat-1) wants a name, telecom, address or organisation of each contact."""
    known = {"name": "", "phone": "", "relation": "20"}
    patient = primary("resident", contacts=[known])

    (contact, _guardian) = patient["contact"]
    assert contact["name"]["extension"][0]["valueCode"] == "unknown"
    assert record_of(patient)["contacts"] == [known]
    # A name that is learned later stands alone.
    named = primary("resident", contacts=[known | {"name": "王强"}])
    assert mapping.merge_unknown(named, patient)["contact"][0]["name"] == {"text": "王强"}


def test_copd_reads_without_knowing_the_form() -> None:
    resources = mapping.to_resources("follow_up", sample("follow_up"), mapping.WireContext())
    found = {
        each["code"]["coding"][0]["code"]: each["valueQuantity"]
        for each in resources
        if each["resourceType"] == "Observation" and "valueQuantity" in each
    }
    assert (found["9279-1"]["value"], found["9279-1"]["code"]) == (20, "/min")
    assert (found["59408-5"]["value"], found["59408-5"]["code"]) == (94, "%")
    (answers,) = [item for item in resources[0]["item"] if item["linkId"] == "copd"]
    assert [each["text"] for each in answers["item"]] == ["紫绀", "疫苗接种", "家庭氧疗"]


def test_a_screening_reads_as_a_blood_pressure() -> None:
    record = sample("bp_screening")
    form, *rest = mapping.to_resources("bp_screening", record, mapping.WireContext())
    assert form["questionnaire"] == "urn:township-care:form:bp-screening|NBPHS-2017"
    encounter = next(each for each in rest if each["resourceType"] == "Encounter")
    assert encounter["type"] == [{"text": "血压筛查"}]
    panel = next(each for each in rest if each.get("component"))
    values = [each["valueQuantity"]["value"] for each in panel["component"]]
    assert (panel["code"]["coding"][0]["code"], values) == ("85354-9", [142, 88])
    refused = {**record, "sbp": None, "dbp": None, "not_measured": "2"}
    _, *rest = mapping.to_resources("bp_screening", refused, mapping.WireContext())
    panel = next(each for each in rest if each.get("component"))
    reason = panel["component"][0]["dataAbsentReason"]["coding"][0]
    assert reason["code"] == "asked-declined"


@pytest.mark.parametrize(
    ("decision", "status", "provision", "rule"),
    [
        ("given", "active", "permit", "OPTIN"),
        ("refused", "rejected", "deny", "OPTOUT"),
        ("withdrawn", "inactive", "deny", "OPTOUT"),
    ],
)
def test_a_consent_says_in_fhirs_words_what_was_decided(
    decision: str, status: str, provision: str, rule: str
) -> None:
    consent = primary("consent", decision=decision)
    assert consent["status"] == status
    assert consent["provision"] == {"type": provision}
    assert consent["policyRule"]["coding"][0]["code"] == rule
    assert consent["performer"] == [{"display": "王强"}]
    assert consent["dateTime"] == "2026-03-02"
    wrong = primary("consent", decision=decision, status="entered_in_error")
    assert wrong["status"] == "entered-in-error"
    for each in (consent, wrong):
        assert record_of(each)["decision"] == decision
    # Who signs for oneself is the resident.
    assert primary("consent", signer_relation=None)["performer"][0]["reference"] == (
        f"Patient/{RESIDENT}"
    )


def test_a_merged_record_names_the_one_that_goes_on() -> None:
    patient = primary("resident", record_status="merged", merged_into_id=LETTER)
    assert patient["link"] == [{"other": {"reference": f"Patient/{LETTER}"}, "type": "replaced-by"}]
    back = record_of(primary("resident", status_before_merge="moved_away", distinct_from=[LETTER]))
    assert (back["status_before_merge"], back["distinct_from"]) == ("moved_away", [LETTER])


def test_the_national_identifiers_of_a_resident() -> None:
    """OIDs of the Chinese health-information tree (domain.md §10.1)."""
    patient = primary("resident", sex="9")
    assert {item["system"] for item in patient["identifier"]} == {
        "urn:oid:2.16.156.10011.1.3",
        "urn:oid:2.16.156.10011.1.2",
    }
    systems = {
        item["valueCoding"]["system"] for item in patient["extension"] if "valueCoding" in item
    }
    assert {"urn:oid:2.16.156.10011.2.3.3.3", "urn:oid:2.16.156.10011.2.3.3.4"} <= systems
    assert patient["maritalStatus"]["coding"][0] == {
        "system": "urn:oid:2.16.156.10011.2.3.3.5",
        "code": "20",
        "display": "已婚",
    }
    relation = patient["contact"][0]["relationship"][0]["coding"][0]
    assert relation["system"] == "urn:oid:2.16.156.10011.2.3.3.8"
