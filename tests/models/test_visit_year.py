"""The line of a person's year follows every change of its visits, whoever makes it."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.models.actor import Actor
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.resident import Resident
from app.models.store import Store
from app.models.visit_year import VisitYear
from tests.care.contracts.samples import add_resident

DAYS = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2))
DISEASES = ("hypertension", "type2_diabetes")


def _lines(session: Session) -> dict[tuple[str, str, str], str]:
    rows = session.execute(
        select(VisitYear.disease, VisitYear.year, VisitYear.resident_id, VisitYear.visits)
    )
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _letter(visit: FollowUp, part: FollowUpDisease) -> str:
    """In plain words what the store writes."""
    excused = part.disease == "type2_diabetes" and visit.not_fasting_reason is not None
    complete = part.control_class is not None or excused
    target = {False: 0, True: 1, None: 2}[part.uncontrolled]
    step = {"1": 0, None: 2}.get(part.action, 1)
    letter = "ABCDEFGHIJKLMNOPQR"[(0 if complete else 9) + 3 * target + step]
    return letter if visit.mode in ("1", "2") else letter.lower()


def _plain(session: Session) -> dict[tuple[str, str, str], str]:
    session.expire_all()
    found: dict[tuple[str, str, str], list[str]] = {}
    rows = session.execute(
        select(FollowUp, FollowUpDisease)
        .join(FollowUpDisease)
        .order_by(FollowUpDisease.visit_date, FollowUp.id, FollowUpDisease.id)
    )
    for visit, part in rows:
        if visit.status != "entered_in_error":
            key = (part.disease, str(part.visit_date.year), part.resident_id)
            found.setdefault(key, []).append(f"{part.visit_date}{_letter(visit, part)}")
    return {key: ",".join(words) for key, words in found.items()}


_people: dict[Store, list[str]] = {}
_visit = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(("1", "2", "3", "15")),
        "status": st.sampled_from(("final", "amended", "entered_in_error")),
        "not_fasting_reason": st.sampled_from((None, "1")),
    }
)
_part = st.fixed_dictionaries(
    {
        "visit_date": st.sampled_from(DAYS),
        "disease": st.sampled_from(DISEASES),
        "control_class": st.sampled_from(("1", "2", None)),
        "uncontrolled": st.sampled_from((True, False, None)),
        "action": st.sampled_from(("1", "2", "4", None)),
    }
)
_number = st.integers(0, 2)
_moves = st.lists(
    st.one_of(
        st.tuples(st.just("visit"), _number, _visit),
        st.tuples(st.just("part"), _number, _part),
        st.tuples(st.just("person"), _number, _number),
        st.tuples(st.just("of_visit"), _number, _number),
        st.tuples(st.just("remove"), _number, st.none()),
    ),
    max_size=6,
)


@given(visits=st.tuples(_visit, _visit), parts=st.tuples(_part, _part, _part), moves=_moves)
def test_a_line_follows_every_change(
    store: Store,
    actor: Actor,
    visits: tuple[dict[str, Any], ...],
    parts: tuple[dict[str, Any], ...],
    moves: list[tuple[str, int, Any]],
) -> None:
    if store not in _people:
        _people[store] = [add_resident(store, actor, name=name) for name in ("甲", "乙")]
    people = _people[store]
    with Session(store._write_engine) as session:  # nothing of it stays
        for number, values in enumerate(visits):
            session.execute(insert(FollowUp).values(**_whole(session, number, people), **values))
        for number, values in enumerate(parts):
            session.execute(
                insert(FollowUpDisease).values(
                    id=f"part-{number}",
                    follow_up_id=f"visit-{number % 2}",
                    resident_id=people[0],
                    **values,
                )
            )
        assert _lines(session) == _plain(session)
        for what, number, value in moves:
            part = FollowUpDisease.id == f"part-{number}"
            if what == "visit":
                visit = FollowUp.id == f"visit-{number % 2}"
                session.execute(update(FollowUp).where(visit).values(**value))
            elif what == "part":
                session.execute(update(FollowUpDisease).where(part).values(**value))
            elif what == "person":
                moved = {"resident_id": people[value % 2]}
                session.execute(update(FollowUpDisease).where(part).values(**moved))
            elif what == "of_visit":
                moved = {"follow_up_id": f"visit-{value % 2}"}
                session.execute(update(FollowUpDisease).where(part).values(**moved))
            else:
                session.execute(delete(FollowUpDisease).where(part))
            assert _lines(session) == _plain(session)
        session.rollback()


def _whole(session: Session, number: int, people: list[str]) -> dict[str, Any]:
    resident = session.get_one(Resident, people[0])
    return {
        "id": f"visit-{number}",
        "resident_id": people[0],
        "visit_date": DAYS[0],
        "doctor_name": "王",
        "organisation_id": resident.organisation_id,
        "author_id": "staff",
        "updated_by": "staff",
        "created_at": resident.created_at,
        "updated_at": resident.created_at,
        "change_id": f"change-{number}",
    }


def test_a_line_is_found_without_looking_at_the_visits_of_others(
    store: Store, actor: Actor
) -> None:
    """Each step of a trigger searches: a visit is written as quickly in a full store."""
    who = add_resident(store, actor)
    plans: list[str] = []
    with store.write(actor) as session:
        row = FollowUp(**_whole(session, 0, [who]), mode="1")
        session.add(row)
        session.flush()
        words = session.connection().exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'visit%'"
        )
        for (sql,) in words.all():
            body = sql.partition("BEGIN")[2].rpartition("END")[0]
            for step in filter(str.strip, body.split(";")):
                for name in ("old.", "new."):
                    step = step.replace(f"{name}id", "'x'").replace(f"{name}disease", "'x'")
                    step = step.replace(f"{name}resident_id", "'x'")
                    step = step.replace(f"{name}visit_date", "'2026-01-01'")
                plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {step}")
                plans += [line[-1] for line in plan.all()]
    assert plans
    assert [line for line in plans if line.startswith("SCAN")] == []
