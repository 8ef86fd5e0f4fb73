"""The conflict desk: fields that two sides changed at once, and a person's decision on them.

Nothing is chosen beforehand. The decision is a write like any other: it is queued again against
the newest version the server was seen to hold. Both values, the choice, who decided and when stay
with the conflict for good, and the record's history shows them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.care import conflict_values, rivals_words
from app.care.conflict_lists import title_of
from app.care.due import refresh_due
from app.care.record_words import field_label, words
from app.care.resident_record.people import whole_people
from app.care.residents import require_editor
from app.care.rivals import decide_between
from app.errors import InputError, NotFound, StaleRecord
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.base import to_json
from app.models.organisation import Organisation, Staff
from app.models.outbox import MOVES, RIVALS, Conflict
from app.models.records import KINDS, Record, fetch
from app.models.resident import Resident
from app.models.store import Store

Side = Literal["mine", "theirs", "other"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a value, for which organisation, when; empty where this PC does not know."""

    name: str
    organisation: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ClashingField:
    """One field with both values in words (lists one item a line).

    ``other``: what may be typed instead: text, date, number, code or nothing (empty). ``codes``:
    the code list for ``code``. ``choice`` and ``chosen`` once decided.
    """

    name: str
    label: str
    base: str
    mine: str
    theirs: str
    other: str = ""
    codes: str = ""
    choice: str = ""
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A conflict as the desk shows it. ``seen`` names the state that is shown: a decision on an
    older one is refused. ``moves``: moves of a referral that came too late, in words. ``rivals``:
    two corrections of one record; ``mine`` is the one that counts so far, on every PC."""

    conflict_id: str
    kind: str
    record_id: str
    title: str
    fields: tuple[ClashingField, ...]
    mine: Author
    theirs: Author
    seen: str
    resident_id: str = ""
    referral_id: str = ""
    crossed: bool = False
    decided: Author | None = None
    rivals: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """For one field: this PC's value, the other side's, or another one."""

    side: Side
    value: Any = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided: one choice for every field of the conflict as it was ``seen``."""

    conflict_id: str
    seen: str
    choices: Mapping[str, Choice]


def read_conflict(store: Store, actor: Actor, conflict_id: str) -> ConflictView:
    """Both values of every field, in words; also of a conflict that was decided. NotFound."""
    with store.read() as session:
        row = _load(session, conflict_id)
        return _rivals(session, row) if row.kind.startswith(RIVALS) else _view(session, row)


def open_conflict_of(store: Store, record_id: str) -> str | None:
    """The id of the oldest open conflict of a record, or None."""
    with store.read() as session:
        return session.scalar(
            select(Conflict.id)
            .where(Conflict.record_id == record_id, Conflict.resolved_at.is_(None))
            .order_by(Conflict.id)
            .limit(1)
        )


def decide(store: Store, actor: Actor, decision: Decision) -> None:
    """Write the chosen values and queue the record; keep both values and the choice.

    Raises InputError (by field) where a choice is missing or a typed value is no good,
    StaleRecord where the record or the conflict changed since it was shown: then nothing was
    changed and the desk shows it anew.
    """
    require_editor(actor)
    with store.write(actor) as session:
        row = _load(session, decision.conflict_id)
        rivals = row.kind.startswith(RIVALS)
        record = _rival_record(session, row) if rivals else _record(session, row)
        if row.resolved_at is not None or decision.seen != _seen(row, record):
            raise StaleRecord(
                tr(
                    "This record changed since it was shown, here or at the county hospital. "
                    "Nothing was decided. Both values are shown anew; choose again."
                )
            )
        if MOVES in row.fields:
            _close(session, store, actor, row, {})
            return
        if rivals:
            _choose_rival(session, store, actor, row, decision)
            return
        chosen = _chosen(row, record, decision.choices, store.clock.today())
        people = set(whole_people(session, [row.resident_id])) if row.resident_id else set()
        model = session.get(KINDS[row.kind].model, row.record_id)
        assert model is not None
        conflict_values.write(session, row.kind, model, chosen)
        # Queued again even where everything stays as it is here: the server does not hold it yet.
        flag_modified(model, "updated_at")
        row.fields = {
            name: {
                **values,
                "mine": _mine(row, record, name),
                "choice": decision.choices[name].side,
                "chosen": chosen[name],
            }
            for name, values in row.fields.items()
        }
        sides = {name: decision.choices[name].side for name in row.fields}
        if row.resident_id:
            session.flush()
            refresh_due(session, store.organisation_id, sorted({*people, row.resident_id}))
        _close(session, store, actor, row, sides)


def _close(
    session: Session, store: Store, actor: Actor, row: Conflict, sides: dict[str, Side]
) -> None:
    row.resolved_at, row.resolved_by = store.clock.now(), actor.staff_id
    # Ids and sides only: the values stay with the conflict, not in the audit trail.
    detail = {"conflict": row.id, "choices": sides}
    note_access(session, store.clock, actor, "decide", row.kind, row.record_id, detail)


def _choose_rival(
    session: Session, store: Store, actor: Actor, row: Conflict, decision: Decision
) -> None:
    name = rivals_words.FIELD
    choice = decision.choices.get(name)
    if choice is None or choice.side == "other":
        raise InputError({name: tr("Choose which value is right.")})
    chosen = decide_between(session, actor, row, choice.side)
    told = {**row.fields[name], "choice": choice.side, "chosen": chosen}
    _close(session, store, actor, row, {name: choice.side})
    row.fields = {name: told}
    refresh_due(session, store.organisation_id, [row.resident_id or ""])


def _rival_record(session: Session, row: Conflict) -> Record:
    """The correction that counts so far."""
    kind, counts = row.kind.removeprefix(RIVALS), row.fields[rivals_words.FIELD]["mine"]
    record = fetch(session, kind, [counts]).get(counts)
    if record is None:
        raise NotFound(tr("The record of this conflict is not on this PC."))
    return record


def _load(session: Session, conflict_id: str) -> Conflict:
    row = session.get(Conflict, conflict_id)
    if row is None:
        raise NotFound(tr("This conflict is not on this PC any more. Open the list again."))
    return row


def _record(session: Session, row: Conflict) -> Record:
    record = fetch(session, row.kind, [row.record_id]).get(row.record_id)
    if record is None:
        raise NotFound(tr("The record of this conflict is not on this PC."))
    return record


def _seen(row: Conflict, record: Record) -> str:
    told = to_json([row.fields, row.theirs_at and row.theirs_at.isoformat(), record["change_id"]])
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def _mine(row: Conflict, record: Record, name: str) -> Any:
    """This PC's value: as it stands now; of child rows as they stood before the merge."""
    values = row.fields[name]
    children = {child.name for child in KINDS[row.kind].children}
    if name in children or name not in record or row.resolved_at is not None:
        return values.get("mine")
    return record[name]


def _chosen(
    row: Conflict, record: Record, choices: Mapping[str, Choice], today: date
) -> dict[str, Any]:
    problems: dict[str, str] = {}
    chosen: dict[str, Any] = {}
    children = {child.name for child in KINDS[row.kind].children}
    for name, values in row.fields.items():
        choice = choices.get(name)
        if choice is None or choice.side not in ("mine", "theirs", "other"):
            problems[name] = tr("Choose which value is right.")
        elif choice.side == "other":
            try:
                chosen[name] = conflict_values.check(row.kind, name, choice.value, today)
            except InputError as error:
                problems[name] = str(error)
        elif name in children:
            chosen[name] = conflict_values.rows(record[name], values, choice.side)
        else:
            chosen[name] = _mine(row, record, name) if choice.side == "mine" else values["theirs"]
    if problems:
        raise InputError(problems)
    return chosen


# -- in words -------------------------------------------------------------------------------


def _view(session: Session, row: Conflict) -> ConflictView:
    record = _record(session, row)
    crossed = MOVES in row.fields
    names = _names(session)
    fields = []
    for name, values in row.fields.items():
        if name == MOVES:
            continue
        kind, codes = ("", "") if crossed else conflict_values.other(row.kind, name)
        fields.append(
            ClashingField(
                name,
                field_label(row.kind, name),
                words(row.kind, name, values.get("base"), names, record),
                words(row.kind, name, _mine(row, record, name), names, record),
                words(row.kind, name, values.get("theirs"), names, record),
                kind,
                codes,
                str(values.get("choice", "")),
                words(row.kind, name, values.get("chosen"), names, record)
                if "choice" in values
                else "",
            )
        )
    resident = session.get(Resident, row.resident_id) if row.resident_id else None
    mine = record if row.resolved_at is None and not crossed else {}
    return ConflictView(
        row.id,
        row.kind,
        row.record_id,
        title_of(row.kind, resident.name if resident is not None else record.get("name")),
        tuple(fields),
        _author(session, mine.get("updated_by") or row.mine_by, None, row.mine_at),
        _author(session, row.theirs_by, row.theirs_organisation_id, row.theirs_at),
        _seen(row, record),
        row.resident_id or "",
        str(record.get("referral_id") or (row.record_id if row.kind == "referral" else "")),
        crossed,
        None
        if row.resolved_at is None
        else _author(session, row.resolved_by, None, row.resolved_at),
    )


def _rivals(session: Session, row: Conflict) -> ConflictView:
    """Two corrections of one record, each as one value."""
    record = _rival_record(session, row)
    resident = session.get(Resident, row.resident_id)
    return ConflictView(
        row.id,
        row.kind.removeprefix(RIVALS),
        row.record_id,
        title_of(row.kind, resident.name if resident is not None else None),
        (ClashingField(**rivals_words.both(session, row, _names(session))),),
        _author(session, row.mine_by, None, row.mine_at),
        _author(session, row.theirs_by, row.theirs_organisation_id, row.theirs_at),
        _seen(row, record),
        row.resident_id or "",
        decided=None
        if row.resolved_at is None
        else _author(session, row.resolved_by, None, row.resolved_at),
        rivals=True,
    )


def _author(
    session: Session, staff_id: str | None, organisation_id: str | None, at: datetime | None
) -> Author:
    person = session.get(Staff, staff_id) if staff_id else None
    house = session.get(Organisation, person.org_id) if person is not None else None
    if house is None and organisation_id:
        # The author is not known here: at least the house whose record it is.
        house = session.get(Organisation, organisation_id)
    return Author(
        person.name if person is not None else "",
        (house.short_name or house.name) if house is not None else "",
        at,
    )


def _names(session: Session) -> dict[str, str]:
    rows: Iterable[Any] = session.execute(
        select(Organisation.id, Organisation.name).union_all(select(Staff.id, Staff.name))
    )
    return dict(tuple(row) for row in rows)
