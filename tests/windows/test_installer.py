"""build.spec, the installer and the program agree; needs neither Wine nor NSIS."""

from __future__ import annotations

import ast
import re
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app import __version__, preset
from app.models.migrations.revisions import HEAD, REVISIONS
from app.ui import theme
from app.update import versions
from tools.windows import freezing, interpreter, next_version, packing, places, side_picture
from tools.windows.person import Person, reads
from tools.windows.work_at_the_clinic import likely_groups

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = (ROOT / "windows" / "installer.nsi").read_text(encoding="utf-8")
WORDS = (ROOT / "windows" / "installer_words.nsh").read_text(encoding="utf-8")


def _functions_of_the_spec(*names: str) -> SimpleNamespace:
    """Functions of build.spec that need nothing of PyInstaller."""
    tree = ast.parse((ROOT / "build.spec").read_text(encoding="utf-8"))
    tree.body = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name in names]
    space: dict[str, Any] = {"ROOT": ROOT, "Path": Path}
    exec(compile(tree, "build.spec", "exec"), space)  # noqa: S102 - the project's own file
    return SimpleNamespace(**{name: space[name] for name in names})


def test_all_resources_and_every_migration_are_in_the_program() -> None:
    spec = _functions_of_the_spec("resources", "migrations")
    packed = {Path(source).relative_to(ROOT).as_posix() for source, _ in spec.resources()}
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "resources").rglob("*")
        if path.is_file()
    }
    assert {Path(left).suffix for left in there - packed} <= {".po", ".svg"}
    assert any(name.endswith(".mo") for name in packed), "the Chinese of the screens"
    folders = {Path(source).name: folder for source, folder in spec.resources()}
    assert folders["product.ico"] == str(Path("resources") / "icons")
    revisions = [Path(source).name[:4] for source, _ in spec.migrations()]
    assert tuple(revisions) == REVISIONS


def test_the_version_stands_in_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__), "Windows wants numbers"
    spec = (ROOT / "build.spec").read_text(encoding="utf-8")
    assert __version__ not in spec
    body = "\n".join(line for line in SCRIPT.splitlines() if not line.startswith(";"))
    assert not re.search(r"\b\d+\.\d+\.\d+\b", body)
    asked: list[list[str]] = []

    def makensis(command: list[str], **_: Any) -> SimpleNamespace:
        asked.append(command)
        (tmp_path / "setup.exe").write_bytes(b"MZ")
        return SimpleNamespace(stdout="", stderr="", returncode=0)

    monkeypatch.setattr(packing.subprocess, "run", makensis)
    monkeypatch.setattr(packing, "installer_of", lambda version: tmp_path / "setup.exe")
    monkeypatch.setattr(packing, "LOGS", tmp_path)
    # What is said goes into a log in the build folder.
    monkeypatch.setattr(places, "LOGS", tmp_path)
    packing.pack(tmp_path)
    assert f"-DVERSION={__version__}" in asked[-1]
    defined = re.search(r"^!ifndef (.+)$", SCRIPT, re.MULTILINE)
    assert defined
    assert {f"-D{name}" for name in defined[1].split(" | ")} <= {
        part.partition("=")[0] for part in asked[-1]
    }


def test_every_sentence_is_there_in_both_languages_and_used() -> None:
    said = dict(re.findall(r'!insertmacro WORDS (\w+)[ \\\n]+"([^"]+)"', WORDS))
    both = re.findall(r'!insertmacro WORDS (\w+)[ \\\n]+"[^"]+"[ \\\n]+"([^"]+)"', WORDS)
    assert len(said) == len(both) > 5
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for chinese in said.values())
    assert not any(re.search(r"[\u4e00-\u9fff]", english) for _, english in both)
    used = set(re.findall(r"\$\((\w+)\)", SCRIPT))
    assert used == set(said)


def test_the_codes_are_those_that_the_head_promises() -> None:
    head = SCRIPT.partition("Target ")[0]
    promised = set(re.findall(r"\b(\d): ", head))
    given = set(re.findall(r'REFUSE "\$\(\w+\)" (\d)', SCRIPT))
    given |= set(re.findall(r"SetErrorLevel (\d)", SCRIPT))
    assert given | {"0", "1"} == promised


def test_what_is_installed_is_taken_away_again_but_never_the_records() -> None:
    gone = SCRIPT.partition('Section "Uninstall"')[2]
    for name in ("TownshipCare.exe", "TownshipCareCommand.exe", "uninstall.exe", preset.FILE,
                 preset.CERTIFICATE):  # fmt: skip
        assert f'Delete "$INSTDIR\\{name}"' in gone
    for folder in ("parts", "previous", versions.FOLDER):
        assert f'RMDir /r "$INSTDIR\\{folder}"' in gone
    assert 'RMDir /r "$INSTDIR"' not in SCRIPT, "the folder may hold what is not ours"
    asked, _, deleted = gone.partition('RMDir /r "$LOCALAPPDATA\\TownshipCare"')
    assert deleted
    assert asked.count("/SD IDNO") == 2, "a silent uninstall keeps them; a person is asked twice"
    assert asked.count("MB_DEFBUTTON2") == 2


def test_what_others_laid_into_the_folder_is_never_run() -> None:
    before, _, written = SCRIPT.partition('File /r "${SOURCE}/*.*"')
    assert written
    first = before.partition("${If} $4 != $INSTDIR")[2]
    refused, _, rest = first.partition('REFUSE "$(NOT_EMPTY)" 6')
    assert "Call LookInto" in refused
    assert '${If} $MultiUser.InstallMode == "AllUsers"' in refused
    assert f'RMDir /r "$INSTDIR\\{versions.FOLDER}"' in rest, "only after it was refused"


def test_the_installers_picture_is_drawn_for_both_resolutions(tmp_path: Path) -> None:
    side_picture.make(tmp_path)
    for scale, name in side_picture.NAMES.items():
        assert f'"${{PICTURES}}/{name}"' in SCRIPT
        head = (tmp_path / name).read_bytes()[:54]
        assert head[:2] == b"BM"
        width, height, _, bits, packed = struct.unpack_from("<iiHHI", head, 18)
        assert (width, height) == (164 * scale, 314 * scale)
        assert (bits, packed) == (24, 0), "what NSIS and an old Windows read"
    image = side_picture.draw(1)
    corners = {image.pixelColor(x, 0).name() for x in (0, 163)}
    assert corners == {theme.colour("accent_soft").name()}
    assert image.pixelColor(60, 60) == theme.colour("accent"), "the icon"


def test_a_group_of_the_recovery_key_is_found_among_its_readings() -> None:
    assert likely_groups(["J6FTR", "J6FTR", "S6FTR"])[0] == "J6FTR"
    for readings, right in (
        (["S6FTR", "S6FTR", "SGFTR"], "J6FTR"),
        (["J0580", "J058Q", "SJ0580"], "J058Q"),
        (["J0580"] * 5, "J058Q"),
        (["A1234", "?", "A1Z34"], "A1Z34"),
    ):
        assert right in likely_groups(readings)[:12], readings
    assert likely_groups(["nothing", ""]) == []


def test_a_prepared_pc_is_told_by_the_file_that_the_program_reads() -> None:
    assert f'CopyFiles /SILENT "$EXEDIR\\{preset.FILE}" "$INSTDIR"' in SCRIPT
    assert f'CopyFiles /SILENT "$EXEDIR\\{preset.CERTIFICATE}" "$INSTDIR"' in SCRIPT


def test_the_windows_wheels_are_those_of_the_project() -> None:
    wanted = interpreter.requirements()
    names = {re.split(r"[<>=]", one)[0].lower() for one in wanted}
    assert {"pyside6-essentials", "sqlcipher3-wheels", "tzdata", "pyinstaller"} <= names
    qt = next(one for one in wanted if one.startswith("PySide6"))
    assert ">=6.12" in qt
    assert "<6.13" in qt
    assert "starlette" not in names, "the server is installed by itself"


def test_the_next_version_has_one_more_migration(tmp_path: Path) -> None:
    next_version.make_source(tmp_path)
    versions_of = tmp_path / "app" / "models" / "migrations"
    space: dict[str, Any] = {}
    exec((versions_of / "revisions.py").read_text(encoding="utf-8"), space)  # noqa: S102
    assert space["REVISIONS"] == (*REVISIONS, next_version.revision())
    script = next((versions_of / "versions").glob(f"{next_version.revision()}_*.py"))
    exec(script.read_text(encoding="utf-8"), space)  # noqa: S102
    assert space["down_revision"] == HEAD
    exec((tmp_path / "app" / "__init__.py").read_text(encoding="utf-8"), space)  # noqa: S102
    assert space["__version__"] == next_version.number() > __version__


def test_a_file_of_wine_or_a_missing_runtime_is_found(tmp_path: Path) -> None:
    name = "医养通".encode("utf-16-le")
    for file in ("TownshipCare.exe", "TownshipCareCommand.exe"):
        (tmp_path / file).write_bytes(b"MZ" + name)
    with pytest.raises(places.Failed, match="runtime"):
        freezing.check(tmp_path)
    for file in freezing.RUNTIME:
        (tmp_path / file.upper()).write_bytes(b"MZ")
    freezing.check(tmp_path)
    (tmp_path / "mscms.dll").write_bytes(b"MZ")
    with pytest.raises(places.Failed, match="Wine"):
        freezing.check(tmp_path)


@pytest.mark.parametrize(
    ("line", "text", "seen"),
    [
        ("白塔孤镇中心卫生院(乡镇)", "白塔畈镇中心卫生院", True),
        ("单国华随访", "单国华", True),
        ("单国画随访", "单国华", False),
        ("短", "很长的一句", False),
    ],
)
def test_a_rare_character_may_be_read_wrongly_a_name_not(line: str, text: str, seen: bool) -> None:
    assert reads(line, text) is seen


def test_a_person_goes_on_when_the_screen_stands_still(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    still = bytes(100_000)
    caret = b"\x80" * 40 + still[40:]
    page = b"\xff" * 50_000 + still[50_000:]
    screens = [still, page, still, caret, still, caret, page]
    display = SimpleNamespace(pixels=lambda: screens.pop(0))
    monkeypatch.setattr("tools.windows.person.time.sleep", lambda _: None)
    person: Any = Person
    person(display, tmp_path).wait_quiet()
    assert screens == [page], "a blinking caret is no change, a new page is one"
