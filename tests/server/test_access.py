"""Access by organisation: what is shared, and every trick to get at more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.serving import (
    LEAD,
    NORTH,
    SOUTH,
    TAG,
    Client,
    issue,
    letter,
    make,
    new_id,
    observation,
    patient,
    reference,
    task,
)


def _provenance(author: str, *targets: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return make(
        "Provenance",
        author,
        target=[reference(one) for one in targets] or [{"display": "none"}],
        recorded="2026-01-01T00:00:00Z",
        agent=[{"who": {"reference": f"Organization/{author}"}}],
        **elements,
    )


class Referral:
    """A referral from north to the lead hospital with everything that hangs on it."""

    def __init__(self, client: Client) -> None:
        self.patient = patient(NORTH)
        self.condition = make("Condition", NORTH, subject=reference(self.patient))
        self.pressure = observation(NORTH, self.patient)
        self.unrelated = observation(NORTH, self.patient)
        self.letter = letter(
            NORTH,
            self.patient,
            supportingInfo=[reference(self.condition)],
            extension=[{"url": "urn:x", "valueReference": reference(self.pressure)}],
        )
        self.event = _provenance(NORTH)
        self.task = task(
            NORTH,
            LEAD,
            self.letter,
            relevantHistory=[reference(self.event)],
            **{"for": reference(self.patient)},
        )
        client.stored(
            self.patient,
            self.condition,
            self.pressure,
            self.unrelated,
            self.letter,
            self.event,
            self.task,
        )

    @property
    def shared(self) -> list[dict[str, Any]]:
        return [
            self.patient, self.condition, self.pressure, self.letter, self.event, self.task,
        ]  # fmt: skip


@pytest.fixture
def referral(north: Client) -> Referral:
    return Referral(north)


def test_only_the_author_sees_an_unshared_record(
    north: Client, south: Client, lead: Client
) -> None:
    record = patient(NORTH, identifier=[{"value": new_id()}])
    north.put(record)
    assert north.sees(record)
    number = record["identifier"][0]["value"]
    for other in (south, lead):
        assert not other.sees(record)
        for query in (
            f"identifier={number}",
            f"_id={record['id']}&_tag={TAG}|{NORTH}",
            f"_id={record['id']}&_elements=id,meta",
        ):
            assert other.ids(f"/Patient?{query}") == []
        count = other.get(f"/Patient?identifier={number}&_summary=count").json()
        assert count["total"] == 0
        body = {"identifier": number}
        found = other.request("POST", "/Patient/_search", data=body).json()
        assert "entry" not in found
        inside = other.request(
            "POST",
            "",
            json={
                "resourceType": "Bundle",
                "type": "batch",
                "entry": [{"request": {"method": "GET", "url": f"Patient/{record['id']}"}}],
            },
        ).json()
        assert inside["entry"][0]["response"]["status"] == "404"
        # Not there, and not shared: the same answer to the letter.
        hidden = other.get(f"/Patient/{record['id']}").json()
        absent = other.get(f"/Patient/{new_id()}").json()
        assert hidden == absent


def test_a_task_shares_what_it_refers_to(referral: Referral, lead: Client, south: Client) -> None:
    for record in referral.shared:
        assert lead.sees(record), record["resourceType"]
        assert not south.sees(record)
    # Never backwards: a record that points at the shared patient is not shared.
    assert not lead.sees(referral.unrelated)


def test_what_is_added_later_is_shared_too(referral: Referral, north: Client, lead: Client) -> None:
    late = observation(NORTH, referral.patient)
    referral.letter["supportingInfo"].append(reference(late))
    north.put(referral.letter)
    assert not lead.sees(late)
    north.put(late)  # the target comes after the reference
    assert lead.sees(late)


def test_a_new_version_stays_shared(referral: Referral, north: Client, lead: Client) -> None:
    north.put({**referral.patient, "gender": "female"})
    assert lead.get(f"/Patient/{referral.patient['id']}").json()["gender"] == "female"
    # But not the versions before it, which may hold what was taken out before sharing.
    history = f"/Patient/{referral.patient['id']}/_history"
    assert lead.get(f"{history}/2").status_code == 200
    assert lead.get(f"{history}/1").status_code == 404
    assert north.get(f"{history}/1").status_code == 200


def test_a_removed_reference_is_withdrawn(referral: Referral, north: Client, lead: Client) -> None:
    del referral.letter["supportingInfo"]
    north.put(referral.letter)
    assert not lead.sees(referral.condition)
    assert lead.sees(referral.patient)
    referral.letter["supportingInfo"] = [reference(referral.condition)]
    north.put(referral.letter)
    assert lead.sees(referral.condition)


def test_first_reference_of_a_record_already_shared(north: Client, lead: Client) -> None:
    who = make("Patient", NORTH)  # refers to nothing when it is shared
    other = make("Patient", NORTH)
    north.stored(who, other, task(NORTH, LEAD, who))
    assert lead.sees(who)
    north.put({**who, "link": [{"other": reference(other), "type": "seealso"}]})
    assert lead.sees(other)


def test_reference_changed_while_not_shared(north: Client, lead: Client) -> None:
    first, second = patient(NORTH), patient(NORTH)
    asked = letter(NORTH, first)
    sent = task(NORTH, LEAD, asked)
    north.stored(first, second, asked, sent)
    assert lead.sees(first)
    without = {key: value for key, value in sent.items() if key != "focus"}
    north.put(without)
    north.put({**asked, "subject": reference(second)})
    assert not lead.sees(first)
    north.put(sent)
    assert lead.sees(asked)
    assert lead.sees(second)
    assert not lead.sees(first)


def test_the_answer_reaches_the_asker(referral: Referral, north: Client, lead: Client) -> None:
    summary = make(
        "DocumentReference",
        LEAD,
        status="current",
        subject=reference(referral.patient),
        content=[{"attachment": {"title": "summary"}}],
    )
    private = observation(LEAD, referral.patient)
    plan = make(
        "CarePlan",
        LEAD,
        status="active",
        intent="plan",
        subject=reference(referral.patient),
        supportingInfo=[reference(summary)],
    )
    event = _provenance(LEAD, referral.task)
    answered = {
        **referral.task,
        "status": "completed",
        "relevantHistory": [*referral.task["relevantHistory"], reference(event)],
        "output": [{"type": {"text": "plan"}, "valueReference": reference(plan)}],
    }
    lead.stored(private, event, plan, summary, answered)
    for record in (event, plan, summary):
        assert north.sees(record)
    assert not north.sees(private)
    assert north.get(f"/Task/{referral.task['id']}").json()["status"] == "completed"


def test_task_conflict_between_two_organisations(
    referral: Referral, north: Client, lead: Client
) -> None:
    accepted = {**referral.task, "status": "accepted"}
    cancelled = {**referral.task, "status": "cancelled"}
    assert lead.put(accepted, headers={"If-Match": 'W/"1"'}).status_code == 200
    assert north.put(cancelled, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert north.put(cancelled, headers={"If-Match": 'W/"2"'}).status_code == 200


def test_writes_to_foreign_records_are_refused(
    referral: Referral, north: Client, lead: Client, south: Client
) -> None:
    for other in (lead, south):
        for record in referral.shared[:-1]:
            answer = other.put({**record, "language": "en"})
            assert answer.status_code == 403
            assert issue(answer)["code"] == "forbidden"
            own_tag = {**record, "meta": {"tag": [{"system": TAG, "code": other.organisation}]}}
            assert other.put(own_tag).status_code == 403
            assert other.post("transaction", own_tag).status_code == 403
    assert south.put({**referral.task, "status": "cancelled"}).status_code == 403
    for record in referral.shared:
        answer = north.get(f"/{record['resourceType']}/{record['id']}")
        assert answer.headers["ETag"] == 'W/"1"'


def test_participant_cannot_turn_a_task(referral: Referral, north: Client, lead: Client) -> None:
    other = patient(NORTH)
    north.put(other)
    for change in (
        {"owner": {"reference": f"Organization/{SOUTH}"}},
        {"requester": {"reference": f"Organization/{LEAD}"}},
        {"for": reference(other)},
        {"focus": reference(other)},
    ):
        answer = lead.put({**referral.task, **change})
        assert answer.status_code == 403, change
    retagged = {**referral.task, "meta": {"tag": [{"system": TAG, "code": LEAD}]}}
    assert lead.put(retagged).status_code == 422


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
        bait = _provenance(LEAD, secret)
        more = [*referral.task["relevantHistory"], reference(bait)]
        lead.stored(bait, {**referral.task, "relevantHistory": more})
        assert north.sees(bait)
        assert not lead.sees(secret)

    def test_reference_to_what_does_not_exist_yet(self, south: Client, north: Client) -> None:
        coming = patient(NORTH)
        south.stored(task(SOUTH, SOUTH, coming))
        north.put(coming)
        assert not south.sees(coming)

    def test_chain_through_a_third_organisation(
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
        event = _provenance(LEAD, referral.task)
        more = [*referral.task["relevantHistory"], reference(event)]
        answered = {**referral.task, "relevantHistory": more}
        lead.stored(event, answered)
        moved = {**answered, "owner": _organisation(SOUTH)}
        assert north.put(moved).status_code == 422
        assert not south.sees(event)

    def test_tag_of_the_victim(self, secret: dict[str, Any], south: Client) -> None:
        pointing = task(SOUTH, SOUTH, secret)
        pointing["meta"]["tag"] = [{"system": TAG, "code": NORTH}]
        assert south.put(pointing).status_code == 403
        pointing["meta"]["tag"] += [{"system": TAG, "code": SOUTH}]
        assert south.put(pointing).status_code == 422
        assert not south.sees(secret)

    def test_page_link_of_another_organisation(self, north: Client, south: Client) -> None:
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


def _organisation(id_: str) -> dict[str, str]:
    return {"reference": f"Organization/{id_}"}


def test_receiver_may_be_changed_before_the_answer(
    referral: Referral, north: Client, lead: Client, south: Client
) -> None:
    assert lead.sees(referral.letter)
    moved = {**referral.task, "owner": _organisation(SOUTH)}
    assert north.put(moved).status_code == 200
    for record in referral.shared:
        assert south.sees(record)
        assert not lead.sees(record)
    assert lead.put({**moved, "status": "rejected"}).status_code == 403
