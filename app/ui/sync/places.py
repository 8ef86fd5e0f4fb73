"""Where a record is corrected: the room of its own form, and what to open there."""

from __future__ import annotations

from typing import Any

from app.care.deliveries import Trouble


def where_to_correct(row: Trouble) -> tuple[str, dict[str, Any]]:
    """The room and the arguments of its navigation; an empty room where there is no form."""
    match row.kind:
        case "resident":
            return "residents", {"resident_id": row.record_id, "edit": True}
        case "follow_up":
            return "chronic", {"follow_up_id": row.record_id}
        case "bp_screening":
            return "chronic", {"page": "screening"}
        case "clinical_settings":
            return "settings", {"section": "clinical"}
        case "rehab_plan":
            return "rehab", {"resident_id": row.resident_id, "page": "plan"}
        case "check_in":
            return "rehab", {"resident_id": row.resident_id, "page": "sessions"}
        case "staff":
            return "settings", {"section": "staff"}
    if row.referral_id:
        return "referrals", {"referral_id": row.referral_id}
    if row.resident_id:
        return "residents", {"resident_id": row.resident_id}
    return "", {}
