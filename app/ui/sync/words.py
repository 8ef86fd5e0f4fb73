"""The state of the sync in words: the one line of the bottom bar and its parts.

Never better than the truth: a record is "held by the county hospital" only by its receipt, and
"nothing waits" is said only when nothing is waiting, unanswered or refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from app.i18n import tr
from app.ui.theme import Tone
from app.ui.widgets.delivery import moment

if TYPE_CHECKING:
    from app.sync.facade import DayCheck, SyncStatus


@dataclass(frozen=True, slots=True)
class BarText:
    """What the bottom bar shows."""

    icon: str
    tone: Tone
    text: str


_ICONS = {
    "off": "cloud-off-line",
    "not_enrolled": "link-unlink-m",
    "idle": "refresh-line",
    "syncing": "refresh-line",
    "first_load": "download-cloud-2-line",
    "offline": "wifi-off-line",
    "refused": "shield-keyhole-line",
}


def phase_words(phase: str) -> str:
    """The phase in a word or two."""
    return {
        "off": tr("Sync is off"),
        "not_enrolled": tr("Not connected to the county hospital yet"),
        "idle": tr("Connected"),
        "syncing": tr("Syncing"),
        "first_load": tr("First load"),
        "offline": tr("Offline"),
        "refused": tr("Access refused by the county hospital"),
    }.get(phase, phase)


def ago(instant: datetime, now: datetime) -> str:
    """``刚刚``, ``5 分钟前``, ``2 小时前``, ``3 天前``; an instant ahead of the clock is now."""
    passed = max(now - instant, timedelta(0))
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return tr("just now")
    if minutes < 60:
        return tr("{count} min ago").format(count=minutes)
    if minutes < 48 * 60:
        return tr("{count} h ago").format(count=minutes // 60)
    return tr("{count} days ago").format(count=minutes // (24 * 60))


def bar_text(status: SyncStatus | None, now: datetime, today: date) -> BarText:
    """The line at the bottom of the window."""
    if status is None:
        return BarText(_ICONS["off"], "attention", phase_words("off"))
    parts = [phase_words(status.phase), *_counts(status)]
    if status.phase == "first_load" and status.progress is not None:
        parts[0] = tr("First load: {count} records").format(count=status.progress.records)
    if status.oldest_waiting_at is not None and status.waiting + status.unknown:
        parts.append(tr("oldest {age}").format(age=ago(status.oldest_waiting_at, now)))
    if status.last_success_at is not None:
        parts.append(tr("last success {time}").format(time=moment(status.last_success_at, today)))
    elif status.phase not in ("off", "not_enrolled"):
        parts.append(tr("never succeeded yet"))
    if status.next_try_at is not None and status.phase in ("idle", "offline", "refused"):
        text = tr("next {time}").format(time=moment(status.next_try_at, today))
        told = status.reason and status.phase in ("offline", "refused")
        parts.append(f"{text} ({status.reason})" if told else text)
    elif status.reason and status.phase in ("offline", "refused"):
        parts.append(status.reason)
    return BarText(_icon(status), _tone(status), " · ".join(parts))


def _counts(status: SyncStatus) -> list[str]:
    parts = []
    if status.waiting:
        if status.waiting_emergency:
            parts.append(
                tr("waiting {count} (emergency {urgent})").format(
                    count=status.waiting, urgent=status.waiting_emergency
                )
            )
        else:
            parts.append(tr("waiting {count}").format(count=status.waiting))
    if status.unknown:
        parts.append(tr("answer unknown {count}").format(count=status.unknown))
    trouble = status.rejected + status.conflicts
    if trouble:
        parts.append(tr("needs a person {count}").format(count=trouble))
    if status.kept:
        parts.append(tr("kept only here {count}").format(count=status.kept))
    if not parts:
        parts.append(tr("nothing waits"))
    return parts


def _tone(status: SyncStatus) -> Tone:
    if status.rejected or status.conflicts or status.phase == "refused":
        return "danger"
    if status.waiting_emergency and status.phase not in ("syncing", "first_load"):
        return "danger"
    if status.phase in ("offline", "not_enrolled", "off") or status.unknown:
        return "attention"
    quiet = not (status.waiting or status.kept)
    if status.phase == "idle" and quiet and status.last_success_at is not None:
        return "confirmed"
    return "neutral"


def _icon(status: SyncStatus) -> str:
    if status.rejected or status.conflicts:
        return "error-warning-line"
    settled = not (status.waiting or status.unknown or status.kept)
    settled = settled and status.last_success_at is not None
    if status.phase == "idle" and settled:
        return "checkbox-circle-line"
    return _ICONS.get(status.phase, "refresh-line")


def day_line(status: SyncStatus | None) -> tuple[Tone, str]:
    """The end-of-day check as one sentence."""
    if status is None:
        return "attention", tr("Sync is off: what is recorded here stays on this PC only.")
    if status.phase == "first_load" and status.progress is not None:
        # How many will come nobody knows: no server has to tell it.
        text = tr("First load: {count} records so far, list {list} of {of}. You can work already.")
        progress = status.progress
        return "accent", text.format(count=progress.records, list=progress.list, of=progress.of)
    undecided = tr("Records changed in two places, somebody must decide: {count}")
    if status.waiting or status.unknown or status.rejected:
        # The same number as on the picture of the path: what was kept here is not held either.
        here = status.waiting + status.unknown + status.rejected + status.kept
        text = tr("Records not yet confirmed by the county hospital: {count}").format(count=here)
        if status.conflicts:
            text += tr("; ") + undecided.format(count=status.conflicts)
        tone: Tone = "danger" if status.rejected or status.conflicts else "attention"
        return tone, text
    if status.conflicts:
        return "danger", undecided.format(count=status.conflicts)
    if status.kept:
        text = tr("Kept only on this PC by decision: {count}. All others are held.")
        return "attention", text.format(count=status.kept)
    if status.last_success_at is None:
        return "neutral", tr("Nothing has been recorded here for the county hospital yet.")
    return "confirmed", tr("Every record of this PC is held by the county hospital.")


def check_words(result: DayCheck) -> tuple[Tone, str, str]:
    """The result of the end-of-day check: its tone, the big line, and what to do."""
    if not result.reached:
        open_here = result.waiting + result.unknown
        line = tr("The county hospital could not be asked.")
        if open_here:
            line = tr("The county hospital could not be asked. Waiting here: {count}").format(
                count=open_here
            )
        return "attention", line, result.reason
    if result.green:
        line = tr("Everything is held by the county hospital: {count} records compared.")
        return "confirmed", line.format(count=result.held), tr("You may switch this PC off.")
    numbers = [
        (result.waiting, tr("waiting {count}")),
        (result.unknown, tr("answer unknown {count}")),
        (result.rejected, tr("refused {count}")),
        (result.conflicts, tr("to be decided {count}")),
        (result.kept, tr("kept only here {count}")),
        (result.queued_again, tr("missing there {count}")),
        (result.unread, tr("not fetched yet {count}")),
    ]
    said = tr(", ").join(text.format(count=count) for count, text in numbers if count)
    line = tr("Not everything is held by the county hospital yet: {numbers}").format(numbers=said)
    return "attention", line, _what_to_do(result)


def _what_to_do(result: DayCheck) -> str:
    steps = []
    if result.queued_again:
        steps.append(tr("What the hospital lacks was queued again and is being sent."))
    if result.rejected or result.conflicts:
        steps.append(tr("Look at the records that need a person, below."))
    if result.kept:
        steps.append(tr("Records kept only here stay so until somebody sends them again."))
    if result.waiting or result.unknown or result.queued_again or result.unread:
        steps.append(tr("Sync now, then check again."))
    return " ".join(steps)


def lane_words(lane: object) -> str:
    """The name of a lane of the queue."""
    return {
        "0": tr("Emergency referrals"),
        "emergency": tr("Emergency referrals"),
        "1": tr("Referrals"),
        "referral": tr("Referrals"),
        "2": tr("Other records"),
        "rest": tr("Other records"),
    }.get(str(lane), str(lane))
