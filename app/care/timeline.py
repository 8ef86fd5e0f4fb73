"""The timeline of a resident: everything recorded, newest clinical day first, a page at a time.

Each entry says where its record stands on its way to the lead hospital, never better than true.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Text,
    desc,
    func,
    literal,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from app.care.conflict_lists import history_words
from app.care.resident_list import bed_label, condition_name
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.organisation import Organisation, Staff
from app.models.outbox import Conflict, Delivery, deliveries, delivery_state
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Condition, Residence, Resident
from app.models.store import Store

__all__ = ["TimelineEntry", "count_timeline", "timeline"]

_ERROR = "entered_in_error"
_CLINIC = "+8 hours"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line: what was recorded on which clinical day, by whom, and where the record stands.

    `kind` is the record's kind (`follow_up`, `check_in`, …), or `admission`, `discharge`, or
    `conflict` (two people's changes, and what was decided). `tone` is `neutral`, `attention` or
    `danger`. `subject_id` is the record to open (the referral of a referral's move, else the
    record itself). `author` may be empty.
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

    `organisation` is named only where it is not the actor's own.
    """
    with store.read() as session:
        rows = session.execute(
            _keys(resident_id)
            .order_by(desc(text("day")), desc(text("id")))
            .offset(offset)
            .limit(limit)
        )
        keys: list[_Key] = [(row.kind, row.id, date.fromisoformat(row.day)) for row in rows]
        return _entries(session, keys, actor, resident_id)


def count_timeline(store: Store, actor: Actor, resident_id: str) -> int:
    """How many entries the timeline has."""
    with store.read() as session:
        keys = _keys(resident_id).subquery()
        return session.scalar(select(func.count()).select_from(keys)) or 0


def _keys(resident_id: str) -> CompoundSelect[Any]:
    """Kind, id and clinical day (ISO text) of everything that is recorded of a resident."""

    def instant_day(column: Any) -> Any:
        return func.date(type_coerce(column, Text), _CLINIC)

    def plain_day(column: Any) -> Any:
        return type_coerce(column, Text)

    def part(kind: str, model: Any, owner: Any, day: Any, *where: Any) -> Any:
        return select(literal(kind).label("kind"), model.id.label("id"), day.label("day")).where(
            owner == resident_id, *where
        )

    superseded = select(FollowUp.supersedes_id).where(
        FollowUp.resident_id == resident_id, FollowUp.supersedes_id.is_not(None)
    )
    replaced = select(CheckIn.supersedes_id).where(
        CheckIn.resident_id == resident_id, CheckIn.supersedes_id.is_not(None)
    )
    return union_all(
        part("resident", Resident, Resident.id, instant_day(Resident.created_at)),
        part("condition", Condition, Condition.resident_id, instant_day(Condition.created_at)),
        part(
            "follow_up",
            FollowUp,
            FollowUp.resident_id,
            plain_day(FollowUp.visit_date),
            FollowUp.status != _ERROR,
            FollowUp.id.not_in(superseded),
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
        part("referral", Referral, Referral.resident_id, plain_day(Referral.written_on)),
        part(
            "referral_event",
            ReferralEvent,
            ReferralEvent.resident_id,
            instant_day(ReferralEvent.occurred_at),
            # The first sending is the letter itself.
            ReferralEvent.from_state.is_not(None),
            ReferralEvent.from_state != "draft",
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


def _entries(
    session: Session, keys: list[_Key], actor: Actor, resident_id: str
) -> tuple[TimelineEntry, ...]:
    made: dict[tuple[str, str], TimelineEntry] = {}
    for kind, (model, say) in _SAY.items():
        wanted = {id_: day for kind_, id_, day in keys if kind_ == kind}
        if not wanted:
            continue
        rows: list[Any] = list(session.scalars(select(model).where(model.id.in_(list(wanted)))))
        stay = model is Residence
        # A stay travels inside its resident's record.
        whole = [resident_id] if stay else list(wanted)
        states = deliveries(session, "resident" if stay else kind, whole)
        for row in rows:
            title, detail, author, tone = say(session, row)
            decided = isinstance(row, Conflict)
            if decided:
                states[row.id] = delivery_state(session, row.kind, row.record_id)
            made[kind, row.id] = TimelineEntry(
                kind=kind,
                record_id=row.id,
                subject_id=getattr(row, "referral_id", None) or row.id,
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
                delivery=states[resident_id if stay else row.id],
            )
    entries = [made[kind, id_] for kind, id_, _ in keys if (kind, id_) in made]
    return _named(session, entries, actor)


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


_Words = tuple[str, str, str, str]
"""Title, detail, author (a name, or empty for the author's id), tone."""


def _join(parts: Iterable[str | None]) -> str:
    return " · ".join(part for part in parts if part)


def _say_resident(session: Session, row: Resident) -> _Words:
    detail = tr("temporary, without a card") if row.temporary else ""
    return tr("Record made"), detail, "", "neutral"


def _say_condition(session: Session, row: Condition) -> _Words:
    since = tr("since {when}").format(when=row.onset) if row.onset else ""
    over = tr("resolved") if row.clinical_status != "active" else ""
    return tr("Diagnosis"), _join((condition_name(row), since, over)), "", "neutral"


def _say_follow_up(session: Session, row: FollowUp) -> _Words:
    names = [codes.label("chronic_disease", each.disease) for each in row.diseases]
    title = (
        tr("Follow-up: {diseases}").format(diseases=tr(", ").join(names)) if names else tr("Visit")
    )
    values: list[str | None] = []
    if row.sbp is not None and row.dbp is not None:
        values.append(f"{row.sbp}/{row.dbp} mmHg")
    for value, name in (
        (row.fpg, tr("fasting {value} mmol/L")),
        (row.ppg, tr("after meal {value} mmol/L")),
        (row.random_glucose, tr("random {value} mmol/L")),
    ):
        if value is not None:
            values.append(name.format(value=f"{value:g}"))
    classes = dict.fromkeys(codes.label("visit_class", each.control_class) for each in row.diseases)
    values.extend(classes)
    dates = [each.next_visit_date for each in row.diseases if each.next_visit_date]
    if dates:
        values.append(tr("next {day}").format(day=min(dates).isoformat()))
    urgent = any(each.urgent for each in row.diseases)
    poor = any(each.control_class not in ("1", None) for each in row.diseases)
    tone = "danger" if urgent else "attention" if poor else "neutral"
    return title, _join(values), row.doctor_name, tone


def _say_plan(session: Session, row: RehabPlan) -> _Words:
    items = tr("{count} exercises").format(count=len(row.items or ()))
    return (
        tr("Rehab plan"),
        _join((row.diagnosis, items, codes.label("rehab_plan_status", row.status))),
        row.prescriber_name,
        "neutral",
    )


def _say_check_in(session: Session, row: CheckIn) -> _Words:
    parts: list[str | None] = []
    tone = "neutral"
    if row.screen == "hold":
        parts.append(tr("held back"))
        parts += [codes.label("rehab_hold_reason", _code(each)) for each in row.hold_reasons or ()]
        tone = "attention"
    else:
        parts.append(codes.label("rehab_completion", row.completion))
    if row.borg is not None:
        parts.append(tr("Borg {value}").format(value=row.borg))
    if row.pre_sbp is not None and row.pre_dbp is not None:
        parts.append(f"{row.pre_sbp}/{row.pre_dbp} mmHg")
    if row.stop_reasons:
        parts.append(tr("stopped"))
        parts += [codes.label("rehab_stop_reason", _code(each)) for each in row.stop_reasons]
        tone = "danger"
    if row.adverse:
        parts.append(tr("adverse event"))
        tone = "danger"
    return tr("Rehab check-in"), _join(dict.fromkeys(parts)), row.performer_name, tone


def _code(entry: Any) -> str:
    return str(entry.get("code", "")) if isinstance(entry, dict) else str(entry)


def _say_referral(session: Session, row: Referral) -> _Words:
    state = session.scalar(
        select(ReferralTask.state).where(
            ReferralTask.referral_id == row.id, ReferralTask.service == "letter"
        )
    )
    receiver = session.get(Organisation, row.to_organisation_id)
    detail = _join(
        (
            (receiver.short_name or receiver.name) if receiver else "",
            row.to_department,
            codes.label("referral_urgency", row.urgency),
            row.impression,
            codes.label("referral_state", state),
        )
    )
    tone = "danger" if row.urgency == "emergency" else "neutral"
    return codes.label("referral_direction", row.direction), detail, row.from_doctor_name, tone


def _say_event(session: Session, row: ReferralEvent) -> _Words:
    if row.service == "letter":
        title = tr("Referral: {state}").format(state=codes.label("referral_state", row.to_state))
    else:
        title = tr("{service}: {state}").format(
            service=codes.label("referral_service", row.service),
            state=codes.label("referral_service_state", row.to_state),
        )
    tone = "attention" if row.to_state in ("returned", "rejected", "refused") else "neutral"
    return title, row.reason_text or "", row.actor_name, tone


def _say_admission(session: Session, row: Residence) -> _Words:
    bed = bed_label(row.building, row.room, row.bed)
    return tr("Admitted"), tr("bed {bed}").format(bed=bed) if bed else "", "", "neutral"


def _say_discharge(session: Session, row: Residence) -> _Words:
    bed = bed_label(row.building, row.room, row.bed)
    detail = _join(
        (
            tr("bed {bed}").format(bed=bed) if bed else "",
            codes.label("discharge_reason", row.reason),
        )
    )
    return tr("Discharged"), detail, "", "neutral"


def _say_conflict(session: Session, row: Conflict) -> _Words:
    title, detail = history_words(row)
    return title, detail, "", "neutral"


_SAY: dict[str, tuple[Any, Callable[[Session, Any], _Words]]] = {
    "resident": (Resident, _say_resident),
    "condition": (Condition, _say_condition),
    "follow_up": (FollowUp, _say_follow_up),
    "rehab_plan": (RehabPlan, _say_plan),
    "check_in": (CheckIn, _say_check_in),
    "referral": (Referral, _say_referral),
    "referral_event": (ReferralEvent, _say_event),
    "admission": (Residence, _say_admission),
    "discharge": (Residence, _say_discharge),
    "conflict": (Conflict, _say_conflict),
}
