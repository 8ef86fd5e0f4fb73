"""The audit trail: who read what. (Writes are noted by the session hook.)"""

from __future__ import annotations

from typing import Any

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
        session.add(
            AuditEvent(
                at=store.clock.now(),
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
