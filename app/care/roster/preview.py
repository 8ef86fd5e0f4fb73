"""Looking at a roster before anything is kept: every row with what will become of it, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import masking
from app.care.basic_form import BasicForm
from app.care.clinical_settings import clinical_settings
from app.care.residents import require_editor
from app.care.roster.columns import (
    Headings,
    find_headings,
    headings_of,
    matched,
    remembered,
)
from app.care.roster.matching import Register
from app.care.roster.progress import CHECKING, READING, SILENT, Progress
from app.care.roster.rows import CheckedRow, RowReader
from app.care.roster.table_file import Raw, RawSheet, TableFile, open_table
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.organisation import Staff
from app.models.roster import RosterImport
from app.models.store import Store

__all__ = [
    "ASK",
    "ERROR",
    "KNOWN",
    "READY",
    "VERDICTS",
    "Preview",
    "PreviewRow",
    "RosterSource",
    "check_roster",
    "open_roster",
]

READY, ASK, KNOWN, ERROR = "ready", "ask", "known", "error"
VERDICTS = (READY, ASK, KNOWN, ERROR)
"""To be imported; only if a person says so; registered already; cannot be imported."""

NEEDED = ("name", "id_no", "birth_date")


@dataclass(frozen=True, slots=True)
class RosterSource:
    """A file that was read: its sheet, where its headings stand, what its columns are.

    ``columns`` maps a column from 0 to a field; ``was_remembered``: a person said so before;
    ``was_found`` False: no headings are known, the first row is shown as such.
    """

    file: TableFile
    sheet: RawSheet
    headings: Headings
    columns: Mapping[int, str]
    was_remembered: bool = False
    was_found: bool = True

    def samples(self, at: int, count: int = 3) -> tuple[str, ...]:
        """The first values under a heading, to recognise the column by."""
        found: list[str] = []
        for row in self.sheet.rows:
            value = row.values[at] if at < len(row.values) else None
            if row.number > self.headings.last_row and value not in (None, ""):
                found.append(" ".join(str(value).split())[:30])
                if len(found) == count:
                    break
        return tuple(found)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row and what will become of it. ``number``: the one at its left in Excel.

    ``messages``: sentences, the weightiest first. ``form`` None for rows that cannot be imported;
    ``reopens``: the record, closed by an undoing, that this person's row opens again.
    """

    number: int
    verdict: str
    name: str
    sex: str
    birth_date: date | None
    id_masked: str
    village: str
    messages: tuple[str, ...]
    form: BasicForm | None
    reopens: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """All rows of a roster. ``imported_before``: how often this very file was taken in."""

    source: RosterSource
    columns: Mapping[int, str]
    rows: tuple[PreviewRow, ...]
    imported_before: int = 0

    def count(self, verdict: str) -> int:
        return sum(row.verdict == verdict for row in self.rows)

    def numbers(self, *verdicts: str) -> frozenset[int]:
        """The numbers of the rows with one of these verdicts."""
        return frozenset(row.number for row in self.rows if row.verdict in verdicts)


def open_roster(
    store: Store,
    actor: Actor,
    path: Path,
    *,
    sheet: str = "",
    heading_rows: tuple[int, int] | None = None,
    progress: Progress = SILENT,
) -> RosterSource:
    """Read a file and find its headings and columns.

    ``heading_rows``: first and last row of the headings where a person says so; 0 and 0 for a
    sheet that has none. Raises InputError
    (``path``, ``sheet``, ``headings``), NotAllowed, Stopped.
    """
    require_editor(actor)
    progress.step(READING, 0, 0)
    file = open_table(path)
    found = None
    for name in [sheet] if sheet else file.sheets:
        read = file.read(name, progress.stopping)
        headings = headings_of(read, *heading_rows) if heading_rows else find_headings(read)
        if found is None or (headings.last_row and not found[1].last_row):
            found = (read, headings)
        if headings.last_row:
            break
    assert found is not None
    read, headings = found
    if not read.rows:
        raise InputError({"path": tr("The sheet has no rows. Choose another sheet or file.")})
    was_found = heading_rows is not None or headings.last_row > 0
    if not was_found:
        headings = headings_of(read, read.rows[0].number, read.rows[0].number)
    with store.read() as session:
        kept = remembered(session, headings.texts)
    columns = kept if kept is not None else matched(headings.texts)
    return RosterSource(file, read, headings, columns, kept is not None, was_found)


def check_columns(columns: Mapping[int, str]) -> None:
    """Raises InputError ``columns`` where what a resident needs has no column, or one has two."""
    keys = list(columns.values())
    if "name" not in keys:
        raise InputError({"columns": tr("Say which column holds the names.")})
    if "id_no" not in keys and "birth_date" not in keys:
        raise InputError(
            {"columns": tr("Say which column holds the ID numbers (or the birth dates).")}
        )
    if len(keys) != len(set(keys)):
        raise InputError(
            {"columns": tr("Two columns are given the same meaning. Change one of them.")}
        )


def check_roster(
    store: Store,
    actor: Actor,
    source: RosterSource,
    columns: Mapping[int, str],
    *,
    without_id: str = "",
    progress: Progress = SILENT,
) -> Preview:
    """Every row of the file with its verdict; nothing is kept.

    ``without_id``: code of list ``no_card_reason`` for rows without an ID number, "" to leave
    them out. Raises InputError ``columns``, NotAllowed, Stopped.
    """
    require_editor(actor)
    check_columns(columns)
    today = store.clock.today()
    with store.read() as session:
        doctors = _doctors(session, actor.organisation_id)
        merged_insurance = clinical_settings(session).merged_insurance
        before = session.query(RosterImport).filter_by(digest=source.file.digest)
        times = before.filter(RosterImport.undone_at.is_(None)).count()
    reader = RowReader(
        columns=columns,
        today=today,
        doctors=doctors,
        without_id=without_id,
        merged_insurance=merged_insurance,
        from_1904=source.sheet.from_1904,
        merged=_merged_values(source, columns),
    )
    body = [row for row in source.sheet.rows if row.number > source.headings.last_row]
    checked: list[CheckedRow] = []
    for at, row in enumerate(body):
        if at % 100 == 0:
            progress.step(CHECKING, at, len(body))
        checked.append(reader.read(row))
    _find_twins(checked)
    with store.read() as session:
        forms = [each.form for each in checked if each.form]
        register = Register(session, actor.organisation_id, forms)
    progress.step(CHECKING, len(body), len(body))
    rows = tuple(_preview_row(each, register) for each in checked)
    return Preview(source, dict(columns), rows, times)


def _doctors(session: Session, organisation_id: str) -> dict[str, str]:
    """Names of staff that only one person of this organisation has."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    rows = session.execute(
        select(Staff.name, Staff.id).where(Staff.org_id == organisation_id, Staff.active)
    )
    for name, staff_id in rows:
        if name in found:
            twice.add(name)
        found[name] = staff_id
    return {name: staff_id for name, staff_id in found.items() if name not in twice}


def _merged_values(source: RosterSource, columns: Collection[int]) -> dict[tuple[int, int], Raw]:
    """Row and column of each cell below the first of merged ones, with the first one's value."""
    values = {row.number: row.values for row in source.sheet.rows}
    found: dict[tuple[int, int], Raw] = {}
    for area in source.sheet.merged:
        if area.last_row == area.first_row or area.last_row <= source.headings.last_row:
            continue
        at = area.first_column - 1
        if at not in columns:
            continue
        first = values.get(area.first_row, ())
        value = first[at] if at < len(first) else None
        # No further than there are rows: a whole column may be merged.
        for number in range(area.first_row + 1, area.last_row + 1):
            if number in values:
                found[number, at] = value
            elif number > source.sheet.rows[-1].number:
                break
    return found


def number_taken() -> str:
    """The sentence for a health-record number that another record bears."""
    return tr(
        "Another record bears this health-record number already. If you tick this row, the number "
        "is left out."
    )


def _find_twins(checked: list[CheckedRow]) -> None:
    """Rows of one file that are the same person, or may be, or bear the same record number."""
    numbers: dict[str, int] = {}
    record_numbers: dict[str, int] = {}
    births: dict[tuple[str, object, str], int] = {}
    phones: dict[tuple[str, str], int] = {}
    for each in checked:
        form = each.form
        if form is None:
            continue
        first = numbers.setdefault(form.id_no, each.number) if form.id_no else each.number
        if first != each.number:
            each.errors.append(
                tr("The same ID number as in row {number}; one row a person.").format(number=first)
            )
            each.form = None
            continue
        if form.record_no and record_numbers.setdefault(form.record_no, each.number) != each.number:
            each.questions.append(number_taken())
            each.form = form = replace(form, record_no="")
        alike = {births.setdefault((form.name, form.birth_date, form.sex), each.number)}
        if form.phone:
            alike.add(phones.setdefault((form.name, form.phone), each.number))
        for number in sorted(alike - {each.number}):
            each.questions.append(
                tr("Perhaps the same person as in row {number} of this file.").format(number=number)
            )


def _preview_row(checked: CheckedRow, register: Register) -> PreviewRow:
    form = checked.form
    verdict, messages, reopens = ERROR, [*checked.errors, *checked.questions, *checked.notes], ""
    if form is not None:
        same = register.same(form)
        suspects = register.suspects(form)
        if same is not None and same.id not in register.reopened:
            verdict, form = KNOWN, None
            messages = [_known(same.record_status)]
        else:
            if same is not None:
                reopens = same.id
                messages.append(tr("The record closed by the undoing is opened again."))
            for each in suspects:
                messages.insert(
                    0,
                    tr("Perhaps already registered: ID {id_no}, {village}.").format(
                        id_no=masking.mask_id(each.id_no) or tr("none"),
                        village=each.village or tr("village unknown"),
                    ),
                )
            if register.number_is_taken(form):
                messages.insert(0, number_taken())
                form = replace(form, record_no="")
                verdict = ASK
            else:
                verdict = ASK if suspects or checked.questions else READY
    shown = checked.form
    return PreviewRow(
        number=checked.number,
        verdict=verdict,
        name=checked.name,
        sex=shown.sex if shown else "",
        birth_date=shown.birth_date if shown else None,
        id_masked=masking.mask_id(shown.id_no) if shown else "",
        village=shown.village if shown else "",
        messages=tuple(messages),
        form=form,
        reopens=reopens,
    )


def _known(record_status: str) -> str:
    if record_status == "active":
        return tr("Already registered with this ID number; the record stays as it is.")
    return tr(
        "Already registered with this ID number, but the record is closed ({state}). Open it from "
        "the list of residents if the person is back."
    ).format(state=codes.label("record_status", record_status))
