"""Record → FHIR → record gives every column back exactly, whatever it holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir import mapping
from app.fhir.common import WireContext, same
from app.models.records import KINDS as KINDS_OF_RECORDS
from tests.fhir.strategies import records
from tests.fhir.validate import problems

KINDS = sorted(KINDS_OF_RECORDS)
CONTEXT = WireContext()


def over_the_wire(resource: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
    assert "\\u0000" not in text  # the server refuses it
    back: dict[str, Any] = json.loads(text)
    return back


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_every_column_comes_back_exactly(kind: str, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    primary, *companions = (over_the_wire(r) for r in mapping.to_resources(kind, record, CONTEXT))
    assert primary["id"] == record["id"]
    assert primary["resourceType"] == mapping.primary_type(kind)
    found = mapping.from_resource(primary)
    assert found is not None
    assert found[0] == kind
    differing = {
        name: (record[name], found[1].get(name))
        for name in record
        if not same(record[name], found[1].get(name))
    }
    assert not differing
    assert found[1].keys() == record.keys()
    assert all(mapping.from_resource(companion) is None for companion in companions)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_every_resource_is_valid_fhir(kind: str, data: st.DataObject) -> None:
    for resource in mapping.to_resources(kind, data.draw(records(kind)), CONTEXT):
        assert not problems(resource)
