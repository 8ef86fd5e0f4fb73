"""Attacks on the update package: whatever is not exactly what was signed changes nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import EnvironmentFault
from app.update import package
from app.update.package import MAGIC
from app.update.refusals import UpdateRefused
from tests.update.making import KEY, OTHER, PUBLIC, a_package, evil_package, small_folder
from tools import update_package

KEYS = (PUBLIC,)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_package(tmp_path_factory.mktemp("good") / "good.tcupdate")


def _why(path: Path, keys: tuple[bytes, ...] = KEYS) -> str:
    with pytest.raises(UpdateRefused) as refused:
        package.verify(path, keys)
    assert str(refused.value)
    return refused.value.why


def test_a_whole_package_is_verified_and_unpacked(good: Path, tmp_path: Path) -> None:
    found = package.verify(good, KEYS)
    assert (found.version, found.files) == ("9.0.0", 2)
    package.unpack(good, found, tmp_path / "out")
    assert (tmp_path / "out" / "parts" / "one.txt").read_bytes() == b"1" * 5000
    assert os.access(tmp_path / "out" / "TownshipCare", os.X_OK)


def test_the_same_folder_gives_the_same_package(tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "program", {"parts/a": b"a", "parts/b/c": b"c"})
    first, second = tmp_path / "1.tcupdate", tmp_path / "2.tcupdate"
    update_package.make(folder, first, KEY, "1.2.3")
    update_package.make(folder, second, KEY, "1.2.3")
    assert first.read_bytes() == second.read_bytes()


def test_a_cut_file_is_told_as_cut_at_every_length(good: Path, tmp_path: Path) -> None:
    whole = good.read_bytes()
    cut = tmp_path / "cut.tcupdate"
    random = Random(1)
    lengths = {0, 1, len(MAGIC), len(MAGIC) + 3, len(MAGIC) + 4, len(whole) - 1}
    for length in lengths | {random.randrange(len(whole)) for _ in range(40)}:
        cut.write_bytes(whole[:length])
        assert _why(cut) == ("kind" if length < len(MAGIC) else "cut")


def test_every_altered_byte_is_noticed(good: Path, tmp_path: Path) -> None:
    whole = bytearray(good.read_bytes())
    altered = tmp_path / "altered.tcupdate"
    for at in range(len(whole)):
        if at > 700 and at % 7:
            continue
        whole[at] ^= 1 + at % 255
        altered.write_bytes(whole)
        assert _why(altered) in ("kind", "cut", "altered", "signature")
        whole[at] ^= 1 + at % 255


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400), st.booleans())
def test_anything_else_is_refused_in_words(tmp_path: Path, content: bytes, marked: bool) -> None:
    path = tmp_path / "any.tcupdate"
    path.write_bytes((MAGIC if marked else b"") + content)
    assert _why(path) in ("kind", "cut", "altered", "signature")


def test_bytes_behind_the_end_are_no_part_of_it(good: Path, tmp_path: Path) -> None:
    longer = tmp_path / "longer.tcupdate"
    longer.write_bytes(good.read_bytes() + b"\0")
    assert _why(longer) == "altered"


def test_another_key_and_no_key_are_refused(good: Path, tmp_path: Path) -> None:
    foreign = a_package(tmp_path / "foreign.tcupdate", key=OTHER)
    assert _why(foreign) == "signature"
    assert _why(good, ()) == "no key"
    both = (OTHER.public_key().public_bytes_raw(), PUBLIC)
    assert package.verify(good, both).version == "9.0.0"


def test_a_signature_of_another_package_does_not_count(good: Path, tmp_path: Path) -> None:
    folder = small_folder(tmp_path / "other", {"parts/one.txt": b"2" * 5000})
    other = a_package(tmp_path / "other.tcupdate", "9.0.1", folder).read_bytes()
    whole = good.read_bytes()
    at = len(MAGIC) + 4 + int.from_bytes(whole[len(MAGIC) : len(MAGIC) + 4], "big")
    at_other = len(MAGIC) + 4 + int.from_bytes(other[len(MAGIC) : len(MAGIC) + 4], "big")
    mixed = tmp_path / "mixed.tcupdate"
    mixed.write_bytes(other[:at_other] + whole[at : at + 64] + other[at_other + 64 :])
    assert _why(mixed) == "signature"
    # The head of one with the archive of the other.
    mixed.write_bytes(other[: at_other + 64] + whole[at + 64 :])
    assert _why(mixed) in ("cut", "altered")


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "parts/../../outside",
        "/etc/outside",
        "C:/outside",
        "parts\\..\\outside",
        "parts//x",
        "parts/./x",
        "parts/con.txt",
        "NUL",
        "parts/name.",
        "parts/name ",
        "a:stream",
        "",
    ],
)
def test_a_path_that_leads_outside_is_refused_although_signed(name: str, tmp_path: Path) -> None:
    path = evil_package(tmp_path / "evil.tcupdate", {"TownshipCare": b"x", name: b"y"})
    assert _why(path) == "altered"


def test_two_files_of_one_name_and_a_file_in_a_files_place_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.tcupdate"
    assert _why(evil_package(path, {"parts/x": b"1", "PARTS/X": b"2"})) == "altered"
    assert _why(evil_package(path, {"parts": b"1", "parts/x": b"2"})) == "altered"


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.tcupdate"
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFDIR):
        assert _why(evil_package(path, {"x": b"/etc/passwd"}, mode=kind | 0o777)) == "altered"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tcupdate"
    zeros = bytes(20_000_000)
    # It unpacks to more than it says, or says more than any program is.
    assert _why(evil_package(path, {"x": zeros}, unpacked=1000)) == "altered"
    assert path.stat().st_size < 100_000
    assert _why(evil_package(path, {"x": b""}, unpacked=package.LARGEST_UNPACKED + 1)) == "altered"
    assert _why(evil_package(path, {"x": b""}, files=package.MOST_FILES + 1)) == "altered"


def test_an_entry_that_lies_about_its_size_is_stopped_while_it_is_written(tmp_path: Path) -> None:
    path = evil_package(tmp_path / "liar.tcupdate", {"x": b"y" * 100_000})
    whole = bytearray(path.read_bytes())
    # The sizes in the archive's list are made smaller, and all is signed again.
    start = whole.index(b"PK\x03\x04")
    archive = whole[start:]
    at = archive.rindex(b"PK\x01\x02")
    archive[at + 24 : at + 28] = (10).to_bytes(4, "little")
    import io

    from app.update import versions

    update_package.seal(
        io.BytesIO(bytes(archive)), path, KEY, "9.0.0", versions.platform_name(), 1, 10
    )
    found = package.verify(path, KEYS)
    with pytest.raises(UpdateRefused):
        package.unpack(path, found, tmp_path / "out")
    assert sum(p.stat().st_size for p in (tmp_path / "out").rglob("*")) < 1000


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3\n", "１.2.3"]
)
def test_only_whole_version_numbers_count(version: str) -> None:
    with pytest.raises(ValueError):
        package.version_key(version)


def test_no_downgrade_and_no_other_machine(good: Path) -> None:
    found = package.verify(good, KEYS)
    package.check_newer(found, "8.9.9", found.platform)
    package.check_newer(found, "8.9.9", found.platform, ["9.0.0"])
    for running, others, machine in (
        ("9.0.0", [], found.platform),
        ("10.0.0", [], found.platform),
        ("8.0.0", ["9.0.1"], found.platform),
        ("8.0.0", [], "win-arm64"),
    ):
        with pytest.raises(UpdateRefused):
            package.check_newer(found, running, machine, others)


def test_a_stick_that_was_pulled_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault):
        package.verify(tmp_path / "gone.tcupdate", KEYS)


def test_the_program_has_a_key_and_the_private_half_is_not_in_the_project() -> None:
    from app.paths import resources

    assert package.trusted_keys(resources() / "update_keys.json")
    with pytest.raises(SystemExit):
        update_package.make_key(Path(__file__).with_name("key.pem"), Path("keys.json"))


def test_a_key_is_made_listed_and_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWNSHIP_CARE_KEY_PASSWORD", "a long sentence")
    keys = tmp_path / "keys.json"
    public = update_package.make_key(tmp_path / "key.pem", keys)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert b"ENCRYPTED" in (tmp_path / "key.pem").read_bytes()
    assert package.trusted_keys(keys) == (public,)
    folder, out = small_folder(tmp_path / "program"), tmp_path / "out.tcupdate"
    asked = ["make", str(folder), str(out), "--key", str(tmp_path / "key.pem")]
    assert update_package.main([*asked, "--keys", str(keys), "--version", "3.0.0"]) == 0
    assert package.verify(out, (public,)).version == "3.0.0"
    assert update_package.main(["show", str(out), "--keys", str(tmp_path / "none.json")]) == 1
