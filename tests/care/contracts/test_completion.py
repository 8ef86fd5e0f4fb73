"""What of a contract was given, the lists, and the indicators C1 and C2."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from app.care.contracts.completion import note_service, void_service
from app.care.contracts.ending import terminate
from app.care.contracts.indicators import (
    ContractRate,
    PersonFact,
    completion_of,
    contract_rate,
    contract_rate_of,
)
from app.care.contracts.lists import (
    SCOPES,
    Wanted,
    contract_list,
    count_contracts,
    filter_choices,
    scope_counts,
)
from app.care.contracts.packages import PackageInput, ServiceItem, load_packages, save_package
from app.care.contracts.terms import Span
from app.care.contracts.view import load_contract
from app.care.follow_up import record_follow_up, void_follow_up
from app.clock import FixedClock
from app.errors import InputError
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.store import Store
from tests.care.contracts.samples import TODAY, add_disease, add_resident, add_team, sign_one
from tests.care.follow_up_samples import a_visit

END = date(2027, 3, 1)


def service(store: Store, actor: Actor, contract_id: str, key: str) -> tuple[int, int, int]:
    """(times a year, due by today, given) of a service."""
    view = load_contract(store, actor, contract_id)
    line = next(each for each in view.services if each.service == key)
    return line.times, line.due, line.given


def test_follow_ups_count_by_themselves_and_talks_by_hand(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    add_disease(store, actor, resident_id, "I10", "hypertension")
    signed = sign_one(store, actor, resident_id, team)
    assert service(store, actor, signed.contract_id, "hypertension_visit") == (4, 0, 0)
    result = record_follow_up(store, actor, a_visit(resident_id))
    assert service(store, actor, signed.contract_id, "hypertension_visit") == (4, 0, 1)
    assert service(store, actor, signed.contract_id, "health_record") == (1, 0, 1)
    void_follow_up(store, actor, result.follow_up_id, "录错人")
    clock.advance(days=91)
    assert service(store, actor, signed.contract_id, "hypertension_visit") == (4, 1, 0)
    note_id = note_service(
        store, actor, signed.contract_id, "education", store.clock.today(), "低盐饮食"
    )
    assert service(store, actor, signed.contract_id, "education") == (2, 0, 1)
    (note,) = load_contract(store, actor, signed.contract_id).notes
    assert (note.name, note.note, note.performer) == ("健康教育", "低盐饮食", actor.name)
    void_service(store, actor, note_id, "重复登记")
    assert service(store, actor, signed.contract_id, "education") == (2, 0, 0)
    assert load_contract(store, actor, signed.contract_id).notes == ()


def test_what_cannot_be_noted_by_hand(store: Store, actor: Actor) -> None:
    signed = sign_one(store, actor, add_resident(store, actor), add_team(store, actor))
    for key, on, wrong in (
        ("annual_check", TODAY, {"service"}),  # the record itself counts
        ("massage", TODAY, {"service"}),
        ("education", TODAY - timedelta(days=1), {"on"}),
        ("education", TODAY + timedelta(days=1), {"on"}),
        ("education", None, {"on"}),
    ):
        with pytest.raises(InputError) as caught:
            note_service(store, actor, signed.contract_id, key, on)
        assert set(caught.value.problems) == wrong


def test_the_day_of_the_termination_is_the_first_without_the_contract(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    signed = sign_one(store, actor, add_resident(store, actor), add_team(store, actor))
    clock.advance(days=30)
    ended = store.clock.today()
    view = load_contract(store, actor, signed.contract_id)
    terminate(store, actor, view.id, view.change_id, "04", ended)
    for on in (ended, ended + timedelta(days=1)):
        with pytest.raises(InputError) as caught:
            note_service(store, actor, signed.contract_id, "education", on)
        assert set(caught.value.problems) == {"on"}
    # What was given before it may still be noted.
    note_service(store, actor, signed.contract_id, "education", ended - timedelta(days=1))
    assert service(store, actor, signed.contract_id, "education")[2] == 1


def test_the_lists_and_their_counts(store: Store, actor: Actor, clock: FixedClock) -> None:
    team = add_team(store, actor)
    signed = add_resident(store, actor, "甲一")
    without = add_resident(store, actor, "乙二", village="双河村")
    young = add_resident(store, actor, "丙三", birth_date=date(1990, 1, 1))
    add_resident(store, actor, "丁四", record_status="deceased")
    contract = sign_one(store, actor, signed, team)

    def names(**wanted: object) -> list[str]:
        filters = Wanted(**wanted)  # type: ignore[arg-type]
        rows = contract_list(store, actor, filters)
        assert count_contracts(store, actor, filters) == len(rows)
        return [row.name for row in rows]

    assert names(scope="in_force") == ["甲一"]
    assert names(scope="unsigned") == ["丙三", "乙二"]
    assert names(scope="unsigned", senior=True) == ["乙二"]
    assert names(scope="unsigned", village="双河村") == ["乙二"]
    assert names(scope="in_force", doctor="别人") == []
    assert names(scope="in_force", doctor=actor.name, village="光明村") == ["甲一"]
    assert names(scope="ending") == []
    choices = filter_choices(store, actor)
    assert choices.villages == ("光明村", "双河村")
    assert choices.doctors == (actor.name,)
    counts = scope_counts(store, actor, Wanted())
    assert (counts.in_force, counts.ending, counts.pending, counts.over, counts.unsigned) == (
        1, 0, 0, 0, 2,
    )  # fmt: skip

    clock.advance(days=(END - TODAY).days - 30)
    (row,) = contract_list(store, actor, Wanted("ending"))
    assert (row.name, row.state, row.days_left, row.packages) == ("甲一", "ending", 30, ("基础包",))
    clock.advance(days=31)
    assert names(scope="ending") == []
    assert names(scope="over") == ["甲一"]
    assert "甲一" in names(scope="unsigned")
    assert contract.ends_on == END
    assert without != young


def test_the_counts_of_all_lists_are_those_of_each(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    team = add_team(store, actor)
    states = ("1", "2", "3", "4", "1", "3")
    for number, status in enumerate(states):
        person = add_resident(
            store,
            actor,
            f"居民{number}",
            village=f"村{number % 2}",
            birth_date=date(1950 + 30 * (number % 3 == 0), 1, 1),
        )
        contract = sign_one(store, actor, person, team)
        with store.write(actor) as session:
            row = session.get(Contract, contract.contract_id)
            assert row is not None
            row.status = status
            row.doctor_name = f"医生{number % 2}"
            row.ends_on = END - timedelta(days=300 * (number // 4))
    add_resident(store, actor, "无", village="村0")
    clock.advance(days=70)
    seen: set[int] = set()
    for village in ("", "村0", "没有"):
        for doctor in ("", "医生0"):
            for senior in (False, True):
                filters = Wanted("ending", village, doctor, senior)
                counts = asdict(scope_counts(store, actor, filters))
                for scope in SCOPES:
                    wanted = replace(filters, scope=scope)
                    assert counts[scope] == count_contracts(store, actor, wanted)
                    assert counts[scope] == len(contract_list(store, actor, wanted))
                    # The pages of a list are the list.
                    pages = [contract_list(store, actor, wanted, at, 1) for at in range(7)]
                    assert sum(pages, ()) == contract_list(store, actor, wanted)
                seen |= set(counts.values())
    assert len(seen) > 3
    assert filter_choices(store, actor).doctors == ("医生0", "医生1")


def test_a_list_costs_few_queries_however_long(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    for number in range(12):
        sign_one(store, actor, add_resident(store, actor, f"居民{number}"), team)
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    with store.read() as session:
        engine = session.get_bind()
    event.listen(engine, "after_cursor_execute", count)
    try:
        assert len(contract_list(store, actor, Wanted())) == 12
    finally:
        event.remove(engine, "after_cursor_execute", count)
    assert asked <= 4


# -- C1 ---------------------------------------------------------------------------------------


def person(name: str, born: date, *, active: bool = True, closed: date | None = None) -> PersonFact:
    return PersonFact(name, born, active, closed)


def test_c1_counts_persons_of_65_and_over_who_are_active_on_the_day() -> None:
    on = date(2026, 12, 31)
    people = [
        person("just 65", date(1961, 12, 31)),
        person("a day too young", date(1962, 1, 1)),
        person("with two contracts", date(1950, 5, 5)),
        person("died on the day", date(1940, 1, 1), active=False, closed=on),
        person("died the day after", date(1940, 1, 1), active=False, closed=date(2027, 1, 1)),
        person("pending", date(1945, 1, 1)),
        person("run out", date(1945, 1, 1)),
    ]
    year = (date(2026, 3, 2), END)
    spans = {
        "just 65": [Span(*year, "3")],
        "a day too young": [Span(*year, "1")],
        "with two contracts": [Span(*year, "1"), Span(*year, "1")],
        "died on the day": [Span(*year, "2", on)],
        "died the day after": [Span(*year, "2", date(2027, 1, 1))],
        "pending": [Span(*year, "4")],
        "run out": [Span(date(2025, 12, 31), date(2026, 12, 30), "1")],
    }
    rate = contract_rate(people, spans, on)
    assert rate.seniors == (
        "just 65", "with two contracts", "died the day after", "pending", "run out",
    )  # fmt: skip
    assert rate.contracted == ("just 65", "with two contracts", "died the day after")


def test_c1_of_a_store_by_village_team_and_day(store: Store, actor: Actor) -> None:
    team, other = add_team(store, actor), add_team(store, actor, "双河团队")
    one = add_resident(store, actor, "甲一")
    two = add_resident(store, actor, "乙二", village="双河村")
    add_resident(store, actor, "丙三", birth_date=date(1990, 1, 1))
    three = add_resident(store, actor, "丁四")
    sign_one(store, actor, one, team)
    sign_one(store, actor, two, other)
    owner = store.organisation_id
    with store.read() as session:
        whole = contract_rate_of(session, owner, TODAY)
        assert set(whole.seniors) == {one, two, three}
        assert set(whole.contracted) == {one, two}
        place = contract_rate_of(session, owner, TODAY, village="双河村")
        assert place == ContractRate((two,), (two,))
        assert contract_rate_of(session, owner, TODAY, team_id=team.id).contracted == (one,)
        assert contract_rate_of(session, owner, TODAY - timedelta(days=1)).contracted == ()
        assert set(contract_rate_of(session, owner, END).contracted) == {one, two}
        assert contract_rate_of(session, owner, END + timedelta(days=1)).contracted == ()


# -- C2 ---------------------------------------------------------------------------------------


def test_c2_of_a_period_by_village(store: Store, actor: Actor, clock: FixedClock) -> None:
    shipped = next(each for each in load_packages(store, actor) if each.code == "basic")
    services = (
        ServiceItem("visits", "高血压随访", 4, "follow_up:hypertension", "hypertension"),
        ServiceItem("education", "健康教育", 2),
        ServiceItem("appointment", "预约服务", 0),
    )
    save_package(
        store, actor, PackageInput(shipped.name, "basic", services, code="basic"), shipped.id
    )
    team = add_team(store, actor)
    ill = add_resident(store, actor, "甲一")
    add_disease(store, actor, ill, "I10", "hypertension")
    well = add_resident(store, actor, "乙二", village="双河村")
    first = sign_one(store, actor, ill, team)
    second = sign_one(store, actor, well, team)
    record_follow_up(store, actor, a_visit(ill))
    note_service(store, actor, second.contract_id, "education", TODAY)
    clock.advance(days=200)
    note_service(store, actor, first.contract_id, "education", store.clock.today())
    owner = store.organisation_id
    with store.read() as session:
        # By 31 December three visits (31 May, 30 Aug, 29 Nov) and one talk (30 Aug) are due.
        year = completion_of(session, owner, date(2026, 1, 1), date(2026, 12, 31))
        assert (year.due, year.done) == (3 + 1 + 1, 1 + 1 + 1)
        assert {line.resident_id: (line.due, line.done) for line in year.lines} == {
            ill: (4, 2), well: (1, 1),
        }  # fmt: skip
        place = completion_of(session, owner, date(2026, 1, 1), END, village="双河村")
        assert (place.due, place.done) == (2, 1)
        rest = completion_of(session, owner, date(2027, 1, 1), END)
        assert (rest.due, rest.done) == (1 + 1 + 1, 0)
        none = completion_of(session, owner, date(2025, 1, 1), date(2025, 12, 31))
        assert (none.due, none.done, none.lines) == (0, 0, ())
    view = load_contract(store, actor, first.contract_id)
    terminate(store, actor, view.id, view.change_id, "04", store.clock.today())
    with store.read() as session:
        year = completion_of(session, owner, date(2026, 1, 1), date(2026, 12, 31))
    assert (year.due, year.done) == (2 + 1 + 1, 1 + 1 + 1)
