"""The resident's page: the header that must be seen at a glance, the reveal, the trends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Text, func, select, type_coerce
from sqlalchemy.orm import Session

from app.care import diabetes, hypertension, masking
from app.care.age import age_on
from app.care.basic_form import NONE, form_of
from app.care.clinical_settings import clinical_settings
from app.care.conditions import ConditionLine, line_of
from app.care.health_check.points import check_points
from app.care.resident_list import ResidentLine, bed_label
from app.care.resident_record.merging import MergedRecord, merged_records
from app.care.resident_record.people import same_person
from app.care.resident_record.population import tags_of
from app.care.residents import similar_residents
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.audit import record_access
from app.models.chronic import FollowUp
from app.models.local import DueItem
from app.models.organisation import Organisation
from app.models.outbox import Delivery, delivery_state
from app.models.referral import ReferralTask
from app.models.rehab import CheckIn
from app.models.resident import Condition, Residence, Resident
from app.models.store import Store

__all__ = ["Alert", "Identity", "Summary", "Trends", "reveal_identity", "summary", "trends"]

# States in which a letter is under way: someone must still act.
_REFERRAL_ENDED = frozenset(
    {"closed", "rejected", "cancelled", "no_show", "expired", "deleted", "draft"}
)

# Past diseases that an active diagnosis of this programme already says.
_COVERED = {"hypertension": "2", "type2_diabetes": "3", "copd": "5"}


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to mind before touching the resident.

    `kind` says what: `emergency`, `referral`, `overdue`, `temporary`, `allergy_unknown`, `closed`,
    `duplicate`, `urgent_visit`, `merged`. `tone` is `danger` or `attention`.
    """

    kind: str
    text: str
    tone: str
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The header of a resident's page. `age` in completed years today.

    `allergies` are names (empty with `allergy_asked` True means none); `history` are past diseases
    that no active diagnosis says. `id_masked` is opened by `reveal_identity` only. `merged` are
    the records that stand under this one: their diagnoses, allergies and past diseases are shown
    with its own; `survivor_id` is the record that goes on where this one does not. `tags` are
    codes of list `population_flag`, `record_no` has 17 digits or is empty.
    """

    id: str
    name: str
    sex: str
    birth_date: date
    age: int
    id_masked: str
    phone: str
    township: str
    village: str
    address: str
    bed: str
    stay_organisation: str
    stay_id: str
    conditions: tuple[ConditionLine, ...]
    history: tuple[str, ...]
    allergies: tuple[str, ...]
    allergy_asked: bool
    alerts: tuple[Alert, ...]
    record_status: str
    temporary: bool
    change_id: str
    delivery: Delivery
    duplicates: tuple[ResidentLine, ...]
    record_no: str = ""
    tags: tuple[str, ...] = ()
    merged: tuple[MergedRecord, ...] = ()
    survivor_id: str = ""
    status_on: date | None = None
    status_note: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The whole of what is masked elsewhere."""

    id_no: str
    phone: str


@dataclass(frozen=True, slots=True)
class Trends:
    """Blood pressure in mmHg, glucose in mmol/L and weight in kg by day, oldest first, with the
    targets of today.

    `bp_target` is the pressure (systolic, diastolic) to stay strictly under at the present age;
    `glucose_target` the fasting range (lowest allowed, limit to stay under).
    """

    systolic: tuple[tuple[date, float], ...]
    diastolic: tuple[tuple[date, float], ...]
    fasting: tuple[tuple[date, float], ...]
    after_meal: tuple[tuple[date, float], ...]
    random: tuple[tuple[date, float], ...]
    bp_target: tuple[int, int]
    glucose_target: tuple[float, float]
    weight: tuple[tuple[date, float], ...] = ()


def summary(store: Store, actor: Actor, resident_id: str, *, opened: bool = True) -> Summary:
    """The header of a resident's page; the reading is noted in the audit trail.

    `opened=False`: the page was open already and is only brought up to date, which is not a
    second reading. Raises NotFound.
    """
    today = store.clock.today()
    with store.read() as session:
        row = _get(session, resident_id)
        found = _summary(session, row, today)
    if opened:
        record_access(store, actor, "read", "resident", resident_id)
    return found


def reveal_identity(store: Store, actor: Actor, resident_id: str) -> Identity:
    """The unmasked identity number and phone; the revealing is noted first. Raises NotFound."""
    with store.read() as session:
        row = _get(session, resident_id)
        identity = Identity(row.id_no or "", row.phone or "")
    record_access(store, actor, "reveal", "resident", resident_id)
    return identity


def trends(store: Store, actor: Actor, resident_id: str) -> Trends:
    """Blood pressures of visits, health checks and before training; glucose and weight of visits
    and checks. Raises NotFound."""
    with store.read() as session:
        row = _get(session, resident_id)
        person = same_person(session, resident_id)
        superseded = select(FollowUp.supersedes_id).where(
            FollowUp.resident_id.in_(person), FollowUp.supersedes_id.is_not(None)
        )
        visits = session.execute(
            select(
                FollowUp.visit_date,
                FollowUp.id,
                FollowUp.sbp,
                FollowUp.dbp,
                FollowUp.fpg,
                FollowUp.ppg,
                FollowUp.random_glucose,
                FollowUp.weight,
            )
            .where(
                FollowUp.resident_id.in_(person),
                FollowUp.status != "entered_in_error",
                FollowUp.id.not_in(superseded),
            )
            .order_by(FollowUp.visit_date, FollowUp.id)
        ).all()
        replaced = select(CheckIn.supersedes_id).where(
            CheckIn.resident_id.in_(person), CheckIn.supersedes_id.is_not(None)
        )
        sessions = session.execute(
            select(
                func.date(type_coerce(CheckIn.started_at, Text), "+8 hours"),
                CheckIn.id,
                CheckIn.pre_sbp,
                CheckIn.pre_dbp,
            ).where(
                CheckIn.resident_id.in_(person),
                CheckIn.status != "entered_in_error",
                CheckIn.pre_sbp.is_not(None),
                CheckIn.id.not_in(replaced),
            )
        ).all()
        checks = check_points(session, person)
        pressures = sorted(
            [(visit[0], visit[1], visit[2], visit[3]) for visit in visits]
            + [(date.fromisoformat(day), id_, sbp, dbp) for day, id_, sbp, dbp in sessions]
            + [(each.day, each.id, each.sbp, each.dbp) for each in checks],
            key=lambda each: (each[0], each[1]),
        )
        today = store.clock.today()
        rules = clinical_settings(session).rules
        return Trends(
            systolic=_points((day, sbp) for day, _, sbp, _ in pressures),
            diastolic=_points((day, dbp) for day, _, _, dbp in pressures),
            fasting=_points(
                [(visit[0], visit[4]) for visit in visits]
                + [(each.day, each.fasting) for each in checks]
            ),
            after_meal=_points((visit[0], visit[5]) for visit in visits),
            random=_points((visit[0], visit[6]) for visit in visits),
            bp_target=hypertension.target(
                age_on(row.birth_date, max(today, row.birth_date)), rules
            ),
            glucose_target=(diabetes.URGENT_LOW, diabetes.FASTING_LIMIT),
            weight=_points(
                [(visit[0], visit[7]) for visit in visits]
                + [(each.day, each.weight) for each in checks]
            ),
        )


def _points(pairs: Iterable[tuple[date, float | None]]) -> tuple[tuple[date, float], ...]:
    known = ((day, float(value)) for day, value in pairs if value is not None)
    return tuple(sorted(known, key=lambda point: point[0]))


def _get(session: Session, resident_id: str) -> Resident:
    row = session.get(Resident, resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    return row


def _summary(session: Session, row: Resident, today: date) -> Summary:
    survivor, *others = person = same_person(session, row.id)
    shown = person if survivor == row.id else (row.id,)
    standing: tuple[ConditionLine, ...] = ()
    for each in session.scalars(
        select(Condition)
        .where(Condition.resident_id.in_(shown), Condition.clinical_status == "active")
        .order_by(Condition.id)
    ):
        line = line_of(each)
        # Two records of one person name the same disease twice.
        if line.name not in {known.name for known in standing}:
            standing += (line,)
    stay, place = _open_stay(session, row)
    forms = [form_of(row)]
    if survivor == row.id and others:
        merged_rows = session.scalars(select(Resident).where(Resident.id.in_(others)))
        forms += [form_of(each) for each in merged_rows]
    asked = any(form.drug_allergy for form in forms)
    said = {_COVERED.get(each.disease) for each in standing}
    history = tuple(
        dict.fromkeys(
            " ".join(part for part in (codes.label("past_disease", each.code), each.text) if part)
            if each.code != "13"
            else each.text
            for form in forms
            for each in form.past_disease
            if each.code != NONE and each.code not in said
        )
    )
    allergies = tuple(
        dict.fromkeys(
            each.text or codes.label("drug_allergy", each.code)
            for form in forms
            for each in form.drug_allergy
            if each.code != NONE
        )
    )
    duplicates = similar_residents(session, row, today)
    return Summary(
        id=row.id,
        name=row.name,
        sex=row.sex,
        birth_date=row.birth_date,
        age=age_on(row.birth_date, max(today, row.birth_date)),
        id_masked=masking.mask_id(row.id_no or ""),
        phone=row.phone or "",
        township=row.township or "",
        village=row.village or "",
        address=row.address or "",
        bed=bed_label(stay.building, stay.room, stay.bed) if stay else "",
        stay_organisation=place,
        stay_id=stay.id if stay else "",
        conditions=standing,
        history=history,
        allergies=allergies,
        allergy_asked=asked,
        alerts=_alerts(session, row, shown, asked, len(duplicates), today),
        record_status=row.record_status,
        temporary=row.temporary,
        change_id=row.change_id,
        delivery=delivery_state(session, "resident", row.id),
        duplicates=duplicates,
        record_no=row.record_no or "",
        tags=_tags(session, row.id, today),
        merged=merged_records(session, row.id) if survivor == row.id else (),
        survivor_id=survivor if survivor != row.id else "",
        status_on=row.record_status_on,
        status_note=row.record_status_note or "",
    )


def _tags(session: Session, resident_id: str, today: date) -> tuple[str, ...]:
    tags = tags_of(session, resident_id, today).all
    # "General" says only that there is nothing to say.
    return tuple(
        each.code
        for each in codes.entries("population_flag")
        if each.code in tags and each.code != "general"
    )


def _closed_words(row: Resident) -> str:
    """What became of the record, since when, and in words."""
    parts = (
        codes.label("record_status", row.record_status),
        row.record_status_on.isoformat() if row.record_status_on else "",
        row.record_status_note or "",
    )
    return " ".join(part for part in parts if part)


def _open_stay(session: Session, row: Resident) -> tuple[Residence | None, str]:
    stay = next((each for each in row.residences if each.discharge_date is None), None)
    if stay is None:
        return None, ""
    organisation = session.get(Organisation, stay.org_id)
    return stay, (organisation.short_name or organisation.name) if organisation else ""


def _alerts(
    session: Session,
    row: Resident,
    person: tuple[str, ...],
    allergy_asked: bool,
    alike: int,
    today: date,
) -> tuple[Alert, ...]:
    """What to mind, the most dangerous first."""
    danger: list[Alert] = []
    attention: list[Alert] = []
    if row.record_status != "active":
        attention.append(Alert("closed", _closed_words(row), "attention"))
    if len(person) > 1:
        text = tr("{count} merged records").format(count=len(person) - 1)
        attention.append(Alert("merged", text, "attention"))
    for task in session.scalars(
        select(ReferralTask)
        .where(ReferralTask.resident_id.in_(person), ReferralTask.service == "letter")
        .order_by(ReferralTask.id.desc())
    ):
        if task.state in _REFERRAL_ENDED:
            continue
        state = codes.label("referral_state", task.state)
        if task.urgency == "emergency":
            text = tr("Emergency referral: {state}").format(state=state)
            danger.append(Alert("emergency", text, "danger", task.referral_id))
        else:
            text = tr("Referral: {state}").format(state=state)
            attention.append(Alert("referral", text, "attention", task.referral_id))
    last = session.scalar(
        select(FollowUp)
        .where(FollowUp.resident_id.in_(person), FollowUp.status != "entered_in_error")
        .order_by(FollowUp.visit_date.desc(), FollowUp.id.desc())
        .limit(1)
    )
    if last is not None and any(each.urgent for each in last.diseases):
        text = tr("Urgent values on {day}").format(day=last.visit_date.isoformat())
        danger.append(Alert("urgent_visit", text, "danger", last.id))
    for item in session.scalars(
        select(DueItem)
        .where(DueItem.resident_id == row.id, DueItem.due_on < today)
        .where(DueItem.source_kind.is_distinct_from("contract"))  # its chip says so
        .order_by(DueItem.due_on)
    ):
        disease = item.kind.partition(":")[2]
        what = codes.label("chronic_disease", disease) if disease else ""
        days = (today - item.due_on).days
        text = (
            tr("{disease} follow-up {days} days overdue").format(disease=what, days=days)
            if item.kind.startswith("follow_up:")
            else tr("Work {days} days overdue").format(days=days)
        )
        attention.append(Alert("overdue", text, "attention", item.source_id or ""))
    if row.temporary:
        attention.append(Alert("temporary", tr("Temporary record, no card"), "attention"))
    if not allergy_asked:
        attention.append(Alert("allergy_unknown", tr("Drug allergies not asked"), "attention"))
    if alike:
        text = tr("Perhaps registered twice")
        attention.append(Alert("duplicate", text, "attention"))
    return tuple(danger + attention)
