"""What waits for the lead hospital, and what it has confirmed.

The outbox has one row for each record with something not yet confirmed. It is written by
the session hook (``app.models.hook``) in the transaction of the record itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import parse_instant
from app.models.base import Base, JsonDict

#: Contents of files go last of all: no record ever waits behind a photo.
LANE_EMERGENCY, LANE_REFERRAL, LANE_REST, LANE_FILES = 0, 1, 2, 3

WAITING, UNKNOWN, REJECTED, HELD, LOCAL = "waiting", "unknown", "rejected", "held", "local"
#: A person decided, with a reason, that a refused record stays on this PC. Never called held.
KEPT = "kept"
#: In place of the number of attempts: the server may hold some state of the record that this PC
#: does not know of, so it is asked before the record is sent.
LOOK_FIRST = -1
#: A delivery state only: fields of the record were changed by two sides and wait for a person.
CONFLICT = "conflict"

#: The field of a kept conflict that names moves of a referral which crossed: only to be read.
MOVES = "event_ids"
#: What the kind of a conflict begins with that asks which of two corrections of a record counts;
#: its ``record_id`` is the record as it was first written.
RIVALS = "rivals:"
#: Key of what is remembered of the server's clock; ``seen`` is its time at its last answer.
SERVER_CLOCK = "clock"


class Outbox(Base):
    """A record whose last change is not confirmed by the server.

    ``seq`` gives the order; a record edited again keeps its place. ``change_id`` names the
    change that is to be confirmed: an answer to an older change does not clear the row.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_record", "kind", "record_id", unique=True),
        Index("ix_outbox_state_lane_seq", "state", "lane", "seq"),
        Index("ix_outbox_resident_id_seq", "resident_id", "seq"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]
    record_id: Mapped[str] = mapped_column(String(36))
    change_id: Mapped[str] = mapped_column(String(36))
    author_id: Mapped[str] = mapped_column(String(36))
    organisation_id: Mapped[str] = mapped_column(String(36))
    resident_id: Mapped[str | None] = mapped_column(String(36))
    lane: Mapped[int]
    state: Mapped[str] = mapped_column(default=WAITING)  # waiting, unknown, rejected, kept
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    # The courier file that took the record along last: the hospital may hold it by now.
    courier: Mapped[int | None]


class Receipt(Base):
    """The server's word that it holds a record as of ``change_id``."""

    __tablename__ = "receipt"

    kind: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    change_id: Mapped[str] = mapped_column(String(36))
    server_time: Mapped[datetime]
    received_at: Mapped[datetime]
    via: Mapped[str] = mapped_column(default="network")  # network, courier


class ServerCopy(Base):
    """The version of a resource that the server was last seen to hold.

    ``body`` is kept for shared resources only: the base of a merge, and the fields that this
    program does not know and must send back unharmed.
    """

    __tablename__ = "server_copy"
    __table_args__ = (Index("ix_server_copy_record", "kind", "record_id"),)

    resource_type: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str | None]
    record_id: Mapped[str | None]
    version: Mapped[str]
    last_updated: Mapped[str]
    body: Mapped[JsonDict | None]


class Conflict(Base):
    """Fields that two sides changed at once: both values are kept until a person decides."""

    __tablename__ = "conflict"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str]
    record_id: Mapped[str] = mapped_column(String(36), index=True)
    resident_id: Mapped[str | None]
    # {field: {"base": …, "mine": …, "theirs": …}}; once decided also "choice" (mine, theirs,
    # other) and "chosen": what was not chosen stays here for good.
    fields: Mapped[JsonDict] = mapped_column(default=dict)
    mine_by: Mapped[str | None]
    mine_at: Mapped[datetime | None]
    theirs_by: Mapped[str | None]
    theirs_organisation_id: Mapped[str | None]
    theirs_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None] = mapped_column(index=True)
    resolved_by: Mapped[str | None]


class SyncState(Base):
    """What the sync engine remembers: cursors, server facts, the device's credentials."""

    __tablename__ = "sync_state"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[JsonDict] = mapped_column(default=dict)


def server_seen(session: Session) -> datetime | None:
    """The server's own time at its last answer to a reading; None before the first one."""
    kept = session.get(SyncState, SERVER_CLOCK)
    try:
        return None if kept is None else parse_instant(str(kept.value.get("seen")))
    except ValueError:
        return None


class SyncTry(Base):
    """One try to reach the lead hospital, for the history on the Sync page."""

    __tablename__ = "sync_try"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]  # done, partial, offline, refused, failed
    reason: Mapped[str | None]
    sent: Mapped[int] = mapped_column(default=0)
    received: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    requests: Mapped[int] = mapped_column(default=0)
    bytes_up: Mapped[int] = mapped_column(default=0)
    bytes_down: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a record stands on its way; never better than the truth.

    ``waiting``: not sent. ``unknown``: sent, no answer yet. ``held``: the server confirmed this
    very state at ``held_at`` (server time). ``rejected``: the server refused it, ``reason`` says
    why. ``kept``: refused and kept only on this PC by a person's decision and for the ``reason``
    given. ``conflict``: two sides changed the same field, a person has to decide before it is
    sent. ``local``: a kind that does not travel.
    """

    state: str
    held_at: datetime | None = None
    reason: str | None = None


def deliveries(session: Session, kind: str, record_ids: list[str]) -> dict[str, Delivery]:
    """The delivery state of many records of a kind, in three queries."""
    found: dict[str, Delivery] = {}
    for start in range(0, len(record_ids), 500):
        part = record_ids[start : start + 500]
        receipts = session.execute(
            select(Receipt.record_id, Receipt.server_time).where(
                Receipt.kind == kind, Receipt.record_id.in_(part)
            )
        )
        for record_id, server_time in receipts:
            found[record_id] = Delivery(HELD, held_at=server_time)
        # A queued change wins over an older receipt.
        queued = session.execute(
            select(Outbox.record_id, Outbox.state, Outbox.reason).where(
                Outbox.kind == kind, Outbox.record_id.in_(part)
            )
        )
        for record_id, state, reason in queued:
            found[record_id] = Delivery(state, reason=reason)
        undecided = session.execute(
            select(Conflict.record_id, Conflict.fields).where(
                Conflict.kind == kind,
                Conflict.record_id.in_(part),
                Conflict.resolved_at.is_(None),
            )
        )
        for record_id, fields in undecided:
            # Moves of a referral that crossed are only told; the record itself travels.
            if MOVES not in fields:
                reason = found.get(record_id, Delivery(LOCAL)).reason
                found[record_id] = Delivery(CONFLICT, reason=reason)
    return {record_id: found.get(record_id, Delivery(LOCAL)) for record_id in record_ids}


def delivery_state(session: Session, kind: str, record_id: str) -> Delivery:
    """The delivery state of one record."""
    return deliveries(session, kind, [record_id])[record_id]
