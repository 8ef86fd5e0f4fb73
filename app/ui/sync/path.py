"""The picture of the way: this PC, the link, the county hospital, with what is known of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.icons import tone_colour
from app.ui.style import dress
from app.ui.sync.words import phase_words
from app.ui.widgets.cards import IconLabel, label

if TYPE_CHECKING:
    from app.sync.facade import SyncStatus


class _Stop(QFrame):
    """One stop of the way: icon, name, state in words."""

    def __init__(self, icon_name: str, name: str) -> None:
        super().__init__()
        self._icon_name = icon_name
        # Dressed before it is first shown: a frame polished without a ground never gets one.
        dress(self, kind="strip", tone="neutral")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_CARD, theme.GAP_FIELD, theme.GAP_CARD, theme.GAP_FIELD)
        row.setSpacing(theme.GAP_FIELD)
        self._icon = IconLabel(size=theme.ICON_BRAND)
        row.addWidget(self._icon)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(label(name, "strong"))
        self._state = label("", "secondary")
        column.addWidget(self._state)
        row.addLayout(column, 1)

    def show_state(self, text: str, tone: theme.Tone) -> None:
        dress(self, kind="strip", tone=tone)
        dress(self._state, tone="" if tone == "neutral" else tone)
        self._icon.set_icon(self._icon_name, tone_colour(tone))
        self._state.setText(text)
        self.setAccessibleName(text)

    def text(self) -> str:
        return self._state.text()


class SyncPath(QWidget):
    """The three stops. What was last known is said as such, never as the present."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_INSIDE)
        self.here = _Stop("computer-line", tr("This PC"))
        self.link = _Stop("exchange-line", tr("Link"))
        self.there = _Stop("hospital-line", tr("County hospital"))
        for at, stop in enumerate((self.here, self.link, self.there)):
            if at:
                arrow = IconLabel("arrow-left-right-line", "text_hint", theme.ICON_LARGE)
                row.addWidget(arrow, 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(stop, 1)

    def show_status(self, status: SyncStatus | None) -> None:
        if status is None:
            self.here.show_state(tr("Records are saved here"), "neutral")
            self.link.show_state(phase_words("off"), "attention")
            self.there.show_state(tr("Nothing is known"), "neutral")
            return
        here = status.waiting + status.unknown + status.rejected + status.kept
        if here:
            self.here.show_state(
                tr("Records only here so far: {count}").format(count=here), "attention"
            )
        else:
            # Green is the other side's word: without any success it is only quiet here.
            known = status.last_success_at is not None
            self.here.show_state(tr("Nothing waits here"), "confirmed" if known else "neutral")
        link: tuple[str, theme.Tone] = {
            "idle": (tr("Worked at the last try"), "confirmed"),
            "syncing": (tr("In use now"), "accent"),
            "first_load": (tr("In use now"), "accent"),
            "offline": (tr("No connection"), "attention"),
            "refused": (tr("Works"), "neutral"),
            "not_enrolled": (tr("Not set up"), "attention"),
            "off": (tr("Sync is off"), "attention"),
        }.get(status.phase, (status.phase, "neutral"))
        if status.phase in ("idle", "syncing") and status.last_success_at is None:
            link = (phase_words(status.phase), "neutral")
        self.link.show_state(*link)
        self.there.show_state(*_there(status))


def _there(status: SyncStatus) -> tuple[str, theme.Tone]:
    if status.phase == "refused":
        return tr("Refuses this PC"), "danger"
    if status.phase == "not_enrolled":
        return tr("Does not know this PC yet"), "attention"
    if status.rejected:
        return tr("Records refused: {count}").format(count=status.rejected), "danger"
    if status.unknown:
        return tr("{count} sent, answer unknown").format(count=status.unknown), "attention"
    if status.phase == "first_load":
        return tr("Sends its records"), "accent"
    if status.last_success_at is None:
        return tr("Not reached yet"), "neutral"
    if status.phase in ("idle", "syncing"):
        return tr("Answers"), "confirmed"
    return tr("Not reached at the last try"), "attention"
