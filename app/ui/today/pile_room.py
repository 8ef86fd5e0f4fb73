"""Typing in a pile: the list of slips and the form of one slip, one after the other."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.follow_up import FollowUpResult
from app.care.follow_up_history import FollowUpContext, open_form
from app.care.paper.pile import Pile, SlipLine, load_pile
from app.care.referral_prefill import ReferralPrefill
from app.i18n import tr
from app.ui.chronic.head import chosen_diseases
from app.ui.context import UiContext
from app.ui.today.pile_page import PilePage
from app.ui.today.slip_form import SlipForm


class PileRoom(QWidget):
    """After a save the next slip of the paper order opens by itself; ``left``: back to Today."""

    left = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._stack = QStackedLayout(self)
        self.page = PilePage(context)
        self._stack.addWidget(self.page)
        self._form: SlipForm | None = None
        self._pile: Pile | None = None
        self._slip: SlipLine | None = None
        self.page.wanted.connect(self._open)
        self.page.left.connect(self.left)

    @property
    def form(self) -> SlipForm:
        """The form, built when the first slip is opened."""
        if self._form is None:
            self._form = SlipForm(self._context)
            self._form.saved.connect(self._on_saved)
            self._form.left.connect(self.to_slips)
            self._form.number_wanted.connect(self._to_number)
            self._stack.addWidget(self._form)
        return self._form

    def begin(self) -> None:
        """Show the open lists."""
        self._stack.setCurrentWidget(self.page)
        self.page.begin()

    def to_slips(self) -> None:
        """Back to the slips; what was typed stays a draft of its person."""
        self._stack.setCurrentWidget(self.page)
        self.page.begin(self._pile.round_id if self._pile is not None else "")

    def refresh(self) -> None:
        """The room comes to the front again, perhaps from another form."""
        if self._stack.currentWidget() is self.page and self.page.pile is not None:
            self.page.begin(self.page.pile.round_id)

    def keep_draft(self) -> None:
        """Another room comes to the front."""
        if self._form is not None and self._stack.currentWidget() is self._form:
            self._form.keep_draft()

    # -- inner ----------------------------------------------------------------------------------

    def _open(self, pile: Pile, slip: SlipLine) -> None:
        c = self._context
        self._pile, self._slip = pile, slip
        c.tasks.run(
            open_form,
            c.store,
            c.actor,
            slip.resident_id,
            done=lambda known: self._show(pile, slip, known),
            failed=self._not_opened,
            owner=self,
        )

    def _show(self, pile: Pile, slip: SlipLine, known: FollowUpContext) -> None:
        day = self.page.day.value()
        mode = str(self.page.mode.value() or "")
        progress = tr("{number} of {total}").format(number=slip.position, total=len(pile.slips))
        diseases = slip.diseases or chosen_diseases(known, "", self._context.clock.today())
        form = self.form
        self._stack.setCurrentWidget(form)
        form.begin_slip(known, slip, diseases, day, mode, progress)

    def _not_opened(self, error: Exception) -> None:
        self.to_slips()
        self.page.strip.say_error(error)

    def _to_number(self, text: str) -> None:
        self.form.keep_draft()
        self.page.find(text, self.form.strip.say_error)

    def _on_saved(self, result: FollowUpResult) -> None:
        slip, pile = self._slip, self._pile
        assert slip is not None
        assert pile is not None
        c = self._context
        c.tasks.run(
            load_pile,
            c.store,
            c.actor,
            pile.round_id,
            done=lambda fresh: self._go_on(fresh, slip, result),
            failed=self._not_opened,
            owner=self,
        )

    def _go_on(self, pile: Pile, slip: SlipLine, result: FollowUpResult) -> None:
        self._pile = pile
        self.page.show_pile(pile)
        following = pile.after(slip.position)
        if following is not None:
            self._open(pile, following)
        else:
            self.to_slips()
        self._say_saved(slip, result)

    def _say_saved(self, slip: SlipLine, result: FollowUpResult) -> None:
        """What the saved slip came to; a referral stays in sight while the next one is typed."""
        words = tr("{number} {name}: saved.").format(number=slip.number, name=slip.name)
        if result.prefill is None:
            self._context.notify(words)
            return
        gravest = max(
            (judgement for judgement in result.judgements if judgement.refer),
            key=lambda judgement: judgement.next_step or "",
        )
        prefill = result.prefill
        current = self._stack.currentWidget()
        strip = current.strip if isinstance(current, PilePage | SlipForm) else self.page.strip
        strip.say(
            f"{words} {gravest.proposal.reason}",
            "danger" if result.urgent else "attention",
            action=tr("Refer now") if result.urgent else tr("Write a referral"),
            pressed=lambda: self._refer(prefill),
        )

    def _refer(self, prefill: ReferralPrefill) -> None:
        self.keep_draft()
        self._context.navigate("referrals", resident_id=prefill.resident_id, prefill=prefill)
