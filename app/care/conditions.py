"""Diagnoses of a resident: added, resolved, taken up again. Nothing is ever deleted.

Enrolment of a disease in a programme (managed since, outcome) is the work of chronic care; here a
diagnosis is only written down.
"""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.care import parsing
from app.care.ownership import require_own
from app.care.resident_list import condition_name
from app.care.resident_record.population import refresh_tags
from app.care.residents import require_editor
from app.errors import InputError, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.resident import Condition, Resident
from app.models.store import Store

__all__ = ["ConditionInput", "ConditionLine", "add_condition", "list_conditions", "set_resolved"]

# National clinical edition: `I10.x00x002`, `E11.900`; a dagger or asterisk may follow.
_ICD10 = re.compile(r"[A-Z]\d{2}(\.[0-9x]\d{0,2}(x\d{3})?)?[+*]?")

_DISPLAY_LIMIT = 100


@dataclass(frozen=True, slots=True)
class ConditionInput:
    """A diagnosis as typed: its name, the ICD-10 code if known, since when (as far as known).

    `disease` names the programme it belongs to (list `chronic_disease`) or is empty.
    """

    display: str
    code: str = ""
    onset: str = ""
    disease: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """A diagnosis to show; `name` is the programme's name of a chronic disease."""

    id: str
    name: str
    display: str
    code: str
    onset: str
    disease: str
    resolved: bool
    managed: bool
    managed_since: date | None


def add_condition(store: Store, actor: Actor, resident_id: str, typed: ConditionInput) -> str:
    """Write down a diagnosis; gives its id. Raises InputError, NotFound, NotAllowed.

    A diagnosis that already stands (same name or code, not resolved) is refused.
    """
    require_editor(actor)
    problems: dict[str, str] = {}
    display = parsing.clean_text(typed.display)
    if not display:
        problems["display"] = tr("Write the diagnosis.")
    elif len(display) > _DISPLAY_LIMIT:
        problems["display"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=_DISPLAY_LIMIT
        )
    code = parsing.half_width(typed.code).strip()
    code = code[:1].upper() + code[1:].lower()
    if code and not _ICD10.fullmatch(code):
        problems["code"] = tr("This is not an ICD-10 code. Leave it empty if you are not sure.")
    if typed.disease and not codes.is_known("chronic_disease", typed.disease):
        problems["disease"] = tr(
            "This answer is not in the list of the form. Choose one of the list."
        )
    onset = typed.onset.strip()
    with store.write(actor) as session:
        resident = session.get(Resident, resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not in the records of this PC."))
        if onset:
            try:
                onset = parsing.parse_partial_date(onset, store.clock.today())
            except parsing.ParseError as error:
                problems["onset"] = error.message
            else:
                if onset < resident.birth_date.isoformat()[: len(onset)]:
                    problems["onset"] = tr("This is before the birth. Check the year.")
        standing = session.scalars(
            select(Condition).where(
                Condition.resident_id == resident_id, Condition.clinical_status == "active"
            )
        )
        for each in standing:
            if each.display == display or (code and each.code == code):
                problems["display"] = tr("This diagnosis is already in the record.")
        if problems:
            raise InputError(problems)
        row = Condition(
            resident_id=resident_id,
            display=display,
            code=code or None,
            disease=typed.disease or None,
            onset=onset or None,
            note=parsing.clean_text(typed.note) or None,
            clinical_status="active",
        )
        session.add(row)
        session.flush()
        refresh_tags(session, [resident_id], store.clock.today())
        return row.id


def set_resolved(store: Store, actor: Actor, condition_id: str, resolved: bool) -> None:
    """Say that a diagnosis is over, or that it stands again.

    A disease under management is refused: its programme is ended first, with a reason.
    """
    require_editor(actor)
    with store.write(actor) as session:
        row = session.get(Condition, condition_id)
        if row is None:
            raise NotFound(tr("This diagnosis is not in the records of this PC."))
        require_own(actor, row)
        if resolved and row.managed:
            raise InputError(
                tr(
                    "This disease is under chronic-care management. Nothing was changed. "
                    "End the management first, on the chronic-care page."
                )
            )
        row.clinical_status = "resolved" if resolved else "active"
        session.flush()
        refresh_tags(session, [row.resident_id], store.clock.today())


def list_conditions(store: Store, actor: Actor, resident_id: str) -> tuple[ConditionLine, ...]:
    """All diagnoses of a resident, standing ones first, in the order they were written."""
    with store.read() as session:
        rows = session.scalars(
            select(Condition)
            .where(Condition.resident_id == resident_id)
            .order_by(Condition.clinical_status != "active", Condition.id)
        )
        return tuple(line_of(row) for row in rows)


def line_of(row: Condition) -> ConditionLine:
    """The line of a kept diagnosis."""
    return ConditionLine(
        id=row.id,
        name=condition_name(row),
        display=row.display,
        code=row.code or "",
        onset=row.onset or "",
        disease=row.disease or "",
        resolved=row.clinical_status != "active",
        managed=row.managed,
        managed_since=row.managed_since,
    )
