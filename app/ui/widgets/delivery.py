"""Where a record is: still here, sent without an answer, held by the county hospital, refused.

A record is shown as received only when the county hospital has answered so, never before.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.clock import clinic_date, clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.icons import tone_colour
from app.ui.style import dress
from app.ui.tips import plain_tip
from app.ui.widgets.cards import IconLabel, label

if TYPE_CHECKING:
    from app.models.outbox import Delivery


class Mark(NamedTuple):
    """What to show for a delivery state."""

    icon: str
    tone: theme.Tone
    text: str


def moment(instant: datetime, today: date) -> str:
    """``10:42`` today, ``11-21 10:42`` this year, else the whole date."""
    local = clinic_time(instant)
    day = clinic_date(instant)
    if day == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if day.year == today.year else f"{local:%Y-%m-%d}"


def delivery_mark(delivery: Delivery, today: date) -> Mark:
    """Icon, tone and words for tables and timelines (``today``: the clinic's date)."""
    if delivery.state == "held":
        if delivery.held_at is None:
            return Mark("checkbox-circle-line", "confirmed", tr("Held by the county hospital"))
        text = tr("Held by the county hospital, {time}").format(
            time=moment(delivery.held_at, today)
        )
        return Mark("checkbox-circle-line", "confirmed", text)
    if delivery.state == "rejected":
        return Mark("error-warning-line", "danger", tr("Refused by the county hospital"))
    if delivery.state == "conflict":
        return Mark("git-merge-line", "danger", tr("Changed in two places: decide"))
    if delivery.state == "kept":
        text = tr("Kept only on this PC: {reason}").format(reason=delivery.reason or "—")
        return Mark("computer-line", "attention", text)
    if delivery.state == "unknown":
        return Mark("question-line", "attention", tr("Sent, answer unknown"))
    if delivery.state == "waiting":
        return Mark("upload-cloud-2-line", "neutral", tr("Saved here, waiting to be sent"))
    return Mark("computer-line", "neutral", tr("Only on this computer"))


class DeliveryMark(QWidget):
    """The delivery state of one record as an icon and a word."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_TIGHT)
        self._icon = IconLabel()
        self._text = label("", "secondary")
        row.addWidget(self._icon)
        row.addWidget(self._text)
        row.addStretch(1)

    def set_delivery(self, delivery: Delivery, today: date) -> None:
        mark = delivery_mark(delivery, today)
        self._icon.set_icon(mark.icon, tone_colour(mark.tone))
        self._text.setText(mark.text)
        dress(self._text, tone="" if mark.tone == "neutral" else mark.tone)
        self.setToolTip(plain_tip(delivery.reason or ""))
        self.setAccessibleName(mark.text)

    def text(self) -> str:
        return self._text.text()
