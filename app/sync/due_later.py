"""Due work of residents whose records come in many pages: noted with the rows, made once.

A resident of a first load is named by hundreds of records. The note commits with the rows it
speaks of, so a program that ends in between makes the work in its next run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.care.due import refresh_due
from app.models.outbox import SyncState
from app.models.store import Store

#: Residents in one transaction: a save at the screen never waits longer than for these.
AT_ONCE = 100
_KEY = "due:"
_PAST = "due;"  # the first text behind all keys that begin with it
_NOTE = "INSERT INTO sync_state (key, value) VALUES (?, '{}') ON CONFLICT (key) DO NOTHING"
_NOTED = (
    select(SyncState.key)
    .where(SyncState.key >= _KEY, SyncState.key < _PAST)
    .order_by(SyncState.key)
    .limit(AT_ONCE)
)


def note(session: Session, resident_ids: Iterable[str]) -> None:
    """The due work of these residents is to be made anew once their records are here."""
    rows = [(_KEY + id_,) for id_ in sorted(resident_ids)]
    if rows:
        session.connection().exec_driver_sql(_NOTE, rows)


def make(store: Store, done: Callable[[list[str]], bool] = lambda residents: True) -> None:
    """Make what was noted, in short transactions.

    ``done`` hears after each of them whose work it made; False ends it there: the rest stays
    noted.
    """
    while True:
        with store.read() as session:
            if session.scalar(_NOTED) is None:
                return
        with store.apply_remote() as session:
            keys = list(session.scalars(_NOTED))
            residents = [key.removeprefix(_KEY) for key in keys]
            refresh_due(session, store.organisation_id, residents)
            session.execute(delete(SyncState).where(SyncState.key.in_(keys)))
        if not done(residents):
            return
