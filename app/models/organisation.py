"""Organisations of the county and the staff who work there (``domain.md`` §1.3)."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonList, Syncable


class Organisation(Base):
    """A member of a consortium. The directory is the county's: it is read, never pushed."""

    __tablename__ = "organisation"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str]
    short_name: Mapped[str] = mapped_column(default="")
    pinyin_initials: Mapped[str] = mapped_column(default="")
    type: Mapped[str]  # LEAD_HOSPITAL, TOWNSHIP_CENTER, CARE_INSTITUTION, …
    consortium_id: Mapped[str | None]
    lead_id: Mapped[str | None]  # the lead hospital of its consortium
    uscc: Mapped[str | None]
    medical_licence_no: Mapped[str | None]
    region_code: Mapped[str | None]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    green_channel_phone: Mapped[str | None]
    green_channel: Mapped[bool] = mapped_column(default=False)
    medical_beds: Mapped[int | None]
    care_beds: Mapped[int | None]
    services: Mapped[JsonList] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    is_sample: Mapped[bool] = mapped_column(default=False)


class Staff(Syncable, Base):
    """A person who works at an organisation; ``roles`` are codes of ``staff_role``."""

    __tablename__ = "staff"

    name: Mapped[str]
    sex: Mapped[str | None]
    id_no: Mapped[str | None]
    org_id: Mapped[str] = mapped_column(String(36), index=True)
    login: Mapped[str | None]
    title: Mapped[str | None]
    department: Mapped[str | None]
    roles: Mapped[JsonList] = mapped_column(default=list)
    practice_cert_no: Mapped[str | None]
    phone: Mapped[str | None]
    multi_site_orgs: Mapped[JsonList] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
