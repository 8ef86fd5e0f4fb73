"""The server's audit names the PC that handed a file in, and the PC that the file is of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.models.actor import Actor
from app.models.store import Store
from app.server.access_log import entries
from app.server.database import Database
from app.server.enrolment import enrol_code, list_devices
from app.sync import courier
from app.sync.enrol import enrol
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import server
from tests.sync.courier.hospital import PC
from tests.sync.making import a_resident, save

__all__ = ["server"]


@pytest.fixture
def join(
    make_store: Callable[..., tuple[Store, Actor]], server: ServerProcess, tmp_path: Path
) -> Callable[[str], PC]:
    def made(organisation_id: str) -> PC:
        store, actor = make_store(organisation_id)
        enrol(store, server.url, enrol_code(server.data_dir, organisation_id), organisation_id)
        return PC(store, actor, tmp_path)

    return made


def test_the_audit_says_who_handed_a_file_in(
    join: Callable[[str], PC], server: ServerProcess
) -> None:
    township, lead = join(TOWNSHIP_ID), join(LEAD_ID)
    save(township.store, township.actor, a_resident())
    out = township.export()
    courier.hand_in(lead.store, lead.actor, out, township.drive / "reply")

    with closing(Database(server.data_dir)) as database:
        rows = entries(database)
    device = {one.name: one.id for one in list_devices(server.data_dir)}
    (handed,) = [row for row in rows if row.action == "courier hand-in"]
    assert (handed.device, handed.organisation) == (device[LEAD_ID], LEAD_ID)
    assert (handed.record, handed.count, handed.status) == (device[TOWNSHIP_ID], 1, 200)
    # What the file brought stands under the PC that wrote it, as before.
    brought = [row for row in rows if row.action == "courier" and "Patient" in (row.type or "")]
    assert {row.device for row in brought} == {device[TOWNSHIP_ID]}
