"""C2: which services of the packages fell due within a period, and which were given."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from app.care.contracts.completion import note_service
from app.care.contracts.ending import terminate
from app.care.contracts.indicators import completion_of
from app.care.contracts.terms import Span, anniversary, count_due, falling_due
from app.care.contracts.view import load_contract
from app.care.follow_up import record_follow_up
from app.care.indicators.period import Period, month_of, quarter_of
from app.care.indicators.report import indicator_report
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.health_check import HealthCheck
from app.models.resident import Resident
from app.models.store import Store
from tests.care.contracts.samples import TODAY, add_disease, add_resident, add_team, sign_one
from tests.care.follow_up_samples import a_visit

# The clock stands at 2 March 2026; a contract that begins then runs until 1 March 2027.
YEAR = Period(TODAY, date(2027, 3, 1))


def _c2(store: Store, actor: Actor, period: Period = YEAR) -> tuple[dict, dict]:  # type: ignore[type-arg]
    one = indicator_report(store, actor, period).counted["C2"]
    return dict(one.numerator), dict(one.denominator)


def test_done_is_capped_at_what_was_due(store: Store, actor: Actor, clock: FixedClock) -> None:
    team = add_team(store, actor)
    person = add_resident(store, actor, birth_date=date(1970, 1, 1))
    add_disease(store, actor, person, "I10", "hypertension")
    contract = sign_one(store, actor, person, team).contract_id
    # Under 65, hypertension: the record 1, visits 4, education 2; on request is never due.
    assert _c2(store, actor) == ({person: 1}, {person: 7})
    for _ in range(5):
        record_follow_up(store, actor, a_visit(person, visit_date=clock.today()))
        clock.advance(days=14)
    note_service(store, actor, contract, "education", clock.today(), "低盐")
    # Five visits are done as four; one of two lessons.
    assert _c2(store, actor) == ({person: 6}, {person: 7})


def test_each_service_is_due_at_its_part_of_the_year(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    person = add_resident(store, actor, birth_date=date(1970, 1, 1))
    add_disease(store, actor, person, "I10", "hypertension")
    sign_one(store, actor, person, team)
    record_follow_up(store, actor, a_visit(person))
    # Quarters of the contract year end on 31 May, 30 August, 29 November (days 91, 182, 273).
    assert _c2(store, actor, Period(TODAY, date(2026, 5, 30))) == ({}, {})
    assert _c2(store, actor, Period(TODAY, date(2026, 5, 31))) == ({person: 1}, {person: 1})
    assert _c2(store, actor, Period(date(2026, 6, 1), date(2026, 8, 30))) == (
        {},
        {person: 2},  # the second visit and the first lesson
    )


def test_a_check_counts_when_the_doctor_has_concluded_it(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    team, person = add_team(store, actor), add_resident(store, actor)
    sign_one(store, actor, person, team)
    clock.advance(days=1)
    with store.write(actor) as session:
        row = HealthCheck(resident_id=person, check_date=TODAY, doctor_name="王医生")
        session.add(row)
    assert _c2(store, actor) == ({person: 1}, {person: 4})
    with store.write(actor) as session:
        session.query(HealthCheck).one().conclusion = "1"
    assert _c2(store, actor) == ({person: 2}, {person: 4})
    with store.read() as session:
        assert completion_of(session, store.organisation_id, YEAR.start, YEAR.end).done == 2


def test_what_ended_is_due_until_then_and_stays_with_its_team(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    team, person = add_team(store, actor), add_resident(store, actor)
    contract = sign_one(store, actor, person, team).contract_id
    clock.advance(days=(date(2026, 8, 30) - TODAY).days)
    view = load_contract(store, actor, contract)
    # The first lesson is due on 30 August, the last day that the contract still has.
    terminate(store, actor, contract, view.change_id, "04", clock.today())
    assert _c2(store, actor) == ({}, {})
    clock.advance(days=1)
    again = sign_one(
        store, actor, person, team, signed_on=clock.today(), starts_on=clock.today()
    ).contract_id
    clock.advance(days=182)
    view = load_contract(store, actor, again)
    terminate(store, actor, again, view.change_id, "04", clock.today())
    report = indicator_report(store, actor, Period(TODAY, clock.today()))
    assert report.counted["C2"].of == 1
    (group,) = report.groups("team")
    assert (group.name, group.counted["C2"].of, group.counted["C1"].done) == (team.name, 1, 0)


def test_it_agrees_with_the_contracts_own_count_in_few_queries(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    team = add_team(store, actor)
    people = [add_resident(store, actor, f"人{n}", village=f"村{n % 2}") for n in range(6)]
    for number, person in enumerate(people):
        add_disease(store, actor, person, "I10", "hypertension")
        sign_one(store, actor, person, team)
        for _ in range(number):
            record_follow_up(store, actor, a_visit(person))
    # A merged record is the same person.
    with store.write(actor) as session:
        row = session.get(Resident, people[5])
        assert row is not None
        row.record_status, row.merged_into_id = "merged", people[4]
    clock.advance(days=200)
    for period in (YEAR, quarter_of(2026, 2), month_of(2026, 8)):
        done, due = _c2(store, actor, period)
        with store.read() as session:
            own = completion_of(session, store.organisation_id, period.start, period.end)
        assert (sum(done.values()), sum(due.values())) == (own.done, own.due)
        assert people[5] not in due

    asked: list[str] = []
    with store.read() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    indicator_report(store, actor, YEAR)
    assert len([query for query in asked if "contract" in query]) <= 4
    assert len([query for query in asked if "follow_up_disease" in query]) <= 4


@given(
    start=st.dates(date(2023, 1, 1), date(2026, 12, 31)),
    years=st.integers(1, 3),
    times=st.integers(0, 40),
    begin=st.dates(date(2024, 1, 1), date(2026, 6, 30)),
    length=st.integers(0, 400),
    gaps=st.lists(st.integers(0, 1200), max_size=12),
    ended=st.none() | st.integers(0, 1100),
)
def test_the_numbers_that_fall_due_are_the_services_one_by_one(
    start: date,
    years: int,
    times: int,
    begin: date,
    length: int,
    gaps: list[int],
    ended: int | None,
) -> None:
    last = anniversary(start, years) - timedelta(days=1)
    stop = None if ended is None else start + timedelta(days=ended)
    span = Span(start, last, "1" if stop is None else "2", stop)
    end = begin + timedelta(days=length)
    given_on = tuple(sorted(start + timedelta(days=gap) for gap in gaps))
    due = done = 0
    for number in range(years):
        first, over = anniversary(start, number), anniversary(start, number + 1)
        days = (over - first).days
        for service in range(1, times + 1):
            on = first + timedelta(days=days * service // times - 1)
            if begin <= on <= end and (stop is None or on < stop):
                due += 1
                had = [day for day in given_on if first <= day < over and day <= end]
                done += len(had) >= service
    counted = count_due(span, times, given_on, begin, end)
    assert (counted.due, counted.done) == (due, done)
    assert sum(high - low + 1 for _, _, low, high in falling_due(span, times, begin, end)) == due
