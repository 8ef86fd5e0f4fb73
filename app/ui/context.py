"""What every room is given: who works here, on which store, and the ways out of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from app.clock import Clock
from app.i18n import language
from app.ui.tasks import Tasks
from app.ui.theme import Tone

if TYPE_CHECKING:
    from app.models.actor import Actor
    from app.models.store import Store
    from app.sync.facade import SyncService
    from app.ui.sync.bridge import SyncBridge


class Room(Protocol):
    """A page of the left column. Built as ``XRoom(context)`` on the first visit.

    ``open`` is called with the arguments of ``navigate`` (none for a plain visit); ``refresh`` each
    time the room comes to the front again. Both may be left out.
    """

    def open(self, **where: Any) -> None: ...

    def refresh(self) -> None: ...


class UiContext(QObject):
    """Handed to every room. ``records_changed`` carries the set of record kinds that changed.

    ``records_changed`` is emitted on the GUI thread after a save here or a pull from the server;
    pages refresh only when the set holds a kind they show.
    """

    records_changed = Signal(object)
    navigated = Signal(str, object)
    notified = Signal(str, str)
    drafts_changed = Signal()
    preferences_changed = Signal(object)
    #: A backup is to be put back: its path, or None where none was chosen.
    restore_wanted = Signal(object)
    #: The frame is going: what still runs for it should end.
    closing = Signal()
    #: The program is to be closed and started again (an update is in place).
    start_again_wanted = Signal()

    def __init__(
        self,
        store: Store,
        actor: Actor,
        tasks: Tasks,
        sync: SyncService | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self.store = store
        self.actor = actor
        self.tasks = tasks
        self.sync = sync
        # The one listener of the sync thread; lives as long as the window.
        self.sync_bridge: SyncBridge | None = None
        self.clock: Clock = clock if clock is not None else store.clock
        #: Whether the frame is going: what has not begun by then begins no more.
        self.closed = False
        self.closing.connect(self._mark_closed)

    def _mark_closed(self) -> None:
        self.closed = True

    @property
    def language(self) -> str:
        """``zh_CN`` or ``en``."""
        return language()

    def navigate(self, room: str, **where: Any) -> None:
        """Bring a room to the front, e.g. ``navigate("residents", resident_id=…)``."""
        self.navigated.emit(room, where)

    def notify(self, text: str, tone: Tone = "confirmed") -> None:
        """Say one short sentence that needs no answer; it fades from the top of the page."""
        self.notified.emit(text, tone)

    def tell_changed(self, *kinds: str) -> None:
        """Call after a successful save with the kinds of record written."""
        self.records_changed.emit(set(kinds))

    def may(self, *roles: str) -> bool:
        """Whether the person signed in holds one of the roles."""
        return not self.actor.roles.isdisjoint(roles)
