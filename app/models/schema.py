"""All tables in one place, for whoever needs the whole metadata."""

from __future__ import annotations

from app.models import (
    agreed,
    assessment,
    attachment,
    chronic,
    clinical,
    contract,
    health_check,
    local,
    organisation,
    outbox,
    outreach,
    paper,
    referral,
    referral_return,
    rehab,
    resident,
    resident_record,
    roster,
    screening,
    visit_year,
)
from app.models.base import Base

__all__ = [
    "Base",
    "agreed",
    "assessment",
    "attachment",
    "chronic",
    "clinical",
    "contract",
    "health_check",
    "local",
    "organisation",
    "outbox",
    "outreach",
    "paper",
    "referral",
    "referral_return",
    "rehab",
    "resident",
    "resident_record",
    "roster",
    "screening",
    "visit_year",
]
