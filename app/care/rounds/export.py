"""The list of a village's or a doctor's people as an Excel file."""

from __future__ import annotations

from pathlib import Path

from app.care.paper.people import people_on_paper
from app.care.residents import require_editor
from app.care.rounds.work import PersonRow, WorkFilter, people
from app.care.spreadsheet import Cell, Exported, Sheet, SheetColumn, export
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store

MOST_ROWS = 5000
_BATCH = 500


def export_people(
    store: Store,
    actor: Actor,
    wanted: WorkFilter,
    path: Path,
    title: str,
    *,
    whole_ids: bool = False,
    only: tuple[str, ...] = (),
) -> Exported:
    """Write the people of a filter, in its order, with all that is due for them within a month.

    ``only``: the residents that were marked; empty for all. ID and phone numbers are masked
    unless ``whole_ids``. The export is noted in the audit trail. Raises InputError for an empty
    list and for what ``export`` refuses, NotAllowed for roles that see numbers only.
    """
    require_editor(actor)
    rows: list[PersonRow] = []
    while len(rows) < MOST_ROWS:
        part = people(store, actor, wanted, len(rows), _BATCH)
        rows += part
        if len(part) < _BATCH:
            break
    if only:
        marked = set(only)
        rows = [row for row in rows if row.resident_id in marked]
    if not rows:
        raise InputError(tr("Nobody is on this list, so no file was written. Change the filter."))
    sheet = Sheet(
        name=title or tr("Visit list"),
        columns=_columns(),
        rows=_cells(store, actor, rows, whole_ids),
        title=tr("Visit list {title}").format(title=title),
        notes=(tr("As of {date}").format(date=store.clock.today()),),
    )
    detail = {"scope": wanted.scope, "kind": wanted.kind, "whole_ids": whole_ids}
    return export(store, actor, path, "visit_list", [sheet], detail)


def _columns() -> tuple[SheetColumn, ...]:
    return (
        SheetColumn(tr("Line no."), 6),
        SheetColumn(tr("Name"), 10),
        SheetColumn(tr("Sex"), 6),
        SheetColumn(tr("Age"), 6),
        SheetColumn(tr("Village"), 14),
        SheetColumn(tr("Group"), 10),
        SheetColumn(tr("Address"), 28),
        SheetColumn(tr("Phone"), 15),
        SheetColumn(tr("ID number"), 21),
        SheetColumn(tr("Record no."), 20),
        SheetColumn(tr("Work due"), 40),
        SheetColumn(tr("First due on"), 12),
        SheetColumn(tr("Days overdue"), 10),
        SheetColumn(tr("Doctor"), 10),
        SheetColumn(tr("Last time"), 24),
    )


def _cells(
    store: Store, actor: Actor, rows: list[PersonRow], whole_ids: bool
) -> list[tuple[Cell, ...]]:
    found: list[tuple[Cell, ...]] = []
    today = store.clock.today()
    with store.read() as session:
        for start in range(0, len(rows), _BATCH):
            part = rows[start : start + _BATCH]
            known = {
                person.resident_id: person
                for person in people_on_paper(
                    session,
                    actor.organisation_id,
                    [row.resident_id for row in part],
                    today,
                    whole_ids=whole_ids,
                )
            }
            for at, row in enumerate(part, start=start + 1):
                person = known[row.resident_id]
                last = f"{person.last_on} {person.last_class}".strip() if person.last_on else ""
                found.append(
                    (
                        at,
                        row.name,
                        person.sex_words,
                        row.age,
                        row.village,
                        row.group,
                        row.address,
                        person.phone,
                        person.id_no,
                        person.record_no,
                        "; ".join(f"{thing.words} {thing.due_on}" for thing in row.things),
                        row.due_on,
                        max(row.days_late, 0),
                        row.doctor,
                        last,
                    )
                )
    return found
