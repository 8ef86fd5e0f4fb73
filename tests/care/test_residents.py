"""Registering, correcting, finding, listing residents; the same person twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from app.care import residents
from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.conditions import ConditionInput, add_condition
from app.care.identity_card import check_character
from app.care.residences import Admission, admit
from app.care.resident_record.closing import Closing, close_record, reopen_record
from app.care.residents import SameIdentity, SuspectedDuplicate
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store

FORM = BasicForm(
    name="单国华",
    id_no="34159919470815001X",
    phone="13812345678",
    village="项冲村",
    contacts=(Contact("单小华", "13912345678", "20"),),
    residency="1",
    ethnicity="01",
    drug_allergy=(Answer("1"),),
    past_disease=(Disease("2", "2015-03"),),
)
OTHER = replace(FORM, name="李秀英", id_no="341599194802290027", phone="", village="光慈村")


def _made(first17: str) -> str:
    return first17 + check_character(first17)


def count(store: Store) -> tuple[int, int]:
    """Residents and queued records: nothing half-saved."""
    with store.read() as session:
        return (
            session.scalar(select(func.count()).select_from(Resident)) or 0,
            session.scalar(select(func.count()).select_from(Outbox)) or 0,
        )


def test_registered_found_and_read_back(store: Store, actor: Actor) -> None:
    saved = residents.register(store, actor, FORM)
    assert saved.warnings == ()
    assert count(store) == (1, 1)
    for typed in ("单国华", "shan", "dgh", "国华", "001X", "5678", "项冲", "单 001x"):
        assert [each.id for each in residents.find(store, actor, typed)] == [saved.resident_id]
    line = residents.find(store, actor, "sgh")[0]
    assert (line.sex, line.birth_date, line.age) == ("1", date(1947, 8, 15), 78)
    assert (line.id_masked, line.phone_masked) == ("341599********001X", "138****5678")
    loaded = residents.load_form(store, actor, saved.resident_id)
    assert loaded.form == replace(FORM, sex="1", birth_date=date(1947, 8, 15))
    with store.read() as session:
        actions = session.scalars(select(AuditEvent.action)).all()
    assert "create" in actions


def test_an_unknown_region_is_a_warning(store: Store, actor: Actor) -> None:
    saved = residents.register(store, actor, replace(FORM, id_no=_made("00999919500101001")))
    assert len(saved.warnings) == 1


@pytest.mark.parametrize(
    "bad",
    [
        replace(FORM, id_no="341599194708150010"),
        replace(FORM, name="王" * 200),
        replace(FORM, name="单😀"),
        replace(FORM, id_no="", id_type="none", birth_date=date(2090, 1, 1)),
        replace(FORM, contacts=(Contact("单小华", "12"),)),
        BasicForm(),
    ],
)
def test_bad_input_saves_nothing(store: Store, actor: Actor, bad: BasicForm) -> None:
    with pytest.raises(InputError) as caught:
        residents.register(store, actor, bad)
    assert all(text.endswith(("。", "？")) for text in caught.value.problems.values())
    assert count(store) == (0, 0)


def test_the_same_number_is_the_same_person(store: Store, actor: Actor) -> None:
    first = residents.register(store, actor, FORM).resident_id
    with pytest.raises(SameIdentity) as caught:
        residents.register(store, actor, replace(FORM, name="单国桦"), distinct_from={first})
    assert caught.value.existing.id == first
    assert count(store) == (1, 1)


def test_a_suspect_is_asked_about_once(store: Store, actor: Actor) -> None:
    first = residents.register(store, actor, FORM).resident_id
    alike = replace(
        FORM, id_no="", id_type="none", no_id_reason="lost", sex="1", birth_date=date(1947, 8, 15)
    )
    with pytest.raises(SuspectedDuplicate) as caught:
        residents.register(store, actor, replace(alike, phone=""))
    assert [each.id for each in caught.value.suspects] == [first]
    assert count(store) == (1, 1)
    by_phone = replace(alike, birth_date=date(1950, 1, 1))
    with pytest.raises(SuspectedDuplicate):
        residents.register(store, actor, by_phone)
    second = residents.register(store, actor, replace(alike, phone=""), distinct_from=[first])
    assert count(store)[0] == 2
    # A correction that leaves the identity alone asks nothing again.
    loaded = residents.load_form(store, actor, second.resident_id)
    residents.update(
        store, actor, second.resident_id, replace(loaded.form, village="大湾村"), loaded.change_id
    )
    loaded = residents.load_form(store, actor, second.resident_id)
    changed = replace(loaded.form, phone="13812345678")
    # A person has said that they are two people; a third one is asked about.
    residents.update(store, actor, second.resident_id, changed, loaded.change_id)
    loaded = residents.load_form(store, actor, second.resident_id)
    third = residents.register(store, actor, OTHER).resident_id
    with pytest.raises(SuspectedDuplicate) as caught:
        residents.update(
            store,
            actor,
            second.resident_id,
            replace(changed, name=OTHER.name, sex="2", birth_date=date(1948, 2, 29)),
            loaded.change_id,
        )
    assert [each.id for each in caught.value.suspects] == [third]


@pytest.mark.parametrize(
    "different",
    [
        {"name": "单国桦", "phone": ""},
        {"birth_date": date(1947, 8, 16), "phone": ""},
        {"sex": "2", "phone": ""},
        {"phone": "13812345679", "birth_date": date(1950, 1, 1)},
    ],
)
def test_who_is_no_suspect(store: Store, actor: Actor, different: dict[str, object]) -> None:
    residents.register(store, actor, FORM)
    base = replace(
        FORM, id_no="", id_type="none", no_id_reason="lost", sex="1", birth_date=date(1947, 8, 15)
    )
    residents.register(store, actor, replace(base, **different))
    assert count(store)[0] == 2


def test_duplicates_are_seen_while_typing(store: Store, actor: Actor) -> None:
    first = residents.register(store, actor, FORM).resident_id
    found = residents.find_duplicates(store, actor, BasicForm(id_no=FORM.id_no))
    assert found.same is not None
    assert found.same.id == first
    found = residents.find_duplicates(
        store, actor, BasicForm(name="单国华", sex="1", birth_date=date(1947, 8, 15))
    )
    assert found.same is None
    assert [each.id for each in found.suspects] == [first]
    assert residents.find_duplicates(store, actor, FORM, own_id=first).suspects == ()
    assert residents.find_duplicates(store, actor, BasicForm()).suspects == ()


def test_a_correction_changes_only_its_record(store: Store, actor: Actor) -> None:
    first = residents.register(store, actor, FORM).resident_id
    loaded = residents.load_form(store, actor, first)
    residents.update(
        store, actor, first, replace(loaded.form, phone="13900001111"), loaded.change_id
    )
    assert residents.find(store, actor, "5678") == ()
    assert [each.id for each in residents.find(store, actor, "1111")] == [first]
    with pytest.raises(StaleRecord):
        residents.update(store, actor, first, loaded.form, loaded.change_id)
    assert residents.load_form(store, actor, first).form.phone == "13900001111"
    with pytest.raises(NotFound):
        residents.load_form(store, actor, "0" * 36)


def test_saving_without_a_change_writes_nothing(store: Store, actor: Actor) -> None:
    first = residents.register(store, actor, FORM).resident_id
    loaded = residents.load_form(store, actor, first)
    residents.update(store, actor, first, loaded.form, loaded.change_id)
    assert residents.load_form(store, actor, first).change_id == loaded.change_id


def test_a_correction_may_not_take_anothers_number(store: Store, actor: Actor) -> None:
    residents.register(store, actor, FORM)
    second = residents.register(store, actor, OTHER).resident_id
    loaded = residents.load_form(store, actor, second)
    taken = replace(loaded.form, id_no=FORM.id_no, sex="1", birth_date=date(1947, 8, 15))
    with pytest.raises(SameIdentity):
        residents.update(store, actor, second, taken, loaded.change_id)
    assert residents.load_form(store, actor, second).form == loaded.form


def test_a_temporary_record_gets_its_card(store: Store, actor: Actor) -> None:
    temporary = BasicForm(
        name="李秀英",
        sex="2",
        birth_date=date(1948, 2, 29),
        id_type="none",
        no_id_reason="not_brought",
    )
    saved = residents.register(store, actor, temporary).resident_id
    assert residents.find(store, actor, "lxy")[0].temporary
    assert residents.count_residents(store, actor, "temporary") == 1
    loaded = residents.load_form(store, actor, saved)
    residents.update(store, actor, saved, replace(OTHER, village=""), loaded.change_id)
    assert not residents.find(store, actor, "0027")[0].temporary
    assert residents.count_residents(store, actor, "temporary") == 0


def test_lists_by_scope_and_page(store: Store, actor: Actor) -> None:
    first = residents.register(store, actor, FORM).resident_id
    second = residents.register(store, actor, OTHER).resident_id
    add_condition(
        store, actor, first, ConditionInput("原发性高血压", "I10", disease="hypertension")
    )
    admit(store, actor, second, Admission(bed="3", room="201", admit_date=date(2026, 3, 1)))
    listed = residents.list_residents(store, actor)
    assert [each.id for each in listed] == [second, first]
    assert listed[0].bed == "201-3"
    assert listed[1].conditions == ("高血压",)
    assert [each.id for each in residents.list_residents(store, actor, offset=1)] == [first]
    assert [each.id for each in residents.list_residents(store, actor, limit=1)] == [second]
    expected = {"active": 2, "in_bed": 1, "hypertension": 1, "type2_diabetes": 0}
    expected |= {"temporary": 0, "ended": 0}
    assert set(expected) == set(residents.LIST_SCOPES)
    for scope, many in expected.items():
        assert residents.count_residents(store, actor, scope) == many
        assert len(residents.list_residents(store, actor, scope)) == many


def test_who_only_reads_may_not_write(store: Store, actor: Actor) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    viewer = Actor(actor.staff_id, actor.organisation_id, "看", frozenset({"viewer"}))
    change = residents.load_form(store, actor, saved).change_id
    attempts: list[Callable[[], object]] = [
        lambda: residents.register(store, viewer, OTHER),
        lambda: residents.update(store, viewer, saved, OTHER, change),
        lambda: residents.load_form(store, viewer, saved),
        lambda: close_record(store, viewer, Closing(saved, "lost", date(2026, 3, 2), "", change)),
        lambda: reopen_record(store, viewer, saved, date(2026, 3, 2), "", change),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            attempt()
    assert count(store) == (1, 1)
    assert len(residents.find(store, viewer, "sgh")) == 1


def test_an_empty_store_answers(store: Store, actor: Actor) -> None:
    assert residents.find(store, actor, "张") == ()
    assert residents.find(store, actor, "") == ()
    assert residents.list_residents(store, actor) == ()
    assert residents.count_residents(store, actor) == 0
