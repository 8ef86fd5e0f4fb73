"""What the form of a contract shows when it is opened: who, which teams, which packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.care.age import age_on
from app.care.clinical_settings import clinical_settings
from app.care.contracts.packages import Package, current_packages
from app.care.contracts.signing import get_contract
from app.care.contracts.teams import Team, teams
from app.care.contracts.terms import renewal_start
from app.care.contracts.view import contract_mark
from app.care.kept import rows as rows_of
from app.care.resident_record.people import survivor_of
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to sign with. ``state``: of the family-doctor contract now."""

    id: str
    name: str
    sex: str
    age: int
    village: str
    state: str
    contract_id: str


@dataclass(frozen=True, slots=True)
class OldContract:
    """The contract that a renewal follows: what it held is offered again."""

    id: str
    category: str
    ends_on: date
    team_id: str
    doctor_id: str
    doctor_name: str
    package_codes: tuple[str, ...]
    term_years: int


@dataclass(frozen=True, slots=True)
class FormContext:
    """Everything beside the answers. ``starts_on``: proposed."""

    people: tuple[Person, ...]
    teams: tuple[Team, ...]
    packages: tuple[Package, ...]
    term_years: int
    starts_on: date
    old: OldContract | None = None


def open_form(
    store: Store, actor: Actor, resident_ids: Sequence[str], renewing: str = ""
) -> FormContext:
    """For one resident, a list of them, or the renewal of a contract. Raises NotFound."""
    today = store.clock.today()
    with store.read() as session:
        old = None
        starts_on = today
        ids = list(resident_ids)
        if renewing:
            row = get_contract(session, renewing)
            ids = [survivor_of(session, row.resident_id)]
            starts_on = renewal_start(row.ends_on, today)
            old = OldContract(
                id=row.id,
                category=row.category,
                ends_on=row.ends_on,
                team_id=row.team_id,
                doctor_id=row.doctor_id or "",
                doctor_name=row.doctor_name,
                package_codes=tuple(str(each.get("code")) for each in rows_of(row.packages)),
                term_years=row.term_years,
            )
        found: dict[str, Resident] = {}
        for start in range(0, len(ids), 500):
            rows = session.scalars(
                select(Resident).where(Resident.id.in_(ids[start : start + 500]))
            )
            found.update((each.id, each) for each in rows)
        if not found:
            raise NotFound(tr("This resident is not in the records of this PC."))
        alone = len(found) == 1
        people = []
        for id_ in ids:
            person = found.get(id_)
            if person is None:
                continue
            mark = contract_mark(session, id_, today) if alone else None
            people.append(
                Person(
                    id=id_,
                    name=person.name,
                    sex=person.sex,
                    age=age_on(person.birth_date, max(today, person.birth_date)),
                    village=person.village or "",
                    state=mark.state if mark else "none",
                    contract_id=mark.contract_id if mark else "",
                )
            )
        return FormContext(
            people=tuple(people),
            teams=teams(session, actor.organisation_id),
            packages=current_packages(session, actor.organisation_id),
            term_years=clinical_settings(session).contract_term_years,
            starts_on=starts_on,
            old=old,
        )
