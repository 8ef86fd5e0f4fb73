"""Mistakes of the program: told plainly, written down without identities, crashes too."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app import fault_report
from app.errors import DiskFull
from app.fault_report import LOG_FILE, REPORTS
from app.ui.faults import FaultDesk

IDENTITY = "张桂兰 341524195001011234"
ROOT = Path(__file__).resolve().parents[2]


def _mistake(desk: FaultDesk) -> None:
    try:
        raise ValueError(IDENTITY)
    except ValueError as error:
        desk._hook(ValueError, error, error.__traceback__)


def _python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _all_text(folder: Path) -> str:
    return "".join(p.read_text(encoding="utf-8") for p in sorted(folder.rglob("*")) if p.is_file())


def test_a_mistake_makes_one_report_that_names_nobody_and_can_be_saved(
    qtbot, empty_folder, tmp_path, monkeypatch
) -> None:
    desk = FaultDesk(empty_folder)
    for _ in range(3):
        _mistake(desk)
    (report,) = (empty_folder / REPORTS).iterdir()
    text = report.read_text(encoding="utf-8")
    assert "ValueError" in text
    assert "test_faults.py" in text
    assert "Township Care 0." in text
    assert "张桂兰" not in _all_text(empty_folder)
    assert "3415" not in text
    assert str(Path.home()) not in text
    box = desk.dialog()
    assert report.name in box.informativeText()
    target = tmp_path / "stick.txt"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    save = next(each for each in box.buttons() if "另存" in each.text())
    save.click()
    assert target.read_text(encoding="utf-8") == text
    if desk.dialog() is not None:
        desk.dialog().accept()


def test_a_fault_of_the_machine_makes_no_report(qtbot, empty_folder) -> None:
    desk = FaultDesk(empty_folder)
    desk._hook(DiskFull, DiskFull("磁盘已满。"), None)
    assert len(desk.dialog().buttons()) == 1
    desk.dialog().accept()
    assert not (empty_folder / REPORTS).exists()


def test_the_log_and_the_reports_are_kept_short(empty_folder, monkeypatch) -> None:
    monkeypatch.setattr(fault_report, "LOG_LIMIT", 2000)
    monkeypatch.setattr(fault_report, "REPORTS_KEPT", 4)
    for number in range(400):
        fault_report.log(empty_folder, f"line {number:04}", "x" * 50)
    logs = sorted(p.name for p in empty_folder.glob("errors*"))
    assert logs == ["errors.1.log", "errors.2.log", "errors.3.log", LOG_FILE]
    assert all((empty_folder / name).stat().st_size < 2200 for name in logs)
    assert "line 0399" in (empty_folder / LOG_FILE).read_text(encoding="utf-8")
    (empty_folder / REPORTS).mkdir()
    for number in range(9):
        (empty_folder / REPORTS / f"report-2020010{number}-000000-1.txt").touch()
    newest = fault_report.report(empty_folder, "what", [])
    kept = sorted((empty_folder / REPORTS).iterdir())
    assert (len(kept), kept[-1]) == (4, newest)


def test_a_full_disk_does_not_make_it_worse(empty_folder) -> None:
    (empty_folder / LOG_FILE).mkdir()
    (empty_folder / REPORTS).write_text("in the way", encoding="utf-8")
    fault_report.log(empty_folder, "line")
    assert fault_report.report(empty_folder, "what", []) is None


def test_what_our_modules_warn_of_stands_in_the_log_without_its_text(qtbot, empty_folder) -> None:
    hooks = sys.excepthook, sys.unraisablehook
    import threading

    of_threads = threading.excepthook
    desk = FaultDesk(empty_folder)
    desk.install()
    try:
        logger = logging.getLogger("app.sync.somewhere")
        logger.propagate = False
        logger.addHandler(desk._lines)
        try:
            raise KeyError(IDENTITY)
        except KeyError as error:
            logger.error("a listener failed: %s", "KeyError", exc_info=error)
        logger.removeHandler(desk._lines)
        logger.propagate = True

        class Bad:
            def __del__(self) -> None:
                raise RuntimeError(IDENTITY)

        Bad()
    finally:
        desk.release()
        sys.excepthook, sys.unraisablehook = hooks
        threading.excepthook = of_threads
    text = (empty_folder / LOG_FILE).read_text(encoding="utf-8")
    assert "app.sync.somewhere: a listener failed" in text
    assert "RuntimeError" in text
    assert "张桂兰" not in _all_text(empty_folder)
    assert desk.dialog() is None
    assert not (empty_folder / fault_report.CRASH_FILE).exists()


_CRASH = """
import sys, faulthandler
from pathlib import Path
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.ui.faults import FaultDesk
desk = FaultDesk(Path(sys.argv[1]))
desk.install()
def deep_in_a_library():
    faulthandler._sigsegv()
deep_in_a_library()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_crash_of_a_library_is_told_at_the_next_start(empty_folder) -> None:
    done = _python(_CRASH, empty_folder)
    assert done.returncode == -signal.SIGSEGV
    report = fault_report.take_crash(empty_folder)
    assert report is not None
    text = report.read_text(encoding="utf-8")
    assert "Segmentation fault" in text
    assert "deep_in_a_library" in text
    assert str(ROOT) not in text
    # Told once; an orderly end tells nothing.
    assert fault_report.take_crash(empty_folder) is None


def test_folders_named_after_people_stay_out_of_a_crash_report() -> None:
    text = (
        "Windows fatal exception: access violation\n\n"
        "Current thread 0x00001f34 (most recent call first):\n"
        '  File "C:\\Users\\王建国\\AppData\\parts\\app\\ui\\a.py", line 3 in f\n'
        '  File "/home/王建国/app/b.py", line 12 in <module>\n'
        "Extension modules: 王建国 (total: 1)\n"
    )
    lines = fault_report.crash_lines(text)
    assert lines[-2:] == ["  a.py:3 f", "  b.py:12 <module>"]
    assert "王建国" not in "\n".join(lines)


_BROKEN = """
import sys
sys.modules["app.ui.application"] = None
from app.__main__ import main
raise SystemExit(main(["gui", "--data", sys.argv[1]]))
"""


def test_a_start_that_fails_is_said_in_a_sentence(empty_folder) -> None:
    done = _python(_BROKEN, empty_folder)
    assert done.returncode == 70
    assert "程序无法启动" in done.stderr
    assert "Traceback" not in done.stderr
    (report,) = (empty_folder / REPORTS).iterdir()
    assert report.name in done.stderr
    assert "ModuleNotFoundError" in report.read_text(encoding="utf-8")
