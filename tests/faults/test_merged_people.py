"""Two PCs merge, take apart, number and ask for consent; both come to hold the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.care.conflicts import Choice, Decision, decide, open_conflict_of, read_conflict
from app.care.due import refresh_due
from app.care.resident_record import consents, merging, numbers, suspects
from app.care.resident_record.people import same_person
from app.models.local import DueItem
from app.models.records import fetch
from app.models.resident import Condition, Resident
from app.models.resident_record import PopulationTag
from tests.care.resident_record.test_consents import DAY
from tests.care.resident_record.test_merging import merge
from tests.conftest import TOWNSHIP_ID
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save

Trio = tuple[Clinic, Clinic, tuple[str, str, str]]


@pytest.fixture
def trio(township: Clinic, make_clinic: Callable[..., Clinic]) -> Trio:
    """Two PCs of one organisation that hold the same three residents."""
    rows = [a_resident(name=name) for name in ("甲", "乙", "丙")]
    for row in rows:
        save(township.store, township.actor, row)
    township.sync()
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    return township, other, (rows[0].id, rows[1].id, rows[2].id)


def _content(clinic: Clinic, kind: str, ids: tuple[str, ...]) -> dict[str, dict[str, object]]:
    with clinic.store.read() as session:
        return fetch(session, kind, ids)


def _meet(*clinics: Clinic) -> None:
    for clinic in (*clinics, *clinics):
        assert clinic.sync().outcome == "done"


def _people(clinic: Clinic, resident_id: str) -> tuple[str, ...]:
    with clinic.store.read() as session:
        return same_person(session, resident_id)


def _due(clinic: Clinic) -> set[str]:
    with clinic.store.read() as session:
        rows = session.scalars(
            select(DueItem.resident_id).where(DueItem.kind == "follow_up:hypertension")
        )
        return set(rows)


def test_a_merging_and_its_undoing_travel_with_all_that_follows(trio: Trio) -> None:
    one, other, (first, second, _) = trio
    with one.store.write(one.actor) as session:
        session.add(
            Condition(
                resident_id=second, display="高血压", disease="hypertension",
                managed=True, managed_since=DAY,
            )
        )  # fmt: skip
        session.flush()
        refresh_due(session, one.store.organisation_id, [second])
    _meet(one, other)
    assert _due(one) == _due(other) == {second}
    merge(one.store, one.actor, second, first)
    _meet(one, other)
    for clinic in (one, other):
        assert _people(clinic, second) == (first, second)
        assert _due(clinic) == {first}
        with clinic.store.read() as session:
            tags = session.scalars(
                select(PopulationTag.resident_id).where(PopulationTag.tag == "hypertension")
            )
            assert set(tags) == {first}
    change = _content(other, "resident", (second,))[second]["change_id"]
    merging.unmerge(other.store, other.actor, second, str(change))
    _meet(other, one)
    for clinic in (one, other):
        assert _people(clinic, second) == (second,)
        assert _due(clinic) == {second}
    assert _content(one, "resident", (first, second)) == _content(
        other, "resident", (first, second)
    )


def test_one_record_merged_into_two_is_decided_by_a_person(trio: Trio) -> None:
    """PC one says B is A, PC two says B is C: nothing is chosen silently."""
    one, other, (first, second, third) = trio
    merge(one.store, one.actor, second, first)
    merge(other.store, other.actor, second, third)
    one.sync()
    other.sync()
    conflict = open_conflict_of(other.store, second)
    assert conflict is not None
    view = read_conflict(other.store, other.actor, conflict)
    assert [field.name for field in view.fields] == ["merged_into_id"]
    assert view.fields[0].label == "并入档案"
    decide(
        other.store,
        other.actor,
        Decision(conflict, view.seen, {"merged_into_id": Choice("theirs")}),
    )
    _meet(other, one)
    for clinic in (one, other):
        assert _people(clinic, second) == (first, second)
        assert _people(clinic, third) == (third,)


def test_two_people_merged_into_each_other_are_listed_alike(trio: Trio) -> None:
    one, other, (first, second, _) = trio
    merge(one.store, one.actor, second, first)
    merge(other.store, other.actor, first, second)
    _meet(one, other)
    both = tuple(sorted((first, second)))
    for clinic in (one, other):
        assert _people(clinic, first) == both
        (pair,) = suspects.list_suspects(clinic.store, clinic.actor)
        assert pair.reason == "circle"
    change = _content(one, "resident", (both[0],))[both[0]]["change_id"]
    merging.unmerge(one.store, one.actor, both[0], str(change))
    _meet(one, other)
    for clinic in (one, other):
        assert suspects.list_suspects(clinic.store, clinic.actor) == ()
        assert _people(clinic, both[1]) == both


def test_two_people_said_on_two_pcs_are_both_kept(trio: Trio) -> None:
    one, other, (first, second, third) = trio
    merging.mark_distinct(one.store, one.actor, first, second)
    merging.mark_distinct(other.store, other.actor, first, third)
    _meet(one, other)
    for clinic in (one, other):
        row = _content(clinic, "resident", (first,))[first]
        assert set(row["distinct_from"]) == {second, third}  # type: ignore[call-overload]
        assert open_conflict_of(clinic.store, first) is None


def test_consents_and_blocks_of_numbers_come_to_the_other_pc(trio: Trio) -> None:
    one, other, (first, _, _) = trio
    typed = consents.ConsentInput(
        first, "care", "refused", DAY, "单小华", "20", "paper", "档案柜 3", "改日再谈"
    )
    consent = consents.record_consent(one.store, one.actor, typed)
    block = numbers.reserve(
        one.store, one.actor, numbers.BlockInput("341524001101", 1, 1000, "项冲村", "一号机")
    )
    _meet(one, other)
    assert _content(one, "consent", (consent,)) == _content(other, "consent", (consent,))
    with other.store.read() as session:
        assert consents.consents_of(session, first) == {"care": "refused"}
    (known,) = numbers.blocks(other.store, other.actor)
    assert (known.id, known.here, known.left) == (block, False, None)
    assert numbers.propose(other.store, other.actor, "341524001101") == (1001, 2000)
    consents.void_consent(one.store, one.actor, consent, "录错人")
    numbers.close_block(one.store, one.actor, block)
    _meet(one, other)
    assert consents.list_consents(other.store, other.actor, first)[0].voided
    assert numbers.blocks(other.store, other.actor)[0].closed


def test_two_pcs_that_register_one_card_see_it_after_the_sync(trio: Trio) -> None:
    one, other, _ = trio
    for clinic in (one, other):
        save(clinic.store, clinic.actor, a_resident(name="丁", id_no="34159919470815001X"))
    _meet(one, other)
    for clinic in (one, other):
        (pair,) = suspects.list_suspects(clinic.store, clinic.actor)
        assert pair.reason == "same_number"
        with clinic.store.read() as session:
            assert session.get_one(Resident, pair.one.id).name == "丁"
