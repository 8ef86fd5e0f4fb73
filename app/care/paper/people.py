"""What paper says of a person: who they are, where they live, and how it was last time.

Never a measurement: what is measured is written by the hand that measured it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.care.age import age_on
from app.care.drugs import DrugLine
from app.care.follow_up_form import DISEASES
from app.care.follow_up_history import ENTERED_IN_ERROR
from app.care.kept import rows
from app.care.masking import mask_id, mask_phone
from app.models import codes
from app.models.chronic import FollowUp
from app.models.resident import Condition, Resident


@dataclass(frozen=True, slots=True)
class PersonOnPaper:
    """A person as printed. ``id_no`` and ``phone`` are masked unless whole ones were asked for.

    ``diseases``: under management here. ``last_on``, ``last_class``, ``last_drugs``: of the last
    visit that stands, empty before the first one.
    """

    resident_id: str
    name: str
    sex: str
    age: int
    id_no: str
    record_no: str
    phone: str
    village: str
    group: str
    address: str
    diseases: tuple[str, ...]
    last_on: date | None = None
    last_class: str = ""
    last_drugs: str = ""

    @property
    def sex_words(self) -> str:
        return codes.label("sex", self.sex)

    @property
    def place(self) -> str:
        """Village, group and address without saying the village twice."""
        address = self.address.removeprefix(self.village) if self.village else self.address
        return " ".join(part for part in (self.village, self.group, address) if part)


def people_on_paper(
    session: Session,
    organisation_id: str,
    resident_ids: Sequence[str],
    today: date,
    *,
    whole_ids: bool = False,
) -> tuple[PersonOnPaper, ...]:
    """The people in the order of their ids; four queries however many they are."""
    ids = list(dict.fromkeys(resident_ids))
    residents = {
        row.id: row for row in session.scalars(select(Resident).where(Resident.id.in_(ids)))
    }
    managed: dict[str, set[str]] = {}
    for resident_id, disease in session.execute(
        select(Condition.resident_id, Condition.disease).where(
            Condition.resident_id.in_(ids),
            Condition.organisation_id == organisation_id,
            Condition.managed,
            Condition.clinical_status == "active",
            Condition.disease.in_(DISEASES),
        )
    ):
        managed.setdefault(resident_id, set()).add(str(disease))
    last = _last_visits(session, ids)
    found = []
    for each in ids:
        row = residents.get(each)
        if row is None:
            continue
        visit = last.get(each)
        id_no, phone = row.id_no or "", row.phone or ""
        found.append(
            PersonOnPaper(
                resident_id=row.id,
                name=row.name,
                sex=row.sex,
                age=age_on(row.birth_date, max(today, row.birth_date)),
                id_no=id_no if whole_ids else mask_id(id_no),
                record_no=row.record_no or "",
                phone=phone if whole_ids else mask_phone(phone),
                village=row.village or "",
                group=row.village_group or "",
                address=row.address or "",
                diseases=tuple(d for d in DISEASES if d in managed.get(each, ())),
                last_on=visit.visit_date if visit else None,
                last_class=_class_words(visit) if visit else "",
                last_drugs=_drug_words(visit) if visit else "",
            )
        )
    return tuple(found)


def _last_visits(session: Session, ids: Sequence[str]) -> dict[str, FollowUp]:
    newest = (
        select(FollowUp.resident_id, func.max(FollowUp.visit_date).label("day"))
        .where(FollowUp.resident_id.in_(ids), FollowUp.status != ENTERED_IN_ERROR)
        .group_by(FollowUp.resident_id)
        .subquery()
    )
    visits = session.scalars(
        select(FollowUp)
        .join(
            newest,
            (newest.c.resident_id == FollowUp.resident_id) & (newest.c.day == FollowUp.visit_date),
        )
        .where(FollowUp.status != ENTERED_IN_ERROR)
        .order_by(FollowUp.id)
        .options(selectinload(FollowUp.diseases))
    )
    return {visit.resident_id: visit for visit in visits}


def _class_words(visit: FollowUp) -> str:
    """``高血压 控制满意``; what was not classified says nothing."""
    return "  ".join(
        f"{codes.label('chronic_disease_short', part.disease)} "
        f"{codes.label('visit_class', part.control_class)}"
        for part in visit.diseases
        if part.control_class
    )


def _drug_words(visit: FollowUp) -> str:
    drugs = [DrugLine.from_dict(line).text() for line in rows(visit.drugs)]
    insulin = str(visit.insulin.get("text", ""))
    return "; ".join(part for part in (*drugs, insulin) if part)
