"""The check of the frozen program notices what is wrong, on stand-ins that misbehave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import smoke_frozen

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


def _program(folder: Path, script: str) -> Path:
    (folder / "parts").mkdir(parents=True)
    program = folder / "TownshipCare"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return folder


def test_a_program_from_the_sources_passes_the_checks_of_commands(tmp_path: Path) -> None:
    script = (
        'if [ "$1" = serve ]; then echo "It is not part of this program." >&2; exit 1; fi\n'
        f'cd "{ROOT}" && exec "{sys.executable}" -m app "$@"'
    )
    frozen = smoke_frozen.Frozen(_program(tmp_path / "frozen", script))
    smoke_frozen.commands(frozen, tmp_path / "data")
    assert smoke_frozen.until_shown(frozen, tmp_path / "data") > 0


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 3", "--version ended with 3"),
        ("echo Traceback", "--version broke"),
        ("echo Something else", "--version says"),
    ],
)
def test_a_wrong_answer_ends_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], script: str, said: str
) -> None:
    folder = _program(tmp_path / "frozen", script)
    assert smoke_frozen.main([str(folder)]) == 1
    assert said in capsys.readouterr().err


def test_parts_of_the_server_are_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _program(tmp_path / "frozen", "exit 0")
    (folder / "parts" / "starlette").mkdir()
    assert smoke_frozen.main([str(folder)]) == 1
    assert "starlette" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no", "was not painted"),
        ("echo shown", "a part of the window is missing"),
        ("echo shown; echo complete; echo qt.qpa: no plugin >&2", "started with complaints"),
    ],
)
def test_a_window_that_complains_does_not_pass(tmp_path: Path, script: str, said: str) -> None:
    frozen = smoke_frozen.Frozen(_program(tmp_path / "frozen", script))
    with pytest.raises(smoke_frozen.SmokeFailed, match=said):
        smoke_frozen.until_shown(frozen, tmp_path)


def test_without_the_server_s_libraries_serve_says_one_plain_sentence(tmp_path: Path) -> None:
    """As in the frozen program, which comes without them."""
    code = (
        "import sys\n"
        "sys.modules['app.server'] = None\n"
        "from app.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    for command in (["serve"], ["server", "enrol", "--organisation", "x"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *command, "--data", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONWARNINGS": "error"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith("The server is not part of this program.")
        assert done.stderr.count("\n") == 1
