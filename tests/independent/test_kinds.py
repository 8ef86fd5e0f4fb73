"""Whatever the store can hold is a resource that a strict R4 server takes."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

from app.fhir import mapping
from app.fhir.common import WireContext
from app.models.records import KINDS
from tests.fhir.strategies import records
from tests.independent.serving import TOKENS, IndependentServer

_RECORDS = 15


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_generated_records_are_accepted(kind: str, independent: IndependentServer) -> None:
    made: list[dict[str, Any]] = []

    @settings(
        max_examples=_RECORDS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(record=records(kind))
    def collect(record: dict[str, Any]) -> None:
        made.extend(mapping.to_resources(kind, record, WireContext()))

    collect()
    assert len(made) >= _RECORDS
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {
                "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
                "resource": one,
            }
            for one in made
        ],
    }
    answer = requests.post(
        independent.url,
        json=bundle,
        headers={"Authorization": f"Bearer {TOKENS[0]}", "Content-Type": "application/fhir+json"},
        timeout=60,
    )

    assert answer.status_code == 200, answer.text[:500]
    refused = [
        entry["response"]["outcome"]["issue"][0]
        for entry in answer.json()["entry"]
        if not entry["response"]["status"].startswith("20")
    ]
    assert refused == []
