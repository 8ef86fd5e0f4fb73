"""All tables in one place, for whoever needs the whole metadata."""

from __future__ import annotations

from app.models import (
    assessment,
    chronic,
    clinical,
    contract,
    local,
    organisation,
    outbox,
    paper,
    referral,
    rehab,
    resident,
    resident_record,
    screening,
)
from app.models.base import Base

__all__ = [
    "Base",
    "assessment",
    "chronic",
    "clinical",
    "contract",
    "local",
    "organisation",
    "outbox",
    "paper",
    "referral",
    "rehab",
    "resident",
    "resident_record",
    "screening",
]
