"""Contracts, teams and packages at the server: kept, found by resident, closed to others."""

from __future__ import annotations

from typing import Any

from tests.server.serving import (
    NORTH,
    Client,
    letter,
    make,
    new_id,
    patient,
    reference,
    task,
)


def team() -> dict[str, Any]:
    return make("CareTeam", NORTH, status="active", name="光明村团队")


def package() -> dict[str, Any]:
    return make("PlanDefinition", NORTH, status="active", title="基础包", version="2")


def contract(resident: dict[str, Any], made_by: dict[str, Any], **elements: Any) -> dict[str, Any]:
    base = {
        "status": "executed",
        "identifier": [{"system": "urn:township-care:id:contract-no", "value": new_id()}],
        "subject": [reference(resident)],
        "supportingInfo": [reference(made_by)],
    }
    return make("Contract", NORTH, **base | elements)


def test_a_contract_is_found_by_its_resident_and_its_number(north: Client) -> None:
    resident, own_team = patient(NORTH), team()
    signed = contract(resident, own_team)
    north.stored(resident, own_team, package(), signed)
    for name in ("patient", "subject"):
        assert north.ids(f"/Contract?{name}=Patient/{resident['id']}") == [signed["id"]]
    number = signed["identifier"][0]["value"]
    assert north.ids(f"/Contract?identifier={number}") == [signed["id"]]


def test_no_other_organisation_reads_or_writes_them(
    north: Client, south: Client, lead: Client
) -> None:
    resident, own_team, offered = patient(NORTH), team(), package()
    signed = contract(resident, own_team)
    north.stored(resident, own_team, offered, signed)
    for record in (own_team, offered, signed):
        assert north.sees(record)
        for other in (south, lead):
            assert not other.sees(record)
            assert other.put(record).status_code in (403, 404)


def test_a_letter_does_not_bring_the_contract_along(north: Client, lead: Client) -> None:
    resident, own_team = patient(NORTH), team()
    signed = contract(resident, own_team)
    asked = letter(NORTH, resident)
    north.stored(resident, own_team, signed, asked, task(NORTH, lead.organisation, asked))
    assert lead.sees(asked)
    assert lead.sees(resident)
    assert not lead.sees(signed)
    assert not lead.sees(own_team)


def test_a_contract_of_nobody_or_of_an_unknown_state_is_refused(north: Client) -> None:
    resident, own_team = patient(NORTH), team()
    north.stored(resident, own_team)
    for wrong in (
        contract(resident, own_team, subject=[]),
        contract(resident, own_team, status="signed"),
        make("PlanDefinition", NORTH, title="without a status"),
    ):
        assert north.put(wrong).status_code == 422
    assert north.put(contract(resident, own_team, subject=["x"])).status_code == 400


def test_a_change_on_an_older_version_is_refused(north: Client) -> None:
    resident, own_team = patient(NORTH), team()
    signed = contract(resident, own_team)
    north.stored(resident, own_team, signed)
    version = north.get(f"/Contract/{signed['id']}").headers["ETag"]
    ended = {**signed, "status": "terminated"}
    assert north.put(ended, headers={"If-Match": version}).status_code == 200
    late = {**signed, "status": "renewed"}
    assert north.put(late, headers={"If-Match": version}).status_code == 412
