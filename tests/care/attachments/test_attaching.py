"""Attaching to each kind of record: who may, who gets it, when a reviewed letter hands over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.care import referral, referral_review
from app.care.attachments import attaching, files
from app.care.attachments.files import NewFile
from app.care.referral_desk import Booking, accept
from app.care.referral_limits import SETTING, Limits
from app.care.referral_moves import Reason
from app.care.referral_return.answer import write_reply
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.attachment import Attachment
from app.models.local import AuditEvent
from app.models.outreach import Consultation, ExpertVisit, SharedNote
from app.models.settings import set_setting
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import reply_for
from tests.referral_support import add_resident, carry, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]
FILE = NewFile("心电图", "ecg", b"%PDF-1.7\n" + bytes(range(200)))


def owners(store: Store) -> list[str]:
    """Whom this house handed files to, one line a file."""
    with store.read() as session:
        return list(
            session.scalars(
                select(SharedNote.owner_organisation_id).where(
                    SharedNote.subject_kind == "attachment",
                    SharedNote.requester_organisation_id == store.organisation_id,
                )
            )
        )


def test_a_file_of_a_letter_goes_to_the_other_side_from_either_side(make_store: MakeStore) -> None:
    township, lead = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    letter = letter_for(add_resident(*township))
    referral_id = referral.send(*township, letter).referral_id
    attaching.attach_to_referral(*township, referral_id, FILE)
    assert owners(township[0]) == [LEAD_ID]
    carry(township[0], lead[0])
    id_ = attaching.attach_to_referral(*lead, referral_id, replace(FILE, category="imaging"))
    assert owners(lead[0]) == [TOWNSHIP_ID]
    with lead[0].read() as session:
        row = session.get(Attachment, id_)
        assert row is not None
        assert (row.subject_kind, row.subject_id) == ("referral", referral_id)
        assert (row.resident_id, row.is_sample) == (letter.resident_id, True)


def test_a_letter_in_review_hands_its_files_over_with_the_approval(
    store: Store, actor: Actor
) -> None:
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    doctor = replace(actor, roles=frozenset({"doctor"}))
    head = replace(actor, roles=frozenset({"doctor", "head_of_department"}))
    letter = letter_for(add_resident(store, actor))
    referral_id = referral_review.submit(store, doctor, letter).referral_id
    kept = attaching.attach_to_referral(store, doctor, referral_id, FILE)
    dropped = attaching.attach_to_referral(store, doctor, referral_id, FILE)
    files.take_back(store, doctor, dropped)
    assert owners(store) == []
    referral_review.send_back(store, head, referral_id, "补充心电图")
    attaching.attach_to_referral(store, doctor, referral_id, FILE)
    referral_review.resubmit(store, doctor, referral_id, letter)
    assert owners(store) == []
    referral_review.approve(store, head, referral_id)
    assert owners(store) == [LEAD_ID, LEAD_ID]
    with store.read() as session:
        handed = set(session.scalars(select(SharedNote.subject_id)))
        assert kept in handed
        assert dropped not in handed
    attaching.attach_to_referral(store, doctor, referral_id, FILE)
    assert owners(store) == [LEAD_ID] * 3


def test_a_mended_letter_that_needs_no_review_any_more_hands_over_too(
    store: Store, actor: Actor
) -> None:
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    head = replace(actor, roles=frozenset({"doctor", "head_of_department"}))
    letter = letter_for(add_resident(store, actor))
    referral_id = referral_review.submit(store, actor, letter).referral_id
    attaching.attach_to_referral(store, actor, referral_id, FILE)
    referral_review.send_back(store, head, referral_id, "写明用药")
    urgent = replace(letter, urgency="emergency", red_flags=("stroke_signs",))
    assert referral_review.resubmit(store, actor, referral_id, urgent).state is State.SENT
    assert owners(store) == [LEAD_ID]


def test_an_ended_letter_takes_no_file(store: Store, actor: Actor) -> None:
    referral_id = referral.send(store, actor, letter_for(add_resident(store, actor))).referral_id
    referral.advance(store, actor, referral_id, State.CANCELLED, Reason("patient_withdraw"))
    with pytest.raises(InputError):
        attaching.attach_to_referral(store, actor, referral_id, FILE)
    assert files.list_files(store, "referral", referral_id) == ()


def test_a_reply_takes_files_of_its_writer_only(make_store: MakeStore) -> None:
    township, lead = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    referral_id = referral.send(*township, letter_for(add_resident(*township))).referral_id
    carry(township[0], lead[0])
    accept(*lead, referral_id, Booking("心血管内科", "李主任", "13900000001", NOW))
    arrive(*lead, referral_id)
    write_reply(*lead, referral_id, reply_for())
    reply = load_returns(*lead, referral_id).reply
    assert reply is not None
    attaching.attach_to_reply(*lead, reply.id, FILE)
    assert owners(lead[0]) == [TOWNSHIP_ID]
    carry(lead[0], township[0])
    with pytest.raises(NotAllowed):
        attaching.attach_to_reply(*township, reply.id, FILE)
    with pytest.raises(NotFound):
        attaching.attach_to_reply(*township, "unknown", FILE)


def asked_consultation(store: Store, actor: Actor) -> str:
    resident_id = add_resident(store, actor)
    with store.write(actor) as session:
        row = Consultation(
            resident_id=resident_id,
            to_organisation_id=LEAD_ID,
            kind="remote",
            urgency="routine",
            summary="头晕 1 周",
            question="是否调整降压方案",
            asked_at=NOW,
            from_doctor_id=actor.staff_id,
            from_doctor_name=actor.name,
        )
        session.add(row)
        session.flush()
        return str(row.id)


def planned_visit(store: Store, actor: Actor) -> str:
    with store.write(actor) as session:
        row = ExpertVisit(
            host_organisation_id=TOWNSHIP_ID,
            visit_on=NOW.date() + timedelta(days=7),
            expert_name="李主任",
            department="心血管内科",
        )
        session.add(row)
        session.flush()
        return str(row.id)


def test_consultations_and_expert_visits_hand_files_to_their_other_house(
    make_store: MakeStore,
) -> None:
    township, lead = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    consultation = asked_consultation(*township)
    attaching.attach_to_consultation(*township, consultation, FILE)
    assert owners(township[0]) == [LEAD_ID]
    visit = planned_visit(*lead)
    attaching.attach_to_expert_visit(*lead, visit, replace(FILE, category="visit_photo"))
    assert owners(lead[0]) == [TOWNSHIP_ID]
    (seen,) = files.list_files(lead[0], "expert_visit", visit)
    assert seen.category == "visit_photo"
    # A third house that came to hold the rows takes no part in them.
    third = replace(township[1], organisation_id=CARE_HOME_ID)
    with pytest.raises(NotAllowed):
        attaching.attach_to_consultation(township[0], third, consultation, FILE)
    with pytest.raises(NotAllowed):
        attaching.attach_to_expert_visit(lead[0], third, visit, FILE)


@pytest.mark.parametrize("kind", ["referral", "consultation", "expert_visit"])
def test_what_is_not_here_takes_no_file(store: Store, actor: Actor, kind: str) -> None:
    with pytest.raises(NotFound):
        getattr(attaching, f"attach_to_{kind}")(store, actor, "unknown", FILE)


def test_whoever_may_not_move_a_referral_attaches_nothing(store: Store, actor: Actor) -> None:
    referral_id = referral.send(store, actor, letter_for(add_resident(store, actor))).referral_id
    clerk = replace(actor, roles=frozenset({"statistician"}))
    with pytest.raises(NotAllowed):
        attaching.attach_to_referral(store, clerk, referral_id, FILE)


def test_a_record_takes_twenty_files_and_a_place_gets_free_by_taking_back(
    store: Store, actor: Actor
) -> None:
    referral_id = referral.send(store, actor, letter_for(add_resident(store, actor))).referral_id
    made = [
        attaching.attach_to_referral(store, actor, referral_id, FILE)
        for _ in range(attaching.MOST_FILES)
    ]
    with pytest.raises(InputError, match=str(attaching.MOST_FILES)):
        attaching.attach_to_referral(store, actor, referral_id, FILE)
    assert len(files.list_files(store, "referral", referral_id)) == attaching.MOST_FILES
    files.take_back(store, actor, made[3])
    attaching.attach_to_referral(store, actor, referral_id, FILE)


def test_a_copy_is_written_where_the_person_chose_and_noted(
    store: Store, actor: Actor, tmp_path: Path
) -> None:
    referral_id = referral.send(store, actor, letter_for(add_resident(store, actor))).referral_id
    id_ = attaching.attach_to_referral(store, actor, referral_id, FILE)
    folder = tmp_path / "chosen"
    folder.mkdir()
    assert attaching.copy_out(store, actor, id_, folder / "a.pdf") == len(FILE.content)
    assert [path.name for path in folder.iterdir()] == ["a.pdf"]
    assert (folder / "a.pdf").read_bytes() == FILE.content
    with store.read() as session:
        notes = session.scalars(select(AuditEvent).where(AuditEvent.action == "export")).all()
        assert [(note.kind, note.record_id, note.detail) for note in notes] == [
            ("attachment", id_, {"bytes": len(FILE.content)})
        ]
    with pytest.raises(InputError):
        attaching.copy_out(store, actor, id_, tmp_path / "gone" / "a.pdf")
