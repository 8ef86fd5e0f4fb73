"""Joining a server, and the commands ``sync`` and ``status``."""

from __future__ import annotations

import json

import pytest

from app.errors import InputError, NotAllowed
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync import state
from app.sync.enrol import enrol, enrolled_at
from app.sync.headless import print_status, sync_once
from app.sync.link import Offline
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.making import a_plan, a_resident, check_ins, save


def test_a_code_joins_once(store: Store, server: ServerProcess) -> None:
    code = enrol_code(server.data_dir, TOWNSHIP_ID)
    account = enrol(store, server.url, code.lower(), "前台电脑")
    assert enrolled_at(store) == f"{server.url}/fhir" == account.base
    with pytest.raises(InputError) as caught:
        enrol(store, server.url, code, "另一台")
    assert "code" in caught.value.problems
    with store.read() as session:
        assert state.account(session) == account


def test_a_code_of_another_organisation_changes_nothing(
    store: Store, server: ServerProcess
) -> None:
    with pytest.raises(NotAllowed):
        enrol(store, server.url, enrol_code(server.data_dir, LEAD_ID))
    assert enrolled_at(store) is None


@pytest.mark.parametrize(
    "address", ["", "not a server", "ftp://x", "http://hospital.example:80", "https://u:p@h/fhir"]
)
def test_an_address_that_is_none_or_would_travel_in_the_clear(store: Store, address: str) -> None:
    with pytest.raises(InputError) as caught:
        enrol(store, address, "CODE")
    assert "server" in caught.value.problems


def test_an_empty_code_and_a_server_that_is_not_there(store: Store) -> None:
    with pytest.raises(InputError):
        enrol(store, "http://127.0.0.1:9", " ")
    with pytest.raises(Offline):
        enrol(store, "http://127.0.0.1:9", "CODE")


def _output(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_sync_and_status_say_the_counts(
    store: Store, actor: Actor, server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    resident = a_resident()
    plan = a_plan(resident, actor)
    save(store, actor, resident, plan, *check_ins(plan, actor, 10))
    assert print_status(store, as_json=True) == 0
    before = _output(capsys)
    assert (before["waiting"], before["unknown"], before["enrolled_at"]) == (12, 0, None)

    code = enrol_code(server.data_dir, TOWNSHIP_ID)
    assert sync_once(store, actor, server=server.url, code=code, as_json=True) == 0
    after = _output(capsys)
    assert {k: after[k] for k in ("sent", "waiting", "unknown", "rejected", "conflicts")} == {
        "sent": 12, "waiting": 0, "unknown": 0, "rejected": 0, "conflicts": 0,
    }  # fmt: skip
    for name in ("received", "bytes_up", "bytes_down", "requests"):
        assert isinstance(after[name], int)
    assert sync_once(store, actor, server=server.url, as_json=True) == 0
    assert _output(capsys)["requests"] == 1


def test_a_rejected_record_is_named_without_identity(
    store: Store, actor: Actor, server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    resident = a_resident(organisation_id=LEAD_ID)
    save(store, actor, resident)
    code = enrol_code(server.data_dir, TOWNSHIP_ID)
    assert sync_once(store, actor, server=server.url, code=code, as_json=True) == 1
    found = _output(capsys)
    assert found["rejected"] == 1
    (line,) = found["rejected_records"]  # type: ignore[misc]
    assert (line["kind"], line["id"]) == ("resident", resident.id)
    assert line["reason"]
    assert resident.name not in str(found)
    assert print_status(store) == 0
    text = capsys.readouterr().out
    assert f"rejected resident {resident.id}: " in text
    assert resident.name not in text


def test_a_token_from_elsewhere_and_a_server_nobody_joined(
    store: Store, actor: Actor, server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    save(store, actor, a_resident())
    assert sync_once(store, actor, server=server.url) == 1
    assert server.url in capsys.readouterr().err
    with store.read() as session:
        assert session.query(Outbox).one().state == "waiting"
    token = server.enrol(TOWNSHIP_ID).token
    assert sync_once(store, actor, server=server.url, token=token, as_json=True) == 0
    assert _output(capsys)["sent"] == 1
