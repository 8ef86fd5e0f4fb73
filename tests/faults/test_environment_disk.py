"""A full disk: a plain sentence, nothing half-saved, and after some room is made it goes on.

Two full disks: a small file system of its own (where the tests may mount one), and a limit on
the size of every file, which any account may set itself.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.care import residents
from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.first_setup import FirstSetUp, prepare, set_up
from app.clock import FixedClock
from app.errors import DiskFull
from app.models import keyring
from app.models.actor import Actor
from app.models.drafts import count_drafts, load_draft, save_draft
from app.models.local import AuditEvent
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store, open_store
from app.ui.context import UiContext
from app.ui.tasks import SynchronousRunner
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields
from tests.conftest import NOW, TOWNSHIP_ID

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="file systems of POSIX")

_FORM = BasicForm(
    name="满盘",
    sex="1",
    birth_date=date(1950, 1, 1),
    id_type="none",
    no_id_reason="lost",
    residency="1",
    ethnicity="01",
    contacts=(Contact(name="家属", phone="13800001234", relation="20"),),
    drug_allergy=(Answer(code="1"),),
    past_disease=(Disease(code="1"),),
)


@dataclass
class SmallDisk:
    """``folder`` lies on it; ``fill`` leaves no byte, ``free`` makes room again."""

    folder: Path
    fill: Callable[[], None]
    free: Callable[[], None]


def _filler(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    path = folder / "filler"

    def fill() -> None:
        with path.open("ab", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    return fill, lambda: path.unlink(missing_ok=True)


@pytest.fixture(params=["small file system", "limit on files"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "limit on files":
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        yield SmallDisk(
            folder,
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1])),
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before),
        )
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this account may not mount a file system")
    try:
        yield SmallDisk(folder, *_filler(folder))
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def on_disk(
    disk: SmallDisk, store: Store, actor: Actor
) -> Iterator[tuple[SmallDisk, Store, Actor]]:
    """A township's store on the small disk."""
    store.close()
    data = disk.folder / "data"
    shutil.copytree(store.folder, data)
    opened = open_store(data, store.wrap_key(), TOWNSHIP_ID, FixedClock(NOW))
    yield disk, opened, actor
    disk.free()
    opened.close()


def _rows(store: Store) -> tuple[int, int, int]:
    with store.read() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Resident, Outbox, AuditEvent)
        )  # type: ignore[return-value]


def _check_said(error: DiskFull) -> None:
    assert "磁盘" in str(error)
    assert str(error).endswith("。")


def test_a_save_on_a_full_disk_saves_nothing_and_works_again_with_room(
    on_disk: tuple[SmallDisk, Store, Actor],
) -> None:
    disk, store, actor = on_disk
    residents.register(store, actor, _FORM)
    before = _rows(store)
    disk.fill()
    said: DiskFull | None = None
    for number in range(200):
        # A small record may still find room in a page that is there.
        try:
            residents.register(store, actor, _numbered(number))
        except DiskFull as error:
            said = error
            break
        before = _rows(store)
    assert said is not None
    _check_said(said)
    assert _rows(store) == before, "what was saved is whole, what failed left nothing"
    disk.free()
    saved = residents.register(store, actor, _numbered(999))
    assert _rows(store)[:2] == (before[0] + 1, before[1] + 1)
    store.close()
    again = open_store(store.folder, store.wrap_key(), TOWNSHIP_ID, FixedClock(NOW))
    try:
        assert again.quick_check()
        assert residents.load_form(again, actor, saved.resident_id).form.name == _numbered(999).name
    finally:
        again.close()


def _numbered(number: int) -> BasicForm:
    from dataclasses import replace

    return replace(_FORM, name="满" + chr(0x4E00 + number))


def test_a_draft_on_a_full_disk_keeps_the_form_usable(
    qtbot, on_disk: tuple[SmallDisk, Store, Actor]
) -> None:
    disk, store, actor = on_disk
    context = UiContext(store, actor, SynchronousRunner())
    field = TextField("note", "记录", limit=30_000)
    qtbot.addWidget(field)
    fields = FormFields()
    fields.add(field)
    keeper = DraftKeeper(context, "trial", fields)
    said: list[str] = []
    keeper.failed.connect(said.append)
    field.set_value("第一句")
    keeper.save_now()
    assert said == []
    disk.fill()
    for number in range(1, 60):
        field.set_value("长" * 500 * number)
        keeper.save_now()
        if said:
            break
    _check_said(DiskFull(said[0]))
    assert field.value() == "长" * 500 * number, "what was typed still stands in the form"
    disk.free()
    field.set_value("最后一句")
    keeper.save_now()
    kept = load_draft(store, actor, "trial", "")
    assert kept is not None
    assert kept.data["fields"]["note"] == "最后一句"
    assert count_drafts(store, actor) == 1
    save_draft(store, actor, "other", "", {})


def test_a_set_up_on_a_full_disk_leaves_nothing_that_looks_finished(disk: SmallDisk) -> None:
    folder = disk.folder / "data"
    folder.mkdir()
    setup = FirstSetUp(
        organisation_id=TOWNSHIP_ID,
        organisation_name="白塔畈镇中心卫生院",
        organisation_type="TOWNSHIP_CENTER",
        name="王建国",
        login="wang",
        password="secret1",
        password_again="secret1",
    )
    prepared = prepare(folder, setup)
    disk.fill()
    with pytest.raises(DiskFull) as caught:
        set_up(prepared, FixedClock(NOW))
    _check_said(caught.value)
    assert not keyring.exists(folder)
    disk.free()
    done = set_up(prepared, FixedClock(NOW))
    try:
        assert keyring.exists(folder)
        assert residents.register(done.store, done.actor, _FORM).resident_id
    finally:
        done.store.close()


def test_a_new_password_on_a_full_disk_leaves_the_old_one(
    on_disk: tuple[SmallDisk, Store, Actor],
) -> None:
    disk, store, _ = on_disk
    from tests.conftest import PASSWORD

    disk.fill()
    ring = keyring.load(store.folder)
    with pytest.raises(DiskFull) as caught:
        keyring.set_password(ring, store.wrap_key(), "wang", "another-1")
    _check_said(caught.value)
    disk.free()
    assert keyring.unlock(keyring.load(store.folder), "wang", PASSWORD)[1] == store.wrap_key()
    left = {path.name for path in store.folder.iterdir() if path.name.startswith(".accounts")}
    assert left == set()
