"""First set-up of a PC in three steps: the organisation, the administrator, the recovery key.

Nothing is written before the recovery key was confirmed: a person who stops half-way finds the
same first page again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.sign_in.recovery_sheet import RecoverySheet
from app.ui.style import dress
from app.ui.tasks import Tasks
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, IconLabel, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip, sentence

if TYPE_CHECKING:
    from app.care.first_setup import DirectoryEntry, PreparedSetUp, SignedIn
    from app.errors import TownshipCareError
    from app.preset import Preset
    from app.sync.connection import LinkSettings

_TYPED = "typed"


class SetUpPage(QWidget):
    """``finished`` carries the ``SignedIn`` of the new store."""

    finished = Signal(object)

    def __init__(self, folder: Path, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._folder = folder
        self._tasks = tasks
        self._entries: dict[str, DirectoryEntry] = {}
        self._prepared: PreparedSetUp | None = None
        self._link: LinkSettings | None = None
        self._build()
        # Reading the directory imports the record floor: behind the first paint.
        tasks.run(_directory, done=self._fill_directory, owner=self)

    # -- lay-out ----------------------------------------------------------------------------

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        # From the top, not centred: the head must not jump from step to step.
        whole.addSpacing(3 * theme.GAP_SECTION)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_FIELD)
        head.addStretch(1)
        head.addWidget(IconLabel("hand-heart-line", "accent", theme.ICON_HERO))
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(label(tr("Set up this PC"), "title"))
        self._steps = label("", "secondary")
        names.addWidget(self._steps)
        head.addLayout(names)
        head.addStretch(1)
        whole.addLayout(head)
        whole.addSpacing(theme.GAP_SECTION)
        card = Card()
        card.setFixedWidth(theme.FORM_WIDTH)
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        self.pages = QStackedWidget()
        card.body.addWidget(self.pages)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_INSIDE)
        self.back = Button(tr("Back"), self._back)
        self.next = PrimaryButton(tr("Next"), self._next, shortcut="")
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        buttons.addWidget(self.next)
        card.body.addLayout(buttons)
        self.fields = FormFields(self)
        self.pages.addWidget(self._organisation_page())
        self.pages.addWidget(self._person_page())
        self._recovery = RecoverySheet()
        self.pages.addWidget(self._recovery)
        whole.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(2)
        self._navigator = FormNavigator(card, last=self.next)
        self._navigator.finished.connect(self._next)
        self._go(0)

    def _organisation_page(self) -> QWidget:
        page = QWidget()
        column = _column(page)
        column.addWidget(label(tr("Which organisation is this PC in?"), "section"))
        column.addWidget(
            label(
                tr("This decides what the program shows here and cannot be changed later."),
                "secondary",
                wrap=True,
            )
        )
        self.organisation = ListField("organisation_id", tr("Organisation"), [], required=True)
        self.typed = TextField("organisation", tr("Its name"), limit=100, required=True)
        self.kind = ChoiceField("organisation_type", tr("Kind"), [], required=True)
        self.fields.add(self.organisation, self.typed, self.kind)
        self.organisation.changed.connect(self._show_typed)
        for field in (self.organisation, self.typed, self.kind):
            column.addWidget(field)
        column.addStretch(1)
        self._show_typed()
        return page

    def _person_page(self) -> QWidget:
        page = QWidget()
        column = _column(page)
        column.addWidget(label(tr("Who looks after this PC?"), "section"))
        column.addWidget(
            label(
                tr(
                    "The administrator adds the accounts of all others. "
                    "The password protects every record on this PC."
                ),
                "secondary",
                wrap=True,
            )
        )
        self.name = TextField("name", tr("Name"), limit=50, required=True)
        self.login = TextField("login", tr("Sign-in name"), limit=30, required=True)
        self.login.line.setPlaceholderText(tr("for example the pinyin of the name"))
        self.password = TextField("password", tr("Password"), password=True, required=True)
        self.again = TextField("password_again", tr("Password again"), password=True, required=True)
        for field in (self.name, self.login, self.password, self.again):
            self.fields.add(field)
            column.addWidget(field)
        column.addStretch(1)
        return page

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self.organisation, self.organisation.setFocus)

    # -- steps ------------------------------------------------------------------------------

    def _go(self, step: int) -> None:
        self.strip.clear()
        self.pages.setCurrentIndex(step)
        self.back.setVisible(step > 0)
        self.next.setText(tr("Finish") if step == 2 else tr("Next"))
        self._steps.setText(tr("Step {step} of 3").format(step=step + 1))
        first = (self.organisation, self.name, self._recovery.confirmation)[step]
        first.setFocus()

    def _back(self) -> None:
        self._go(self.pages.currentIndex() - 1)

    def _next(self) -> None:
        step = self.pages.currentIndex()
        if step < 2:
            own = {0: ("organisation_id", "organisation", "organisation_type")}.get(
                step, ("name", "login", "password", "password_again")
            )
            problems = {
                key: text
                for key in own
                if not self.fields[key].isHidden() and (text := self.fields[key].problem())
            }
            if problems:
                self.fields.show_problems(problems)
            elif step == 0:
                self._go(1)
            else:
                self._prepare()
        else:
            self._finish()

    def _prepare(self) -> None:
        from app.care.first_setup import FirstSetUp, prepare

        entry = self._entries.get(self.organisation.value() or "")
        setup = FirstSetUp(
            organisation_id=entry.id if entry else None,
            organisation_name=entry.name if entry else self.typed.value() or "",
            organisation_type=entry.type if entry else self.kind.value() or "",
            name=self.name.value() or "",
            login=self.login.value() or "",
            password=self.password.value() or "",
            password_again=self.again.value() or "",
        )
        self._wait(True)
        self._tasks.run(prepare, self._folder, setup, done=self._show_key, failed=self._on_failed)

    def _show_key(self, prepared: PreparedSetUp) -> None:
        self._wait(False)
        self._prepared = prepared
        self._recovery.show_key(
            prepared.recovery_key, prepared.setup.organisation_name, prepared.setup.name
        )
        self._go(2)

    def _finish(self) -> None:
        from app.care.first_setup import confirms

        assert self._prepared is not None
        if not confirms(self._prepared, self._recovery.confirmation.text()):
            self._recovery.confirmation.show_problem(
                tr("This is not the last group of the key. Look at your copy and type it again.")
            )
            self._recovery.confirmation.setFocus()
            return
        self._wait(True)
        self._tasks.run(
            _set_up, self._prepared, self._link, done=self._on_finished, failed=self._on_failed
        )

    def _on_finished(self, signed_in: object) -> None:
        self._wait(False)
        self._recovery.forget()
        self._prepared = None
        self.fields.clear()
        self.finished.emit(signed_in)

    def _on_failed(self, error: Exception) -> None:
        self._wait(False)
        if isinstance(error, InputError):
            left = self.fields.show_problems(error.problems)
            if "name" in error.problems or "login" in error.problems:
                self._go(1)
                self.fields.show_problems(error.problems)
            self.strip.say_problems(left)
        else:
            self.strip.say(sentence(error))

    def _wait(self, waiting: bool) -> None:
        self.next.setEnabled(not waiting)
        self.back.setEnabled(not waiting)

    # -- the directory ----------------------------------------------------------------------

    def _fill_directory(self, found: _Found) -> None:
        entries = found.entries
        self._entries = {entry.id: entry for entry in entries}
        shown = [
            (
                entry.id,
                tr("{name} ({kind})").format(
                    name=entry.name, kind=codes.label("organisation_type", entry.type)
                ),
            )
            for entry in entries
        ]
        self.organisation.set_entries([*shown, (_TYPED, tr("Not in the list: type the name"))])
        kinds = ("LEAD_HOSPITAL", "TOWNSHIP_CENTER", "CARE_INSTITUTION")
        self.kind.set_entries([(kind, codes.label("organisation_type", kind)) for kind in kinds])
        if found.problem is not None:
            self.strip.say(sentence(found.problem), "attention")
        self._link = found.link
        self._propose(found.preset)

    def _propose(self, preset: Preset) -> None:
        """What the county prepared for this PC stands in the fields; it can still be changed."""
        for entry in self._entries.values():
            if preset.organisation_id == entry.id or preset.organisation_name == entry.name:
                self.organisation.set_value(entry.id)
                return
        if preset.organisation_name:
            self.organisation.set_value(_TYPED)
            self.typed.set_value(preset.organisation_name)
            self.kind.set_value(preset.kind or None)

    def _show_typed(self) -> None:
        typed = self.organisation.value() == _TYPED
        for field in (self.typed, self.kind):
            field.setVisible(typed)


def _column(page: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.GAP_FIELD)
    return column


@dataclass(frozen=True, slots=True)
class _Found:
    """The directory, and what was prepared for this PC or why it cannot be used."""

    entries: tuple[DirectoryEntry, ...]
    preset: Preset
    link: LinkSettings | None
    problem: TownshipCareError | None


def _directory() -> _Found:
    from app.care.first_setup import directory
    from app.errors import TownshipCareError
    from app.preset import Preset, load
    from app.sync.connection import prepared

    try:
        preset = load()
        link = prepared(preset.proxy, preset.certificate)
    except TownshipCareError as error:
        return _Found(directory(), Preset(), None, error)
    return _Found(directory(), preset, link, None)


def _set_up(prepared: PreparedSetUp, link: LinkSettings | None) -> SignedIn:
    from app.care.first_setup import set_up
    from app.sync.connection import change_settings

    signed_in = set_up(prepared)
    if link is not None:
        change_settings(signed_in.store, link)
    return signed_in
