"""Starts the sync of an open store, if this build of the program has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.models.store import Store
    from app.sync.facade import SyncService


def start_service(store: Store) -> SyncService | None:
    """The running service of this store."""
    try:
        from app.sync.facade import SyncService
    except ModuleNotFoundError:
        return None
    service = SyncService(store)
    service.start()
    return service
