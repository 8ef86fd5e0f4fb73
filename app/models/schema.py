"""All tables in one place, for whoever needs the whole metadata."""

from __future__ import annotations

from app.models import chronic, local, organisation, outbox, paper, referral, rehab, resident
from app.models.base import Base

__all__ = [
    "Base",
    "chronic",
    "local",
    "organisation",
    "outbox",
    "paper",
    "referral",
    "rehab",
    "resident",
]
