"""One record corrected on two PCs that did not know of each other, through the server."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from app.care.assessments.record import correct_assessment, load_assessment, record_assessment
from app.care.conflict_lists import conflict_lines
from app.care.conflicts import Choice, Decision, decide, read_conflict
from app.care.follow_up import correct_follow_up, load_visit, record_follow_up, void_follow_up
from app.care.follow_up_history import open_form
from app.care.health_check.history import open_kept_check
from app.care.health_check.record import record_health_check, revise_health_check
from app.care.read_only import why_read_only
from app.care.rivals import CHOSEN
from app.care.timeline import timeline
from app.care.work_list import today_work
from app.errors import InputError
from app.i18n import set_language
from app.models import records
from app.models.chronic import FollowUp
from app.models.identity import new_id
from app.models.local import DueItem
from app.models.organisation import Staff
from app.models.outbox import Conflict, Outbox
from app.models.records import KINDS
from app.sync.merge import BOOKKEEPING
from tests.care.assessments.test_record import typed
from tests.care.follow_up_samples import a_visit, managed_resident
from tests.care.health_check.samples import a_check
from tests.conftest import TOWNSHIP_ID
from tests.sync.conftest import Clinic

Make = Callable[..., Clinic]


def both_sync(*clinics: Clinic) -> None:
    for clinic in (*clinics, *clinics, *clinics):
        assert clinic.sync().outcome in ("done", "partial")  # partial: a person is asked


def two(make_clinic: Make) -> tuple[Clinic, Clinic, str]:
    one, other = make_clinic(TOWNSHIP_ID), make_clinic(TOWNSHIP_ID)
    patient = managed_resident(one.store, one.actor, "hypertension", name="周大伯")
    both_sync(one, other)
    return one, other, patient


def corrected(clinic: Clinic, visit_id: str, sbp: int, why: str) -> str:
    form = replace(load_visit(clinic.store, clinic.actor, visit_id), sbp=sbp)
    return correct_follow_up(clinic.store, clinic.actor, visit_id, form, why).follow_up_id


def counting(clinic: Clinic, patient: str) -> list[tuple[str, int | None]]:
    with clinic.store.read() as session:
        rows = session.scalars(
            select(FollowUp).where(
                FollowUp.resident_id == patient, FollowUp.status != "entered_in_error"
            )
        )
        return [(row.id, row.sbp) for row in rows]


def questions(clinic: Clinic) -> list[str]:
    with clinic.store.read() as session:
        return [line.conflict_id for line in conflict_lines(session, 10)]


def choose(clinic: Clinic, side: Any) -> None:
    (question,) = questions(clinic)
    view = read_conflict(clinic.store, clinic.actor, question)
    decide(clinic.store, clinic.actor, Decision(question, view.seen, {"rivals": Choice(side)}))


def nothing_waits(*clinics: Clinic) -> None:
    for clinic in clinics:
        with clinic.store.read() as session:
            assert session.query(Outbox).count() == 0


def the_same(one: Clinic, other: Clinic, kind: str = "follow_up") -> dict[str, Any]:
    states = []
    for clinic in (one, other):
        with clinic.store.read() as session:
            ids = session.scalars(select(KINDS[kind].model.id))
            states.append(records.fetch(session, kind, ids))
    plain = [
        {id_: {k: v for k, v in row.items() if k not in BOOKKEEPING} for id_, row in state.items()}
        for state in states
    ]
    assert plain[0] == plain[1]
    return states[0]


def test_one_of_two_corrections_counts_until_a_person_chooses(make_clinic: Make) -> None:
    one, other, patient = two(make_clinic)
    visit = record_follow_up(one.store, one.actor, a_visit(patient, sbp=128)).follow_up_id
    both_sync(one, other)
    # The clock of the first PC is a year ahead: it decides nothing.
    one.store.clock.advance(days=365)  # type: ignore[attr-defined]
    mine = corrected(one, visit, 134, "抄错")
    theirs = corrected(other, visit, 138, "看错血压计")
    both_sync(one, other)
    both_sync(other)
    nothing_waits(one, other)
    kept = the_same(one, other)
    assert {kept[mine]["status"], kept[theirs]["status"]} == {"amended"}
    assert kept[visit]["status_reason"] == "抄错 / 看错血压计"
    first = min(mine, theirs)
    sbp = 134 if first == mine else 138
    for clinic in (one, other):
        assert counting(clinic, patient) == [(first, sbp)]
        known = open_form(clinic.store, clinic.actor, patient)
        assert known.last is not None
        assert known.last.values["sbp"] == sbp
        lines = [e for e in timeline(clinic.store, clinic.actor, patient) if e.kind == "follow_up"]
        assert [(e.record_id == first, e.tone) for e in lines].count((True, "attention")) == 1
        assert {e.record_id for e in lines} == {mine, theirs}
        assert [each.kind for each in today_work(clinic.store, clinic.actor).now] == ["conflict"]
        (question,) = questions(clinic)
        (field,) = read_conflict(clinic.store, clinic.actor, question).fields
        assert str(sbp) in field.mine
        assert {"134", "138"} <= set(re.findall(r"\d+", field.mine + field.theirs))
    choose(other, "theirs")
    both_sync(other, one)
    nothing_waits(one, other)
    the_same(one, other)
    for clinic in (one, other):
        ((_, now),) = counting(clinic, patient)
        assert now == (138 if sbp == 134 else 134)
        assert questions(clinic) == []
        assert [each.kind for each in today_work(clinic.store, clinic.actor).now] == []


def two_rivals(make_clinic: Make) -> tuple[Clinic, Clinic, str]:
    """Two PCs that know of two corrections of one visit and have not decided."""
    one, other, patient = two(make_clinic)
    visit = record_follow_up(one.store, one.actor, a_visit(patient, sbp=128)).follow_up_id
    both_sync(one, other)
    corrected(one, visit, 134, "抄错")
    corrected(other, visit, 138, "看错")
    both_sync(one, other)
    return one, other, patient


def test_two_opposite_decisions_at_once_never_leave_nothing(make_clinic: Make) -> None:
    one, other, patient = two_rivals(make_clinic)
    choose(one, "mine")
    choose(other, "theirs")
    both_sync(one, other)
    nothing_waits(one, other)
    the_same(one, other)
    assert len(counting(one, patient)) == 1
    assert counting(one, patient) == counting(other, patient)
    assert len(questions(one)) == len(questions(other)) == 1
    choose(one, "mine")
    both_sync(one, other)
    nothing_waits(one, other)
    assert len(counting(one, patient)) == 1
    assert counting(one, patient) == counting(other, patient)
    assert questions(one) == questions(other) == []


def a_colleague_works_at(clinic: Clinic) -> None:
    person = Staff(
        id=new_id(), name="刘敏", login="liu", org_id=TOWNSHIP_ID, roles=sorted(clinic.actor.roles)
    )
    colleague = replace(clinic.actor, staff_id=person.id, name=person.name)
    with clinic.store.write(clinic.actor) as session:
        session.add(person)
    clinic.actor = colleague


def decision(clinic: Clinic, patient: str) -> str:
    """The row that this clinic's person wrote by choosing between two corrections."""
    with clinic.store.read() as session:
        rows = session.scalars(select(FollowUp).where(FollowUp.resident_id == patient))
        parents = {row.id: row.supersedes_id for row in rows if row.supersedes_id}
        (made,) = session.scalars(
            select(FollowUp.id).where(
                FollowUp.supersedes_id.in_(list(parents)),
                FollowUp.author_id == clinic.actor.staff_id,
            )
        )
    return made


def test_two_people_of_one_mind_keep_their_own_entries_and_one_counts(make_clinic: Make) -> None:
    one, other, patient = two_rivals(make_clinic)
    a_colleague_works_at(other)
    set_language("en")
    choose(one, "theirs")
    set_language("zh_CN")
    choose(other, "theirs")
    mine, theirs = decision(one, patient), decision(other, patient)
    assert mine != theirs
    both_sync(one, other)
    nothing_waits(one, other)
    kept = the_same(one, other)
    for clinic, id_ in ((one, mine), (other, theirs)):
        assert kept[id_]["author_id"] == clinic.actor.staff_id, "nobody signs for another"
        # In one language: else two PCs would not agree on why the rivals were taken back.
        assert kept[id_]["status_reason"] == CHOSEN
    counts, echo = sorted((mine, theirs))
    for clinic in (one, other):
        assert [id_ for id_, _ in counting(clinic, patient)] == [counts]
        assert questions(clinic) == []
        assert today_work(clinic.store, clinic.actor).now == ()
        lines = {e.record_id: e for e in timeline(clinic.store, clinic.actor, patient)}
        assert "两人作了相同的选择" in lines[echo].detail
        assert "两人" not in lines[counts].detail
        assert "两人选了同一份更正" in why_read_only(clinic.store, clinic.actor, "follow_up", echo)
        typed_anew = replace(load_visit(clinic.store, clinic.actor, echo), sbp=150)
        with pytest.raises(InputError, match="两人选了同一份更正"):
            correct_follow_up(clinic.store, clinic.actor, echo, typed_anew, "再改")
        with pytest.raises(InputError, match="两人选了同一份更正"):
            void_follow_up(clinic.store, clinic.actor, echo, "再撤")
    # What counts is taken back: nothing comes up in its stead, and nobody is asked.
    void_follow_up(one.store, one.actor, counts, "录错人")
    both_sync(one, other)
    for clinic in (one, other):
        assert counting(clinic, patient) == []
        assert questions(clinic) == []


def test_a_correction_of_an_entry_that_does_not_count_again_is_asked_about(
    make_clinic: Make,
) -> None:
    one, other, patient = two_rivals(make_clinic)
    for clinic in (one, other):
        choose(clinic, "mine")
    # Before either knows of the other's choice, both correct their own on.
    made = {
        corrected(clinic, decision(clinic, patient), sbp, "再量"): sbp
        for clinic, sbp in ((one, 141), (other, 142))
    }
    both_sync(one, other)
    nothing_waits(one, other)
    the_same(one, other)
    for clinic in (one, other):
        ((id_, sbp),) = counting(clinic, patient)
        assert made[id_] == sbp
        assert len(questions(clinic)) == 1


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_taken_back_here_and_corrected_there(make_clinic: Make, side: str) -> None:
    one, other, patient = two(make_clinic)
    visit = record_follow_up(one.store, one.actor, a_visit(patient, sbp=128)).follow_up_id
    both_sync(one, other)
    void_follow_up(one.store, one.actor, visit, "录错人")
    new = corrected(other, visit, 138, "看错")
    both_sync(one, other)
    nothing_waits(one, other)
    for clinic in (one, other):
        assert counting(clinic, patient) == [(new, 138)]
        (question,) = questions(clinic)
        (field,) = read_conflict(clinic.store, clinic.actor, question).fields
        assert "录错人" in field.theirs
    choose(one, side)
    both_sync(one, other)
    nothing_waits(one, other)
    the_same(one, other)
    for clinic in (one, other):
        assert [sbp for _, sbp in counting(clinic, patient)] == ([138] if side == "mine" else [])
        assert questions(clinic) == []


def test_checks_and_assessments_are_treated_alike(make_clinic: Make) -> None:
    one, other, patient = two(make_clinic)
    scale = record_assessment(one.store, one.actor, typed(patient, "barthel")).assessment_id
    check = record_health_check(one.store, one.actor, a_check(patient)).health_check_id
    both_sync(one, other)
    for clinic, why in ((one, "甲"), (other, "乙")):
        now = replace(load_assessment(clinic.store, clinic.actor, scale), remark=why)
        correct_assessment(clinic.store, clinic.actor, scale, now, why)
        form = open_kept_check(clinic.store, clinic.actor, check).form
        answers = {**form.answers, "pulse": 70 if why == "甲" else 80}
        revise_health_check(clinic.store, clinic.actor, check, replace(form, answers=answers), why)
    both_sync(one, other)
    nothing_waits(one, other)
    for kind in ("assessment", "health_check"):
        the_same(one, other, kind)
        for clinic in (one, other):
            with clinic.store.read() as session:
                model: Any = KINDS[kind].model
                rows = session.scalars(select(model).where(model.status != "entered_in_error"))
                assert len(list(rows)) == 1
    for clinic in (one, other):
        assert len(questions(clinic)) == 2
        for question in questions(clinic):
            if clinic is one:
                view = read_conflict(clinic.store, clinic.actor, question)
                told = Decision(question, view.seen, {"rivals": Choice("theirs")})
                decide(clinic.store, clinic.actor, told)
    both_sync(one, other)
    nothing_waits(one, other)
    for clinic in (one, other):
        assert questions(clinic) == []
        with clinic.store.read() as session:
            assert session.query(Conflict).filter(Conflict.resolved_at.is_(None)).count() == 0
            assert session.query(DueItem).count() > 0
