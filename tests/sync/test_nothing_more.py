"""A resident whom the receiver does not know arrives with the letter: what it needs, no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select

from app.care import referral, referral_review
from app.care.follow_up import record_follow_up
from app.care.referral_limits import SETTING, Limits
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.models.assessment import Assessment
from app.models.records import KINDS
from app.models.referral import Referral
from app.models.resident import Resident
from app.models.settings import set_setting
from app.models.store import Store
from tests.care.follow_up_samples import a_visit, managed_resident
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW
from tests.referral_support import letter_for
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, check_ins, save

#: What every store holds of the directory.
DIRECTORY = frozenset({"organisation", "staff"})


def held(store: Store) -> dict[str, int]:
    """How many records of each kind a store holds besides the directory."""
    with store.read() as session:
        counts = {
            name: session.scalar(select(func.count()).select_from(kind.table)) or 0
            for name, kind in KINDS.items()
            if name not in DIRECTORY
        }
    return {name: count for name, count in counts.items() if count}


def a_whole_record(clinic: Clinic) -> tuple[str, str]:
    """A resident with a condition, a visit, an assessment, a plan and sessions; the visit's id."""
    store, actor = clinic.store, clinic.actor
    resident_id = managed_resident(store, actor, "hypertension")
    visit = record_follow_up(store, actor, a_visit(resident_id, sbp=172, dbp=98))
    with store.read() as session:
        resident = session.get_one(Resident, resident_id)
        session.expunge(resident)
    plan = a_plan(resident, actor)
    rows = [
        Assessment(
            resident_id=resident_id,
            scale="barthel",
            assessed_on=NOW.date(),
            performer_id=actor.staff_id,
            performer_name=actor.name,
            form_version="WST-431-2013",
            rule_version="WST-431-2013",
            total=55.0,
            level="2",
        )
    ]
    save(store, actor, plan, *rows)
    save(store, actor, *check_ins(plan, actor, 2))
    return resident_id, visit.follow_up_id


def test_a_member_gets_the_person_the_letter_its_state_and_its_moves_and_nothing_else(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    resident_id, visit_id = a_whole_record(township)
    store, actor = township.store, township.actor
    earlier = referral.send(store, actor, letter_for(resident_id)).referral_id
    letter = letter_for(
        resident_id,
        to_organisation_id=CARE_HOME_ID,
        reason_codes=("rehabilitation_training",),
        services=(),
        source_kind="follow_up",
        source_id=visit_id,
        origin_referral_id=earlier,
    )
    referral_id = referral.send(store, actor, letter).referral_id
    assert township.sync().outcome == "done"
    home = make_clinic(CARE_HOME_ID)
    assert home.sync().outcome == "done"

    assert held(home.store) == {
        "resident": 1,
        "referral": 1,
        "referral_task": 1,
        "referral_event": 1,
    }
    view = open_referral(home.store, home.actor, referral_id)
    assert (view.patient.resident_id, view.direction) == (resident_id, "across")
    assert (view.letter.impression, view.letter.source_id) == (letter.impression, visit_id)
    assert view.letter.current_drugs == letter.current_drugs
    assert view.before is None
    assert set(held(store)) >= {"follow_up", "condition", "assessment", "rehab_plan", "check_in"}


def test_a_letter_in_review_reaches_nobody_before_it_is_approved(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    store, actor = township.store, township.actor
    with store.write(actor) as session:
        set_setting(session, SETTING, Limits(internal_review=True).to_settings())
    resident_id = managed_resident(store, actor)
    doctor = replace(actor, roles=frozenset({"doctor"}))
    head = replace(actor, roles=frozenset({"head_of_department"}))
    referral_id = referral_review.submit(store, doctor, letter_for(resident_id)).referral_id
    assert township.sync().outcome == "done"
    hospital = make_clinic(LEAD_ID)
    assert hospital.sync().outcome == "done"
    assert held(hospital.store) == {}

    referral_review.send_back(store, head, referral_id, "请补充既往史")
    mended = letter_for(resident_id, past_history="脑梗死 2 年")
    referral_review.resubmit(store, doctor, referral_id, mended)
    assert township.sync().outcome == "done"
    assert hospital.sync().outcome == "done"
    assert held(hospital.store) == {}

    referral_review.approve(store, head, referral_id)
    assert township.sync().outcome == "done"
    assert hospital.sync().outcome == "done"
    view = open_referral(hospital.store, hospital.actor, referral_id)
    assert (view.state, view.letter.past_history) == (State.SENT, "脑梗死 2 年")
    assert len(view.services) == 3
    with hospital.store.read() as session:
        assert session.query(Referral).count() == 1
