"""Two records of one person: merged, shown as one, taken apart again; two PCs agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from app.care import residents
from app.care.basic_form import Answer
from app.care.conditions import ConditionInput, add_condition
from app.care.due import refresh_due
from app.care.follow_up import letter_from_form
from app.care.follow_up_history import load_context
from app.care.referral_record import begin_letter
from app.care.residences import Admission, admit
from app.care.resident_page import summary, trends
from app.care.resident_record import merging, suspects
from app.care.resident_record.people import same_person, survivor_of, survivors, whole_people
from app.care.timeline import count_timeline, timeline
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.records import fetch, put
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.care.follow_up_samples import a_visit
from tests.care.test_resident_page import FORM, visit

TWIN = replace(
    FORM,
    id_no="",
    id_type="none",
    no_id_reason="not_brought",
    sex="1",
    birth_date=date(1947, 8, 15),
    phone="",
    drug_allergy=(Answer("3"),),
)


def change_of(store: Store, resident_id: str) -> str:
    with store.read() as session:
        return session.get_one(Resident, resident_id).change_id


def merge(store: Store, actor: Actor, merged: str, survivor: str) -> None:
    merging.merge(
        store, actor, merged, survivor, change_of(store, merged), change_of(store, survivor)
    )


@pytest.fixture
def pair(store: Store, actor: Actor) -> tuple[str, str]:
    """The record with the card, and the temporary one of the same person."""
    first = residents.register(store, actor, FORM).resident_id
    second = residents.register(store, actor, TWIN, distinct_from=[first]).resident_id
    with store.write(actor) as session:
        session.get_one(Resident, second).distinct_from = []
    return first, second


def manage(store: Store, actor: Actor, resident_id: str) -> str:
    found = add_condition(
        store, actor, resident_id, ConditionInput("高血压", "I10", disease="hypertension")
    )
    with store.write(actor) as session:
        row = session.get_one(Condition, found)
        row.managed, row.managed_since = True, date(2026, 1, 1)
        session.flush()
        refresh_due(session, store.organisation_id, [resident_id])
    return found


def due_of(store: Store) -> dict[str, str]:
    with store.read() as session:
        rows = session.scalars(select(DueItem).where(DueItem.kind.like("follow_up:%")))
        return {row.kind: row.resident_id for row in rows}


def test_all_of_the_merged_one_is_shown_under_the_other_and_comes_back(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    seen = visit(store, actor, second, date(2026, 2, 1), 152, 88)
    manage(store, actor, second)
    assert due_of(store) == {"follow_up:hypertension": second}
    entries = count_timeline(store, actor, first)
    merge(store, actor, second, first)
    head = summary(store, actor, first)
    assert [each.id for each in head.merged] == [second]
    assert head.duplicates == ()
    assert len(head.allergies) == 3
    assert [each.disease for each in head.conditions] == ["hypertension"]
    assert trends(store, actor, first).systolic == ((date(2026, 2, 1), 152.0),)
    # The record that was made, the diagnosis and the visit of the other.
    assert count_timeline(store, actor, first) == entries + 3
    assert seen in {each.record_id for each in timeline(store, actor, first)}
    assert due_of(store) == {"follow_up:hypertension": first}
    with store.read() as session:
        assert session.get_one(FollowUp, seen).resident_id == second  # nothing is re-attributed
        assert session.get_one(Resident, second).record_status == "merged"
    assert [each.id for each in residents.find(store, actor, "单国华")] == [first]
    assert residents.count_residents(store, actor) == 1
    assert summary(store, actor, second).survivor_id == first
    with store.read() as session:
        known = load_context(session, first, date(2026, 3, 2))
    assert known.managed == ("hypertension",)
    assert len(known.allergies) == 3
    assert known.last is not None
    assert known.last.visit_date == date(2026, 2, 1)

    merging.unmerge(store, actor, second, change_of(store, second))
    with store.read() as session:
        row = session.get_one(Resident, second)
        assert (row.record_status, row.merged_into_id, row.status_before_merge) == (
            "active",
            None,
            None,
        )
    assert due_of(store) == {"follow_up:hypertension": second}
    assert count_timeline(store, actor, first) == entries
    assert summary(store, actor, first).merged == ()
    assert {each.id for each in residents.find(store, actor, "单国华")} == {first, second}


def test_a_letter_says_what_any_record_of_the_person_warns_of(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    """Nobody may be referred without an allergy that stands under a merged record."""
    first, second = pair
    with store.write(actor) as session:
        goes_on, ends = session.get_one(Resident, first), session.get_one(Resident, second)
        goes_on.drug_allergy, goes_on.past_disease = [{"code": "1"}], [{"code": "1"}]
        ends.drug_allergy = [{"code": "2"}]
        ends.past_disease = [{"code": "7", "confirmed": "2019-05"}]
    manage(store, actor, second)
    before = begin_letter(store, actor, first).letter
    assert "青霉素" not in before.allergies
    merge(store, actor, second, first)
    letter = begin_letter(store, actor, first).letter
    assert letter.allergies == "青霉素"
    assert letter.past_history == "脑卒中，2019-05 确诊"
    assert "高血压" in letter.impression
    prefill = letter_from_form(store, actor, a_visit(first, sbp=190))
    assert prefill.allergies == "青霉素"
    assert "脑卒中" in prefill.past_history


def test_undoing_gives_back_the_state_before(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    with store.write(actor) as session:
        row = session.get_one(Resident, second)
        row.record_status, row.record_status_on = "moved_away", date(2026, 2, 2)
    merge(store, actor, second, first)
    merging.unmerge(store, actor, second, change_of(store, second))
    with store.read() as session:
        row = session.get_one(Resident, second)
        assert (row.record_status, row.record_status_on) == ("moved_away", date(2026, 2, 2))


def test_what_may_not_be_merged(store: Store, actor: Actor, pair: tuple[str, str]) -> None:
    first, second = pair
    third = residents.register(
        store, actor, replace(FORM, name="李秀英", id_no="341599194802290027", phone="")
    ).resident_id
    with pytest.raises(InputError):
        merge(store, actor, first, first)
    with pytest.raises(StaleRecord):
        merging.merge(store, actor, second, first, "old", change_of(store, first))
    with pytest.raises(StaleRecord):
        merging.merge(store, actor, second, first, change_of(store, second), "old")
    with pytest.raises(NotFound):
        merging.merge(store, actor, "0" * 36, first, "", "")
    viewer = Actor(actor.staff_id, actor.organisation_id, "看", frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        merge(store, viewer, second, first)
    stranger = Actor(actor.staff_id, "0" * 36, "外", frozenset({"doctor"}))
    with pytest.raises(NotAllowed):
        merge(store, stranger, second, first)
    with pytest.raises(InputError):
        merging.unmerge(store, actor, second, change_of(store, second))
    admit(store, actor, second, Admission("12", date(2026, 3, 1)))
    with pytest.raises(InputError):
        merge(store, actor, second, first)
    # The one in the bed may go on.
    merge(store, actor, first, second)
    with pytest.raises(InputError):
        merge(store, actor, first, third)
    with pytest.raises(InputError):
        merge(store, actor, third, first)


def test_a_chain_is_one_person(store: Store, actor: Actor, pair: tuple[str, str]) -> None:
    first, second = pair
    third = residents.register(
        store, actor, replace(FORM, name="李秀英", id_no="341599194802290027", phone="")
    ).resident_id
    merge(store, actor, first, second)
    merge(store, actor, second, third)
    with store.read() as session:
        assert same_person(session, first) == (third, *sorted((first, second)))
        assert survivors(session, [first, second, third]) == dict.fromkeys(
            (first, second, third), third
        )
        assert whole_people(session, [second]) == dict.fromkeys((first, second, third), third)
    merging.unmerge(store, actor, second, change_of(store, second))
    with store.read() as session:
        assert same_person(session, first) == (second, first)
        assert same_person(session, third) == (third,)


def test_suspects_are_listed_until_a_person_decides(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    listed = suspects.list_suspects(store, actor)
    assert [(each.reason, {each.one.id, each.other.id}) for each in listed] == [
        ("same_birth", {first, second})
    ]
    assert suspects.count_suspects(store, actor) == 1
    merging.mark_distinct(store, actor, second, first)
    assert suspects.count_suspects(store, actor) == 0
    merging.mark_distinct(store, actor, second, first)
    with store.read() as session:
        assert session.get_one(Resident, second).distinct_from == [first]
    # Merging after all takes back that they are two people.
    merge(store, actor, second, first)
    assert suspects.count_suspects(store, actor) == 0
    merging.unmerge(store, actor, second, change_of(store, second))
    assert suspects.count_suspects(store, actor) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id_no": "34159919470815001X", "name": "单帼华"}, "same_number"),
        ({"record_no": "34152400110100001", "name": "单帼华"}, "same_record_no"),
        ({"birth_date": date(1947, 8, 15), "sex": "1"}, "same_birth"),
        ({"phone": "13812345678"}, "same_phone"),
        ({"birth_date": date(1947, 8, 16)}, None),
        ({"birth_date": date(1947, 8, 15), "sex": "2"}, None),
        ({"name": "单帼华", "phone": "13812345678"}, None),
        ({"id_no": "", "record_no": "", "phone": "", "name": "单国华"}, None),
    ],
)
def test_what_is_suspected(
    store: Store, actor: Actor, changes: dict[str, object], reason: str | None
) -> None:
    """The pair may have come from two PCs, so no use-case stood in its way."""
    with store.write(actor) as session:
        session.add(
            Resident(
                name="单国华",
                sex="1",
                birth_date=date(1947, 8, 15),
                id_no="34159919470815001X",
                phone="13812345678",
                record_no="34152400110100001",
            )
        )
        values: dict[str, object] = {"name": "单国华", "sex": "1", "birth_date": date(1950, 1, 1)}
        session.add(Resident(**{**values, **changes}))
    listed = suspects.list_suspects(store, actor)
    assert [each.reason for each in listed] == ([reason] if reason else [])
    assert suspects.count_suspects(store, actor) == len(listed)


def test_two_pcs_that_merged_both_ways_agree(
    store: Store,
    actor: Actor,
    pair: tuple[str, str],
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    """PC one merges A into B, PC two B into A; both records come to both PCs."""
    first, second = pair
    other, other_actor = make_store(store.organisation_id)
    with store.read() as session:
        both = list(fetch(session, "resident", pair).values())
    with other.apply_remote() as session:
        put(session, "resident", both)
    merge(store, actor, second, first)
    merge(other, other_actor, first, second)
    with store.read() as session:
        mine = fetch(session, "resident", [second])[second]
    with other.read() as session:
        theirs = fetch(session, "resident", [first])[first]
    with store.apply_remote() as session:
        put(session, "resident", [theirs])
    with other.apply_remote() as session:
        put(session, "resident", [mine])
    for here, who in ((store, actor), (other, other_actor)):
        with here.read() as session:
            assert survivor_of(session, first) == survivor_of(session, second) == min(pair)
            assert same_person(session, first) == tuple(sorted(pair))
        (listed,) = suspects.list_suspects(here, who)
        assert listed.reason == "circle"
        assert suspects.count_suspects(here, who) == 1
    # A person decides on one PC: the first is not merged, the second stays under it.
    loop = summary(store, actor, min(pair)).merged
    assert {each.id for each in loop} == set(pair)
    assert all(each.loop for each in loop)
    merging.unmerge(store, actor, min(pair), change_of(store, min(pair)))
    assert suspects.list_suspects(store, actor) == ()
    with store.read() as session:
        assert session.get_one(Resident, min(pair)).record_status == "active"
        assert same_person(session, max(pair)) == tuple(sorted(pair))


def test_merging_is_one_queued_change_of_one_record(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    first, second = pair
    with store.write(actor) as session:
        session.query(Outbox).delete()
    merge(store, actor, second, first)
    with store.read() as session:
        assert session.scalars(select(Outbox.record_id)).all() == [second]
        assert session.scalar(select(func.count()).select_from(Outbox)) == 1


def test_the_state_that_a_person_chose_in_a_conflict_stands(
    store: Store, actor: Actor, pair: tuple[str, str]
) -> None:
    """One PC merged the record, the other wrote down the death: the desk chose the death."""
    first, second = pair
    merge(store, actor, second, first)
    with store.write(actor) as session:
        session.get_one(Resident, second).record_status = "deceased"
    merging.unmerge(store, actor, second, change_of(store, second))
    with store.read() as session:
        row = session.get_one(Resident, second)
        assert (row.record_status, row.merged_into_id) == ("deceased", None)
