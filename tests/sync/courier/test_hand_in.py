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
from app.sync import courier
from app.sync.courier import upload
from app.sync.enrol import enrol
from app.sync.status import read_status
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
