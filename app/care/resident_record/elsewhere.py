"""Records of one person at several organisations: each keeps and writes its own.

A referral brings another organisation's record into this store. It stays that one's: whatever were
written into it here, the county hospital would refuse. Who cares for the person as well, a care
institution for one, registers a record of its own; the same identity number shows both as one
person. Nothing is merged between organisations (``docs/adr/0015``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, String, literal_column, select
from sqlalchemy.orm import Session

from app.care.basic_form import BasicForm, Guardian, form_of
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.resident import Resident
from app.models.store import Store

__all__ = [
    "Beside",
    "Elsewhere",
    "beside",
    "form_for_own_record",
    "owned_by",
    "records_elsewhere",
]

_MOST = 20


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A record of the person at another organisation; its name is empty where not known here."""

    resident_id: str
    organisation_id: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Whose record it is, and what else there is of the person.

    ``owner``: name of the other organisation whose record it is; empty for a record of the own.
    ``own_id``: the own organisation's record of the person, where this one is another's.
    ``elsewhere``: the records of organisations other than the record's.
    """

    foreign: bool = False
    owner: str = ""
    own_id: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()


def beside(store: Store, actor: Actor, resident_id: str) -> Beside:
    """Whose record it is and where the same person has others. Raises NotFound."""
    with store.read() as session:
        row = _get(session, resident_id)
        others = (
            records_elsewhere(session, row.id_no, row.organisation_id)
            if row.id_no and not row.temporary
            else ()
        )
        if row.organisation_id == actor.organisation_id:
            return Beside(elsewhere=others)
        owner = session.get(Organisation, row.organisation_id)
        own = (o.resident_id for o in others if o.organisation_id == actor.organisation_id)
        return Beside(True, owner.name if owner is not None else "", next(own, ""), others)


def owned_by(organisation_id: str) -> ColumnElement[bool]:
    """Residents of one organisation, said so that a search goes on by its number or name.

    Nearly all residents of a store are of one organisation: an index that begins with it would
    read them all. The sign keeps the planner from it.
    """
    return literal_column("+resident.organisation_id", String) == organisation_id


def records_elsewhere(
    session: Session, id_no: str | None, organisation_id: str
) -> tuple[Elsewhere, ...]:
    """Records with an identity number that organisations other than this one keep."""
    if not id_no:
        return ()
    rows = session.execute(
        select(Resident.id, Resident.organisation_id, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Resident.organisation_id)
        .where(
            Resident.id_no == id_no,
            Resident.organisation_id != organisation_id,
            Resident.record_status != "merged",
        )
        .order_by(Resident.id)
        .limit(_MOST)
    )
    return tuple(Elsewhere(id_, owner, name or "") for id_, owner, name in rows)


def form_for_own_record(store: Store, actor: Actor, resident_id: str) -> BasicForm:
    """What another organisation wrote of a person, as the beginning of a record of one's own.

    To be looked through before it is saved. The health-record number, the responsible doctor,
    the guardian's consent and what that organisation noted stay behind: they are its own.
    Raises NotFound.
    """
    with store.read() as session:
        form = form_of(_get(session, resident_id))
    return replace(
        form,
        record_no="",
        responsible_doctor_id="",
        guardian=Guardian(),
        consents=(),
        note="",
        care_status="home",
    )


def _get(session: Session, resident_id: str) -> Resident:
    row = session.get(Resident, resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    return row
