"""Files on their way: the letter first, then the small picture, then the content part by part."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.care import referral_review
from app.care.attachments import files
from app.care.attachments.attaching import attach_to_expert_visit, attach_to_referral
from app.care.attachments.files import NewFile
from app.care.referral_limits import SETTING, Limits
from app.models.attachment import PART_BYTES, AttachmentPart
from app.models.outreach import ExpertVisit
from app.models.referral import Referral
from app.models.settings import set_setting
from app.sync.files import missing_parts
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.referral_support import letter_for
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_resident, save
from tests.sync.proxy import CUT_BEFORE, LOSE_ANSWER, PASS, Proxy, Seen

SMALL = b"\xff\xd8\xff small picture"


def attach(clinic: Clinic, letter: Referral, size: int) -> tuple[str, bytes]:
    content = b"\xff\xd8\xff" + os.urandom(size - 3)
    with clinic.store.write(clinic.actor) as session:
        row = files.attach(
            session,
            clinic.store.clock,
            clinic.actor,
            NewFile("化验单照片", "laboratory", content, SMALL),
            subject_kind="referral",
            subject_id=letter.id,
            resident_id=letter.resident_id,
            receivers=[letter.to_organisation_id],
        )
        return row.id, content


def a_sent_letter(clinic: Clinic) -> Referral:
    resident = a_resident()
    save(clinic.store, clinic.actor, resident)
    rows = a_letter(resident, clinic.actor)
    save(clinic.store, clinic.actor, *rows)
    letter = rows[0]
    assert isinstance(letter, Referral)
    return letter


def test_a_file_reaches_the_other_house_whole_and_nobody_else(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    letter = a_sent_letter(township)
    id_, content = attach(township, letter, 3 * PART_BYTES + 100)
    assert township.sync().outcome == "done"
    (own,) = files.list_files(township.store, "referral", letter.id)
    assert (own.sent, own.delivery.state) == (4, "held")

    hospital, stranger = make_clinic(LEAD_ID), make_clinic(CARE_HOME_ID)
    assert hospital.sync().outcome == "done"
    assert stranger.sync().outcome == "done"
    (view,) = files.list_files(hospital.store, "referral", letter.id)
    assert (view.thumbnail, view.complete, view.own) == (SMALL, True, False)
    assert files.content_of(hospital.store, id_) == content
    assert files.list_files(stranger.store, "referral", letter.id) == ()


def test_the_letter_is_there_though_the_line_dies_on_the_file(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    """The file was attached first and is long; the letter that follows overtakes it."""
    township = make_clinic(TOWNSHIP_ID, link=proxy.url)
    first = a_sent_letter(township)
    township.sync()
    attach(township, first, 12 * PART_BYTES)
    second = a_sent_letter(township)
    posts: list[int] = []

    def die_on_the_file(seen: Seen) -> str:
        if seen.method == "POST" and seen.size > PART_BYTES // 2:
            posts.append(seen.number)
            return CUT_BEFORE
        return PASS

    proxy.choose = die_on_the_file
    township.sync()
    assert posts, "the file was never tried"

    hospital = make_clinic(LEAD_ID)
    hospital.sync()
    with hospital.store.read() as session:
        assert session.get(Referral, second.id) is not None
        assert session.query(AttachmentPart).count() == 0


def test_a_cut_costs_one_part_and_the_other_house_goes_on_where_it_stopped(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    township = make_clinic(TOWNSHIP_ID, link=proxy.url)
    letter = a_sent_letter(township)
    id_, content = attach(township, letter, 10 * PART_BYTES)
    tries = {"bad": 0}

    def every_second(seen: Seen) -> str:
        if seen.method == "POST" and seen.size > PART_BYTES // 2:
            tries["bad"] += 1
            return LOSE_ANSWER if tries["bad"] % 2 else PASS
        return PASS

    proxy.choose = every_second
    for _ in range(40):
        township.sync()
        (own,) = files.list_files(township.store, "referral", letter.id)
        if own.sent == own.parts:
            break
    assert own.sent == own.parts == 10
    assert tries["bad"] >= 2

    hospital = make_clinic(LEAD_ID, link=proxy.url)
    searches = {"parts": 0}

    def cut_the_third(seen: Seen) -> str:
        if "DocumentReference?_id=" in seen.path:
            searches["parts"] += 1
            return CUT_BEFORE if searches["parts"] == 3 else PASS
        return PASS

    proxy.choose = cut_the_third
    hospital.sync()
    (view,) = files.list_files(hospital.store, "referral", letter.id)
    assert 0 < view.here < view.parts
    before = view.here
    assert len(missing_parts(hospital.store)[0]) == view.parts - before
    hospital.sync()
    (view,) = files.list_files(hospital.store, "referral", letter.id)
    assert view.complete
    assert files.content_of(hospital.store, id_) == content


def test_parts_that_were_not_sent_yet_are_asked_for_again(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    township = make_clinic(TOWNSHIP_ID, link=proxy.url)
    letter = a_sent_letter(township)
    id_, content = attach(township, letter, 6 * PART_BYTES)
    proxy.choose = lambda seen: (
        CUT_BEFORE if seen.method == "POST" and seen.size > PART_BYTES // 2 else PASS
    )
    township.sync()
    hospital = make_clinic(LEAD_ID)
    hospital.sync()
    (view,) = files.list_files(hospital.store, "referral", letter.id)
    assert view.thumbnail == SMALL
    assert view.here == 0
    with pytest.raises(Exception, match="0"):
        files.content_of(hospital.store, id_)
    proxy.choose = lambda seen: PASS
    while township.sync().outcome != "done":
        pass
    hospital.sync()
    assert files.content_of(hospital.store, id_) == content


def test_a_photo_of_an_expert_visit_belongs_to_no_resident_and_crosses(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    lead, stranger = make_clinic(LEAD_ID), make_clinic(CARE_HOME_ID)
    with lead.store.write(lead.actor) as session:
        visit = ExpertVisit(
            host_organisation_id=TOWNSHIP_ID,
            visit_on=lead.store.clock.today(),
            expert_name="李主任",
            department="心血管内科",
        )
        session.add(visit)
        session.flush()
        visit_id = visit.id
    content = b"\xff\xd8\xff" + os.urandom(PART_BYTES)
    photo = NewFile("义诊现场", "visit_photo", content, SMALL)
    id_ = attach_to_expert_visit(lead.store, lead.actor, visit_id, photo)
    for clinic in (lead, township, stranger):
        assert clinic.sync().outcome == "done"
    assert files.content_of(township.store, id_) == content
    assert files.list_files(stranger.store, "expert_visit", visit_id) == ()

    # Taken back there, struck out here.
    files.take_back(lead.store, lead.actor, id_)
    for clinic in (lead, township):
        assert clinic.sync().outcome == "done"
    (view,) = files.list_files(township.store, "expert_visit", visit_id)
    assert view.entered_in_error


def test_a_letter_is_approved_and_only_then_its_files_are_the_receiver_s(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    with township.store.write(township.actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    resident = a_resident()
    save(township.store, township.actor, resident)
    store, actor = township.store, township.actor
    letter = referral_review.submit(store, actor, letter_for(resident.id)).referral_id
    content = b"\xff\xd8\xff" + os.urandom(2 * PART_BYTES)
    id_ = attach_to_referral(store, actor, letter, NewFile("心电图", "ecg", content, SMALL))
    hospital = make_clinic(LEAD_ID)
    for clinic in (township, hospital):
        assert clinic.sync().outcome == "done"
    assert files.list_files(hospital.store, "referral", letter) == ()
    head = replace(actor, roles=frozenset({"doctor", "head_of_department"}))
    referral_review.approve(store, head, letter)
    for clinic in (township, hospital):
        assert clinic.sync().outcome == "done"
    assert files.content_of(hospital.store, id_) == content
