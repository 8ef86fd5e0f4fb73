"""What a report reads: each table once, when the first indicator asks for it.

A period or any part of it is counted from one reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from sqlalchemy.orm import Session

from app.care.clinical_settings import clinical_settings
from app.care.contracts.completion import MANUAL
from app.care.copd import DISEASE as COPD
from app.care.indicators.ahead import Ahead
from app.care.indicators.chronic import CODE_OF, Managed, ask_managed, first_counted, managed_people
from app.care.indicators.contracts import (
    Alike,
    ask_contracts,
    ask_packages,
    contracts_of,
    packages_of,
)
from app.care.indicators.days import (
    Days,
    DaysOf,
    ask_assessments,
    ask_checks,
    ask_noted,
    assessments_of,
    checks_of,
    noted_of,
    read_check_ins,
)
from app.care.indicators.people import people_of
from app.care.indicators.period import Period
from app.care.indicators.referrals import Course, courses_of
from app.care.indicators.visits import ask_visits, visits_of, words_of
from app.care.visit_rules import add_months

# Of these diseases follow-up visits are kept: indicators count the first two, contracts all.
_SEEN_FOR = (*CODE_OF, COPD)


def _visits_for(disease: str) -> str:
    return f"visits for {disease}"


class Reading:
    """``only``: the one indicator that is wanted; what it does not need is not read. ``ahead``:
    reads what all of them need beside what is counted from it."""

    def __init__(
        self,
        session: Session,
        organisation_id: str,
        period: Period,
        only: str = "",
        ahead: Ahead | None = None,
    ) -> None:
        self.session, self.organisation_id, self.period = session, organisation_id, period
        self.settings = clinical_settings(session)
        # A contract year that the period touches begins at most one year before it, and a check
        # counts for a year. Not a day more: visits are read by the year.
        self._year_before = add_months(period.start, -12)
        self._disease = {letter: disease for disease, letter in CODE_OF.items()}.get(only[:1], "")
        self._days: dict[tuple[str, str], DaysOf | None] = {}
        self._visits: dict[str, dict[str, str]] = {}
        self._ahead = ahead
        if ahead is not None:
            # In the order in which they are wanted; this view of the store has begun by now.
            ahead.begin(**self._questions())
        self.people = people_of(session, organisation_id)

    def _questions(self) -> dict[str, Callable[[Session], Any]]:
        first, last = self._year_before, self.period.end
        visited = first_counted(self.period) if self._disease else first
        return {
            "contracts": partial(ask_contracts, period=self.period),
            "managed": partial(ask_managed, organisation_id=self.organisation_id),
            "checks": partial(ask_checks, first=first, last=last),
            **{
                _visits_for(one): partial(ask_visits, first=visited, last=last, disease=one)
                for one in ([self._disease] if self._disease else _SEEN_FOR)
            },
            "assessments": partial(ask_assessments, first=first, last=last),
            "noted": partial(ask_noted, first=first, last=last),
            "packages": partial(ask_packages, period=self.period),
        }

    def _asked(self, name: str) -> Any:
        if self._ahead is not None:
            return self._ahead.of(name)
        return self._questions()[name](self.session)

    @cached_property
    def contracts(self) -> Sequence[Alike]:
        return contracts_of(self._asked("contracts"), self.people)

    @cached_property
    def packages(self) -> Mapping[str, str]:
        return packages_of(self.session, self._asked("packages"), self.contracts)

    @cached_property
    def checks(self) -> Days:
        return checks_of(self._asked("checks"), self.people)

    @cached_property
    def assessments(self) -> Mapping[str, Days]:
        return assessments_of(self._asked("assessments"), self.people)

    @cached_property
    def managed(self) -> Mapping[str, Sequence[Managed]]:
        return managed_people(self._asked("managed"), self.people)

    @cached_property
    def courses(self) -> list[Course]:
        return courses_of(self.session, self.organisation_id)

    def visits(self, disease: str) -> Mapping[str, str]:
        """Person → the visits, as ``visits.told`` understands them."""
        found = self._visits.get(disease)
        if found is None and disease not in _SEEN_FOR:  # a package of a later version may name one
            found = self._visits[disease] = {}
        if found is None:
            asked = self._asked(_visits_for(disease))
            found = self._visits[disease] = visits_of(self.session, asked, self.people, disease)
        return found

    @cached_property
    def _check_ins(self) -> Days:
        return read_check_ins(self.session, self.people)

    @cached_property
    def _noted(self) -> Mapping[str, Days]:
        return noted_of(self._asked("noted"))

    def days(self, counts: str, service: str) -> DaysOf | None:
        """The days on which a service was given, ISO: by person, by contract if noted by hand."""
        key = (counts, service if counts == MANUAL else "")
        if key not in self._days:
            self._days[key] = self._given(counts, service)
        return self._days[key]

    def _given(self, counts: str, service: str) -> DaysOf | None:
        kind, _, what = counts.partition(":")
        if kind == "follow_up":
            visits = self.visits(what)
            return DaysOf(words_of(visits), once=True) if visits else None
        if counts == MANUAL:
            days = self._noted.get(service, Days())
        elif kind == "check_in":
            days = self._check_ins
        elif kind == "assessment":
            wanted = [self.assessments.get(what, Days())] if what else self.assessments.values()
            days = Days.together(wanted)
        elif kind == "health_check":
            days = self.checks
        else:
            return None
        return DaysOf(days.of_each().get, once=kind == "health_check") if days else None
