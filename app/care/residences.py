"""Stays in a ward or care institution: admitted to a bed, moved, discharged.

One resident has at most one open stay, one bed at most one resident. The stays travel inside the
resident's record; the bed decides the order of the ward's grid. So they stand in the own
organisation's record of the person: a care institution registers one beside the record that a
referral brought (``app.care.resident_record.elsewhere``).
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.care import parsing
from app.care.ownership import is_own
from app.care.resident_list import bed_label
from app.care.resident_record.population import refresh_tags
from app.care.residents import require_editor
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.resident import Residence, Resident
from app.models.store import Store

__all__ = ["Admission", "StayLine", "admit", "discharge", "list_stays", "stay_places"]

_TEXT_LIMIT = 30
_CARE_INSTITUTION = "CARE_INSTITUTION"


@dataclass(frozen=True, slots=True)
class Admission:
    """Where and since when a resident stays; `bed` and `admit_date` are required.

    `org_id` names a care institution of the county where the resident lives, as the family or the
    institution told it; empty: the actor's own organisation. Of another's stay the bed may be
    unknown.
    `care_level` and `fee_payer` are codes of the lists of these names.
    """

    bed: str
    admit_date: date | None
    building: str = ""
    room: str = ""
    reason: str = ""
    carer: str = ""
    care_level: str = ""
    fee_payer: str = ""
    org_id: str = ""


@dataclass(frozen=True, slots=True)
class StayLine:
    """A stay to show; open while `discharge_date` is None."""

    id: str
    organisation: str
    bed: str
    admit_date: date
    discharge_date: date | None
    reason: str
    care_level: str


def admit(store: Store, actor: Actor, resident_id: str, typed: Admission) -> str:
    """Admit a resident to a bed of the actor's organisation, or write down that the resident
    lives in another care institution; gives the id of the stay.

    Moving to another bed is a new admission after a discharge on the same day.
    Raises InputError (also when the bed is taken or an open stay exists), NotFound, NotAllowed.
    """
    require_editor(actor)
    problems: dict[str, str] = {}
    texts: dict[str, str] = {}
    for name in ("building", "room", "bed", "reason", "carer"):
        texts[name] = parsing.clean_text(parsing.half_width(getattr(typed, name)))
        if len(texts[name]) > _TEXT_LIMIT:
            problems[name] = tr("At most {count} characters fit here. Shorten the text.").format(
                count=_TEXT_LIMIT
            )
    org_id = typed.org_id or actor.organisation_id
    own = org_id == actor.organisation_id
    if own and not texts["bed"]:
        problems["bed"] = tr("Write the number of the bed.")
    for name in ("care_level", "fee_payer"):
        if getattr(typed, name) and not codes.is_known(name, getattr(typed, name)):
            problems[name] = tr(
                "This answer is not in the list of the form. Choose one of the list."
            )
    with store.write(actor) as session:
        resident = _resident(session, resident_id)
        _require_own(actor, resident)
        if resident.record_status != "active":
            problems[""] = tr("This record is closed. Open it again before admitting the resident.")
        if typed.admit_date is None:
            problems["admit_date"] = tr("Write the day of admission.")
        elif not resident.birth_date <= typed.admit_date <= store.clock.today():
            problems["admit_date"] = tr("The day must lie between the birth and today.")
        if any(stay.discharge_date is None for stay in resident.residences):
            problems["bed"] = tr("The resident already has a bed. Discharge from that one first.")
        organisation = session.get(Organisation, org_id)
        care_home = organisation is not None and organisation.type == _CARE_INSTITUTION
        if not own and not care_home:
            problems["org_id"] = tr("Choose a care institution of the list.")
        if own and _taken(session, org_id, texts):
            problems["bed"] = tr("Somebody else is in this bed. Choose another one.")
        if problems or typed.admit_date is None:
            raise InputError(problems)
        stay = Residence(
            org_id=org_id,
            admit_date=typed.admit_date,
            care_level=typed.care_level or None,
            fee_payer=typed.fee_payer or None,
            **{name: text or None for name, text in texts.items()},
        )
        resident.residences.append(stay)
        resident.care_status = "residential" if care_home else "inpatient"
        session.flush()
        refresh_tags(session, [resident_id], store.clock.today())
        return stay.id


def discharge(store: Store, actor: Actor, resident_id: str, on: date | None, reason: str) -> None:
    """End the open stay; `reason` is a code of list `discharge_reason`.

    Raises InputError (no open stay, a day before the admission or in the future), NotFound,
    NotAllowed (the record of another organisation).
    """
    require_editor(actor)
    with store.write(actor) as session:
        resident = _resident(session, resident_id)
        _require_own(actor, resident)
        stay = next((each for each in resident.residences if each.discharge_date is None), None)
        if stay is None:
            raise InputError(tr("The resident is in no bed, so there is nothing to end."))
        problems: dict[str, str] = {}
        if on is None or not stay.admit_date <= on <= store.clock.today():
            problems["on"] = tr("The day must lie between the admission and today.")
        if not codes.is_known("discharge_reason", reason):
            problems["reason"] = tr("Choose why the stay ends.")
        if problems:
            raise InputError(problems)
        stay.discharge_date = on
        stay.reason = reason
        resident.care_status = "home"
        session.flush()
        refresh_tags(session, [resident_id], store.clock.today())


def stay_places(store: Store, actor: Actor) -> tuple[tuple[str, str], ...]:
    """The other care institutions of the directory: id and name, by name."""
    with store.read() as session:
        rows = session.execute(
            select(Organisation.id, Organisation.name)
            .where(
                Organisation.type == _CARE_INSTITUTION,
                Organisation.active,
                Organisation.id != actor.organisation_id,
            )
            .order_by(Organisation.name)
        )
        return tuple((id_, name) for id_, name in rows)


def list_stays(store: Store, actor: Actor, resident_id: str) -> tuple[StayLine, ...]:
    """All stays, newest first."""
    with store.read() as session:
        rows = session.execute(
            select(Residence, Organisation.name)
            .outerjoin(Organisation, Organisation.id == Residence.org_id)
            .where(Residence.resident_id == resident_id)
            .order_by(Residence.id.desc())
        )
        return tuple(
            StayLine(
                id=stay.id,
                organisation=name or "",
                bed=bed_label(stay.building, stay.room, stay.bed),
                admit_date=stay.admit_date,
                discharge_date=stay.discharge_date,
                reason=stay.reason or "",
                care_level=stay.care_level or "",
            )
            for stay, name in rows
        )


def _taken(session: Session, organisation_id: str, texts: dict[str, str]) -> bool:
    return bool(
        session.scalar(
            select(Residence.id).where(
                Residence.org_id == organisation_id,
                Residence.discharge_date.is_(None),
                Residence.bed == texts["bed"],
                func.coalesce(Residence.building, "") == texts["building"],
                func.coalesce(Residence.room, "") == texts["room"],
            )
        )
    )


def _require_own(actor: Actor, resident: Resident) -> None:
    if not is_own(actor, resident):
        raise NotAllowed(
            tr(
                "This is the record of another organisation, and stays are written into one's own. "
                "Nothing was changed. Register the person in your organisation; both records are "
                "then shown beside each other."
            )
        )


def _resident(session: Session, resident_id: str) -> Resident:
    row = session.get(Resident, resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    return row
