"""What a PC remembers of its courier files (SyncState ``courier``), and its keys for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app import courier_file as container
from app.courier_refusals import CourierRefused
from app.i18n import tr
from app.keys import KeyPairs, public_key
from app.models.actor import Actor
from app.models.epoch import RESTORED
from app.models.identity import new_id
from app.models.local import AuditEvent
from app.models.outbox import Outbox
from app.models.settings import get_setting
from app.models.store import Store
from app.sync import state
from app.sync.courier import FileInfo, Standing
from app.sync.device import device_keys, server_keys

KEY = "courier"


@dataclass(slots=True)
class Kept:
    """``line`` names the unbroken history of this store: the hospital tells old files by
    their number within it, and a restored store begins a new one (``restored`` is the time of
    the last restoring that it knows of). ``counter`` is the last file's number, ``replied`` the
    last reply's; ``taking`` and ``done`` say how far an import got that was broken off.
    """

    line: str = ""
    restored: str = ""
    counter: int = 0
    exported_at: str | None = None
    records: int = 0
    replied: int = 0
    replied_digest: str = ""
    replied_at: str | None = None
    taking: str = ""
    done: int = 0


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a courier file: this PC's keys and id, and the hospital's public keys."""

    own: KeyPairs
    device_id: str
    server: dict[str, Any]


def read(session: Session) -> Kept:
    """What is remembered, within a session."""
    known = state.load(session, KEY)
    fields = Kept.__dataclass_fields__
    return Kept(**{name: value for name, value in known.items() if name in fields})


def load(store: Store) -> Kept:
    """What is remembered."""
    with store.read() as session:
        return read(session)


def save(session: Session, kept: Kept) -> None:
    """Remember it."""
    state.save(session, KEY, asdict(kept))


def next_number(session: Session) -> Kept:
    """A number that no file of this store had before."""
    kept = read(session)
    note = get_setting(session, RESTORED)
    restored = str(note.get("at", "")) if isinstance(note, dict) else ""
    if not kept.line or restored != kept.restored:
        # Put back from a backup: the hospital may have files with these numbers already.
        kept.line, kept.restored = new_id(), restored
        kept.replied, kept.replied_digest = 0, ""
    kept.counter += 1
    save(session, kept)
    return kept


def ends(store: Store) -> Ends:
    """The keys to write and read with. CourierRefused where this PC has not joined a hospital."""
    server = server_keys(store)
    with store.read() as session:
        device_id = state.load(session, state.SERVER).get("device_id")
    if server is None or not isinstance(device_id, str):
        raise CourierRefused(
            "not_joined",
            tr(
                "This PC has not joined a county hospital, so there is nobody to encrypt a "
                "courier file to. Nothing was changed. Join with an enrolment code, or import a "
                "seed file from the hospital."
            ),
        )
    return Ends(device_keys(store), device_id, server)


def standing(store: Store) -> Standing:
    """See ``courier.standing``."""
    ready, why_not = True, ""
    try:
        ends(store)
    except CourierRefused as refused:
        ready, why_not = False, str(refused)
    with store.read() as session:
        kept = read(session)
        still_open = session.scalar(
            select(func.count()).select_from(Outbox).where(Outbox.courier.is_not(None))
        )
    return Standing(
        ready,
        why_not,
        kept.counter,
        state.instant(kept.exported_at),
        kept.records,
        still_open or 0,
        state.instant(kept.replied_at),
    )


def look_into(store: Store, path: Path) -> FileInfo:
    """See ``courier.look_into``."""
    try:
        receiver = container.receiver_of(path)
    except CourierRefused:
        return FileInfo("unknown", mine=False)
    own = device_keys(store)
    if receiver == own.encryption["kid"]:
        kind = ""

        def note(head: container.Head, _items: object) -> dict[str, Any]:
            nonlocal kind
            kind = str(head.get("kind"))
            raise CourierRefused("unexpected", "")

        try:
            next(container.read_chunks(path, own, note), None)
        except CourierRefused:
            pass
        return FileInfo(kind or "unknown", mine=bool(kind))
    server = server_keys(store)
    if server is not None and receiver == public_key(server, "enc")["kid"]:
        return FileInfo(container.REQUEST, mine=False)
    return FileInfo("unknown", mine=False)


def audit(session: Session, actor: Actor, now: datetime, action: str, **detail: int) -> None:
    """Note who carried records out or in; counts only."""
    session.execute(
        insert(AuditEvent).values(
            at=now,
            staff_id=actor.staff_id,
            organisation_id=actor.organisation_id,
            action=action,
            kind="courier",
            record_id=str(detail.get("number", "")),
            detail=detail,
        )
    )
