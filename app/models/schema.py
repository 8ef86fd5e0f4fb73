"""All tables in one place, for whoever needs the whole metadata."""

from __future__ import annotations

from app.models import (
    assessment,
    chronic,
    clinical,
    contract,
    health_check,
    local,
    organisation,
    outbox,
    paper,
    referral,
    rehab,
    resident,
    resident_record,
    roster,
    screening,
)
from app.models.base import Base

__all__ = [
    "Base",
    "assessment",
    "chronic",
    "clinical",
    "contract",
    "health_check",
    "local",
    "organisation",
    "outbox",
    "paper",
    "referral",
    "rehab",
    "resident",
    "resident_record",
    "roster",
    "screening",
]
