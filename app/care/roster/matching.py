"""Who of a roster is already registered here: many rows at once, over the indexes.

The rule is that of registering one (domain rules §2.4, LOCAL-2025): the same identity number is
the same person; the same name with the same birth date and sex, or with the same phone, may be.
Compared are the own organisation's records: another's record of the person blocks nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.care.basic_form import BasicForm
from app.care.resident_record.elsewhere import owned_by
from app.models.resident import Resident
from app.models.roster import RosterRow

__all__ = ["Kept", "Register", "withdrawn"]

_BATCH = 400


@dataclass(frozen=True, slots=True)
class Kept:
    """A registered resident, as far as it is needed to compare."""

    id: str
    name: str
    sex: str
    birth_date: date
    id_no: str
    phone: str
    village: str
    record_no: str
    record_status: str


_COLUMNS = (
    Resident.id,
    Resident.name,
    Resident.sex,
    Resident.birth_date,
    Resident.id_no,
    Resident.phone,
    Resident.village,
    Resident.record_no,
    Resident.record_status,
)


class Register:
    """The registered residents that rows of a roster may be.

    ``reopened``: records that the undoing of an import closed and nobody touched since; the same
    person may be imported into them again, and they make nobody suspect. Without ``suspects``
    only numbers are compared.
    """

    def __init__(
        self,
        session: Session,
        organisation_id: str,
        forms: Sequence[BasicForm],
        *,
        suspects: bool = True,
    ) -> None:
        own = owned_by(organisation_id)
        self._by_number: dict[str, Kept] = {}
        self._by_birth: dict[tuple[str, date, str], list[Kept]] = {}
        self._by_phone: dict[tuple[str, str], list[Kept]] = {}
        self._record_numbers: dict[str, str] = {}
        found: dict[str, Kept] = {}
        for start in range(0, len(forms), _BATCH):
            part = forms[start : start + _BATCH]
            found |= _read(session, own, Resident.id_no.in_([f.id_no for f in part if f.id_no]))
            numbers = [f.record_no for f in part if f.record_no]
            if numbers:
                # A number is given once in the whole county.
                taken = _read(session, Resident.record_no.in_(numbers))
                self._record_numbers |= {each.record_no: each.id for each in taken.values()}
            if suspects:
                births = [f for f in part if f.birth_date]
                found |= _read(
                    session,
                    own,
                    Resident.birth_date.in_({f.birth_date for f in births}),
                    Resident.name.in_({f.name for f in births}),
                )
                phones = {f.phone for f in part if f.phone}
                found |= _read(session, own, Resident.phone.in_(phones))
        self.reopened = withdrawn(
            session, [each.id for each in found.values() if each.record_status == "cancelled"]
        )
        for each in found.values():
            if each.id_no:
                present = self._by_number.get(each.id_no)
                # A record that is not closed stands before one that an undoing closed.
                if present is None or present.id in self.reopened:
                    self._by_number[each.id_no] = each
            if each.id in self.reopened:
                continue
            self._by_birth.setdefault((each.name, each.birth_date, each.sex), []).append(each)
            if each.phone:
                self._by_phone.setdefault((each.name, each.phone), []).append(each)

    def same(self, form: BasicForm) -> Kept | None:
        """The resident with the same identity number."""
        return self._by_number.get(form.id_no) if form.id_no else None

    def number_is_taken(self, form: BasicForm) -> bool:
        """Whether another record bears the health-record number that the row gives."""
        bearer = self._record_numbers.get(form.record_no) if form.record_no else None
        same = self.same(form)
        return bearer is not None and (same is None or same.id != bearer)

    def suspects(self, form: BasicForm) -> tuple[Kept, ...]:
        """Residents who may be the same person, each once."""
        found: dict[str, Kept] = {}
        if form.birth_date:
            key = (form.name, form.birth_date, form.sex)
            found |= {each.id: each for each in self._by_birth.get(key, ())}
        if form.phone:
            found |= {each.id: each for each in self._by_phone.get((form.name, form.phone), ())}
        return tuple(found.values())


def _read(session: Session, *where: ColumnElement[bool]) -> dict[str, Kept]:
    rows = session.execute(select(*_COLUMNS).where(Resident.record_status != "merged", *where))
    return {
        row[0]: Kept(
            row[0],
            row[1],
            row[2],
            row[3],
            row[4] or "",
            row[5] or "",
            row[6] or "",
            row[7] or "",
            row[8],
        )
        for row in rows
    }


def withdrawn(session: Session, resident_ids: Iterable[str]) -> frozenset[str]:
    """Which of these records an undoing closed, and nobody touched since."""
    ids = list(resident_ids)
    if not ids:
        return frozenset()
    rows = session.scalars(
        select(Resident.id)
        .join(RosterRow, RosterRow.resident_id == Resident.id)
        .where(
            or_(*(Resident.id.in_(ids[at : at + _BATCH]) for at in range(0, len(ids), _BATCH))),
            Resident.record_status == "cancelled",
            RosterRow.withdrawn_change_id == Resident.change_id,
        )
    )
    return frozenset(rows)
