"""The folder of the data is not as it was left: files gone, cut, spoilt, locked, in use.

Every command says one plain sentence, ends with a code, and changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.care.accounts import sign_in
from app.clock import FixedClock
from app.errors import StoreDamaged, StoreReadOnly
from app.models import keyring
from app.models.actor import Actor
from app.models.keyring import ACCOUNTS_FILE
from app.models.resident import Resident
from app.models.store import STORE_FILE, Store, open_store
from tests.conftest import NOW, PASSWORD, TOWNSHIP_ID
from tests.sync.making import a_resident, save

ROOT = Path(__file__).resolve().parents[2]


def program(*arguments: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    """The real program, as a process."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "app", *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        cwd=ROOT,
        env={**os.environ, "TOWNSHIP_CARE_PASSWORD": password},
    )


def check_said(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One plain sentence on standard error, a code other than zero, nothing of the code."""
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert line.endswith("。"), line
    for word in words:
        assert word in line


@pytest.fixture
def folder(store: Store, actor: Actor) -> Path:
    """A township's data folder with one resident, closed."""
    save(store, actor, a_resident(name="甲某某"))
    store.close()
    return store.folder


def cut_to(size: int) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[:size])


def spoil_a_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at : at + 200] = b"x" * 200
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    "harm",
    [Path.unlink, cut_to(0), cut_to(100), cut_to(4096), cut_to(40_000)],
    ids=["deleted", "emptied", "100 bytes", "one page", "40 kB"],
)
def test_a_store_deleted_or_cut_while_the_program_is_closed(
    store: Store, folder: Path, harm: Callable[[Path], None]
) -> None:
    path = folder / STORE_FILE
    harm(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(StoreDamaged) as caught:
        open_store(folder, store.wrap_key(), TOWNSHIP_ID, FixedClock(NOW)).quick_check()
    assert "备份" in str(caught.value)
    after = path.read_bytes() if path.exists() else None
    # Above all: an emptied store is not filled anew, as if there had never been a record.
    if before:
        assert after == before
    else:
        assert not after


def test_the_program_says_that_the_store_is_gone(folder: Path) -> None:
    (folder / STORE_FILE).write_bytes(b"")
    check_said(program("status", "--user", "wang", "--data", str(folder)), "备份")


def test_a_spoilt_page_is_found_and_said(store: Store, folder: Path) -> None:
    spoil_a_page(folder / STORE_FILE)
    done = program("check", "--user", "wang", "--data", str(folder))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "damaged" in done.stdout or "损坏" in done.stdout + done.stderr


Accounts = dict[str, Any]


def _entry(**changes: Any) -> Callable[[Accounts], object]:
    return lambda data: data["accounts"][0].update(changes)


def _key(**changes: Any) -> Callable[[Accounts], object]:
    return lambda data: data["accounts"][0]["key"].update(changes)


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data.update(accounts=[1, 2]),
        lambda data: data.update(accounts={"wang": 1}),
        lambda data: data.update(accounts=None),
        lambda data: data.update(organisation_id=7),
        lambda data: data.pop("recovery"),
        lambda data: data["accounts"][0].pop("login"),
        lambda data: data["accounts"][0].pop("key"),
        _entry(label=5),
        _entry(roles=5),
        _entry(key="x"),
        _key(salt="!"),
        _key(nonce=""),
        _key(wrapped=5),
        _key(time=0),
        _key(memory_kib="much"),
        _key(memory_kib=2**40),
    ],
)
def test_spoilt_accounts_are_a_plain_sentence(
    folder: Path, harm: Callable[[Accounts], object]
) -> None:
    path = folder / ACCOUNTS_FILE
    data = json.loads(path.read_text(encoding="utf-8"))
    harm(data)
    text = json.dumps(data)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StoreDamaged) as caught:
        sign_in(folder, "wang", PASSWORD, FixedClock(NOW))
    assert ACCOUNTS_FILE in str(caught.value)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b'"wang"', b"null"])
def test_accounts_that_are_no_accounts(folder: Path, content: bytes) -> None:
    (folder / ACCOUNTS_FILE).write_bytes(content)
    with pytest.raises(StoreDamaged):
        keyring.load(folder)


def test_the_commands_refuse_a_wrong_password_in_one_sentence(folder: Path) -> None:
    before = (folder / STORE_FILE).read_bytes()
    check_said(program("status", "--user", "wang", "--data", str(folder), password="wrong-one"))
    check_said(program("status", "--user", "nobody", "--data", str(folder)), "密码")
    assert (folder / STORE_FILE).read_bytes() == before


# -- a folder that may not be written -------------------------------------------------------


@pytest.fixture
def locked(folder: Path) -> Iterator[Path]:
    """The folder of somebody else: to be read only."""
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


_SAVE = """
import os, sys
from pathlib import Path
folder, organisation_id, staff_id = sys.argv[1:4]
key = bytes.fromhex(sys.stdin.readline())
from app.models.store import open_store
from app.models.actor import Actor
from app.errors import EnvironmentFault
from tests.sync.making import a_resident, save
import app.models.schema
import sqlcipher3.dbapi2
if os.geteuid() == 0:  # no permission stops root, so the process becomes somebody else
    os.setegid(65534); os.seteuid(65534)
try:
    store = open_store(Path(folder), key, organisation_id)
    save(store, Actor(staff_id, organisation_id, "x", frozenset({"doctor"})), a_resident())
except EnvironmentFault as fault:
    print(type(fault).__name__, fault)
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_may_only_be_read(store: Store, actor: Actor, locked: Path) -> None:
    opened: list[Path] = []
    try:
        for parent in locked.parents:
            if os.geteuid() == 0 and parent.stat().st_mode & 0o005 != 0o005:
                opened.append(parent)
                parent.chmod(parent.stat().st_mode | 0o005)
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", _SAVE, str(locked), TOWNSHIP_ID, actor.staff_id],
            input=store.wrap_key().hex() + "\n",
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
            cwd=ROOT,
        )
    finally:
        for parent in opened:
            parent.chmod(parent.stat().st_mode & ~0o005)
    assert done.returncode == 7, done.stdout + done.stderr
    assert done.stdout.startswith(StoreReadOnly.__name__)
    assert "权限" in done.stdout
    locked.chmod(0o755)
    for path in locked.iterdir():
        path.chmod(0o644)
    again = open_store(locked, store.wrap_key(), TOWNSHIP_ID, FixedClock(NOW))
    try:
        with again.read() as session:
            assert session.query(Resident).count() == 1
    finally:
        again.close()


# -- a second program on the same folder ----------------------------------------------------


_FIRST = """
import sys
from pathlib import Path
from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([sys.argv[0], "-style", "fusion"])
import app.ui.application as program
def ready():
    print("window", flush=True)
    program.keep = QSocketNotifier(0, QSocketNotifier.Type.Read)
    program.keep.activated.connect(lambda *_: app.quit())
QTimer.singleShot(0, ready)
sys.exit(program.run(Path(sys.argv[1])))
"""


def test_a_second_program_is_refused_and_the_first_goes_on(folder: Path) -> None:
    code = _FIRST.replace("app = Q", "qt = Q").replace("app.quit", "qt.quit")
    first = subprocess.Popen(
        [sys.executable, "-X", "utf8", "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )
    assert first.stdin
    assert first.stdout
    assert first.stdout.readline() == "window\n"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    second = program("gui", "--data", str(folder))
    check_said(second, "已经在本机运行")
    assert second.returncode == 3
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert first.poll() is None, "the first one is undisturbed"
    out, err = first.communicate("quit\n", timeout=30)
    assert (first.returncode, out, err) == (0, "", "")
