"""Words and tones that all parts of the referral room share."""

from __future__ import annotations

import re
from datetime import date, datetime

from app.care.referral_limits import Waiting
from app.care.referral_states import ServiceState, State, Urgency
from app.care.referral_time import duration
from app.clock import clinic_time
from app.i18n import tr
from app.models import codes
from app.ui.theme import Tone

_LONG_RUN = re.compile(r"[!-~]{24}")

URGENCY_TONE: dict[str, Tone] = {
    Urgency.EMERGENCY: "danger",
    Urgency.PRIORITY: "attention",
    Urgency.ROUTINE: "neutral",
}
URGENCY_ICON = {
    Urgency.EMERGENCY: "alarm-warning-line",
    Urgency.PRIORITY: "flashlight-line",
    Urgency.ROUTINE: "",
}
STATE_TONE: dict[str, Tone] = {
    State.DRAFT: "attention",
    State.INTERNAL_REVIEW: "attention",
    State.SENT: "attention",
    State.RETURNED: "attention",
    State.ACCEPTED: "accent",
    State.ARRIVED: "accent",
    State.IN_CARE: "accent",
    State.REPLIED: "accent",
    State.HANDED_BACK: "attention",
    State.RECEIVED_BACK: "accent",
    State.REJECTED: "danger",
    State.NO_SHOW: "danger",
    State.EXPIRED: "danger",
}
STATE_ICON = {
    State.DRAFT: "draft-line",
    State.INTERNAL_REVIEW: "user-star-line",
    State.SENT: "send-plane-line",
    State.RETURNED: "arrow-go-back-line",
    State.ACCEPTED: "calendar-check-line",
    State.ARRIVED: "login-circle-line",
    State.IN_CARE: "stethoscope-line",
    State.REPLIED: "reply-line",
    State.HANDED_BACK: "home-heart-line",
    State.RECEIVED_BACK: "home-heart-line",
    State.CLOSED: "inbox-archive-line",
    State.REJECTED: "forbid-line",
    State.CANCELLED: "close-line",
    State.NO_SHOW: "question-line",
    State.EXPIRED: "time-line",
}
SERVICE_ICON = {
    "clinic": "stethoscope-line",
    "examination": "microscope-line",
    "bed": "hotel-bed-line",
}
SERVICE_TONE: dict[str, Tone] = {
    ServiceState.REQUESTED: "attention",
    ServiceState.ARRANGED: "accent",
    ServiceState.REFUSED: "danger",
    ServiceState.USED: "confirmed",
    ServiceState.WITHDRAWN: "neutral",
}
#: The answer to a priority by its shape, beside its colour.
SERVICE_MARK: dict[str, str] = {
    ServiceState.REQUESTED: "more-line",
    ServiceState.ARRANGED: "check-line",
    ServiceState.REFUSED: "close-line",
    ServiceState.USED: "check-double-line",
    ServiceState.WITHDRAWN: "subtract-line",
}


def service_words(name: str, state: str) -> str:
    """``优先住院：已安排``"""
    return tr("{what}: {detail}").format(
        what=codes.label("referral_service", name),
        detail=codes.label("referral_service_state", state),
    )


def state_word(state: str) -> str:
    return codes.label("referral_state", state)


def who(sex: str, age: int | None) -> str:
    """``女 77 岁``; the age is left out where the clock makes it impossible."""
    word = codes.label("sex", sex)
    return word if age is None else tr("{sex}, {age} years").format(sex=word, age=age)


def waiting_words(wait: Waiting, today: date) -> tuple[str, Tone]:
    """Waiting time against its limit: ``12 分钟 / 限 15 分钟``; of a booked patient who is not yet
    expected the appointment."""
    if wait.limit is None or wait.start is None:
        return duration(wait.elapsed), "neutral"
    if wait.expected:
        return tr("booked for {time}").format(time=when(wait.start, today)), "neutral"
    if wait.overdue:
        return tr("{elapsed} of {limit}, late").format(
            elapsed=duration(wait.elapsed), limit=duration(wait.limit)
        ), "danger"
    text = tr("{elapsed} of {limit}").format(
        elapsed=duration(wait.elapsed), limit=duration(wait.limit)
    )
    # Three quarters gone: worth a look before it is late.
    return text, "attention" if wait.elapsed * 4 >= wait.limit * 3 else "neutral"


def when(instant: datetime, today: date) -> str:
    """``今天 09:00``, ``03-04 09:00``, or with the year when it is another."""
    local = clinic_time(instant)
    if local.date() == today:
        return tr("today {time}").format(time=f"{local:%H:%M}")
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def breakable(text: str) -> str:
    """The text with places to break in runs without a blank, so that no page grows sideways."""
    return _LONG_RUN.sub(lambda run: run[0] + "\u200b", text)


#: Moves without a reason list that cannot be taken back: a person confirms them.
EXPLAINED = frozenset({State.NO_SHOW, State.EXPIRED})


def explanation(target: State) -> str:
    """What a move means, for the dialog that asks for its reason; empty where that is plain."""
    explanations: dict[State, str] = {
        State.NO_SHOW: tr("This ends the referral; what was arranged becomes free again."),
        State.EXPIRED: tr("Nobody answered in time. This ends the referral; write a new one."),
        State.CANCELLED: tr("This ends the referral; the other side reads the reason."),
        State.REJECTED: tr("This ends the referral; give advice where the patient should go."),
        State.RETURNED: tr("The sender mends the letter and sends it again under its number."),
    }
    return explanations.get(target, "")


def send_word(state: State, *, held: bool) -> str:
    """The button of a letter; one that the head approves first is ``held``: submitted, not sent."""
    if state is State.DRAFT:
        return tr("Submit for approval") if held else tr("Send")
    return tr("Send again") if state is State.RETURNED else tr("Save")
