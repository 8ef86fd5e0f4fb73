"""What of a contract was given: counted from the records where an item names a kind of record,
else from what was noted by hand.

Source: domain reference §3.1, §9.3 C2 (LOCAL-2025). The days of all kinds are read in a few
queries, whole lists of contracts at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.contracts.packages import ServiceItem
from app.care.contracts.signing import get_contract, require_signer
from app.care.contracts.terms import (
    OPEN,
    RULE_VERSION,
    STANDING,
    TERMINATED,
    Span,
    contract_years,
    count_due,
)
from app.care.corrections import ENTERED_IN_ERROR as ENTERED_IN_ERROR
from app.care.kept import rows
from app.care.ownership import require_own
from app.care.parsing import clean_text
from app.care.resident_record.people import survivor_of, whole_people
from app.clock import clinic_date
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.contract import Contract, ContractService
from app.models.health_check import HealthCheck
from app.models.rehab import CheckIn
from app.models.store import Store

RECORD, MANUAL = "record", "manual"
_BATCH = 500
_NOTE = 200


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service of a contract in its present year.

    ``times``: asked for in the year, 0 on request; ``due``: of those, by today; ``given``: all
    that were given in the year; ``manual``: noted by hand, else counted from the records.
    """

    package: str
    service: str
    name: str
    counts: str
    times: int
    due: int
    given: int
    last_on: date | None
    manual: bool

    @property
    def behind(self) -> int:
        """How many that were due are lacking."""
        return max(self.due - self.given, 0)


@dataclass(frozen=True, slots=True)
class ServiceNote:
    """A service that was noted by hand."""

    id: str
    service: str
    name: str
    served_on: date
    performer: str
    note: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the counting needs of a contract."""

    id: str
    resident_id: str
    village: str
    team_id: str
    span: Span
    items: tuple[tuple[str, ServiceItem], ...]  # package's name, item

    @classmethod
    def of(cls, row: Contract, village: str = "") -> Agreed:
        return cls(
            row.id,
            row.resident_id,
            village,
            row.team_id,
            Span(row.starts_on, row.ends_on, row.status, row.terminated_on),
            tuple(agreed_items(row.packages)),
        )


#: Visits and checks of one day are one: merged records may hold the same one twice.
ONE_A_DAY = ("follow_up", "health_check")


def agreed_items(packages: Iterable[Any]) -> Iterator[tuple[str, ServiceItem]]:
    """The services of a contract's packages; one that two packages hold counts in the first."""
    seen: set[str] = set()
    for package in packages:
        if not isinstance(package, dict):
            continue
        for values in rows(package.get("services")):
            item = ServiceItem.from_dict(values)
            if item.service not in seen:
                seen.add(item.service)
                yield str(package.get("name") or ""), item


class Given:
    """The days on which services were given, for many contracts.

    ``start`` and ``end`` bound what is read; both days belong to it.
    """

    def __init__(
        self, session: Session, contracts: Sequence[Agreed], start: date, end: date
    ) -> None:
        self._session = session
        self._window = (start, end)
        # Of a person with several records all of them count.
        self._person = whole_people(session, {each.resident_id for each in contracts})
        self._ids = list(self._person)
        self._by_kind: dict[str, dict[str, list[date]]] = {}
        self._noted = self._read_noted(contracts)

    def days(self, contract: Agreed, item: ServiceItem) -> tuple[date, ...]:
        """The days that count for one service of one contract, in order."""
        if item.counts == MANUAL:
            return tuple(self._noted.get((contract.id, item.service), ()))
        if item.counts == RECORD:
            # The record is kept all the time: it is there in every year of the contract.
            years = contract_years(contract.span.starts_on, contract.span.ends_on)
            return tuple(first for first, _ in years for _ in range(item.times))
        if item.counts not in self._by_kind:
            self._by_kind[item.counts] = self._read(item.counts)
        person = self._person.get(contract.resident_id, contract.resident_id)
        return tuple(self._by_kind[item.counts].get(person, ()))

    def _read(self, counts: str) -> dict[str, list[date]]:
        found: dict[str, list[date]] = {}
        for id_, day in self._rows(counts):
            found.setdefault(self._person.get(id_, id_), []).append(day)
        for days in found.values():
            days[:] = sorted(set(days)) if counts.startswith(ONE_A_DAY) else sorted(days)
        return found

    def _rows(self, counts: str) -> Iterator[tuple[str, date]]:
        many = len(self._ids) > 20 * _BATCH
        # A whole organisation: one pass over the days is cheaper than many lists of ids.
        parts: list[list[str] | None] = (
            [None]
            if many
            else [self._ids[n : n + _BATCH] for n in range(0, len(self._ids), _BATCH)]
        )
        for part in parts:
            query = _query(counts, *self._window, part)
            if query is None:
                return
            for id_, day in self._session.execute(query):
                yield id_, clinic_date(day) if isinstance(day, datetime) else day

    def _read_noted(self, contracts: Sequence[Agreed]) -> dict[tuple[str, str], list[date]]:
        found: dict[tuple[str, str], list[date]] = {}
        ids = [each.id for each in contracts]
        for start in range(0, len(ids), _BATCH):
            noted = self._session.execute(
                select(
                    ContractService.contract_id, ContractService.service, ContractService.served_on
                )
                .where(
                    ContractService.contract_id.in_(ids[start : start + _BATCH]),
                    ContractService.status != ENTERED_IN_ERROR,
                )
                .order_by(ContractService.served_on)
            )
            for contract_id, service, day in noted:
                found.setdefault((contract_id, service), []).append(day)
        return found


def _query(counts: str, start: date, end: date, part: list[str] | None) -> Any:
    """(resident, day) of the records that a code of ``service_count`` names.

    ``part``: of these residents only. A record that was corrected counts in its last version.
    """
    kind, _, what = counts.partition(":")
    if kind == "follow_up":
        parts = FollowUpDisease
        query = (
            select(parts.resident_id, parts.visit_date)
            .join(FollowUp, FollowUp.id == parts.follow_up_id)
            .where(parts.disease == what, parts.visit_date.between(start, end))
        )
        if part is not None:
            query = query.where(parts.resident_id.in_(part))
        return _valid(query, FollowUp, part)
    if kind == "health_check":
        days = HealthCheck.check_date
        # One without the doctor's conclusion is not done yet.
        query = select(HealthCheck.resident_id, days).where(
            days.between(start, end), HealthCheck.conclusion.is_not(None)
        )
        return _valid(query, HealthCheck, part)
    if kind == "assessment":
        days = Assessment.assessed_on
        query = select(Assessment.resident_id, days).where(days.between(start, end))
        if what:
            query = query.where(Assessment.scale == what)
        return _valid(query, Assessment, part)
    if kind == "check_in":
        made = select(CheckIn.resident_id, CheckIn.started_at).where(
            CheckIn.completion != "not_done"
        )
        return _valid(made, CheckIn, part)
    return None


def _valid(query: Any, model: Any, part: list[str] | None) -> Any:
    superseded = select(model.supersedes_id).where(model.supersedes_id.is_not(None))
    if part is not None:
        query = query.where(model.resident_id.in_(part))
        superseded = superseded.where(model.resident_id.in_(part))
    return query.where(model.status != ENTERED_IN_ERROR, model.id.not_in(superseded))


def lines_of(session: Session, row: Contract, today: date) -> tuple[ServiceLine, ...]:
    """The services of a contract in its year of today (its first before it, its last after)."""
    agreed = Agreed.of(row)
    years = list(contract_years(row.starts_on, row.ends_on))
    if not years:
        return ()
    first, last = next((year for year in years if year[1] >= today), years[-1])
    given = Given(session, [agreed], first, last)
    lines = []
    for package, item in agreed.items:
        days = [day for day in given.days(agreed, item) if first <= day <= last]
        due = count_due(agreed.span, item.times, tuple(days), first, min(today, last)).due
        lines.append(
            ServiceLine(
                package=package,
                service=item.service,
                name=item.name,
                counts=item.counts,
                times=item.times,
                due=due,
                given=len(days),
                last_on=None if item.counts == RECORD else max(days, default=None),
                manual=item.counts == MANUAL,
            )
        )
    return tuple(lines)


def notes_of(session: Session, contract_id: str) -> tuple[ServiceNote, ...]:
    """What was noted by hand, the newest first."""
    noted = session.scalars(
        select(ContractService)
        .where(
            ContractService.contract_id == contract_id,
            ContractService.status != ENTERED_IN_ERROR,
        )
        .order_by(ContractService.served_on.desc(), ContractService.id.desc())
    )
    return tuple(
        ServiceNote(
            row.id, row.service, row.service_name, row.served_on, row.performer_name, row.note or ""
        )
        for row in noted
    )


def note_service(
    store: Store, actor: Actor, contract_id: str, service: str, on: date | None, note: str = ""
) -> str:
    """Note by hand that a service of a contract was given; gives back the note's id.

    Raises InputError for a day outside the contract or ahead, for a service that the records
    count, or that the contract does not hold; NotAllowed, NotFound.
    """
    require_signer(actor)
    text = clean_text(note)
    with store.write(actor) as session:
        row = get_contract(session, contract_id)
        require_own(actor, row)
        item = next((i for _, i in agreed_items(row.packages) if i.service == service), None)
        problems: dict[str, str] = {}
        if item is None:
            problems["service"] = tr("Choose a service of the contract.")
        elif item.counts != MANUAL:
            problems["service"] = tr("This service is counted from the records by itself.")
        last = min(store.clock.today(), row.ends_on)
        if row.status not in OPEN and row.terminated_on is not None:
            # The day of the termination is the first without the contract.
            last = min(last, row.terminated_on - timedelta(days=1))
        if on is None or not row.starts_on <= on <= last:
            problems["on"] = tr("The day must lie within the contract and not ahead.")
        if len(text) > _NOTE:
            problems["note"] = tr("This text is too long: at most {count} characters.").format(
                count=_NOTE
            )
        if problems:
            raise InputError(problems)
        assert item is not None
        assert on is not None
        made = ContractService(
            contract_id=row.id,
            resident_id=survivor_of(session, row.resident_id),
            service=service,
            service_name=item.name,
            served_on=on,
            performer_id=actor.staff_id,
            performer_name=actor.name,
            note=text or None,
            form_version=RULE_VERSION,
            is_sample=row.is_sample,
        )
        session.add(made)
        session.flush()
        return made.id


def void_service(store: Store, actor: Actor, note_id: str, reason: str) -> None:
    """Take back what was noted by mistake; it is kept, marked as an error."""
    require_signer(actor)
    text = clean_text(reason)
    if not text:
        raise InputError({"reason": tr("Say why.")})
    with store.write(actor) as session:
        row = session.get(ContractService, note_id)
        if row is None:
            raise NotFound(tr("This note is not on this computer."))
        require_own(actor, row)
        row.status = ENTERED_IN_ERROR
        row.status_reason = text


def count_label(counts: str) -> str:
    """What shows that a service was given, in words."""
    return codes.label("service_count", counts)


#: Contracts of these states were in force at some time.
WERE_IN_FORCE = (*STANDING, TERMINATED)
