"""Indicators of hypertension and type-2 diabetes: managed, managed to standard, controlled.

Source: 国家基本公共卫生服务规范（第三版，2017）, domain reference §5.5: the formulas are national,
targets and what "to standard" asks in detail are local (``ClinicalSettings``). No visit in the
period means not controlled; who is no longer managed leaves the denominator from that day on.
Whether a value was on target is the fact that the visit itself keeps, under the rules it was
made under.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import repeat
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.care.clinical_settings import ClinicalSettings
from app.care.indicators.counted import Counted, each
from app.care.indicators.people import People, day_of
from app.care.indicators.period import Period, parts_of
from app.care.indicators.visits import Visit, latest_first, past, told
from app.care.visit_rules import ROUTINE_MONTHS, NextStep, add_months, short_date
from app.models.base import from_json
from app.models.driver import ask
from app.models.resident import EVER_MANAGED

MANAGED_AGE = 35
CODE_OF = {"hypertension": "H", "type2_diabetes": "D"}
# A routine visit is due three months after the last; whoever was not seen for longer starts anew.
_BEFORE = ROUTINE_MONTHS + 1

# Whose management ended is no longer managed, but was until then. Those who began and ended alike
# stand together, from an index alone; all come in one row, so that another thread may count.
_MANAGED = f"""
    WITH alike AS (
        SELECT disease, ifnull(managed_since, '') AS began, ifnull(managed_until, '') AS ended,
            group_concat(resident_id) AS residents,
            ifnull(group_concat(
                CASE WHEN managed_since IS NULL THEN substr(created_at, 1, 10) END
            ), '') AS written
        FROM condition INDEXED BY ix_condition_managed
        WHERE organisation_id = ? AND {EVER_MANAGED}
        GROUP BY disease, managed_since, managed_until
    )
    SELECT json_group_array(disease), group_concat(began), group_concat(ended),
        group_concat(residents, ';'), group_concat(written, ';')
    FROM alike HAVING count(*)
"""  # noqa: S608 — our own expression


class Managed(NamedTuple):
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
    return checked and _to_standard(visits, since, period, _asked_of(period, settings))


class _Asked(NamedTuple):
    """How many visits a period asks for, and the quarters each of which asks for one."""

    visits: int
    quarters: Sequence[Period]


def _asked_of(period: Period, settings: ClinicalSettings) -> _Asked:
    return _Asked(
        settings.visits_a_year * _whole_months(period) // 12,
        _quarters(period) if settings.one_visit_a_quarter else (),
    )


def _to_standard(visits: Sequence[Visit], since: date, period: Period, asked: _Asked) -> bool:
    """``managed_to_standard`` of somebody who had the health check."""
    if len(visits) < asked.visits:
        return False
    start, end = period.start, period.end
    in_person = [visit for visit in visits if visit.face_to_face and start <= visit.on <= end]
    # Visits of one day are one: merged records, or a correction on two PCs, may hold it twice.
    if len({visit.on for visit in in_person}) < asked.visits:
        return False
    for visit in in_person:
        if not visit.complete:
            return False
    # Most who fail were seen too late.
    if not _in_time(visits, since, period):
        return False
    return all(any(visit.on in part for visit in in_person) for part in asked.quarters)


def _whole_months(period: Period) -> int:
    months = 0
    while months < 12 and add_months(period.start, months + 1).toordinal() - 1 <= (
        period.end.toordinal()
    ):
        months += 1
    return months


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
    start = period.start
    latest = _three_months_on(max(start, since))
    for visit in visits:
        if visit.step is None:
            continue
        if latest < visit.on >= start:
            return False
        latest = latest_next(visit)
    return latest >= period.end


def latest_next(visit: Visit) -> date:
    """The last day on which the rule (``NBPHS-2017``) wants the person seen again."""
    return _latest_next(visit.on, visit.step)


# A year has few days and many visits.
@cache
def _latest_next(day: date, step: str | None) -> date:
    return _three_months_on(day) if step == NextStep.ROUTINE else short_date(day)


@cache
def _three_months_on(day: date) -> date:
    return add_months(day, ROUTINE_MONTHS)


def ask_managed(session: Session, organisation_id: str) -> Sequence[tuple[str, ...]]:
    """What ``managed_people`` understands."""
    return ask(session, _MANAGED, (organisation_id,))


def managed_people(
    asked: Iterable[tuple[str, ...]], people: People
) -> Mapping[str, Sequence[Managed]]:
    """Disease → everybody whom the organisation manages or managed for it, once each."""
    found: dict[str, dict[str, Managed]] = {}
    for diseases, *days, listed, noted in asked:
        of_days = (text.split(",") for text in days)
        lists = (from_json(diseases), *of_days, listed.split(";"), noted.split(";"))
        for disease, began, ended, residents, written in zip(*lists, strict=True):
            theirs = found.setdefault(disease, {})
            until = day_of(ended) if ended else None
            since = repeat(day_of(began)) if began else map(day_of, written.split(","))
            for resident_id, first in zip(residents.split(","), since):  # noqa: B905
                person = people.person_of(resident_id)
                if person in people.by_id:
                    new = Managed(person, first, until)
                    theirs[person] = new if person not in theirs else _together(theirs[person], new)
    return {disease: tuple(theirs.values()) for disease, theirs in found.items()}


def _together(one: Managed, other: Managed) -> Managed:
    """Two records of one person (merged, or taken up again): managed from first to last."""
    until = None if None in (one.until, other.until) else max(one.until, other.until)  # type: ignore[type-var]
    return Managed(one.person, min(one.since, other.since), until)


def first_counted(period: Period) -> date:
    """The first day whose visits the period needs: what its first one followed on, it needs too."""
    return add_months(period.start, -_BEFORE)


def chronic_indicators(
    disease: str,
    period: Period,
    people: People,
    managed: Sequence[Managed],
    checked: Container[str],
    settings: ClinicalSettings,
    visits: Mapping[str, str],
) -> tuple[Counted, Counted, Counted]:
    """Management rate, standard-management rate and control rate of one disease.

    ``managed``: for the disease, at any time; ``checked``: who had a health check within the year
    that ends with the period; ``visits``: by person, as ``told`` understands them.
    """
    letter = CODE_OF[disease]
    # Whose record was closed by the last day (died, moved away) is not managed on it.
    day = period.end.isoformat()
    on_last_day = [
        one for one in managed if one.on(period.end) and people.by_id[one.person].active_by(day)
    ]
    asked = _asked_of(period, settings)
    first, behind = first_counted(period).isoformat(), past(period.end)
    standard, controlled = [], []
    for one in on_last_day:
        words = visits.get(one.person, "")
        if last_controlled(latest_first(words), period):
            controlled.append(one.person)
        if one.person in checked and _to_standard(
            told(words, first, behind), one.since, period, asked
        ):
            standard.append(one.person)
    among = each(one.person for one in on_last_day)
    prevalence = settings.prevalence_hypertension if letter == "H" else settings.prevalence_diabetes
    grown_up = people.grown(MANAGED_AGE, period.end, period.end)
    return (
        Counted(
            f"{letter}1",
            each(one.person for one in managed if one.within(period)),
            each(grown_up, (prevalence or 0) / 100),
            known=prevalence is not None,
        ),
        Counted(f"{letter}2", each(standard), among),
        Counted(f"{letter}3", each(controlled), among),
    )


def last_controlled(latest_first: Iterable[Visit], period: Period) -> bool:
    """Whether the period's last visit with a value was on target; no such visit counts as not."""
    for visit in latest_first:
        if visit.on < period.start:
            return False
        if visit.controlled is not None and visit.on <= period.end:
            return visit.controlled
    return False
