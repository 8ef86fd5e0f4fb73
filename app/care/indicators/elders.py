"""Indicators of elder health: yearly check, TCM constitution, ability of those in institutions.

Source: domain reference §5.5 and §9.3 (E1–E3). "65 in year Y" is the age on 31 December of the
year in which the period ends (§0).
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.indicators.counted import Counted, each
from app.care.indicators.days import Days
from app.care.indicators.people import People, known_here
from app.care.indicators.period import Period
from app.care.visit_rules import add_months
from app.models.driver import ask

TCM_SCALE = "tcm33"
ABILITY_SCALE = "ability_2022"
VALID_MONTHS = 12

# Whoever assessed: naming all organisations lets their index be used.
_ASSESSED = """
    SELECT resident_id, reassess_on FROM assessment
    WHERE organisation_id IN (SELECT id FROM organisation)
    AND scale = ? AND assessed_on BETWEEN ? AND ? AND status != 'entered_in_error'
"""
_IN_INSTITUTIONS = """
    SELECT residence.resident_id, residence.org_id FROM residence
    JOIN organisation ON organisation.id = residence.org_id
    WHERE organisation.type = 'CARE_INSTITUTION' AND residence.admit_date <= ?
    AND (residence.discharge_date IS NULL OR residence.discharge_date > ?)
"""


def checked_within_a_year(checks: Days, period: Period) -> set[str]:
    """Who had a health check within the twelve months that end with the period."""
    return checks.named(add_months(period.end, -12) + timedelta(days=1), period.end)


def elder_indicators(
    session: Session,
    organisation_id: str,
    period: Period,
    people: People,
    checks: Days,
    tcm: Days,
) -> tuple[Counted, Counted, Counted]:
    """Health management, TCM management, ability assessed in institutions (E1–E3).

    ``checks`` and ``tcm``: the health checks and the TCM constitutions of the period, and more.
    """
    year_end = date(period.end.year, 12, 31)
    among = each(people.grown(SENIOR_AGE, year_end, period.end))
    checked = checks.named(period.start, period.end)
    with_tcm = tcm.named(period.start, period.end)
    return (
        Counted("E1", each(p for p in among if p in checked), among),
        Counted("E2", each(p for p in among if p in with_tcm), among),
        _ability(session, organisation_id, period, people),
    )


def _ability(session: Session, organisation_id: str, period: Period, people: People) -> Counted:
    """The people of the organisation who live in an institution, and its guests if it is one."""
    end = period.end.isoformat()
    living: set[str] = set()
    guests: set[str] = set()
    for resident_id, place in ask(session, _IN_INSTITUTIONS, (end, end)):
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
        for resident_id, again_on in ask(
            session, _ASSESSED, (ABILITY_SCALE, earliest.isoformat(), end)
        )
        if again_on is None or again_on > end
    }
    return Counted("E3", each(p for p in among if p in valid), among)
