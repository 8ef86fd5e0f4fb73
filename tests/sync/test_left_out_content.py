"""A server may send mandatory elements along where only ids were asked for: no whole record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from app.models.resident import Resident
from app.sync.searches import is_bare
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.contract.spoiler import Answered, Asked, Forward, Spoiler
from tests.sync.making import a_resident, save


@pytest.fixture
def spoiler(server: ServerProcess) -> Iterator[Spoiler]:
    made = Spoiler(server.url).start()
    yield made
    made.stop()


def _mandatory_elements_too(forward: Forward, asked: Asked) -> Answered:
    """No batches; new records come late, and ids are shown with a part of the content."""
    fhir = {"content-type": "application/fhir+json"}
    if asked.method == "POST":
        return Answered(405, fhir, b'{"resourceType":"OperationOutcome","issue":[]}')
    answer = forward(asked.without("accept-encoding"))
    if "/Patient?" not in asked.path or "_id=" in asked.path:
        return answer
    bundle = json.loads(answer.body)
    if "_elements=" not in asked.path:
        bundle["entry"] = []
    for entry in bundle.get("entry", []):
        entry["resource"]["meta"].pop("tag", None)
        entry["resource"] |= {"gender": "unknown", "name": [{"text": "…"}]}
    return Answered(200, fhir, json.dumps(bundle).encode())


def test_a_part_of_a_record_is_never_taken_for_the_record(
    township: Clinic, make_clinic: Callable[..., Clinic], spoiler: Spoiler
) -> None:
    resident = a_resident(name="孙大爷", village="东村")
    save(township.store, township.actor, resident)
    township.sync()
    spoiler.spoil = _mandatory_elements_too
    other = make_clinic(TOWNSHIP_ID, link=spoiler.url)
    other.sync()
    with other.store.read() as session:
        assert session.get(Resident, resident.id) is None

    assert other.sync(compare=True).outcome == "done"

    with other.store.read() as session:
        arrived = session.get(Resident, resident.id)
        assert arrived is not None
        assert (arrived.name, arrived.village, arrived.sex) == ("孙大爷", "东村", "1")


def test_what_is_marked_as_a_part_is_one() -> None:
    whole = {"resourceType": "Patient", "id": "1", "meta": {}, "extension": [{"url": "x"}]}
    assert not is_bare(whole)
    assert is_bare({**whole, "meta": {"tag": [{"code": "SUBSETTED"}]}})
    assert is_bare({"resourceType": "Task", "id": "1", "meta": {}, "status": "requested"})
