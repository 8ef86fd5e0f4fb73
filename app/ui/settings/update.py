"""Updating the program from a stick or from the county hospital: looked for, installed, told.

Nothing here interrupts anybody: the new version is used from the next start, and a start at once
is only offered where no form is left unsaved.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.strips import ErrorStrip, sentence

if TYPE_CHECKING:
    from app.care.updates import Offer, UpdateState
    from app.sync.updates import CountyOffer
    from app.update.package import Manifest, Progress

_TICK_MS = 250


class UpdateSection(QWidget):
    """The version in use, where a newer one is, and the way to install it."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        self._offer: Offer | CountyOffer | None = None
        self._stop = Event()
        self._at = (0, 0)
        self._doing = ""
        context.closing.connect(self._stop.set)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_CARD)
        card = Card(tr("Program update"))
        card.setMaximumWidth(theme.FORM_WIDTH + 2 * theme.LABEL_WIDTH)
        self.version = label("", "section")
        self.version.setWordWrap(True)
        card.body.addWidget(self.version)
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.stick_button = Button(tr("Look on the sticks"), self.look_on_sticks)
        self.county_button = Button(tr("Ask the county hospital"), self.ask_county)
        self.file_button = Button(tr("Choose a file…"), self.choose_file)
        self._buttons = (self.stick_button, self.county_button, self.file_button)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)
        card.body.addLayout(row)
        self.found = label("", wrap=True)
        card.body.addWidget(self.found)
        last = QHBoxLayout()
        last.addStretch(1)
        self.install_button = PrimaryButton(tr("Install this update"), self.install)
        last.addWidget(self.install_button)
        card.body.addLayout(last)
        whole.addWidget(card)
        whole.addWidget(_what_happens())
        whole.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._show_progress)
        self.setFocusProxy(self.stick_button)
        self._set_offer(None)
        self.reload()

    # -- content ----------------------------------------------------------------------------

    def reload(self) -> None:
        """Which version runs, and which one waits."""
        context = self._context
        context.tasks.run(
            _state, context.store.folder, done=self._show, failed=self._failed, owner=self
        )

    def _show(self, state: UpdateState) -> None:
        text = tr("Version in use: {version}").format(version=state.version)
        if state.failed:
            text += "\n" + tr("Did not start here: {versions}").format(
                versions="、".join(state.failed)
            )
        self.version.setText(text)
        for button in self._buttons:
            button.setEnabled(state.possible and not self._doing)
        if not state.possible:
            self.strip.say(
                tr(
                    "This program runs from its sources and is not installed: it is not updated "
                    "from here."
                ),
                "neutral",
                closable=False,
            )
        elif state.waiting:
            self.strip.say(
                tr(
                    "Version {version} is in place. It is used from the next start of the "
                    "program; until then everybody goes on working."
                ).format(version=state.waiting),
                "confirmed",
                action=tr("Start again now"),
                pressed=self.start_again,
                closable=False,
            )

    def _set_offer(self, offer: Offer | CountyOffer | None, where: str = "") -> None:
        self._offer = offer
        self.install_button.setEnabled(offer is not None)
        self.found.setVisible(offer is not None)
        if offer is not None:
            parts = [
                tr("Version {version}").format(version=offer.version),
                tr("{size} MB").format(size=f"{offer.size / 1e6:.1f}"),
                where,
            ]
            notes = getattr(offer, "notes", "")
            self.found.setText(" · ".join(parts) + (f"\n{notes}" if notes else ""))
            self.install_button.setFocus()

    # -- looking ----------------------------------------------------------------------------

    def look_on_sticks(self) -> None:
        """Look at the top of every stick that is plugged in."""
        self._run(tr("Looking on the sticks…"), _on_sticks, self._context.store, done=self._found)

    def choose_file(self) -> None:
        """A file that lies somewhere else."""
        chosen = self._choose()
        if chosen:
            self._run(
                tr("Looking at the file…"),
                _in_file,
                self._context.store,
                Path(chosen),
                done=self._found,
            )

    def _found(self, offers: tuple[Offer, ...]) -> None:
        self.strip.clear()
        best = offers[0] if offers else None
        if best is not None and not best.problem:
            self._set_offer(best, str(best.path))
            return
        self._set_offer(None)
        if best is not None:
            self.strip.say(f"{best.path.name}: {best.problem}", "attention")
        else:
            self.strip.say(
                tr(
                    "No update was found on a stick. Nothing was changed. Plug in the stick with "
                    "the file that ends in .tcupdate, or choose the file."
                ),
                "attention",
            )

    def ask_county(self) -> None:
        """Ask the county hospital's server, where there is a connection."""
        self._run(
            tr("Asking the county hospital…"),
            _at_county,
            self._context.store,
            done=self._county_said,
        )

    def _county_said(self, offer: CountyOffer | None) -> None:
        self.strip.clear()
        self._set_offer(offer, tr("on the county hospital's server"))
        if offer is None:
            self.strip.say(
                tr("The county hospital has no newer version. Nothing needs to be done."),
                "confirmed",
            )
            self.reload()  # one that waits for the next start is offered for it again

    # -- installing -------------------------------------------------------------------------

    def install(self) -> None:
        """Fetch it where it is not here yet, check it, back up, put it in place."""
        offer, context = self._offer, self._context
        if offer is None:
            return
        self._at = (0, 0)
        self._run(
            tr("The update is being checked and installed. Go on working meanwhile."),
            _install,
            context.store,
            context.actor,
            offer,
            self._progress,
            done=self._installed,
        )
        if self._doing:
            self._timer.start()

    def _progress(self, done: int, of: int) -> None:
        """On the background thread."""
        from app.update.package import Stopped

        if self._stop.is_set():
            raise Stopped
        self._at = (done, of)

    def _show_progress(self) -> None:
        done, of = self._at
        if self._doing and of:
            self.strip.say(f"{self._doing} {100 * done // of} %", "accent", closable=False)

    def _installed(self, _manifest: Manifest) -> None:
        self._set_offer(None)
        self.strip.clear()
        self.reload()

    def start_again(self) -> None:
        """At once, if nothing of this person is left unsaved."""
        context = self._context
        context.tasks.run(
            _drafts, context, done=self._start_if_saved, failed=self._failed, owner=self
        )

    def _start_if_saved(self, drafts: int) -> None:
        if not drafts:
            self._context.start_again_wanted.emit()
            return
        self.strip.say(
            tr(
                "{count} forms are not saved yet. Nothing was changed. Save or discard them first "
                "(the drafts in the bar at the bottom), or just go on: the new version is used "
                "from the next start."
            ).format(count=drafts),
            "attention",
            action=tr("Start again now"),
            pressed=self.start_again,
            closable=False,
        )

    # -- the background ---------------------------------------------------------------------

    def _run(
        self, words: str, work: Callable[..., Any], *arguments: Any, done: Callable[[Any], None]
    ) -> None:
        self._doing = words
        for button in (*self._buttons, self.install_button):
            button.setEnabled(False)
        self.strip.say(words, "accent", closable=False)

        def finished(result: Any) -> None:
            self._ended()
            done(result)

        self._context.tasks.run(work, *arguments, done=finished, failed=self._failed, owner=self)

    def _ended(self) -> None:
        self._doing = ""
        self._timer.stop()
        for button in self._buttons:
            button.setEnabled(True)
        self.install_button.setEnabled(self._offer is not None)

    def _failed(self, error: Exception) -> None:
        from app.update.package import Stopped

        self._ended()
        if not isinstance(error, Stopped):
            self.strip.say(sentence(error))

    def _choose(self) -> str:
        return QFileDialog.getOpenFileName(self, tr("Update file"), "", tr("Updates (*.tcupdate)"))[
            0
        ]


def _what_happens() -> Card:
    card = Card(tr("What happens at an update"))
    card.setMaximumWidth(theme.FORM_WIDTH + 2 * theme.LABEL_WIDTH)
    for text in (
        tr("1. All of the file is checked. One that is cut, altered or not signed is refused."),
        tr("2. The new version is tried out unseen, and a backup of the records is made."),
        tr("3. Nobody is interrupted: it is used from the next start of the program."),
        tr(
            "4. If it does not start properly, this version and the records as they were come "
            "back by themselves."
        ),
    ):
        card.body.addWidget(label(text, "secondary", wrap=True))
    return card


def _state(folder: Path) -> UpdateState:
    from app.care.updates import update_state

    return update_state(folder)


def _on_sticks(store: Any) -> tuple[Offer, ...]:
    from app.care.updates import find_offers

    return find_offers(store.folder)


def _in_file(store: Any, path: Path) -> tuple[Offer, ...]:
    from app.care.updates import look_into

    return (look_into(path, store.folder),)


def _at_county(store: Any) -> CountyOffer | None:
    from app.sync.updates import find_update

    return find_update(store)


def _install(store: Any, actor: Any, offer: Any, progress: Progress) -> Manifest:
    from app.care.updates import Offer, check_right, install_update
    from app.sync.updates import drop_fetched, fetch_update

    check_right(actor)
    if isinstance(offer, Offer):
        return install_update(store, actor, offer.path, progress)
    done = install_update(store, actor, fetch_update(store, offer, progress), progress)
    drop_fetched(store)
    return done


def _drafts(context: UiContext) -> int:
    from app.models.drafts import count_drafts

    return int(count_drafts(context.store, context.actor))
