"""The report of an organisation over a period: every indicator, by village, doctor or team.

Reads only. A report keeps whom it counted, by id; names are read when somebody looks at a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.indicators.ahead import Ahead
from app.care.indicators.catalogue import INDICATORS
from app.care.indicators.chronic import CODE_OF, chronic_indicators
from app.care.indicators.contracts import contract_rate, services_done, teams_on
from app.care.indicators.counted import Counted
from app.care.indicators.days import Days
from app.care.indicators.elders import TCM_SCALE, checked_within_a_year, elder_indicators
from app.care.indicators.outreach import outreach_indicators
from app.care.indicators.people import People
from app.care.indicators.period import Period, parts_of
from app.care.indicators.reading import Reading
from app.care.indicators.referrals import referral_indicators
from app.care.referral_limits_kept import limits_in_force
from app.errors import NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.organisation import Organisation, Staff
from app.models.resident import Resident
from app.models.store import Store

Grouping = Literal["village", "doctor", "team"]
#: Who sees names behind the numbers; the health commission's viewer sees the numbers only.
READERS = frozenset(
    {
        *("doctor", "specialist", "head_of_department", "public_health", "referral_coordinator"),
        *("office_clerk", "president", "administrator"),
    }
)
VIEWERS = READERS | {"viewer"}


@dataclass(frozen=True, slots=True)
class Group:
    """A village, a doctor or a team; ``key`` is empty for those without one."""

    key: str
    name: str
    counted: Mapping[str, Counted]


@dataclass(frozen=True)
class Report:
    """All indicators of one organisation over one period, by code; ``version``: of the settings."""

    organisation_id: str
    period: Period
    counted: Mapping[str, Counted]
    version: int
    _people: People
    _doctors: Mapping[str, str]
    _teams: Mapping[str, tuple[str, str]]

    def groups(self, by: Grouping, only: str = "") -> tuple[Group, ...]:
        """The same indicators for each village, doctor or team; together they are the whole.

        ``only``: the one indicator that is wanted.
        """
        names: dict[str, str] = {}
        parts: dict[str, dict[str, Counted]] = {}
        wanted = {only: self.counted[only]} if only else self.counted
        for code, one in wanted.items():
            shares: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
            for side, people in enumerate((one.numerator, one.denominator)):
                for person, number in people.items():
                    key, names_it = self._group_of(by, person)
                    names[key] = names_it
                    shares.setdefault(key, ({}, {}))[side][person] = number
            for key, (above, below) in shares.items():
                parts.setdefault(key, {})[code] = replace(one, numerator=above, denominator=below)
        nobody = {code: replace(one, numerator={}, denominator={}) for code, one in wanted.items()}
        return tuple(
            Group(key, name, {**nobody, **parts[key]})
            for key, name in sorted(names.items(), key=lambda pair: (pair[0] == "", pair[1]))
        )

    def _group_of(self, by: Grouping, person: str) -> tuple[str, str]:
        if by == "team":
            return self._teams.get(person, ("", ""))
        if not self._people.knows(person):  # an organisation
            return "", ""
        found = self._people.find(person)
        if by == "village":
            return found.village, found.village
        return found.doctor_id, self._doctors.get(found.doctor_id, "")


@dataclass(frozen=True, slots=True)
class Member:
    """A person behind a number. ``number`` of ``due``: what he or she adds above and below.

    Where organisations are counted, ``name`` is the organisation's and ``resident_id`` is empty.
    """

    resident_id: str
    name: str
    sex: str
    age: int | None
    village: str
    phone: str
    number: float
    due: float


def indicator_report(
    store: Store, actor: Actor, period: Period, organisation_id: str | None = None
) -> Report:
    """Count all indicators of an organisation (its own if none is named).

    Raises ``NotAllowed`` for roles that do not report.
    """
    _check(actor)
    with store.read() as session, Ahead(store) as ahead:
        return _report(session, ahead, organisation_id or store.organisation_id, period)


def course(
    store: Store, actor: Actor, report: Report, code: str
) -> tuple[tuple[Period, float | None], ...]:
    """The rate of one indicator in each part of the report's period, for the plot."""
    _check(actor)
    with store.read() as session:
        whole = Reading(session, report.organisation_id, report.period, code)
        return tuple(
            (part, _counted(whole, part, code)[0][code].rate) for part in parts_of(report.period)
        )


def members(
    store: Store, actor: Actor, people: Iterable[str], counted: Counted, on: date
) -> tuple[Member, ...]:
    """Who these people are, by village and name, with their age on a day."""
    _check(actor, READERS)
    with store.read() as session:
        rows = _read_people(session, list(people))
        found = (
            Member(
                row.id,
                row.name,
                row.sex,
                age_on(row.birth_date, max(on, row.birth_date)),
                row.village or "",
                row.phone or "",
                counted.numerator.get(row.id, 0),
                counted.denominator.get(row.id, 0),
            )
            for row in rows
        )
        listed = [*found, *_members_of_the_consortium(session, people, counted)]
        return tuple(sorted(listed, key=lambda one: (one.village, one.name, one.resident_id)))


def _members_of_the_consortium(
    session: Session, keys: Iterable[str], counted: Counted
) -> list[Member]:
    """Expert visits and training are counted by organisation: it stands in the list by its name."""
    rows = session.execute(
        select(Organisation.id, Organisation.name).where(Organisation.id.in_(list(keys)))
    )
    return [
        Member(
            "",
            row.name,
            "",
            None,
            "",
            "",
            counted.numerator.get(row.id, 0),
            counted.denominator.get(row.id, 0),
        )
        for row in rows
    ]


def _read_people(session: Session, ids: Sequence[str]) -> list[Row[Any]]:
    who = select(
        Resident.id,
        Resident.name,
        Resident.sex,
        Resident.birth_date,
        Resident.village,
        Resident.phone,
    )
    rows: list[Row[Any]] = []
    for start in range(0, len(ids), 500):
        rows += session.execute(who.where(Resident.id.in_(ids[start : start + 500])))
    return rows


def _check(actor: Actor, roles: frozenset[str] = VIEWERS) -> None:
    if actor.roles.isdisjoint(roles):
        raise NotAllowed(
            tr("Your account does not see reports. Ask the administrator for the role you need.")
        )


def _counted(
    reading: Reading, period: Period, only: str = ""
) -> tuple[dict[str, Counted], dict[str, tuple[str, str]]]:
    """The indicators by code, and the teams. ``only``: the one that is wanted; what the others
    need is not read.
    """
    session, people, organisation_id = reading.session, reading.people, reading.organisation_id
    counted: list[Counted] = []
    teams: dict[str, tuple[str, str]] = {}
    if only in ("", "C1"):
        teams = teams_on(reading.contracts, period.end)
        counted.append(contract_rate(teams, period, people))
    # In the order in which what they need was read.
    if only[:1] in ("", "R", "O"):
        counted += _of_the_consortium(reading, period, only)
    if only[:1] in ("", *CODE_OF.values()):
        checked = checked_within_a_year(reading.checks, period)
        for disease, letter in CODE_OF.items():
            if only[:1] in ("", letter):
                counted += chronic_indicators(
                    disease,
                    period,
                    people,
                    reading.managed.get(disease, ()),
                    checked,
                    reading.settings,
                    reading.visits(disease),
                )
    if only[:1] in ("", "E"):
        tcm = reading.assessments.get(TCM_SCALE, Days())
        counted += elder_indicators(session, organisation_id, period, people, reading.checks, tcm)
    if only in ("", "C2"):
        services, served_by = services_done(
            session,
            reading.contracts,
            reading.packages,
            reading,
            organisation_id,
            period,
            people,
        )
        counted.append(services)
        # Whoever has none any more stands under the team that owed the services.
        teams = served_by | teams
    return {one.code: one for one in counted}, teams


def _of_the_consortium(reading: Reading, period: Period, only: str) -> list[Counted]:
    """Referrals and what the lead hospital does below."""
    session, people, organisation_id = reading.session, reading.people, reading.organisation_id
    counted: list[Counted] = []
    guests: set[str] = set()
    if only[:1] in ("", "R"):
        courses = [
            replace(course, resident_id=people.person_of(course.resident_id))
            for course in reading.courses
        ]
        guests |= {course.resident_id for course in courses}
        limits = limits_in_force(session)
        counted += referral_indicators(courses, organisation_id, period, limits)
    if only[:1] in ("", "O"):
        visits, consultations, training = outreach_indicators(session, organisation_id, period)
        guests |= consultations.denominator.keys()
        counted += (visits, consultations, training)
    # Whom a lead hospital treats or advises is on another organisation's books.
    people.add_guests(session, guests - people.by_id.keys())
    return counted


def _report(session: Session, ahead: Ahead, organisation_id: str, period: Period) -> Report:
    reading = Reading(session, organisation_id, period, ahead=ahead)
    people = reading.people
    by_code, teams = _counted(reading, period)
    doctors = {row.id: row.name for row in session.execute(select(Staff.id, Staff.name))}
    for one in by_code.values():
        _ = one.done, one.of  # summed here, behind the screen
    return Report(
        organisation_id,
        period,
        {i.code: by_code[i.code] for i in INDICATORS if i.code in by_code},
        reading.settings.version,
        people,
        doctors,
        teams,
    )
