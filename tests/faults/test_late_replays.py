"""Requests that come again long after they were answered: one effect (G3), no overwrite (G9)."""

from __future__ import annotations

import pytest

from tests.conftest import TOWNSHIP_ID
from tests.server.serving import Client, ServerProcess, patient

WRITE_ID = "urn:township-care:x:write-id"


def _state(client: Client, resource: dict[str, object]) -> tuple[str, str]:
    held = client.get(f"/Patient/{resource['id']}").json()
    return held["name"][0]["text"], held["meta"]["versionId"]


def _named(name: str, change: str) -> dict[str, object]:
    return {"name": [{"text": name}], "extension": [{"url": WRITE_ID, "valueString": change}]}


@pytest.mark.parametrize("in_a_bundle", [False, True])
def test_g03_a_creation_repeated_after_an_edit_changes_nothing(
    server: ServerProcess, in_a_bundle: bool
) -> None:
    client = server.enrol(TOWNSHIP_ID)
    try:
        first = patient(TOWNSHIP_ID, **_named("赵大爷", "change-1"))
        client.stored(first)
        edited = {**first, **_named("赵大妈", "change-2")}
        assert client.put(edited).status_code == 200
        before = _state(client, first)

        other = patient(TOWNSHIP_ID, **_named("钱大爷", "change-3"))
        answer = client.post("transaction", other, first) if in_a_bundle else client.put(first)

        assert answer.status_code == 412, answer.text
        assert _state(client, first) == before
        assert before[0] == "赵大妈"
        # The late bundle is refused whole.
        assert client.get(f"/Patient/{other['id']}").status_code == 404
        # What it holds now may be said again, and a new change goes on from here.
        assert client.put(edited).status_code == 200
        assert _state(client, first) == before
        assert client.put({**first, **_named("赵大爷", "change-4")}).status_code == 200
    finally:
        client.close()


def test_a_client_without_write_ids_may_go_back_to_an_earlier_state(server: ServerProcess) -> None:
    client = server.enrol(TOWNSHIP_ID)
    try:
        first = patient(TOWNSHIP_ID, name=[{"text": "孙"}])
        client.stored(first)
        assert client.put({**first, "name": [{"text": "李"}]}).status_code == 200
        assert client.put(first).status_code == 200
        assert _state(client, first)[0] == "孙"
    finally:
        client.close()
