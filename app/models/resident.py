"""Residents, where they live in care, and their conditions (``domain.md`` §2)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, JsonDict, JsonList, Syncable
from app.models.identity import new_id

if TYPE_CHECKING:
    from datetime import datetime  # noqa: F401


class Resident(Syncable, Base):
    """An elder or patient: the national basic information form (3rd ed. 2017) and extensions.

    Coded fields hold the form's own codes; the code lists are ``resources/codes``. Lists of
    coded answers hold ``{"code": …, "text": …}``. Records are kept for ever: death, migration
    and merging are states (``record_status``), never deletion.
    """

    __tablename__ = "resident"
    __table_args__ = (
        # What lists by village and name ask: any page of them without reading the records.
        Index(
            "ix_resident_village_name",
            "village",
            "name",
            "id",
            "organisation_id",
            "record_status",
            "birth_date",
            "responsible_doctor_id",
        ),
        Index("ix_resident_birth_date_name", "birth_date", "name"),
        # All that the lists by village and by doctor ask: without reading forty columns.
        Index("ix_resident_place", "village", "responsible_doctor_id", "id"),
        # All that indicators ask of everybody.
        Index(
            "ix_resident_counted",
            "organisation_id",
            "record_status",
            "record_status_on",
            "birth_date",
            "village",
            "responsible_doctor_id",
            "merged_into_id",
            "id",
        ),
        Index("ix_resident_name_phone", "name", "phone"),
        # Nearly all are empty: without the condition the planner takes the index for useless.
        Index(
            "ix_resident_merged_into_id",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(
            "ix_resident_ended", "village", "name", sqlite_where=text("record_status <> 'active'")
        ),
    )

    name: Mapped[str]
    sex: Mapped[str]
    birth_date: Mapped[date]
    id_type: Mapped[str] = mapped_column(default="id_card")  # id_card, other, none
    # Not unique: another organisation may have registered the same person, and its row
    # must be able to arrive. The use-case of registration blocks duplicates.
    id_no: Mapped[str | None] = mapped_column(index=True)
    no_id_reason: Mapped[str | None]
    record_no: Mapped[str | None] = mapped_column(index=True)
    employer: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(index=True)
    contacts: Mapped[JsonList] = mapped_column(default=list)  # {name, phone, relation}
    residency: Mapped[str | None]
    ethnicity: Mapped[str | None]
    abo: Mapped[str | None]
    rh: Mapped[str | None]
    education: Mapped[str | None]
    occupation: Mapped[str | None]
    marital: Mapped[str | None]
    payment: Mapped[JsonList] = mapped_column(default=list)
    drug_allergy: Mapped[JsonList] = mapped_column(default=list)
    exposure: Mapped[JsonList] = mapped_column(default=list)
    past_disease: Mapped[JsonList] = mapped_column(default=list)  # {code, confirmed, text}
    surgeries: Mapped[JsonList] = mapped_column(default=list)  # {name, date}
    traumas: Mapped[JsonList] = mapped_column(default=list)
    transfusions: Mapped[JsonList] = mapped_column(default=list)
    family: Mapped[JsonDict] = mapped_column(default=dict)  # father, mother, siblings, children
    genetic_disease: Mapped[str | None]
    disability: Mapped[JsonList] = mapped_column(default=list)
    disability_cert_no: Mapped[str | None]
    disability_grade: Mapped[str | None]
    kitchen_vent: Mapped[str | None]
    fuel: Mapped[str | None]
    water: Mapped[str | None]
    toilet: Mapped[str | None]
    livestock: Mapped[str | None]
    township: Mapped[str | None]
    village: Mapped[str | None]
    village_group: Mapped[str | None]
    address: Mapped[str | None]
    registered_address: Mapped[str | None]
    care_status: Mapped[str] = mapped_column(default="home")
    guardian: Mapped[JsonDict] = mapped_column(default=dict)
    consents: Mapped[JsonList] = mapped_column(default=list)
    population_flags: Mapped[JsonList] = mapped_column(default=list)
    lunar_birthday: Mapped[JsonDict] = mapped_column(default=dict)
    communication: Mapped[JsonDict] = mapped_column(default=dict)
    record_status: Mapped[str] = mapped_column(default="active")
    record_status_on: Mapped[date | None]
    # What became of the resident, in words: where to, how often looked for.
    record_status_note: Mapped[str | None]
    # The record that goes on for the same person; the state to come back to is kept.
    merged_into_id: Mapped[str | None]
    status_before_merge: Mapped[str | None]
    # Ids of records that a person has looked at and called somebody else.
    distinct_from: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    temporary: Mapped[bool] = mapped_column(default=False)
    responsible_doctor_id: Mapped[str | None]
    form_version: Mapped[str] = mapped_column(default="NBPHS-2017")
    note: Mapped[str | None]

    residences: Mapped[list[Residence]] = relationship(
        back_populates="resident", order_by="Residence.id", lazy="select"
    )


class Residence(Base):
    """A stay in a ward or care institution; the bed decides the order of the ward grid."""

    __tablename__ = "residence"
    __table_args__ = (Index("ix_residence_org_id_discharge_date", "org_id", "discharge_date"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"), index=True)
    org_id: Mapped[str] = mapped_column(String(36))
    building: Mapped[str | None]
    room: Mapped[str | None]
    bed: Mapped[str | None]
    admit_date: Mapped[date]
    discharge_date: Mapped[date | None]
    reason: Mapped[str | None]
    carer: Mapped[str | None]
    care_level: Mapped[str | None]
    fee_payer: Mapped[str | None]

    resident: Mapped[Resident] = relationship(back_populates="residences")


#: Whose disease is managed or was: a question that asks in these very words finds the index.
EVER_MANAGED = "disease IS NOT NULL AND (managed = 1 OR managed_until IS NOT NULL)"


class Condition(Syncable, Base):
    """A diagnosis of a resident; ``disease`` names the programmes that manage it."""

    __tablename__ = "condition"
    __table_args__ = (
        Index("ix_condition_resident_id_disease", "resident_id", "disease"),
        # All that indicators ask of every managed disease: without reading the wide rows.
        Index(
            "ix_condition_managed",
            "organisation_id",
            "disease",
            "managed_since",
            "managed_until",
            "resident_id",
            "managed",
            "created_at",
            sqlite_where=text(EVER_MANAGED),
        ),
    )

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    code: Mapped[str | None]  # ICD-10
    display: Mapped[str]
    disease: Mapped[str | None]  # hypertension, type2_diabetes, copd; None for all others
    onset: Mapped[str | None]  # YYYY, YYYY-MM or YYYY-MM-DD as far as known
    clinical_status: Mapped[str] = mapped_column(default="active")  # active, resolved
    managed: Mapped[bool] = mapped_column(default=False)
    managed_since: Mapped[date | None]
    managed_until: Mapped[date | None]
    outcome: Mapped[str | None]  # 1 go on, 2 lost for now, 9 ended
    outcome_reason: Mapped[str | None]
    note: Mapped[str | None]
