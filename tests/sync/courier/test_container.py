"""The container of courier files: proven, bounded, one form only."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app import courier_file as container
from app.courier_file import Sealer
from app.courier_refusals import CourierRefused
from app.keys import KeyPairs, make_keys, public_key

HEAD: dict[str, Any] = {
    "kind": "request",
    "file": "f",
    "from": "pc-1",
    "line": "l",
    "counter": 7,
}


@pytest.fixture(scope="module")
def pc() -> KeyPairs:
    return make_keys()


@pytest.fixture(scope="module")
def hospital() -> KeyPairs:
    return make_keys()


def _sealer(pc: KeyPairs, hospital: KeyPairs, **head: Any) -> Sealer:
    return Sealer(pc.signing, public_key(hospital.public(), "enc"), {**HEAD, **head})


def _lines(pc: KeyPairs, hospital: KeyPairs, **head: Any) -> list[str]:
    sealer = _sealer(pc, hospital, **head)
    lines = [
        sealer.seal([({"t": "cover", "of": "张三"}, b"")]),
        sealer.seal([({"t": "bundle"}, b'{"name":"secret"}'), ({"t": "bundle"}, b"{}")]),
    ]
    return [*lines, sealer.seal([({"t": "end"}, b"")], last=True)]


def _check(path: Path, reader: KeyPairs, sender: KeyPairs) -> container.Checked:
    return container.check(path, reader, lambda head, items: public_key(sender.public(), "sig"))


def _write(path: Path, lines: list[str]) -> Path:
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    return path


def _refused(path: Path, reader: KeyPairs, sender: KeyPairs) -> str:
    with pytest.raises(CourierRefused) as caught:
        _check(path, reader, sender)
    assert len(str(caught.value)) > 25, "what happened, what it means, what to do"
    return caught.value.why


def test_what_was_sealed_is_read_and_nobody_else_reads_it(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    path = _write(tmp_path / "f", _lines(pc, hospital))
    checked = _check(path, hospital, pc)
    assert (checked.chunks, checked.head["counter"], checked.cover["of"]) == (3, 7, "张三")
    chunks = list(container.read_chunks(path, hospital, lambda *_: public_key(pc.public(), "sig")))
    assert next(chunks[1].items()) == ({"t": "bundle"}, b'{"name":"secret"}')
    raw = path.read_bytes()
    assert b"secret" not in raw
    assert b"pc-1" not in raw
    assert container.receiver_of(path) == hospital.encryption["kid"]
    assert _refused(path, make_keys(), pc) == "misaddressed"


def test_every_region_of_a_file_is_guarded(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    path = _write(tmp_path / "f", _lines(pc, hospital))
    sound = path.read_bytes()
    places: set[int] = set()
    start = 0
    for line in sound.splitlines(keepends=True):
        at = start
        for part in line.split(b"."):
            # The first, the middle and the last letters of each segment, and the line's end.
            places |= {at, at + len(part) // 2, at + len(part) - 2, at + len(part) - 1}
            at += len(part) + 1
        start += len(line)
    places |= set(Random(15).sample(range(len(sound)), 60))
    for place in sorted(p for p in places if 0 <= p < len(sound)):
        for flip in (1, 0x40):
            spoilt = bytearray(sound)
            spoilt[place] ^= flip
            path.write_bytes(spoilt)
            assert _refused(path, hospital, pc) in {
                "tampered",
                "truncated",
                "not_courier",
                "misaddressed",
            }, place


def test_cut_files_are_called_incomplete(pc: KeyPairs, hospital: KeyPairs, tmp_path: Path) -> None:
    lines = _lines(pc, hospital)
    path = _write(tmp_path / "f", lines)
    sound = path.read_bytes()
    first = len(lines[0]) + 1
    for end in (first, first + 10, len(sound) // 2, len(sound) - 1, len(sound) - 2, 700):
        path.write_bytes(sound[:end])
        assert _refused(path, hospital, pc) == "truncated", end
    path.write_bytes(b"")
    assert _refused(path, hospital, pc) == "not_courier"
    path.write_bytes(b"PK\x03\x04 a picture of somebody's holidays")
    assert _refused(path, hospital, pc) == "not_courier"


def _moved(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1]]


def _doubled(lines: list[str]) -> list[str]:
    return [lines[0], lines[1], lines[1], lines[2]]


def _dropped(lines: list[str]) -> list[str]:
    return [lines[0], lines[2]]


def _more(lines: list[str]) -> list[str]:
    return [*lines, lines[1]]


@pytest.mark.parametrize("change", [_moved, _doubled, _dropped, _more])
def test_chunks_that_are_moved_doubled_or_missing_are_noticed(
    change: Callable[[list[str]], list[str]], pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    path = _write(tmp_path / "f", change(_lines(pc, hospital)))
    assert _refused(path, hospital, pc) == "tampered"


def test_a_chunk_of_another_file_does_not_fit_in(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    ours, other = _lines(pc, hospital), _lines(pc, hospital, counter=8)
    path = _write(tmp_path / "f", [ours[0], other[1], ours[2]])
    assert _refused(path, hospital, pc) == "tampered"


def test_what_was_signed_for_somebody_else_cannot_be_handed_on(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    """The receiver of a file packs its signed chunks anew for another hospital."""
    from joserfc import jwe
    from joserfc.jwk import ECKey

    other = make_keys()
    _, encryption = container._registries()
    own = ECKey.import_key(dict(hospital.encryption))
    target = public_key(other.public(), "enc")
    lines = []
    for line in _lines(pc, hospital):
        opened = jwe.decrypt_compact(line, own, registry=encryption)
        header = {**opened.headers(), "kid": target["kid"]}
        header.pop("epk")
        assert opened.plaintext is not None
        lines.append(
            jwe.encrypt_compact(
                header, opened.plaintext, ECKey.import_key(target), registry=encryption
            )
        )
    assert _refused(_write(tmp_path / "f", lines), other, pc) == "tampered"


def test_a_file_signed_by_another_key_is_refused(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    path = _write(tmp_path / "f", _lines(make_keys(), hospital))
    assert _refused(path, hospital, pc) == "tampered"


def test_a_newer_format_says_so(pc: KeyPairs, hospital: KeyPairs, tmp_path: Path) -> None:
    sealer = _sealer(pc, hospital)
    sealer._head["v"] = container.FORMAT + 1
    path = _write(tmp_path / "f", [sealer.seal([({"t": "end"}, b"")], last=True)])
    assert _refused(path, hospital, pc) == "newer_program"


def test_a_bomb_in_a_chunk_is_not_unpacked(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1_000_000)
    bomb = b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()
    assert len(bomb) < 400_000
    monkeypatch.setattr(container, "pack", lambda plain: bomb)
    path = _write(tmp_path / "f", [_sealer(pc, hospital).seal([], last=True)])
    assert _refused(path, hospital, pc) == "too_large"


def test_joses_own_packing_is_not_understood(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path
) -> None:
    from joserfc import jwe
    from joserfc.jwk import ECKey

    target = public_key(hospital.public(), "enc")
    line = jwe.encrypt_compact(
        {
            "alg": "ECDH-ES+A256KW",
            "enc": "A256GCM",
            "zip": "DEF",
            "typ": container.TYPE,
            "kid": target["kid"],
        },
        bytes(100_000),
        ECKey.import_key(target),
        algorithms=["ECDH-ES+A256KW", "A256GCM", "DEF"],
    )
    assert _refused(_write(tmp_path / "f", [line]), hospital, pc) == "not_courier"


def test_endless_lines_and_endless_files_end(
    pc: KeyPairs, hospital: KeyPairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "MOST_LINE", 20_000)
    path = tmp_path / "f"
    path.write_bytes(_lines(pc, hospital)[0].encode() + b"\n" + b"A" * 100_000)
    assert _refused(path, hospital, pc) == "too_large"
    monkeypatch.setattr(container, "MOST_CHUNKS", 3)
    sealer = _sealer(pc, hospital)
    lines = [sealer.seal([({"t": "end"}, b"")]) for _ in range(5)]
    assert _refused(_write(path, lines), hospital, pc) == "too_large"
