"""Indicators of elder health: yearly check, TCM constitution, ability of those in institutions.

Source: domain reference §5.5 and §9.3 (E1–E3). "65 in year Y" is the age on 31 December of the
year in which the period ends (§0).
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.indicators.counted import Counted, each
from app.care.indicators.people import People, known_here, rows_of
from app.care.indicators.period import Period
from app.care.visit_rules import add_months

TCM_SCALE = "tcm33"
ABILITY_SCALE = "ability_2022"
VALID_MONTHS = 12

# A check without a conclusion still waits for the doctor: it is not done.
_CHECKED = """
    SELECT DISTINCT resident_id FROM health_check
    WHERE check_date BETWEEN ? AND ? AND conclusion IS NOT NULL AND status != 'entered_in_error'
"""
# Whoever assessed: naming all organisations lets their index be used.
_ASSESSED = """
    SELECT resident_id, assessed_on, reassess_on FROM assessment
    WHERE organisation_id IN (SELECT id FROM organisation)
    AND scale = ? AND assessed_on BETWEEN ? AND ? AND status != 'entered_in_error'
"""
_IN_INSTITUTIONS = """
    SELECT residence.resident_id, residence.org_id FROM residence
    JOIN organisation ON organisation.id = residence.org_id
    WHERE organisation.type = 'CARE_INSTITUTION' AND residence.admit_date <= ?
    AND (residence.discharge_date IS NULL OR residence.discharge_date > ?)
"""


def checked_people(session: Session, period: Period, people: People) -> frozenset[str]:
    """Who had a health check, concluded by a doctor, within the period."""
    span = (period.start.isoformat(), period.end.isoformat())
    rows = rows_of(session, _CHECKED, span)
    return frozenset(people.person_of(row[0]) for row in rows)


def checked_within_a_year(session: Session, period: Period, people: People) -> frozenset[str]:
    """Who had one within the twelve months that end with the period."""
    start = add_months(period.end, -12) + timedelta(days=1)
    return checked_people(session, Period(start, period.end), people)


def elder_indicators(
    session: Session, organisation_id: str, period: Period, people: People
) -> tuple[Counted, Counted, Counted]:
    """Health management, TCM management, ability assessed in institutions (E1–E3)."""
    year_end = date(period.end.year, 12, 31)
    elders = people.active_on(period.end) & people.of_age(SENIOR_AGE, year_end)
    among = each(sorted(elders))
    checked = checked_people(session, period, people)
    with_tcm = _with_tcm(session, period, people)
    return (
        Counted("E1", each(p for p in among if p in checked), among),
        Counted("E2", each(p for p in among if p in with_tcm), among),
        _ability(session, organisation_id, period, people),
    )


def _with_tcm(session: Session, period: Period, people: People) -> frozenset[str]:
    span = (TCM_SCALE, period.start.isoformat(), period.end.isoformat())
    rows = rows_of(session, _ASSESSED, span)
    return frozenset(people.person_of(row[0]) for row in rows)


def _ability(session: Session, organisation_id: str, period: Period, people: People) -> Counted:
    """The people of the organisation who live in an institution, and its guests if it is one."""
    end = period.end.isoformat()
    living: set[str] = set()
    guests: set[str] = set()
    for resident_id, place in rows_of(session, _IN_INSTITUTIONS, (end, end)):
        person = people.person_of(resident_id)
        if person in people.by_id:
            living.add(person)
        elif place == organisation_id:
            guests.add(person)
    guests -= known_here(session, organisation_id, guests)
    people.add_guests(session, guests)
    among = each(sorted(p for p in living | guests if people.find(p).active_on(period.end)))
    earliest = add_months(period.end, -VALID_MONTHS) + timedelta(days=1)
    valid = {
        people.person_of(resident_id)
        for resident_id, _, again_on in rows_of(
            session, _ASSESSED, (ABILITY_SCALE, earliest.isoformat(), end)
        )
        if again_on is None or again_on > end
    }
    return Counted("E3", each(p for p in among if p in valid), among)
