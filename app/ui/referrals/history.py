"""A referral's history in words: each move with who and why, the reason of the last, when what."""

from __future__ import annotations

from datetime import date, datetime

from app.care.referral_moves import LETTER
from app.care.referral_return.onward import SENT_ON
from app.care.referral_states import State
from app.care.referral_view import EventView, ReferralView
from app.clock import parse_instant
from app.i18n import tr
from app.models import codes
from app.models.outbox import Delivery
from app.ui.referrals.words import state_word, when

_PLACE = ("department", "doctor", "ward", "bed")


def reason_words(view: ReferralView) -> str:
    """The reason of the last move in words, from whichever list it was taken."""
    for name in ("reject", "return", "cancel", "close", "decline", "reopen"):
        list_name = f"referral_{name}_reason"
        if codes.is_known(list_name, view.reason_code):
            return codes.label(list_name, view.reason_code)
    return view.reason_code


def worse_delivery(view: ReferralView) -> Delivery:
    """The delivery that is further from the other side: letter or state."""
    ranking = {"rejected": 0, "unknown": 1, "waiting": 2, "held": 3, "local": 4}
    return min(view.delivery, view.letter_delivery, key=lambda d: ranking.get(d.state, 0))


def entered_at(events: tuple[EventView, ...]) -> dict[State, datetime]:
    found: dict[State, datetime] = {}
    for event in events:
        moved = event.to_state != event.from_state
        if event.service == LETTER and moved and event.standing:
            found[State(event.to_state)] = event.occurred_at
    if State.ACCEPTED in found and State.SENT not in found:
        # Accepted on the phone before the form was sent: both at once.
        found[State.SENT] = found[State.ACCEPTED]
    return found


def sent_on(view: ReferralView) -> EventView | None:
    """The move that last said to which house the patient was sent on, if any did."""
    return next((e for e in reversed(view.events) if e.move == SENT_ON and e.standing), None)


def sent_on_words(event: EventView) -> str:
    """To which house a patient was sent on, and how far that got."""
    return tr("Sent on to {house}: {state}").format(
        house=event.details.get("house", ""), state=state_word(event.details.get("house_state", ""))
    )


def history_line(event: EventView, today: date) -> str:
    """One move in a line: when, what, who, why."""
    if event.service == LETTER:
        what = {
            "completed": tr("Letter completed"),
            "rebooked": tr("Booking changed"),
            "redirected": tr("Handed on to another department"),
            "discharged": tr("Left the hospital"),
            "amended": tr("Reply amended"),
            SENT_ON: sent_on_words(event) if event.move == SENT_ON else "",
        }.get(event.move, state_word(event.to_state))
        list_names = ("reject", "return", "cancel", "close", "decline", "reopen")
    else:
        what = tr("{service}: {state}").format(
            service=codes.label("referral_service", event.service),
            state=codes.label("referral_service_state", event.to_state),
        )
        list_names = ("reject", "cancel")
    reason = event.reason_code
    for list_name in (*(f"referral_{n}_reason" for n in list_names), "referral_service_refusal"):
        if codes.is_known(list_name, reason):
            reason = codes.label(list_name, reason)
            break
    details = dict(event.details)
    if "phone_confirmed_by" in details:
        reason = tr("on the phone with {name}, {number}").format(
            name=details["phone_confirmed_by"], number=details.get("phone_number", "")
        )
    booked = ""
    if details.get("scheduled_at"):
        booked = when(parse_instant(details["scheduled_at"]), today)
    place = " ".join(part for part in (booked, *(details.get(k, "") for k in _PLACE)) if part)
    by = " ".join(part for part in (event.organisation_name, event.actor_name) if part)
    if details.get("automatic") == "True":
        what = tr("{what} (by itself)").format(what=what)
    if not event.standing:
        what = tr("{what} (took no effect: the other side was first)").format(what=what)
    parts = (what, place, reason, event.reason_text.replace("\n", " "), by)
    return f"{when(event.occurred_at, today)}   " + "  ·  ".join(part for part in parts if part)
