"""A block of health-record numbers <-> Basic, so that no PC of an organisation gives it twice."""

from __future__ import annotations

from app.fhir.basic import TYPE, basic, placed
from app.fhir.codec import Json
from app.fhir.common import WireContext, restore
from app.models.records import Record

__all__ = ["CODE", "KIND", "TYPE", "from_resource", "to_resources"]

KIND = CODE = "number_block"


def to_resources(record: Record, context: WireContext) -> list[Json]:
    """The Basic."""
    return [basic(KIND, "档案编号号段", record, context)]


def from_resource(resource: Json) -> Record:
    """The whole block."""
    return restore(KIND, resource, placed(KIND))
