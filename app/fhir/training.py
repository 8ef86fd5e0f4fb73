"""A training <-> Basic: FHIR R4 has no resource for it."""

from __future__ import annotations

from app.fhir.basic import TYPE, basic, placed
from app.fhir.codec import Json
from app.fhir.common import WireContext, restore
from app.models.records import Record

__all__ = ["CODE", "KIND", "TYPE", "from_resource", "to_resources"]

KIND = CODE = "training"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Basic."""
    return [basic(KIND, "培训", record, context)]


def from_resource(resource: Json) -> Record:
    """The whole training."""
    return restore(KIND, resource, placed(KIND))
