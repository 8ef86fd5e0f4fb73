"""Residents: registering, correcting, finding, listing, and noticing the same person twice.

Source: county rules §2.4 (version LOCAL-2025): the same identity number is the same person and
blocks; the same name with the same birth date and sex, or with the same phone, is a suspicion that
a person decides. A resident without any paper gets a temporary record with a reason.

Another organisation's record of the person, here by a referral, blocks nothing: each organisation
keeps its own (``docs/adr/0015``), and both are shown beside each other.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.care.basic_form import BasicForm, columns_of, form_of
from app.care.basic_form_check import check_form
from app.care.health_check.due import refresh_health_check_due
from app.care.identity_card import CardError, read_card
from app.care.kept import items, texts
from app.care.ownership import require_own
from app.care.resident_list import (
    LIST_SCOPES,
    ResidentLine,
    count_residents,
    find,
    lines,
    list_residents,
)
from app.care.resident_record.elsewhere import Elsewhere, owned_by, records_elsewhere
from app.care.resident_record.numbers import issue_number, low_block_warning
from app.care.resident_record.population import refresh_tags
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.i18n import tr
from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store

__all__ = [
    "EDITING_ROLES",
    "LIST_SCOPES",
    "Duplicates",
    "ResidentForm",
    "ResidentLine",
    "SameIdentity",
    "Saved",
    "SuspectedDuplicate",
    "count_residents",
    "find",
    "find_duplicates",
    "list_residents",
    "load_form",
    "register",
    "require_editor",
    "similar_residents",
    "update",
]

EDITING_ROLES = frozenset(
    {
        "doctor",
        "nurse",
        "rehab_worker",
        "carer",
        "public_health",
        "referral_coordinator",
        "specialist",
        "head_of_department",
        "administrator",
    }
)
"""Roles that may register and correct residents; office and commission viewers only read."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A resident was saved; `warnings` are sentences to show, none of them blocks."""

    resident_id: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Who is already registered here: `same` by the identity number, `suspects` perhaps.

    `elsewhere`: records of other organisations with this number; they block nothing.
    """

    same: ResidentLine | None = None
    suspects: tuple[ResidentLine, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True, slots=True)
class ResidentForm:
    """A resident's kept form and the change it was read from (for `update`)."""

    resident_id: str
    form: BasicForm
    change_id: str


class SameIdentity(InputError):
    """The identity number belongs to a resident who is already registered: `existing`."""

    def __init__(self, existing: ResidentLine) -> None:
        super().__init__(
            {
                "id_no": tr(
                    "A resident with this ID number is already registered. Nothing was saved. "
                    "Open that record and go on there."
                )
            }
        )
        self.existing = existing


class SuspectedDuplicate(InputError):
    """Somebody very like this is registered. Ask once, then save again with `distinct_from`."""

    def __init__(self, suspects: tuple[ResidentLine, ...]) -> None:
        super().__init__(
            tr(
                "Somebody with the same name and the same birth date or phone is already "
                "registered. Nothing was saved yet. Is it the same person?"
            )
        )
        self.suspects = suspects


def require_editor(actor: Actor) -> None:
    """Raises NotAllowed unless the person may write resident records."""
    if not actor.has_role(*EDITING_ROLES):
        raise NotAllowed(
            tr(
                "Your role may read this record but not change it. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )


def register(
    store: Store, actor: Actor, form: BasicForm, *, distinct_from: Collection[str] = ()
) -> Saved:
    """Register a new resident from the form; nothing is saved unless everything is right.

    `distinct_from`: ids of suspects whom a person has looked at and called somebody else.
    Raises InputError (a sentence for each wrong field), SameIdentity, SuspectedDuplicate,
    NotAllowed.
    """
    require_editor(actor)
    today = store.clock.today()
    kept = check_form(form, today)
    with store.write(actor) as session:
        _refuse_duplicates(session, actor, kept, None, distinct_from, today)
        _refuse_used_number(session, kept, None)
        row = Resident(**columns_of(kept), record_status="active")
        row.distinct_from = sorted(distinct_from)
        warning = _number(session, row)
        session.add(row)
        session.flush()
        refresh_tags(session, [row.id], today)
        refresh_health_check_due(session, store.organisation_id, [row.id])
        return Saved(row.id, (*_warnings(kept, today), *warning))


def update(
    store: Store,
    actor: Actor,
    resident_id: str,
    form: BasicForm,
    change_id: str,
    *,
    distinct_from: Collection[str] = (),
) -> Saved:
    """Correct a resident's form. Suspects are looked for only when the identity was changed.

    `change_id` is that of `load_form`. Raises what `register` raises, NotFound, and StaleRecord
    when somebody else saved the record in between.
    """
    require_editor(actor)
    today = store.clock.today()
    kept = check_form(form, today)
    with store.write(actor) as session:
        row = _get(session, resident_id)
        require_own(actor, row)
        if row.change_id != change_id:
            raise StaleRecord(
                tr(
                    "Somebody else changed this record while you had it open. Your text is kept "
                    "as a draft, the record is unchanged. Open the record again and compare."
                )
            )
        before = form_of(row)
        identity = ("name", "sex", "birth_date", "phone", "id_no")
        if any(getattr(before, name) != getattr(kept, name) for name in identity):
            known = {*distinct_from, *texts(row.distinct_from)}
            _refuse_duplicates(session, actor, kept, resident_id, known, today)
        if kept.record_no != before.record_no:
            _refuse_used_number(session, kept, resident_id)
        for column, value in columns_of(kept).items():
            if getattr(row, column) != value:
                setattr(row, column, value)
        others = [each for each in distinct_from if each not in row.distinct_from]
        if others:
            row.distinct_from = [*row.distinct_from, *sorted(others)]
        warning = _number(session, row)
        session.flush()
        refresh_tags(session, [resident_id], today)
        refresh_health_check_due(session, store.organisation_id, [resident_id])
        return Saved(resident_id, (*_warnings(kept, today), *warning))


def load_form(store: Store, actor: Actor, resident_id: str) -> ResidentForm:
    """The kept form of a resident, to correct it. Raises NotFound, NotAllowed."""
    require_editor(actor)
    with store.read() as session:
        row = _get(session, resident_id)
        require_own(actor, row)
        return ResidentForm(row.id, form_of(row), row.change_id)


def find_duplicates(
    store: Store, actor: Actor, form: BasicForm, own_id: str | None = None
) -> Duplicates:
    """Who is already registered with what was typed so far; for warning while typing."""
    with store.read() as session:
        found = _duplicates(session, actor.organisation_id, form, own_id, store.clock.today())
        if form.id_type == "none":
            return found
        beside = records_elsewhere(session, form.id_no, actor.organisation_id)
        return replace(found, elsewhere=beside)


def similar_residents(session: Session, row: Resident, today: date) -> tuple[ResidentLine, ...]:
    """Other records that may be the same person as a kept resident, to be shown on the page.

    Records of the same organisation only: of no other pair anybody could make one. Those whom a
    person has called somebody else are left out.
    """
    found = _duplicates(session, row.organisation_id, form_of(row), row.id, today)
    found_said = session.execute(
        select(Resident.id, Resident.distinct_from).where(
            Resident.id.in_([each.id for each in found.suspects])
        )
    )
    others = {id_ for id_, said in found_said if row.id in items(said)} | set(
        texts(row.distinct_from)
    )
    suspects = tuple(each for each in found.suspects if each.id not in others)
    return (*((found.same,) if found.same else ()), *suspects)


def _get(session: Session, resident_id: str) -> Resident:
    row = session.get(Resident, resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    return row


def _number(session: Session, row: Resident) -> tuple[str, ...]:
    """Give a whole record its number where it has none; a warning when the block runs low.

    A temporary record gets one when its card is there: it may turn out to be somebody known.
    """
    if row.record_no or row.temporary:
        return ()
    with session.no_autoflush:
        row.record_no = issue_number(session, row)
        warning = low_block_warning(session, row.record_no) if row.record_no else None
    return (warning,) if warning else ()


def _refuse_used_number(session: Session, form: BasicForm, own_id: str | None) -> None:
    if form.record_no and session.scalar(
        select(Resident.id).where(
            Resident.record_no == form.record_no, Resident.id != (own_id or "")
        )
    ):
        raise InputError(
            {
                "record_no": tr(
                    "Another record bears this number already. Nothing was saved. Compare it "
                    "with the paper, or leave it empty for the next free number."
                )
            }
        )


def _refuse_duplicates(
    session: Session,
    actor: Actor,
    form: BasicForm,
    own_id: str | None,
    distinct_from: Collection[str],
    today: date,
) -> None:
    duplicates = _duplicates(session, actor.organisation_id, form, own_id, today)
    if duplicates.same is not None:
        raise SameIdentity(duplicates.same)
    suspects = tuple(each for each in duplicates.suspects if each.id not in distinct_from)
    if suspects:
        raise SuspectedDuplicate(suspects)


def _duplicates(
    session: Session, organisation_id: str, form: BasicForm, own_id: str | None, today: date
) -> Duplicates:
    others = and_(
        Resident.id != (own_id or ""),
        Resident.record_status != "merged",
        owned_by(organisation_id),
    )
    same: str | None = None
    if form.id_no and form.id_type != "none":
        same = session.scalar(
            select(Resident.id).where(Resident.id_no == form.id_no, others).order_by(Resident.id)
        )
    alike: list[ColumnElement[bool]] = []
    if form.name and form.birth_date and form.sex:
        alike.append(
            and_(
                Resident.birth_date == form.birth_date,
                Resident.name == form.name,
                Resident.sex == form.sex,
            )
        )
    if form.name and form.phone:
        alike.append(and_(Resident.phone == form.phone, Resident.name == form.name))
    suspects: list[str] = []
    if alike:
        suspects = [
            each
            for each in session.scalars(
                select(Resident.id).where(or_(*alike), others).order_by(Resident.id).limit(20)
            )
            if each != same
        ]
    found = {
        each.id: each for each in lines(session, [*([same] if same else []), *suspects], today)
    }
    return Duplicates(
        found.get(same) if same else None, tuple(found[each] for each in suspects if each in found)
    )


def _warnings(form: BasicForm, today: date) -> tuple[str, ...]:
    if form.id_type != "id_card" or not form.id_no:
        return ()
    try:
        warning = read_card(form.id_no, today).warning
    except CardError:
        return ()
    return (warning,) if warning else ()
