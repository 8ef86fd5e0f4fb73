"""Management outcome: what leaves the due work, why, and how it is taken up again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.care.follow_up import record_follow_up
from app.care.management.outcome import (
    ManagedDisease,
    OutcomeInput,
    decide_outcome,
    end_all,
    managed_diseases,
)
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.care.follow_up_samples import TODAY, a_visit, managed_resident
from tests.conftest import LEAD_ID


@pytest.fixture
def resident_id(store: Store, actor: Actor) -> str:
    return managed_resident(store, actor, "hypertension", "type2_diabetes")


def line(store: Store, actor: Actor, resident_id: str, disease: str) -> ManagedDisease:
    return next(d for d in managed_diseases(store, actor, resident_id) if d.disease == disease)


def due(store: Store, resident_id: str) -> dict[str, date]:
    with store.read() as session:
        query = select(DueItem).where(
            DueItem.resident_id == resident_id, DueItem.kind.startswith("follow_up:")
        )
        return {item.kind.partition(":")[2]: item.due_on for item in session.scalars(query)}


def decide(store: Store, actor: Actor, resident_id: str, outcome: str, **values: object) -> None:
    known = line(store, actor, resident_id, "hypertension")
    typed = OutcomeInput(known.condition_id, outcome, TODAY)
    decide_outcome(store, actor, replace(typed, **values))


def test_an_end_leaves_the_due_work_with_its_reason_and_is_queued(
    store: Store, actor: Actor, resident_id: str
) -> None:
    with store.write(actor) as session:
        session.query(Outbox).delete()
    decide(store, actor, resident_id, "9", reason="4")
    known = line(store, actor, resident_id, "hypertension")
    assert (known.managed, known.outcome, known.reason, known.until) == (False, "9", "4", TODAY)
    assert set(due(store, resident_id)) == {"type2_diabetes"}
    with store.read() as session:
        assert session.scalars(select(Outbox.kind)).all() == ["condition"]


def test_lost_for_now_stays_managed_and_a_visit_finds_again(
    store: Store, actor: Actor, resident_id: str
) -> None:
    decide(store, actor, resident_id, "2")
    known = line(store, actor, resident_id, "hypertension")
    assert (known.managed, known.outcome, known.reason) == (True, "2", "")
    assert "hypertension" not in due(store, resident_id)
    record_follow_up(store, actor, a_visit(resident_id))
    assert line(store, actor, resident_id, "hypertension").outcome == "1"
    assert due(store, resident_id)["hypertension"] == date(2026, 6, 2)


def test_what_ended_is_taken_up_again_with_a_new_beginning(
    store: Store, actor: Actor, resident_id: str
) -> None:
    record_follow_up(store, actor, a_visit(resident_id, visit_date=date(2025, 6, 2)))
    decide(store, actor, resident_id, "9", reason="2", on=date(2025, 8, 1))
    decide(store, actor, resident_id, "1")
    known = line(store, actor, resident_id, "hypertension")
    assert (known.managed, known.outcome, known.since, known.until) == (True, "1", TODAY, None)
    # What the earlier management had planned for September is no longer the date.
    assert due(store, resident_id)["hypertension"] == TODAY
    decide(store, actor, resident_id, "2")
    decide(store, actor, resident_id, "1")
    assert line(store, actor, resident_id, "hypertension").since == TODAY


@pytest.mark.parametrize(
    ("outcome", "values", "field"),
    [
        ("7", {}, "outcome"),
        ("1", {}, "outcome"),
        ("9", {}, "reason"),
        ("9", {"reason": "7"}, "reason"),
        ("2", {"on": None}, "on"),
        ("2", {"on": TODAY + timedelta(days=1)}, "on"),
        ("2", {"on": date(2025, 1, 4)}, "on"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    store: Store,
    actor: Actor,
    resident_id: str,
    outcome: str,
    values: dict[str, object],
    field: str,
) -> None:
    with pytest.raises(InputError) as caught:
        decide(store, actor, resident_id, outcome, **values)
    assert set(caught.value.problems) == {field}
    assert line(store, actor, resident_id, "hypertension").outcome == "1"


def test_the_day_management_began_is_early_enough(
    store: Store, actor: Actor, resident_id: str
) -> None:
    decide(store, actor, resident_id, "9", reason="1", on=date(2025, 1, 5))
    with pytest.raises(InputError) as caught:
        decide(store, actor, resident_id, "9", reason="1")
    assert set(caught.value.problems) == {"outcome"}
    with pytest.raises(InputError) as caught:
        decide(store, actor, resident_id, "1", on=date(2025, 1, 4))
    assert set(caught.value.problems) == {"on"}


def test_a_closed_record_is_not_taken_up_again(
    store: Store, actor: Actor, resident_id: str
) -> None:
    decide(store, actor, resident_id, "9", reason="1")
    with store.write(actor) as session:
        resident = session.get(Resident, resident_id)
        assert resident is not None
        resident.record_status = "deceased"
    with pytest.raises(InputError) as caught:
        decide(store, actor, resident_id, "1")
    assert set(caught.value.problems) == {"outcome"}


def test_only_clinical_roles_and_only_the_own_organisation(
    store: Store, actor: Actor, resident_id: str
) -> None:
    with pytest.raises(NotAllowed):
        decide(store, replace(actor, roles=frozenset({"carer"})), resident_id, "2")
    with store.apply_remote() as session:
        for row in session.scalars(select(Condition)):
            row.organisation_id = LEAD_ID
    with pytest.raises(NotAllowed):
        decide(store, actor, resident_id, "2")
    with pytest.raises(NotFound):
        decide_outcome(store, actor, OutcomeInput("nobody", "2", TODAY))
    with pytest.raises(NotFound):
        managed_diseases(store, actor, "nobody")


def test_closing_a_record_ends_all_of_it(store: Store, actor: Actor, resident_id: str) -> None:
    with store.write(actor) as session:
        assert end_all(session, store.organisation_id, resident_id, "deceased", TODAY) == 2
        assert end_all(session, store.organisation_id, resident_id, "deceased", TODAY) == 0
    for each in managed_diseases(store, actor, resident_id):
        assert (each.managed, each.outcome, each.reason) == (False, "9", "1")
