"""Access by organisation: what is shared with whom, and what is refused."""

from __future__ import annotations

from tests.server.referrals import Referral, organisation, provenance
from tests.server.serving import (
    LEAD,
    NORTH,
    SOUTH,
    TAG,
    Client,
    count_of,
    issue,
    letter,
    make,
    new_id,
    observation,
    patient,
    reference,
    task,
)


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
    path = f"/Patient/{referral.patient['id']}"
    first = north.get(path).json()["meta"]["versionId"]
    second = north.put({**referral.patient, "gender": "female"}).json()["meta"]["versionId"]
    assert lead.get(path).json()["gender"] == "female"
    # But not the versions before it, which may hold what was taken out before sharing.
    assert lead.get(f"{path}/_history/{second}").status_code == 200
    assert lead.get(f"{path}/_history/{first}").status_code == 404
    assert north.get(f"{path}/_history/{first}").status_code == 200


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
    event = provenance(LEAD, referral.task)
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
    sent = lead.get(f"/Task/{referral.task['id']}").headers["ETag"]
    answer = lead.put(accepted, headers={"If-Match": sent})
    assert answer.status_code == 200
    assert north.put(cancelled, headers={"If-Match": sent}).status_code == 412
    newest = {"If-Match": answer.headers["ETag"]}
    assert north.put(cancelled, headers=newest).status_code == 200


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
        assert count_of(answer.headers["ETag"]) == 1


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


def test_receiver_may_be_changed_before_the_answer(
    referral: Referral, north: Client, lead: Client, south: Client
) -> None:
    assert lead.sees(referral.letter)
    moved = {**referral.task, "owner": organisation(SOUTH)}
    assert north.put(moved).status_code == 200
    for record in referral.shared:
        assert south.sees(record)
        assert not lead.sees(record)
    assert lead.put({**moved, "status": "rejected"}).status_code == 403


def test_a_note_is_its_writers_word(north: Client, lead: Client) -> None:
    """Unlike the state of a referral: who gets a note answers with one of his own."""
    move = {"coding": [{"system": "urn:township-care:code:note_move", "code": "asked"}]}
    note = task(NORTH, LEAD, code=move, status="completed")
    north.stored(note)
    assert lead.sees(note)
    for status in ("completed", "cancelled"):
        answer = lead.put({**note, "status": status, "note": [{"text": "Other words."}]})
        assert answer.status_code == 403
        assert issue(answer)["code"] == "forbidden"
    assert "note" not in north.get(f"/Task/{note['id']}").json()
    assert north.put({**note, "note": [{"text": "Own words."}]}).status_code == 200
