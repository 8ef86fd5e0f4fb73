"""Taking in the chosen rows of a roster: a backup first, then all of them or none.

One transaction holds the records, their queue rows and the note of the import, so a cut or a
cancelling at any moment leaves the store as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.care.backups import before_import
from app.care.basic_form import columns_of
from app.care.due import refresh_due
from app.care.resident_record.numbers import Issuer
from app.care.residents import require_editor
from app.care.roster.columns import FIELDS, remember
from app.care.roster.matching import Kept, Register
from app.care.roster.preview import Preview, PreviewRow
from app.care.roster.progress import KEEPING, SAVING, SILENT, Progress, Stopped
from app.care.roster.table_file import Raw
from app.care.spreadsheet import Cell, Exported, Sheet, SheetColumn, export
from app.errors import Defect, InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.newcomers import Newcomer, prepare, write
from app.models.resident import Resident
from app.models.roster import RosterImport, RosterRow
from app.models.store import Store

__all__ = ["Imported", "export_left_out", "import_roster"]

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken in. ``too_late``: rows whose person was registered meanwhile (from another
    PC); ``backup``: the file name of the backup made before."""

    import_id: str
    imported: int
    left_out: tuple[int, ...]
    too_late: tuple[int, ...]
    backup: str


def import_roster(
    store: Store,
    actor: Actor,
    preview: Preview,
    chosen: Collection[int],
    progress: Progress = SILENT,
) -> Imported:
    """Register the residents of the chosen rows; nobody who is registered already is changed.

    Raises InputError where no importable row is chosen, NotAllowed, DiskFull (no room for the
    backup), Stopped; then nothing was taken in.
    """
    require_editor(actor)
    wanted = set(chosen)
    rows = [row for row in preview.rows if row.number in wanted and row.form is not None]
    if not rows:
        raise InputError(tr("No row is ticked that can be imported. Nothing was imported."))
    progress.step(KEEPING, 0, 0)
    backup = before_import(store).path.name
    progress.step(SAVING, 0, len(rows))
    # Made before the store is locked: what takes time is done while others can still save.
    ahead = _Ahead(store, actor, rows, progress)
    with store.write(actor) as session:
        forms = [row.form for row in rows if row.form]
        register = Register(session, actor.organisation_id, forms, suspects=False)
        fresh, too_late = _still_unknown(rows, register)
        kept = _save(session, store.organisation_id, fresh, ahead, register, progress)
        taken = RosterImport(
            organisation_id=actor.organisation_id,
            file_name=preview.source.file.name[:200],
            digest=preview.source.file.digest,
            sheet=preview.source.sheet.name[:100],
            at=store.clock.now(),
            staff_id=actor.staff_id,
            staff_name=actor.name,
            rows=len(preview.rows),
            imported=len(kept),
            left_out=len(preview.rows) - len(kept),
            backup=backup,
        )
        session.add(taken)
        session.flush()
        for row in kept:
            row["import_id"] = taken.id
        session.execute(insert(RosterRow), kept)
        remember(session, preview.source.headings.texts, preview.columns)
        note_access(
            session, store.clock, actor, "import", "roster", taken.id, {"imported": len(kept)}
        )
        # The last moment at which nothing has happened.
        progress.step(SAVING, len(rows), len(rows))
        import_id = taken.id
    numbers = {row["row_number"] for row in kept}
    left_out = tuple(row.number for row in preview.rows if row.number not in numbers)
    return Imported(import_id, len(kept), left_out, too_late, backup)


def _still_unknown(
    rows: Sequence[PreviewRow], register: Register
) -> tuple[list[PreviewRow], tuple[int, ...]]:
    """Rows whose person is still not registered, and the numbers of the others."""
    fresh: list[PreviewRow] = []
    late: list[int] = []
    for row in rows:
        same = register.same(row.form) if row.form else None
        if same is not None and same.id not in register.reopened:
            late.append(row.number)
        else:
            fresh.append(row)
    if not fresh:
        raise InputError(
            tr("Everybody who is ticked was registered meanwhile. Nothing was imported.")
        )
    return fresh, tuple(late)


class _Ahead:
    """The new records of an import, as they will be if nobody else writes meanwhile."""

    def __init__(
        self, store: Store, actor: Actor, rows: Sequence[PreviewRow], progress: Progress
    ) -> None:
        self._actor, self._now = actor, store.clock.now()
        with store.read() as session:
            forms = [row.form for row in rows if row.form]
            register = Register(session, actor.organisation_id, forms, suspects=False)
            issuer = Issuer(session)
        self._made: dict[int, Newcomer] = {}
        for row in rows:
            if not row.reopens:
                self._made[row.number] = self.newcomer(row, register, issuer)
            if progress.stopping():
                raise Stopped

    def newcomer(self, row: PreviewRow, register: Register, issuer: Issuer) -> Newcomer:
        """The record of a row, now that nobody else can write: mostly as it was made."""
        made = self._made.pop(row.number, None)
        values = _values(row, register)
        if values["record_no"] is None and not values["temporary"]:
            # A temporary record gets its number when the card is there.
            values["record_no"] = issuer.issue(values["village"] or "")
        if made is not None and made.values["record_no"] == values["record_no"]:
            return made
        # The same record, if it was made: only its number went to somebody else.
        known = {} if made is None else {"id": made.id}
        return prepare({**values, **known}, self._actor, self._now)


def _values(row: PreviewRow, register: Register) -> dict[str, Any]:
    if row.form is None:
        raise Defect("a row without a form cannot be imported")
    values = {**columns_of(row.form), "record_status": "active"}
    if register.number_is_taken(row.form):  # since the rows were looked at
        values["record_no"] = None
    return values


def _save(
    session: Session,
    organisation_id: str,
    rows: Sequence[PreviewRow],
    ahead: _Ahead,
    register: Register,
    progress: Progress,
) -> list[dict[str, object]]:
    kept: list[dict[str, object]] = []
    issuer = Issuer(session)
    for start in range(0, len(rows), _BATCH):
        part: list[tuple[int, str, str]] = []
        new: list[Newcomer] = []
        for row in rows[start : start + _BATCH]:
            assert row.form is not None
            same = register.same(row.form)
            if same is None:
                made = ahead.newcomer(row, register, issuer)
                new.append(made)
                part.append((row.number, made.id, made.id))
            else:
                resident = _reopened(session, row, same, register, issuer)
                session.flush()
                part.append((row.number, resident.id, resident.change_id))
        write(session, new)
        refresh_due(session, organisation_id, [resident_id for _, resident_id, _ in part])
        session.flush()
        kept += [
            {"resident_id": resident_id, "row_number": number, "change_id": change_id}
            for number, resident_id, change_id in part
        ]
        # Ten thousand records need not stay in memory until the end.
        session.expunge_all()
        progress.step(SAVING, min(start + _BATCH, len(rows)), len(rows))
    issuer.keep(session)
    return kept


def _reopened(
    session: Session, row: PreviewRow, same: Kept, register: Register, issuer: Issuer
) -> Resident:
    """The record that an undoing closed, with what the row says."""
    values = _values(row, register)
    resident = session.get_one(Resident, same.id)
    for name, value in values.items():
        # A number once given to a record stays with it.
        if name != "record_no" or value:
            setattr(resident, name, value)
    resident.record_status_on = None
    if not resident.record_no and not resident.temporary:
        resident.record_no = issuer.issue(resident.village or "")
    return resident


# -- what was left out ----------------------------------------------------------------------


def export_left_out(
    store: Store, actor: Actor, preview: Preview, numbers: Collection[int], path: Path
) -> Exported:
    """The rows left out, as they stood, with the reason beside each: to be put right and imported
    again. The added columns are passed over by the next import. Raises what ``export`` raises."""
    require_editor(actor)
    wanted = set(numbers)
    source = preview.source
    texts = source.headings.texts
    columns = (
        SheetColumn(tr("Row in the file"), 8),
        SheetColumn(tr("Why it was left out"), 60),
        *(SheetColumn(text.replace("/", ""), _width(preview, at)) for at, text in enumerate(texts)),
    )
    messages = {row.number: row.messages for row in preview.rows}
    rows = (
        [row.number, _reason(messages.get(row.number, ())), *map(_cell, _padded(row.values, texts))]
        for row in source.sheet.rows
        if row.number in wanted
    )
    sheet = Sheet(tr("Rows left out"), columns, rows)
    return export(store, actor, path, "roster_left_out", [sheet])


def _reason(messages: Iterable[str]) -> str:
    return "\n".join(messages) or tr("Not ticked.")


def _padded(values: tuple[Raw, ...], texts: Sequence[str]) -> tuple[Raw, ...]:
    return values[: len(texts)] + (None,) * (len(texts) - len(values))


def _cell(value: Raw) -> Cell:
    """As it stood; a number as a text, so that none loses digits on its way."""
    if value is None:
        return None
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value if isinstance(value, str) else str(value)[:10]


def _width(preview: Preview, at: int) -> int:
    key = preview.columns.get(at)
    return next((field.width for field in FIELDS if field.key == key), 14)
