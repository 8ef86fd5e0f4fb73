"""Ids made on the PC: UUIDv7, so that no server is needed and rows sort by creation."""

from __future__ import annotations

import uuid

import uuid_utils


def new_id() -> str:
    """A fresh UUIDv7 in the usual text form (36 characters, lower case)."""
    return str(uuid_utils.uuid7())


def companion_id(record_id: str, role: str) -> str:
    """The id of a resource that always goes with a record, e.g. a visit's blood pressure."""
    return str(uuid.uuid5(uuid.UUID(record_id), role))
