"""What people have on the wire, be they residents or staff: sex, names, telephones."""

from __future__ import annotations

from typing import Any

from app.fhir.codec import Json

#: GB/T 2261.1 → AdministrativeGender; 9 (not stated) reads "unknown" and keeps its code apart.
GENDERS = {"1": "male", "2": "female", "0": "unknown", "9": "unknown"}
_SEXES = {"male": "1", "female": "2", "unknown": "0"}


def read_gender(resource: Json) -> str | None:
    """The form's code of ``gender``."""
    gender = resource.get("gender")
    return _SEXES.get(gender) if isinstance(gender, str) else None


def phone_of(contact_points: Any) -> str | None:
    """The first telephone number among contact points."""
    for item in contact_points or ():
        if item.get("system") == "phone":
            value = item.get("value")
            return value if isinstance(value, str) else None
    return None
