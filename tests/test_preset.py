"""What the county prepared for a PC: read in every encoding of Notepad, or refused whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import preset
from app.errors import InputError
from app.preset import Preset

WHOLE = """; for the PCs of the ward
[organisation]
name = 古碑镇中心卫生院
kind = township_center

[server]
address = https://hospital.example:8443
proxy = http://proxy:3128
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_all_of_it_in_every_encoding_of_notepad(tmp_path: Path, encoding: str) -> None:
    (tmp_path / preset.FILE).write_bytes(WHOLE.replace("\n", "\r\n").encode(encoding))
    (tmp_path / preset.CERTIFICATE).write_text("PEM")
    assert preset.load(tmp_path) == Preset(
        organisation_name="古碑镇中心卫生院",
        kind="TOWNSHIP_CENTER",
        server="https://hospital.example:8443",
        proxy="http://proxy:3128",
        certificate=tmp_path / preset.CERTIFICATE,
    )


def test_without_a_file_nothing_is_proposed(tmp_path: Path) -> None:
    assert preset.load(tmp_path) == Preset()
    assert preset.load() == Preset(), (
        "a program that runs from its sources has no folder to look in"
    )


def test_a_per_cent_sign_in_an_address_is_itself(tmp_path: Path) -> None:
    (tmp_path / preset.FILE).write_text("[server]\naddress = https://a/%7Eb\n", "utf-8")
    assert preset.load(tmp_path).server == "https://a/%7Eb"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[organisation\nname=x", "无法读取"),
        (b"\x81\x00\xff broken", "无法读取"),
        (b"[server]\nadress = https://hospital\n", "adress"),
        (b"[other]\nname = x\n", "other"),
        (b"[organisation]\nkind = HOSPITAL\n", "HOSPITAL"),
    ],
)
def test_a_file_that_is_none_is_refused_whole(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / preset.FILE).write_bytes(content)
    with pytest.raises(InputError) as refused:
        preset.load(tmp_path)
    assert said in str(refused.value)


def test_the_installed_program_looks_in_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWNSHIP_CARE_PROGRAM", str(tmp_path))
    (tmp_path / preset.FILE).write_text("[server]\naddress = https://hospital\n", "utf-8")
    assert preset.load().server == "https://hospital"
