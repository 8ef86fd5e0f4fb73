"""Clinical conventions of an organisation: what the county or the centre may set itself.

Each save is a record of its own and none is ever changed, so that two PCs of one organisation
can never overwrite each other and every version stays to be looked up.
"""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, Syncable


class ClinicalSettingsVersion(Syncable, Base):
    """One version of an organisation's clinical settings, whole.

    The one in force is the highest ``version``; of two with the same number (made on two PCs
    that had not met) the later one, then the greater id.
    """

    __tablename__ = "clinical_settings"
    __table_args__ = (
        Index("ix_clinical_settings_organisation_id_version", "organisation_id", "version"),
    )

    version: Mapped[int]
    content: Mapped[JsonDict] = mapped_column(default=dict)  # {setting: value}
    reason: Mapped[str]
    actor_name: Mapped[str]
