"""G18: a store of every release comes up with its data, still syncs, and survives being killed
in the middle of its migration; a store of a newer program is refused and left as it is."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, text

from app.care import backups
from app.care.accounts import sign_in
from app.care.first_setup import SignedIn
from app.clock import FixedClock
from app.errors import StoreTooNew
from app.models import keyring
from app.models.agreed import AgreedContract, AgreedPackages
from app.models.chronic import FollowUp
from app.models.epoch import EPOCH
from app.models.local import Setting
from app.models.migrations.revisions import HEAD, REVISIONS
from app.models.outbox import Outbox, Receipt
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import STORE_FILE, Store, open_store, revision_of
from app.server.enrolment import enrol_code
from app.sync.engine import SyncEngine
from app.sync.enrol import enrol
from tests.conftest import NOW
from tests.faults import killable
from tests.server.serving import ServerProcess
from tools.store_fixture import LOGIN, PASSWORD, PLACE

STORES = sorted(path.name for path in PLACE.iterdir() if path.is_dir())


def lay_out(revision: str, folder: Path) -> dict[str, int]:
    shutil.copytree(PLACE / revision, folder)
    content: dict[str, int] = json.loads((folder / "content.json").read_text())
    (folder / "content.json").unlink()
    return content


def enter(folder: Path) -> SignedIn:
    return sign_in(folder, LOGIN, PASSWORD, FixedClock(NOW))


def check_content(opened: SignedIn, content: dict[str, int]) -> None:
    tables = {
        "residents": Resident,
        "follow_ups": FollowUp,
        "check_ins": CheckIn,
        "queued": Outbox,
    }
    assert opened.store.quick_check()
    with opened.store.read() as session:
        for name, table in tables.items():
            assert session.scalar(select(func.count()).select_from(table)) == content[name], name
        assert all(row.is_sample for row in session.query(Resident))
        # What the store itself notes beside each contract is there for the old ones, too.
        noted = select(AgreedContract.contract_id, AgreedPackages.packages).join(AgreedPackages)
        held = session.execute(text("SELECT id, packages FROM contract")).all()
        assert sorted(session.execute(noted).all()) == sorted(held)
        version = session.connection().exec_driver_sql("SELECT version_num FROM alembic_version")
        assert version.scalar() == HEAD


def test_g18_there_is_a_stored_store_of_every_revision() -> None:
    assert tuple(STORES) == REVISIONS, "run python -m tools.store_fixture once for a new one"


@pytest.mark.parametrize("revision", STORES)
def test_g18_a_store_of_an_earlier_release_comes_up_and_still_syncs(
    revision: str, tmp_path: Path, server: ServerProcess
) -> None:
    content = lay_out(revision, tmp_path / "data")
    assert not (tmp_path / "data" / STORE_FILE).read_bytes().startswith(b"SQLite format 3")
    opened = enter(tmp_path / "data")
    check_content(opened, content)
    made = [line for line in backups.list_backups(tmp_path / "data") if line.reason == "migration"]
    assert [line.revision for line in made] == ([revision] if revision != HEAD else [])
    organisation = opened.store.organisation_id
    enrol(opened.store, server.url, enrol_code(server.data_dir, organisation), "PC")
    engine = SyncEngine(opened.store)
    try:
        report = engine.run_once()
        assert (report.outcome, report.counts.open) == ("done", 0)
        with opened.store.read() as session:
            held = session.scalar(select(func.count()).select_from(Receipt))
            assert held == content["queued"]
    finally:
        engine.close()
        opened.store.close()


def test_g18_a_backup_of_an_earlier_release_is_put_back(tmp_path: Path) -> None:
    content = lay_out(STORES[0], tmp_path / "data")
    enter(tmp_path / "data").store.close()
    (line,) = [b for b in backups.list_backups(tmp_path / "data") if b.reason == "migration"]
    assert line.revision == STORES[0]
    done = backups.restore(tmp_path / "new", line.path, login=LOGIN, password=PASSWORD)
    assert done.replaced is None
    opened = enter(tmp_path / "new")
    check_content(opened, content)
    opened.store.close()


def test_g18_g14_unsent_work_of_a_store_before_its_update_survives_a_restore(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    content = lay_out(STORES[0], folder)
    before = (folder / STORE_FILE).read_bytes()
    enter(folder).store.close()  # the update makes the backup of it, then …
    (line,) = backups.list_backups(folder)
    stick = tmp_path / "stick.tcbackup"
    line.path.rename(stick)
    for left in (*folder.glob(f"{STORE_FILE}*"), *folder.glob("run-*")):
        left.unlink()
    (folder / STORE_FILE).write_bytes(before)  # … the old store, which nobody has opened since

    done = backups.restore(folder, stick, login=LOGIN, password=PASSWORD)
    assert (done.readable, done.carried, done.lost) == (True, content["queued"], 0)
    assert done.replaced is not None
    assert (done.replaced / STORE_FILE).stat().st_size == len(before)
    opened = enter(folder)
    check_content(opened, content)
    opened.store.close()
    ring = keyring.load(done.replaced)
    kept = Store(done.replaced, keyring.unlock(ring, LOGIN, PASSWORD)[1], FixedClock(NOW), "")
    assert revision_of(kept) == STORES[0], "kept aside as it was"
    kept.close()


def test_g18_a_store_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    lay_out(HEAD, folder)
    ring = keyring.load(folder)
    _, data_key = keyring.unlock(ring, LOGIN, PASSWORD)
    store = open_store(folder, data_key, ring.organisation_id, FixedClock(NOW))
    with store.apply_remote() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        session.query(Setting).filter_by(key=EPOCH).delete()
    store.close()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(StoreTooNew) as said:
        enter(folder)
    assert str(said.value).endswith("。")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.kill
@pytest.mark.timeout(0)
def test_g18_a_migration_killed_at_any_moment_begins_again(tmp_path: Path) -> None:
    random = Random(18)
    lay_out(STORES[0], tmp_path / "count")
    calls = killable.run("migrate", 0, tmp_path / "count", password=PASSWORD, login=LOGIN)
    kills = 0
    for number in range(killable.ROUNDS):
        folder = tmp_path / f"data-{number}"
        content = lay_out(STORES[0], folder)
        at = random.randrange(1, calls)
        code = killable.run("migrate", at, folder, password=PASSWORD, login=LOGIN)
        kills += code == -signal.SIGKILL
        opened = enter(folder)
        check_content(opened, content)
        opened.store.close()
        lines = [line for line in backups.list_backups(folder) if line.reason == "migration"]
        assert lines, "never without the backup before it"
        assert all(line.sound and line.revision == STORES[0] for line in lines)
        shutil.rmtree(folder)
    assert kills >= killable.ROUNDS * 2 // 3
