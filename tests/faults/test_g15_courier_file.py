"""G15: a courier file that is not fit changes nothing and says why, on either side."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app import courier_file as container
from app.courier_file import Sealer
from app.courier_refusals import CourierRefused
from app.errors import DiskFull
from app.keys import make_keys, public_key
from app.models.outbox import Outbox, Receipt, SyncState
from app.models.store import Store
from app.server import courier as server_courier
from app.server import courier_work
from app.server.enrolment import revoke_device
from app.sync import courier
from app.sync.courier import keeping
from app.sync.device import device_keys
from tests.conftest import CARE_HOME_ID, TOWNSHIP_ID
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_plan, a_resident, check_ins, save

PLANTED = ("暗记测试", "341524194708159970", "13977755533")


def _content(store: Store) -> list[Any]:
    """All that a file could change in a store."""
    with store.read() as session:
        outbox = session.query(Outbox.seq, Outbox.state, Outbox.change_id, Outbox.courier).all()
        receipts = session.query(Receipt.record_id, Receipt.change_id).all()
        states = session.query(SyncState.key, SyncState.value).order_by(SyncState.key).all()
    return [[tuple(row) for row in rows] for rows in (outbox, receipts, states)]


def _why(taken_in: Callable[[], object]) -> str:
    with pytest.raises(CourierRefused) as caught:
        taken_in()
    text = str(caught.value)
    assert len(text) > 20
    assert not any(planted in text for planted in PLANTED)
    return caught.value.why


@pytest.fixture
def pc(make_pc: Callable[..., PC]) -> PC:
    """A PC with forty records waiting."""
    made = make_pc(TOWNSHIP_ID)
    resident = a_resident(name=PLANTED[0], id_no=PLANTED[1], phone=PLANTED[2])
    plan = a_plan(resident, made.actor)
    save(made.store, made.actor, resident, plan, *check_ins(plan, made.actor, 38))
    return made


def test_g15_damaged_files_change_nothing_at_the_hospital(pc: PC, hospital: Hospital) -> None:
    path = pc.export()
    sound = path.read_bytes()
    before = hospital.content()
    lines = sound.splitlines(keepends=True)
    spoilt = {
        "cut": (sound[: len(sound) * 2 // 3], "truncated"),
        "one chunk less": (b"".join(lines[:-1]), "truncated"),
        "flipped early": (_flipped(sound, 1500), "tampered"),
        "flipped late": (_flipped(sound, len(sound) - 400), "tampered"),
        "doubled chunk": (b"".join([*lines[:2], *lines[1:]]), "tampered"),
        "two files in one": (sound + sound, "tampered"),
        "something else": (b"%PDF-1.7 letter to the mayor\n", "not_courier"),
    }
    for name, (raw, why) in spoilt.items():
        path.write_bytes(raw)
        assert _why(lambda: server_courier.take_in(hospital.database, path)) == why, name
        assert hospital.content() == before, name
    path.write_bytes(sound)
    assert server_courier.take_in(hospital.database, path).taken == 40


def _flipped(raw: bytes, place: int) -> bytes:
    spoilt = bytearray(raw)
    spoilt[place] = ord("A") if spoilt[place] != ord("A") else ord("B")
    return bytes(spoilt)


def test_g15_damaged_replies_change_nothing_on_the_pc(pc: PC, hospital: Hospital) -> None:
    reply = pc.drive / "reply.courier"
    hospital.take_in(pc.export(), reply)
    sound = reply.read_bytes()
    before = _content(pc.store)
    for raw, why in (
        (sound[:-900], "truncated"),
        (_flipped(sound, len(sound) // 2), "tampered"),
        (sound + b"\n", "tampered"),
        (b"", "not_courier"),
    ):
        reply.write_bytes(raw)
        assert _why(lambda: pc.take_in(reply)) == why
        assert _content(pc.store) == before
    reply.write_bytes(sound)
    assert pc.take_in(reply).confirmed == 40


def test_g15_a_file_done_twice_has_one_effect(pc: PC, hospital: Hospital) -> None:
    path, reply = pc.export(), pc.drive / "reply.courier"
    first = hospital.take_in(path, reply)
    assert not first.duplicate
    before, written = hospital.content(), reply.read_bytes()
    again = hospital.take_in(path, pc.drive / "again.courier")
    assert again.duplicate
    assert again.taken == 40
    assert hospital.content() == before
    assert (pc.drive / "again.courier").read_bytes() == written, "the same reply once more"

    assert pc.take_in(reply).confirmed == 40
    held = _content(pc.store)
    assert _why(lambda: pc.take_in(reply)) == "duplicate"
    assert _content(pc.store) == held


def test_g15_older_files_and_older_replies_are_stale(pc: PC, hospital: Hospital) -> None:
    old = pc.export("old.courier")
    save(pc.store, pc.actor, a_resident())
    new = pc.export("new.courier")
    old_reply, new_reply = pc.drive / "old.reply", pc.drive / "new.reply"
    hospital.take_in(old, old_reply)
    hospital.take_in(new, new_reply)
    before = hospital.content()
    assert _why(lambda: server_courier.take_in(hospital.database, old)) == "stale"
    assert hospital.content() == before
    assert pc.take_in(new_reply).confirmed == 41
    held = _content(pc.store)
    assert _why(lambda: pc.take_in(old_reply)) == "stale"
    assert _content(pc.store) == held


def test_g15_a_reply_to_a_file_that_this_store_never_made_is_refused(
    pc: PC, hospital: Hospital
) -> None:
    """The store was put back from a backup after the export."""
    reply = pc.drive / "reply.courier"
    hospital.take_in(pc.export(), reply)
    with pc.store.apply_remote() as session:
        keeping.save(session, keeping.Kept())
    before = _content(pc.store)
    assert _why(lambda: pc.take_in(reply)) == "stale"
    assert _content(pc.store) == before
    assert pc.round(hospital).confirmed == 40, "the next file mends it"


def test_g15_misaddressed_files_are_refused(
    pc: PC, hospital: Hospital, make_pc: Callable[..., PC], tmp_path: Path
) -> None:
    other = Hospital(tmp_path / "other hospital")
    try:
        path = pc.export()
        before = other.content()
        assert _why(lambda: server_courier.take_in(other.database, path)) == "misaddressed"
        assert other.content() == before
    finally:
        other.close()
    reply = pc.drive / "reply.courier"
    hospital.take_in(path, reply)
    neighbour, colleague = make_pc(CARE_HOME_ID), make_pc(TOWNSHIP_ID)
    for stranger in (neighbour, colleague):
        before = _content(stranger.store)
        assert _why(lambda stranger=stranger: stranger.take_in(reply)) == "misaddressed"
        assert _content(stranger.store) == before
    # A file meant for the hospital does not belong into a PC either.
    assert _why(lambda: pc.take_in(path)) == "misaddressed"


def test_g15_a_revoked_pc_and_a_stranger_are_refused(
    pc: PC, hospital: Hospital, make_pc: Callable[..., PC], tmp_path: Path
) -> None:
    path = pc.export()
    revoke_device(hospital.folder, pc.device)
    before = hospital.content()
    assert _why(lambda: server_courier.take_in(hospital.database, path)) == "revoked"
    assert hospital.content() == before
    with pc.store.read() as session:
        assert session.query(Outbox).count() == 40, "the records are safe on the PC"

    # Somebody who knows the hospital's public key, but was never enrolled.
    keys = make_keys()
    ends = keeping.ends(pc.store)
    for claimed, why in (("nobody", "unknown_sender"), (make_pc().device, "tampered")):
        head = {"kind": "request", "file": "x", "from": claimed, "line": "l", "counter": 9}
        sealer = Sealer(keys.signing, public_key(ends.server, "enc"), head)
        forged = tmp_path / "forged.courier"
        forged.write_text(sealer.seal([({"t": "end"}, b"")], last=True) + "\n")
        before = hospital.content()
        assert _why(partial(server_courier.take_in, hospital.database, forged)) == why
        assert hospital.content() == before


def test_g15_a_reply_forged_by_another_is_refused(pc: PC, hospital: Hospital) -> None:
    """Anybody can encrypt to a PC; only the hospital can sign."""
    pc.export()
    keys = make_keys()
    kept = keeping.load(pc.store)
    head = {
        "kind": "reply",
        "file": "x",
        "from": keeping.ends(pc.store).server["keys"][0]["kid"],
        "line": kept.line,
        "counter": kept.counter,
    }
    with pc.store.read() as session:
        row = session.query(Outbox).filter_by(kind="check_in").first()
        assert row is not None
        ref = [row.kind, row.record_id, row.change_id, "Procedure", ""]
    answer = {"t": "answer", "ref": ref, "status": 201, "etag": 'W/"1-aaaa"', "at": None}
    cover = {"t": "cover", "organisation": pc.store.organisation_id}
    sealer = Sealer(keys.signing, public_key(device_keys(pc.store).public(), "enc"), head)
    forged = pc.drive / "forged.courier"
    lines = [sealer.seal([(cover, b""), (answer, b"")]), sealer.seal([], last=True)]
    forged.write_text("\n".join(lines) + "\n")
    before = _content(pc.store)
    assert _why(lambda: pc.take_in(forged)) == "tampered"
    assert _content(pc.store) == before


def test_g15_hostile_content_of_an_enrolled_pc_is_bounded(pc: PC, hospital: Hospital) -> None:
    """Signed and encrypted as it should be, and still none of a sound program's files."""
    ends = keeping.ends(pc.store)
    part = [0, ["check_in", "a", "b", "Procedure"], 1, True, False, []]
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"text": "x" * 2_000_000}]}
    huge = json.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "PUT", "url": "Patient/p1"}, "resource": patient}],
        }
    ).encode()
    hostile: list[tuple[list[container.Item], str]] = [
        ([({"t": "bundle", "parts": [part] * 100_000}, b"{}")], "tampered"),
        ([({"t": "bundle", "parts": [[0, [], 10**12, True, False, []]]}, b"{}")], "tampered"),
        ([({"t": "bundle"}, b"{}")], "tampered"),
        ([({"t": "delete everything"}, b"")], "tampered"),
        ([({"t": "search", "key": "k", "url": "Patient?" + "a" * 9000}, b"")], "too_large"),
        ([({"t": "search", "key": "k", "url": "Patient"}, b"")] * 500, "too_large"),
        ([({"t": "ids", "refs": [["Patient", "p"]] * 100_000}, b"")], "too_large"),
    ]
    path = pc.drive / "hostile.courier"
    for number, (items, why) in enumerate(hostile):
        _sealed(pc, ends, path, 100 + number, items)
        before = hospital.content()
        assert _why(lambda: server_courier.take_in(hospital.database, path)) == why
        assert hospital.content() == before
    # What is well formed but not allowed is refused record by record, with a reason.
    refused: list[container.Item] = [
        ({"t": "bundle", "parts": [part]}, huge),
        ({"t": "bundle", "parts": [[1, *part[1:]]]}, b'{"resourceType":"Bundle"}'),
        ({"t": "bundle", "parts": [[2, *part[1:]]]}, b"[[[[" * 5000),
        ({"t": "bundle", "parts": [[3, *part[1:]]]}, b"not json"),
    ]
    _sealed(pc, ends, path, 200, refused)
    taken = server_courier.take_in(hospital.database, path)
    assert (taken.taken, taken.refused) == (0, 4)
    assert not hospital.records()


def _sealed(
    pc: PC, ends: keeping.Ends, path: Path, counter: int, items: list[container.Item]
) -> None:
    head = {"kind": "request", "file": "x", "from": pc.device, "line": "l", "counter": counter}
    sealer = Sealer(ends.own.signing, public_key(ends.server, "enc"), head)
    lines = [sealer.seal(items), sealer.seal([({"t": "end"}, b"")], last=True)]
    path.write_text("\n".join(lines) + "\n")


def test_g15_the_hospital_does_for_a_file_what_the_pc_may_do_and_no_more(
    pc: PC, make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    """A file that claims to write another organisation's records."""
    pc.round(hospital)
    (patient,) = hospital.rows("SELECT id, content FROM resource WHERE type = 'Patient'")
    stranger = make_pc(CARE_HOME_ID)
    ends = keeping.ends(stranger.store)
    tag = {"system": "urn:township-care:organisation", "code": TOWNSHIP_ID}
    resource = {"resourceType": "Patient", "id": patient[0], "meta": {"tag": [tag]}}
    document = json.dumps(
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {"request": {"method": "PUT", "url": f"Patient/{patient[0]}"}, "resource": resource}
            ],
        }
    ).encode()
    read = {"t": "search", "key": "cursor:Patient:_tag", "url": f"Patient?_id={patient[0]}"}
    part = [0, ["resident", patient[0], "c", "Patient"], 1, False, True, []]
    path, reply = stranger.drive / "f.courier", stranger.drive / "r.courier"
    items: list[container.Item] = [({"t": "bundle", "parts": [part]}, document), (read, b"")]
    _sealed(stranger, ends, path, 1, items)
    taken = hospital.take_in(path, reply)
    assert (taken.taken, taken.refused) == (0, 1)
    assert hospital.rows("SELECT id, content FROM resource WHERE type = 'Patient'") == [patient]
    chunks = container.read_chunks(
        reply, device_keys(stranger.store), lambda *_: public_key(ends.server, "sig")
    )
    told = [item for chunk in chunks for item in chunk.items()]
    answers = [head["status"] for head, _ in told if head["t"] == "answer"]
    pages = [text for head, text in told if head["t"] == "page"]
    assert answers == [403]
    assert pages
    assert not any(patient[0].encode() in text for text in pages)


def test_g15_a_full_drive_is_told_before_and_leaves_everything_as_it_was(
    pc: PC, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    before = _content(pc.store)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: usage(10**6, 10**6 - 5000, 5000))
        assert not courier.room(pc.store, pc.drive).enough
        with pytest.raises(DiskFull):
            pc.export()
    assert list(pc.drive.iterdir()) == []
    assert _content(pc.store) == before
    assert courier.room(pc.store, pc.drive).enough


def test_g15_a_drive_that_fills_up_in_the_middle_leaves_the_queue_untouched(
    pc: PC, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource
    import signal

    with pc.store.read() as session:
        before = session.query(Outbox.seq, Outbox.state, Outbox.courier).all()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    from app import courier_drive

    class Tight(courier_drive.Target):
        def line(self, text: str) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (6000, limit[1]))
            try:
                super().line(text)
                self._stream.flush()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    monkeypatch.setattr(courier_drive, "Target", Tight)
    try:
        with pytest.raises(DiskFull):
            pc.export()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    monkeypatch.undo()
    assert list(pc.drive.iterdir()) == [], "neither the file nor its beginning"
    with pc.store.read() as session:
        assert session.query(Outbox.seq, Outbox.state, Outbox.courier).all() == before
    assert pc.round(hospital).confirmed == 40


def test_g15_nothing_of_a_file_is_readable_by_others(pc: PC, hospital: Hospital) -> None:
    path, reply = pc.export(), pc.drive / "reply.courier"
    hospital.take_in(path, reply)
    raw = [file.read_bytes() for file in pc.drive.iterdir()]
    assert len(raw) == 2
    for planted in PLANTED:
        for form in (planted.encode(), planted.encode("utf-16-le"), json.dumps(planted).encode()):
            assert not any(form.strip(b'"') in content for content in raw)
    ids = {id_ for _, id_ in hospital.records()}
    assert not any(id_.encode() in content for id_ in ids for content in raw)
    assert not any(pc.device.encode() in content for content in raw)


def test_g15_a_file_that_unpacks_to_more_than_any_sound_one_is_refused(
    pc: PC, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every chunk within its bound, and all of them together far beyond."""
    monkeypatch.setattr(courier_work, "_MOST_UNPACKED", 50_000)
    ends, path = keeping.ends(pc.store), pc.drive / "bombs.courier"
    head = {"kind": "request", "file": "x", "from": pc.device, "line": "l", "counter": 9}
    sealer = Sealer(ends.own.signing, public_key(ends.server, "enc"), head)
    cover: container.Item = ({"t": "cover", "filler": " " * 20_000}, b"")
    lines = [sealer.seal([cover]) for _ in range(4)]
    path.write_text("\n".join([*lines, sealer.seal([], last=True)]) + "\n")
    before = hospital.content()
    assert _why(lambda: server_courier.take_in(hospital.database, path)) == "too_large"
    assert hospital.content() == before
