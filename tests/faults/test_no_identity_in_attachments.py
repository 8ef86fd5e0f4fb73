"""G19 for files: a name inside an attached file can be read nowhere but by who may open it.

Real programs send, fetch, carry and show a document and a photo that name somebody; then every
byte they left is searched. (The county's own server database holds records by decision; its log
does not.)
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.care.attachments import files
from app.care.attachments.files import NewFile
from app.care.backups import make_backup
from app.errors import TownshipCareError
from app.models.referral import Referral
from app.server.database import FILE_NAME
from app.sync import courier
from tests.conftest import LEAD_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_resident, save
from tests.ui.attachments.making import drawn, saved

NAME = "暗记测试病人"
TITLE = "暗记测试的心电图"
PDF = b"%PDF-1.7\n" + (f"<< /Title ({NAME}) >>\n".encode() * 2000)
PHOTO = saved(drawn(600, 400)) + NAME.encode() * 50


def needles() -> list[bytes]:
    found = []
    for text in (NAME, TITLE):
        found += [text.encode(), text.encode("utf-16-le"), text.encode("unicode_escape")]
    # As parts travel and lie: any of the three ways in which three bytes begin.
    planted = NAME.encode()
    for shift in range(3):
        found.append(base64.b64encode(bytes(shift) + planted)[4:-4])
    return found


def leaks(content: bytes) -> list[bytes]:
    return [needle for needle in needles() if needle in content]


def all_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_needles_find_what_lies_open() -> None:
    part = base64.b64encode(PDF[:16_384])
    assert leaks(part)
    assert leaks(base64.b64encode(PHOTO))
    assert leaks(PDF)


@pytest.mark.timeout(120)
def test_a_name_in_a_file_is_readable_nowhere(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    server: ServerProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(0)
    temporary, stick = tmp_path / "temporary", tmp_path / "stick"
    temporary.mkdir()
    stick.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    store, actor = township.store, township.actor
    resident = a_resident()
    save(store, actor, resident)
    rows = a_letter(resident, actor)
    save(store, actor, *rows)
    letter = rows[0]
    assert isinstance(letter, Referral)

    def attach(content: bytes) -> str:
        with store.write(actor) as session:
            row = files.attach(
                session,
                store.clock,
                actor,
                NewFile(TITLE, "ecg", content),
                subject_kind="referral",
                subject_id=letter.id,
                resident_id=resident.id,
                receivers=[LEAD_ID],
            )
            return str(row.id)

    texts: list[str] = []
    document, photo = attach(PDF), attach(PHOTO)
    for bad in (b"MZ" + NAME.encode(), PDF + bytes(files.MOST_BYTES)):
        with pytest.raises(TownshipCareError) as told:
            attach(bad)
        texts.append(str(told.value))
    assert township.sync().outcome == "done"
    hospital = make_clinic(LEAD_ID)
    assert hospital.sync().outcome == "done"
    assert files.content_of(hospital.store, document) == PDF
    assert files.content_of(hospital.store, photo) == PHOTO

    # One more goes by stick, there and back; backups lie beside it.
    attach(PDF[:-1])
    out, reply = stick / "out.courier", stick / "reply.courier"
    assert courier.export_file(store, actor, out).records >= 3
    courier.hand_in(hospital.store, hospital.actor, out, reply)
    assert courier.import_file(store, actor, reply).confirmed >= 3
    make_backup(store, actor, stick)
    files.take_back(store, actor, photo)

    searched = 0
    for folder in (store.folder, hospital.store.folder, stick, temporary):
        for path in all_files(folder):
            searched += 1
            assert leaks(path.read_bytes()) == [], path.name
            assert leaks(path.name.encode()) == []
    assert searched >= 8, "stores with their logs of writing, the stick, a backup"
    for clinic in (township, hospital):
        clinic.engine.close()
        clinic.store.close()
        for path in all_files(clinic.store.folder):
            assert leaks(path.read_bytes()) == [], path.name
    assert server.stop() == 0
    assert leaks("\n".join(server.log).encode()) == []
    for path in all_files(server.data_dir):
        if not path.name.startswith(FILE_NAME):
            assert leaks(path.read_bytes()) == [], path.name
    out_text, err_text = capfd.readouterr()
    assert leaks((caplog.text + out_text + err_text + "".join(texts)).encode()) == []
