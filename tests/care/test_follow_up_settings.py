"""The follow-up form and its rules under the organisation's settings; COPD on the form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.care.clinical_settings import DEFAULTS, save_clinical_settings
from app.care.diabetes import DiabetesVisit, assess
from app.care.follow_up import load_visit, record_follow_up
from app.care.follow_up_form import DiseasePart, Override, problems_of
from app.care.follow_up_history import open_form
from app.care.limits import Range
from app.care.visit_rules import RuleSettings
from app.errors import InputError
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.store import Store
from tests.care.follow_up_samples import (
    HYPERTENSION,
    TODAY,
    a_visit,
    managed_resident,
)

COPD = DiseasePart("copd", symptoms=("1",))
FLAGS = RuleSettings(glucose_flags=True)


@pytest.fixture
def add_resident(store: Store, actor: Actor) -> Callable[..., str]:
    return partial(managed_resident, store, actor)


def newest(store: Store) -> FollowUp:
    with store.read() as session:
        query = (
            select(FollowUp).order_by(FollowUp.id.desc()).options(selectinload(FollowUp.diseases))
        )
        row = session.scalars(query).first()
        session.expunge_all()
        assert row is not None
        return row


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"copd_control": ""}, "copd_control"),
        ({"copd_control": "7"}, "copd_control"),
        ({"cat": -1}, "cat"),
        ({"cat": 41}, "cat"),
        ({"mmrc": "5"}, "mmrc"),
        ({"respiration": 3}, "respiration"),
        ({"respiration": 71}, "respiration"),
        ({"spo2": 39}, "spo2"),
        ({"spo2": 101}, "spo2"),
        ({"fev1": 0.05}, "fev1"),
        ({"fvc": 10.1}, "fvc"),
        ({"fev1": 2.4, "fvc": 2.3}, "fev1"),
        ({"copd": {"oxygen_hours": 25}}, "copd.oxygen_hours"),
        ({"parts": (DiseasePart("copd"),)}, "copd.symptoms"),
        ({"parts": (DiseasePart("copd", symptoms=("1", "2")),)}, "copd.symptoms"),
        ({"parts": (DiseasePart("copd", symptoms=("0",)),)}, "copd.symptom_text"),
    ],
)
def test_what_cannot_be_on_the_copd_form(values: dict[str, Any], field: str) -> None:
    form = a_visit("r", **{"parts": (COPD,), "copd_control": "1", **values})
    assert set(problems_of(form, date(1955, 6, 1), TODAY)) == {field}


@pytest.mark.parametrize(
    "values",
    [
        {"cat": 0, "mmrc": "0", "respiration": 4, "spo2": 40},
        {"cat": 40, "mmrc": "4", "respiration": 70, "spo2": 100},
        {"fev1": 0.1, "fvc": 10},
        {"fev1": 2.3, "fvc": 2.3},
        {"copd": {"oxygen_hours": 24, "an_item_of_the_county": "x"}},
        {"sbp": None, "dbp": None},  # a pressure is asked for hypertension only
    ],
)
def test_the_ends_of_every_range_are_taken(values: dict[str, Any]) -> None:
    form = a_visit("r", parts=(COPD,), copd_control="1", **values)
    assert problems_of(form, date(1955, 6, 1), TODAY) == {}


def test_a_visit_keeps_the_rules_it_was_made_under(
    store: Store, actor: Actor, add_resident: Callable[..., str]
) -> None:
    resident_id = add_resident("hypertension", "copd")
    both = a_visit(resident_id, parts=(HYPERTENSION, COPD), copd_control="2")
    record_follow_up(store, actor, both)
    assert newest(store).rule_version == "NBPHS-2017, LOCAL-2025"
    new = save_clinical_settings(store, actor, replace(DEFAULTS, copd_cat_limit=10), "x")
    record_follow_up(store, actor, replace(both, copd_control="1", cat=10))
    row = newest(store)
    assert row.rule_version == f"NBPHS-2017+{new.label}, LOCAL-2025+{new.label}"
    classes = {part.disease: (part.control_class, part.action) for part in row.diseases}
    assert classes == {"hypertension": ("1", "1"), "copd": ("2", "2")}
    assert load_visit(store, actor, row.id).cat == 10


def test_the_doctors_word_and_the_rules_are_both_kept_for_copd(
    store: Store, actor: Actor, add_resident: Callable[..., str]
) -> None:
    word = Override("家属要求转诊", "2", "3")
    part = replace(COPD, override=word)
    result = record_follow_up(
        store, actor, a_visit(add_resident("copd"), parts=(part,), copd_control="1")
    )
    assert result.refer
    (kept,) = newest(store).diseases
    assert (kept.proposed_class, kept.control_class) == ("1", "2")
    assert (kept.proposed_action, kept.action) == ("1", "3")
    assert (kept.override_reason, kept.next_visit_date) == ("家属要求转诊", date(2026, 3, 16))


def test_what_is_not_controlled_is_due_in_two_weeks(
    store: Store, actor: Actor, add_resident: Callable[..., str]
) -> None:
    resident_id = add_resident("copd")
    early = a_visit(
        resident_id, parts=(COPD,), copd_control="2", visit_date=TODAY - timedelta(days=5)
    )
    record_follow_up(store, actor, early)
    assert open_form(store, actor, resident_id).due == {"copd": TODAY + timedelta(days=9)}


def test_input_limits_of_the_organisation_hold(
    store: Store, actor: Actor, add_resident: Callable[..., str]
) -> None:
    resident_id = add_resident("hypertension")
    limits = replace(DEFAULTS, limit_sbp=Range(60, 250, 90, 180))
    save_clinical_settings(store, actor, limits, "x")
    with pytest.raises(InputError) as caught:
        record_follow_up(store, actor, a_visit(resident_id, sbp=251))
    assert set(caught.value.problems) == {"sbp"}
    record_follow_up(store, actor, a_visit(resident_id, sbp=250))


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        ({"fasting": 3.9}, FLAGS, ("4.0",)),
        ({"fasting": 4.0}, FLAGS, ()),
        ({"fasting": 4.1}, FLAGS, ()),
        ({"fasting": 6.0, "after_meal": 9.8}, FLAGS, ()),
        ({"fasting": 6.0, "after_meal": 9.9}, FLAGS, ()),
        ({"fasting": 6.0, "after_meal": 10.0}, FLAGS, ("9.9",)),
        ({"fasting": 6.0, "after_meal": 10.0}, RuleSettings(), ()),
        ({"random_glucose": 9.9}, RuleSettings(), ("10.0",)),
        ({"random_glucose": 10.0}, RuleSettings(), ()),
        ({"random_glucose": 8.9}, RuleSettings(probable_glucose=9.0), ("9.0",)),
        ({"random_glucose": 9.0}, RuleSettings(probable_glucose=9.0), ()),
    ],
)
def test_what_is_only_shown_of_glucose(
    values: dict[str, Any], settings: RuleSettings, words: tuple[str, ...]
) -> None:
    judged = assess(DiabetesVisit(TODAY, **values), None, settings)
    assert len(judged.notes) == len(words)
    assert all(word in note for word, note in zip(words, judged.notes, strict=True))
