"""Recording follow-up visits: one visit, several diseases, due work, history, letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.care.chronic_list import (
    count_due,
    due_counts,
    due_follow_ups,
    due_villages,
    recorded_today,
)
from app.care.clinical_settings import DEFAULTS, save_clinical_settings
from app.care.drugs import DrugLine
from app.care.due import refresh_due
from app.care.follow_up import (
    correct_follow_up,
    letter_from_visit,
    load_visit,
    record_follow_up,
    void_follow_up,
)
from app.care.follow_up_form import DiseasePart, FollowUpInput, Override
from app.care.follow_up_history import (
    open_form,
)
from app.care.trends import trends
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound
from app.models import records
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.local import AuditEvent, DueItem
from app.models.outbox import Outbox
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.care.follow_up_samples import (
    AMLODIPINE,
    DIABETES,
    HYPERTENSION,
    TODAY,
    a_diabetes_visit,
    a_visit,
    managed_resident,
)
from tests.conftest import LEAD_ID, TOWNSHIP_ID

AddResident = Callable[..., str]


@pytest.fixture
def add_resident(store: Store, actor: Actor) -> AddResident:
    return partial(managed_resident, store, actor)


def due_of(store: Store, resident_id: str) -> dict[str, date]:
    with store.read() as session:
        return {
            item.kind: item.due_on
            for item in session.scalars(select(DueItem).where(DueItem.resident_id == resident_id))
            if item.kind.startswith("follow_up:")
        }


def problems(store: Store, actor: Actor, form: FollowUpInput) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        record_follow_up(store, actor, form)
    with store.read() as session:
        assert session.scalar(select(FollowUp.id)) is None
    return caught.value.problems


def test_a_visit_is_saved_judged_queued_and_moves_the_due_date(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2025, 1, 5)}
    result = record_follow_up(
        store, actor, a_visit(resident_id, weight=65.5, height=168, drugs=(AMLODIPINE,))
    )
    assert (result.urgent, result.refer, result.prefill) == (False, False, None)
    assert result.next_visit == date(2026, 6, 2)
    with store.read() as session:
        row = session.get(FollowUp, result.follow_up_id)
        assert row is not None
        assert (row.bmi, row.doctor_name, row.form_version, row.rule_version, row.status) == (
            23.2, "王建国", "NBPHS-2017", "NBPHS-2017", "final",
        )  # fmt: skip
        assert row.drugs[0]["times_per_day"] == 1
        (part,) = row.diseases
        assert (part.control_class, part.proposed_class, part.uncontrolled, part.problem) == (
            "1", "1", False, False,
        )  # fmt: skip
        assert (part.action, part.next_visit_date) == ("1", date(2026, 6, 2))
        queued = session.scalars(select(Outbox).where(Outbox.kind == "follow_up")).one()
        assert (queued.record_id, queued.resident_id) == (row.id, resident_id)
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2026, 6, 2)}


def test_one_visit_serves_two_diseases_each_by_its_own_rule(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension", "type2_diabetes")
    form = a_diabetes_visit(resident_id, parts=(HYPERTENSION, DIABETES), fpg=8.1)
    result = record_follow_up(store, actor, form)
    assert [(j.disease, j.visit_class, j.next_visit) for j in result.judgements] == [
        ("hypertension", "1", date(2026, 6, 2)),
        ("type2_diabetes", "2", date(2026, 3, 16)),
    ]
    assert result.next_visit == date(2026, 3, 16)
    assert due_of(store, resident_id) == {
        "follow_up:hypertension": date(2026, 6, 2),
        "follow_up:type2_diabetes": date(2026, 3, 16),
    }
    with store.read() as session:
        row = session.get(FollowUp, result.follow_up_id)
        assert row is not None
        assert row.next_measure == "2"
        assert len(session.scalars(select(FollowUp)).all()) == 1


@pytest.mark.parametrize(
    ("before", "now", "refer"),
    [
        # class 2, then class 3: a different problem refers
        ([{"sbp": 152}], {"adverse_reaction": "2", "adverse_reaction_text": "踝部水肿"}, True),
        # class 4 hides a high value: uncontrolled twice
        (
            [{"sbp": 160, "dbp": 95, "new_or_worse_complication": True}],
            {"sbp": 160, "dbp": 95},
            True,
        ),
        # a phone visit without a value does not break the chain
        ([{"sbp": 152}, {"mode": "3", "sbp": None, "dbp": None}], {"sbp": 152}, True),
        # a good visit does
        ([{"sbp": 152}, {"sbp": 130}], {"sbp": 152}, False),
        ([], {"sbp": 152}, False),
    ],
)
def test_the_chain_of_problems_over_stored_visits(
    store: Store,
    actor: Actor,
    add_resident: AddResident,
    before: list[dict[str, Any]],
    now: dict[str, Any],
    refer: bool,
) -> None:
    resident_id = add_resident("hypertension")
    for position, values in enumerate(before):
        day = TODAY - timedelta(days=14 * (len(before) - position))
        record_follow_up(store, actor, a_visit(resident_id, visit_date=day, **values))
    result = record_follow_up(store, actor, a_visit(resident_id, **now))
    assert result.refer is refer
    assert result.next_visit == TODAY + timedelta(days=14)


def test_the_setting_narrows_the_chain_to_the_same_problem(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    save_clinical_settings(store, actor, replace(DEFAULTS, same_problem_twice_only=True), "test")
    earlier = TODAY - timedelta(days=14)
    record_follow_up(store, actor, a_visit(resident_id, visit_date=earlier, sbp=152))
    reaction = {"adverse_reaction": "2", "adverse_reaction_text": "干咳"}
    result = record_follow_up(store, actor, a_visit(resident_id, **reaction))
    assert not result.refer
    assert result.judgements[0].next_step == "2"


def test_the_quarterly_plan_is_kept_only_with_the_setting(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2026, 1, 10)))
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2026, 2, 14), sbp=155))
    save_clinical_settings(store, actor, replace(DEFAULTS, keep_quarterly_plan=True), "test")
    kept = record_follow_up(store, actor, a_visit(resident_id))
    assert kept.next_visit == date(2026, 4, 10)


def test_the_age_rule_is_a_setting(store: Store, actor: Actor, add_resident: AddResident) -> None:
    resident_id = add_resident("hypertension", birth_date=date(1961, 12, 1))
    by_visit = record_follow_up(store, actor, a_visit(resident_id, sbp=148))
    assert by_visit.judgements[0].visit_class == "2"
    save_clinical_settings(store, actor, replace(DEFAULTS, age_rule="calendar_year"), "test")
    by_year = record_follow_up(store, actor, a_visit(resident_id, sbp=148))
    assert by_year.judgements[0].visit_class == "1"


def test_a_phone_visit_without_value_is_saved_and_moves_no_date(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2026, 1, 10)))
    phone = a_visit(resident_id, mode="3", sbp=None, dbp=None, heart_rate=None)
    result = record_follow_up(store, actor, phone)
    assert result.judgements[0].visit_class is None
    assert result.next_visit is None
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2026, 4, 10)}
    with store.read() as session:
        row = session.get(FollowUp, result.follow_up_id)
        assert row is not None
        assert (row.diseases[0].control_class, row.diseases[0].problem) == (None, None)


def test_a_phone_visit_with_a_danger_sign_is_urgent(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    phone = a_visit(resident_id, mode="3", sbp=None, dbp=None, danger_signs=("precordial_pain",))
    result = record_follow_up(store, actor, phone)
    assert result.urgent
    assert result.prefill is not None
    assert result.prefill.urgency == "emergency"
    assert result.prefill.red_flags == ("chest_back_pain",)
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2026, 3, 16)}


def test_not_fasting_needs_a_reason_and_is_not_classified(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("type2_diabetes")
    form = a_diabetes_visit(resident_id, fpg=None, random_glucose=9.1)
    assert set(problems(store, actor, form)) == {"not_fasting_reason"}
    result = record_follow_up(store, actor, replace(form, not_fasting_reason="1"))
    assert result.judgements[0].visit_class is None
    assert result.judgements[0].proposal.notes


def test_an_urgent_visit_brings_the_beginnings_of_the_letter(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident(
        "hypertension",
        drug_allergy=[{"code": "2"}],
        past_disease=[{"code": "2"}, {"code": "7"}],
    )
    earlier = TODAY - timedelta(days=20)
    record_follow_up(store, actor, a_visit(resident_id, visit_date=earlier, sbp=156))
    form = a_visit(
        resident_id,
        sbp=186,
        dbp=112,
        parts=(DiseasePart("hypertension", symptoms=("2", "0"), symptom_text="走路不稳"),),
        danger_signs=("severe_headache",),
        drugs=(AMLODIPINE,),
        aux_exam="心电图:左室高电压",
    )
    result = record_follow_up(store, actor, form)
    assert result.urgent
    letter = result.prefill
    assert letter is not None
    assert letter.urgency == "emergency"
    assert letter.reason_codes == ("critical_signs", "chronic_uncontrolled_twice")
    assert letter.red_flags == ("bp_headache_vomiting",)
    assert "收缩压 186 ≥ 180" in letter.impression
    assert letter.impression.startswith("原发性高血压")
    assert "走路不稳" in letter.present_history
    assert "2026-02-10 控制不满意" in letter.present_history
    assert letter.past_history == "原发性高血压（2018 起）、脑卒中"
    assert "每日一次" in letter.treatment_given
    assert letter.allergies == "青霉素"
    assert letter.current_drugs == ("苯磺酸氨氯地平 5 mg 每日一次 每次 1 片",)
    assert (letter.vitals.sbp, letter.vitals.dbp, letter.vitals.heart_rate) == (186, 112, 72)
    assert "186/112" in letter.last_results
    assert "左室高电压" in letter.last_results
    assert letter.diagnoses == (("I10", "原发性高血压"),)
    assert letter.source_id == result.follow_up_id
    assert letter_from_visit(store, actor, result.follow_up_id) == letter


def test_the_letter_of_two_problem_visits_is_routine_and_of_a_complication_a_priority(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    earlier = TODAY - timedelta(days=20)
    record_follow_up(store, actor, a_visit(resident_id, visit_date=earlier, sbp=156))
    twice = record_follow_up(store, actor, a_visit(resident_id, sbp=156)).prefill
    assert twice is not None
    assert (twice.urgency, twice.reason_codes) == ("routine", ("chronic_uncontrolled_twice",))
    worse = record_follow_up(
        store,
        actor,
        a_visit(resident_id, new_or_worse_complication=True, complication_text="肾功能下降"),
    ).prefill
    assert worse is not None
    assert worse.urgency == "priority"
    assert "肾功能下降" in worse.present_history


def test_the_doctor_may_judge_otherwise_with_a_reason(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    override = Override(reason="诊室紧张，家庭自测 132/78", visit_class="1", next_step="1")
    form = a_visit(resident_id, sbp=152, parts=(replace(HYPERTENSION, override=override),))
    result = record_follow_up(store, actor, form)
    assert result.next_visit == date(2026, 6, 2)
    with store.read() as session:
        row = session.get(FollowUp, result.follow_up_id)
        assert row is not None
        (part,) = row.diseases
        assert (part.control_class, part.proposed_class) == ("1", "2")
        assert (part.action, part.proposed_action) == ("1", "2")
        # The fact of the visit is not overridden: the chain still sees it.
        assert part.uncontrolled is True
    assert load_visit(store, actor, result.follow_up_id).parts[0].override == override
    no_reason = replace(form, parts=(replace(HYPERTENSION, override=Override(" ", "1")),))
    with pytest.raises(InputError) as caught:
        record_follow_up(store, actor, no_reason)
    assert "hypertension.override_reason" in caught.value.problems
    nurse = replace(actor, roles=frozenset({"nurse"}))
    with pytest.raises(InputError, match="医生"):
        record_follow_up(store, nurse, form)


def test_a_graver_class_raises_the_step_and_a_milder_one_does_not_lower_it(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    graver = replace(HYPERTENSION, override=Override("新发蛋白尿", visit_class="4"))
    result = record_follow_up(store, actor, a_visit(resident_id, parts=(graver,)))
    assert result.refer
    assert result.prefill is not None
    assert result.prefill.reason_codes == ("specialist_needed",)
    milder = replace(HYPERTENSION, override=Override("测量前饮酒", visit_class="1"))
    urgent = record_follow_up(store, actor, a_visit(resident_id, sbp=185, parts=(milder,)))
    assert urgent.judgements[0].visit_class == "1"
    assert urgent.judgements[0].next_step == "4"


def test_an_own_date_may_be_earlier_but_not_later(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")

    def visit(day: date, **values: Any) -> FollowUpInput:
        return a_visit(resident_id, parts=(replace(HYPERTENSION, next_visit=day),), **values)

    assert set(problems(store, actor, visit(date(2026, 6, 3)))) == {"hypertension.next_visit"}
    assert set(problems(store, actor, visit(TODAY))) == {"hypertension.next_visit"}
    assert set(problems(store, actor, visit(date(2026, 3, 17), sbp=152))) == {
        "hypertension.next_visit"
    }
    without_value = visit(date(2026, 3, 9), mode="3", sbp=None, dbp=None)
    assert set(problems(store, actor, without_value)) == {"hypertension.next_visit"}
    result = record_follow_up(store, actor, visit(date(2026, 5, 20)))
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2026, 5, 20)}
    assert result.next_visit == date(2026, 5, 20)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"visit_date": None}, {"visit_date"}),
        ({"visit_date": TODAY + timedelta(days=1)}, {"visit_date"}),
        ({"visit_date": date(1950, 1, 1)}, {"visit_date"}),
        ({"mode": ""}, {"mode"}),
        ({"mode": "9"}, {"mode"}),
        ({"parts": ()}, {"parts"}),
        ({"parts": (HYPERTENSION, HYPERTENSION)}, {"parts"}),
        ({"sbp": 301}, {"sbp"}),
        ({"sbp": 49, "dbp": 40}, {"sbp"}),
        ({"sbp": 120, "dbp": 120}, {"sbp"}),
        ({"dbp": None}, {"dbp"}),
        ({"sbp": None, "dbp": None}, {"sbp"}),
        ({"heart_rate": 19}, {"heart_rate"}),
        ({"weight": 251.0}, {"weight"}),
        ({"adherence": ""}, {"adherence"}),
        ({"adverse_reaction": ""}, {"adverse_reaction"}),
        ({"adverse_reaction": "2"}, {"adverse_reaction_text"}),
        ({"parts": (DiseasePart("hypertension"),)}, {"hypertension.symptoms"}),
        (
            {"parts": (DiseasePart("hypertension", symptoms=("1", "2")),)},
            {"hypertension.symptoms"},
        ),
        (
            {"parts": (DiseasePart("hypertension", symptoms=("0",)),)},
            {"hypertension.symptom_text"},
        ),
        ({"danger_signs": ("unheard_of",)}, {"danger_signs"}),
        ({"smoking": 101}, {"smoking"}),
        ({"remark": "长" * 501}, {"remark"}),
        ({"drugs": (DrugLine(name=""),)}, {"drugs"}),
        ({"drugs": (DrugLine(name="某药", dose=0),)}, {"drugs"}),
        ({"drugs": (AMLODIPINE,) * 13}, {"drugs"}),
        ({"not_measured": {"bp": "7"}, "sbp": None, "dbp": None}, {"bp"}),
    ],
)
def test_bad_input_is_told_by_field_and_nothing_is_saved(
    store: Store,
    actor: Actor,
    add_resident: AddResident,
    values: dict[str, Any],
    fields: set[str],
) -> None:
    resident_id = add_resident("hypertension")
    found = problems(store, actor, a_visit(resident_id, **values))
    assert set(found) == fields
    assert all(text.endswith(("。", "？", "！")) for text in found.values())


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"fpg": None}, {"fpg"}),
        ({"fpg": 45.1}, {"fpg"}),
        ({"fpg": 6.25}, {"fpg"}),
        ({"hypoglycaemia": ""}, {"hypoglycaemia"}),
        ({"dorsalis_pedis": ""}, {"dorsalis_pedis"}),
        ({"dorsalis_pedis": "2"}, {"dorsalis_pedis_side"}),
    ],
)
def test_bad_diabetes_input(
    store: Store,
    actor: Actor,
    add_resident: AddResident,
    values: dict[str, Any],
    fields: set[str],
) -> None:
    resident_id = add_resident("type2_diabetes")
    assert set(problems(store, actor, a_diabetes_visit(resident_id, **values))) == fields


def test_refused_and_unable_are_not_blank(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension", "type2_diabetes")
    form = a_diabetes_visit(
        resident_id,
        parts=(HYPERTENSION, DIABETES),
        sbp=None,
        dbp=None,
        fpg=None,
        dorsalis_pedis="",
        not_measured={"bp": "2", "glucose": "3", "dorsalis_pedis": "1"},
    )
    result = record_follow_up(store, actor, form)
    with store.read() as session:
        row = session.get(FollowUp, result.follow_up_id)
        assert row is not None
        assert row.not_measured == {"bp": "2", "glucose": "3", "dorsalis_pedis": "1"}
    assert [j.visit_class for j in result.judgements] == [None, None]


def test_management_begins_with_the_visit_only_when_said(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension", managed=False)
    form = a_diabetes_visit(resident_id, parts=(HYPERTENSION, DIABETES))
    assert set(problems(store, actor, form)) == {"parts"}
    record_follow_up(store, actor, replace(form, enrol=("hypertension", "type2_diabetes")))
    with store.read() as session:
        rows = session.scalars(select(Condition).where(Condition.resident_id == resident_id)).all()
        assert {(row.disease, row.code, row.managed, row.managed_since) for row in rows} == {
            ("hypertension", "I10", True, TODAY),
            ("type2_diabetes", "E11.9", True, TODAY),
        }
    assert set(due_of(store, resident_id)) == {
        "follow_up:hypertension",
        "follow_up:type2_diabetes",
    }


def test_a_corrected_visit_keeps_its_history(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    first = record_follow_up(store, actor, a_visit(resident_id, sbp=152, drugs=(AMLODIPINE,)))
    typed = load_visit(store, actor, first.follow_up_id)
    assert typed.drugs == (AMLODIPINE,)
    mended = replace(typed, sbp=125, parts=(HYPERTENSION,))
    with pytest.raises(InputError):
        correct_follow_up(store, actor, first.follow_up_id, mended, " ")
    second = correct_follow_up(store, actor, first.follow_up_id, mended, "收缩压录入错误")
    with store.read() as session:
        old = session.get(FollowUp, first.follow_up_id)
        new = session.get(FollowUp, second.follow_up_id)
        assert old is not None
        assert new is not None
        assert (old.status, old.sbp, old.status_reason) == (
            "entered_in_error", 152, "收缩压录入错误",
        )  # fmt: skip
        assert (new.status, new.sbp, new.supersedes_id) == ("amended", 125, old.id)
        assert new.diseases[0].control_class == "1"
        queued = set(session.scalars(select(Outbox.record_id).where(Outbox.kind == "follow_up")))
        assert queued == {old.id, new.id}
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2026, 6, 2)}
    with pytest.raises(InputError, match="收回"):
        correct_follow_up(store, actor, first.follow_up_id, mended, "再改")


def test_a_voided_visit_counts_no_longer(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2026, 1, 10)))
    wrong = record_follow_up(store, actor, a_visit(resident_id, sbp=160))
    void_follow_up(store, actor, wrong.follow_up_id, "录错了人")
    assert due_of(store, resident_id) == {"follow_up:hypertension": date(2026, 4, 10)}
    assert [point.sbp for point in trends(store, actor, resident_id).pressure] == [128]
    again = record_follow_up(store, actor, a_visit(resident_id, sbp=160))
    assert not again.refer
    with pytest.raises(NotFound):
        void_follow_up(store, actor, "00000000-0000-7000-8000-000000000000", "x")


def test_only_the_author_organisation_corrects(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    visit = record_follow_up(store, actor, a_visit(add_resident("hypertension")))
    stranger = replace(actor, organisation_id=LEAD_ID)
    with pytest.raises(NotAllowed):
        void_follow_up(store, stranger, visit.follow_up_id, "x")


def test_roles_closed_records_and_unknown_residents(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    clerk = replace(actor, roles=frozenset({"referral_coordinator"}))
    resident_id = add_resident("hypertension")
    with pytest.raises(NotAllowed):
        record_follow_up(store, clerk, a_visit(resident_id))
    closed = add_resident("hypertension", record_status="deceased")
    assert "resident_id" in problems(store, actor, a_visit(closed))
    with pytest.raises(NotFound):
        record_follow_up(store, actor, a_visit("00000000-0000-7000-8000-000000000000"))


def test_the_form_knows_what_was_before(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident(
        "hypertension", drug_allergy=[{"code": "5", "text": "头孢"}], name="钱桂英", sex="2"
    )
    empty = open_form(store, actor, resident_id)
    assert empty.last is None
    assert (empty.managed, empty.allergies, empty.age) == (("hypertension",), ("头孢",), 70)
    january = a_visit(
        resident_id, visit_date=date(2026, 1, 10), weight=66.0, drugs=(AMLODIPINE,), smoking=10
    )
    record_follow_up(store, actor, january)
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2026, 2, 2), sbp=141))
    context = open_form(store, actor, resident_id)
    assert context.last is not None
    assert context.last.visit_date == date(2026, 2, 2)
    assert context.last.values["sbp"] == 141
    # Not noted at the last visit: the newest one before it that has it.
    assert (context.last.values["weight"], context.last.values["smoking"]) == (66.0, 10)
    assert context.last.drugs == (AMLODIPINE,)
    assert context.due == {"hypertension": date(2026, 5, 2)}
    assert len(context.background.history["hypertension"]) == 2
    with store.read() as session:
        reads = session.scalars(
            select(AuditEvent).where(
                AuditEvent.action == "read", AuditEvent.record_id == resident_id
            )
        ).all()
        assert len(reads) == 2
    with pytest.raises(NotFound):
        open_form(store, actor, "00000000-0000-7000-8000-000000000000")


def test_the_form_begins_with_the_diseases_that_the_basic_form_names(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    told = add_resident(past_disease=[{"code": "3"}, {"code": "5"}, {"code": "4"}])
    context = open_form(store, actor, told)
    assert context.known == ("type2_diabetes", "copd")
    assert context.managed == ()
    nothing = open_form(store, actor, add_resident(past_disease=[{"code": "1"}]))
    assert nothing.known == ()


def test_frequent_hypoglycaemia_stays_an_alert_until_the_next_diabetes_visit(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("type2_diabetes")
    form = a_diabetes_visit(resident_id, visit_date=date(2026, 1, 10), hypoglycaemia="3")
    result = record_follow_up(store, actor, form)
    assert result.judgements[0].visit_class == "1"
    assert "2026-01-10" in open_form(store, actor, resident_id).alerts[0]
    record_follow_up(store, actor, a_diabetes_visit(resident_id))
    assert open_form(store, actor, resident_id).alerts == ()


def test_lists_of_due_and_recorded(
    store: Store, actor: Actor, add_resident: AddResident, clock: FixedClock
) -> None:
    late = add_resident("hypertension", "type2_diabetes", name="甲")
    soon = add_resident("hypertension", name="乙", village="桥头村")
    far = add_resident("hypertension", name="丙")
    record_follow_up(store, actor, a_visit(soon, visit_date=date(2026, 2, 20), sbp=166, dbp=94))
    done = record_follow_up(store, actor, a_visit(far))
    counts = due_counts(store, actor)
    assert (counts.overdue, counts.soon, counts.all) == (1, 2, 3)
    rows = due_follow_ups(store, actor, "soon")
    assert [row.resident_id for row in rows] == [late, soon]
    assert rows[0].diseases == ("hypertension", "type2_diabetes")
    assert rows[0].days_over == (TODAY - date(2025, 1, 5)).days
    assert (rows[0].last_on, rows[0].last_pressure) == (None, None)
    assert rows[1].due_on == date(2026, 3, 6)
    assert rows[1].days_over == -4
    assert rows[1].last_pressure == (166, 94)
    assert rows[1].last_classes == ("2",)
    assert rows[1].phone_masked == "138****1234"
    assert [row.resident_id for row in due_follow_ups(store, actor, "overdue")] == [late]
    assert count_due(store, actor, "all") == 3
    assert count_due(store, actor, "all", disease="type2_diabetes") == 1
    assert count_due(store, actor, "all", village="桥头村") == 1
    assert due_villages(store, actor) == ("光明村", "桥头村")
    assert len(due_follow_ups(store, actor, "all", offset=1, limit=1)) == 1
    recorded = recorded_today(store, actor)
    assert {row.follow_up_id for row in recorded} >= {done.follow_up_id}
    assert recorded[0].delivery.state == "waiting"
    clock.advance(days=1)
    assert recorded_today(store, actor) == ()


def test_due_work_is_only_of_own_living_managed_patients(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension")

    def change(model: Any, **values: Any) -> None:
        with store.write(actor) as session:
            row = session.scalars(select(model)).one()
            for name, value in values.items():
                setattr(row, name, value)
            refresh_due(session, store.organisation_id, [resident_id])

    assert due_of(store, resident_id)
    for model, off, on in (
        (Resident, {"record_status": "deceased"}, {"record_status": "active"}),
        (Condition, {"outcome": "9"}, {"outcome": None}),
        (Condition, {"outcome": "2"}, {"outcome": "1"}),
        (Condition, {"managed": False}, {"managed": True}),
        (Condition, {"clinical_status": "resolved"}, {"clinical_status": "active"}),
    ):
        change(model, **off)
        assert not [kind for kind in due_of(store, resident_id) if kind.startswith("follow_up:")]
        change(model, **on)
        assert due_of(store, resident_id) == {"follow_up:hypertension": date(2025, 1, 5)}
    with store.write(actor) as session:
        refresh_due(session, LEAD_ID, [resident_id])
    assert due_of(store, resident_id) == {}


def test_trends_follow_the_visits(store: Store, actor: Actor, add_resident: AddResident) -> None:
    resident_id = add_resident("hypertension", "type2_diabetes")
    assert trends(store, actor, resident_id).pressure == ()
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2026, 1, 10), sbp=150))
    record_follow_up(
        store,
        actor,
        a_diabetes_visit(
            resident_id,
            visit_date=date(2025, 12, 1),
            fpg=None,
            random_glucose=11.0,
            not_fasting_reason="1",
            sbp=None,
            dbp=None,
        ),
    )
    record_follow_up(store, actor, a_diabetes_visit(resident_id))
    found = trends(store, actor, resident_id)
    assert [(p.day, p.sbp, p.dbp) for p in found.pressure] == [
        (date(2026, 1, 10), 150, 76),
        (TODAY, 128, 76),
    ]
    assert [(p.day, p.fasting, p.random) for p in found.glucose] == [
        (date(2025, 12, 1), None, 11.0),
        (TODAY, 6.2, None),
    ]
    assert (found.pressure_limit, found.fasting_limit) == ((150, 90), 7.0)
    with pytest.raises(NotFound):
        trends(store, actor, "00000000-0000-7000-8000-000000000000")


def test_what_is_typed_comes_back_whole(
    store: Store, actor: Actor, add_resident: AddResident
) -> None:
    resident_id = add_resident("hypertension", "type2_diabetes")
    form = a_diabetes_visit(
        resident_id,
        parts=(
            replace(HYPERTENSION, symptoms=("2", "0"), symptom_text="乏力"),
            replace(DIABETES, symptoms=("4",)),
        ),
        bp_source="1",
        temperature=36.5,
        weight=70.5,
        weight_target=68.0,
        height=170.0,
        waist=88.5,
        other_signs="双下肢轻度水肿",
        smoking=10,
        smoking_target=0,
        alcohol=1.5,
        exercise_per_week=3,
        exercise_minutes=30,
        salt="2",
        salt_target="1",
        staple_food=300,
        psych="1",
        compliance="2",
        ppg=9.8,
        hba1c=6.9,
        hba1c_date=date(2026, 2, 20),
        hypoglycaemia="2",
        dorsalis_pedis="2",
        dorsalis_pedis_side="3",
        drugs=(AMLODIPINE, DrugLine(name="自备草药", usage="煎服")),
        insulin="甘精胰岛素 睡前 10 单位",
        drug_adjustment="氨氯地平加至 10 mg",
        referral_reason="",
        resident_signed=True,
        remark="家属陪同",
    )
    result = record_follow_up(store, actor, form)
    kept = load_visit(store, actor, result.follow_up_id)
    for part in kept.parts:
        assert part.next_visit == date(2026, 6, 2)
    without_dates = tuple(replace(part, next_visit=None) for part in kept.parts)
    assert replace(kept, parts=without_dates) == form
    with store.read() as session:
        dumped = records.fetch(session, "follow_up", [result.follow_up_id])
    assert dumped[result.follow_up_id]["organisation_id"] == TOWNSHIP_ID
