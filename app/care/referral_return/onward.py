"""A patient of another house who is sent on to a third one: to another member of the consortium.

Source: domain reference §6.4 (a hand-back that was declined: offer elsewhere) and §6.3. The letter
to the third house is one of its own, about the sender's own record of the patient: only the house
that keeps a record can let another one read it. So the third house reads the new letter with what
goes along and nothing of the letter before, and the house that keeps the patient's record reads on
the letter that it has a part in where its patient is: the move :data:`SENT_ON`, once when the
patient is offered and again when the third house took them or did not.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral_lists import organisation_names
from app.care.referral_moves import LETTER, load_rows, side_or_none, write_event
from app.care.referral_states import MOVERS, State
from app.care.resident_record.elsewhere import owned_by
from app.care.resident_record.population import refresh_tags
from app.clock import Clock
from app.models.actor import Actor
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.resident import Resident
from app.models.store import Store

#: A move that leaves the state as it is. Its details: ``house`` (name of the third house),
#: ``number`` (of the letter to it), ``house_state`` (how far that letter got).
SENT_ON = "sent_on"

#: What the keeper of the record is told of the letter to the third house.
_TOLD = (
    State.ACCEPTED,
    State.ARRIVED,
    State.IN_CARE,
    State.REPLIED,
    State.CLOSED,
    State.REJECTED,
    State.CANCELLED,
    State.NO_SHOW,
    State.EXPIRED,
)
#: Who the person is and how to find them, and what endangers them. What the other house noted
#: besides stays its own.
_CARRIED = (
    "name", "sex", "birth_date", "id_type", "id_no", "no_id_reason", "temporary", "phone",
    "township", "village", "village_group", "address", "drug_allergy", "form_version", "is_sample",
)  # fmt: skip
_LONGEST_CHAIN = 20


def record_to_send(session: Session, clock: Clock, actor: Actor, resident_id: str, to: str) -> str:
    """The record that a letter to ``to`` is about: the one given, or, of a third house's patient,
    the own house's record of the same person, made where there is none yet."""
    row = session.get(Resident, resident_id)
    if row is None or row.organisation_id in (actor.organisation_id, to):
        return resident_id
    if row.record_status == "deceased":
        return resident_id  # the letter is refused for it
    if (own := _own_record(session, actor, row)) is not None:
        return own
    made = Resident(**{name: getattr(row, name) for name in _CARRIED}, record_status="active")
    session.add(made)
    session.flush()
    refresh_tags(session, [made.id], clock.today())
    return made.id


def _own_record(session: Session, actor: Actor, row: Resident) -> str | None:
    """By the identity number; without one only where name, sex, birth date and phone are equal."""
    alike = [Resident.name == row.name, Resident.sex == row.sex, Resident.phone == row.phone]
    if row.id_no and not row.temporary:
        same = [Resident.id_no == row.id_no]
    elif row.phone:
        same = [Resident.birth_date == row.birth_date, *alike]
    else:
        return None
    return session.scalar(
        select(Resident.id)
        .where(*same, owned_by(actor.organisation_id), Resident.record_status != "merged")
        .order_by(Resident.id)
        .limit(1)
    )


def tell_keeper(session: Session, clock: Clock, actor: Actor, letter: Referral) -> None:
    """Say on the earlier letter where the patient is sent; nothing where no house is to be told."""
    earlier = _letter_of_keeper(session, actor, letter)
    if earlier is None:
        return
    rows = load_rows(session, actor, earlier.id)
    # A hand-back that was declined is arranged anew with this.
    rows.task.reason_code = rows.task.reason_text = None
    house = organisation_names(session, [letter.to_organisation_id])
    details = {
        "house": house.get(letter.to_organisation_id, ""),
        "number": letter.referral_no or "",
        "house_state": str(State.SENT),
    }
    write_event(session, clock, actor, rows.task, rows.state, name=SENT_ON, details=details)


@dataclass(frozen=True, slots=True)
class _News:
    """A letter to a third house that got further than the keeper of the record was told."""

    earlier_id: str
    details: dict[str, str]


def tell_keepers(store: Store, actor: Actor) -> int:
    """Tell how far the letters to third houses got since it was last told; how many were told.

    It happens when somebody who may move referrals works at the program, in their name.
    """
    if store.read_only or not actor.has_role(*MOVERS):
        return 0
    with store.read() as session:
        if not _news(session, actor):
            return 0
    with store.write(actor) as session:
        # Looked at again: the read before took no lock.
        found = _news(session, actor)
        for each in found:
            rows = load_rows(session, actor, each.earlier_id)
            write_event(
                session, store.clock, actor, rows.task, rows.state, name=SENT_ON,
                details=each.details,
            )  # fmt: skip
        return len(found)


def _news(session: Session, actor: Actor) -> list[_News]:
    found = []
    for letter, state in session.execute(
        select(Referral, ReferralTask.state)
        .join(ReferralTask, ReferralTask.referral_id == Referral.id)
        .where(
            ReferralTask.requester_organisation_id == actor.organisation_id,
            ReferralTask.service == LETTER,
            ReferralTask.state.in_([str(state) for state in _TOLD]),
            Referral.origin_referral_id.is_not(None),
        )
        .order_by(Referral.id)
    ):
        earlier = _letter_of_keeper(session, actor, letter)
        told = [] if earlier is None else _told(session, earlier.id)
        last = next((each for each in told if each.get("number") == letter.referral_no), None)
        if earlier is not None and last is not None and last.get("house_state") != state:
            found.append(_News(earlier.id, {**last, "house_state": state}))
    return found


def _told(session: Session, referral_id: str) -> list[dict[str, str]]:
    """What the moves say that tell where the patient was sent, in the order of the task: the
    newest first."""
    task = session.scalars(
        select(ReferralTask).where(
            ReferralTask.referral_id == referral_id, ReferralTask.service == LETTER
        )
    ).one()
    events = session.scalars(
        select(ReferralEvent).where(
            ReferralEvent.referral_id == referral_id, ReferralEvent.move == SENT_ON
        )
    )
    said = {event.id: {k: str(v) for k, v in event.details.items()} for event in events}
    return [said[id_] for id_ in reversed(task.event_ids) if id_ in said]


def letter_sent_on(session: Session, letter: Referral) -> Referral | None:
    """The newest letter with which the patient of this one was sent on; None where it is not here:
    only the house that wrote it and the one that got it have it."""
    for said in _told(session, letter.id):
        return session.scalars(
            select(Referral).where(Referral.referral_no == said.get("number")).limit(1)
        ).first()
    return None


def _letter_of_keeper(session: Session, actor: Actor, letter: Referral) -> Referral | None:
    """Back along the letters that this one follows: the one whose other side keeps the record."""
    each: Referral | None = letter
    for _ in range(_LONGEST_CHAIN):
        if each is None or not each.origin_referral_id:
            return None
        each = session.get(Referral, each.origin_referral_id)
        if each is None:
            return None
        task = session.scalars(
            select(ReferralTask).where(
                ReferralTask.referral_id == each.id, ReferralTask.service == LETTER
            )
        ).first()
        keeper = session.get(Resident, each.resident_id)
        if task is None or side_or_none(actor, task) is None or keeper is None:
            return None
        others = {task.requester_organisation_id, task.owner_organisation_id}
        if keeper.organisation_id in others - {actor.organisation_id}:
            return None if keeper.organisation_id == letter.to_organisation_id else each
    return None
