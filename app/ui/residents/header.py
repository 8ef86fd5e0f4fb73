"""The head of a resident's page: who it is, what to mind, and the work in the order of use."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QAction, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from app.care.contracts.view import ContractMark
from app.care.resident_page import Alert, Identity, Summary
from app.care.resident_record.numbers import printed_number
from app.clock import Clock
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.icons import icon
from app.ui.style import dress
from app.ui.tips import plain_tip
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Chip, IconLabel, label
from app.ui.widgets.choices import FlowLayout
from app.ui.widgets.delivery import DeliveryMark

# Past diseases of the basic form that say what a tag says (the tag's word may be a shorter one).
_TOLD = {
    "hypertension": "2", "diabetes": "3", "chd": "4", "copd": "5", "tumour": "6", "stroke": "7",
    "mental": "8", "tuberculosis": "9",
}  # fmt: skip
# Diagnoses of a programme that the tag of the same disease would say once more.
_SAID = {"hypertension": "hypertension", "type2_diabetes": "diabetes", "copd": "copd"}
# A number shown to a person at the desk is hidden again before the next one sits down.
_SHOWN_MS = 60_000


class _Chips(QWidget):
    """Chips that begin a new line where the width ends."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = FlowLayout(self, theme.GAP_INSIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def fill(self, chips: list[QWidget]) -> None:
        while item := self._flow.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        for chip in chips:
            self._flow.addWidget(chip)
            # The flow counts only what is shown, and Qt would show it later.
            chip.show()
        self._fit()

    def texts(self) -> list[str]:
        found = [self._flow.itemAt(at) for at in range(self._flow.count())]
        return [item.widget().accessibleName() for item in found if item is not None]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        self.setFixedHeight(max(self._flow.heightForWidth(self.width()), 1))


class _Elided(QLabel):
    """A line of text that gives way where room is short; the whole stands in its tip."""

    def __init__(self, kind: str = "", *, tabular: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        dress(self, kind=kind)
        if tabular:
            self.setFont(theme.font(tabular=True))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(plain_tip(text))
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), theme.NUMBER_WIDTH), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        elided = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, elided)


class ResidentHeader(QFrame):
    """Signals say which action was chosen; the page does it."""

    reveal = Signal()
    follow_up = Signal()
    check_in = Signal()
    refer = Signal()
    consult = Signal()
    assess = Signal()
    health_check = Signal()
    contract = Signal()
    edit = Signal()
    diagnoses = Signal()
    bed = Signal()
    status = Signal()
    consents = Signal()
    merged = Signal()
    alert = Signal(object)

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._masked = ""
        dress(self, kind="card")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GAP_CARD, theme.GAP_FIELD, theme.GAP_CARD, theme.GAP_FIELD)
        column.setSpacing(theme.GAP_INSIDE)
        column.addLayout(self._who())
        self.chips = _Chips()
        column.addWidget(self.chips)
        column.addLayout(self._actions())
        self._hide_timer = QTimer(self)
        self._hide_timer.setSingleShot(True)
        self._hide_timer.setInterval(_SHOWN_MS)
        self._hide_timer.timeout.connect(self.hide_identity)

    # -- building -----------------------------------------------------------------------------

    def _who(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self.name = _Elided("title")
        self.about = label("", "strong")
        row.addWidget(self.name)
        row.addWidget(self.about)
        row.addSpacing(theme.GAP_INSIDE)
        self.number = label("")
        self.number.setFont(theme.font(tabular=True))
        self.number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.number.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.reveal_button = QuietButton(
            "", self._toggle, icon_name="eye-line", tip=tr("Show the ID number; this is noted")
        )
        self.reveal_button.setAccessibleName(tr("Show the ID number"))
        self.reveal_button.setFixedWidth(theme.TARGET_MINIMUM)
        pair = QHBoxLayout()
        pair.setSpacing(theme.GAP_TIGHT)
        pair.addWidget(IconLabel("bank-card-line"))
        pair.addWidget(self.number)
        pair.addWidget(self.reveal_button)
        row.addLayout(pair)
        self.phone = _Elided(tabular=True)
        self.place = _Elided()
        for icon_name, words in (("phone-line", self.phone), ("map-pin-line", self.place)):
            pair = QHBoxLayout()
            pair.setSpacing(theme.GAP_TIGHT)
            pair.addWidget(IconLabel(icon_name))
            pair.addWidget(words)
            row.addLayout(pair)
        row.addStretch(1)
        self.delivery = DeliveryMark()
        row.addWidget(self.delivery)
        return row

    def _actions(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.follow_up_button = Button(
            tr("Follow-up"),
            self.follow_up.emit,
            icon_name="heart-pulse-line",
            shortcut="Ctrl+1",
        )
        self.check_in_button = Button(
            tr("Check-in"), self.check_in.emit, icon_name="walk-line", shortcut="Ctrl+2"
        )
        self.refer_button = Button(
            tr("Refer"), self.refer.emit, icon_name="arrow-left-right-line", shortcut="Ctrl+3"
        )
        self.assess_button = Button(
            tr("Assess"), self.assess.emit, icon_name="clipboard-line", shortcut="Ctrl+4"
        )
        self.health_check_button = Button(
            tr("Health check"),
            self.health_check.emit,
            icon_name="file-edit-line",
            shortcut="Ctrl+5",
        )
        self.contract_button = Button(
            tr("Contract"), self.contract.emit, icon_name="quill-pen-line", shortcut="Ctrl+6"
        )
        self.bed_button = QuietButton(tr("Admit"), self.bed.emit, icon_name="hotel-bed-line")
        self.diagnoses_button = QuietButton(
            tr("Diagnoses"), self.diagnoses.emit, icon_name="stethoscope-line"
        )
        self.edit_button = QuietButton(
            tr("Edit record"), self.edit.emit, icon_name="edit-line", shortcut="Ctrl+E"
        )
        self.more_button = QuietButton(tr("More"), icon_name="more-2-line")
        menu = QMenu(self.more_button)
        self._merged_action = self._action("git-merge-line", tr("Merged records"), self.merged)
        menu.addActions(
            [
                self._action("question-answer-line", tr("Consultation"), self.consult),
                self._action("quill-pen-line", tr("Consents"), self.consents),
                self._merged_action,
                self._action("archive-line", tr("Deceased, moved away, lost …"), self.status),
            ]
        )
        self.more_button.setMenu(menu)
        for button in (
            self.follow_up_button,
            self.check_in_button,
            self.refer_button,
            self.assess_button,
            self.health_check_button,
            self.contract_button,
        ):
            row.addWidget(button)
        row.addStretch(1)
        for quiet in (self.diagnoses_button, self.bed_button, self.edit_button, self.more_button):
            row.addWidget(quiet)
        return row

    def _action(self, icon_name: str, text: str, chosen: SignalInstance) -> QAction:
        """A line of the menu. The header owns it: one that a menu makes dies with a menu."""
        action = QAction(icon(icon_name), text, self)
        action.triggered.connect(lambda: chosen.emit())
        return action

    # -- showing ------------------------------------------------------------------------------

    def show_summary(
        self,
        head: Summary,
        contract: ContractMark | None = None,
        beside: tuple[Alert, ...] = (),
    ) -> None:
        """Fill all lines; the number is masked again. ``beside``: records elsewhere."""
        self.name.setText(head.name)
        self.about.setText(
            tr("{sex} · {age} years · {birth}").format(
                sex=codes.label("sex", head.sex), age=head.age, birth=head.birth_date.isoformat()
            )
        )
        self._masked = head.id_masked or tr("no card")
        self.hide_identity()
        self.reveal_button.setVisible(bool(head.id_masked))
        self.phone.setText(head.phone or tr("no phone"))
        place = " ".join(part for part in (head.township, head.village) if part)
        self.place.setText(place or head.address or tr("no address"))
        whole = " ".join(part for part in (place, head.address) if part)
        self.place.setToolTip(plain_tip(whole))
        self.delivery.set_delivery(head.delivery, self._clock.today())
        self.bed_button.setText(tr("Discharge") if head.stay_id else tr("Admit"))
        self.bed_button.setAccessibleName(self.bed_button.text())
        self._merged_action.setVisible(bool(head.merged))
        self.chips.fill([*self._chips_of(head, beside), *self._contract_chips(contract)])

    def _chips_of(self, head: Summary, beside: tuple[Alert, ...] = ()) -> list[QWidget]:
        chips: list[QWidget] = []
        if head.allergies:
            words = tr("Allergic: {what}").format(what=tr(", ").join(head.allergies))
            chips.append(Chip(_short(words, 40), "danger"))
        for alert in (*head.alerts, *beside):
            tone: theme.Tone = "danger" if alert.tone == "danger" else "attention"
            chips.append(_AlertChip(alert.text, tone, lambda a=alert: self.alert.emit(a)))
        if head.bed:
            place = " ".join(part for part in (head.stay_organisation, head.bed) if part)
            chips.append(Chip(tr("Bed {place}").format(place=place), "accent", "hotel-bed-line"))
        for condition in head.conditions:
            chips.append(Chip(_short(condition.name, 28), "accent"))
        chips.extend(Chip(_short(each, 28)) for each in head.history)
        said = {codes.label("population_flag", _SAID[each.disease]) for each in head.conditions
                if each.disease in _SAID}  # fmt: skip
        for tag in head.tags:
            words = codes.label("population_flag", tag)
            past = codes.label("past_disease", _TOLD[tag]) if tag in _TOLD else words
            told = any(each.startswith((words, past)) for each in head.history)
            if words not in said and not told:
                chips.append(Chip(words))
        if head.record_no:
            number = printed_number(head.record_no) or head.record_no
            chips.append(Chip(tr("Record no. {number}").format(number=number)))
        if head.allergy_asked and not head.allergies:
            chips.append(Chip(tr("No drug allergies")))
        return chips

    def _contract_chips(self, mark: ContractMark | None) -> list[QWidget]:
        if mark is None:
            return []
        words = codes.label("contract_state", mark.state)
        if mark.ends_on is not None and mark.state in ("active", "ending"):
            words = tr("{state}, until {day}").format(state=words, day=mark.ends_on.isoformat())
        late = mark.state in ("pending", "ending", "ended")
        tone: theme.Tone = "attention" if late else "accent" if mark.ends_on else "neutral"
        text = tr("Contract: {state}").format(state=words)
        chips: list[QWidget] = [_AlertChip(text, tone, self.contract.emit)]
        if mark.integrated:
            chips.append(Chip(codes.label("contract_category", "integrated_care"), "accent"))
        return chips

    def show_identity(self, identity: Identity) -> None:
        """The whole number for a minute."""
        self.number.setText(identity.id_no)
        self.reveal_button.setIcon(icon("eye-off-line"))
        self.reveal_button.setAccessibleName(tr("Hide the ID number"))
        self._hide_timer.start()

    def hide_identity(self) -> None:
        """Mask the number again."""
        self._hide_timer.stop()
        self.number.setText(self._masked)
        self.reveal_button.setIcon(icon("eye-line"))
        self.reveal_button.setAccessibleName(tr("Show the ID number"))

    def _toggle(self) -> None:
        if self.number.text() == self._masked:
            self.reveal.emit()
        else:
            self.hide_identity()


class _AlertChip(Chip):
    """A chip that opens what it speaks of."""

    def __init__(self, text: str, tone: theme.Tone, pressed: Callable[[], None]) -> None:
        super().__init__(text, tone)
        self._pressed = pressed
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed()


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
