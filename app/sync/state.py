"""What the courier remembers between two runs, in the encrypted store.

Keys of ``sync_state``: ``server`` (address, token, device), ``facts`` (what this server can
do), ``clock`` (the server's time as last seen, and when the last sweep ended), ``cursor:…``
(how far a list has been read), ``orphans`` (what could not be placed yet), ``owed`` (what is to
be fetched because a record that was met while sending refers to it), ``sent:…`` (what was sent
of a shared record and has no answer yet).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from app.clock import parse_instant
from app.models.outbox import SyncState

SERVER, FACTS, CLOCK, ORPHANS, OWED = "server", "facts", "clock", "orphans", "owed"
#: What the server confirmed last: if it is gone there, the server was put back from a copy.
CANARY = "canary"


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """Where the lead hospital is and what lets this PC in."""

    base: str
    token: str
    device_id: str | None = None
    organisation_id: str | None = None


def load(session: Session, key: str) -> dict[str, Any]:
    """The value of a key; an empty dict where there is none."""
    found = session.scalar(select(SyncState.value).where(SyncState.key == key))
    return dict(found) if found else {}


def load_many(session: Session, prefix: str) -> dict[str, dict[str, Any]]:
    """All values whose key begins with ``prefix``, by the rest of the key."""
    rows = session.execute(
        select(SyncState.key, SyncState.value).where(
            SyncState.key >= prefix, SyncState.key < prefix + "\uffff"
        )
    )
    return {key[len(prefix) :]: dict(value) for key, value in rows}


def save(session: Session, key: str, value: dict[str, Any]) -> None:
    """Remember a value."""
    statement = insert(SyncState).values(key=key, value=value)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"value": statement.excluded.value}
        )
    )


def account(session: Session) -> ServerAccount | None:
    """The server this PC is enrolled at, or None."""
    value = load(session, SERVER)
    if not value.get("base") or not value.get("token"):
        return None
    return ServerAccount(
        value["base"], value["token"], value.get("device_id"), value.get("organisation_id")
    )


def set_account(session: Session, new: ServerAccount) -> None:
    """Remember a server. What was learnt of another server is forgotten, the cursors too."""
    old = load(session, SERVER)
    if old.get("base") not in (None, new.base):
        forget(session)
    save(
        session,
        SERVER,
        {
            "base": new.base,
            "token": new.token,
            "device_id": new.device_id,
            "organisation_id": new.organisation_id,
        },
    )


def forget(session: Session) -> None:
    """Forget how far the server was read and what it can do (not what it confirmed)."""
    session.execute(
        delete(SyncState).where(SyncState.key != SERVER, SyncState.key.not_like("sent:%"))
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
