"""Assessments in a real store: saved, corrected, taken back, due again, read by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.care.assessments.conventions import Intervals, next_assessment
from app.care.assessments.form import AssessmentInput
from app.care.assessments.outcome import outcome
from app.care.assessments.questionnaire import questionnaire
from app.care.assessments.record import (
    correct_assessment,
    load_assessment,
    record_assessment,
    void_assessment,
)
from app.care.assessments.results import (
    assessed_between,
    latest,
    latest_of_all,
    latest_of_many,
)
from app.care.clinical_settings import load_clinical_settings, save_clinical_settings
from app.care.due import refresh_due
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from tests.care.assessments.samples import answers_with_total, best

TODAY = date(2026, 3, 2)


@pytest.fixture
def resident(store: Store, actor: Actor) -> str:
    return add_resident(store, actor)


def add_resident(store: Store, actor: Actor, **values: Any) -> str:
    with store.write(actor) as session:
        row = Resident(
            **{"name": "张桂兰", "sex": "2", "birth_date": date(1948, 5, 1), "id_type": "none"}
            | values
        )
        session.add(row)
        session.flush()
        return row.id


def typed(resident_id: str, scale: str, total: float | None = None, **values: Any) -> Any:
    answers = best(scale) if total is None else answers_with_total(scale, total)
    made = AssessmentInput(resident_id, scale, TODAY, answers | values.pop("answers", {}))
    if scale.startswith("ability"):
        values.setdefault("second_assessor", "赵护士")
    return replace(made, **values)


def due_of(store: Store, resident_id: str) -> dict[str, date]:
    with store.read() as session:
        rows = session.scalars(
            select(DueItem).where(
                DueItem.resident_id == resident_id, DueItem.kind.startswith("assessment:")
            )
        )
        return {row.kind: row.due_on for row in rows}


def test_a_self_care_assessment_is_saved_judged_and_queued(
    store: Store, actor: Actor, resident: str
) -> None:
    saved = record_assessment(store, actor, typed(resident, "self_care", 9, remark=" 需家属协助 "))
    assert (saved.outcome.total, saved.outcome.level) == (9, "3")
    assert saved.reassess_on == date(2027, 3, 2)
    with store.read() as session:
        row = session.get(Assessment, saved.assessment_id)
        assert row is not None
        assert (row.total, row.level, row.preliminary_level) == (9, "3", "3")
        assert (row.form_version, row.rule_version) == ("NBPHS-2017", "NBPHS-2017")
        assert (row.performer_name, row.remark, row.status) == ("王建国", "需家属协助", "final")
        queued = session.scalars(select(Outbox.record_id).where(Outbox.kind == "assessment")).all()
        assert list(queued) == [row.id]
    assert due_of(store, resident) == {"assessment:self_care": date(2027, 3, 2)}


def test_both_levels_and_what_moved_them_are_kept(
    store: Store, actor: Actor, resident: str
) -> None:
    form = typed(resident, "ability_2022", 70, answers={"dementia": "2", "fall": "2"})
    saved = record_assessment(store, actor, form)
    with store.read() as session:
        row = session.get(Assessment, saved.assessment_id)
        assert row is not None
        assert (row.preliminary_level, row.level) == ("1", "2")
        assert row.details["adjustments"] == ["dementia", "events"]
        assert sum(row.details["subtotals"].values()) == 70
        assert row.second_assessor == "赵护士"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"second_assessor": ""}, "second_assessor"),
        ({"second_assessor": "王建国"}, "second_assessor"),
        ({"assessed_on": None}, "assessed_on"),
        ({"assessed_on": TODAY + timedelta(days=1)}, "assessed_on"),
        ({"assessed_on": date(1948, 4, 30)}, "assessed_on"),
        ({"reassess_on": TODAY}, "reassess_on"),
        ({"answers": {"eating": "9"}}, "answer.eating"),
        ({"answers": {"eating": None}}, "answer.eating"),
        ({"answers": {"coma": "2"}}, "answer.consciousness"),
    ],
)
def test_what_must_be_mended_is_said_at_its_field(
    store: Store, actor: Actor, resident: str, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as refused:
        record_assessment(store, actor, typed(resident, "ability_2022", **values))
    assert list(refused.value.problems) == [field]
    with store.read() as session:
        assert session.scalars(select(Assessment)).all() == []


def test_the_old_standard_wants_a_persons_decision_in_a_gap(
    store: Store, actor: Actor, resident: str
) -> None:
    form = typed(resident, "ability_2013", answers={"adl": 50, "fall": "2"})
    with pytest.raises(InputError) as refused:
        record_assessment(store, actor, form)
    assert list(refused.value.problems) == ["chosen_level"]
    with pytest.raises(InputError) as refused:
        record_assessment(store, actor, replace(form, chosen_level="1"))
    assert list(refused.value.problems) == ["level_reason"]
    saved = record_assessment(
        store, actor, replace(form, chosen_level="1", level_reason="两位评估员商定")
    )
    with store.read() as session:
        row = session.get(Assessment, saved.assessment_id)
        assert row is not None
        # Two falls raise what the persons decided, as they raise what the rule gives.
        assert (row.preliminary_level, row.level) == ("1", "2")
        assert row.level_reason == "两位评估员商定"
    back = load_assessment(store, actor, saved.assessment_id)
    assert (back.chosen_level, back.level_reason) == ("1", "两位评估员商定")


def test_a_correction_keeps_the_old_version_and_its_maker(
    store: Store, actor: Actor, resident: str
) -> None:
    first = record_assessment(store, actor, typed(resident, "barthel", 60))
    other = replace(actor, name="李明")
    again = replace(load_assessment(store, actor, first.assessment_id))
    assert again.answers == answers_with_total("barthel", 60)
    changed = replace(again, answers=answers_with_total("barthel", 65))
    with pytest.raises(InputError) as refused:
        correct_assessment(store, other, first.assessment_id, changed, " ")
    assert list(refused.value.problems) == ["correction_reason"]
    second = correct_assessment(store, other, first.assessment_id, changed, "行走项看错")
    with store.read() as session:
        old = session.get(Assessment, first.assessment_id)
        new = session.get(Assessment, second.assessment_id)
        assert old is not None
        assert new is not None
        assert (old.status, old.status_reason) == ("entered_in_error", "行走项看错")
        assert (new.status, new.supersedes_id, new.total) == ("amended", old.id, 65)
        assert new.performer_name == "王建国"
        found = latest(session, resident, "barthel")
        assert found is not None
        assert found.id == new.id
    with pytest.raises(InputError):
        correct_assessment(store, other, first.assessment_id, changed, "再改")


def test_a_voided_assessment_counts_nowhere(store: Store, actor: Actor, resident: str) -> None:
    saved = record_assessment(store, actor, typed(resident, "morse", 45))
    assert due_of(store, resident) == {"assessment:morse": TODAY + timedelta(days=7)}
    void_assessment(store, actor, saved.assessment_id, "录错人")
    assert due_of(store, resident) == {}
    with store.read() as session:
        assert latest(session, resident, "morse") is None
        assert assessed_between(session, actor.organisation_id, "morse", TODAY, TODAY) == []


def test_the_newest_result_of_each_scale(store: Store, actor: Actor, resident: str) -> None:
    earlier = TODAY - timedelta(days=90)
    record_assessment(store, actor, typed(resident, "barthel", 80))
    record_assessment(store, actor, typed(resident, "barthel", 40, assessed_on=earlier))
    record_assessment(store, actor, typed(resident, "tcm33", answers={"q1": "5"}))
    other = add_resident(store, actor, name="李国强")
    record_assessment(store, actor, typed(other, "barthel", 100))
    with store.read() as session:
        newest = latest_of_all(session, resident)
        assert {scale: each.total for scale, each in newest.items()} == {
            "barthel": 80,
            "tcm33": None,
        }
        assert newest["tcm33"].level_text == "平和质"
        assert len(newest["tcm33"].details["results"]) == 9
        many = latest_of_many(session, [resident, other], "barthel")
        assert {key: each.total for key, each in many.items()} == {resident: 80, other: 100}
        before = latest_of_many(session, [resident, other], "barthel", until=earlier)
        assert {key: each.total for key, each in before.items()} == {resident: 40}
        ours = assessed_between(session, actor.organisation_id, "barthel", earlier, earlier)
        assert [each.total for each in ours] == [40]


def test_a_merged_record_counts_for_the_person(store: Store, actor: Actor, resident: str) -> None:
    twin = add_resident(store, actor)
    record_assessment(store, actor, typed(twin, "self_care", 4))
    with store.write(actor) as session:
        row = session.get(Resident, twin)
        assert row is not None
        row.record_status, row.merged_into_id = "merged", resident
        refresh_due(session, store.organisation_id, [resident])
    with store.read() as session:
        found = latest(session, resident, "self_care")
        assert found is not None
        assert found.level == "2"
    assert due_of(store, resident) == {"assessment:self_care": date(2027, 3, 2)}
    assert due_of(store, twin) == {}


def test_the_newer_standard_ends_the_due_date_of_the_older(
    store: Store, actor: Actor, resident: str
) -> None:
    record_assessment(store, actor, typed(resident, "ability_2013"))
    assert due_of(store, resident) == {"assessment:ability_2013": date(2026, 9, 2)}
    record_assessment(store, actor, typed(resident, "ability_2022"))
    assert due_of(store, resident) == {"assessment:ability_2022": date(2027, 3, 2)}


def test_a_date_typed_by_the_assessor_wins(store: Store, actor: Actor, resident: str) -> None:
    wanted = date(2026, 4, 1)
    record_assessment(store, actor, typed(resident, "barthel", 60, reassess_on=wanted))
    assert due_of(store, resident) == {"assessment:barthel": wanted}


@pytest.mark.parametrize(
    ("scale", "total", "on"),
    [
        ("self_care", 0, date(2027, 3, 2)),
        ("ability_2022", 90, date(2027, 3, 2)),
        ("ability_2013", None, date(2026, 9, 2)),
        ("tcm33", None, date(2026, 3, 16)),
        ("morse", 40, date(2026, 4, 1)),
        ("morse", 45, date(2026, 3, 9)),
        ("braden", 12, date(2026, 3, 9)),
        ("braden", 9, date(2026, 3, 9)),
        ("braden", 13, date(2026, 4, 1)),
        ("barthel", 50, None),
        ("mmse", None, None),
    ],
)
def test_when_a_scale_is_due_again(scale: str, total: float | None, on: date | None) -> None:
    answers = best(scale) if total is None else answers_with_total(scale, total)
    if scale == "tcm33":
        # Nothing stands out: the balanced one fails, and no other reaches 9.
        answers |= {"q2": "3", "q4": "3", "q5": "3", "q13": "3"}
    found = outcome(questionnaire(scale), answers)
    assert next_assessment(scale, TODAY, found) == on


def test_a_county_may_set_the_intervals_and_the_cut_offs(
    store: Store, actor: Actor, resident: str
) -> None:
    own = replace(
        load_clinical_settings(store), barthel_bands="five", reassess_self_care=6, fall_high=51
    )
    save_clinical_settings(store, actor, own, "县卫健委通知")
    saved = record_assessment(store, actor, typed(resident, "barthel", 20))
    assert saved.outcome.level == "total"
    assert record_assessment(store, actor, typed(resident, "morse", 45)).outcome.level == "medium"
    assert due_of(store, resident)["assessment:morse"] == TODAY + timedelta(days=30)
    record_assessment(store, actor, typed(resident, "self_care", 0))
    assert due_of(store, resident)["assessment:self_care"] == date(2026, 9, 2)
    with store.read() as session:
        row = session.get(Assessment, saved.assessment_id)
        assert row is not None
        assert row.rule_version.startswith("WST-431-2013+S1-")
    nothing = Intervals(self_care=0)
    found = outcome(questionnaire("self_care"), best("self_care"))
    assert next_assessment("self_care", TODAY, found, nothing) is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"fall_medium": 45}, "fall_high"),
        ({"gds30_severe": 11}, "gds30_severe"),
        ({"mmse_primary": 25}, "mmse_middle"),
        ({"mmse_illiterate": 21}, "mmse_middle"),
    ],
)
def test_cut_offs_that_contradict_each_other_are_not_saved(
    store: Store, actor: Actor, changed: dict[str, int], field: str
) -> None:
    own = replace(load_clinical_settings(store), **changed)
    with pytest.raises(InputError) as refused:
        save_clinical_settings(store, actor, own, "县卫健委通知")
    assert list(refused.value.problems) == [field]


def test_who_may_not_assess(store: Store, actor: Actor, resident: str) -> None:
    viewer = replace(actor, roles=frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        record_assessment(store, viewer, typed(resident, "barthel"))
    with pytest.raises(NotFound):
        record_assessment(store, actor, typed("nobody", "barthel"))


def test_no_assessment_of_a_closed_record(store: Store, actor: Actor) -> None:
    gone = add_resident(store, actor, record_status="deceased")
    with pytest.raises(InputError) as refused:
        record_assessment(store, actor, typed(gone, "barthel"))
    assert list(refused.value.problems) == [""]


def test_another_organisations_assessment_cannot_be_changed(
    store: Store,
    actor: Actor,
    resident: str,
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    saved = record_assessment(store, actor, typed(resident, "barthel", 60))
    stranger = replace(actor, organisation_id="b" * 36)
    with pytest.raises(NotAllowed):
        void_assessment(store, stranger, saved.assessment_id, "不是我们的")


def test_blank_and_foreign_answers_are_not_kept(store: Store, actor: Actor, resident: str) -> None:
    form = AssessmentInput(resident, "nrs_pain", TODAY, {"pain": 3, "site": "  ", "no_such": "1"})
    saved = record_assessment(store, actor, form)
    assert load_assessment(store, actor, saved.assessment_id).answers == {"pain": 3}
