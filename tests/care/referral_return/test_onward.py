"""A township's patient whom it cannot take back is sent on to another member of the consortium."""

from __future__ import annotations

import pytest

from app.care import referral
from app.care.referral import advance
from app.care.referral_back.declined import declined_returns
from app.care.referral_desk import Booking, accept
from app.care.referral_lists import list_referrals, receivers_below
from app.care.referral_moves import Reason
from app.care.referral_return.answer import hand_back
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import DownInput
from app.care.referral_return.onward import SENT_ON, tell_keepers
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import Side, State
from app.care.referral_view import ReferralView, open_referral
from app.errors import InputError
from app.models import records
from app.models.resident import Resident
from tests.care.referral_return.conftest import House, MakeStore
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW, TOWNSHIP_ID, organisation_named
from tests.referral_returns import plan_for, summary_for
from tests.referral_support import SHARED_KINDS, add_resident, carry

TODAY = NOW.date()
OTHERS_HOME_ID = str(organisation_named("燕子河镇医养康中心")["id"])


@pytest.fixture
def home(make_store: MakeStore) -> House:
    return make_store(CARE_HOME_ID, "home")


@pytest.fixture
def declined(township: House, desk: House, accepted: str) -> str:
    """Handed back, and the township has no bed."""
    arrive(*desk, accepted)
    hand_back(*desk, accepted, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    advance(*township, accepted, State.REPLIED, Reason("bed_full", "康复床位已满"))
    carry(township[0], desk[0])
    return accepted


def down_of(desk: House, referral_id: str, to: str = CARE_HOME_ID) -> DownInput:
    patient = open_referral(*desk, referral_id).patient.resident_id
    return DownInput(patient, to, consent="given", origin_referral_id=referral_id)


def hand_over(sender: House, receiver: House, referral_id: str) -> None:
    """Bring one letter with its own records only, as the server shares it."""
    with sender[0].read() as session:
        about = session.get(records.KINDS["referral"].model, referral_id).resident_id
        for kind in SHARED_KINDS:
            table = records.KINDS[kind].table
            if kind == "shared_note":
                continue
            key = table.c.id == about if kind == "resident" else None
            if key is None:
                column = table.c.id if kind == "referral" else table.c.referral_id
                key = column == referral_id
            ids = session.scalars(table.select().with_only_columns(table.c.id).where(key)).all()
            rows = records.fetch(session, kind, ids)
            with receiver[0].apply_remote() as other:
                records.put(other, kind, rows.values())


def told(view: ReferralView) -> list[tuple[str, str]]:
    return [
        (event.details["house"], event.details["house_state"])
        for event in view.events
        if event.move == SENT_ON
    ]


def test_the_third_house_gets_the_letter_and_the_township_reads_where_its_patient_is(
    township: House, desk: House, home: House, declined: str
) -> None:
    assert len(declined_returns_of(desk)) == 1
    sent = refer_down(*desk, down_of(desk, declined), summary_for(), plan_for(TODAY))
    assert sent.state is State.SENT
    assert declined_returns_of(desk) == []
    hand_over(desk, home, sent.referral_id)
    (line,) = list_referrals(*home, side=Side.RECEIVER)
    assert line.resident_name == "徐桂兰"
    assert load_returns(*home, sent.referral_id).plan is not None

    carry(desk[0], township[0])
    view = open_referral(*township, declined)
    assert view.state is State.REPLIED
    assert told(view) == [("白塔畈镇医养康中心", "sent")]
    assert open_referral(*desk, declined).after.referral_id == sent.referral_id
    assert open_referral(*desk, sent.referral_id).before.referral_id == declined

    accept(*home, sent.referral_id, Booking("康复区", scheduled_at=NOW))
    carry(home[0], desk[0])
    assert tell_keepers(*desk) == 1
    assert tell_keepers(*desk) == 0
    carry(desk[0], township[0])
    assert told(open_referral(*township, declined))[-1] == ("白塔畈镇医养康中心", "accepted")


def test_the_third_house_reads_the_letter_and_no_more(
    township: House, desk: House, home: House, declined: str
) -> None:
    sent = refer_down(*desk, down_of(desk, declined), summary_for(), plan_for(TODAY))
    hand_over(desk, home, sent.referral_id)
    with home[0].read() as session:
        (person,) = session.query(Resident).all()
        assert person.organisation_id == LEAD_ID
        assert (person.name, person.id_no) == ("徐桂兰", "341524194806150028")
        assert person.drug_allergy == [{"code": "2", "text": ""}]
        # What the township wrote of the person besides stays the township's.
        assert (person.record_no, person.past_disease) == (None, [])
    view = open_referral(*home, sent.referral_id)
    assert view.before is None
    assert view.patient.phone == "13812345678"


def test_refused_there_too_the_patient_is_sent_on_again_under_the_same_record(
    township: House, desk: House, home: House, declined: str
) -> None:
    first = refer_down(*desk, down_of(desk, declined), summary_for(), plan_for(TODAY))
    hand_over(desk, home, first.referral_id)
    advance(*home, first.referral_id, State.REJECTED, Reason("bed_full", "满"))
    carry(home[0], desk[0])
    tell_keepers(*desk)
    other = str(organisation_named("金寨县白云康复托养中心")["id"])
    again = down_of(desk, first.referral_id, other)
    second = refer_down(*desk, again, summary_for(), plan_for(TODAY))
    with desk[0].read() as session:
        (own,) = (row.id for row in session.query(Resident).filter_by(organisation_id=LEAD_ID))
    assert open_referral(*desk, second.referral_id).patient.resident_id == own
    carry(desk[0], township[0])
    assert told(open_referral(*township, declined)) == [
        ("白塔畈镇医养康中心", "sent"),
        ("白塔畈镇医养康中心", "rejected"),
        ("金寨县白云康复托养中心", "sent"),
    ]


def test_the_house_that_keeps_the_record_gets_the_letter_under_it(
    township: House, desk: House, declined: str
) -> None:
    sent = refer_down(*desk, down_of(desk, declined, TOWNSHIP_ID), summary_for(), plan_for(TODAY))
    view = open_referral(*desk, sent.referral_id)
    assert view.patient.resident_id == open_referral(*desk, declined).patient.resident_id
    assert told(open_referral(*desk, declined)) == []


def test_only_members_of_the_own_consortium_are_offered_and_taken(
    township: House, desk: House, declined: str
) -> None:
    names = [each.name for each in receivers_below(*desk)]
    assert names == [
        "古碑镇中心卫生院",
        "白塔畈镇中心卫生院",
        "古碑镇中心卫生院医养中心",
        "白塔畈镇医养康中心",
        "金寨县白云康复托养中心",
    ]
    below = {each.name for each in receivers_below(*township)}
    assert below == {*names, "古碑镇中心卫生院"} - {"白塔畈镇中心卫生院"}
    down = down_of(desk, declined, OTHERS_HOME_ID)
    with pytest.raises(InputError) as refused:
        refer_down(*desk, down, summary_for(), plan_for(TODAY))
    assert "其他联合体" in refused.value.problems["to_organisation_id"]
    assert list_referrals(*desk, side=Side.SENDER) == ()


def declined_returns_of(desk: House) -> list[object]:
    with desk[0].read() as session:
        return list(declined_returns(session, desk[1], TODAY))


def test_nobody_is_told_of_a_patient_of_the_own_house(
    township: House, desk: House, home: House
) -> None:
    resident_id = add_resident(*desk)
    down = DownInput(resident_id, TOWNSHIP_ID, consent="given")
    first = refer_down(*desk, down, summary_for(), plan_for(TODAY))
    carry(desk[0], township[0])
    referral.advance(*township, first.referral_id, State.REJECTED, Reason("bed_full", "满"))
    carry(township[0], desk[0])
    refer_down(*desk, down_of(desk, first.referral_id), summary_for(), plan_for(TODAY))
    assert told(open_referral(*desk, first.referral_id)) == []
