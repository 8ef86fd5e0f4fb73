"""``courier export|import|request|seed`` and ``server seed``, as people type them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.__main__ import main
from app.models.outbox import Outbox
from app.sync import courier
from tests.conftest import PASSWORD, TOWNSHIP_ID
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_plan, a_resident, check_ins, save

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("TOWNSHIP_CARE_PASSWORD", PASSWORD)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def pc(make_pc: Callable[..., PC]) -> PC:
    made = make_pc(TOWNSHIP_ID)
    resident = a_resident(name="暗记测试")
    plan = a_plan(resident, made.actor)
    save(made.store, made.actor, resident, plan, *check_ins(plan, made.actor, 20))
    return made


def test_out_in_and_back_by_command(run: Run, pc: PC, hospital: Hospital) -> None:
    out, reply = pc.drive / "out.courier", pc.drive / "reply.courier"
    account = ("--data", pc.store.folder, "--user", "wang")
    code, text, progress = run("courier", "export", out, *account)
    assert code == 0
    assert "22 records" in text
    assert "packing 22 of 22" in progress
    code, text, progress = run(
        "courier", "import", out, "--data", hospital.folder, "--reply", reply
    )
    assert code == 0
    assert "22 records taken in" in text
    assert "0 refused" in text
    assert "checking" in progress
    code, text, _ = run("courier", "import", reply, *account)
    assert code == 0
    assert "22 records confirmed as held" in text
    with pc.store.read() as session:
        assert session.query(Outbox).count() == 0

    code, _, error = run("courier", "import", reply, *account)
    assert code == 1
    assert error.strip().splitlines()[-1]
    code, text, error = run("courier", "import", out, "--data", hospital.folder)
    assert code == 1
    assert "taken in before" in error
    again = pc.drive / "again.courier"
    command = ("courier", "import", out, "--data", hospital.folder, "--reply", again)
    assert run(*command)[0] == 0, "the reply can be had again"
    assert again.read_bytes() == reply.read_bytes()
    written = run("courier", "export", again, "--data", hospital.folder, "--device", pc.device)
    assert written[0] == 0
    assert again.read_bytes() == reply.read_bytes()


def test_refusals_end_with_a_reason_and_without_a_name(
    run: Run, pc: PC, hospital: Hospital, tmp_path: Path
) -> None:
    out = pc.drive / "out.courier"
    account = ("--data", pc.store.folder, "--user", "wang")
    assert run("courier", "export", out, *account)[0] == 0
    sound = out.read_bytes()
    out.write_bytes(sound[: len(sound) // 2])
    for arguments in (
        ("import", out, "--data", hospital.folder),
        ("import", pc.drive / "missing", "--data", hospital.folder),
        ("export", pc.drive / "no such folder" / "x", *account),
        ("export", out, "--data", hospital.folder),
        ("export", out, "--data", tmp_path / "nowhere"),
        ("import", out, *account),
    ):
        code, _, error = run("courier", *arguments)
        assert code == 1, arguments
        assert "Traceback" not in error
        assert len(error.strip()) > 20
        assert "暗记测试" not in error


def test_a_new_pc_by_command(
    run: Run, pc: PC, make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    pc.round(hospital)
    new = make_pc(TOWNSHIP_ID, join=False)
    request, seed = new.drive / "request", new.drive / "seed"
    account = ("--data", new.store.folder, "--user", "wang")
    code, text, _ = run("courier", "request", request, *account, "--name", "新电脑")
    assert code == 0
    own = text.split()[-1]
    code, text, _ = run(
        "server",
        "seed",
        "--data",
        hospital.folder,
        "--organisation",
        TOWNSHIP_ID,
        "--request",
        request,
        seed,
    )
    assert code == 0
    assert own in text
    fingerprint = text.split()[-1]
    code, _, error = run("courier", "seed", seed, *account)
    assert code == 1
    assert fingerprint not in error, "it is asked for by telephone, not read from the file"
    assert "--fingerprint" in error
    code, text, _ = run("courier", "seed", seed, *account, "--fingerprint", fingerprint)
    assert code == 0
    assert "records taken in" in text
    assert courier.standing(new.store).ready


def test_help_loads_neither_keys_nor_database() -> None:
    program = (
        "import sys\nfrom app.__main__ import main\n"
        "try:\n    main(['courier', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'joserfc', 'sqlalchemy', 'requests', 'PySide6'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        cwd=Path(__file__).resolve().parents[3],
        env={**os.environ},
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
