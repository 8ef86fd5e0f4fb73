"""Today: the right column, the right order, the way to the work; thousands overdue are cut."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from app.care.work_due import FAMILIES
from app.care.work_list import LIST_LIMIT, room_counts, today_work
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.local import DueItem
from app.models.outbox import Conflict, Outbox
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID

TODAY = date(2026, 3, 2)


def _resident(store: Store, actor: Actor, name: str = "张桂兰") -> str:
    with store.write(actor) as session:
        row = Resident(name=name, sex="2", birth_date=date(1950, 3, 2), village="光荣村")
        session.add(row)
        session.flush()
        return row.id


def _due(store: Store, actor: Actor, resident: str, kind: str, days: int, urgent=False) -> None:
    with store.write(actor) as session:
        session.add(
            DueItem(
                organisation_id=store.organisation_id,
                resident_id=resident,
                kind=kind,
                due_on=TODAY + timedelta(days=days),
                urgent=urgent,
            )
        )


def _letter(
    store: Store,
    actor: Actor,
    state: str,
    *,
    urgency: str = "routine",
    sender: str = TOWNSHIP_ID,
    receiver: str = LEAD_ID,
) -> str:
    resident = _resident(store, actor, "李德福")
    with store.write(actor) as session:
        letter = Referral(
            direction="up",
            resident_id=resident,
            from_organisation_id=sender,
            to_organisation_id=receiver,
            from_doctor_id=actor.staff_id,
            from_doctor_name=actor.name,
            written_on=TODAY,
            urgency=urgency,
            # Whole, so that nothing is to be completed.
            reason_codes=["critical_signs"],
            impression="高血压 3 级",
            present_history="头晕",
            past_history="无",
            treatment_given="无",
            consent="given",
        )
        session.add(letter)
        session.flush()
        session.add(
            ReferralTask(
                referral_id=letter.id,
                resident_id=resident,
                service="letter",
                request_id=letter.id,
                requester_organisation_id=sender,
                owner_organisation_id=receiver,
                urgency=urgency,
                state=state,
                sent_at=store.clock.now(),
            )
        )
        return letter.id


def test_an_empty_store_has_nothing_to_do(store: Store, actor: Actor):
    work = today_work(store, actor)
    assert (work.now, work.today, work.week) == ((), (), ())
    assert work.totals == {"now": 0, "today": 0, "week": 0}


@pytest.mark.parametrize(
    ("days", "column"),
    [(-400, "today"), (-1, "today"), (0, "today"), (1, "week"), (7, "week"), (8, None)],
)
def test_the_column_by_the_due_day(store: Store, actor: Actor, days: int, column: str | None):
    resident = _resident(store, actor)
    _due(store, actor, resident, "follow_up:hypertension", days)
    work = today_work(store, actor)
    found = {name: len(getattr(work, name)) for name in ("now", "today", "week")}
    wanted = {name: int(name == column) for name in found}
    assert found == wanted
    assert work.totals == wanted


def test_a_line_says_who_what_and_where(store: Store, actor: Actor):
    resident = _resident(store, actor)
    _due(store, actor, resident, "follow_up:type2_diabetes", -3)
    (item,) = today_work(store, actor).today
    assert (item.name, item.age, item.village) == ("张桂兰", 76, "光荣村")
    assert item.what == "糖尿病随访"
    assert item.days_late == 3
    assert item.room == "chronic"
    assert dict(item.arguments) == {"resident_id": resident, "disease": "type2_diabetes"}


def test_urgent_work_that_is_due_is_now_and_the_longest_overdue_first(store: Store, actor: Actor):
    late, later = _resident(store, actor, "甲"), _resident(store, actor, "乙")
    _due(store, actor, late, "check_in", -1)
    _due(store, actor, later, "check_in", -9)
    _due(store, actor, later, "plan_paused", 0, urgent=True)
    _due(store, actor, late, "plan_review", 2, urgent=True)
    work = today_work(store, actor)
    assert [item.kind for item in work.now] == ["plan_paused"]
    assert [item.name for item in work.today] == ["乙", "甲"]
    assert [item.kind for item in work.week] == ["plan_review"]


def test_work_of_another_organisation_is_not_ours(store: Store, actor: Actor):
    resident = _resident(store, actor)
    with store.write(actor) as session:
        session.add(
            DueItem(organisation_id=LEAD_ID, resident_id=resident, kind="check_in", due_on=TODAY)
        )
    assert today_work(store, actor).totals["today"] == 0


@pytest.mark.parametrize(
    ("state", "urgency", "column"),
    [
        ("sent", "emergency", "now"),
        ("sent", "priority", "now"),
        ("sent", "routine", "today"),
        ("closed", "routine", None),
        ("in_care", "routine", None),
    ],
)
def test_what_the_hospital_has_to_answer(make_store, state: str, urgency: str, column: str | None):
    store, actor = make_store(LEAD_ID)
    letter = _letter(store, actor, state, urgency=urgency)
    work = today_work(store, actor)
    found = [(name, item) for name in ("now", "today") for item in getattr(work, name)]
    assert [name for name, _ in found] == ([column] if column else [])
    for _, item in found:
        assert item.room == "referrals"
        assert dict(item.arguments) == {"referral_id": letter}
        assert item.urgent is (urgency == "emergency")


@pytest.mark.parametrize(
    ("state", "column"),
    [
        ("sent", None),
        ("returned", "today"),
        ("accepted", "today"),
        ("handed_back", "today"),
        ("rejected", "today"),
        ("replied", "today"),
        ("no_show", "today"),
        ("closed", None),
    ],
)
def test_answers_that_the_township_must_see(
    store: Store, actor: Actor, state: str, column: str | None
):
    _letter(store, actor, state)
    work = today_work(store, actor)
    assert len(work.now) == 0
    assert len(work.today) == (1 if column else 0)


def test_news_goes_after_a_week_but_work_stays(store: Store, actor: Actor, clock: FixedClock):
    _letter(store, actor, "rejected")
    _letter(store, actor, "returned")
    clock.advance(days=7)
    assert {item.kind for item in today_work(store, actor).today} == {
        "referral:rejected",
        "referral:returned",
    }
    clock.advance(milliseconds=1)
    assert [item.kind for item in today_work(store, actor).today] == ["referral:returned"]


def test_a_letter_without_an_answer_past_its_limit_asks_for_a_call(
    store: Store, actor: Actor, clock: FixedClock
):
    _letter(store, actor, "sent", urgency="emergency")
    clock.advance(minutes=15)
    assert today_work(store, actor).now == ()
    clock.advance(seconds=1)
    (item,) = today_work(store, actor).now
    assert "电话" in item.what


def test_refused_and_conflicting_records_come_first(store: Store, actor: Actor):
    resident, other = _resident(store, actor), _resident(store, actor, "李敏")
    _due(store, actor, resident, "check_in", 0, urgent=True)
    with store.write(actor) as session:
        # A record that is to be decided was refused, too: it stands there once.
        session.query(Outbox).update({"state": "rejected"})
        session.add(
            Conflict(
                id=new_id(),
                kind="resident",
                record_id=other,
                resident_id=other,
                created_at=store.clock.now(),
            )
        )
    work = today_work(store, actor)
    assert [item.kind for item in work.now] == ["rejected", "conflict", "check_in"]
    assert [item.name for item in work.now] == ["张桂兰", "李敏", "张桂兰"]
    assert {item.room for item in work.now[:2]} == {"sync"}
    assert room_counts(store, actor).counts["sync"] == 2


YEARLY = (
    "health_check",
    "contract_renewal",
    "assessment:self_care",
    "assessment:ability_2022",
    "assessment:ability_2013",
    "assessment:tcm33",
)


def test_what_is_asked_once_a_year_does_not_stand_before_the_work_of_the_day(
    store: Store, actor: Actor
):
    for kind in YEARLY:
        _due(store, actor, _resident(store, actor, "从未来过"), kind, -1422)
    _due(store, actor, _resident(store, actor, "今日随访"), "follow_up:hypertension", 0)
    _due(store, actor, _resident(store, actor, "跌倒高危"), "assessment:morse", -1)
    work = today_work(store, actor)
    assert [item.name for item in work.today] == ["跌倒高危", "今日随访"]
    assert (work.totals["today"], work.overdue) == (2, 1)
    assert room_counts(store, actor).counts["today"] == 2


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("follow_up:hypertension", "follow_up"),
        ("follow_up:type2_diabetes", "follow_up"),
        ("follow_up:copd", "follow_up"),
        ("check_in", "rehab"),
        ("plan_review", "rehab"),
        ("plan_paused", "rehab"),
        ("bp_screening", "screening"),
        ("assessment:tcm33", "scales"),
        ("assessment:braden", "scales"),
        ("contact:lost", "lost"),
        ("contact:ended", None),
        ("contract_renewal", "contracts"),
        ("contract_review", "contracts"),
        ("health_check", "checks"),
    ],
)
def test_every_kind_of_work_has_its_family_and_its_count(
    store: Store, actor: Actor, kind: str, family: str | None
):
    _due(store, actor, _resident(store, actor), kind, -3)
    _due(store, actor, _resident(store, actor), kind, 3)
    for each in FAMILIES:
        work = today_work(store, actor, family=each)
        of_the_day = family is not None and kind not in YEARLY
        mine = each == family or (each == "work" and of_the_day)
        assert (len(work.today), work.overdue, len(work.week)) == ((1, 1, 1) if mine else (0, 0, 0))
        expected = int(mine) + int(mine and each == "checks")
        assert work.families[each] == expected, each


def test_the_checks_look_ahead_to_the_end_of_the_year(store: Store, actor: Actor):
    never, seen = _resident(store, actor, "从未"), _resident(store, actor, "去年")
    _due(store, actor, never, "health_check", (date(2026, 12, 31) - TODAY).days)
    _due(store, actor, seen, "health_check", -10)
    _due(store, actor, _resident(store, actor), "health_check", (date(2027, 1, 1) - TODAY).days)
    with store.write(actor) as session:
        session.query(DueItem).filter_by(resident_id=seen).one().since = date(2025, 2, 20)
    work = today_work(store, actor, family="checks")
    assert [(item.name, item.last) for item in work.today] == [("去年", date(2025, 2, 20))]
    assert [(item.name, item.last) for item in work.week] == [("从未", None)]
    assert work.families["checks"] == 2
    assert today_work(store, actor).week == ()


def test_a_person_with_several_things_is_one_line(store: Store, actor: Actor):
    resident = _resident(store, actor)
    _due(store, actor, resident, "follow_up:type2_diabetes", -2)
    _due(store, actor, resident, "follow_up:hypertension", -9)
    _due(store, actor, resident, "check_in", 3)
    work = today_work(store, actor)
    (item,) = work.today
    assert item.what == "高血压随访、糖尿病随访"
    assert (item.days_late, dict(item.arguments)["disease"]) == (9, "hypertension")
    assert [item.what for item in work.week] == ["康复打卡"]
    assert (work.totals["today"], work.overdue, work.families["follow_up"]) == (1, 1, 1)


def test_referrals_and_trouble_belong_to_the_work_of_the_day(store: Store, actor: Actor):
    _letter(store, actor, "returned")
    assert len(today_work(store, actor).today) == 1
    assert today_work(store, actor, family="follow_up").today == ()


def test_counts_of_the_rooms(store: Store, actor: Actor):
    one, two = _resident(store, actor, "甲"), _resident(store, actor, "乙")
    _due(store, actor, one, "follow_up:hypertension", -1)
    _due(store, actor, two, "follow_up:hypertension", 1)
    _due(store, actor, two, "check_in", 0)
    _letter(store, actor, "returned", urgency="emergency")
    found = room_counts(store, actor)
    assert found.counts["chronic"] == 1
    assert found.counts["rehab"] == 1
    assert found.counts["referrals"] == 1
    assert found.counts["sync"] == 0
    assert found.counts["today"] == 3
    assert found.emergencies == 1


def test_thousands_overdue_are_cut_and_counted(store: Store, actor: Actor):
    stamp = {
        "organisation_id": store.organisation_id,
        "author_id": actor.staff_id,
        "updated_by": actor.staff_id,
        "created_at": store.clock.now(),
        "updated_at": store.clock.now(),
        "change_id": new_id(),
    }
    people = [
        {"id": new_id(), "name": f"居民{n}", "sex": "1", "birth_date": date(1950, 1, 1), **stamp}
        for n in range(3000)
    ]
    with store.apply_remote() as session:
        session.execute(insert(Resident), people)
        session.execute(
            insert(DueItem),
            [
                {
                    "id": new_id(),
                    "organisation_id": store.organisation_id,
                    "resident_id": person["id"],
                    "kind": "follow_up:hypertension",
                    "due_on": TODAY - timedelta(days=n % 90),
                    "urgent": False,
                    "detail": {},
                }
                for n, person in enumerate(people)
            ],
        )
    work = today_work(store, actor)
    assert len(work.today) == LIST_LIMIT
    assert work.totals["today"] == 3000
    assert {item.days_late for item in work.today[:30]} == {89}


@pytest.mark.parametrize(
    ("step", "days", "written", "told"),
    [
        ("4", 14, None, True),
        ("4", 1, None, True),
        ("4", 14, -2, True),
        ("4", 14, -1, False),
        ("4", 14, 0, False),
        ("3", 14, None, False),
    ],
)
def test_refer_now_without_a_letter_since_is_urgent(
    store: Store, actor: Actor, step: str, days: int, written: int | None, told: bool
):
    """The visit was yesterday; a letter of that day or later has answered it."""
    resident = _resident(store, actor)
    with store.write(actor) as session:
        session.add(
            DueItem(
                organisation_id=store.organisation_id,
                resident_id=resident,
                kind="follow_up:hypertension",
                due_on=TODAY + timedelta(days=days),
                since=TODAY - timedelta(days=1),
                urgent=True,
                detail={"class": "2", "step": step},
            )
        )
        if written is not None:
            session.add(
                Referral(
                    direction="up",
                    resident_id=resident,
                    from_organisation_id=TOWNSHIP_ID,
                    to_organisation_id=LEAD_ID,
                    from_doctor_id=actor.staff_id,
                    from_doctor_name=actor.name,
                    written_on=TODAY + timedelta(days=written),
                    urgency="emergency",
                )
            )
    work = today_work(store, actor)
    assert [item.resident_id for item in work.now] == ([resident] if told else [])
    assert work.totals["now"] == int(told)
    assert room_counts(store, actor).counts["today"] == int(told)
    if told:
        assert work.now[0].room == "referrals"
        assert work.now[0].arguments == (("resident_id", resident),)
        assert work.now[0].days_late == 1
