"""The follow-up visits that a report counts: read once, a day at a time, from indexes alone.

A row a visit would cost more than all that is counted from it: the store answers with a row a day
and disease, which names the people in one text and says in another, a letter each, what the visits
were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import attrgetter, itemgetter
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.care.indicators.people import People, day_of
from app.care.visit_rules import NextStep
from app.models.base import to_json
from app.models.driver import ask, ask_in_one

# Few visits are void or were made from afar. Each day is asked for them, status by status, so that
# the many others are skipped.
_DAYS = """
    WITH RECURSIVE day(visited) AS (
        SELECT min(visit_date) FROM follow_up WHERE visit_date >= ?1
        UNION ALL
        SELECT (SELECT min(visit_date) FROM follow_up WHERE visit_date > visited)
        FROM day WHERE visited < ?2
    ), standing(visited, status) AS (
        SELECT visited, (
            SELECT min(status) FROM follow_up INDEXED BY ix_follow_up_counted
            WHERE visit_date = visited
        ) FROM day WHERE visited <= ?2
        UNION ALL
        SELECT visited, (
            SELECT min(status) FROM follow_up INDEXED BY ix_follow_up_counted
            WHERE visit_date = visited AND follow_up.status > standing.status
        ) FROM standing WHERE standing.status IS NOT NULL
    )
"""
_OF_DAYS = """
    SELECT id FROM standing CROSS JOIN follow_up INDEXED BY ix_follow_up_counted
    WHERE visit_date = visited AND follow_up.status = standing.status AND {which}
"""
_VOID = _DAYS + _OF_DAYS.format(which="standing.status = 'entered_in_error'")
# In person are the modes 1 and 2.
_FROM_AFAR = _DAYS + " UNION ALL ".join(
    _OF_DAYS.format(which=which)
    for which in ("mode < '1'", "mode > '1' AND mode < '2'", "mode > '2'")
)
# What a visit was, as one letter: whether it has a class, whether it was on target (no, yes, no
# value), what step it led to (routine, another, none), whether it was made from afar.
_STEPS = (NextStep.ROUTINE, NextStep.ADJUST, None)
_VISITS = """
    SELECT visit_date, disease, group_concat(resident_id),
        group_concat(char(
            65 + 18 * {afar} + 9 * (control_class IS NULL) + 3 * ifnull(uncontrolled != 0, 2)
            + CASE WHEN action = '1' THEN 0 WHEN action IS NULL THEN 2 ELSE 1 END
        ), ''),
        group_concat(CASE WHEN control_class IS NULL THEN follow_up_id END)
    FROM follow_up_disease INDEXED BY ix_follow_up_disease_counted
    WHERE visit_date BETWEEN :first AND :last {wanted} {counted}
    GROUP BY visit_date, disease
"""
_NOT_FASTING = """
    SELECT follow_up.id FROM json_each(?) wanted
    CROSS JOIN follow_up ON follow_up.id = wanted.value WHERE not_fasting_reason IS NOT NULL
"""


class Visit(NamedTuple):
    """A visit as an indicator sees it. ``step`` None: it moved no date (no value to classify);
    of all steps but the routine one, ``NextStep.ADJUST`` stands.

    ``face_to_face``: clinic or home (modes 1, 2). ``controlled`` is None where the visit had no
    value for it.
    """

    on: date
    face_to_face: bool
    complete: bool
    controlled: bool | None
    step: str | None


_Day = tuple[date, str, list[str], str, list[str]]
#: Days, and the visits whose glucose was not fasting, with the reason.
Asked = tuple[list[_Day], set[str]]


def visits_of(asked: Asked, people: People) -> dict[str, dict[str, list[Visit]]]:
    """Disease → person → the visits that were asked for, in their order."""
    days, not_fasting = asked
    found: dict[str, dict[str, list[Visit]]] = {}
    survivors = people.survivors
    for day, of, persons, letters, ids in days:
        if not survivors.keys().isdisjoint(persons):
            persons = [survivors.get(person, person) for person in persons]
        theirs = found.setdefault(of, defaultdict(list))
        said = {letter: _visit(day, letter) for letter in set(letters)}
        # A pressure that was not taken is not excused by a meal, on a form for both diseases.
        if of != "type2_diabetes" or not_fasting.isdisjoint(ids):
            for person, letter in zip(persons, letters, strict=True):
                theirs[person].append(said[letter])
            continue
        named = iter(ids)
        for person, letter in zip(persons, letters, strict=True):
            visit = said[letter]
            if not visit.complete and next(named) in not_fasting:
                visit = visit._replace(complete=True)
            theirs[person].append(visit)
    return found


def ask_visits(session: Session, first: date, last: date, disease: str = "") -> Asked:
    """What ``visits_of`` understands: the visits between two days. Void ones are left out."""
    days = _ask_days(session, first, last, disease)
    # Complete without a class: the glucose was not fasting, and the form says why.
    unclassed = [id_ for _, of, _, _, ids in days if of == "type2_diabetes" for id_ in ids]
    return days, {row[0] for row in ask(session, _NOT_FASTING, (to_json(unclassed),))}


def _ask_days(session: Session, first: date, last: date, disease: str) -> list[_Day]:
    span = (first.isoformat(), last.isoformat())
    void = [row[0] for row in ask(session, _VOID, span)]
    afar = [row[0] for row in ask(session, _FROM_AFAR, span)]
    # What does not occur is not asked of each visit.
    query = _VISITS.format(
        afar="(follow_up_id IN (SELECT value FROM json_each(:afar)))" if afar else "0",
        counted="AND follow_up_id NOT IN (SELECT value FROM json_each(:void))" if void else "",
        wanted="AND disease = :disease" if disease else "",
    )
    asked = {"first": span[0], "last": span[1], "disease": disease}
    values = {**asked, "afar": to_json(afar), "void": to_json(void)}
    rows = sorted(ask_in_one(session, 5, query, values), key=itemgetter(0, 1))
    return [
        (day_of(day), of, people.split(","), letters, ids.split(",") if ids else [])
        for day, of, people, letters, ids in rows
    ]


def _visit(day: date, letter: str) -> Visit:
    afar, rest = divmod(ord(letter) - 65, 18)
    unclassed, rest = divmod(rest, 9)
    target, step = divmod(rest, 3)
    return Visit(day, not afar, not unclassed, (True, False, None)[target], _STEPS[step])


def visits_between(
    visits: Mapping[str, Sequence[Visit]], first: date, last: date
) -> Mapping[str, Sequence[Visit]]:
    """Of each person's visits those between two days."""
    return {
        person: [visit for visit in theirs if first <= visit.on <= last]
        for person, theirs in visits.items()
    }


def days_seen(visits: Iterable[Visit]) -> list[date]:
    """The days of a person's visits, which come in their order, each once: merged records may
    hold the same visit twice."""
    return list(dict.fromkeys(map(_day_of_visit, visits)))


_day_of_visit = attrgetter("on")
