"""Files cross by stick as they do over the network: whole, to the receiver, the letter first."""

from __future__ import annotations

import os

from app.care.attachments import files
from app.care.attachments.files import NewFile
from app.models.attachment import PART_BYTES, Attachment, AttachmentPart
from app.models.outbox import LANE_FILES, Outbox
from app.models.referral import Referral
from app.sync.files import missing_parts
from tests.conftest import CARE_HOME_ID, LEAD_ID
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_letter, a_resident, save

SMALL = b"\xff\xd8\xff small picture"


def a_letter_with_a_file(pc: PC, size: int) -> tuple[str, str, bytes]:
    """Letter, attachment, content."""
    resident = a_resident()
    rows = a_letter(resident, pc.actor)
    save(pc.store, pc.actor, resident, *rows)
    letter = rows[0]
    assert isinstance(letter, Referral)
    content = b"\xff\xd8\xff" + os.urandom(size - 3)
    with pc.store.write(pc.actor) as session:
        row = files.attach(
            session,
            pc.store.clock,
            pc.actor,
            NewFile("化验单照片", "laboratory", content, SMALL),
            subject_kind="referral",
            subject_id=letter.id,
            resident_id=resident.id,
            receivers=[LEAD_ID],
        )
        return letter.id, str(row.id), content


def test_a_file_crosses_by_stick_whole(township: PC, lead: PC, make_pc, hospital: Hospital) -> None:
    letter, id_, content = a_letter_with_a_file(township, 5 * PART_BYTES + 77)
    told = township.round(hospital)
    assert not told.rejected
    (own,) = files.list_files(township.store, "referral", letter)
    assert (own.parts, own.sent, own.delivery.state) == (6, 6, "held")

    lead.round(hospital)
    (view,) = files.list_files(lead.store, "referral", letter)
    assert (view.thumbnail, view.complete, view.own) == (SMALL, True, False)
    assert files.content_of(lead.store, id_) == content
    assert missing_parts(lead.store) == []

    files.take_back(township.store, township.actor, id_)
    township.round(hospital)
    lead.round(hospital)
    (view,) = files.list_files(lead.store, "referral", letter)
    assert view.entered_in_error, "struck out on both sides"

    stranger = make_pc(CARE_HOME_ID)
    stranger.round(hospital)
    with stranger.store.read() as session:
        assert session.query(Attachment).count() == session.query(AttachmentPart).count() == 0


def test_what_came_to_the_hospital_later_is_asked_for_by_the_next_file(
    township: PC, lead: PC, hospital: Hospital
) -> None:
    """The letter and the small picture are there; of the content two parts were left behind."""
    letter, id_, content = a_letter_with_a_file(township, 4 * PART_BYTES)
    with township.store.apply_remote() as session:
        left = session.query(Outbox).filter_by(lane=LANE_FILES).order_by(Outbox.seq.desc())
        for row in left.limit(2):
            row.state = "rejected"
    township.round(hospital)
    lead.round(hospital)
    (view,) = files.list_files(lead.store, "referral", letter)
    assert (view.thumbnail, view.here, view.parts, view.complete) == (SMALL, 2, 4, False)
    lead.round(hospital)
    (view,) = files.list_files(lead.store, "referral", letter)
    assert view.here == 2, "nothing new was there to bring"

    with township.store.apply_remote() as session:
        session.query(Outbox).filter_by(lane=LANE_FILES).update({"state": "waiting"})
    township.round(hospital)
    lead.round(hospital)
    assert files.content_of(lead.store, id_) == content


def test_in_the_stick_s_file_the_letter_stands_before_every_part(
    township: PC, hospital: Hospital
) -> None:
    a_letter_with_a_file(township, 8 * PART_BYTES)
    resident = a_resident()
    save(township.store, township.actor, resident, *a_letter(resident, township.actor))
    township.round(hospital)
    (last_letter,) = hospital.rows(
        "SELECT max(updated) FROM resource WHERE type IN ('Task', 'ServiceRequest')"
        " AND content NOT LIKE '%attachment%'"
    )
    (first_part,) = hospital.rows(
        'SELECT min(updated) FROM resource WHERE content LIKE \'%"code":"appends"%\''
    )
    assert first_part[0] is not None
    assert last_letter < first_part
