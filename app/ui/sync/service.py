"""The sync of an open store as the window uses it: started, asked where it goes, enrolled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
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


@dataclass(frozen=True, slots=True)
class ConnectionWay:
    """How this PC reaches the server: ``proxy`` as typed (empty: the computer's settings),
    ``certificate`` the name of the authority chosen by a person, empty for the computer's."""

    proxy: str
    certificate: str


def connection_way(store: Store) -> ConnectionWay:
    """The present settings."""
    from app.sync.connection import SYSTEM, settings

    found = settings(store)
    return ConnectionWay("" if found.proxy == SYSTEM else found.proxy, found.ca_name or "")


def keep_connection_way(
    store: Store, proxy: str, certificate: Path | None, trust_machine: bool
) -> ConnectionWay:
    """Keep other settings. On a background thread.

    ``certificate``: the file chosen now, None for no change; ``trust_machine`` takes the chosen
    authority away. Raises ``InputError`` (proxy, ca) and ``EnvironmentFault``.
    """
    from dataclasses import replace

    from app.sync.connection import change_settings, read_certificates, settings

    new = replace(settings(store), proxy=proxy)
    if certificate is not None:
        text, name = read_certificates(certificate)
        new = replace(new, ca=text, ca_name=name)
    elif trust_machine:
        new = replace(new, ca=None, ca_name=None)
    change_settings(store, new)
    return connection_way(store)


def is_no_connection(error: Exception) -> bool:
    """Whether nothing is known but that there is no connection (no proxy, certificate, …)."""
    from app.sync.link import Offline

    return type(error) is Offline
