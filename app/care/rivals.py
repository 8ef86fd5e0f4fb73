"""Several corrections of one record, made on PCs that did not know of each other.

A correction is a row that names the one it replaces. Rows that go back to one first row are a
family; those that nobody replaced or took back are its rivals. **One of them counts**: the one
whose chain of ids from the first row on is the smallest. That is a function of the rows alone:
every PC comes to the same, in whatever order they arrive and whatever its clock says. The others
are marked (``app.models.rivals``) and asked about at the conflict desk.

A correction also counts where somebody else took the record back meanwhile: nothing that was
measured disappears unseen, and a person is asked.

Deciding is itself a correction: the chosen content becomes a new row, and both rivals are taken
back. Two opposite decisions therefore leave two new rivals and a new question, never nothing.
Everybody's decision is a row of its own, under its author's name. Its id follows from the chosen
row's and the author's: so it is told from other corrections, and of people of one mind the
smallest id counts and nobody is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.errors import NotAllowed
from app.i18n import N_, tr
from app.models import driver
from app.models.actor import Actor
from app.models.base import to_json
from app.models.identity import new_id
from app.models.outbox import RIVALS, Conflict
from app.models.records import KINDS, Record, fetch, row_values
from app.models.rivals import mark, unmarked

KINDS_CORRECTED = ("follow_up", "health_check", "assessment")
_ERROR = "entered_in_error"
#: Between the reasons of two people who took the same row back.
REASONS = " / "
_PLACE = RIVALS.removesuffix(":")
# The ids of decisions are made in this name space.
_OF_DECISIONS = uuid5(UUID(int=0), "rivals.decision")
#: The program's own reasons: kept as source words, so that two languages write the same.
CHOSEN = N_("Two changes of one record: a person chose.")
TAKEN_BACK = N_("Corrected and taken back at once: a person took it back.")


@dataclass(frozen=True, slots=True)
class _Row:
    """``status`` and ``reason`` as the author left them; ``kept``: as they stand in the table."""

    id: str
    parent: str | None
    status: str
    reason: str | None
    kept: tuple[str, str | None]
    organisation_id: str
    resident_id: str
    author_id: str | None


def mark_rivals(session: Session, organisation_id: str, resident_ids: Iterable[str]) -> None:
    """Make the marks of these residents' corrections anew, and what is asked about them.

    ``organisation_id``: the organisation of this store; only its own records are asked about.
    """
    session.flush()
    ids = list(resident_ids)
    asked: dict[tuple[str, str], tuple[_Row, _Row | None]] = {}
    changed = False
    for kind in KINDS_CORRECTED:
        for root, rows, parents in _families(session, kind, ids):
            rivals, echoes = _rivals(rows, parents)
            for place, row in enumerate((*rivals, *echoes)):
                wanted = (row.status, row.reason)
                if place or not rivals:
                    wanted = mark(*wanted, echo=row in echoes)
                if wanted != row.kept:
                    session.connection().exec_driver_sql(_update(kind), (*wanted, row.id))
                    changed = True
            if rivals and rivals[0].organisation_id == organisation_id:
                second = rivals[1] if len(rivals) > 1 else None
                if second is not None or _taken_back_too(rivals[0], parents):
                    asked[RIVALS + kind, root] = (rivals[0], second)
    if changed:
        session.expire_all()
    _ask(session, ids, asked)


def reasons_of(reason: str | None) -> frozenset[str]:
    """The reasons of all who took a row back."""
    return frozenset(each for each in (reason or "").split(REASONS) if each)


def reason_words(reason: str | None) -> str:
    """The reasons in the language of the screen."""
    return REASONS.join(tr(each) for each in (reason or "").split(REASONS))


def decide_between(session: Session, actor: Actor, row: Conflict, side: str) -> str:
    """Write a person's decision as a correction of its own; the id of what counts now, or "".

    ``side``: ``mine`` the one that counts so far, ``theirs`` the other one, or that the record was
    taken back. The caller makes the due work anew.
    """
    kind = row.kind.removeprefix(RIVALS)
    told = row.fields[_PLACE]
    pair = [session.get(KINDS[kind].model, id_) for id_ in (told["mine"], told["theirs"]) if id_]
    both: list[Any] = [each for each in pair if each is not None]
    if any(each.organisation_id != actor.organisation_id for each in both):
        raise NotAllowed(tr("Only the organisation that made this record can decide on it."))
    chosen = told[side]
    copied = _copy(session, kind, chosen, actor) if chosen else None
    reason = CHOSEN if chosen else TAKEN_BACK
    for each in both:
        each.status, each.status_reason = _ERROR, reason
    if copied is None:
        return ""
    copied.status_reason = reason
    session.add(copied)
    session.flush()
    return str(copied.id)


def _families(
    session: Session, kind: str, ids: list[str]
) -> Iterator[tuple[str, list[_Row], dict[str, _Row]]]:
    """Root, the corrections, and all rows by id, of each family of these residents."""
    table = KINDS[kind].table
    rows = _read(session, table, "resident_id", ids, " AND supersedes_id IS NOT NULL")
    if not rows:
        return
    known = {row.id: row for row in rows}
    missing = {row.parent for row in rows if row.parent and row.parent not in known}
    known.update((row.id, row) for row in _read(session, table, "id", sorted(missing), ""))
    by_root: dict[str, list[_Row]] = {}
    for row in rows:
        by_root.setdefault(_chain(row, known)[0], []).append(row)
    for root, family in by_root.items():
        yield root, family, known


def _read(session: Session, table: Table, by: str, ids: list[str], where: str) -> list[_Row]:
    found = driver.ask(
        session,
        "SELECT id, supersedes_id, status, status_reason, organisation_id, resident_id,"  # noqa: S608
        " author_id "
        f'FROM "{table.name}" WHERE "{by}" IN (SELECT value FROM json_each(?)){where}',
        (to_json(ids),),
    )
    return [
        _Row(id_, parent, *unmarked(status, reason), (status, reason), *others)
        for id_, parent, status, reason, *others in found
    ]


def _update(kind: str) -> str:
    # Around the session: a derived mark is no change that a person made, and is not sent.
    table = KINDS[kind].table.name
    return f'UPDATE "{table}" SET status = ?, status_reason = ? WHERE id = ?'  # noqa: S608


def _chain(row: _Row, known: Mapping[str, _Row]) -> tuple[str, ...]:
    """Ids from the first row of the family to this one."""
    chain = [row.id]
    at: _Row | None = row
    while at is not None and at.parent and at.parent not in chain:
        chain.append(at.parent)
        at = known.get(at.parent)
    return tuple(reversed(chain))


def _rivals(rows: list[_Row], known: Mapping[str, _Row]) -> tuple[list[_Row], list[_Row]]:
    """The corrections that stand, the one that counts first; and those that stand as echoes: of
    decisions for one row all but the smallest id, whatever became of that one since."""
    replaced = {row.parent for row in rows}
    decisions: dict[str | None, list[str]] = {}
    for row in rows:
        if _is_decision(row):
            decisions.setdefault(row.parent, []).append(row.id)
    echoes = {id_ for ids in decisions.values() for id_ in sorted(ids)[1:]}
    standing = [row for row in rows if row.status != _ERROR and row.id not in replaced]
    return (
        sorted((r for r in standing if r.id not in echoes), key=lambda r: _chain(r, known)),
        [row for row in standing if row.id in echoes],
    )


def _is_decision(row: _Row) -> bool:
    return (
        row.parent is not None
        and row.author_id is not None
        and row.id == _decision_id(row.parent, row.author_id)
    )


def _decision_id(chosen: str, author_id: str) -> str:
    """The id of somebody's decision for a row."""
    return str(uuid5(_OF_DECISIONS, f"{chosen} {author_id}"))


def _taken_back_too(row: _Row, known: Mapping[str, _Row]) -> bool:
    """Whether somebody took the corrected row back for a reason that the correction lacks."""
    before = known.get(row.parent or "")
    return before is not None and not reasons_of(before.reason) <= reasons_of(row.reason)


def _ask(
    session: Session, ids: list[str], asked: Mapping[tuple[str, str], tuple[_Row, _Row | None]]
) -> None:
    now = session.info["clock"].now()
    open_ = {
        (row.kind, row.record_id): row
        for row in session.scalars(
            select(Conflict).where(
                Conflict.resolved_at.is_(None),
                Conflict.kind.in_([RIVALS + kind for kind in KINDS_CORRECTED]),
                Conflict.resident_id.in_(ids),
            )
        )
    }
    for key, row in open_.items():
        if key not in asked:
            row.resolved_at = now
    for key, (first, second) in asked.items():
        fields = {_PLACE: {"base": key[1], "mine": first.id, "theirs": second.id if second else ""}}
        question = open_.get(key)
        if question is None:
            question = Conflict(
                id=new_id(),
                kind=key[0],
                record_id=key[1],
                resident_id=first.resident_id,
                created_at=now,
            )
            session.add(question)
        if question.fields != fields:
            question.fields = fields
            model: Any = KINDS[key[0].removeprefix(RIVALS)].model
            mine, theirs = (
                session.get(model, first.id),
                session.get(model, fields[_PLACE]["theirs"]),
            )
            if mine is not None:
                question.mine_by, question.mine_at = mine.author_id, mine.created_at
            theirs = theirs or session.get(model, key[1])
            if theirs is not None:
                question.theirs_by, question.theirs_at = theirs.updated_by, theirs.updated_at
                question.theirs_organisation_id = theirs.organisation_id
    session.flush()


def _copy(session: Session, kind: str, id_: str, actor: Actor) -> Any:
    """A new row with the content of one, in its place."""
    record: Record = fetch(session, kind, [id_])[id_]
    description = KINDS[kind]
    made_id = _decision_id(id_, actor.staff_id)
    values = {**row_values(description.table, record), "id": made_id, "supersedes_id": id_}
    values |= {"author_id": actor.staff_id, "created_at": None, "change_id": made_id}
    made: Any = description.model(**values)
    for child in description.children:
        table = child.model.__table__
        assert isinstance(table, Table)
        for each in record[child.name]:
            own = {
                **each,
                child.parent_column: made_id,
                "id": str(uuid5(UUID(each["id"]), made_id)),
            }
            getattr(made, child.name).append(child.model(**row_values(table, own)))
    return made
