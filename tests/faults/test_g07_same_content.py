"""G7: after quiet, all PCs of an organisation and the server hold the same content.

Two PCs of a township work at once over a link that breaks every few requests, each on its own
people and both on the same ones. When everything is quiet, every record is read from both stores
and from the server: nothing may differ, and nothing may be missing on one side.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from sqlalchemy import select

from app.fhir import mapping
from app.models.outbox import Outbox
from app.models.records import KINDS, fetch
from app.models.resident import Resident
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save
from tests.sync.proxy import Proxy

Content = dict[tuple[str, str], dict[str, Any]]


def _everything(store: Store) -> Content:
    """Every record of every kind that travels, as plain values."""
    found: Content = {}
    with store.read() as session:
        for name, kind in KINDS.items():
            if kind.travels:
                ids = list(session.scalars(select(kind.model.id)))
                found.update(((name, id_), dict(r)) for id_, r in fetch(session, name, ids).items())
    return found


def _edit(store: Store, clinic: Clinic, id_: str, **values: Any) -> None:
    with store.write(clinic.actor) as session:
        row = session.get(Resident, id_)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def test_g07_two_pcs_and_the_server_hold_the_same_after_quiet(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    random = Random(20260302)
    pcs = [make_clinic(TOWNSHIP_ID, link=proxy.url, silence=1.0) for _ in range(2)]
    shared = a_resident(name="共同管理的人")
    save(pcs[0].store, pcs[0].actor, shared)
    assert pcs[0].sync().outcome == "done"
    assert pcs[1].sync().outcome == "done"

    proxy.choose = lambda seen: random.choice(
        [faults.PASS, faults.PASS, faults.CUT_BEFORE, faults.LOSE_ANSWER, faults.TRUNCATE]
    )
    for turn in range(3):
        for number, pc in enumerate(pcs):
            resident = a_resident(name=f"病人{turn}{number}")
            plan = a_plan(resident, pc.actor)
            save(pc.store, pc.actor, resident, plan, *check_ins(plan, pc.actor, 4))
            save(pc.store, pc.actor, *a_letter(resident, pc.actor))
            # Each PC its own field of the person whom both look after.
            field = {0: "phone", 1: "village"}[number]
            _edit(pc.store, pc, shared.id, **{field: f"1390000{turn}{number}00"})
            pc.sync()
    proxy.choose = lambda seen: faults.PASS
    for _ in range(3):
        for pc in pcs:
            assert pc.sync(compare=True).outcome == "done"

    here, there = (_everything(pc.store) for pc in pcs)
    assert here.keys() == there.keys()
    for address, record in here.items():
        assert there[address] == record, address
    for pc in pcs:
        with pc.store.read() as session:
            assert session.query(Outbox).count() == 0
    person = here["resident", shared.id]
    assert (person["phone"], person["village"]) == ("13900002000", "13900002100")

    # The same as the server holds it, read without this program's courier.
    client = server.enrol(TOWNSHIP_ID, "watcher")
    compared = 0
    try:
        for (kind, id_), record in here.items():
            if record["organisation_id"] != TOWNSHIP_ID or kind == "organisation":
                continue
            answer = client.get(f"/{mapping.primary_type(kind)}/{id_}")
            if kind == "staff" and answer.status_code == 404:
                continue  # the template's own account was never queued
            assert answer.status_code == 200, (kind, id_)
            _, on_server = mapping.from_resource(answer.json())
            assert {name: on_server[name] for name in record} == record, (kind, id_)
            compared += 1
    finally:
        client.close()
    assert compared >= 6 * (1 + 1 + 4 + 5) + 1

    # What was shared is the same at the lead hospital.
    lead = make_clinic(LEAD_ID)
    assert lead.sync().outcome == "done"
    at_lead = _everything(lead.store)
    letters = {a: r for a, r in here.items() if a[0].startswith("referral")}
    assert len(letters) == 6 * 5
    assert {a: at_lead.get(a) for a in letters} == letters
    # Nobody referred the person whom both PCs look after: she is no business of the hospital.
    assert ("resident", shared.id) not in at_lead
