"""Where the time limits of referrals are kept: beside the clinical settings of the organisation,
as a version that travels to its other PCs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.care.clinical_settings import kept_beside
from app.care.referral_limits import SETTING, Limits
from app.models.settings import get_setting

NAME = "referral_limits"


def limits_in_force(session: Session) -> Limits:
    """The limits of this organisation; the defaults before anybody has set one."""
    kept = kept_beside(session, NAME)
    if not isinstance(kept, dict):
        # Where earlier versions of the program kept them: on one PC.
        kept = get_setting(session, SETTING)
    return Limits.from_settings(kept)
