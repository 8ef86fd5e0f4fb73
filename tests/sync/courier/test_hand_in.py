"""A PC of the lead hospital hands a township's stick to its running server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.courier_refusals import CourierRefused
from app.models.actor import Actor
from app.models.store import Store
from app.server.access_log import entries
from app.server.database import Database
from app.server.enrolment import enrol_code
from app.sync import courier, link
from app.sync.courier import upload
from app.sync.enrol import enrol
from app.sync.link import Answer
from app.sync.status import read_status
from app.sync.transport import Transport
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import server
from tests.sync.courier.hospital import PC
from tests.sync.making import a_plan, a_resident, check_ins, save

__all__ = ["server"]


@pytest.fixture
def join(
    make_store: Callable[..., tuple[Store, Actor]], server: ServerProcess, tmp_path: Path
) -> Callable[[str], PC]:
    """A PC of an organisation that has joined the running server."""

    def made(organisation_id: str) -> PC:
        store, actor = make_store(organisation_id)
        enrol(store, server.url, enrol_code(server.data_dir, organisation_id), "PC")
        return PC(store, actor, tmp_path)

    return made


def test_a_stick_is_handed_in_and_the_reply_saved(
    join: Callable[[str], PC], server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_PART", 5000)
    township, lead = join(TOWNSHIP_ID), join(LEAD_ID)
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    rows = check_ins(plan, township.actor, 100)
    save(township.store, township.actor, resident, plan, *rows)
    out, reply = township.export(), township.drive / "reply"
    stages: list[str] = []
    handed = courier.hand_in(
        lead.store, lead.actor, out, reply, lambda stage, done, of: stages.append(stage)
    )
    assert (handed.taken, handed.refused, handed.held_back) == (102, 0, 0)
    assert handed.organisation
    assert not handed.duplicate
    assert handed.size == reply.stat().st_size
    assert stages.count("sending") > 3
    again = courier.hand_in(lead.store, lead.actor, out, township.drive / "again")
    assert again.duplicate
    assert (township.drive / "again").read_bytes() == reply.read_bytes()
    assert township.take_in(reply).confirmed == 102
    assert read_status(township.store).all_held

    database = Database(server.data_dir)
    try:
        noted = [entry for entry in entries(database) if entry.action == "courier"]
    finally:
        database.close()
    assert any(entry.type and "Procedure" in entry.type for entry in noted)


class _Line:
    """The way to the server: it breaks at the posts that are named, and counts what arrived."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *breaks: int) -> None:
        self.offsets: list[int] = []
        self._breaks = set(breaks)
        self._posts = 0
        real = Transport.beside

        def beside(transport: Transport, path: str, body: bytes | None = None) -> Answer:
            if body is None:
                return real(transport, path)
            self._posts += 1
            if self._posts in self._breaks:
                # Half of it arrived, or nothing: the sender cannot tell.
                if self._posts % 2:
                    real(transport, path.replace("last=1", "last=0"), body[: len(body) // 2])
                raise link.offline(ConnectionError())
            self.offsets.append(int(path.split("offset=")[1].split("&")[0]))
            return real(transport, path, body)

        monkeypatch.setattr(Transport, "beside", beside)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of the sender, which take no time here."""
    noted: list[float] = []
    monkeypatch.setattr(upload, "_wait", noted.append)
    return noted


def test_a_hand_in_that_breaks_goes_on_where_it_was(
    join: Callable[[str], PC], monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    monkeypatch.setattr(upload, "_PART", 2000)
    township, lead = join(TOWNSHIP_ID), join(LEAD_ID)
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan, *check_ins(plan, township.actor, 60))
    out, reply = township.export(), township.drive / "reply"
    assert out.stat().st_size > 12_000
    with monkeypatch.context() as patch:
        # The third and fourth fail and are sent again; then the line is down for good.
        line = _Line(patch, 3, 4, *range(6, 20))
        with pytest.raises(link.Offline):
            courier.hand_in(lead.store, lead.actor, out, reply)
    assert line.offsets == [0, 2000, 5000], "half of the third had arrived"
    assert len(waits) == 2 + upload._TRIES
    assert waits == sorted(waits[:2]) + sorted(waits[2:])
    assert not reply.exists()
    with monkeypatch.context() as patch:
        line = _Line(patch)
        handed = courier.hand_in(lead.store, lead.actor, out, reply)
    assert line.offsets[0] == 9000, "what had arrived is not sent again"
    assert (handed.taken, handed.duplicate) == (62, False)
    assert township.take_in(reply).confirmed == 62


def test_an_answer_that_was_lost_is_asked_for_again(
    join: Callable[[str], PC], monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """The file was taken in, and the line broke before the PC heard of it."""
    township, lead = join(TOWNSHIP_ID), join(LEAD_ID)
    save(township.store, township.actor, a_resident())
    out, reply = township.export(), township.drive / "reply"
    real, lost = Transport.beside, 0

    def beside(transport: Transport, path: str, body: bytes | None = None) -> Answer:
        nonlocal lost
        answer = real(transport, path, body)
        if body is not None and not lost:
            lost += 1
            raise link.offline(ConnectionError())
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Transport, "beside", beside)
        handed = courier.hand_in(lead.store, lead.actor, out, reply)
    assert lost == len(waits) == 1
    assert (handed.taken, handed.duplicate) == (1, True)
    assert township.take_in(reply).confirmed == 1


def test_refusals_come_through_with_their_reason(
    join: Callable[[str], PC], server: ServerProcess
) -> None:
    township, lead = join(TOWNSHIP_ID), join(LEAD_ID)
    save(township.store, township.actor, a_resident())
    out, reply = township.export(), township.drive / "reply"
    with pytest.raises(CourierRefused) as caught:
        courier.hand_in(township.store, township.actor, out, reply)
    assert caught.value.why == "unexpected"
    sound = out.read_bytes()
    for raw, why in ((sound[:-500], "truncated"), (b"hello\n", "not_courier")):
        out.write_bytes(raw)
        with pytest.raises(CourierRefused) as caught:
            courier.hand_in(lead.store, lead.actor, out, reply)
        assert caught.value.why == why
        assert len(str(caught.value)) > 20
    assert not reply.exists()
