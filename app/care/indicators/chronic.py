"""Indicators of hypertension and type-2 diabetes: managed, managed to standard, controlled.

Source: 国家基本公共卫生服务规范（第三版，2017）, domain reference §5.5: the formulas are national,
targets and what "to standard" asks in detail are local (``ClinicalSettings``). No visit in the
period means not controlled; who is no longer managed leaves the denominator from that day on.
Whether a value was on target is the fact that the visit itself keeps, under the rules it was
made under.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.care.clinical_settings import ClinicalSettings
from app.care.indicators.counted import Counted, each
from app.care.indicators.people import People, rows_of
from app.care.indicators.period import Period, parts_of
from app.care.visit_rules import ROUTINE_MONTHS, NextStep, add_months, short_date

MANAGED_AGE = 35
CODE_OF = {"hypertension": "H", "type2_diabetes": "D"}
# A routine visit is due three months after the last; whoever was not seen for longer starts anew.
_BEFORE = ROUTINE_MONTHS + 1

# Whose management ended is no longer managed, but was until then.
_MANAGED = """
    SELECT resident_id, managed_since, managed_until, created_at FROM condition
    WHERE organisation_id = ? AND disease = ? AND (managed = 1 OR managed_until IS NOT NULL)
"""
# Both read an index from end to end (ix_follow_up_counted, ix_follow_up_disease_counted). Of the
# visits only those are named that do not count as one in person.
_NOT_IN_PERSON = """
    SELECT id, status = 'entered_in_error' FROM follow_up
    WHERE visit_date BETWEEN ? AND ?
    AND (mode NOT IN ('1', '2') OR status = 'entered_in_error')
"""
_PARTS = """
    SELECT follow_up_id, resident_id, visit_date, control_class, uncontrolled, action
    FROM follow_up_disease WHERE disease = ? AND visit_date BETWEEN ? AND ?
    ORDER BY visit_date, disease, follow_up_id
"""
# Complete without a class: the glucose was not fasting, and the form says why.
_NOT_FASTING = """
    SELECT part.follow_up_id FROM follow_up_disease AS part
    JOIN follow_up ON follow_up.id = part.follow_up_id
    WHERE part.disease = 'type2_diabetes' AND part.visit_date BETWEEN ? AND ?
    AND part.control_class IS NULL AND follow_up.not_fasting_reason IS NOT NULL
"""


class Visit(NamedTuple):
    """A visit as an indicator sees it. ``step`` None: it moved no date (no value to classify).

    ``face_to_face``: clinic or home (modes 1, 2). ``controlled`` is None where the visit had no
    value for it.
    """

    on: date
    face_to_face: bool
    complete: bool
    controlled: bool | None
    step: str | None


@dataclass(frozen=True, slots=True)
class Managed:
    """A person under management: from ``since``, and until the day before ``until``."""

    person: str
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)

    def within(self, period: Period) -> bool:
        return self.since <= period.end and (self.until is None or self.until > period.start)


def managed_to_standard(
    visits: Sequence[Visit], since: date, period: Period, checked: bool, settings: ClinicalSettings
) -> bool:
    """规范管理: enough face-to-face visits, each complete, none too late, and a health check.

    ``visits`` by date, of the period and of the months before it; ``since``: the management's first
    day; ``checked``: a health check within the year that ends with the period. The number of
    visits asked of a year is asked of a part of a year in proportion, rounded down. Source: domain
    reference §5.5 (C).
    """
    start, end = period.start, period.end
    in_person = [visit for visit in visits if visit.face_to_face and start <= visit.on <= end]
    # Visits of one day are one: merged records, or a correction on two PCs, may hold it twice.
    seen_on = {visit.on for visit in in_person}
    if not checked or len(seen_on) < _visits_needed(period, settings):
        return False
    if not all(visit.complete for visit in in_person):
        return False
    if settings.one_visit_a_quarter and not all(
        any(visit.on in part for visit in in_person) for part in _quarters(period)
    ):
        return False
    return _in_time(visits, since, period)


def _visits_needed(period: Period, settings: ClinicalSettings) -> int:
    return settings.visits_a_year * _whole_months(period) // 12


# Asked of every person of a report.
@lru_cache(maxsize=64)
def _whole_months(period: Period) -> int:
    months = 0
    while months < 12 and add_months(period.start, months + 1).toordinal() - 1 <= (
        period.end.toordinal()
    ):
        months += 1
    return months


@lru_cache(maxsize=64)
def _quarters(period: Period) -> list[Period]:
    years = range(period.start.year, period.end.year + 1)
    every = [
        part for year in years for part in parts_of(Period(date(year, 1, 1), date(year, 12, 31)))
    ]
    return [part for part in every if period.start <= part.start and part.end <= period.end]


def _in_time(visits: Iterable[Visit], since: date, period: Period) -> bool:
    """Whether no visit came later than the one before it allowed, up to the period's last day.

    The last visit before the period says when its first one was due.
    """
    latest = _three_months_on(max(period.start, since))
    for visit in visits:
        if visit.step is None:
            continue
        if visit.on >= period.start and visit.on > latest:
            return False
        latest = latest_next(visit)
    return latest >= period.end


def latest_next(visit: Visit) -> date:
    """The last day on which the rule (``NBPHS-2017``) wants the person seen again."""
    if visit.step == NextStep.ROUTINE:
        return _three_months_on(visit.on)
    return short_date(visit.on)


# A year has few days and many visits.
@cache
def _three_months_on(day: date) -> date:
    return add_months(day, ROUTINE_MONTHS)


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


def managed_people(
    session: Session, organisation_id: str, disease: str, people: People
) -> tuple[Managed, ...]:
    """Everybody whom the organisation manages or managed for the disease, once each."""
    found: dict[str, Managed] = {}
    for resident_id, since, until, created_at in rows_of(
        session, _MANAGED, (organisation_id, disease)
    ):
        person = people.person_of(resident_id)
        if person not in people.by_id:
            continue
        new = Managed(
            person,
            _day(since or created_at[:10]),
            _day(until) if until else None,
        )
        found[person] = new if person not in found else _together(found[person], new)
    return tuple(found.values())


def _together(one: Managed, other: Managed) -> Managed:
    """Two records of one person (merged, or taken up again): managed from first to last."""
    until = None if None in (one.until, other.until) else max(one.until, other.until)  # type: ignore[type-var]
    return Managed(one.person, min(one.since, other.since), until)


def visits_of(
    session: Session, disease: str, period: Period, people: People
) -> Mapping[str, Sequence[Visit]]:
    """The visits for a disease by person, in order of their days: of the period and, for what the
    first one of it followed on, of the months before.
    """
    span = (add_months(period.start, -_BEFORE).isoformat(), period.end.isoformat())
    at_a_distance: set[str] = set()
    in_error: set[str] = set()
    for visit_id, void in rows_of(session, _NOT_IN_PERSON, span):
        (in_error if void else at_a_distance).add(visit_id)
    not_fasting: set[str] = set()
    if disease == "type2_diabetes":
        not_fasting = {visit_id for (visit_id,) in rows_of(session, _NOT_FASTING, span)}
    found: dict[str, list[Visit]] = defaultdict(list)
    person_of = people.person_of
    # Many visits of a day say the same.
    made: dict[tuple[Any, ...], Visit] = {}
    for visit_id, resident_id, on, control_class, uncontrolled, step in rows_of(
        session, _PARTS, (disease, *span)
    ):
        if visit_id in in_error:
            continue
        said = (
            on,
            visit_id not in at_a_distance,
            control_class is not None or visit_id in not_fasting,
            uncontrolled,
            step,
        )
        visit = made.get(said)
        if visit is None:
            controlled = None if uncontrolled is None else not uncontrolled
            visit = made[said] = Visit(_day(on), said[1], said[2], controlled, step)
        found[person_of(resident_id)].append(visit)
    return found


def visits_within(
    visits: Mapping[str, Sequence[Visit]], period: Period
) -> Mapping[str, Sequence[Visit]]:
    """What ``visits_of`` reads for a part of the period that these were read for."""
    first, last = add_months(period.start, -_BEFORE), period.end
    return {
        person: [visit for visit in theirs if first <= visit.on <= last]
        for person, theirs in visits.items()
    }


def chronic_indicators(
    session: Session,
    organisation_id: str,
    disease: str,
    period: Period,
    people: People,
    checked: frozenset[str],
    settings: ClinicalSettings,
    visits: Mapping[str, Sequence[Visit]],
) -> tuple[Counted, Counted, Counted]:
    """Management rate, standard-management rate and control rate of one disease.

    ``checked``: who had a health check within the year that ends with the period; ``visits``:
    what ``visits_of`` reads for it.
    """
    letter = CODE_OF[disease]
    managed = managed_people(session, organisation_id, disease, people)
    on_last_day = [one for one in managed if one.on(period.end) and _there(one, people, period)]
    standard = [
        one.person
        for one in on_last_day
        if managed_to_standard(
            visits.get(one.person, ()), one.since, period, one.person in checked, settings
        )
    ]
    controlled = [
        one.person for one in on_last_day if last_controlled(visits.get(one.person, ()), period)
    ]
    among = each(one.person for one in on_last_day)
    prevalence = settings.prevalence_hypertension if letter == "H" else settings.prevalence_diabetes
    grown_up = people.active_on(period.end) & people.of_age(MANAGED_AGE, period.end)
    return (
        Counted(
            f"{letter}1",
            each(one.person for one in managed if one.within(period)),
            each(sorted(grown_up), (prevalence or 0) / 100),
            known=prevalence is not None,
        ),
        Counted(f"{letter}2", each(standard), among),
        Counted(f"{letter}3", each(controlled), among),
    )


def _there(managed: Managed, people: People, period: Period) -> bool:
    """Whether the person's record was still open on the last day (died, moved away: no)."""
    return people.by_id[managed.person].active_on(period.end)


def last_controlled(visits: Sequence[Visit], period: Period) -> bool:
    """Whether the period's last visit with a value was on target; no such visit counts as not."""
    for visit in reversed(visits):
        if visit.controlled is not None and visit.on in period:
            return visit.controlled
    return False
