"""Two people change one record. G9: nothing is overwritten silently, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.models.outbox import Conflict, Outbox, delivery_state
from app.models.resident import Residence, Resident
from app.models.store import Store
from app.sync.status import read_status
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import STARTED, a_resident, save
from tests.sync.proxy import Proxy


@pytest.fixture
def pair(township: Clinic, make_clinic: Callable[..., Clinic]) -> tuple[Clinic, Clinic, str]:
    """Two PCs of one organisation that both hold the same resident."""
    resident = a_resident(note="初诊")
    save(township.store, township.actor, resident)
    township.sync()
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    return township, other, resident.id


def _edit(clinic: Clinic, resident_id: str, **values: object) -> None:
    with clinic.store.write(clinic.actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def _values(store: Store, resident_id: str, *names: str) -> tuple[object, ...]:
    with store.read() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        return tuple(getattr(row, name) for name in names)


@pytest.mark.parametrize("pull_first", [False, True])
def test_g09_different_fields_merge_by_themselves(
    pair: tuple[Clinic, Clinic, str], pull_first: bool
) -> None:
    one, other, resident_id = pair
    _edit(one, resident_id, phone="13900000001")
    one.sync()
    _edit(other, resident_id, village="青山村")
    if pull_first:
        # News arrives before the own change leaves: the engine's pull merges, the push sends.
        other.engine.run_once()
    else:
        other.sync(fetch=False)
    one.sync()

    for clinic in (one, other):
        assert _values(clinic.store, resident_id, "phone", "village") == ("13900000001", "青山村")
        with clinic.store.read() as session:
            assert session.query(Conflict).count() == 0
            assert session.query(Outbox).count() == 0


def test_g09_the_same_field_is_kept_twice_and_waits_for_a_person(
    pair: tuple[Clinic, Clinic, str], server: ServerProcess
) -> None:
    one, other, resident_id = pair
    _edit(one, resident_id, phone="13900000001")
    one.sync()
    _edit(other, resident_id, phone="13900000002", village="青山村")

    report = other.sync()

    assert report.outcome == "partial"
    assert (report.counts.conflicts, report.counts.rejected) == (1, 0)
    assert _values(other.store, resident_id, "phone", "village") == ("13900000002", "青山村")
    with other.store.read() as session:
        row = session.query(Conflict).one()
        assert row.fields == {
            "phone": {"base": "13800001234", "mine": "13900000002", "theirs": "13900000001"}
        }
        assert (row.mine_by, row.theirs_organisation_id) == (other.actor.staff_id, TOWNSHIP_ID)
        assert delivery_state(session, "resident", resident_id).state == "conflict"
    # The server still holds the first writer's value, and a further edit does not slip past.
    _edit(other, resident_id, note="复诊")
    other.sync()
    one.sync()
    assert _values(one.store, resident_id, "phone") == ("13900000001",)
    status = read_status(other.store)
    assert (status.conflicts, status.rejected, status.rejected_records) == (1, 0, ())


def test_both_sides_writing_the_same_is_no_conflict(pair: tuple[Clinic, Clinic, str]) -> None:
    one, other, resident_id = pair
    _edit(one, resident_id, phone="13900000001")
    one.sync()
    _edit(other, resident_id, phone="13900000001")
    assert other.sync().outcome == "done"
    with other.store.read() as session:
        assert session.query(Conflict).count() == 0
        assert delivery_state(session, "resident", resident_id).state == "held"


def test_news_of_a_record_with_a_change_of_its_own_is_merged_not_written_over(
    pair: tuple[Clinic, Clinic, str], server: ServerProcess
) -> None:
    one, other, resident_id = pair
    _edit(one, resident_id, phone="13900000001")
    one.sync()
    _edit(other, resident_id, village="青山村")
    # Other people's rows are on the server only when it is asked; its own row cannot leave.
    with other.store.write(other.actor) as session:
        session.query(Outbox).update({"state": "rejected", "reason": "test"})

    other.sync()

    assert _values(other.store, resident_id, "phone", "village") == ("13900000001", "青山村")


def test_children_added_on_both_sides_are_both_kept(pair: tuple[Clinic, Clinic, str]) -> None:
    one, other, resident_id = pair
    for clinic, bed in ((one, "3"), (other, "4")):
        with clinic.store.write(clinic.actor) as session:
            session.add(
                Residence(
                    resident_id=resident_id,
                    org_id=TOWNSHIP_ID,
                    bed=bed,
                    admit_date=STARTED.date(),
                )
            )
    one.sync()
    assert other.sync().outcome == "done"
    one.sync()
    for clinic in (one, other):
        with clinic.store.read() as session:
            beds = [row.bed for row in session.query(Residence).order_by(Residence.bed)]
            assert beds == ["3", "4"]


def test_own_change_after_a_lost_answer_is_no_conflict_with_oneself(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    resident = a_resident()
    save(clinic.store, clinic.actor, resident)
    clinic.sync()
    _edit(clinic, resident.id, phone="13900000001")
    proxy.choose = lambda seen: faults.LOSE_ANSWER
    assert clinic.sync().outcome == "offline"
    _edit(clinic, resident.id, phone="13900000002")
    proxy.choose = lambda seen: faults.PASS

    assert clinic.sync().outcome == "done"

    assert _values(clinic.store, resident.id, "phone") == ("13900000002",)
    with clinic.store.read() as session:
        assert session.query(Conflict).count() == 0


def test_g18_fields_of_a_newer_program_go_back_unharmed(
    township: Clinic, server: ServerProcess
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    township.sync()
    client = server.enrol(TOWNSHIP_ID, "a newer program")
    try:
        held = client.get(f"/Patient/{resident.id}").json()
        held["extension"].append({"url": "urn:township-care:x:from-2030", "valueString": "保留"})
        held["multipleBirthBoolean"] = True
        assert client.put(held).status_code == 200
        township.sync()
        _edit(township, resident.id, village="青山村")
        assert township.sync().outcome == "done"
        after = client.get(f"/Patient/{resident.id}").json()
    finally:
        client.close()
    assert {"url": "urn:township-care:x:from-2030", "valueString": "保留"} in after["extension"]
    assert after["multipleBirthBoolean"] is True
    assert "青山村" in str(after)
