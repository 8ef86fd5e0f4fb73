"""The time limits of referrals as this organisation has set them, and internal review.

Source: domain reference §6.4, table of timers (C: every one is a setting). Kept with the clinical
settings, so that every change is a version and reaches the other PCs of the organisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.care.clinical_settings import keep_beside
from app.care.due import refresh_due
from app.care.parsing import clean_text
from app.care.referral_back.due import OPEN_STATES
from app.care.referral_limits import Limits
from app.care.referral_limits_kept import NAME, limits_in_force
from app.care.referral_moves import LETTER
from app.errors import InputError, NotAllowed
from app.i18n import N_, tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.referral import ReferralTask
from app.models.store import Store

REVIEW = "internal_review"
_LONGEST_REASON = 200

HOURS, MINUTES, DAYS = N_("h"), N_("min"), N_("days")


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer of the page: its words, its unit, the values it may take (whole numbers)."""

    label: str
    unit: str
    low: int
    high: int


#: By group and field of ``Limits``, in the order of the table of §6.4.
TIMERS: Mapping[str, Mapping[str, Timer]] = {
    N_("Answer of the receiver"): {
        "accept_routine_h": Timer(N_("Routine"), HOURS, 1, 168),
        "accept_priority_h": Timer(N_("Priority"), HOURS, 1, 72),
        "accept_emergency_min": Timer(N_("Emergency, then telephone"), MINUTES, 1, 120),
        "expire_after_limit_h": Timer(N_("Sender may mark as expired, after the limit"), HOURS,
                                      1, 720),
    },
    N_("Arrival and reply"): {
        "arrival_h": Timer(N_("Arrival confirmed, after the booked time"), HOURS, 1, 336),
        "arrival_down_h": Timer(N_("Arrival of a patient referred down"), HOURS, 1, 336),
        "reply_inpatient_h": Timer(N_("Reply after the discharge"), HOURS, 1, 336),
        "reply_outpatient_h": Timer(N_("Reply after an outpatient visit"), HOURS, 1, 336),
        "emergency_paper_h": Timer(N_("Letter and consent after an emergency"), HOURS, 1, 168),
    },
    N_("Patients who come back"): {
        "down_answer_h": Timer(N_("Answer to a down-referral or hand-back"), HOURS, 1, 336),
        "remind_first_h": Timer(N_("First reminder"), HOURS, 1, 336),
        "remind_second_h": Timer(N_("Second reminder"), HOURS, 1, 336),
        "remind_third_h": Timer(N_("Third reminder"), HOURS, 1, 336),
        "follow_up_d": Timer(N_("First visit after the return"), DAYS, 1, 14),
        "follow_up_urgent_d": Timer(N_("First visit, priority and emergency"), DAYS, 1, 14),
        "close_after_follow_up_d": Timer(N_("Closed by itself, first visit done"), DAYS, 1, 90),
        "close_at_latest_d": Timer(N_("Closed by itself at the latest"), DAYS, 1, 365),
    },
}  # fmt: skip


def load_limits(store: Store) -> Limits:
    """The limits, for whoever has no transaction open."""
    with store.read() as session:
        return limits_in_force(session)


def save_limits(
    store: Store, actor: Actor, new: Limits, reason: str, *, standing: Limits
) -> Limits:
    """Put changed limits in force as a new version of the clinical settings.

    ``standing``: those that were shown when the change was made; where others are in force by now,
    nothing is saved. What is due after a return is made anew. Raises NotAllowed unless an
    administrator asks, InputError with a sentence a field, also where nothing was changed.
    """
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may set the time limits. Nothing was changed. "
                "Ask the administrator of your organisation."
            )
        )
    text = clean_text(reason)
    problems = _problems(new)
    if not text:
        problems["reason"] = tr("Write why the settings are changed.")
    elif len(text) > _LONGEST_REASON:
        problems["reason"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=_LONGEST_REASON
        )
    with store.write(actor) as session:
        in_force = limits_in_force(session)
        if in_force != standing:
            raise InputError(
                tr(
                    "The settings were changed elsewhere in the meantime. Nothing was saved. "
                    "Open this page again and make your change on the newest version."
                )
            )
        if not problems and new == in_force:
            problems["reason"] = tr("No setting was changed.")
        if problems:
            raise InputError(problems)
        keep_beside(session, actor, NAME, new.to_settings(), text)
        note_access(session, store.clock, actor, "change", "setting", NAME)
        refresh_due(session, store.organisation_id, _waiting_residents(session, store))
    return new


def _problems(new: Limits) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in TIMERS.values():
        for name, timer in group.items():
            value = getattr(new, name)
            if not timer.low <= value <= timer.high or value != int(value):
                found[name] = tr("Only {low} to {high} can be saved.").format(
                    low=timer.low, high=timer.high
                )
    if found:
        return found
    if new.follow_up_urgent_d > new.follow_up_d:
        found["follow_up_urgent_d"] = tr("Urgent cases are not seen later than the others.")
    if new.close_at_latest_d < new.close_after_follow_up_d:
        found["close_at_latest_d"] = tr("The latest closing cannot come before the early one.")
    if not new.remind_first_h <= new.remind_second_h <= new.remind_third_h:
        found["remind_second_h"] = tr("The reminders follow one another.")
    return found


def _waiting_residents(session: Session, store: Store) -> list[str]:
    """Residents whose first visit after the return may have another day now."""
    own = store.organisation_id
    return list(
        session.scalars(
            select(ReferralTask.resident_id)
            .where(
                ReferralTask.service == LETTER,
                ReferralTask.state.in_([str(state) for state in OPEN_STATES]),
                or_(
                    ReferralTask.requester_organisation_id == own,
                    ReferralTask.owner_organisation_id == own,
                ),
            )
            .distinct()
        )
    )
