"""The villages for the filters: each once, by name, only where somebody fits."""

from __future__ import annotations

from datetime import date

from app.care.villages import villages_of
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.resident import Resident
from app.models.store import Store


def _resident(name: str, village: str | None, **more: object) -> Resident:
    return Resident(name=name, sex="1", **{"birth_date": date(1950, 1, 1), **more}, village=village)


def test_each_village_once_by_name(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        young = _resident("丁", "丁村", birth_date=date(1990, 1, 1))
        gone = _resident("丙", "丙村", record_status="deceased")
        due = _resident("乙", "乙村")
        session.add_all((due, young, gone, _resident("甲", "甲村"), _resident("又甲", "甲村")))
        session.add_all((_resident("无", None), _resident("空", "")))
        session.flush()
        session.add(
            DueItem(
                organisation_id=actor.organisation_id,
                resident_id=due.id,
                kind="follow_up:copd",
                due_on=date(2026, 1, 1),
            )
        )
    here = actor.organisation_id
    with store.read() as session:
        assert villages_of(session, here) == tuple(sorted(("甲村", "乙村", "丙村", "丁村")))
        assert villages_of(session, here, active=True) == tuple(sorted(("甲村", "乙村", "丁村")))
        old = villages_of(session, here, active=True, born_by="1961-12-31")
        assert old == tuple(sorted(("甲村", "乙村")))
        assert villages_of(session, here, due=("follow_up:copd",)) == ("乙村",)
        assert villages_of(session, here, due=("health_check",)) == ()
        assert villages_of(session, "elsewhere") == ()
