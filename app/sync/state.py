"""What the courier remembers between two runs, in the encrypted store.

Keys of ``sync_state``: ``server`` (address, device, what lets it in), ``device_keys`` (this PC's
private keys), ``server_keys`` (the server's public ones), ``login`` (the access token of the
hour), ``link`` (proxy and certificate authority), ``facts`` (what this server can do), ``clock``
(the server's time as last seen, and when the last sweep ended), ``cursor:…`` (how far a list
has been read), ``orphans`` (what could not be placed yet), ``owed`` (what is to be fetched
because a record that was met while sending refers to it), ``sent:…`` (what was sent of a shared
record and has no answer yet).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.clock import parse_instant
from app.models import driver
from app.models.base import from_json, to_json
from app.models.outbox import SERVER_CLOCK, SyncState

SERVER, FACTS, CLOCK, ORPHANS, OWED = "server", "facts", SERVER_CLOCK, "orphans", "owed"
#: What the server confirmed last: if it is gone there, the server was put back from a copy.
CANARY = "canary"
DEVICE_KEYS, SERVER_KEYS, LOGIN, LINK = "device_keys", "server_keys", "login", "link"
#: What was learnt of one server and says nothing of another.
_LEARNT = (FACTS, CLOCK, ORPHANS, OWED)
_BY_PREFIX = "SELECT key, value FROM sync_state WHERE key >= ? AND key < ?"
#: Remembers a value (JSON text) under a key.
SAVE = (
    "INSERT INTO sync_state (key, value) VALUES (?, ?) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """Where the lead hospital is and what lets this PC in.

    ``token`` is a static bearer token; a PC that signs in with its key has none, but a
    ``client_id`` and, where the server told it, the ``token_endpoint`` and ``scope``.
    """

    base: str
    token: str | None
    device_id: str | None = None
    organisation_id: str | None = None
    client_id: str | None = None
    token_endpoint: str | None = None
    scope: str | None = None


def load(session: Session, key: str) -> dict[str, Any]:
    """The value of a key; an empty dict where there is none."""
    found = driver.value(session, "SELECT value FROM sync_state WHERE key = ?", (key,))
    return dict(from_json(found)) if found else {}


def load_many(session: Session, prefix: str) -> dict[str, dict[str, Any]]:
    """All values whose key begins with ``prefix``, by the rest of the key."""
    rows = driver.ask(session, _BY_PREFIX, (prefix, prefix + "\uffff"))
    return {key[len(prefix) :]: dict(from_json(value)) for key, value in rows}


def save(session: Session, key: str, value: dict[str, Any]) -> None:
    """Remember a value."""
    session.connection().exec_driver_sql(SAVE, (key, to_json(value)))


def account(session: Session) -> ServerAccount | None:
    """The server this PC is enrolled at, or None."""
    value = load(session, SERVER)
    if not value.get("base") or not (value.get("token") or value.get("client_id")):
        return None
    return ServerAccount(
        value["base"], **{name: value.get(name) for name in _ACCOUNT if name != "base"}
    )


_ACCOUNT = tuple(one.name for one in fields(ServerAccount))


def set_account(session: Session, new: ServerAccount, *, same_server: bool = False) -> None:
    """Remember a server. What was learnt of another server is forgotten, the cursors too.

    ``same_server``: it is known to be the one that was joined before, whatever its address.
    """
    old = load(session, SERVER)
    if not same_server and old.get("base") not in (None, new.base):
        forget(session)
    session.execute(delete(SyncState).where(SyncState.key == LOGIN))
    save(session, SERVER, {name: getattr(new, name) for name in _ACCOUNT})


def move_account(session: Session, moved: ServerAccount) -> None:
    """Remember the same server under another address; what was learnt of it stays."""
    save(session, SERVER, {name: getattr(moved, name) for name in _ACCOUNT})


def forget(session: Session) -> None:
    """Forget how far the server was read and what it can do (not what it confirmed)."""
    session.execute(
        delete(SyncState).where(SyncState.key.in_(_LEARNT) | SyncState.key.like("cursor:%"))
    )


def instant(text: Any) -> datetime | None:
    """A time as the server writes it, in UTC with its microseconds; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return parse_instant(text)
    except ValueError:
        return None


def text_of(value: datetime) -> str:
    """A time for ``_lastUpdated``, to the microsecond."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
