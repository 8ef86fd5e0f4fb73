"""What a report reads of the visits, beside the plain words for it, on visits made at random."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.care.indicators import visits as visits_module
from app.care.indicators.chronic import ask_managed, managed_people
from app.care.indicators.contracts import ask_contracts, contracts_of
from app.care.indicators.people import People, people_of
from app.care.indicators.period import Period
from app.care.indicators.report import indicator_report
from app.care.indicators.visits import (
    Asked,
    Visit,
    ask_visits,
    latest_first,
    past,
    told,
    visits_of,
    words_of,
)
from app.models.actor import Actor
from app.models.base import to_json
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.contract import Contract
from app.models.resident import Condition, Resident
from app.models.store import Store
from tests.care.contracts.samples import TODAY, add_resident, add_team, sign_one
from tests.care.follow_up_samples import managed_resident

FIRST, LAST = date(2026, 1, 10), date(2026, 1, 16)
NOON = datetime(2026, 1, 20, 12, tzinfo=UTC)
NAMES = ("甲", "乙", "丙")


class Made(NamedTuple):
    """One visit with its one part; ``person``: number of a resident."""

    person: int
    day: int
    mode: str
    status: str
    disease: str
    control_class: str | None
    uncontrolled: bool | None
    action: str | None
    reason: str | None


made = st.builds(
    Made,
    st.integers(0, 2),
    st.integers(-1, 7),
    st.sampled_from(("1", "1", "2", "3", "0", "9", "15")),
    st.sampled_from(("final", "final", "amended", "entered_in_error", "preliminary")),
    st.sampled_from(("hypertension", "type2_diabetes", "copd")),
    st.sampled_from(("1", "2", None)),
    st.sampled_from((True, False, None)),
    st.sampled_from(("1", "2", "3", "4", None)),
    st.sampled_from(("1", None)),
)


def _plain(visits: Sequence[Made], disease: str, people: People, ids: Sequence[str]) -> object:
    """Person → the visits by day, then by the order in which they were written."""
    found: dict[str, list[Visit]] = {}
    for one in sorted(visits, key=lambda one: one.day):  # a stable order
        on = FIRST + timedelta(days=one.day)
        if one.disease != disease or one.status == "entered_in_error" or not FIRST <= on <= LAST:
            continue
        excused = disease == "type2_diabetes" and one.reason is not None
        found.setdefault(people.person_of(ids[one.person]), []).append(
            Visit(
                on,
                one.mode in ("1", "2"),
                one.control_class is not None or excused,
                None if one.uncontrolled is None else not one.uncontrolled,
                {None: None, "1": "1"}.get(one.action, "2"),
            )
        )
    return found


def _told(words: str) -> list[Visit]:
    return told(words, FIRST.isoformat(), past(LAST))


def _within(session: Session, people: People, disease: str) -> object:
    """What is found of a disease between the two days."""
    found = _found(session, people, disease)
    between = {who: _told(words) for who, words in found.items()}
    return {who: visits for who, visits in between.items() if visits}


def _found(
    session: Session, people: People, disease: str, first: date = FIRST, last: date = LAST
) -> dict[str, str]:
    return visits_of(session, ask_visits(session, first, last, disease), people, disease)


def _write(session: Session, visits: Sequence[Made], ids: Sequence[str]) -> None:
    for number, one in enumerate(visits):
        on, name = FIRST + timedelta(days=one.day), f"visit-{number:03d}"
        whole = {"id": name, "resident_id": ids[one.person], "visit_date": on, "mode": one.mode}
        session.execute(
            insert(FollowUp).values(
                **whole,
                doctor_name="王",
                status=one.status,
                not_fasting_reason=one.reason,
                organisation_id=session.get_one(Resident, ids[0]).organisation_id,
                author_id="staff",
                updated_by="staff",
                created_at=NOON,
                updated_at=NOON,
                change_id=name,
            )
        )
        session.execute(
            insert(FollowUpDisease).values(
                id=f"part-{number:03d}",
                follow_up_id=name,
                resident_id=ids[one.person],
                visit_date=on,
                disease=one.disease,
                control_class=one.control_class,
                uncontrolled=one.uncontrolled,
                action=one.action,
            )
        )


@given(visits=st.lists(made, max_size=14), merged=st.booleans())
def test_visits_are_read_as_they_were_written(
    store: Store, actor: Actor, visits: list[Made], merged: bool
) -> None:
    if store not in _residents:
        _residents[store] = [add_resident(store, actor, name=name) for name in NAMES]
    ids = _residents[store]
    with Session(store._write_engine) as session:  # nothing of it stays
        if merged:
            row = session.get_one(Resident, ids[2])
            row.record_status, row.merged_into_id = "merged", ids[0]
            session.flush()
        people = people_of(session, store.organisation_id)
        assert people.person_of(ids[2]) == (ids[0] if merged else ids[2])
        _write(session, visits, ids)
        for disease in ("hypertension", "type2_diabetes", "copd"):
            plain = _plain(visits, disease, people, ids)
            assert _within(session, people, disease) == plain
        session.rollback()


_residents: dict[Store, list[str]] = {}


def test_a_meal_excuses_no_missing_pressure_of_a_form_for_both(store: Store, actor: Actor) -> None:
    who = add_resident(store, actor)
    made = Made(0, 0, "1", "final", "type2_diabetes", None, None, None, "1")
    with Session(store._write_engine) as session:  # nothing of it stays
        _write(session, [made], [who])
        session.execute(
            insert(FollowUpDisease).values(
                id="part-of-both",
                follow_up_id="visit-000",
                resident_id=who,
                visit_date=FIRST,
                disease="hypertension",
            )
        )
        people = people_of(session, store.organisation_id)
        found = {
            disease: _found(session, people, disease)[who]
            for disease in ("type2_diabetes", "hypertension")
        }
        session.rollback()
    for disease, complete in (("type2_diabetes", True), ("hypertension", False)):
        of_person = _told(found[disease])
        assert [visit.complete for visit in of_person] == [complete]


def test_a_merge_that_the_other_view_had_not_seen_loses_no_visit(
    store: Store, actor: Actor
) -> None:
    one, other = (add_resident(store, actor, name=name) for name in NAMES[:2])
    with store.write(actor) as session:
        row = session.get_one(Resident, other)
        row.record_status, row.merged_into_id = "merged", one
    with store.read() as session:
        people = people_of(session, store.organisation_id)
        # Another view of the store had more visits than this one has: none.
        asked: Asked = [
            (to_json([one, other]), "2026-01-10A,2026-03-10D;2026-01-10G,2026-02-10A"),
            (to_json([one]), "2027-01-10a"),
        ]
        words = visits_of(session, asked, people, "hypertension")
    assert words.keys() == {one}
    visits = told(words[one], "", past(date.max))
    assert [visit.controlled for visit in visits] == [True, None, True, False, True]
    assert [visit.face_to_face for visit in visits] == [True, True, True, True, False]
    assert list(latest_first(words[one])) == visits[::-1]
    each = words_of(words)(one)
    assert each == ["2026-01-10A", "2026-01-10G", "2026-02-10A", "2026-03-10D", "2027-01-10a"]
    assert words_of(words)(other) is None
    assert told("", "", past(date.max)) == list(latest_first("")) == []


def test_a_day_and_the_next_one_are_kept_apart() -> None:
    words = "2025-12-31A,2026-01-01A,2026-01-01j,2026-12-31R,2027-01-01A"
    year = told(words, "2026-01-01", past(date(2026, 12, 31)))
    assert [visit.on for visit in year] == [date(2026, 1, 1)] * 2 + [date(2026, 12, 31)]


def test_visits_of_several_years_are_read_line_by_line(store: Store, actor: Actor) -> None:
    who = add_resident(store, actor)
    days = [date(2023, 12, 31), date(2024, 1, 1), date(2025, 6, 30), date(2026, 12, 31)]
    with Session(store._write_engine) as session:  # nothing of it stays
        made = Made(0, 0, "1", "final", "hypertension", "1", False, "1", None)
        _write(session, [made._replace(day=(day - FIRST).days) for day in days], [who])
        people = people_of(session, store.organisation_id)
        found = _found(session, people, "hypertension", days[1], days[2])
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {visits_module._VISITS}", ("hypertension", "2024", "2025")
        )
        steps = [row[-1] for row in plan]
        session.rollback()
    assert words_of(found)(who) == ["2024-01-01A", "2025-06-30A"]
    # Grouped in the table's own order.
    assert steps == ["SEARCH visit_year USING PRIMARY KEY (disease=? AND year>? AND year<?)"]


def test_any_text_may_stand_in_a_village_or_the_name_of_a_team(store: Store, actor: Actor) -> None:
    texts = ("甲,乙", "丙\x1f丁", '"戊"', "己")
    people = {add_resident(store, actor, village=text): text for text in texts}
    team = add_team(store, actor)
    for resident in people:
        sign_one(store, actor, resident, team)
    with store.write(actor) as session:
        for row in session.scalars(select(Contract)):
            row.team_name = people[row.resident_id]
    with store.read() as session:
        found = people_of(session, store.organisation_id)
        assert {one: found.find(one).village for one in people} == people
        contracts = contracts_of(ask_contracts(session, Period(TODAY, TODAY)), found)
        assert {
            person: name
            for alike in contracts
            for person, name in zip(alike.persons, alike.team_names, strict=True)
        } == people
        assert {id_ for alike in contracts for id_ in alike.team_ids} == {team.id}


def test_a_diagnosis_of_no_programme_is_passed_over(store: Store, actor: Actor) -> None:
    who = managed_resident(store, actor, "hypertension")
    other = managed_resident(store, actor, "type2_diabetes", name="乙")
    with store.write(actor) as session:
        row = session.scalars(select(Condition).where(Condition.resident_id == other)).one()
        row.disease, row.managed, row.managed_until = None, False, TODAY
    with store.read() as session:
        people = people_of(session, store.organisation_id)
        managed = managed_people(ask_managed(session, store.organisation_id), people)
    assert {disease: [one.person for one in found] for disease, found in managed.items()} == {
        "hypertension": [who]
    }


def test_no_word_from_elsewhere_stops_a_report(store: Store, actor: Actor) -> None:
    """A category, a disease and the person of a visit's part come from the wire as any text."""
    team = add_team(store, actor)
    who = managed_resident(store, actor, "hypertension")
    sign_one(store, actor, who, team)
    odd = '甲,乙;丙\n"丁'
    with store.write(actor) as session:
        session.scalars(select(Contract)).one().category = odd
        session.scalars(select(Condition)).one().disease = odd
        _write(session, [Made(0, 0, "1", "final", "hypertension", "1", False, "1", None)], [who])
        session.scalars(select(FollowUpDisease)).one().resident_id = odd
    with store.read() as session:
        people = people_of(session, store.organisation_id)
        assert list(_found(session, people, "hypertension")) == [odd]
        assert list(managed_people(ask_managed(session, store.organisation_id), people)) == [odd]
        (alike,) = contracts_of(ask_contracts(session, Period(TODAY, TODAY)), people)
    assert (alike.category, alike.persons) == (odd, [who])
    assert indicator_report(store, actor, Period(TODAY, TODAY)).counted["C2"].known
