"""G20: a record keeps its author on a shared PC; another person's session only delivers it.

Two people with their own accounts use one PC. Who is signed in while a record leaves, is refused,
is merged or is corrected changes nothing about who wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.care.accounts import NewAccount, create_account, sign_in, switch_user
from app.care.deliveries import keep_here, send_again
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.outbox import REJECTED, Outbox
from app.models.rehab import CheckIn
from app.models.resident import Resident
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, check_ins, save
from tests.sync.proxy import Proxy

_PASSWORD_OF_LI = "另一位护士的口令 2026"


@pytest.fixture
def nurse_li(township: Clinic) -> Actor:
    """A second person with an account of her own on the same PC."""
    create_account(
        township.store,
        township.actor,
        NewAccount(
            login="li",
            name="李护士",
            roles=("nurse", "rehab_worker"),
            password=_PASSWORD_OF_LI,
            password_again=_PASSWORD_OF_LI,
        ),
    )
    return switch_user(township.store, "li", _PASSWORD_OF_LI)


def _on_server(server: ServerProcess, type_: str, id_: str, organisation: str) -> dict[str, Any]:
    client = server.enrol(organisation, "watcher")
    try:
        found: dict[str, Any] = client.get(f"/{type_}/{id_}").json()
    finally:
        client.close()
    return found


def test_g20_another_persons_session_delivers_and_never_becomes_the_author(
    township: Clinic, nurse_li: Actor, server: ServerProcess, make_clinic: Callable[..., Clinic]
) -> None:
    store, doctor = township.store, township.actor
    resident = a_resident()
    plan = a_plan(resident, doctor)
    (check_in,) = check_ins(plan, doctor, 1)
    save(store, doctor, resident, plan, check_in)

    # The doctor goes home; the nurse signs in, edits the resident's telephone, and the PC sends.
    with store.write(nurse_li) as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        row.phone = "13700001111"
    assert township.sync().outcome == "done"

    with store.read() as session:
        kept = session.get(Resident, resident.id)
        done = session.get(CheckIn, check_in.id)
        assert kept is not None
        assert done is not None
        assert (kept.author_id, kept.updated_by) == (doctor.staff_id, nurse_li.staff_id)
        assert (done.author_id, done.updated_by) == (doctor.staff_id, doctor.staff_id)
        told = session.execute(
            select(AuditEvent.action, AuditEvent.staff_id)
            .where(AuditEvent.record_id == resident.id, AuditEvent.action.in_(("create", "update")))
            .order_by(AuditEvent.id)
        ).all()
    assert [tuple(one) for one in told] == [
        ("create", doctor.staff_id),
        ("update", nurse_li.staff_id),
    ]
    held = _on_server(server, "Procedure", check_in.id, TOWNSHIP_ID)
    assert held["performer"][0]["actor"]["reference"] == f"Practitioner/{doctor.staff_id}"
    assert nurse_li.staff_id not in str(held)

    # Another PC of the organisation reads the same authors.
    other = make_clinic(TOWNSHIP_ID)
    assert other.sync().outcome == "done"
    with other.store.read() as session:
        there = session.get(Resident, resident.id)
        visit = session.get(CheckIn, check_in.id)
        assert there is not None
        assert visit is not None
        assert (there.author_id, there.updated_by) == (doctor.staff_id, nurse_li.staff_id)
        assert visit.author_id == doctor.staff_id


def test_g20_a_refused_record_handled_by_another_person_keeps_its_author(
    township: Clinic, nurse_li: Actor, server: ServerProcess
) -> None:
    store, doctor = township.store, township.actor
    resident = a_resident()
    save(store, doctor, resident)
    with store.apply_remote() as session:
        row = session.scalars(select(Outbox).where(Outbox.record_id == resident.id)).one()
        row.state, row.reason = REJECTED, "the server's reason"

    keep_here(store, nurse_li, "resident", resident.id, "病历重复，待核对")
    send_again(store, nurse_li, "resident", resident.id)
    assert township.sync().outcome == "done"

    with store.read() as session:
        kept = session.get(Resident, resident.id)
        assert kept is not None
        assert (kept.author_id, kept.updated_by) == (doctor.staff_id, doctor.staff_id)
    held = _on_server(server, "Patient", resident.id, TOWNSHIP_ID)
    assert nurse_li.staff_id not in str(held)


def test_g20_what_waited_over_a_sign_out_leaves_under_its_authors_name(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    store, doctor = clinic.store, clinic.actor
    create_account(
        store,
        doctor,
        NewAccount("李护士", "li", ("nurse",), _PASSWORD_OF_LI, _PASSWORD_OF_LI),
    )
    resident = a_resident()
    save(store, doctor, resident)
    proxy.choose = lambda seen: faults.LOSE_ANSWER
    assert clinic.sync().outcome == "offline"
    clinic.engine.close()
    store.close()

    # The next morning only the nurse is there: her password opens the same queue.
    signed_in = sign_in(store.folder, "li", _PASSWORD_OF_LI)
    proxy.choose = lambda seen: faults.PASS
    from app.sync.engine import SyncEngine

    engine = SyncEngine(signed_in.store)
    try:
        assert engine.run_once().outcome == "done"
        with signed_in.store.read() as session:
            row = session.get(Resident, resident.id)
            assert row is not None
            assert (row.author_id, row.updated_by) == (doctor.staff_id, doctor.staff_id)
            assert session.query(Outbox).count() == 0
    finally:
        engine.close()
        signed_in.store.close()
    assert signed_in.actor.staff_id != doctor.staff_id
    assert signed_in.actor.staff_id not in str(
        _on_server(server, "Patient", resident.id, TOWNSHIP_ID)
    )
