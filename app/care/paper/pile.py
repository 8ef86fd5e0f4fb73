"""Typing in a pile of filled-in slips, in the order of the printed list.

Each slip is its own action and its own transaction: the visit and the mark on the slip are saved
together or not at all. The day of the visits and how they were made are said once for the pile;
when a slip was typed in is kept apart from the day of the visit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.follow_up import FollowUpResult, add_follow_up
from app.care.follow_up_form import DISEASES, FollowUpInput
from app.care.follow_up_history import ENTERED_IN_ERROR
from app.care.paper.rounds import FOLLOW_UP, HEALTH_CHECK, short_number
from app.care.parsing import clean_text, half_width
from app.care.resident_record.people import survivor_of, survivors, whole_people
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.health_check import HealthCheck
from app.models.paper import PaperRound, PaperSlip
from app.models.resident import Resident
from app.models.store import Store

SlipState = Literal["waiting", "entered", "aside"]

_NUMBER = re.compile(r"(?:(\d{1,6})\s*[-–—.·/]\s*)?(\d{1,4})")


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A printed list that is not closed: how many slips it has and how many are still waiting."""

    round_id: str
    number: int
    title: str
    made_at: datetime
    slips: int
    waiting: int


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One slip in paper order. ``record_id``: the visit or the health check that was entered for
    it, here or on its own form. ``aside``: why there is none. ``printed_as``: the name on the
    paper when the printed record has since been merged; ``resident_id`` is the one that goes on.
    """

    slip_id: str
    number: str
    position: int
    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    diseases: tuple[str, ...]
    state: SlipState
    record_id: str = ""
    aside: str = ""
    printed_as: str = ""


@dataclass(frozen=True, slots=True)
class Pile:
    """A printed list with its slips; ``form``: follow_up or health_check; ``visit_date`` and
    ``mode`` as said for the whole pile."""

    round_id: str
    number: int
    title: str
    form: str
    visit_date: date | None
    mode: str
    slips: tuple[SlipLine, ...]

    def count(self, state: SlipState) -> int:
        return sum(slip.state == state for slip in self.slips)

    def after(self, position: int) -> SlipLine | None:
        """The next waiting slip in paper order, then from the top; None when none is left."""
        waiting = [slip for slip in self.slips if slip.state == "waiting"]
        return next((slip for slip in waiting if slip.position > position), None) or next(
            (slip for slip in waiting if slip.position != position), None
        )


def open_rounds(store: Store, actor: Actor) -> tuple[RoundLine, ...]:
    """The printed lists of this organisation that are not closed, the newest first."""
    with store.read() as session:
        rounds = session.scalars(
            select(PaperRound)
            .where(
                PaperRound.organisation_id == actor.organisation_id,
                PaperRound.printed_at.is_not(None),
                PaperRound.closed_at.is_(None),
            )
            .order_by(PaperRound.number.desc())
        ).all()
        found = []
        for each in rounds:
            lines = _lines(session, each, store.clock.today())
            waiting = sum(line.state == "waiting" for line in lines)
            found.append(
                RoundLine(each.id, each.number, each.title, each.made_at, len(lines), waiting)
            )
        return tuple(found)


def load_pile(store: Store, actor: Actor, round_id: str) -> Pile:
    """A printed list and how far it is typed in. Raises NotFound."""
    with store.read() as session:
        row = _round(session, round_id)
        return Pile(
            row.id,
            row.number,
            row.title,
            row.form or FOLLOW_UP,
            row.visit_date,
            row.mode or "",
            _lines(session, row, store.clock.today()),
        )


def say_day(store: Store, actor: Actor, round_id: str, visit_date: date | None, mode: str) -> None:
    """Keep the day of the visits and how they were made, for the whole pile. Raises InputError
    for a day in the future or an unknown mode."""
    if visit_date is not None and visit_date > store.clock.today():
        raise InputError({"visit_date": tr("The visit cannot lie in the future.")})
    if mode and not codes.is_known("follow_up_mode", mode):
        raise InputError({"mode": tr("This choice is not in the list. Choose again.")})
    with store.write(actor) as session:
        row = _round(session, round_id)
        row.visit_date, row.mode = visit_date, mode or None


def record_slip(store: Store, actor: Actor, slip_id: str, form: FollowUpInput) -> FollowUpResult:
    """Save the visit of a slip and mark the slip, in one transaction.

    The slip of a record that was merged after the printing belongs to the one that goes on.
    Raises what ``record_follow_up`` raises, and InputError for a slip that is already entered or
    belongs to another person; then nothing is saved.
    """
    with store.write(actor) as session:
        slip = _slip(session, slip_id)
        if survivor_of(session, slip.resident_id) != form.resident_id:
            raise InputError({"resident_id": tr("This slip belongs to another person.")})
        if slip.follow_up_id is not None and _stands(session, slip.follow_up_id):
            raise InputError(
                tr(
                    "This slip was already entered. Nothing was saved twice. "
                    "Open the visit in the follow-up list to correct it."
                )
            )
        result = add_follow_up(session, store, actor, form)
        slip.follow_up_id = result.follow_up_id
        slip.entered_at = store.clock.now()
        slip.set_aside = None
        return result


def set_slip_aside(store: Store, actor: Actor, slip_id: str, reason: str) -> None:
    """There is no visit to enter (nobody at home, the slip is blank). Raises InputError without
    a reason. An empty list of waiting slips is how a pile ends."""
    text = clean_text(reason)[:200]
    if not text:
        raise InputError({"reason": tr("Write why there is no visit on this slip.")})
    with store.write(actor) as session:
        _slip(session, slip_id).set_aside = text


def take_slip_up(store: Store, actor: Actor, slip_id: str) -> None:
    """A slip that was set aside waits again."""
    with store.write(actor) as session:
        _slip(session, slip_id).set_aside = None


def close_round(store: Store, actor: Actor, round_id: str) -> None:
    """The pile is done with; it leaves the list of open ones. Visits stay as they are."""
    with store.write(actor) as session:
        _round(session, round_id).closed_at = store.clock.now()


def parse_number(text: str) -> tuple[int | None, int] | None:
    """``12-07`` → (12, 7); ``7`` → (None, 7): a slip of the open list. None for anything else."""
    found = _NUMBER.fullmatch(half_width(text).strip())
    if found is None:
        return None
    return (int(found[1]) if found[1] else None, int(found[2]))


def find_slip(store: Store, actor: Actor, text: str, pile: Pile | None) -> tuple[Pile, SlipLine]:
    """The slip of a printed number, in the open pile or in another list. Raises NotFound."""
    wanted = parse_number(text)
    if wanted is None:
        raise NotFound(tr("Type the number of the slip as it is printed, such as 12-07 or 7."))
    number, position = wanted
    if pile is None or (number is not None and number != pile.number):
        with store.read() as session:
            round_id = session.scalar(
                select(PaperRound.id).where(
                    PaperRound.number == number,
                    PaperRound.organisation_id == actor.organisation_id,
                )
            )
        if round_id is None:
            raise NotFound(
                tr("This PC has printed no list {number}. Look at the slip once more.").format(
                    number=number or ""
                )
            )
        pile = load_pile(store, actor, round_id)
    slip = next((each for each in pile.slips if each.position == position), None)
    if slip is None:
        raise NotFound(
            tr("List {number} has no slip {position}. Look at the slip once more.").format(
                number=pile.number, position=position
            )
        )
    return pile, slip


# -- inner ----------------------------------------------------------------------------------


def _round(session: Session, round_id: str) -> PaperRound:
    row = session.get(PaperRound, round_id)
    if row is None:
        raise NotFound(tr("This printed list is not on this PC."))
    return row


def _slip(session: Session, slip_id: str) -> PaperSlip:
    row = session.get(PaperSlip, slip_id)
    if row is None:
        raise NotFound(tr("This printed list is not on this PC."))
    return row


def _stands(session: Session, follow_up_id: str) -> bool:
    row = session.get(FollowUp, follow_up_id)
    return row is not None and row.status != ENTERED_IN_ERROR


def _lines(session: Session, row: PaperRound, today: date) -> tuple[SlipLine, ...]:
    into = survivors(session, [slip.resident_id for slip in row.slips])
    ids = list({*into, *into.values()})
    people = {
        each.id: each
        for each in session.execute(
            select(
                Resident.id, Resident.name, Resident.sex, Resident.birth_date, Resident.village
            ).where(Resident.id.in_(ids))
        )
    }
    known = _records_since(session, row)
    standing = set(
        session.scalars(
            select(FollowUp.id).where(
                FollowUp.id.in_([slip.follow_up_id for slip in row.slips if slip.follow_up_id]),
                FollowUp.status != ENTERED_IN_ERROR,
            )
        )
    )
    found = []
    for slip in row.slips:
        goes_on = into.get(slip.resident_id, slip.resident_id)
        person = people[goes_on]
        kept = slip.follow_up_id if slip.follow_up_id in standing else None
        record = kept or known.get(goes_on, "")
        aside = slip.set_aside or ""
        if not slip.diseases and row.form != HEALTH_CHECK and not aside:
            aside = tr("no chronic disease under management")
        state: SlipState = "entered" if record else "aside" if aside else "waiting"
        found.append(
            SlipLine(
                slip_id=slip.id,
                number=short_number(row.number, slip.position),
                position=slip.position,
                resident_id=goes_on,
                name=person.name,
                sex=person.sex,
                age=age_on(person.birth_date, max(today, person.birth_date)),
                village=person.village or "",
                diseases=tuple(each for each in DISEASES if each in slip.diseases),
                state=state,
                record_id=record,
                aside=aside if state == "aside" else "",
                printed_as="" if goes_on == slip.resident_id else people[slip.resident_id].name,
            )
        )
    return tuple(found)


def _records_since(session: Session, row: PaperRound) -> dict[str, str]:
    """By the record that goes on: the standing visits or health checks recorded since the list was
    made, also those typed on their own form: a corrected visit has taken the place of the one
    entered from the slip."""
    model = HealthCheck if row.form == HEALTH_CHECK else FollowUp
    into = whole_people(session, [slip.resident_id for slip in row.slips])
    rows = session.execute(
        select(model.resident_id, func.max(model.id))
        .where(
            model.resident_id.in_(into),
            model.created_at > row.made_at,
            model.status != ENTERED_IN_ERROR,
        )
        .group_by(model.resident_id)
    )
    found: dict[str, str] = {}
    for resident_id, record_id in rows:
        goes_on = into[str(resident_id)]
        found[goes_on] = max(found.get(goes_on, ""), str(record_id))
    return found
