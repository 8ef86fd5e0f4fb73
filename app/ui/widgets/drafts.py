"""Autosave of an open form: a crash or a power cut costs at most the field being typed.

The draft is written a moment after the last key and at once when a field is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.errors import EnvironmentFault
from app.ui.context import UiContext
from app.ui.widgets.forms import FormFields

_PAUSE_MS = 700


class DraftKeeper(QObject):
    """Keeps the draft of one form about one subject (a resident's id, or empty).

    ``extra``: a function giving more plain JSON data to keep (e.g. the lines of a drug table); it
    comes back as the return value of ``restore`` under the key ``extra``. ``failed`` says why a
    draft could not be written (disk full); the form stays open and usable.
    """

    saved = Signal()
    failed = Signal(str)

    def __init__(
        self,
        context: UiContext,
        form: str,
        fields: FormFields,
        *,
        subject_id: str = "",
        extra: Any = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent or fields)
        self._context = context
        self._form = form
        self._fields = fields
        self._extra = extra
        self.subject_id = subject_id
        self._active = True
        #: The form as the program filled it, where a draft that says no more is none.
        self._blank: dict[str, Any] | None = None
        self._busy = False
        self._waiting: list[Callable[[], None]] = []
        self._kept_then: list[Callable[[], None]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.save_now)
        fields.changed.connect(self.note)
        fields.left.connect(self._on_left)

    def note(self) -> None:
        """Something changed: save soon. Called by itself for fields; call it for ``extra``."""
        if self._active:
            self._timer.start()

    def _on_left(self) -> None:
        if self._timer.isActive():
            self.save_now()

    def save_now(self) -> None:
        """Write the draft in the background (also called when the page is left)."""
        from app.models.drafts import save_draft

        self._timer.stop()
        if not self._active:
            return
        data = self._data()
        context, subject = self._context, self.subject_id
        if self._is_blank(data):
            from app.models.drafts import discard_draft

            self._queue(lambda: discard_draft(context.store, context.actor, self._form, subject))
            return
        self._queue(lambda: save_draft(context.store, context.actor, self._form, subject, data))

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"fields": self._fields.raw()}
        if self._extra is not None:
            data["extra"] = self._extra()
        return data

    def restore(self, *, drop_blank: bool = False) -> dict[str, Any] | None:
        """Put a kept draft into the fields; what was kept, or None when there is no draft.

        ``drop_blank``: a draft that says no more than the form does now (it was only looked at, or
        all that was typed was wiped out again) is none, and none is kept from here on. Not for
        forms that take files along: a draft may consist of them.
        """
        from app.models.drafts import load_draft

        self._blank = _plain(self._data()) if drop_blank else None
        kept = load_draft(self._context.store, self._context.actor, self._form, self.subject_id)
        if kept is None or self._is_blank(kept.data):
            return None
        self.put_back(kept.data)
        return dict(kept.data)

    def put_back(self, data: Mapping[str, Any]) -> None:
        """Put the fields of a draft that was read already (what ``restore`` gives) back."""
        active, self._active = self._active, False
        self._fields.restore(data.get("fields", {}))
        self._active = active

    def discard(self) -> None:
        """The form was saved or thrown away: the draft goes, and no late autosave revives it."""
        from app.models.drafts import discard_draft

        self._timer.stop()
        self._active = False
        context, subject = self._context, self.subject_id
        self._queue(lambda: discard_draft(context.store, context.actor, self._form, subject))

    def start(self, subject_id: str) -> None:
        """Begin anew for another subject with the same fields."""
        self._timer.stop()
        if subject_id != self.subject_id:
            self._blank = None
        self.subject_id = subject_id
        self._active = True

    def rest(self) -> None:
        """No form is shown: what changes from here on is none of its draft, until ``start``."""
        self._on_left()
        self._active = False

    def when_kept(self, then: Callable[[], None]) -> None:
        """Call ``then`` once what is being written stands in the store: at once, or soon."""
        if self._busy:
            self._kept_then.append(then)
        else:
            then()

    def _is_blank(self, data: Mapping[str, Any]) -> bool:
        return self._blank is not None and _plain(data) == self._blank

    def _queue(self, work: Callable[[], None]) -> None:
        # One after the other: a save still under way must not land after its discarding.
        self._waiting.append(work)
        if not self._busy:
            self._run_next()

    def _run_next(self) -> None:
        if not self._waiting:
            calls, self._kept_then = self._kept_then, []
            for call in calls:
                call()
            return
        self._busy = True
        work = self._waiting.pop(0)
        self._context.tasks.run(work, done=self._on_done, failed=self._on_failed)

    def _on_done(self, _result: object) -> None:
        self._busy = False
        self.saved.emit()
        self._context.drafts_changed.emit()
        self._run_next()

    def _on_failed(self, error: Exception) -> None:
        self._busy = False
        self._waiting.clear()
        self._run_next()
        if not isinstance(error, EnvironmentFault):
            raise error
        self.failed.emit(str(error))


def _plain(data: Mapping[str, Any]) -> Any:
    """As it comes back from the store."""
    return json.loads(json.dumps(data))
