"""Record → FHIR → record gives every column back exactly, whatever it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir import mapping
from app.fhir.common import WireContext, same
from app.fhir.known import ELEMENTS, MEMBERS, OTHER_MEMBERS
from app.models import records as store_records
from app.models.actor import Actor
from app.models.records import KINDS
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.fhir.samples import DOCTOR, NURSE, TOWNSHIP, sample
from tests.fhir.strategies import records
from tests.fhir.validate import problems

CONTEXT = WireContext(
    organisations={TOWNSHIP: "白塔畈镇中心卫生院"}, staff={DOCTOR: "李明", NURSE: "赵护士"}
)


def over_the_wire(resource: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
    text.encode("utf-8")  # half a character would not pass
    assert not re.search(r"(?<!\\)(?:\\\\)*\\u0000", text)  # the server refuses the character
    assert "null" not in text or not _has_null(resource)
    back: dict[str, Any] = json.loads(text)
    return back


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_null, value.values()))
    if isinstance(value, list):
        return any(map(_has_null, value))
    return value is None


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=20)
@given(data=st.data())
def test_every_column_comes_back_exactly(kind: str, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    check_record(kind, record)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_sample_record_comes_back_exactly(kind: str) -> None:
    check_record(kind, sample(kind))


def check_record(kind: str, record: dict[str, Any]) -> None:
    resources = [over_the_wire(r) for r in mapping.to_resources(kind, record, CONTEXT)]
    primary, *companions = resources
    assert primary["id"] == record["id"]
    assert primary["resourceType"] == mapping.primary_type(kind)
    found = mapping.from_resource(primary)
    assert found is not None
    assert found[0] == kind
    differing = {
        name: (value, found[1].get(name))
        for name, value in record.items()
        if not same(value, found[1].get(name))
    }
    assert not differing
    assert found[1].keys() == record.keys()
    for companion in companions:
        assert mapping.from_resource(companion) is None
        assert companion["id"] != record["id"]
    assert len({(r["resourceType"], r["id"]) for r in resources}) == len(resources)
    for resource in resources:
        assert not problems(resource)
    assert primary.keys() <= ELEMENTS[primary["resourceType"]]
    for name, value in primary.items():
        if name != "extension":
            assert_known(name, value)


def assert_known(name: str, value: Any) -> None:
    """``known`` must name all that is written, or merging would resurrect cleared fields."""
    if isinstance(value, list):
        for item in value:
            assert_known(name, item)
    elif isinstance(value, dict):
        assert value.keys() - {"extension"} <= MEMBERS.get(name, OTHER_MEMBERS), name
        for key, inner in value.items():
            if key != "extension":
                assert_known(key, inner)


def test_from_one_store_over_the_wire_into_another(
    make_store: Callable[[str], tuple[Store, Actor]],
) -> None:
    ours, _ = make_store(TOWNSHIP_ID)
    theirs, _ = make_store(LEAD_ID)
    with ours.apply_remote() as session:
        for kind in KINDS:
            store_records.put(session, kind, [sample(kind)])
    sent: dict[str, dict[str, Any]] = {}
    with ours.read() as session, theirs.apply_remote() as other:
        for kind in KINDS:
            record_id = sample(kind)["id"]
            sent[kind] = store_records.fetch(session, kind, [record_id])[record_id]
            primary = over_the_wire(mapping.to_resources(kind, sent[kind], CONTEXT)[0])
            found = mapping.from_resource(primary)
            assert found is not None
            store_records.put(other, *_as_batch(found))
    with theirs.read() as session:
        for kind, record in sent.items():
            assert store_records.fetch(session, kind, [record["id"]])[record["id"]] == record


def _as_batch(found: tuple[str, dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    return found[0], [found[1]]
