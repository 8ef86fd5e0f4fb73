"""Times of day as they are typed, and durations as they are said."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from app.care.parsing import half_width
from app.clock import CLINIC_ZONE
from app.i18n import tr

_AFTERNOON = ("下午", "晚上", "傍晚", "pm")
_MORNING = ("上午", "早上", "凌晨", "am")


def parse_time(text: str) -> time | None:
    """A time of day as typed: ``9``, ``930``, ``0930``, ``9:30``, ``9点半``, ``下午2点``.

    None for anything that is not a time of day (``25``, ``9:75``), so that nothing is guessed.
    """
    typed = half_width(text).strip().lower().replace(" ", "")
    shift = 0
    for words, hours in ((_AFTERNOON, 12), (_MORNING, 0)):
        for word in words:
            if word in typed:
                typed, shift = typed.replace(word, ""), hours
    typed = re.sub(r"[点时]半$", ":30", typed)
    typed = re.sub(r"[点时:.。]", ":", typed.removesuffix("分")).removesuffix(":")
    if match := re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", typed, re.ASCII):
        hour, minute = int(match[1]), int(match[2] or 0)
    elif match := re.fullmatch(r"(\d{1,2})(\d{2})", typed, re.ASCII):
        hour, minute = int(match[1]), int(match[2])
    else:
        return None
    if shift and hour < 12:
        hour += shift
    return time(hour, minute) if hour < 24 and minute < 60 else None


def at_clinic(day: date, moment: time) -> datetime:
    """The instant of a date and time on the clinic's wall clock."""
    return datetime.combine(day, moment, CLINIC_ZONE)


def duration(span: timedelta) -> str:
    """A span in the two units that matter: ``12 min``, ``3 h 20 min``, ``2 d 4 h``.

    Cut, not rounded; below a minute it is ``under 1 min``. Negative spans are said as zero.
    """
    minutes = max(int(span.total_seconds()) // 60, 0)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        if not hours or days >= 10:
            return tr("{days} d").format(days=days)
        return tr("{days} d {hours} h").format(days=days, hours=hours)
    if hours:
        if not minutes:
            return tr("{hours} h").format(hours=hours)
        return tr("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return tr("{minutes} min").format(minutes=minutes) if minutes else tr("under 1 min")
