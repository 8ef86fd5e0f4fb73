"""The timeline of a resident: everything recorded, newest clinical day first, a page at a time.

Each entry says where its record stands on its way to the lead hospital, never better than true.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Text,
    desc,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, selectinload

from app.care.resident_record.people import same_person
from app.care.rivals_words import counting_rivals, rival_words
from app.care.timeline_words import SAY
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.chronic import FollowUp
from app.models.contract import Contract, ContractService
from app.models.health_check import HealthCheck
from app.models.organisation import Organisation, Staff
from app.models.outbox import RIVALS, Conflict, Delivery, deliveries, delivery_state
from app.models.outreach import Consultation
from app.models.referral import Referral, ReferralEvent
from app.models.referral_return import ReferralVisit
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Condition, Residence, Resident
from app.models.resident_record import Consent
from app.models.rivals import MARKED
from app.models.screening import BpScreening
from app.models.store import Store

__all__ = ["TimelineEntry", "count_timeline", "entries_of", "timeline"]

_ERROR = "entered_in_error"
#: The purpose of a visit that belongs to its referral's own page.
AFTER_RETURN = "after_return"
_CLINIC = "+8 hours"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line: what was recorded on which clinical day, by whom, and where the record stands.

    `kind` is the record's kind (`follow_up`, `check_in`, …), or `admission`, `discharge`, or
    `conflict` (two people's changes, and what was decided). `tone` is `neutral`, `attention` or
    `danger`. `subject_id` is the record to open (the referral of a referral's move or of a visit
    after the return, else the record itself). `author` may be empty.
    """

    kind: str
    record_id: str
    subject_id: str
    day: date
    title: str
    detail: str
    author: str
    organisation_id: str
    organisation: str
    tone: str
    delivery: Delivery


_Key = tuple[str, str, date]


def timeline(
    store: Store, actor: Actor, resident_id: str, offset: int = 0, limit: int = 50
) -> tuple[TimelineEntry, ...]:
    """A page of the timeline. Entries of one day stand in the reverse order of their ids.

    `organisation` is named only where it is not the actor's own. What stands in records that
    were merged into this one belongs to it.
    """
    with store.read() as session:
        rows = session.execute(
            _keys(same_person(session, resident_id))
            .order_by(desc(text("day")), desc(text("id")))
            .offset(offset)
            .limit(limit)
        )
        keys: list[_Key] = [(row.kind, row.id, date.fromisoformat(row.day)) for row in rows]
        return _entries(session, keys, actor)


def count_timeline(store: Store, actor: Actor, resident_id: str) -> int:
    """How many entries the timeline has."""
    with store.read() as session:
        return entries_of(session, same_person(session, resident_id))


def entries_of(session: Session, records: tuple[str, ...]) -> int:
    """How many entries these records alone would have."""
    keys = _keys(records).subquery()
    return session.scalar(select(func.count()).select_from(keys)) or 0


def _keys(person: tuple[str, ...]) -> CompoundSelect[Any]:
    """Kind, id and clinical day (ISO text) of all that the records of one person hold."""

    def instant_day(column: Any) -> Any:
        return func.date(type_coerce(column, Text), _CLINIC)

    def plain_day(column: Any) -> Any:
        return type_coerce(column, Text)

    def part(kind: str, model: Any, owner: Any, day: Any, *where: Any) -> Any:
        return select(literal(kind).label("kind"), model.id.label("id"), day.label("day")).where(
            owner.in_(person), *where
        )

    superseded = select(FollowUp.supersedes_id).where(
        FollowUp.resident_id.in_(person), FollowUp.supersedes_id.is_not(None)
    )
    replaced = select(CheckIn.supersedes_id).where(
        CheckIn.resident_id.in_(person), CheckIn.supersedes_id.is_not(None)
    )
    corrected = select(ReferralVisit.replaces_id).where(
        ReferralVisit.resident_id.in_(person), ReferralVisit.replaces_id.is_not(None)
    )
    return union_all(
        part("resident", Resident, Resident.id, instant_day(Resident.created_at)),
        part("condition", Condition, Condition.resident_id, instant_day(Condition.created_at)),
        part(
            "consent",
            Consent,
            Consent.resident_id,
            plain_day(Consent.signed_on),
            Consent.status != _ERROR,
        ),
        part(
            "follow_up",
            FollowUp,
            FollowUp.resident_id,
            plain_day(FollowUp.visit_date),
            _shown(FollowUp),
            FollowUp.id.not_in(superseded),
        ),
        part(
            "health_check",
            HealthCheck,
            HealthCheck.resident_id,
            plain_day(HealthCheck.check_date),
            _shown(HealthCheck),
        ),
        part(
            "assessment",
            Assessment,
            Assessment.resident_id,
            plain_day(Assessment.assessed_on),
            _shown(Assessment),
        ),
        part("contract", Contract, Contract.resident_id, plain_day(Contract.signed_on)),
        part(
            "contract_service",
            ContractService,
            ContractService.resident_id,
            plain_day(ContractService.served_on),
            ContractService.status != _ERROR,
            # Over the contracts of the person: their services have an index, the person's none.
            ContractService.contract_id.in_(
                select(Contract.id).where(Contract.resident_id.in_(person))
            ),
        ),
        part("rehab_plan", RehabPlan, RehabPlan.resident_id, plain_day(RehabPlan.starts_on)),
        part(
            "check_in",
            CheckIn,
            CheckIn.resident_id,
            instant_day(CheckIn.started_at),
            CheckIn.status != _ERROR,
            CheckIn.id.not_in(replaced),
        ),
        part(
            "bp_screening",
            BpScreening,
            BpScreening.resident_id,
            plain_day(BpScreening.measured_on),
            BpScreening.status != _ERROR,
        ),
        part("referral", Referral, Referral.resident_id, plain_day(Referral.written_on)),
        part(
            "referral_event",
            ReferralEvent,
            ReferralEvent.resident_id,
            instant_day(ReferralEvent.occurred_at),
            # The first sending is the letter itself.
            ReferralEvent.from_state.is_not(None),
            ReferralEvent.from_state != "draft",
            ReferralEvent.referral_id.in_(
                select(Referral.id).where(Referral.resident_id.in_(person))
            ),
        ),
        part(
            "consultation",
            Consultation,
            Consultation.resident_id,
            instant_day(Consultation.asked_at),
        ),
        part(
            "referral_visit",
            ReferralVisit,
            ReferralVisit.resident_id,
            plain_day(ReferralVisit.visited_on),
            ReferralVisit.status != _ERROR,
            ReferralVisit.id.not_in(corrected),
        ),
        part("admission", Residence, Residence.resident_id, plain_day(Residence.admit_date)),
        part(
            "discharge",
            Residence,
            Residence.resident_id,
            plain_day(Residence.discharge_date),
            Residence.discharge_date.is_not(None),
        ),
        part(
            "conflict",
            Conflict,
            Conflict.resident_id,
            instant_day(Conflict.resolved_at),
            Conflict.resolved_by.is_not(None),
            # A move of a referral that came too late stands in the referral's own history.
            type_coerce(Conflict.fields, Text).not_like('%"event_ids"%'),
        ),
    )


def _shown(model: Any) -> Any:
    """What stands, and a correction that counts nowhere only because another one does."""
    return or_(model.status != _ERROR, model.status_reason.like(MARKED))


def _entries(session: Session, keys: list[_Key], actor: Actor) -> tuple[TimelineEntry, ...]:
    made: dict[tuple[str, str], TimelineEntry] = {}
    rivalled = counting_rivals(session, [id_ for _, id_, _ in keys])
    for kind, (model, say) in SAY.items():
        wanted = {id_: day for kind_, id_, day in keys if kind_ == kind}
        if not wanted:
            continue
        asked = select(model).where(model.id.in_(list(wanted)))
        if model is FollowUp:
            # With their parts in one go, not one by one when they are said.
            asked = asked.options(selectinload(FollowUp.diseases))
        rows: list[Any] = list(session.scalars(asked))
        stay = model is Residence
        # A stay travels inside its resident's record.
        whole = [row.resident_id for row in rows] if stay else list(wanted)
        states = deliveries(session, "resident" if stay else kind, whole)
        for row in rows:
            title, detail, author, tone = say(session, row)
            if beside := rival_words(row, rivalled):
                detail, tone = (f"{beside} {detail}" if detail else beside), "attention"
            decided = isinstance(row, Conflict)
            if decided:
                of = row.kind.removeprefix(RIVALS)
                states[row.id] = delivery_state(session, of, row.record_id)
            made[kind, row.id] = TimelineEntry(
                kind=kind,
                record_id=row.id,
                subject_id=_subject(row),
                day=wanted[row.id],
                title=title,
                detail=detail,
                author=author or ("" if stay else row.resolved_by if decided else row.author_id),
                organisation_id=row.org_id
                if stay
                else actor.organisation_id
                if decided
                else row.organisation_id,
                organisation="",
                tone=tone,
                delivery=states[row.resident_id if stay else row.id],
            )
    entries = [made[kind, id_] for kind, id_, _ in keys if (kind, id_) in made]
    return _named(session, entries, actor)


def _subject(row: Any) -> str:
    """The id of what a line opens. A question and guidance have pages of their own."""
    own = isinstance(row, Consultation) or (
        isinstance(row, ReferralVisit) and row.purpose != AFTER_RETURN
    )
    found: str | None = None
    if not own:
        found = getattr(row, "referral_id", None) or getattr(row, "contract_id", None)
    return found or str(row.id)


def _named(
    session: Session, entries: Iterable[TimelineEntry], actor: Actor
) -> tuple[TimelineEntry, ...]:
    """Ids of staff and of other organisations become names."""
    listed = list(entries)
    staff: dict[str, str] = {
        row.id: row.name
        for row in session.execute(
            select(Staff.id, Staff.name).where(Staff.id.in_({each.author for each in listed}))
        )
    }
    others = {each.organisation_id for each in listed} - {actor.organisation_id}
    organisations: dict[str, str] = {
        row.id: row.short_name or row.name
        for row in session.execute(
            select(Organisation.id, Organisation.short_name, Organisation.name).where(
                Organisation.id.in_(others)
            )
        )
    }
    return tuple(
        replace(
            each,
            author=staff.get(each.author, "" if _is_id(each.author) else each.author),
            organisation=organisations.get(each.organisation_id, ""),
        )
        for each in listed
    )


def _is_id(name: str) -> bool:
    return len(name) == 36 and name.count("-") == 4
