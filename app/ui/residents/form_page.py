"""Registering and correcting: one page, the quick part first, the rest of the form below it."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.care.basic_form import BasicForm
from app.care.identity_card import Card as IdentityCard
from app.care.identity_card import CardError, normalise, read_card
from app.care.residents import (
    Duplicates,
    ResidentForm,
    ResidentLine,
    SameIdentity,
    Saved,
    SuspectedDuplicate,
)
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.compare import CompareDialog
from app.ui.residents.controller import ResidentsController
from app.ui.residents.form_fields import BasicFormFields
from app.ui.residents.suspects import SuspectsDialog, who_words
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormNavigator
from app.ui.widgets.pages import Page

FORM = "resident"


class FormPage(Page):
    """The basic information form. ``saved(resident_id)``; ``left()`` back without saving;
    ``wanted(resident_id)``: the person chose to open somebody who is registered already."""

    saved = Signal(str)
    left = Signal()
    wanted = Signal(str)

    def __init__(
        self, context: UiContext, controller: ResidentsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("New record"), scroll=True, parent=parent)
        self._context = context
        self._controller = controller
        self._kept: ResidentForm | None = None
        self._distinct: set[str] = set()
        self._of = self._gaps = ""
        self._card: IdentityCard | None = None
        self._dialog: SuspectsDialog | None = None
        self.comparison: CompareDialog | None = None
        self.fields = BasicFormFields(context.clock, self)
        for card in self.fields.cards:
            self.body.addWidget(card)
        self.body.addStretch(1)
        self.save_button = PrimaryButton(tr("Save"), self.save, icon_name="save-line")
        self.leave_button = Button(
            tr("Go back"), self.leave, tip=tr("Go back, the draft is kept (Esc)")
        )
        self.add_footer(self.leave_button, self.save_button)
        self._navigator = FormNavigator(self, last=self.save_button)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.leave)
        self._keeper = DraftKeeper(context, FORM, self.fields, parent=self)
        self._keeper.saved.connect(self._draft_saved)
        self._keeper.failed.connect(self.strip.say)
        self.number.line.textChanged.connect(self._number_typed)
        self.fields["id_type"].changed.connect(self._paper_changed)
        self.fields["name"].left.connect(self._name_left)
        self.fields["no_id_reason"].changed.connect(self._paper_changed)
        self.fields.changed.connect(self._gap_filled)
        for key in ("name", "birth_date", "phone"):
            self.fields[key].left.connect(self._look_for_duplicates)

    @property
    def number(self) -> TextField:
        """The field of the identity number."""
        field = self.fields["id_no"]
        assert isinstance(field, TextField)
        return field

    @property
    def corrects(self) -> bool:
        """Whether a record stands behind the form: one to correct, or another organisation's
        beside which an own one is made."""
        return self._kept is not None or bool(self._of)

    # -- opening ------------------------------------------------------------------------------

    def begin(self, typed: str = "", *, drafts: bool = True) -> None:
        """A new record; what was looked for in vain goes into its field."""
        self.set_title(tr("New record"), tr("Basic information form, 2017"))
        self._start(None, BasicForm(residency="1", ethnicity="01"))
        if not (drafts and self._restore()) and typed:
            looks_like_number = any(sign.isdigit() for sign in normalise(typed))
            if looks_like_number and len(normalise(typed)) == 18:
                self.number.set_value(typed)
            elif not looks_like_number and not typed.isascii():
                self.fields["name"].set_value(typed)
        self._to_start("name" if self._card else "id_no")

    def begin_own(self, form: BasicForm, of: str) -> None:
        """An own record of somebody whose record ``of`` another organisation keeps: what that one
        wrote stands in the form, to be looked through."""
        self.set_title(tr("New record"), tr("Basic information form, 2017"))
        self._start(None, form, of)
        self._restore()
        if not self.strip.isVisible():
            self.strip.say(
                tr(
                    "Another organisation wrote this. Look it through and save: your organisation "
                    "then has a record of its own."
                ),
                "attention",
            )
        self._to_start("name" if self._card else "id_no")

    def correct(self, kept: ResidentForm, *, drafts: bool = True) -> None:
        """Correct a kept record."""
        self.set_title(tr("Edit record"), kept.form.name)
        self._start(kept, kept.form)
        if drafts:
            self._restore()
        self._to_start("id_no")

    def await_card(self) -> None:
        """The card of a temporary record is there: the cursor waits for its number."""
        self.fields["id_type"].set_value("id_card")
        self._to_start("id_no")

    def _start(self, kept: ResidentForm | None, form: BasicForm, of: str = "") -> None:
        self._kept = kept
        self._of = of
        self._distinct = set()
        self._card = None
        self.strip.clear()
        self.fields.clear()
        self.fields.show(form)
        self._paper_changed()
        self._controller.villages(self.fields["village"].offer)
        self._controller.insurance(self.fields.name_insurance)
        self.save_button.setEnabled(True)
        # Only from here on is what changes the work of a person, worth keeping as a draft.
        self.fields.touched = False
        self._keeper.start(kept.resident_id if kept else of)
        self.set_note("")

    def _restore(self) -> bool:
        if self._keeper.restore(drop_blank=True) is None:
            return False
        self.strip.say(
            tr("This is your unfinished text of last time."),
            "attention",
            action=tr("Begin anew"),
            pressed=self._begin_anew,
        )
        return True

    def _begin_anew(self) -> None:
        self._keeper.discard()
        if self._kept is None:
            self.begin(drafts=False)
        else:
            self.correct(self._kept, drafts=False)

    def _to_start(self, key: str) -> None:
        if self.scroll_area is not None:
            self.scroll_area.verticalScrollBar().setValue(0)
        QTimer.singleShot(0, self, self.fields[key].setFocus)

    # -- while typing -------------------------------------------------------------------------

    def _today(self) -> date:
        return self._context.clock.today()

    def _number_typed(self) -> None:
        """The card says the birth date and the sex; both fields are then closed."""
        card: IdentityCard | None = None
        text = self.number.text()
        if self.fields["id_type"].value() == "id_card" and len(normalise(text)) >= 15:
            try:
                card = read_card(text, self._today())
            except CardError:
                card = None
        if card == self._card:
            return
        had, self._card = self._card, card
        sex, birth = self.fields["sex"], self.fields["birth_date"]
        for field in (sex, birth):
            field.setEnabled(card is None)
        if card is not None:
            sex.set_value(card.sex)
            birth.set_value(card.birth_date)
            birth.clear_problem()
            self.number.clear_problem()
            self._controller.duplicates(BasicForm(id_no=card.number), self._own_id(), self._warn)
        elif had is not None:
            # What only the card said goes with it.
            sex.set_value(None)
            birth.set_value(None)
        self._say_card()

    def _say_card(self) -> None:
        card = self._card
        if card is None:
            self.number.set_last("")
            return
        if card.warning:
            self.number.show_problem(card.warning, "attention")
        else:
            self.number.show_problem(tr("The number is right."), "confirmed")

    def _name_left(self) -> None:
        """A card read while the cursor stood in the name belongs into the number's field."""
        field = self.fields["name"]
        typed = normalise(str(field.raw()))
        if len(typed) == 18 and typed[:17].isdigit():
            field.set_value(None)
            field.clear_problem()
            self.fields["id_type"].set_value("id_card")
            self.number.set_value(typed)
            QTimer.singleShot(0, self, field.setFocus)

    def _paper_changed(self) -> None:
        kind = self.fields["id_type"].value()
        none = kind == "none"
        self.fields["id_no"].setVisible(not none)
        self.fields["no_id_reason"].setVisible(none)
        self.fields["no_id_text"].setVisible(none)
        for key in ("residency", "ethnicity", "contacts", "drug_allergy", "past_disease"):
            self.fields[key].set_required(not none)
        self.fields["no_id_text"].set_required(self.fields["no_id_reason"].value() == "other")
        if kind != "id_card" and self._card is not None:
            self._card = None
            for key in ("sex", "birth_date"):
                self.fields[key].setEnabled(True)
        elif kind == "id_card":
            self._number_typed()

    def _look_for_duplicates(self) -> None:
        form = self.fields.form()
        if form.name and (form.birth_date or form.phone):
            self._controller.duplicates(form, self._own_id(), self._warn)

    def _own_id(self) -> str | None:
        return self._kept.resident_id if self._kept else None

    def _warn(self, found: Duplicates) -> None:
        if found.same is not None:
            self._say_same(found.same)
            return
        if found.elsewhere and not self._of:
            self.strip.say(
                tr(
                    "{who} has a record of this person too. Yours is kept beside it; nothing of "
                    "theirs is changed."
                ).format(
                    who=tr(", ").join(
                        each.organisation or tr("another organisation") for each in found.elsewhere
                    )
                ),
                "attention",
            )
        fresh = [each for each in found.suspects if each.id not in self._distinct]
        if fresh:
            self.strip.say(
                tr("Perhaps registered already: {who}. You will be asked when saving.").format(
                    who=tr("; ").join(who_words(each) for each in fresh[:2])
                ),
                "attention",
            )

    def _say_same(self, line: ResidentLine) -> None:
        if self._kept is not None and self._kept.form.temporary:
            # The temporary record turns out to be of somebody known.
            kept = self._kept.resident_id
            self.strip.say(
                tr("This is the card of {who}, who has a record. Merge the two?").format(
                    who=who_words(line)
                ),
                "attention",
                action=tr("Compare"),
                pressed=lambda: self._compare(kept, line.id),
            )
            return
        self.strip.say(
            tr("Already registered with this number: {who}.").format(who=who_words(line)),
            "attention",
            action=tr("Open that record"),
            pressed=lambda: self._open_other(line.id),
        )

    def _compare(self, kept_id: str, other_id: str) -> None:
        dialog = CompareDialog(self._context, self._controller, kept_id, other_id, self)
        dialog.merged.connect(self._merged)
        self.comparison = dialog
        dialog.open()

    def _merged(self, survivor_id: str) -> None:
        self._keeper.discard()
        self._context.notify(tr("Merged into one record."))
        self.wanted.emit(survivor_id)

    def _open_other(self, resident_id: str) -> None:
        if self._kept is None:
            self._keeper.discard()
        self.wanted.emit(resident_id)

    # -- saving -------------------------------------------------------------------------------

    def save(self) -> None:
        """Check and save; the page stays as it is until the record is on the disk."""
        self.strip.clear()
        if not self.fields.check():
            self._show_first_problem()
            return
        self.save_button.setEnabled(False)
        self._controller.save(
            self.fields.form(), self._kept, frozenset(self._distinct), self._done, self._failed
        )

    def _done(self, saved: Saved) -> None:
        self.save_button.setEnabled(True)
        self._keeper.discard()
        self._context.tell_changed("resident")
        for warning in saved.warnings:
            self._context.notify(warning, "attention")
        self._context.notify(tr("Saved."))
        self.saved.emit(saved.resident_id)

    def _failed(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        if isinstance(error, SameIdentity):
            self._say_same(error.existing)
        elif isinstance(error, SuspectedDuplicate):
            self._ask(error.suspects)
        elif isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
            self._show_first_problem()
        else:
            self.strip.say_error(error)

    def _wrong(self) -> list[Field]:
        missing = [field for field in self.fields if field.message() and field.isVisible()]
        return [field for field in missing if not (field.key == "id_no" and self._card)]

    def _say_gaps(self, wrong: list[Field]) -> None:
        self._gaps = tr("Not saved: {count} to fill in or correct: {fields}.").format(
            count=len(wrong), fields=tr(", ").join(field.label for field in wrong[:6])
        )
        self.strip.say(self._gaps)

    def _gap_filled(self) -> None:
        """What the strip said of gaps follows them."""
        if self._gaps and self.strip.text() == self._gaps:
            wrong = self._wrong()
            if wrong:
                self._say_gaps(wrong)
            else:
                self.strip.clear()

    def _show_first_problem(self) -> None:
        wrong = self._wrong()
        if wrong and not self.strip.isVisible():
            self._say_gaps(wrong)
        if wrong and self.scroll_area is not None:
            self.scroll_area.ensureWidgetVisible(wrong[0], 0, theme.GAP_SECTION)

    def _ask(self, suspects: tuple[ResidentLine, ...]) -> None:
        self._dialog = SuspectsDialog(suspects, self)
        self._dialog.same.connect(self._open_other)
        self._dialog.different.connect(self._not_the_same)
        self._dialog.open()

    def _not_the_same(self, ids: tuple[str, ...]) -> None:
        self._distinct.update(ids)
        self.save()

    def leave(self) -> None:
        """Back; what was typed stays as a draft."""
        self.keep_draft()
        self.left.emit()

    def _draft_saved(self) -> None:
        if self.fields.touched:
            self.set_note(tr("Draft kept"))

    def keep_draft(self) -> None:
        """Write the draft now if something was typed."""
        if self.fields.touched:
            self._keeper.save_now()
