"""Closing a record ends its managements, plans and contracts; a mistake brings them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app.care import residents
from app.care.clinical_settings import load_clinical_settings, save_clinical_settings
from app.care.indicators.chronic import ask_managed, managed_people
from app.care.indicators.people import people_of
from app.care.indicators.period import quarter_of
from app.care.management.outcome import (
    ManagedDisease,
    OutcomeInput,
    decide_outcome,
    managed_diseases,
)
from app.care.resident_record.closing import (
    Closing,
    close_record,
    closing_effects,
    reopen_record,
)
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.rehab import RehabPlan
from app.models.resident import Residence, Resident
from app.models.store import Store
from tests.care.contracts.samples import add_team, sign_one
from tests.care.resident_record.test_merging import change_of, manage, merge, pair
from tests.care.test_residents import FORM

__all__ = ["pair"]

TODAY = date(2026, 3, 2)
CLOSED = date(2026, 2, 20)


def a_plan(store: Store, actor: Actor, who: str) -> str:
    with store.write(actor) as session:
        plan = RehabPlan(
            resident_id=who,
            diagnosis="脑梗死恢复期",
            goal_short="独立站立",
            precautions="防跌倒",
            prescriber_id=actor.staff_id,
            prescriber_name="王医生",
            starts_on=date(2026, 2, 1),
            review_on=date(2026, 2, 15),
            status="active",
        )
        session.add(plan)
        session.flush()
        return plan.id


def plan_state(store: Store, plan_id: str) -> tuple[str, str | None]:
    with store.read() as session:
        row = session.get_one(RehabPlan, plan_id)
        return row.status, row.status_reason


def contract_state(store: Store, contract_id: str) -> tuple[str, str | None, date | None]:
    with store.read() as session:
        row = session.get_one(Contract, contract_id)
        return row.status, row.termination_reason, row.terminated_on


def close(store: Store, actor: Actor, who: str, status: str, on: date = CLOSED) -> None:
    close_record(store, actor, Closing(who, status, on, "", change_of(store, who)))


def reopen(store: Store, actor: Actor, who: str, on: date = TODAY) -> None:
    reopen_record(store, actor, who, on, "", change_of(store, who))


def managed(store: Store, actor: Actor, who: str) -> ManagedDisease:
    (found,) = managed_diseases(store, actor, who)
    return found


@pytest.mark.parametrize(
    ("status", "reason", "stop", "contract_reason"),
    [
        ("deceased", "1", "died", "03"),
        ("moved_away", "2", "moved_away", "02"),
        ("lost", "3", "lost", "01"),
        ("cancelled", "", "record_cancelled", "99"),
    ],
)
def test_what_is_open_ends_with_its_reason(
    store: Store, actor: Actor, status: str, reason: str, stop: str, contract_reason: str
) -> None:
    who = residents.register(store, actor, FORM).resident_id
    condition = manage(store, actor, who)
    plan = a_plan(store, actor, who)
    contract = sign_one(store, actor, who, add_team(store, actor)).contract_id
    effects = closing_effects(store, actor, who)
    assert (effects.managements, effects.plans, effects.contracts) == (1, 1, 1)
    with store.write(actor) as session:
        session.query(Outbox).delete()
    close(store, actor, who, status)
    now = managed(store, actor, who)
    assert (now.managed, now.outcome, now.reason, now.until) == (False, "9", reason, CLOSED)
    assert plan_state(store, plan) == ("stopped", stop)
    assert contract_state(store, contract)[:2] == ("2", contract_reason)
    with store.read() as session:
        assert session.scalars(select(DueItem.kind)).all() == []
        queued = set(session.scalars(select(Outbox.record_id)))
    assert {who, condition, plan, contract} <= queued
    effects = closing_effects(store, actor, who)
    assert (effects.managements, effects.plans, effects.contracts) == (0, 0, 0)


@pytest.mark.parametrize("status", ["deceased", "cancelled"])
def test_a_mistake_taken_back_brings_all_back(store: Store, actor: Actor, status: str) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    plan = a_plan(store, actor, who)
    contract = sign_one(store, actor, who, add_team(store, actor)).contract_id
    close(store, actor, who, status)
    reopen(store, actor, who)
    now = managed(store, actor, who)
    assert (now.managed, now.outcome, now.since, now.until) == (True, "1", date(2026, 1, 1), None)
    # Somebody looks at the resident before training goes on.
    assert plan_state(store, plan) == ("paused", "record_reopened")
    assert contract_state(store, contract) == ("1", None, None)
    with store.read() as session:
        kinds = set(session.scalars(select(DueItem.kind)))
    assert {"follow_up:hypertension", "plan_paused"} <= kinds


def test_a_removal_taken_back_to_its_own_day_was_a_mistake(store: Store, actor: Actor) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    contract = sign_one(store, actor, who, add_team(store, actor)).contract_id
    close(store, actor, who, "moved_away")
    reopen(store, actor, who, CLOSED)
    now = managed(store, actor, who)
    assert (now.managed, now.since) == (True, date(2026, 1, 1))
    assert contract_state(store, contract)[0] == "1"


@pytest.mark.parametrize("status", ["moved_away", "lost"])
def test_who_comes_back_is_managed_anew_and_signs_anew(
    store: Store, actor: Actor, status: str
) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    plan = a_plan(store, actor, who)
    contract = sign_one(store, actor, who, add_team(store, actor)).contract_id
    close(store, actor, who, status)
    reopen(store, actor, who)
    now = managed(store, actor, who)
    assert (now.managed, now.outcome, now.since, now.until) == (True, "1", TODAY, None)
    assert plan_state(store, plan)[0] == "stopped"
    assert contract_state(store, contract)[0] == "2"
    with store.read() as session:
        due = session.scalars(select(DueItem).where(DueItem.kind == "follow_up:hypertension")).one()
        assert due.due_on == TODAY


def test_what_a_person_had_ended_before_stays_ended(store: Store, actor: Actor) -> None:
    who = residents.register(store, actor, FORM).resident_id
    condition = manage(store, actor, who)
    decide_outcome(store, actor, OutcomeInput(condition, "9", CLOSED, "4"))
    close(store, actor, who, "deceased")
    reopen(store, actor, who)
    now = managed(store, actor, who)
    assert (now.managed, now.reason) == (False, "4")


def test_a_contract_that_waited_for_its_review_waits_again(store: Store, actor: Actor) -> None:
    settings = replace(load_clinical_settings(store), contract_needs_review=True)
    save_clinical_settings(store, actor, settings, "县要求")
    who = residents.register(store, actor, FORM).resident_id
    contract = sign_one(store, actor, who, add_team(store, actor)).contract_id
    assert contract_state(store, contract)[0] == "4"
    close(store, actor, who, "deceased")
    reopen(store, actor, who)
    assert contract_state(store, contract)[0] == "4"


def test_the_managements_of_a_merged_record_end_too(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    manage(store, actor, second)
    merge(store, actor, second, first)
    assert closing_effects(store, actor, first).managements == 1
    close(store, actor, first, "deceased")
    assert managed(store, actor, first).until == CLOSED
    reopen(store, actor, first)
    assert managed(store, actor, first).managed


def test_who_died_is_not_managed_in_the_next_quarter(store: Store, actor: Actor) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    close(store, actor, who, "deceased", date(2026, 1, 15))
    with store.read() as session:
        people = people_of(session, store.organisation_id)
        (one,) = managed_people(ask_managed(session, store.organisation_id), people)["hypertension"]
    assert one.within(quarter_of(2026, 1))
    assert not one.within(quarter_of(2026, 2))


# -- a closing that is corrected -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "reason", "stop", "contract_reason"),
    [
        ("deceased", "moved_away", "2", "moved_away", "02"),
        ("lost", "deceased", "1", "died", "03"),
        ("cancelled", "lost", "3", "lost", "01"),
        ("moved_away", "moved_away", "2", "moved_away", "02"),
    ],
)
def test_a_corrected_closing_ends_all_anew(
    store: Store,
    actor: Actor,
    first: str,
    second: str,
    reason: str,
    stop: str,
    contract_reason: str,
) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    plan = a_plan(store, actor, who)
    contract = sign_one(store, actor, who, add_team(store, actor)).contract_id
    close(store, actor, who, first)
    day = date(2026, 2, 25)
    close(store, actor, who, second, day)
    now = managed(store, actor, who)
    assert (now.managed, now.reason, now.until) == (False, reason, day)
    assert plan_state(store, plan) == ("stopped", stop)
    assert contract_state(store, contract)[:2] == ("2", contract_reason)
    # And taken back to its own day it was a mistake: everything is there again.
    reopen(store, actor, who, day)
    now = managed(store, actor, who)
    assert (now.managed, now.since, now.until) == (True, date(2026, 1, 1), None)
    assert plan_state(store, plan)[0] == "paused"
    assert contract_state(store, contract) == ("1", None, None)


def test_a_corrected_closing_corrects_the_stay_too(store: Store, actor: Actor) -> None:
    who = residents.register(store, actor, FORM).resident_id
    with store.write(actor) as session:
        row = session.get_one(Resident, who)
        row.residences.append(
            Residence(org_id=store.organisation_id, bed="3", admit_date=date(2026, 1, 5))
        )
    close(store, actor, who, "deceased")
    close(store, actor, who, "cancelled", date(2026, 2, 25))
    with store.read() as session:
        row = session.get_one(Resident, who)
        (stay,) = row.residences
        assert (stay.discharge_date, stay.reason) == (date(2026, 2, 25), "other")
        assert row.care_status == "home"
