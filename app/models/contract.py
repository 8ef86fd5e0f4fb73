"""Family-doctor contracts: teams, packages, contracts, services noted (``domain.md`` §3)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, JsonDict, JsonList, Syncable


class CareTeam(Syncable, Base):
    """A team that signs contracts with residents and serves them."""

    __tablename__ = "care_team"

    name: Mapped[str]
    leader_id: Mapped[str | None]
    leader_name: Mapped[str]
    # {staff_id, name, role, phone}: role is a code of care_team_role
    members: Mapped[JsonList] = mapped_column(default=list)
    villages: Mapped[JsonList] = mapped_column(default=list)
    area: Mapped[str | None]
    phone: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str | None]


class ServicePackage(Syncable, Base):
    """One version of a service package; a version is never changed, only followed or retired."""

    __tablename__ = "service_package"
    __table_args__ = (Index("ix_service_package_code_version", "code", "version"),)

    code: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    category: Mapped[str]  # basic, personalised, integrated: code of package_category
    # {service, name, times, counts, applies}: see care/contracts/packages.py
    services: Mapped[JsonList] = mapped_column(default=list)
    price: Mapped[float]  # yuan a year
    payers: Mapped[JsonDict] = mapped_column(default=dict)  # {insurance, public_health, personal}
    active: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str | None]


class Contract(Syncable, Base):
    """What a resident and a team agreed upon. Days are clinical days, both ends included."""

    __tablename__ = "contract"
    __table_args__ = (
        Index(
            "ix_contract_resident_id_status",
            "resident_id",
            "status",
            "category",
            "ends_on",
            "starts_on",
        ),
        # All that lists and indicators count: without reading the wide rows.
        Index(
            "ix_contract_counted",
            "organisation_id",
            "ends_on",
            "status",
            "starts_on",
            "category",
            "terminated_on",
            "doctor_name",
            "team_id",
            "team_name",
            "signed_on",
            "resident_id",
            "id",
        ),
        # The least that counts all contracts by state, and the doctors' names by steps.
        Index("ix_contract_doctor", "organisation_id", "doctor_name", "status", "ends_on"),
        Index(
            "ix_contract_pending",
            "organisation_id",
            "ends_on",
            sqlite_where=text("status = '4'"),
        ),
    )

    resident_id: Mapped[str] = mapped_column(ForeignKey("resident.id"))
    contract_no: Mapped[str] = mapped_column(index=True)
    category: Mapped[str] = mapped_column(default="family_doctor")  # or integrated_care
    # As they were when it was signed: codes of population_flag.
    population_flags: Mapped[JsonList] = mapped_column(default=list)
    team_id: Mapped[str]
    team_name: Mapped[str]
    doctor_id: Mapped[str | None]
    doctor_name: Mapped[str]
    signed_on: Mapped[date]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    term_years: Mapped[int]
    status: Mapped[str]  # 1 signed, 2 terminated, 3 renewed (signed as a renewal), 4 to be reviewed
    source: Mapped[str | None]
    # {id, code, version, name, category, price, payers, services}: a copy, so that a contract
    # keeps what was agreed whatever the package becomes (which texts there are: models/agreed.py)
    packages: Mapped[JsonList] = mapped_column(default=list)
    charged: Mapped[bool] = mapped_column(default=False)
    payers: Mapped[JsonDict] = mapped_column(default=dict)
    read_to_resident: Mapped[bool] = mapped_column(default=False)
    signer_name: Mapped[str]
    signer_relation: Mapped[str]
    renewed_from_id: Mapped[str | None]
    reviewed_by: Mapped[str | None]
    reviewed_on: Mapped[date | None]
    terminated_on: Mapped[date | None]
    termination_reason: Mapped[str | None]
    termination_text: Mapped[str | None]
    note: Mapped[str | None]
    form_version: Mapped[str] = mapped_column(default="LOCAL-2025")


class ContractService(Syncable, Base):
    """A service of a contract that was given and that no other record shows."""

    __tablename__ = "contract_service"
    __table_args__ = (
        Index("ix_contract_service_contract_id_served_on", "contract_id", "served_on"),
        Index("ix_contract_service_noted", "served_on", "status", "contract_id", "service"),
    )

    contract_id: Mapped[str] = mapped_column(ForeignKey("contract.id"))
    resident_id: Mapped[str] = mapped_column(String(36))
    service: Mapped[str]  # of the contract's packages
    service_name: Mapped[str]
    served_on: Mapped[date]
    performer_id: Mapped[str]
    performer_name: Mapped[str]
    note: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="final")  # final, entered_in_error
    status_reason: Mapped[str | None]
    form_version: Mapped[str] = mapped_column(default="LOCAL-2025")
