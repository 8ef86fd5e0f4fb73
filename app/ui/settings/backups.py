"""Backups of this PC's store: what there is, one now, put one back, how many are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.clock import clinic_date, clinic_time
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.sync.path_field import PathField
from app.ui.widgets.buttons import Button, DangerButton
from app.ui.widgets.cards import Card, EmptyState, label
from app.ui.widgets.forms import FormFields
from app.ui.widgets.strips import ErrorStrip, sentence
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.values import NumberField

if TYPE_CHECKING:
    from app.care.backups import BackupLine, BackupState

_TIME_WIDTH = 148
_SIZE_WIDTH = 92
_REASON_WIDTH = 168


class BackupSection(QWidget):
    """The list of backups with its actions; administrators change how many are kept."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        card = Card(tr("Backups"))
        self._about = label("", "secondary", wrap=True)
        card.body.addWidget(self._about)
        self.model: PagedModel[BackupLine] = PagedModel(
            [
                Column(tr("Made"), made_words, _TIME_WIDTH, strong=True),
                Column(tr("Why"), lambda row: reason_words(row.reason), _REASON_WIDTH),
                Column(tr("MB"), lambda row: f"{row.size / 1e6:.1f}", _SIZE_WIDTH, align="right"),
                Column(
                    tr("Checked"),
                    lambda row: tr("sound") if row.sound else row.problem,
                    tone=lambda row: "confirmed" if row.sound else "danger",
                    icon_name=lambda row: (
                        "checkbox-circle-line" if row.sound else "error-warning-line"
                    ),
                ),
            ],
            parent=self,
        )
        self.table = RecordTable(self.model, tr("Backups"), plain=True)
        self._empty = EmptyState(
            tr("No backup yet"),
            tr("One is made by itself every working day, before every change of the store."),
        )
        card.body.addWidget(self.table, 1)
        card.body.addWidget(self._empty, 1)
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.restore_button = DangerButton(tr("Put one back…"), self.restore)
        self.other_button = Button(tr("Back up to another drive…"), self.back_up_elsewhere)
        self.now_button = Button(tr("Back up now"), self.back_up, icon_name="save-line")
        row.addWidget(self.restore_button)
        row.addStretch(1)
        row.addWidget(self.other_button)
        row.addWidget(self.now_button)
        card.body.addLayout(row)
        whole.addWidget(card, 1)
        self.fields = FormFields(self)
        self.second = PathField(
            "second_folder", tr("Second folder"), self._choose_folder, label_width=theme.LABEL_WIDE
        )
        if context.may("administrator"):
            whole.addWidget(self._keeping_card())
        self.setFocusProxy(self.now_button)
        self.reload()

    def _keeping_card(self) -> Card:
        card = Card(tr("How many are kept"))
        numbers = QHBoxLayout()
        numbers.setSpacing(theme.GAP_SECTION)
        for key, words in (
            ("daily", tr("Days")),
            ("weekly", tr("Weeks")),
            ("monthly", tr("Months")),
        ):
            field = NumberField(
                key,
                words,
                hard=(0, 60),
                label_width=theme.LABEL_SECOND,
                width=theme.NUMBER_WIDTH_SMALL,
            )
            self.fields.add(field)
            numbers.addWidget(field)
        numbers.addStretch(1)
        card.body.addLayout(numbers)
        self.fields.add(self.second)
        line = QHBoxLayout()
        line.setSpacing(theme.GAP_FIELD)
        line.addWidget(self.second, 1)
        self.save_button = Button(tr("Save"), self.save)
        line.addWidget(self.save_button)
        card.body.addLayout(line)
        return card

    # -- content ----------------------------------------------------------------------------

    def reload(self) -> None:
        """Look at the folder again, in the background."""
        context = self._context
        context.tasks.run(_look, context.store, done=self._show, failed=self._failed, owner=self)

    def _show(self, found: tuple[BackupState, tuple[BackupLine, ...]]) -> None:
        state, lines = found
        self.model.set_rows(lines)
        self.table.setVisible(bool(lines))
        self._empty.setVisible(not lines)
        if lines and not self.table.currentIndex().isValid():
            self.table.choose(0)
        self.restore_button.setEnabled(any(line.sound for line in lines))
        words = tr(
            "Encrypted like the store; the same passwords open them. {count} kept, {size} MB."
        ).format(count=state.count, size=f"{state.bytes / 1e6:.1f}")
        notes = [each for each in (state.note, state.second_note) if each]
        self._about.setText("\n".join([words, *notes]))
        settings = state.settings
        if not self.fields.touched:
            # What somebody is typing is not written over.
            for key in ("daily", "weekly", "monthly"):
                if key in self.fields:
                    self.fields[key].set_value(getattr(settings, key))
            self.second.set_value(settings.second_folder)
            self.fields.touched = False

    # -- actions ----------------------------------------------------------------------------

    def back_up(self) -> None:
        """One now, in the usual place."""
        self._make(None)

    def back_up_elsewhere(self) -> None:
        """One onto another drive."""
        chosen = self._choose_folder("")
        if chosen:
            self._make(Path(chosen))

    def _make(self, target: Path | None) -> None:
        from app.care.backups import make_backup

        context = self._context
        self._set_busy(True)
        self.strip.say(tr("The backup is being made and checked…"), "accent", closable=False)

        def done(line: BackupLine) -> None:
            self._set_busy(False)
            self.strip.say(
                tr("The backup is made and was read back: {name}, {size} MB.").format(
                    name=line.path.name, size=f"{line.size / 1e6:.1f}"
                ),
                "confirmed",
            )
            self.reload()

        context.tasks.run(
            make_backup,
            context.store,
            context.actor,
            target,
            done=done,
            failed=self._failed,
            owner=self,
        )

    def restore(self) -> None:
        """Ask for the password of a backup and put it back; the window does the rest."""
        line = self.table.current()
        self._context.restore_wanted.emit(line.path if line is not None else None)

    def save(self) -> None:
        """Keep the numbers and the second folder."""
        from app.care.backups import BackupSettings, change_backup_settings

        if not self.fields.check():
            return
        values = self.fields.values()
        path = self.second.path()
        settings = BackupSettings(
            int(values["daily"] or 0),
            int(values["weekly"] or 0),
            int(values["monthly"] or 0),
            "" if path is None else str(path),
        )
        context = self._context

        def done(_: object) -> None:
            self.fields.touched = False
            for field in self.fields:
                field.clear_problem()
            context.notify(tr("Saved."))
            self.reload()

        context.tasks.run(
            change_backup_settings,
            context.store,
            context.actor,
            settings,
            done=done,
            failed=self._failed,
            owner=self,
        )

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say(sentence(error))

    def _set_busy(self, busy: bool) -> None:
        for button in (self.now_button, self.other_button, self.restore_button):
            button.setEnabled(not busy)

    def _choose_folder(self, present: str) -> str:
        return QFileDialog.getExistingDirectory(self, tr("Folder for backups"), present)


def _look(store: Any) -> tuple[BackupState, tuple[BackupLine, ...]]:
    from app.care.backups import backup_state, list_backups

    state = backup_state(store)
    second = state.settings.second_folder
    return state, list_backups(store.folder, Path(second) if second else None)


def made_words(line: BackupLine) -> str:
    """When a backup was made, at the clinic's clock."""
    if line.made_at is None:
        return "—"
    return f"{clinic_date(line.made_at)} {clinic_time(line.made_at):%H:%M}"


def reason_words(reason: str) -> str:
    """Why a backup was made."""
    return {
        "daily": tr("of the day"),
        "by_hand": tr("by hand"),
        "migration": tr("before an update"),
        "import": tr("before an import"),
        "seed": tr("before a seed file"),
    }.get(reason, reason)
