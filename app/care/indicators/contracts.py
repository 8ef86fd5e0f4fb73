"""Indicators of contracts (C1): persons with at least one contract in force on the last day.

Source: domain reference §9.3. Persons are counted, not contracts.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.indicators.counted import Counted, each
from app.care.indicators.people import People, rows_of
from app.care.indicators.period import Period

# Signed (1) or signed as a renewal (3). One that ended early was in force until the day before.
_IN_FORCE = """
    SELECT resident_id, team_id, team_name FROM contract
    WHERE starts_on <= ? AND ends_on >= ? AND status IN ('1', '2', '3')
    AND (terminated_on IS NULL OR terminated_on > ?)
    AND (status != '2' OR terminated_on IS NOT NULL)
    ORDER BY category = 'family_doctor', signed_on, id
"""


def teams_on(session: Session, period: Period, people: People) -> dict[str, tuple[str, str]]:
    """Whoever has a contract in force on the last day → id and name of the team.

    Where a person has several, the family doctor's newest names the team.
    """
    end = period.end.isoformat()
    rows = rows_of(session, _IN_FORCE, (end, end, end))
    return {people.person_of(row[0]): (row[1], row[2]) for row in rows}


def contract_rate(teams: dict[str, tuple[str, str]], period: Period, people: People) -> Counted:
    """C1: persons of 65 and over with a contract in force, among all of that age on that day."""
    elders = people.active_on(period.end) & people.of_age(SENIOR_AGE, period.end)
    among = each(sorted(elders))
    return Counted("C1", each(person for person in among if person in teams), among)
