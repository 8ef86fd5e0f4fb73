"""What of outreach stands on Today and on the resident's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.care.outreach.consultations import (
    AnswerInput,
    OutcomeInput,
    answer,
    ask,
    conclude,
    decline,
    take_on,
)
from app.care.outreach.guidance import (
    GuidanceInput,
    begin_guidance,
    record_guidance,
    void_guidance,
)
from app.care.outreach.visit_lists import load_visit
from app.care.outreach.visits import cancel_visit, change_visit, countersign, plan_visit
from app.care.referral import send
from app.care.timeline import TimelineEntry, count_timeline, timeline
from app.care.work_list import WorkItem, room_counts, today_work
from app.clock import FixedClock
from app.models.referral_return import ReferralVisit
from tests.care.outreach.conftest import House
from tests.conftest import TOWNSHIP_ID
from tests.outreach_support import carry_outreach, question_about, visit_at
from tests.referral_support import add_resident, carry, letter_for

TODAY = date(2026, 3, 2)


@pytest.fixture
def resident(township: House) -> str:
    return add_resident(township.store, township.actor)


def asked(township: House, lead: House, resident: str, **values: object) -> str:
    id_ = ask(township.store, township.actor, question_about(resident, **values))
    carry_outreach(township.store, lead.store)
    return id_


def lines(house: House) -> list[WorkItem]:
    work = today_work(house.store, house.actor)
    found = [
        item for item in (*work.now, *work.today) if item.kind in ("consultation", "expert_visit")
    ]
    assert work.totals["now"] + work.totals["today"] >= len(found)
    assert (room_counts(house.store, house.actor).counts["today"] > 0) == bool(found)
    return found


def test_a_question_waits_at_the_house_that_is_asked_until_it_is_answered(
    township: House, lead: House, resident: str, clock: FixedClock
) -> None:
    id_ = asked(township, lead, resident)
    assert lines(township) == []
    (line,) = lines(lead)
    assert (line.column, line.urgent, line.room) == ("today", False, "outreach")
    assert (line.name, line.resident_id) == ("徐桂兰", resident)
    assert dict(line.arguments) == {"consultation_id": id_, "box": "received"}
    clock.advance(hours=48, seconds=1)
    (line,) = lines(lead)
    assert (line.column, line.days_late) == ("now", 2)
    answer(lead.store, lead.actor, id_, AnswerInput("加用缬沙坦。", "李主任"))
    assert lines(lead) == []
    carry_outreach(lead.store, township.store)
    (line,) = lines(township)
    assert (line.column, dict(line.arguments)["box"]) == ("today", "asked")
    conclude(township.store, township.actor, id_, OutcomeInput(True, "好转"))
    assert lines(township) == []


def test_an_urgent_question_stands_among_what_is_to_be_done_now(
    township: House, lead: House, resident: str
) -> None:
    asked(township, lead, resident)
    id_ = asked(township, lead, resident, urgency="urgent")
    first, second = lines(lead)
    assert (first.column, first.urgent, second.column) == ("now", True, "today")
    take_on(lead.store, lead.actor, id_, lead.store.clock.now())
    first, _ = lines(lead)
    assert (first.column, first.urgent) == ("now", False)
    decline(lead.store, lead.actor, id_, "外出")
    assert [line.column for line in lines(lead)] == ["today"]


def test_a_visit_that_took_place_waits_for_the_host_s_word(
    township: House, lead: House, clock: FixedClock
) -> None:
    id_ = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, date(2026, 3, 3)))
    off = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, date(2026, 3, 3)))
    change = load_visit(lead.store, lead.actor, off).change_id
    cancel_visit(lead.store, lead.actor, off, change, "外出")
    carry_outreach(lead.store, township.store)
    assert lines(township) == []
    clock.advance(days=2)
    (line,) = lines(township)
    assert dict(line.arguments) == {"page": "visits", "visit_id": id_}
    assert (line.name, line.on, line.days_late) == ("李建华", date(2026, 3, 3), 1)
    assert lines(lead) == []
    countersign(township.store, township.actor, id_)
    assert lines(township) == []
    # Moved after, it is another visit: the host is asked again once it took place.
    carry_outreach(township.store, lead.store)
    view = load_visit(lead.store, lead.actor, id_)
    moved = replace(view.plan, visit_on=date(2026, 3, 5))
    change_visit(lead.store, lead.actor, id_, view.change_id, moved)
    carry_outreach(lead.store, township.store)
    assert lines(township) == []
    clock.advance(days=1)
    assert [item.on for item in lines(township)] == [date(2026, 3, 5)]


def _of(house: House, resident: str) -> dict[str, TimelineEntry]:
    found = timeline(house.store, house.actor, resident)
    assert count_timeline(house.store, house.actor, resident) == len(found)
    return {
        each.record_id: each for each in found if each.kind in ("consultation", "referral_visit")
    }


def test_the_resident_s_page_shows_questions_and_visits_at_both_houses(
    township: House, lead: House, resident: str
) -> None:
    letter = send(township.store, township.actor, letter_for(resident)).referral_id
    carry(township.store, lead.store)
    question = asked(township, lead, resident, urgency="urgent", referral_id=letter)
    (link,) = begin_guidance(lead.store, lead.actor, resident).links
    given = GuidanceInput(
        resident, "guidance", link, "", "home", TODAY, "李建华", "王建国", "步态稳。", "加量。"
    )
    kept = record_guidance(lead.store, lead.actor, given)
    wrong = record_guidance(lead.store, lead.actor, replace(given, findings="误"))
    void_guidance(lead.store, lead.actor, wrong)
    carry_outreach(lead.store, township.store)
    for house in (township, lead):
        found = _of(house, resident)
        assert found.keys() == {question, kept}
        line = found[question]
        assert (line.title, line.tone, line.subject_id) == ("会诊", "danger", question)
        assert "心血管内科" in line.detail
        assert line.author == township.actor.name
        visit = found[kept]
        assert (visit.title, visit.author, visit.subject_id) == ("随访指导", "李建华", kept)
        assert "步态稳" in visit.detail
    assert _of(township, resident)[kept].organisation
    assert not _of(township, resident)[question].organisation
    answer(lead.store, lead.actor, question, AnswerInput("加药", "李主任"))
    assert _of(lead, resident)[question].tone == "neutral"


def test_a_visit_after_the_return_leads_to_its_referral_and_a_corrected_one_is_gone(
    township: House, resident: str
) -> None:
    letter = send(township.store, township.actor, letter_for(resident)).referral_id
    rows = []
    for number in range(2):
        row = ReferralVisit(
            referral_id=letter, resident_id=resident, purpose="after_return", mode="home",
            visited_on=TODAY, local_doctor_name="王建国", findings=f"第 {number} 次",
            replaces_id=rows[0].id if rows else None,
        )  # fmt: skip
        with township.store.write(township.actor) as session:
            session.add(row)
            session.flush()
            session.expunge(row)
        rows.append(row)
    (line,) = _of(township, resident).values()
    assert (line.record_id, line.subject_id) == (rows[1].id, letter)
