"""Every trick we know to read what was not shared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.referrals import Referral, organisation, provenance
from tests.server.serving import (
    LEAD,
    NORTH,
    SOUTH,
    TAG,
    Client,
    letter,
    make,
    new_id,
    observation,
    patient,
    reference,
    task,
)


class TestTricks:
    """Ways an enrolled organisation may try to read what was not shared with it."""

    @pytest.fixture
    def secret(self, north: Client) -> dict[str, Any]:
        record = patient(NORTH)
        north.put(record)
        return record

    def test_task_of_its_own_pointing_at_a_foreign_patient(
        self, secret: dict[str, Any], south: Client, lead: Client
    ) -> None:
        pointing = letter(SOUTH, secret)
        spoofed = task(
            SOUTH,
            LEAD,
            secret,
            partOf=[reference(pointing)],
            note=[{"authorReference": reference(secret), "text": "x"}],
            contained=[{"resourceType": "Basic", "subject": reference(secret)}],
            **{"for": {"reference": f"http://elsewhere/fhir/Patient/{secret['id']}/_history/1"}},
        )
        south.stored(pointing, spoofed)
        assert not south.sees(secret)
        assert not lead.sees(secret)
        assert lead.sees(spoofed)

    def test_task_that_names_the_victim_as_requester(
        self, secret: dict[str, Any], south: Client, north: Client
    ) -> None:
        forged = task(SOUTH, SOUTH, secret, requester={"reference": f"Organization/{NORTH}"})
        south.stored(forged)
        assert not south.sees(secret)
        # The victim's program sends the Task back with an edit of its own.
        assert north.put({**forged, "status": "rejected"}).status_code == 200
        assert not south.sees(secret)

    def test_task_that_leaves_its_author_out(self, secret: dict[str, Any], south: Client) -> None:
        forged = task(SOUTH, LEAD, secret, requester={"reference": f"Organization/{NORTH}"})
        assert south.put(forged).status_code == 422

    def test_reference_slipped_into_a_shared_task(
        self, secret: dict[str, Any], referral: Referral, north: Client, lead: Client
    ) -> None:
        slipped = {
            **referral.task,
            "output": [{"type": {"text": "x"}, "valueReference": reference(secret)}],
        }
        assert lead.put(slipped).status_code == 200
        assert not lead.sees(secret)
        # The author edits the Task and keeps what it found there, as a faithful program must.
        assert north.put({**slipped, "status": "cancelled"}).status_code == 200
        assert not lead.sees(secret)
        # Taken out and put in again by the author: still the attacker's reference.
        north.put(referral.task)
        north.put({**slipped, "status": "on-hold"})
        assert not lead.sees(secret)

    def test_reference_from_the_attackers_own_shared_record(
        self, secret: dict[str, Any], referral: Referral, north: Client, lead: Client
    ) -> None:
        bait = provenance(LEAD, secret)
        more = [*referral.task["relevantHistory"], reference(bait)]
        lead.stored(bait, {**referral.task, "relevantHistory": more})
        assert north.sees(bait)
        assert not lead.sees(secret)

    def test_reference_to_what_does_not_exist_yet(self, south: Client, north: Client) -> None:
        coming = patient(NORTH)
        south.stored(task(SOUTH, SOUTH, coming))
        north.put(coming)
        assert not south.sees(coming)

    def test_chain_through_a_thirdorganisation(
        self, referral: Referral, lead: Client, south: Client
    ) -> None:
        # The lead hospital may read north's patient; it cannot pass that on.
        onward = letter(LEAD, referral.patient, basedOn=[reference(referral.letter)])
        lead.stored(onward, task(LEAD, SOUTH, onward, basedOn=[reference(referral.task)]))
        assert south.sees(onward)
        for record in referral.shared:
            assert not south.sees(record)

    def test_contribution_to_one_task_is_not_seen_through_another(
        self, referral: Referral, lead: Client, north: Client, south: Client
    ) -> None:
        report = observation(LEAD, referral.patient)
        answered = {
            **referral.task,
            "output": [{"type": {"text": "x"}, "valueReference": reference(report)}],
        }
        lead.stored(report, answered)
        second = task(NORTH, SOUTH, referral.letter, partOf=[reference(referral.task)])
        north.stored(second)
        assert south.sees(referral.task)  # north's own, shared by north
        assert north.sees(report)
        assert not south.sees(report)  # the lead hospital answered north alone

    def test_owner_changed_after_the_other_side_contributed(
        self, referral: Referral, lead: Client, north: Client, south: Client
    ) -> None:
        event = provenance(LEAD, referral.task)
        more = [*referral.task["relevantHistory"], reference(event)]
        answered = {**referral.task, "relevantHistory": more}
        lead.stored(event, answered)
        moved = {**answered, "owner": organisation(SOUTH)}
        assert north.put(moved).status_code == 422
        assert not south.sees(event)

    def test_tag_of_the_victim(self, secret: dict[str, Any], south: Client) -> None:
        pointing = task(SOUTH, SOUTH, secret)
        pointing["meta"]["tag"] = [{"system": TAG, "code": NORTH}]
        assert south.put(pointing).status_code == 403
        pointing["meta"]["tag"] += [{"system": TAG, "code": SOUTH}]
        assert south.put(pointing).status_code == 422
        assert not south.sees(secret)

    def test_page_link_of_anotherorganisation(self, north: Client, south: Client) -> None:
        number = new_id()
        north.stored(*(patient(NORTH, identifier=[{"value": number}]) for _ in range(3)))
        links = north.get(f"/Patient?identifier={number}&_count=1").json()["link"]
        url = next(link["url"] for link in links if link["relation"] == "next")
        assert north.ids(url)
        assert south.ids(url) == []

    def test_directory_cannot_be_forged(self, north: Client, south: Client) -> None:
        fake = make("Organization", SOUTH, name="Lead Hospital")
        assert south.put(fake).status_code == 403
        own = south.get(f"/Organization/{SOUTH}").json()
        assert south.put({**own, "name": "Lead Hospital"}).status_code == 403
        doctor = make("Practitioner", NORTH)
        north.put(doctor)
        assert south.sees(doctor)
        assert south.put({**doctor, "active": False}).status_code == 403
