"""G1: "saved" survives a power cut at any instant: record and queue commit together.

Real processes of the program are killed with SIGKILL right after they said "saved".
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.search import find
from app.models.store import Store, open_store
from tests.conftest import TOWNSHIP_ID

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 50


def _save_and_kill(store: Store, actor: Actor, number: int) -> str:
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.faults.saver",
            str(store.folder), str(number), actor.organisation_id, actor.staff_id,
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(store.wrap_key().hex() + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    errors = process.stderr.read()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    assert line.startswith("saved "), errors
    assert process.returncode == -signal.SIGKILL
    return line.split()[1]


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_g01_killed_right_after_saved_loses_nothing(
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    store, actor = make_store(TOWNSHIP_ID)
    store.close()
    saved = [_save_and_kill(store, actor, number) for number in range(ROUNDS)]
    reopened = open_store(store.folder, store.wrap_key(), TOWNSHIP_ID, store.clock)
    try:
        assert reopened.quick_check()
        with reopened.read() as session:
            assert {row.id for row in session.query(Resident)} == set(saved)
            assert {row.record_id for row in session.query(Outbox)} == set(saved)
            assert [row.id for row in find(session, "断电" + chr(0x4E00 + ROUNDS - 1))] == [
                saved[-1]
            ]
    finally:
        reopened.close()


@pytest.mark.kill
def test_g01_killed_inside_the_transaction_leaves_nothing(
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    """The other half of the promise: a record without its queue row never exists."""
    store, actor = make_store(TOWNSHIP_ID)
    store.close()
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from datetime import date\n"
        "from app.models.store import open_store\n"
        "from app.models.actor import Actor\n"
        "from app.models.resident import Resident\n"
        "key = bytes.fromhex(sys.stdin.readline().strip())\n"
        "store = open_store(Path(sys.argv[1]), key, sys.argv[2])\n"
        "actor = Actor(sys.argv[3], sys.argv[2], 'x', frozenset({'doctor'}))\n"
        "with store.write(actor) as session:\n"
        "    session.add(Resident(name='半途', sex='1', birth_date=date(1950, 1, 1)))\n"
        "    session.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(store.folder), TOWNSHIP_ID, actor.staff_id],
        cwd=ROOT,
        input=store.wrap_key().hex() + "\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    reopened = open_store(store.folder, store.wrap_key(), TOWNSHIP_ID, store.clock)
    try:
        with reopened.read() as session:
            assert session.query(Resident).count() == 0
            assert session.query(Outbox).count() == 0
    finally:
        reopened.close()
