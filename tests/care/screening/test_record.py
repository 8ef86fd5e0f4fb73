"""Screening as it is recorded: what is saved, what waits, who is still to be measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.care.clinical_settings import DEFAULTS, save_clinical_settings
from app.care.follow_up import record_follow_up
from app.care.screening.lists import (
    count_unmeasured,
    count_waiting,
    screening_villages,
    unmeasured,
    waiting,
)
from app.care.screening.record import (
    ScreeningInput,
    ScreeningSaved,
    decide_probable,
    judge_screening,
    letter_from_screening,
    open_screening,
    record_screening,
    void_screening,
)
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.records import put
from app.models.resident import Condition, Resident
from app.models.screening import BpScreening
from app.models.store import Store
from tests.care.follow_up_samples import TODAY, a_diabetes_visit, managed_resident
from tests.conftest import LEAD_ID
from tests.fhir.samples import sample


@pytest.fixture
def resident_id(store: Store, actor: Actor) -> str:
    """A man of 44 without any disease."""
    return managed_resident(store, actor, birth_date=date(1981, 6, 1))


def measure(
    store: Store, actor: Actor, resident_id: str, sbp: int, dbp: int, ago: int = 0, **values: Any
) -> ScreeningSaved:
    day = TODAY - timedelta(days=ago)
    typed = ScreeningInput(
        resident_id=resident_id, measured_on=day, sbp=sbp, dbp=dbp, bp_source="1"
    )
    return record_screening(store, actor, replace(typed, **values))


def due(store: Store, resident_id: str) -> DueItem | None:
    with store.read() as session:
        item = session.scalars(
            select(DueItem).where(
                DueItem.resident_id == resident_id, DueItem.kind == "bp_screening"
            )
        ).one_or_none()
        session.expunge_all()
        return item


def listed(store: Store, actor: Actor) -> set[str]:
    """Who is not yet measured; all are counted as they are listed, and each village's."""
    for village in ("", *screening_villages(store, actor)):
        assert count_unmeasured(store, actor, village) == len(unmeasured(store, actor, village))
    return {row.resident_id for row in unmeasured(store, actor)}


def test_a_good_value_is_saved_queued_and_measured_for_this_year(
    store: Store, actor: Actor, resident_id: str
) -> None:
    assert [row.resident_id for row in unmeasured(store, actor)] == [resident_id]
    with store.write(actor) as session:
        session.query(Outbox).delete()
    saved = measure(store, actor, resident_id, 118, 76, height=170.0, weight=66.0)
    assert saved.judgement is not None
    with store.read() as session:
        assert session.scalars(select(Outbox.kind)).all() == ["bp_screening"]
        row = session.get(BpScreening, saved.screening_id)
        assert row is not None
        assert (row.result, row.bmi, row.next_on) == ("1", 22.8, date(2027, 3, 2))
        assert (row.performer_name, row.rule_version) == ("王建国", "NBPHS-2017")
    assert unmeasured(store, actor) == ()
    assert count_unmeasured(store, actor) == 0
    assert due(store, resident_id) is None


def test_a_raised_value_is_measured_again_and_the_third_day_waits_for_the_doctor(
    store: Store, actor: Actor, resident_id: str
) -> None:
    measure(store, actor, resident_id, 146, 88, ago=14)
    item = due(store, resident_id)
    assert item is not None
    assert (item.due_on, item.urgent) == (TODAY - timedelta(days=7), False)
    measure(store, actor, resident_id, 138, 91, ago=7)
    saved = measure(store, actor, resident_id, 142, 80)
    assert saved.judgement is not None
    assert saved.judgement.result == "4"
    item = due(store, resident_id)
    assert item is not None
    assert (item.due_on, item.urgent) == (TODAY, True)
    (row,) = waiting(store, actor)
    assert (row.result, row.raised_days, row.last_pressure) == ("4", 3, (142, 80))
    assert count_waiting(store, actor, "光明村") == 1
    assert count_waiting(store, actor, "别的村") == 0


def test_days_until_the_repeat_are_a_setting(store: Store, actor: Actor, resident_id: str) -> None:
    new = save_clinical_settings(store, actor, replace(DEFAULTS, screening_repeat_days=14), "x")
    saved = measure(store, actor, resident_id, 146, 88)
    assert saved.judgement is not None
    assert saved.judgement.next_on == TODAY + timedelta(days=14)
    with store.read() as session:
        (version,) = session.scalars(select(BpScreening.rule_version))
        assert version == f"NBPHS-2017+{new.label}"


def test_high_risk_is_due_half_yearly(store: Store, actor: Actor, resident_id: str) -> None:
    measure(store, actor, resident_id, 118, 76, risks=("family",))
    item = due(store, resident_id)
    assert item is not None
    assert (item.due_on, item.urgent) == (date(2026, 9, 2), False)


def test_a_confirmed_hypertension_goes_under_management(
    store: Store, actor: Actor, resident_id: str
) -> None:
    for ago in (14, 7):
        measure(store, actor, resident_id, 150, 80, ago=ago)
    saved = measure(store, actor, resident_id, 150, 80)
    nurse = replace(actor, roles=frozenset({"nurse"}))
    with pytest.raises(NotAllowed):
        decide_probable(store, nurse, saved.screening_id, "1")
    decide_probable(store, actor, saved.screening_id, "1")
    with store.read() as session:
        (condition,) = session.scalars(select(Condition))
        assert (condition.code, condition.disease, condition.managed) == (
            "I10",
            "hypertension",
            True,
        )
        kinds = session.scalars(select(DueItem.kind).where(DueItem.resident_id == resident_id))
        assert "follow_up:hypertension" in set(kinds)
    assert due(store, resident_id) is None
    assert unmeasured(store, actor) == ()
    with pytest.raises(InputError) as caught:
        measure(store, actor, resident_id, 150, 80)
    assert set(caught.value.problems) == {"resident_id"}


@pytest.mark.parametrize("ended", [False, True])
def test_confirming_takes_a_diagnosis_without_management_under_it(
    store: Store, actor: Actor, resident_id: str, ended: bool
) -> None:
    for ago in (14, 7):
        measure(store, actor, resident_id, 150, 80, ago=ago)
    saved = measure(store, actor, resident_id, 150, 80)
    with store.write(actor) as session:
        session.add(
            Condition(
                resident_id=resident_id, code="I10", display="高血压", disease="hypertension",
                clinical_status="active", managed=False,
                outcome="9" if ended else None, outcome_reason="4" if ended else None,
                managed_until=TODAY if ended else None,
            )
        )  # fmt: skip
    decide_probable(store, actor, saved.screening_id, "1")
    with store.read() as session:
        (condition,) = session.scalars(select(Condition))
        assert (condition.managed, condition.managed_since) == (True, TODAY)
        assert (condition.managed_until, condition.outcome_reason) == (None, None)
        kinds = session.scalars(select(DueItem.kind).where(DueItem.resident_id == resident_id))
        assert set(kinds) == {"follow_up:hypertension"}


def test_confirming_writes_nothing_into_the_diagnosis_of_another_organisation(
    store: Store, actor: Actor, resident_id: str
) -> None:
    saved = measure(store, actor, resident_id, 184, 96)
    with store.apply_remote() as session:
        row = sample("condition") | {
            "resident_id": resident_id, "organisation_id": LEAD_ID, "managed": False,
            "disease": "hypertension", "clinical_status": "active",
        }  # fmt: skip
        put(session, "condition", [row])
    decide_probable(store, actor, saved.screening_id, "1")
    with store.read() as session:
        found = session.scalars(select(Condition).order_by(Condition.managed)).all()
        assert [each.managed for each in found] == [False, True]
        assert [each.organisation_id for each in found] == [LEAD_ID, actor.organisation_id]


def test_a_referred_one_leaves_the_list_and_a_ruled_out_one_begins_anew(
    store: Store, actor: Actor, resident_id: str
) -> None:
    saved = measure(store, actor, resident_id, 184, 96)
    assert saved.judgement is not None
    assert saved.judgement.refer_now
    letter = letter_from_screening(store, actor, saved.screening_id)
    assert (letter.urgency, letter.reason_codes) == ("emergency", ("critical_signs",))
    assert "184/96" in letter.present_history
    decide_probable(store, actor, saved.screening_id, "2")
    assert due(store, resident_id) is None
    with pytest.raises(InputError) as caught:
        decide_probable(store, actor, saved.screening_id, "3")
    assert set(caught.value.problems) == {"reason"}
    decide_probable(store, actor, saved.screening_id, "3", "动态血压正常")
    again = open_screening(store, actor, resident_id)
    typed = ScreeningInput(resident_id=resident_id, measured_on=TODAY, sbp=150, dbp=80)
    next_one = judge_screening(replace(typed, measured_on=TODAY + timedelta(days=7)), again)
    assert next_one is not None
    assert next_one.raised_days == 1


def test_a_measurement_is_taken_back(store: Store, actor: Actor, resident_id: str) -> None:
    saved = measure(store, actor, resident_id, 150, 80)
    with pytest.raises(InputError):
        void_screening(store, actor, saved.screening_id, " ")
    void_screening(store, actor, saved.screening_id, "录错人")
    assert due(store, resident_id) is None
    assert count_unmeasured(store, actor) == 1
    with pytest.raises(NotFound):
        void_screening(store, actor, saved.screening_id, "again")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"sbp": 49}, "sbp"),
        ({"sbp": 301}, "sbp"),
        ({"dbp": 19}, "dbp"),
        ({"dbp": None}, "dbp"),
        ({"sbp": 80, "dbp": 80}, "sbp"),
        ({"sbp": None, "dbp": None}, "sbp"),
        ({"height": 79.9}, "height"),
        ({"waist": 181.0}, "waist"),
        ({"measured_on": None}, "measured_on"),
        ({"measured_on": TODAY + timedelta(days=1)}, "measured_on"),
        ({"measured_on": date(1981, 5, 31)}, "measured_on"),
        ({"risks": ("age",)}, "risks"),
        ({"bp_source": "7"}, "bp_source"),
        ({"remark": "长" * 201}, "remark"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    store: Store, actor: Actor, resident_id: str, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        measure(store, actor, resident_id, **{"sbp": 120, "dbp": 80, **values})
    assert set(caught.value.problems) == {field}
    assert count_unmeasured(store, actor) == 1


def test_a_refused_measurement_is_kept_and_still_to_be_made(
    store: Store, actor: Actor, resident_id: str
) -> None:
    typed = ScreeningInput(resident_id=resident_id, measured_on=TODAY, not_measured="2")
    assert record_screening(store, actor, typed).judgement is None
    assert count_unmeasured(store, actor) == 1


def test_roles_and_closed_records(store: Store, actor: Actor, resident_id: str) -> None:
    with pytest.raises(NotAllowed):
        measure(store, replace(actor, roles=frozenset({"carer"})), resident_id, 120, 80)
    with store.write(actor) as session:
        resident = session.get(Resident, resident_id)
        assert resident is not None
        resident.record_status = "deceased"
    with pytest.raises(InputError):
        measure(store, actor, resident_id, 120, 80)
    assert unmeasured(store, actor) == ()


@pytest.mark.parametrize(
    ("birth", "listed"),
    [(date(1991, 3, 2), True), (date(1991, 3, 3), False), (date(1991, 3, 1), True)],
)
def test_the_list_begins_at_thirty_five(
    store: Store, actor: Actor, birth: date, listed: bool
) -> None:
    managed_resident(store, actor, birth_date=birth)
    assert bool(unmeasured(store, actor)) is listed


def test_who_was_measured_otherwise_or_has_hypertension_is_not_listed(
    store: Store, actor: Actor, make_store: Callable[..., tuple[Store, Actor]]
) -> None:
    managed_resident(store, actor, "hypertension", managed=False)
    diabetic = managed_resident(store, actor, "type2_diabetes")
    last_year = managed_resident(store, actor, village="胜利村")
    measure(store, actor, last_year, 118, 76, ago=62)
    refused = managed_resident(store, actor, village="胜利村")
    typed = ScreeningInput(resident_id=refused, measured_on=TODAY, not_measured="2")
    record_screening(store, actor, typed)
    assert listed(store, actor) == {diabetic, last_year, refused}
    measure(store, actor, refused, 118, 76)
    assert listed(store, actor) == {diabetic, last_year}
    assert [row.last_on for row in unmeasured(store, actor, "胜利村")] == [date(2025, 12, 30)]
    record_follow_up(store, actor, a_diabetes_visit(diabetic))
    assert listed(store, actor) == {last_year}
    assert screening_villages(store, actor) == ("光明村", "胜利村")
