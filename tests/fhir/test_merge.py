"""What this program does not know goes back to the server unharmed; what it does is its own."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir import mapping
from app.fhir.common import WireContext
from app.fhir.uris import ID_CARD, X
from app.models.records import KINDS
from tests.fhir.samples import sample
from tests.fhir.strategies import records

CONTEXT = WireContext()
ELSEWHERE = "http://hospital.example/x"


def primary(kind: str, **changes: Any) -> dict[str, Any]:
    return mapping.to_resources(kind, sample(kind) | changes, CONTEXT)[0]


def test_nothing_to_merge_changes_nothing() -> None:
    ours = primary("resident")
    assert mapping.merge_unknown(ours, None) == ours
    assert mapping.merge_unknown(ours, copy.deepcopy(ours)) == ours
    assert mapping.merge_unknown(ours, primary("condition")) == ours


def test_unknown_elements_extensions_and_identifiers_are_kept() -> None:
    theirs = primary("resident")
    theirs["meta"] |= {
        "versionId": "7",
        "lastUpdated": "2026-03-02T01:00:00Z",
        "profile": ["http://hospital.example/Patient"],
    }
    theirs["meta"]["tag"].append({"system": ELSEWHERE, "code": "vip"})
    theirs["photo"] = [{"url": "http://hospital.example/p.png"}]
    theirs["_birthDate"] = {"extension": [{"url": ELSEWHERE, "valueString": "06:30"}]}
    theirs["identifier"].append({"system": ELSEWHERE, "value": "HIS-7"})
    theirs["identifier"][0]["period"] = {"start": "2020-01-01"}
    theirs["telecom"].append({"system": "email", "value": "a@example.org"})
    theirs["address"].append({"use": "temp", "text": "宾馆"})
    theirs["extension"].append({"url": ELSEWHERE, "valueBoolean": True})
    theirs["extension"].append({"url": X + "column_of_2031", "valueInteger": 3})
    theirs["maritalStatus"]["coding"].append({"system": ELSEWHERE, "code": "M"})
    theirs["contact"][0]["gender"] = "male"
    ours = primary("resident", name="张桂兰（改）", updated_at="2026-03-03T00:00:00.000Z")
    before = copy.deepcopy((ours, theirs))
    merged = mapping.merge_unknown(ours, theirs)

    assert (ours, theirs) == before
    assert merged["name"][0]["text"] == "张桂兰（改）"
    assert merged["meta"]["profile"] == ["http://hospital.example/Patient"]
    assert {"system": ELSEWHERE, "code": "vip"} in merged["meta"]["tag"]
    assert not {"versionId", "lastUpdated"} & merged["meta"].keys()
    assert merged["photo"] == theirs["photo"]
    assert merged["_birthDate"] == theirs["_birthDate"]
    assert {"system": ELSEWHERE, "value": "HIS-7"} in merged["identifier"]
    assert merged["identifier"][0]["period"] == {"start": "2020-01-01"}
    assert {"system": "email", "value": "a@example.org"} in merged["telecom"]
    assert {"use": "temp", "text": "宾馆"} in merged["address"]
    assert {"url": ELSEWHERE, "valueBoolean": True} in merged["extension"]
    assert {"url": X + "column_of_2031", "valueInteger": 3} in merged["extension"]
    assert {"system": ELSEWHERE, "code": "M"} in merged["maritalStatus"]["coding"]
    assert merged["contact"][0]["gender"] == "male"
    # The merged resource still reads as our record.
    found = mapping.from_resource(merged)
    assert found is not None
    assert found[1]["name"] == "张桂兰（改）"


def test_what_was_cleared_here_stays_cleared() -> None:
    theirs = primary("resident")
    theirs["telecom"].append({"system": "email", "value": "a@example.org"})
    ours = primary(
        "resident", phone=None, marital=None, note=None, contacts=[], address=None, guardian={}
    )
    merged = mapping.merge_unknown(ours, theirs)
    found = mapping.from_resource(merged)
    assert found is not None
    for name in ("phone", "marital", "note", "address"):
        assert found[1][name] is None
    assert found[1]["contacts"] == []
    assert merged["telecom"] == [{"system": "email", "value": "a@example.org"}]


def test_a_changed_code_drops_the_other_systems_word_for_the_old_one() -> None:
    theirs = primary("resident", marital="2")
    theirs["maritalStatus"]["coding"].append({"system": ELSEWHERE, "code": "M"})
    theirs["_birthDate"] = {"extension": [{"url": ELSEWHERE, "valueString": "06:30"}]}
    merged = mapping.merge_unknown(
        primary("resident", marital="3", birth_date="1950-01-02"), theirs
    )
    assert all(c["system"] != ELSEWHERE for c in merged["maritalStatus"]["coding"])
    assert "_birthDate" not in merged


def test_a_changed_identity_number_replaces_the_old_one() -> None:
    merged = mapping.merge_unknown(
        primary("resident", id_no="341599195001010018"),
        primary("resident", id_no="34159919380930022X"),
    )
    numbers = [item["value"] for item in merged["identifier"] if item["system"] == ID_CARD]
    assert numbers == ["341599195001010018"]


def test_the_hospitals_discharge_summary_stays_on_the_task() -> None:
    theirs = primary("referral_task")
    summary = {
        "type": {"coding": [{"system": ELSEWHERE, "code": "discharge-summary"}]},
        "valueReference": {"reference": "DocumentReference/d1"},
    }
    theirs["output"].append(summary)
    theirs["note"] = [{"text": "电话已联系"}]
    theirs["input"] = [{"type": {"text": "x"}, "valueString": "y"}]
    ours = primary("referral_task", state="arrived", bed="12")
    merged = mapping.merge_unknown(ours, theirs)
    assert merged["output"][-1] == summary
    assert merged["note"] == theirs["note"]
    assert merged["input"] == theirs["input"]
    assert merged["status"] == "in-progress"
    found = mapping.from_resource(merged)
    assert found is not None
    assert (found[1]["state"], found[1]["bed"]) == ("arrived", "12")


def test_a_name_beside_a_reference_is_kept_where_we_know_none() -> None:
    theirs = mapping.to_resources(
        "referral_task",
        sample("referral_task"),
        WireContext(organisations={sample("referral_task")["owner_organisation_id"]: "县医院"}),
    )[0]
    assert mapping.merge_unknown(primary("referral_task"), theirs)["owner"]["display"] == "县医院"


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=8)
@given(data=st.data())
def test_merging_never_disturbs_our_own_record(kind: str, data: st.DataObject) -> None:
    """Whatever the server's copy said in our own fields, ours is what goes out."""
    record, other = data.draw(records(kind)), data.draw(records(kind))
    ours = mapping.to_resources(kind, record, CONTEXT)[0]
    theirs = mapping.to_resources(kind, other | {"id": record["id"]}, CONTEXT)[0]
    merged = mapping.merge_unknown(ours, theirs)
    found = mapping.from_resource(merged)
    assert found is not None
    assert found[1] == record
