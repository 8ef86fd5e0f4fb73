"""The encrypted store: transactions, the queue that nobody can forget, keys, faults."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Column
from sqlalchemy.schema import CreateIndex

from app.clock import FixedClock
from app.errors import Defect, InputError, StoreDamaged, StoreTooNew, WrongPassword
from app.models import keyring, records
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.outbox import Outbox, Receipt, delivery_state
from app.models.resident import Condition, Residence, Resident
from app.models.store import STORE_FILE, Store, open_store
from tests.conftest import NOW, PASSWORD, TOWNSHIP_ID


def a_resident(**values: object) -> Resident:
    return Resident(
        **{
            "name": "赵大爷",
            "sex": "1",
            "birth_date": date(1950, 1, 1),
            "id_no": "341599195001010018",
            "phone": "13800001234",
            **values,
        }
    )


def test_a_record_is_stamped_queued_and_audited_in_its_own_transaction(
    store: Store, actor: Actor
) -> None:
    with store.write(actor) as session:
        resident = a_resident()
        session.add(resident)
        session.flush()
        resident_id = resident.id
    with store.read() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        assert (row.organisation_id, row.author_id) == (TOWNSHIP_ID, actor.staff_id)
        assert row.created_at == NOW
        queued = session.query(Outbox).one()
        assert (queued.kind, queued.record_id, queued.change_id, queued.resident_id) == (
            "resident", resident_id, row.change_id, resident_id,
        )  # fmt: skip
        audit = session.query(AuditEvent).filter_by(record_id=resident_id).one()
        assert (audit.action, audit.staff_id) == ("create", actor.staff_id)
        assert delivery_state(session, "resident", resident_id).state == "waiting"


def test_a_failed_use_case_leaves_neither_record_nor_queue(store: Store, actor: Actor) -> None:
    def failing() -> None:
        with store.write(actor) as session:
            session.add(a_resident())
            session.flush()
            raise RuntimeError("stopped in the middle")

    with pytest.raises(RuntimeError):
        failing()
    with store.read() as session:
        assert session.query(Resident).count() == 0
        assert session.query(Outbox).count() == 0


def test_an_edit_keeps_its_place_and_takes_a_new_change(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        first, second = a_resident(), a_resident(name="钱大妈", id_no=None)
        session.add_all([first, second])
        session.flush()
        first_id, change = first.id, first.change_id
    with store.write(actor) as session:
        row = session.get(Resident, first_id)
        assert row is not None
        row.phone = "13900000000"
    with store.read() as session:
        queue = session.query(Outbox).order_by(Outbox.seq).all()
        assert queue[0].record_id == first_id
        assert len(queue) == 2
        assert queue[0].change_id != change


def test_a_changed_child_queues_its_parent(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        resident = a_resident()
        resident.residences.append(
            Residence(org_id=TOWNSHIP_ID, bed="1", admit_date=date(2026, 1, 1))
        )
        session.add(resident)
        session.flush()
        resident_id, change = resident.id, resident.change_id
    with store.write(actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        row.residences[0].bed = "2"
    with store.read() as session:
        assert session.query(Outbox).one().change_id != change


def test_the_queue_wins_over_an_older_receipt(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        resident = a_resident()
        session.add(resident)
        session.flush()
        resident_id = resident.id
    with store.apply_remote() as session:
        session.query(Outbox).delete()
        session.add(
            Receipt(
                kind="resident", record_id=resident_id, change_id="x",
                server_time=NOW, received_at=NOW,
            )
        )  # fmt: skip
    with store.read() as session:
        assert delivery_state(session, "resident", resident_id).state == "held"
    with store.write(actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        row.note = "喜欢早晨来"
    with store.read() as session:
        assert delivery_state(session, "resident", resident_id).state == "waiting"


def test_records_are_never_deleted(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        session.add(a_resident())

    def deleting() -> None:
        with store.write(actor) as session:
            session.delete(session.query(Resident).one())

    with pytest.raises(Defect):
        deleting()


def test_reading_never_writes(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        session.add(a_resident())
    with store.read() as session:
        session.query(Resident).one().name = "changed"
    with store.read() as session:
        assert session.query(Resident).one().name == "赵大爷"


def test_fetch_and_put_carry_a_record_whole(
    store: Store, actor: Actor, make_store: Callable[..., tuple[Store, Actor]]
) -> None:
    with store.write(actor) as session:
        resident = a_resident(contacts=[{"name": "赵小", "phone": "13700000000"}])
        resident.residences.append(
            Residence(org_id=TOWNSHIP_ID, bed="3", admit_date=date(2026, 1, 1))
        )
        session.add(resident)
        session.flush()
        session.add(Condition(resident_id=resident.id, display="原发性高血压", code="I10"))
        resident_id = resident.id
    with store.read() as session:
        record = records.fetch(session, "resident", [resident_id])[resident_id]
    assert json.loads(json.dumps(record)) == record
    other, _ = make_store()
    with other.apply_remote() as session:
        records.put(session, "resident", [record])
    with other.read() as session:
        assert records.fetch(session, "resident", [resident_id])[resident_id] == record
        assert session.query(Outbox).count() == 0
    with other.apply_remote() as session:
        records.put(session, "resident", [{**record, "residences": [], "unknown": 1}])
    with other.read() as session:
        assert records.fetch(session, "resident", [resident_id])[resident_id]["residences"] == []


def test_the_file_holds_no_readable_identity(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        session.add(a_resident(name="欧阳不可见"))
    for path in store.folder.iterdir():
        content = path.read_bytes()
        assert "欧阳不可见".encode() not in content
        assert b"341599195001010018" not in content
        assert not (path.name == STORE_FILE and content.startswith(b"SQLite format 3"))


def test_the_store_runs_durably(store: Store) -> None:
    with store.read() as session:
        connection = session.connection()
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert store.quick_check()


def test_a_wrong_key_is_told_in_plain_words(store: Store) -> None:
    with pytest.raises(StoreDamaged, match="备份"):
        open_store(store.folder, bytes(32), TOWNSHIP_ID)


def test_garbage_in_the_place_of_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / STORE_FILE).write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreDamaged):
        open_store(tmp_path, bytes(32), TOWNSHIP_ID)


def test_a_newer_store_is_refused_politely(store: Store) -> None:
    with store.apply_remote() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    key = store.wrap_key()
    with pytest.raises(StoreTooNew, match="新版本"):
        open_store(store.folder, key, TOWNSHIP_ID)


def test_a_snapshot_of_a_live_store_holds_every_committed_row(
    store: Store, actor: Actor, tmp_path: Path
) -> None:
    for number in range(20):
        with store.write(actor) as session:
            session.add(a_resident(name=f"居民{number}", id_no=None))
    (tmp_path / "copy").mkdir()
    store.snapshot(tmp_path / "copy" / STORE_FILE)
    copy = open_store(tmp_path / "copy", store.wrap_key(), TOWNSHIP_ID, FixedClock(NOW))
    with copy.read() as session:
        assert session.query(Resident).count() == 20
    copy.close()


def test_the_model_and_the_migrations_have_the_same_shape(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from app.models.schema import Base

    with store.read() as session:
        connection = session.connection()
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        with warnings.catch_warnings():
            # An index of an expression cannot be read back as one: its words are compared below.
            warnings.filterwarnings("ignore", ".*expression-based index")
            assert compare_metadata(context, Base.metadata) == []
        wanted = {
            str(index.name): _words(str(CreateIndex(index).compile(connection.engine)))
            for table in Base.metadata.tables.values()
            for index in table.indexes
            if any(not isinstance(part, Column) for part in index.expressions)
        }
        made = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index'"
        )
        assert {name: _words(sql) for name, sql in made if name in wanted} == wanted


def _words(sql: str) -> str:
    return " ".join(sql.replace('"', "").split())


class TestKeyring:
    def test_each_account_opens_the_same_store(self, tmp_path: Path) -> None:
        ring, key, recovery = keyring.create(tmp_path, TOWNSHIP_ID, "卫生院", "s")
        ring = keyring.add_account(ring, key, keyring.Account("1", "wang", "王"), PASSWORD)
        keyring.add_account(ring, key, keyring.Account("2", "li", "李"), "another-one")
        ring = keyring.load(tmp_path)
        assert [a.label for a in ring.accounts()] == ["王", "李"]
        assert keyring.unlock(ring, "wang", PASSWORD)[1] == key
        assert keyring.unlock(ring, "li", "another-one")[1] == key
        assert keyring.unlock_with_recovery_key(ring, recovery.lower().replace("-", " ")) == key

    def test_a_wrong_password_opens_nothing(self, tmp_path: Path) -> None:
        ring, key, _ = keyring.create(tmp_path, TOWNSHIP_ID, "卫生院", "s")
        ring = keyring.add_account(ring, key, keyring.Account("1", "wang", "王"), PASSWORD)
        for login, password in (("wang", "wrong-one"), ("nobody", PASSWORD), ("wang", "")):
            with pytest.raises(WrongPassword):
                keyring.unlock(ring, login, password)
        with pytest.raises(WrongPassword):
            keyring.unlock_with_recovery_key(ring, "AAAAA-BBBBB")

    def test_a_changed_password_and_a_closed_account_stop_working(self, tmp_path: Path) -> None:
        ring, key, _ = keyring.create(tmp_path, TOWNSHIP_ID, "卫生院", "s")
        ring = keyring.add_account(ring, key, keyring.Account("1", "wang", "王"), PASSWORD)
        ring = keyring.set_password(ring, key, "wang", "the-new-one")
        with pytest.raises(WrongPassword):
            keyring.unlock(ring, "wang", PASSWORD)
        assert keyring.unlock(ring, "wang", "the-new-one")[1] == key
        closed = keyring.Account("1", "wang", "王", active=False)
        ring = keyring.update_account(ring, closed)
        with pytest.raises(WrongPassword):
            keyring.unlock(ring, "wang", "the-new-one")
        assert ring.accounts() == []

    def test_bad_accounts_are_refused(self, tmp_path: Path) -> None:
        ring, key, _ = keyring.create(tmp_path, TOWNSHIP_ID, "卫生院", "s")
        with pytest.raises(InputError):
            keyring.add_account(ring, key, keyring.Account("1", "wang", "王"), "short")
        ring = keyring.add_account(ring, key, keyring.Account("1", "wang", "王"), PASSWORD)
        with pytest.raises(InputError):
            keyring.add_account(ring, key, keyring.Account("2", "wang", "王"), PASSWORD)
        assert len(keyring.load(tmp_path).accounts()) == 1

    def test_the_file_holds_neither_key_nor_password(self, tmp_path: Path) -> None:
        ring, key, recovery = keyring.create(tmp_path, TOWNSHIP_ID, "卫生院", "s")
        keyring.add_account(ring, key, keyring.Account("1", "wang", "王"), PASSWORD)
        content = (tmp_path / keyring.ACCOUNTS_FILE).read_text(encoding="utf-8")
        assert PASSWORD not in content
        assert key.hex() not in content
        assert recovery not in content

    def test_a_torn_key_file_is_told_in_plain_words(self, tmp_path: Path) -> None:
        (tmp_path / keyring.ACCOUNTS_FILE).write_text('{"accounts": [')
        with pytest.raises(StoreDamaged):
            keyring.load(tmp_path)
