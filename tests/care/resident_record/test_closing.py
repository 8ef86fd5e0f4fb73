"""Death, moving away, loss, cancelling: what ends with them, and coming back."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.care import residents
from app.care.residences import Admission, admit, list_stays
from app.care.resident_page import summary
from app.care.resident_record.closing import (
    Closing,
    close_record,
    closing_effects,
    reopen_record,
)
from app.errors import InputError, NotFound, StaleRecord
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.store import Store
from tests.care.resident_record.test_merging import change_of, due_of, manage, merge, pair
from tests.care.test_residents import FORM

__all__ = ["pair"]

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize("status", ["deceased", "moved_away", "lost", "cancelled"])
def test_closed_and_opened_again(store: Store, actor: Actor, status: str) -> None:
    who = residents.register(store, actor, FORM).resident_id
    manage(store, actor, who)
    admit(store, actor, who, Admission("12", date(2026, 2, 1)))
    effects = closing_effects(store, actor, who)
    assert effects.due_items >= 1
    assert effects.stays == 1
    change = change_of(store, who)
    close_record(store, actor, Closing(who, status, date(2026, 2, 20), "随子女去合肥", change))
    head = summary(store, actor, who)
    assert (head.record_status, head.status_on, head.status_note) == (
        status,
        date(2026, 2, 20),
        "随子女去合肥",
    )
    assert due_of(store) == {}
    (stay,) = list_stays(store, actor, who)
    assert stay.discharge_date == date(2026, 2, 20)
    assert stay.reason == ("deceased" if status == "deceased" else "other")
    assert residents.count_residents(store, actor, "ended") == 1
    with pytest.raises(StaleRecord):
        reopen_record(store, actor, who, TODAY, "", change)
    reopen_record(store, actor, who, TODAY, "又回来了", change_of(store, who))
    head = summary(store, actor, who)
    assert (head.record_status, head.status_note) == ("active", "又回来了")
    assert residents.load_form(store, actor, who).form.care_status == "home"
    assert due_of(store) == {"follow_up:hypertension": who}
    # The bed is not given back: somebody else may lie in it.
    assert list_stays(store, actor, who)[0].discharge_date == date(2026, 2, 20)
    with pytest.raises(InputError):
        reopen_record(store, actor, who, TODAY, "", change_of(store, who))


def test_a_stay_does_not_end_before_it_began(store: Store, actor: Actor) -> None:
    who = residents.register(store, actor, FORM).resident_id
    admit(store, actor, who, Admission("12", date(2026, 3, 1)))
    close_record(
        store, actor, Closing(who, "deceased", date(2026, 2, 1), "", change_of(store, who))
    )
    assert list_stays(store, actor, who)[0].discharge_date == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("status", "on"),
    [
        ("deceased", date(1947, 8, 14)),
        ("deceased", date(2026, 3, 3)),
        ("deceased", None),
        ("merged", TODAY),
        ("active", TODAY),
        ("eaten", TODAY),
    ],
)
def test_what_is_refused(store: Store, actor: Actor, status: str, on: date | None) -> None:
    who = residents.register(store, actor, FORM).resident_id
    with pytest.raises(InputError):
        close_record(store, actor, Closing(who, status, on, "", change_of(store, who)))
    assert summary(store, actor, who).record_status == "active"


@pytest.mark.parametrize("on", [date(1947, 8, 15), TODAY])
def test_the_first_and_the_last_possible_day(store: Store, actor: Actor, on: date) -> None:
    who = residents.register(store, actor, FORM).resident_id
    close_record(store, actor, Closing(who, "deceased", on, "", change_of(store, who)))
    assert summary(store, actor, who).status_on == on


def test_a_merged_record_is_closed_through_the_one_that_goes_on(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    manage(store, actor, second)
    merge(store, actor, second, first)
    with pytest.raises(InputError):
        close_record(store, actor, Closing(second, "lost", TODAY, "", change_of(store, second)))
    with pytest.raises(NotFound):
        close_record(store, actor, Closing("0" * 36, "lost", TODAY, "", ""))
    with pytest.raises(NotFound):
        closing_effects(store, actor, "0" * 36)
    close_record(store, actor, Closing(first, "deceased", TODAY, "", change_of(store, first)))
    with store.read() as session:
        assert session.scalars(select(DueItem.kind)).all() == []
