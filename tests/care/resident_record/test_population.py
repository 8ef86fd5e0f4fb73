"""Tags of the population: every rule at, below and above; manual tags stay apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app.care import residents
from app.care.basic_form import Answer
from app.care.conditions import ConditionInput, add_condition, set_resolved
from app.care.residences import Admission, admit
from app.care.resident_page import summary
from app.care.resident_record import merging
from app.care.resident_record.population import TagFacts, computed_tags, refresh_tags, tags_of
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.resident_record import PopulationTag
from app.models.store import Store
from tests.care.resident_record.test_merging import change_of, merge, pair
from tests.care.test_residents import FORM
from tests.conftest import CARE_HOME_ID

__all__ = ["pair"]

YOUNG = TagFacts(age=40)


def of(code: str = "", programme: str = "") -> TagFacts:
    return replace(YOUNG, diagnoses=frozenset({(code, programme)}))


@pytest.mark.parametrize(
    ("facts", "tags"),
    [
        (YOUNG, {"general"}),
        (TagFacts(age=64), {"general"}),
        (TagFacts(age=65), {"senior"}),
        (TagFacts(age=66), {"senior"}),
        (of("I09"), {"general"}),
        (of("I10"), {"hypertension"}),
        (of("I10.x00x002"), {"hypertension"}),
        (of("I15"), {"hypertension"}),
        (of("I16"), {"general"}),
        (of("", "hypertension"), {"hypertension"}),
        (of("", "type2_diabetes"), {"diabetes"}),
        (of("E10"), {"diabetes"}),
        (of("E14.900"), {"diabetes"}),
        (of("E15"), {"general"}),
        (of("I19"), {"general"}),
        (of("I20"), {"chd"}),
        (of("I25.103"), {"chd"}),
        (of("I26"), {"general"}),
        (of("J43"), {"general"}),
        (of("J44"), {"copd"}),
        (of("", "copd"), {"copd"}),
        (of("I59"), {"general"}),
        (of("I60"), {"stroke"}),
        (of("I64"), {"stroke"}),
        (of("I65"), {"general"}),
        (of("I69.300"), {"stroke"}),
        (of("C00"), {"tumour"}),
        (of("C97"), {"tumour"}),
        (of("D00"), {"general"}),
        (of("F20.900"), {"mental"}),
        (of("F21"), {"general"}),
        (of("F31"), {"mental"}),
        (of("A14"), {"general"}),
        (of("A15"), {"tuberculosis"}),
        (of("A19"), {"tuberculosis"}),
        (of("F00"), {"dementia"}),
        (of("F03"), {"dementia"}),
        (of("F04"), {"general"}),
        (of("G30.900"), {"dementia"}),
        (of("?"), {"general"}),
        (replace(YOUNG, past=frozenset("1")), {"general"}),
        (replace(YOUNG, past=frozenset("2357")), {"hypertension", "diabetes", "copd", "stroke"}),
        (replace(YOUNG, past=frozenset("468")), {"chd", "tumour", "mental"}),
        (replace(YOUNG, past=frozenset("9")), {"general"}),
        (replace(YOUNG, disability=frozenset("1")), {"general"}),
        (replace(YOUNG, disability=frozenset("2")), {"disabled"}),
        (replace(YOUNG, ability="1"), {"general"}),
        (replace(YOUNG, ability="2"), {"incapacitated"}),
        (replace(YOUNG, ability="4"), {"incapacitated"}),
        (replace(YOUNG, self_care="3"), {"general"}),
        (replace(YOUNG, self_care="4"), {"incapacitated"}),
        (replace(YOUNG, ability="0", self_care="4"), {"general"}),
    ],
)
def test_the_rule(facts: TagFacts, tags: set[str]) -> None:
    found = computed_tags(facts)
    assert found.computed == tags
    assert found.manual == frozenset()


def test_manual_tags_stay_apart() -> None:
    ticked = frozenset({"veteran", "living_alone", "senior", "general", "hypertension"})
    found = computed_tags(replace(of("I10"), manual=ticked))
    assert found.computed == {"hypertension"}
    assert found.manual == {"veteran", "living_alone"}
    # Who lives in a care institution does not live alone.
    found = computed_tags(replace(YOUNG, manual=ticked, in_institution=True))
    assert found.manual == {"veteran", "hypertension"}


def kept(store: Store, resident_id: str) -> dict[str, bool]:
    with store.read() as session:
        rows = session.scalars(
            select(PopulationTag).where(PopulationTag.resident_id == resident_id)
        )
        return {row.tag: row.computed for row in rows}


def test_tags_come_and_go_with_the_record(store: Store, actor: Actor) -> None:
    form = replace(
        FORM, past_disease=(FORM.past_disease[0],), population_flags=(Answer("veteran"),)
    )
    saved = residents.register(store, actor, form).resident_id
    assert kept(store, saved) == {"senior": True, "hypertension": True, "veteran": False}
    assert summary(store, actor, saved).tags == ("senior", "hypertension", "veteran")
    diagnosis = add_condition(store, actor, saved, ConditionInput("冠心病", "I25.103"))
    assert "chd" in kept(store, saved)
    set_resolved(store, actor, diagnosis, True)
    assert "chd" not in kept(store, saved)
    with store.write(actor) as session:
        refresh_tags(session, [saved, "0" * 36], date(1990, 1, 1))
    assert "senior" not in kept(store, saved)


def test_a_bed_in_a_care_institution_is_not_living_alone(make_store) -> None:
    store, actor = make_store(CARE_HOME_ID)
    form = replace(FORM, population_flags=(Answer("living_alone"),))
    saved = residents.register(store, actor, form).resident_id
    assert "living_alone" in kept(store, saved)
    admit(store, actor, saved, Admission("12", date(2026, 3, 1)))
    with store.read() as session:
        assert "living_alone" not in tags_of(session, saved, date(2026, 3, 2)).all
    assert "living_alone" not in kept(store, saved)


def test_the_records_of_one_person_count_together(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    add_condition(store, actor, second, ConditionInput("冠心病", "I25.103"))
    assert "chd" in kept(store, second)
    assert "copd" not in kept(store, first)
    merge(store, actor, second, first)
    assert "chd" in kept(store, first)
    assert kept(store, second) == {}
    merging.unmerge(store, actor, second, change_of(store, second))
    assert "chd" in kept(store, second)
    add_condition(store, actor, first, ConditionInput("慢阻肺", "J44"))
    assert "copd" in kept(store, first)


def test_loss_of_function_is_read_from_the_newest_assessment(store: Store, actor: Actor) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    for day, level in ((1, "4"), (2, "1")):
        with store.write(actor) as session:
            session.add(
                Assessment(
                    resident_id=saved,
                    scale="ability_2022",
                    form_version="GB/T 42195-2022",
                    rule_version="GB/T 42195-2022",
                    performer_id=actor.staff_id,
                    assessed_on=date(2026, 2, day),
                    level=level,
                    status="final",
                    performer_name="王建国",
                )
            )
            session.flush()
            refresh_tags(session, [saved], date(2026, 3, 2))
        assert ("incapacitated" in kept(store, saved)) == (level == "4")
