"""The sync of an open store as the window uses it: started, asked where it goes, enrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.models.store import Store
    from app.sync.facade import SyncService


def start_service(store: Store) -> SyncService:
    """The running service of this store."""
    from app.sync.facade import SyncService

    service = SyncService(store)
    service.start()
    return service


def server_address(store: Store) -> str:
    """The base address of the county hospital's server, empty while this PC is not enrolled."""
    from app.sync.enrol import enrolled_at

    return enrolled_at(store) or ""


def enrol(store: Store, address: str, code: str) -> None:
    """Exchange the one-time code for this PC's access. On a background thread.

    Raises ``InputError`` (address, code) and ``NetworkFault``; then nothing was changed.
    """
    from app.sync.enrol import enrol as exchange

    exchange(store, address, code)


def is_no_connection(error: Exception) -> bool:
    """Whether nothing is known but that there is no connection (no proxy, certificate, …)."""
    from app.sync.link import Offline

    return type(error) is Offline
