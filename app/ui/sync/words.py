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
    from app.sync.facade import SyncStatus


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
    if not parts:
        parts.append(tr("nothing waits"))
    return parts


def _tone(status: SyncStatus) -> Tone:
    if status.rejected or status.conflicts or status.phase == "refused":
        return "danger"
    if status.waiting_emergency and status.phase != "syncing":
        return "danger"
    if status.phase in ("offline", "not_enrolled", "off") or status.unknown:
        return "attention"
    if status.phase == "idle" and not status.waiting and status.last_success_at is not None:
        return "confirmed"
    return "neutral"


def _icon(status: SyncStatus) -> str:
    if status.rejected or status.conflicts:
        return "error-warning-line"
    settled = not status.waiting and not status.unknown and status.last_success_at is not None
    if status.phase == "idle" and settled:
        return "checkbox-circle-line"
    return _ICONS.get(status.phase, "refresh-line")


def day_line(status: SyncStatus | None) -> tuple[Tone, str]:
    """The end-of-day check as one sentence."""
    if status is None:
        return "attention", tr("Sync is off: what is recorded here stays on this PC only.")
    here = status.waiting + status.unknown + status.rejected
    if here:
        text = tr("Records not yet confirmed by the county hospital: {count}")
        tone: Tone = "danger" if status.rejected else "attention"
        return tone, text.format(count=here)
    if status.conflicts:
        text = tr("Records changed in two places, somebody must decide: {count}")
        return "danger", text.format(count=status.conflicts)
    if status.last_success_at is None:
        return "neutral", tr("Nothing has been recorded here for the county hospital yet.")
    return "confirmed", tr("Every record of this PC is held by the county hospital.")


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
