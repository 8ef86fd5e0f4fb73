"""The audit trail: who read what. (Writes are noted by the session hook.)"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.clock import Clock
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.store import Store


def record_access(
    store: Store,
    actor: Actor,
    action: str,
    kind: str,
    record_id: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """Note an access: ``read``, ``reveal`` (a masked identity shown), ``sign_in``, …

    ``detail`` must not hold an identity.
    """
    with store.write(actor) as session:
        note_access(session, store.clock, actor, action, kind, record_id, detail)


def note_access(
    session: Session,
    clock: Clock,
    actor: Actor,
    action: str,
    kind: str,
    record_id: str,
    detail: dict[str, Any] | None = None,
) -> None:
    """The same inside a transaction of the caller."""
    session.add(
        AuditEvent(
            at=clock.now(),
            staff_id=actor.staff_id,
            organisation_id=actor.organisation_id,
            action=action,
            kind=kind,
            record_id=record_id,
            detail=detail or {},
        )
    )


def record_read(store: Store, actor: Actor, kind: str, record_id: str) -> None:
    """Note that a person opened a record."""
    record_access(store, actor, "read", kind, record_id)
