"""A letter begun from the resident's record, so that nothing that is known is typed twice.

Filled in: impression, past history, treatment, allergies, drugs, last results (visits, and the
newest result of each scale). Measurements are filled in only
when they were taken today: an older one is told among the last results with its date, because a
letter's vitals are those of the day (no measurement is ever made up or carried on).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.assessments.results import latest_of_all
from app.care.assessments.words import short
from app.care.contracts.view import contract_mark
from app.care.drugs import DrugLine
from app.care.follow_up_history import allergies_of_person, visits_of
from app.care.kept import rows
from app.care.referral_letter import LetterInput
from app.care.referral_lists import age_or_none
from app.care.referral_red_flags import Vitals
from app.care.resident_record.people import records_of_person, same_person
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.audit import record_read
from app.models.chronic import FollowUp
from app.models.organisation import Organisation, Staff
from app.models.resident import Condition, Resident
from app.models.store import Store

#: How many earlier visits are told among the last results.
VISITS_TOLD = 3

_NO_HISTORY = "1"


@dataclass(frozen=True, slots=True)
class LetterStart:
    """What the form of a new letter begins with: who, the letter so far, and whether the person
    has diabetes (some red flags hold in diabetes only)."""

    name: str
    sex: str
    age: int | None
    village: str
    phone: str
    record_no: str
    temporary: bool
    diabetic: bool
    letter: LetterInput


def begin_letter(
    store: Store, actor: Actor, resident_id: str, prefill: object = None
) -> LetterStart:
    """A new letter for a resident, filled from the record; the access is noted.

    ``prefill``: anything with fields named as in LetterInput (a follow-up's prefill): what it holds
    goes before what the record says. Raises NotFound.
    """
    with store.read() as session:
        resident = session.get(Resident, resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not on this PC. Choose the resident again."))
        conditions = session.scalars(
            select(Condition)
            .where(
                Condition.resident_id.in_(same_person(session, resident_id)),
                Condition.clinical_status == "active",
            )
            .order_by(Condition.id)
        ).all()
        letter = _letter(session, actor, resident, list(conditions), store.clock.today())
        start = LetterStart(
            name=resident.name,
            sex=resident.sex,
            age=age_or_none(resident.birth_date, store.clock.today()),
            village=resident.village or "",
            phone=resident.phone or "",
            record_no=resident.record_no or "",
            temporary=resident.temporary,
            diabetic=any(c.disease == "type2_diabetes" for c in conditions),
            letter=with_prefill(letter, prefill),
        )
    record_read(store, actor, "resident", resident_id)
    return start


def with_prefill(letter: LetterInput, prefill: object) -> LetterInput:
    """The letter with every filled field of ``prefill`` whose name it knows."""
    values: dict[str, Any] = {}
    for field in fields(LetterInput):
        value = getattr(prefill, field.name, None)
        if value not in (None, "", ()) and value != Vitals():
            values[field.name] = value
    values.pop("resident_id", None)
    return replace(letter, **values)


def _letter(
    session: Session,
    actor: Actor,
    resident: Resident,
    conditions: list[Condition],
    today: date,
) -> LetterInput:
    visits = visits_of(session, resident.id)
    treated = next((v for v in reversed(visits) if v.drugs or v.insulin), None)
    records = records_of_person(session, resident)
    doctor = session.get(Staff, actor.staff_id)
    own = session.get(Organisation, actor.organisation_id)
    return LetterInput(
        resident_id=resident.id,
        to_organisation_id=(own.lead_id or "") if own and own.lead_id != own.id else "",
        from_doctor_phone=(doctor.phone if doctor else None) or (own.phone if own else None) or "",
        impression=tr("; ").join(dict.fromkeys(c.display for c in conditions)),
        diagnoses=tuple((c.code, c.display) for c in conditions if c.code),
        past_history="\n".join(_history(records)),
        allergies=tr(", ").join(allergies_of_person(session, resident))
        or (tr("No known drug allergy") if any(row.drug_allergy for row in records) else ""),
        current_drugs=_drugs(treated),
        vitals=_vitals_of_today(visits, today),
        treatment_given=_treatment(treated),
        contracted_team=_team(session, resident.id, today),
        last_results="\n".join((*_told(visits), *results_told(session, resident.id))),
    )


def visits_told(session: Session, resident_id: str) -> list[str]:
    """The measurements of the last visits, newest first."""
    return _told(visits_of(session, resident_id))


def _told(visits: Sequence[FollowUp]) -> list[str]:
    return [_result(visit) for visit in reversed(visits[-VISITS_TOLD:])]


def results_told(session: Session, resident_id: str, *, but: str = "") -> list[str]:
    """The newest result of each scale, newest first; ``but`` one scale."""
    found = [r for r in latest_of_all(session, resident_id).values() if r.scale != but]
    found.sort(key=lambda result: result.assessed_on, reverse=True)
    return [
        tr("{date}: {what}").format(
            date=result.assessed_on.isoformat(),
            what=f"{codes.label('assessment_scale', result.scale)} {short(result)}",
        )
        for result in found
    ]


def _team(session: Session, resident_id: str, today: date) -> str:
    """The family doctor's team of the contract in force."""
    mark = contract_mark(session, resident_id, today)
    if mark.state not in ("active", "ending"):
        return ""
    return " ".join(part for part in (mark.team_name, mark.doctor_name) if part)


def _treatment(visit: FollowUp | None) -> str:
    """The drugs of the last visit that had any, with its day."""
    drugs = _drugs(visit)
    if visit is None or not drugs:
        return ""
    return tr("{date}: {what}").format(date=visit.visit_date.isoformat(), what=tr("; ").join(drugs))


def _history(records: list[Resident]) -> list[str]:
    """Past diseases, then operations, injuries and transfusions, of all records of a person.

    "None known" stands only where no record knows of any.
    """
    diseases = [entry for row in records for entry in rows(row.past_disease)]
    known = [entry for entry in diseases if str(entry.get("code", "")) != _NO_HISTORY]
    lines = [_past_disease(entry) for entry in known]
    if diseases and not known:
        lines.append(tr("No past disease known"))
    for row in records:
        for title, entries in (
            (tr("Operation"), row.surgeries),
            (tr("Injury"), row.traumas),
            (tr("Transfusion"), row.transfusions),
        ):
            for entry in rows(entries):
                parts = (str(entry.get("date") or ""), str(entry.get("name") or ""))
                if detail := " ".join(part for part in parts if part):
                    lines.append(tr("{what}: {detail}").format(what=title, detail=detail))
    return list(dict.fromkeys(lines))


def _past_disease(entry: Mapping[str, Any]) -> str:
    label = codes.label("past_disease", str(entry.get("code", "")))
    text = str(entry.get("text") or "")
    since = str(entry.get("confirmed") or "")
    words = tr("{disease} ({text})").format(disease=label, text=text) if text else label
    return tr("{disease}, confirmed {date}").format(disease=words, date=since) if since else words


def _drugs(visit: FollowUp | None) -> tuple[str, ...]:
    if visit is None:
        return ()
    lines = [DrugLine.from_dict(drug).text() for drug in rows(visit.drugs)]
    if insulin := str(visit.insulin.get("text", "")):
        lines.append(insulin)
    return tuple(line for line in lines if line)


def _vitals_of_today(visits: list[FollowUp], today: date) -> Vitals:
    taken = [visit for visit in visits if visit.visit_date == today]
    if not taken:
        return Vitals()
    last = taken[-1]
    glucose = next((v for v in (last.fpg, last.random_glucose, last.ppg) if v is not None), None)
    return Vitals(
        sbp=last.sbp,
        dbp=last.dbp,
        heart_rate=last.heart_rate,
        temperature=last.temperature,
        glucose=glucose,
    )


def _result(visit: FollowUp) -> str:
    """One visit in a line: ``2026-02-20 血压 172/98 mmHg，空腹血糖 8.6 mmol/L``."""
    parts = []
    if visit.sbp is not None and visit.dbp is not None:
        parts.append(tr("BP {sbp}/{dbp} mmHg").format(sbp=visit.sbp, dbp=visit.dbp))
    if visit.heart_rate is not None:
        parts.append(tr("heart rate {value}/min").format(value=visit.heart_rate))
    for name, value in (
        (tr("fasting glucose {value} mmol/L"), visit.fpg),
        (tr("random glucose {value} mmol/L"), visit.random_glucose),
        (tr("glucose after meal {value} mmol/L"), visit.ppg),
        (tr("HbA1c {value} %"), visit.hba1c),
    ):
        if value is not None:
            parts.append(name.format(value=f"{value:g}"))
    parts += [text for text in (visit.aux_exam, visit.other_tests) if text]
    return tr("{date}: {what}").format(
        date=visit.visit_date.isoformat(),
        what=tr(", ").join(parts) if parts else tr("no measurement noted"),
    )
