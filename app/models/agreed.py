"""What contracts agreed upon, each text once: kept by the store itself for what counts services.

Thousands of contracts hold a copy of the same few packages. Triggers note beside each contract
which text it holds, in the transaction that writes the contract, whoever writes it. Nothing else
writes these tables, and nothing of them travels.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import DDL, ForeignKey, String, event
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AgreedPackages(Base):
    """One text of packages as contracts hold it, in JSON. One that no contract holds any more
    stays: it names nobody."""

    __tablename__ = "agreed_packages"

    id: Mapped[int] = mapped_column(primary_key=True)
    packages: Mapped[str] = mapped_column(unique=True)


class AgreedContract(Base):
    """Which text a contract holds; by its last day, so that the old ones are not read."""

    __tablename__ = "agreed_contract"
    __table_args__ = {"sqlite_with_rowid": False}

    ends_on: Mapped[date] = mapped_column(primary_key=True)
    contract_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    packages_id: Mapped[int] = mapped_column(ForeignKey("agreed_packages.id"))


_NOTE = """
    INSERT INTO agreed_packages (packages)
    SELECT new.packages
    WHERE NOT EXISTS (SELECT 1 FROM agreed_packages WHERE packages = new.packages);
    INSERT INTO agreed_contract (ends_on, contract_id, packages_id)
    SELECT new.ends_on, new.id, id FROM agreed_packages WHERE packages = new.packages;
"""
_FORGET = """
    DELETE FROM agreed_contract WHERE ends_on = old.ends_on AND contract_id = old.id;
"""
#: The words of the triggers; a migration that makes the table of contracts anew makes them anew.
TRIGGERS = (
    f"CREATE TRIGGER contract_signed AFTER INSERT ON contract BEGIN {_NOTE} END",
    "CREATE TRIGGER contract_changed AFTER UPDATE OF id, ends_on, packages ON contract"
    f" BEGIN {_FORGET} {_NOTE} END",
    f"CREATE TRIGGER contract_removed AFTER DELETE ON contract BEGIN {_FORGET} END",
)

for _words in TRIGGERS:
    # After all tables: a trigger names three of them.
    event.listen(Base.metadata, "after_create", DDL(_words))  # type: ignore[no-untyped-call]
