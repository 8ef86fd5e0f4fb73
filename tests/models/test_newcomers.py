"""Residents written in bulk are recorded, queued, noted and found like those of a form."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select

from app.models.actor import Actor
from app.models.local import AuditEvent, SearchToken
from app.models.newcomers import prepare, write
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store

_PERSON: dict[str, Any] = {
    "name": "张三",
    "sex": "1",
    "birth_date": date(1950, 1, 1),
    "id_type": "id_card",
    "id_no": "341599195001010019",
    "phone": "19900000001",
    "village": "白塔村",
    "contacts": [{"name": "张四", "phone": "19900000002", "relation": "20"}],
    "record_status": "active",
}


def _kept(store: Store, resident_id: str) -> dict[str, Any]:
    """All that the store holds about a resident, without the ids and instants of its own."""

    def plain(row: Any, *but: str) -> dict[str, Any]:
        names = [column.name for column in row.__table__.columns if column.name not in but]
        return {
            name: "its own id" if getattr(row, name) == resident_id else getattr(row, name)
            for name in names
        }

    with store.read() as session:
        resident = session.get_one(Resident, resident_id)
        queued = session.scalars(select(Outbox).where(Outbox.record_id == resident_id)).one()
        noted = session.scalars(select(AuditEvent).where(AuditEvent.record_id == resident_id)).one()
        tokens = session.scalars(
            select(SearchToken.token).where(SearchToken.resident_id == resident_id)
        )
        return {
            "resident": plain(resident, "created_at", "updated_at"),
            "queued": plain(queued, "seq", "created_at"),
            "noted": plain(noted, "id", "at"),
            "tokens": sorted(tokens),
            "lane": queued.lane,
        }


def test_bulk_writes_what_a_form_writes(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        by_form = Resident(**_PERSON)
        session.add(by_form)
        session.flush()
        form_id, form_lane = by_form.id, session.info["queued_lane"]
    newcomer = prepare(_PERSON, actor, store.clock.now())
    with store.write(actor) as session:
        write(session, [newcomer])
        assert session.info["queued_lane"] == form_lane
    assert _kept(store, newcomer.id) == _kept(store, form_id)


def test_prepared_anew_it_stays_the_same_record(store: Store, actor: Actor) -> None:
    first = prepare(_PERSON, actor, store.clock.now())
    again = prepare({**first.values, "record_no": "3415"}, actor, store.clock.now())
    assert again.id == first.id
    assert ("3415", first.id) in again.tokens
    with store.write(actor) as session:
        write(session, [])
        assert session.scalars(select(Resident.id)).all() == []
