"""Rows of the outbox, what the server said of them, and how the queue stands: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.sync.link import Json


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the outbox."""

    seq: int
    kind: str
    record_id: str
    change_id: str
    resident_id: str | None
    lane: int
    state: str
    attempts: int
    courier: int | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The server's word: it holds ``record_id`` as of ``change_id``, as this version."""

    item: Item
    resource_type: str
    version: str
    last_updated: str
    server_time: datetime
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Held:
    """A version of a record (its primary resource) that the server was seen to hold."""

    type: str
    id: str
    kind: str
    version: str
    last_updated: str
    body: Json | None
