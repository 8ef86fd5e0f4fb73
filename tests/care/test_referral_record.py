"""A letter begun from the record: what is known is filled in, no measurement is carried on."""

from dataclasses import dataclass, field
from datetime import date

import pytest

from app.care import referral
from app.care.referral_drafts import list_drafts, load_draft, save_draft
from app.care.referral_letter import LetterInput
from app.care.referral_record import begin_letter
from app.care.referral_red_flags import Vitals
from app.errors import NotFound
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.local import AuditEvent
from app.models.store import Store
from tests.conftest import LEAD_ID
from tests.referral_support import add_resident, letter_for

TODAY = date(2026, 3, 2)


def add_visit(store: Store, actor: Actor, resident_id: str, day: date, **values: object) -> str:
    with store.write(actor) as session:
        visit = FollowUp(
            resident_id=resident_id, visit_date=day, mode="1", doctor_name="王建国", **values
        )
        session.add(visit)
        session.flush()
        return str(visit.id)


def test_what_the_record_knows_is_filled_in(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, surgeries=[{"name": "胆囊切除", "date": "2009-05"}])
    drug = {
        "name": "苯磺酸氨氯地平",
        "strength": "5 mg",
        "frequency": "qd",
        "dose": 1,
        "unit": "片",
    }
    add_visit(store, actor, resident_id, date(2026, 2, 16), sbp=172, dbp=98, fpg=8.6, drugs=[drug])
    start = begin_letter(store, actor, resident_id)
    letter = start.letter
    assert letter.to_organisation_id == LEAD_ID
    assert letter.impression == "高血压 3 级 很高危；2 型糖尿病"
    assert letter.diagnoses == (("I10.x00x032", "高血压 3 级 很高危"), ("E11.900", "2 型糖尿病"))
    assert letter.past_history == "高血压，2016-04 确诊\n手术：2009-05 胆囊切除"
    assert letter.allergies == "青霉素"
    assert letter.current_drugs == ("苯磺酸氨氯地平 5 mg 每日一次 每次 1 片",)
    assert letter.last_results == "2026-02-16：血压 172/98 mmHg、空腹血糖 8.6 mmol/L"
    assert start.diabetic
    with store.read() as session:
        reads = session.query(AuditEvent).filter_by(action="read", record_id=resident_id).count()
    assert reads == 1


def test_only_measurements_of_today_become_the_letters_vitals(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor)
    add_visit(store, actor, resident_id, date(2026, 3, 1), sbp=190, dbp=100)
    assert begin_letter(store, actor, resident_id).letter.vitals == Vitals()
    add_visit(store, actor, resident_id, TODAY, sbp=184, dbp=96, heart_rate=80, random_glucose=17)
    letter = begin_letter(store, actor, resident_id).letter
    assert letter.vitals == Vitals(sbp=184, dbp=96, heart_rate=80, glucose=17)
    assert letter.last_results.splitlines() == [
        "2026-03-02：血压 184/96 mmHg、心率 80 次/分、随机血糖 17 mmol/L",
        "2026-03-01：血压 190/100 mmHg",
    ]


def test_what_a_follow_up_hands_over_goes_before_the_record(store: Store, actor: Actor) -> None:
    @dataclass(frozen=True)
    class Prefill:
        resident_id: str
        impression: str = "高血压急症？"
        present_history: str = ""
        reason_codes: tuple[str, ...] = ("critical_signs",)
        urgency: str = "emergency"
        vitals: Vitals = field(default_factory=lambda: Vitals(sbp=192, dbp=112))
        source_kind: str = "follow_up"
        source_id: str = "f1"

    resident_id = add_resident(store, actor)
    letter = begin_letter(store, actor, resident_id, Prefill("somebody else")).letter
    assert letter.resident_id == resident_id
    assert letter.impression == "高血压急症？"
    assert letter.urgency == "emergency"
    assert letter.vitals == Vitals(sbp=192, dbp=112)
    assert (letter.source_kind, letter.source_id) == ("follow_up", "f1")
    assert letter.allergies == "青霉素"


def test_an_empty_record_gives_an_empty_letter(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        from app.models.resident import Resident

        resident = Resident(name="新来", sex="1", birth_date=date(1950, 1, 1))
        session.add(resident)
        session.flush()
        resident_id = str(resident.id)
    letter = begin_letter(store, actor, resident_id).letter
    assert letter == LetterInput(resident_id, to_organisation_id=LEAD_ID)
    with pytest.raises(NotFound):
        begin_letter(store, actor, "nobody")


def test_unfinished_letters_are_listed_for_their_writer(store: Store, actor: Actor) -> None:
    first, second = add_resident(store, actor), add_resident(store, actor, name="陈大山")
    save_draft(store, actor, letter_for(first))
    save_draft(store, actor, letter_for(second, urgency="emergency", impression="胸痛"))
    lines = list_drafts(store, actor)
    assert {(line.resident_name, line.urgency) for line in lines} == {
        ("徐桂兰", "routine"),
        ("陈大山", "emergency"),
    }
    assert load_draft(store, actor, second) == letter_for(
        second, urgency="emergency", impression="胸痛"
    )
    referral.send(store, actor, letter_for(second, urgency="emergency"))
    assert [line.resident_id for line in list_drafts(store, actor)] == [first]
