"""The resident's page: header, alerts, reveal, trends, timeline, diagnoses, beds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.care import residents
from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.conditions import ConditionInput, add_condition, list_conditions, set_resolved
from app.care.residences import Admission, admit, discharge, list_stays, stay_places
from app.care.resident_page import reveal_identity, summary, trends
from app.care.resident_record.closing import Closing, close_record
from app.care.timeline import count_timeline, timeline
from app.clock import FixedClock
from app.errors import InputError, NotFound
from app.models.actor import Actor
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.identity import new_id
from app.models.local import AuditEvent, DueItem
from app.models.outbox import Outbox, Receipt
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID

FORM = BasicForm(
    name="单国华",
    id_no="34159919470815001X",
    phone="13812345678",
    village="项冲村",
    contacts=(Contact("单小华", "13912345678", "20"),),
    residency="1",
    ethnicity="01",
    drug_allergy=(Answer("2"), Answer("5", "头孢")),
    past_disease=(Disease("2", "2015-03"), Disease("4"), Disease("13", "", "痛风")),
)


@pytest.fixture
def resident_id(store: Store, actor: Actor) -> str:
    return residents.register(store, actor, FORM).resident_id


def visit(
    store: Store, actor: Actor, resident_id: str, day: date, sbp: int, dbp: int, **more: object
) -> str:
    urgent = bool(more.pop("urgent", False))
    with store.write(actor) as session:
        row = FollowUp(
            resident_id=resident_id,
            visit_date=day,
            mode="1",
            sbp=sbp,
            dbp=dbp,
            doctor_name="王建国",
            **more,
        )
        row.diseases.append(
            FollowUpDisease(
                resident_id=resident_id,
                visit_date=day,
                disease="hypertension",
                control_class="2" if sbp >= 150 else "1",
                urgent=urgent,
                next_visit_date=date(2026, 6, 1),
            )
        )
        session.add(row)
        session.flush()
        return row.id


def referral(store: Store, actor: Actor, resident_id: str, urgency: str, state: str) -> str:
    with store.write(actor) as session:
        letter = Referral(
            resident_id=resident_id,
            direction="up",
            from_organisation_id=TOWNSHIP_ID,
            to_organisation_id=LEAD_ID,
            from_doctor_id=actor.staff_id,
            from_doctor_name="王建国",
            written_on=date(2026, 3, 1),
            urgency=urgency,
            impression="脑梗死？",
        )
        session.add(letter)
        session.flush()
        task = ReferralTask(
            referral_id=letter.id,
            resident_id=resident_id,
            service="letter",
            request_id=letter.id,
            requester_organisation_id=TOWNSHIP_ID,
            owner_organisation_id=LEAD_ID,
            urgency=urgency,
            state=state,
        )
        session.add(task)
        session.flush()
        for before, after in (("draft", "sent"), ("sent", "accepted")):
            session.add(
                ReferralEvent(
                    referral_id=letter.id,
                    task_id=task.id,
                    resident_id=resident_id,
                    service="letter",
                    urgency=urgency,
                    move=after,
                    from_state=before,
                    to_state=after,
                    occurred_at=datetime(2026, 3, 1, 20, tzinfo=UTC),
                    actor_name="转诊专员",
                )
            )
        return letter.id


def check_in(store: Store, actor: Actor, resident_id: str, at: datetime, **more: object) -> str:
    with store.write(actor) as session:
        plan = session.scalar(select(RehabPlan).where(RehabPlan.resident_id == resident_id))
        if plan is None:
            plan = RehabPlan(
                resident_id=resident_id,
                diagnosis="脑卒中后遗症",
                goal_short="独立行走",
                precautions="防跌倒",
                prescriber_name="王建国",
                starts_on=date(2026, 2, 20),
                review_on=date(2026, 3, 20),
                status="active",
                items=[{"exercise": "walk"}],
            )
            session.add(plan)
            session.flush()
        values = {"screen": "pass", "completion": "complete", **more}
        row = CheckIn(
            plan_id=plan.id,
            resident_id=resident_id,
            started_at=at,
            performer_id=actor.staff_id,
            performer_name="李护士",
            **values,
        )
        session.add(row)
        session.flush()
        return row.id


def test_the_header(store: Store, actor: Actor, resident_id: str) -> None:
    add_condition(
        store, actor, resident_id, ConditionInput("原发性高血压", "I10", "2015-3", "hypertension")
    )
    admit(store, actor, resident_id, Admission("1", date(2026, 3, 1), building="2", room="305"))
    head = summary(store, actor, resident_id)
    assert (head.name, head.sex, head.age) == ("单国华", "1", 78)
    assert head.id_masked == "341599********001X"
    assert head.phone == "13812345678"
    assert [each.name for each in head.conditions] == ["高血压"]
    assert head.conditions[0].onset == "2015-03"
    assert head.history == ("冠心病", "痛风")
    assert head.allergies == ("青霉素", "头孢")
    assert head.allergy_asked
    assert head.bed == "2-305-1"
    assert head.stay_organisation
    assert head.alerts == ()
    assert head.delivery.state == "waiting"
    with pytest.raises(NotFound):
        summary(store, actor, "0" * 36)


def test_reading_and_revealing_are_noted(store: Store, actor: Actor, resident_id: str) -> None:
    summary(store, actor, resident_id)
    summary(store, actor, resident_id, opened=False)
    identity = reveal_identity(store, actor, resident_id)
    assert (identity.id_no, identity.phone) == ("34159919470815001X", "13812345678")
    with store.read() as session:
        events = session.execute(
            select(AuditEvent.action, AuditEvent.staff_id, AuditEvent.detail).where(
                AuditEvent.record_id == resident_id
            )
        ).all()
    assert [each.action for each in events] == ["create", "read", "reveal"]
    assert {each.staff_id for each in events} == {actor.staff_id}
    assert "34159919470815001X" not in str(events)


def test_alerts_the_dangerous_first(store: Store, actor: Actor, resident_id: str) -> None:
    emergency = referral(store, actor, resident_id, "emergency", "sent")
    routine = referral(store, actor, resident_id, "routine", "accepted")
    referral(store, actor, resident_id, "routine", "closed")
    last = visit(store, actor, resident_id, date(2026, 3, 1), 190, 115, urgent=True)
    with store.write(actor) as session:
        for kind, due in (("follow_up:hypertension", 1), ("follow_up:type2_diabetes", 2)):
            session.add(
                DueItem(
                    organisation_id=TOWNSHIP_ID,
                    resident_id=resident_id,
                    kind=kind,
                    due_on=date(2026, 3, due),
                )
            )
    head = summary(store, actor, resident_id)
    assert [(each.kind, each.tone) for each in head.alerts] == [
        ("emergency", "danger"),
        ("urgent_visit", "danger"),
        ("referral", "attention"),
        ("overdue", "attention"),
    ]
    assert [each.record_id for each in head.alerts[:3]] == [emergency, last, routine]
    assert "高血压" in head.alerts[3].text
    assert "1 天" in head.alerts[3].text


def test_alerts_of_a_temporary_closed_and_double_record(store: Store, actor: Actor) -> None:
    form = BasicForm(
        name="单国华",
        sex="1",
        birth_date=date(1947, 8, 15),
        id_type="none",
        no_id_reason="lost",
    )
    first = residents.register(store, actor, FORM).resident_id
    second = residents.register(store, actor, form, distinct_from=[first]).resident_id
    change = residents.load_form(store, actor, second).change_id
    moved = Closing(second, "moved_away", date(2026, 3, 1), "", change)
    close_record(store, actor, moved)
    head = summary(store, actor, second)
    kinds = [each.kind for each in head.alerts]
    # A person has said that the two are not the same: nobody is asked again.
    assert kinds == ["closed", "temporary", "allergy_unknown"]
    assert not head.allergy_asked
    with store.write(actor) as session:
        row = session.get(Resident, second)
        assert row is not None
        row.distinct_from = []
    head = summary(store, actor, second)
    assert "duplicate" in [each.kind for each in head.alerts]
    assert [each.id for each in head.duplicates] == [first]
    assert [each.kind for each in summary(store, actor, first).alerts] == ["duplicate"]


def test_trends(store: Store, actor: Actor, resident_id: str) -> None:
    first = visit(store, actor, resident_id, date(2026, 2, 1), 152, 92, fpg=7.2)
    visit(store, actor, resident_id, date(2025, 12, 1), 149, 89, ppg=9.1)
    wrong = visit(store, actor, resident_id, date(2026, 1, 1), 111, 77, status="entered_in_error")
    visit(store, actor, resident_id, date(2026, 2, 1), 148, 88, fpg=6.9, supersedes_id=first)
    check_in(
        store, actor, resident_id, datetime(2026, 2, 28, 17, tzinfo=UTC), pre_sbp=140, pre_dbp=80
    )
    check_in(store, actor, resident_id, datetime(2026, 2, 27, 1, tzinfo=UTC))
    found = trends(store, actor, resident_id)
    assert found.systolic == (
        (date(2025, 12, 1), 149.0),
        (date(2026, 2, 1), 148.0),
        (date(2026, 3, 1), 140.0),  # 01:00 of the next day at the clinic
    )
    assert found.diastolic[0] == (date(2025, 12, 1), 89.0)
    assert found.fasting == ((date(2026, 2, 1), 6.9),)
    assert found.after_meal == ((date(2025, 12, 1), 9.1),)
    assert found.random == ()
    assert found.bp_target == (150, 90)
    assert found.glucose_target == (3.9, 7.0)
    assert wrong not in {each.record_id for each in timeline(store, actor, resident_id)}


@pytest.mark.parametrize(("birth", "target"), [("19610302", (150, 90)), ("19610303", (140, 90))])
def test_the_target_follows_the_age(
    store: Store, actor: Actor, birth: str, target: tuple[int, int]
) -> None:
    form = replace(
        FORM, id_no="", id_type="none", no_id_reason="lost", sex="1", birth_date=_day(birth)
    )
    saved = residents.register(store, actor, form).resident_id
    assert trends(store, actor, saved).bp_target == target


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()


def test_the_timeline_holds_everything_newest_first(
    store: Store, actor: Actor, resident_id: str, clock: FixedClock
) -> None:
    add_condition(store, actor, resident_id, ConditionInput("痛风"))
    visit(store, actor, resident_id, date(2026, 1, 5), 152, 92, fpg=7.5)
    check_in(
        store,
        actor,
        resident_id,
        datetime(2026, 2, 27, 17, tzinfo=UTC),
        screen="hold",
        hold_reasons=[{"code": "sbp_high"}],
        completion="not_done",
    )
    referral(store, actor, resident_id, "emergency", "accepted")
    admit(store, actor, resident_id, Admission("3", date(2026, 2, 1)))
    discharge(store, actor, resident_id, date(2026, 2, 10), "home")
    entries = timeline(store, actor, resident_id)
    assert [(each.kind, each.day) for each in entries] == [
        ("referral_event", date(2026, 3, 2)),
        ("condition", date(2026, 3, 2)),
        ("resident", date(2026, 3, 2)),
        ("referral", date(2026, 3, 1)),
        ("check_in", date(2026, 2, 28)),
        ("rehab_plan", date(2026, 2, 20)),
        ("discharge", date(2026, 2, 10)),
        ("admission", date(2026, 2, 1)),
        ("follow_up", date(2026, 1, 5)),
    ]
    assert count_timeline(store, actor, resident_id) == len(entries)
    by_kind = {each.kind: each for each in entries}
    assert by_kind["follow_up"].title == "随访：高血压"
    for part in ("152/92 mmHg", "空腹 7.5", "控制不满意", "下次 2026-06-01"):
        assert part in by_kind["follow_up"].detail
    assert by_kind["follow_up"].author == "王建国"
    assert by_kind["follow_up"].tone == "attention"
    assert by_kind["check_in"].tone == "attention"
    assert "收缩压过高" in by_kind["check_in"].detail
    assert by_kind["referral"].tone == "danger"
    assert "脑梗死" in by_kind["referral"].detail
    assert by_kind["referral_event"].subject_id == by_kind["referral"].record_id
    assert by_kind["resident"].author == "王建国"
    assert {each.organisation for each in entries} == {""}
    paged = [
        each
        for offset in range(0, 10, 2)
        for each in timeline(store, actor, resident_id, offset=offset, limit=2)
    ]
    assert paged == list(entries)


def test_each_entry_says_where_its_record_stands(
    store: Store, actor: Actor, resident_id: str, clock: FixedClock
) -> None:
    first = visit(store, actor, resident_id, date(2026, 1, 5), 140, 80)
    second = visit(store, actor, resident_id, date(2026, 1, 6), 140, 80)
    with store.apply_remote() as session:
        for row in session.scalars(select(Outbox).where(Outbox.kind == "follow_up")).all():
            if row.record_id == first:
                session.add(
                    Receipt(
                        kind="follow_up",
                        record_id=first,
                        change_id=row.change_id,
                        server_time=clock.now(),
                        received_at=clock.now(),
                    )
                )
                session.delete(row)
            else:
                row.state = "rejected"
                row.reason = "证件号不符"
    states = {each.record_id: each.delivery for each in timeline(store, actor, resident_id)}
    assert (states[first].state, states[first].held_at) == ("held", clock.now())
    assert (states[second].state, states[second].reason) == ("rejected", "证件号不符")
    assert states[resident_id].state == "waiting"


def test_what_another_organisation_wrote_is_named(
    store: Store, actor: Actor, resident_id: str
) -> None:
    guest = replace(actor, organisation_id=LEAD_ID, staff_id=new_id())
    add_condition(store, guest, resident_id, ConditionInput("脑梗死"))
    entry = next(each for each in timeline(store, actor, resident_id) if each.kind == "condition")
    assert entry.organisation_id == LEAD_ID
    assert entry.organisation
    assert entry.author == ""


def test_diagnoses_are_added_resolved_and_taken_up(
    store: Store, actor: Actor, resident_id: str
) -> None:
    first = add_condition(store, actor, resident_id, ConditionInput(" 痛风 ", "m10.900", "2019"))
    line = list_conditions(store, actor, resident_id)[0]
    assert (line.display, line.code, line.onset, line.resolved) == (
        "痛风",
        "M10.900",
        "2019",
        False,
    )
    set_resolved(store, actor, first, True)
    assert list_conditions(store, actor, resident_id)[0].resolved
    assert summary(store, actor, resident_id).conditions == ()
    set_resolved(store, actor, first, False)
    assert not list_conditions(store, actor, resident_id)[0].resolved
    with store.write(actor) as session:
        row = session.get(Condition, first)
        assert row is not None
        row.managed = True
    with pytest.raises(InputError):
        set_resolved(store, actor, first, True)
    with pytest.raises(NotFound):
        set_resolved(store, actor, "0" * 36, True)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (ConditionInput(""), "display"),
        (ConditionInput("字" * 101), "display"),
        (ConditionInput("痛风", "123"), "code"),
        (ConditionInput("痛风", onset="2026-13"), "onset"),
        (ConditionInput("痛风", onset="2026-3-3"), "onset"),
        (ConditionInput("痛风", onset="1947-08-14"), "onset"),
        (ConditionInput("痛风", disease="gout"), "disease"),
    ],
)
def test_bad_diagnoses(
    store: Store, actor: Actor, resident_id: str, typed: ConditionInput, field: str
) -> None:
    with pytest.raises(InputError) as caught:
        add_condition(store, actor, resident_id, typed)
    assert list(caught.value.problems) == [field]
    assert list_conditions(store, actor, resident_id) == ()


@pytest.mark.parametrize(
    "code", ["I10", "I10.x00x002", "E11.900", "I63.900", "N40.x00", "I25.103", "A18.0+"]
)
def test_codes_of_the_national_edition(
    store: Store, actor: Actor, resident_id: str, code: str
) -> None:
    add_condition(store, actor, resident_id, ConditionInput("诊断", code))
    assert list_conditions(store, actor, resident_id)[0].code == code
    with pytest.raises(InputError):
        add_condition(store, actor, resident_id, ConditionInput("另一个", code))


def test_a_bed_holds_one_and_one_holds_a_bed(store: Store, actor: Actor, resident_id: str) -> None:
    other = residents.register(
        store, actor, replace(FORM, name="李秀英", id_no="341599194802290027", phone="")
    ).resident_id
    bed = Admission("３", date(2026, 3, 1), building="2", room="305", care_level="1")
    admit(store, actor, resident_id, bed)
    with pytest.raises(InputError) as caught:
        admit(store, actor, resident_id, replace(bed, bed="4"))
    assert list(caught.value.problems) == ["bed"]
    with pytest.raises(InputError) as caught:
        admit(store, actor, other, replace(bed, bed="3"))
    assert list(caught.value.problems) == ["bed"]
    assert residents.load_form(store, actor, resident_id).form.care_status == "inpatient"
    for on, reason, field in (
        (date(2026, 2, 28), "home", "on"),
        (date(2026, 3, 3), "home", "on"),
        (None, "home", "on"),
        (date(2026, 3, 2), "", "reason"),
    ):
        with pytest.raises(InputError) as caught:
            discharge(store, actor, resident_id, on, reason)
        assert list(caught.value.problems) == [field]
    discharge(store, actor, resident_id, date(2026, 3, 1), "home")
    assert residents.load_form(store, actor, resident_id).form.care_status == "home"
    with pytest.raises(InputError):
        discharge(store, actor, resident_id, date(2026, 3, 1), "home")
    admit(store, actor, other, bed)
    stays = list_stays(store, actor, resident_id)
    assert [(each.bed, each.discharge_date) for each in stays] == [("2-305-3", date(2026, 3, 1))]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (Admission("", date(2026, 3, 1)), "bed"),
        (Admission("3" * 31, date(2026, 3, 1)), "bed"),
        (Admission("3", None), "admit_date"),
        (Admission("3", date(2026, 3, 3)), "admit_date"),
        (Admission("3", date(1947, 8, 14)), "admit_date"),
        (Admission("3", date(2026, 3, 1), care_level="9"), "care_level"),
        (Admission("3", date(2026, 3, 1), fee_payer="9"), "fee_payer"),
    ],
)
def test_bad_admissions(
    store: Store, actor: Actor, resident_id: str, typed: Admission, field: str
) -> None:
    with pytest.raises(InputError) as caught:
        admit(store, actor, resident_id, typed)
    assert list(caught.value.problems) == [field]
    assert list_stays(store, actor, resident_id) == ()


def test_a_stay_in_another_care_institution_is_written_down(
    store: Store, actor: Actor, resident_id: str
) -> None:
    assert (CARE_HOME_ID, "白塔畈镇医养康中心") in stay_places(store, actor)
    assert TOWNSHIP_ID not in dict(stay_places(store, actor))
    since = date(2026, 2, 1)
    with pytest.raises(InputError) as caught:
        admit(store, actor, resident_id, Admission("", since, org_id=LEAD_ID))
    assert "org_id" in caught.value.problems
    with pytest.raises(InputError):
        admit(store, actor, resident_id, Admission("", since))
    admit(store, actor, resident_id, Admission("", since, org_id=CARE_HOME_ID, care_level="2"))
    head = summary(store, actor, resident_id)
    assert head.stay_organisation
    assert residents.load_form(store, actor, resident_id).form.care_status == "residential"
    # The bed of another institution is nobody's of ours.
    assert residents.count_residents(store, actor, "in_bed") == 0
    with pytest.raises(InputError):
        admit(store, actor, resident_id, Admission("12", since))
    discharge(store, actor, resident_id, date(2026, 3, 1), "home")
    assert residents.load_form(store, actor, resident_id).form.care_status == "home"
