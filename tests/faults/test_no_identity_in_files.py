"""G19: after a whole working day no file of the program and no log line names anybody.

Real programs work with planted names and numbers; then every byte they left is searched. (The
county's own server database holds records by decision and is left out; its log is not.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.care import residents
from app.care.backups import make_backup
from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.identity_card import check_character
from app.care.resident_record.closing import Closing, close_record
from app.errors import InputError, TownshipCareError
from app.models.actor import Actor
from app.models.drafts import save_draft
from app.models.resident import Resident
from app.models.store import Store
from app.server.database import FILE_NAME
from app.sync import courier
from app.sync.enrol import change_address
from app.ui.faults import FaultDesk
from tests.conftest import LEAD_ID, PASSWORD
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, save
from tests.sync.proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
_FIRST17 = "34152419470815997"
NUMBER = _FIRST17 + check_character(_FIRST17)
PLANTED = {
    "name": "暗记测试",
    "id": NUMBER,
    "phone": "13977755533",
    "family": "密亲属甲",
    "changed": "13977755544",
    "address": "隐蔽路九十九号",
    "draft": "草稿里的暗语",
}


def _form() -> BasicForm:
    return BasicForm(
        name=PLANTED["name"],
        id_no=NUMBER,
        phone=PLANTED["phone"],
        address=PLANTED["address"],
        residency="1",
        ethnicity="01",
        contacts=(Contact(name=PLANTED["family"], phone=PLANTED["changed"], relation="20"),),
        drug_allergy=(Answer(code="1"),),
        past_disease=(Disease(code="1"),),
    )


def _needles() -> list[tuple[str, bytes]]:
    found = []
    for what, text in PLANTED.items():
        escaped = json.dumps(text)[1:-1]
        for form in (text.encode(), text.encode("utf-16-le"), escaped.encode()):
            found.append((what, form))
    return found


def _leaks(content: bytes) -> set[str]:
    return {what for what, needle in _needles() if needle in content}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _trouble(store: Store, actor: Actor, resident_id: str) -> list[str]:
    """Things that go wrong with the planted values in hand; the texts of the errors."""
    texts: list[str] = []
    attempts: tuple[Callable[[], object], ...] = (
        lambda: residents.register(store, actor, _form()),
        lambda: residents.register(store, actor, replace(_form(), id_no=NUMBER[:-1] + "0")),
        lambda: residents.register(store, actor, replace(_form(), birth_date=date(2090, 1, 1))),
        lambda: residents.load_form(store, actor, "no-such-id"),
        lambda: close_record(store, actor, Closing(resident_id, "lost", None, PLANTED["name"])),
    )
    for attempt in attempts:
        try:
            attempt()
        except TownshipCareError as error:
            if not isinstance(error, InputError):
                texts.append(str(error))
        except Exception as error:  # noqa: BLE001 — whatever it is, its text is looked at
            texts.append(repr(error))
    return texts


@pytest.mark.timeout(120)
def test_g19_nothing_that_is_left_behind_names_anybody(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    server: ServerProcess,
    proxy: Proxy,
    qtbot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(0)
    store, actor = township.store, township.actor
    # Temporary files go where they can be found, also while they are there for a moment only.
    temporary, stick = tmp_path / "temporary", tmp_path / "stick"
    temporary.mkdir()
    stick.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    saved = residents.register(store, actor, _form())
    save_draft(store, actor, "trial", saved.resident_id, {"fields": {"note": PLANTED["draft"]}})
    assert residents.find(store, actor, PLANTED["name"])
    texts = _trouble(store, actor, saved.resident_id)

    # An error that nobody expected, with a name in its text.
    desk = FaultDesk(store.folder)
    try:
        raise ValueError(PLANTED["name"] + NUMBER)
    except ValueError as error:
        desk._hook(ValueError, error, error.__traceback__)
    dialog = desk.dialog()
    assert dialog is not None
    texts.append(dialog.text() + dialog.informativeText() + dialog.windowTitle())
    dialog.accept()

    # Sent, cut, sent again, refused, and fetched by another organisation.
    with store.read() as session:
        row = session.get(Resident, saved.resident_id)
        assert row is not None
        letter = a_letter(row, actor)
    save(store, actor, *letter)
    change_address(store, proxy.url)
    proxy.choose = lambda seen: faults.TRUNCATE if seen.number < 2 else faults.PASS
    for _ in range(4):
        if township.sync().outcome == "done":
            break
    hospital = make_clinic(LEAD_ID)
    assert hospital.sync().outcome == "done"

    # On a stick to the hospital and back, and kept as a backup on another drive.
    with store.write(actor) as session:
        again = session.get(Resident, saved.resident_id)
        assert again is not None
        again.phone = PLANTED["changed"]
    out, reply = stick / "out.courier", stick / "reply.courier"
    assert courier.export_file(store, actor, out).records == 1
    courier.hand_in(hospital.store, hospital.actor, out, reply)
    assert courier.import_file(store, actor, reply).confirmed == 1
    with pytest.raises(TownshipCareError) as told:
        courier.import_file(hospital.store, hospital.actor, reply)
    texts.append(str(told.value))
    make_backup(store, actor, stick)
    make_backup(store, actor)
    assert len(_files(stick)) == 3
    client = server.enrol(LEAD_ID)
    try:
        client.get(f"/Patient?identifier=urn|{NUMBER}&name={PLANTED['name']}")
        client.request("PUT", f"/Patient/{NUMBER}", data=PLANTED["name"].encode())
        client.request("GET", f"/{PLANTED['name']}/{NUMBER}")
        client.request("POST", "", data=b"{" + NUMBER.encode())
    finally:
        client.close()

    # The files while the store is open (with its write-ahead log), then the commands.
    for folder in (store.folder, hospital.store.folder, stick, temporary):
        for path in _files(folder):
            assert _leaks(path.read_bytes()) == set(), path.name
        assert _leaks(" ".join(p.name for p in _files(folder)).encode()) == set()
    store.snapshot(store.folder / "copy.db")
    township.engine.close()
    store.close()
    for command in (("status", "--json"), ("check",)):
        done = subprocess.run(
            [
                sys.executable, "-X", "utf8", "-m", "app", command[0],
                "--user", "wang", "--data", str(store.folder), *command[1:],
            ],
            capture_output=True,
            timeout=60,
            check=False,
            cwd=ROOT,
            env={**os.environ, "TOWNSHIP_CARE_PASSWORD": PASSWORD},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert _leaks(done.stdout + done.stderr) == set()
    for path in _files(store.folder):
        assert _leaks(path.read_bytes()) == set(), path.name

    # The county's server: its log and its other files.
    assert server.stop() == 0
    assert _leaks("\n".join(server.log).encode()) == set()
    for path in _files(server.data_dir):
        if not path.name.startswith(FILE_NAME):
            assert _leaks(path.read_bytes()) == set(), path.name
    out, err = capfd.readouterr()
    assert _leaks(caplog.text.encode()) == set()
    assert _leaks((out + err).encode()) == set()
    for text in texts:
        assert _leaks(text.encode()) == set(), "the text of an error"
