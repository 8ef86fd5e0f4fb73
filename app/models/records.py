"""Records as plain values: the one description of every kind that travels.

A *record* is a dict of column values that JSON can hold (dates and instants as ISO text,
children as lists of dicts). The wire floor maps records to FHIR resources and back; the
courier reads and writes them in bulk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Table
from sqlalchemy.orm import Session

from app.clock import format_instant, parse_instant
from app.models.assessment import Assessment
from app.models.attachment import Attachment, AttachmentPart
from app.models.base import Base, Instant, from_json, to_json
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.clinical import ClinicalSettingsVersion
from app.models.contract import CareTeam, Contract, ContractService, ServicePackage
from app.models.health_check import HealthCheck
from app.models.organisation import Organisation, Staff
from app.models.outbox import LANE_EMERGENCY, LANE_FILES, LANE_REFERRAL, LANE_REST
from app.models.outreach import Consultation, ExpertVisit, SharedNote, Training
from app.models.referral import Referral, ReferralEvent, ReferralService, ReferralTask
from app.models.referral_return import ReferralReply, ReferralVisit, ReturnPlan
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Condition, Residence, Resident
from app.models.resident_record import Consent, NumberBlock
from app.models.rivals import arrived, without_mark
from app.models.screening import BpScreening

Record = dict[str, Any]


@dataclass(frozen=True)
class Child:
    """A table whose rows belong to a record and travel inside it."""

    name: str
    model: type[Base]
    parent_column: str


@dataclass(frozen=True)
class RecordKind:
    """One kind of record.

    ``shared`` records are changed by several organisations or PCs and carry a version check;
    the others are only ever added. ``resident_column`` tells whose record it is.
    """

    name: str
    model: type[Base]
    shared: bool
    resident_column: str | None
    children: tuple[Child, ...] = ()
    travels: bool = True
    lane: Callable[[Mapping[str, Any]], int] = field(default=lambda _: LANE_REST)

    @property
    def table(self) -> Table:
        table = self.model.__table__
        assert isinstance(table, Table)
        return table


def _referral_lane(values: Mapping[str, Any]) -> int:
    return LANE_EMERGENCY if values.get("urgency") == "emergency" else LANE_REFERRAL


_WITH_LETTERS, _LAST = (lambda _: LANE_REFERRAL), (lambda _: LANE_FILES)


def _note_lane(values: Mapping[str, Any]) -> int:
    """A note about a file waits with the rest, so that its description delays no letter."""
    return LANE_REST if values.get("subject_kind") == "attachment" else LANE_REFERRAL


KINDS: dict[str, RecordKind] = {
    kind.name: kind
    for kind in (
        RecordKind("organisation", Organisation, True, None, travels=False),
        RecordKind("staff", Staff, True, None),
        RecordKind("clinical_settings", ClinicalSettingsVersion, False, None),
        RecordKind(
            "resident",
            Resident,
            True,
            "id",
            (Child("residences", Residence, "resident_id"),),
        ),
        RecordKind("number_block", NumberBlock, True, None),
        RecordKind("condition", Condition, True, "resident_id"),
        RecordKind("consent", Consent, False, "resident_id"),
        RecordKind(
            "follow_up",
            FollowUp,
            False,
            "resident_id",
            (Child("diseases", FollowUpDisease, "follow_up_id"),),
        ),
        RecordKind("bp_screening", BpScreening, False, "resident_id"),
        RecordKind("health_check", HealthCheck, False, "resident_id"),
        RecordKind("assessment", Assessment, False, "resident_id"),
        RecordKind("rehab_plan", RehabPlan, True, "resident_id"),
        RecordKind("check_in", CheckIn, False, "resident_id"),
        RecordKind("care_team", CareTeam, True, None),
        RecordKind("service_package", ServicePackage, True, None),
        RecordKind("contract", Contract, True, "resident_id"),
        RecordKind("contract_service", ContractService, False, "resident_id"),
        RecordKind("referral", Referral, True, "resident_id", lane=_referral_lane),
        RecordKind("referral_service", ReferralService, True, "resident_id", lane=_referral_lane),
        RecordKind("referral_reply", ReferralReply, False, "resident_id", lane=_WITH_LETTERS),
        RecordKind("return_plan", ReturnPlan, False, "resident_id", lane=_WITH_LETTERS),
        RecordKind("referral_task", ReferralTask, True, "resident_id", lane=_referral_lane),
        RecordKind("referral_event", ReferralEvent, False, "resident_id", lane=_referral_lane),
        RecordKind("referral_visit", ReferralVisit, False, "resident_id", lane=_WITH_LETTERS),
        RecordKind("consultation", Consultation, False, "resident_id", lane=_WITH_LETTERS),
        RecordKind("expert_visit", ExpertVisit, True, None),
        RecordKind("training", Training, False, None),
        RecordKind("attachment", Attachment, False, "resident_id"),
        RecordKind("attachment_part", AttachmentPart, False, "resident_id", lane=_LAST),
        RecordKind("shared_note", SharedNote, False, "resident_id", lane=_note_lane),
    )
}

KIND_OF_MODEL: dict[type[Any], RecordKind] = {kind.model: kind for kind in KINDS.values()}
PARENT_OF_CHILD: dict[type[Any], tuple[RecordKind, Child]] = {
    child.model: (kind, child) for kind in KINDS.values() for child in kind.children
}


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the rows of a table are read as plain values, in the driver's own words.

    Dates and instants stay the text that the store keeps; yes/no and JSON columns (by their
    place in the row) are turned into values. ``sql`` takes a JSON list of ids.
    """

    names: tuple[str, ...]
    yes_no: tuple[int, ...]
    from_json: tuple[int, ...]
    sql: str

    def record(self, row: Iterable[Any]) -> Record:
        values = list(row)
        for place in self.yes_no:
            if values[place] is not None:
                values[place] = bool(values[place])
        for place in self.from_json:
            text = values[place]
            if text is not None:  # most of them are empty
                values[place] = [] if text == "[]" else from_json(text)
        return dict(zip(self.names, values, strict=True))


@cache
def _reader(table: Table, by: str = "id") -> _Reader:
    columns = list(table.columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    sql = f'SELECT {names} FROM "{table.name}" WHERE "{by}" IN (SELECT value FROM json_each(?))'  # noqa: S608
    return _Reader(
        tuple(column.name for column in columns),
        tuple(n for n, column in enumerate(columns) if isinstance(column.type, Boolean)),
        tuple(n for n, column in enumerate(columns) if isinstance(column.type, JSON)),
        sql if by == "id" else f"{sql} ORDER BY id",
    )


def _rows(session: Session, reader: _Reader, ids: list[str]) -> Iterable[Any]:
    found = session.connection().exec_driver_sql(reader.sql, (to_json(ids),))
    assert found.cursor is not None
    # The driver's own rows: tuples, without a wrapper for each.
    rows: Iterable[Any] = found.cursor.fetchall()
    found.close()
    return rows


def fetch(session: Session, kind: str, ids: Iterable[str]) -> dict[str, Record]:
    """The records of ``ids`` that are in the store, whole, children sorted by id."""
    description = KINDS[kind]
    wanted = list(ids)
    records: dict[str, Record] = {}
    if not wanted:
        return records
    session.flush()
    reader = _reader(description.table)
    for row in _rows(session, reader, wanted):
        record = without_mark(reader.record(row))
        for child in description.children:
            record[child.name] = []
        records[record["id"]] = record
    for child in description.children:
        _fetch_children(session, child, wanted, records)
    return records


def _fetch_children(
    session: Session, child: Child, ids: list[str], records: dict[str, Record]
) -> None:
    table = child.model.__table__
    assert isinstance(table, Table)
    reader = _reader(table, child.parent_column)
    for row in _rows(session, reader, ids):
        values = reader.record(row)
        parent = records.get(values.pop(child.parent_column))
        if parent is not None:
            parent[child.name].append(values)


@dataclass(frozen=True, slots=True)
class _Writer:
    """How records are written as rows of a table, in the driver's own words.

    ``columns``: name, what turns a value into the store's form (None: it is that already),
    and what stands in for a field that a record of another version lacks.
    """

    columns: tuple[tuple[str, Callable[[Any], Any] | None, Callable[[], Any]], ...]
    insert: str
    upsert: str
    whole: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    converted: tuple[tuple[int, Callable[[Any], Any]], ...]

    def row(self, record: Mapping[str, Any]) -> tuple[Any, ...]:
        try:
            row = list(self.whole(record))
        except KeyError:
            return self._row(record)
        for place, convert in self.converted:
            value = row[place]
            if value is not None:
                row[place] = convert(value)
        return tuple(row)

    def _row(self, record: Mapping[str, Any]) -> tuple[Any, ...]:
        """The row of a record that lacks a field."""
        values = []
        for name, convert, default in self.columns:
            value = record.get(name, _MISSING)
            if value is _MISSING:
                value = default()
            values.append(value if convert is None or value is None else convert(value))
        return tuple(values)


_MISSING = object()


@cache
def _writer(table: Table) -> _Writer:
    names = [column.name for column in table.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    plain = f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})'  # noqa: S608
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name != "id")
    converters = [_converter(column) for column in table.columns]
    return _Writer(
        tuple(
            (column.name, convert, _stand_in(column))
            for column, convert in zip(table.columns, converters, strict=True)
        ),
        plain,
        f"{plain} ON CONFLICT (id) DO UPDATE SET {changes}",
        itemgetter(*names),
        tuple((n, convert) for n, convert in enumerate(converters) if convert is not None),
    )


def insert_of(table: Table) -> str:
    """The statement that writes whole rows of a table, in the driver's words."""
    return _writer(table).insert


def row_of(table: Table, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """The row for ``insert_of``; a column without a value takes its default."""
    return _writer(table).row(values)


def _converter(column: Column[Any]) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Instant):
        return _instant_row
    if isinstance(column.type, Date):
        return _date_row
    if isinstance(column.type, Boolean):
        return int
    if isinstance(column.type, JSON):
        return _json_row
    return None


def _stand_in(column: Column[Any]) -> Callable[[], Any]:
    default: Any = column.default
    if default is not None and default.is_scalar:
        return lambda: default.arg
    if default is not None and default.is_callable:
        return lambda: default.arg(None)
    return lambda: None


def _instant_row(value: Any) -> str:
    if isinstance(value, str) and len(value) == 24 and value[10] == "T" and value[23] == "Z":
        return value
    return format_instant(parse_instant(value) if isinstance(value, str) else value)


def _date_row(value: Any) -> str:
    return (date.fromisoformat(value) if isinstance(value, str) else value).isoformat()


def _json_row(value: Any) -> str:
    # Most of them are empty.
    return "[]" if value == [] else to_json(value)


@cache
def _parsers(table: Table) -> dict[str, Callable[[str], Any]]:
    parsers: dict[str, Callable[[str], Any]] = {}
    for column in table.columns:
        if isinstance(column.type, Instant):
            parsers[column.name] = parse_instant
        elif isinstance(column.type, Date):
            parsers[column.name] = date.fromisoformat
    return parsers


def row_values(table: Table, record: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a record for one table, with dates and instants as objects.

    Fields that a record of another version lacks take the column's default; fields that
    this version does not know are left out.
    """
    parsers = _parsers(table)
    values: dict[str, Any] = {}
    for column in table.columns:
        name = column.name
        if name in record:
            value = record[name]
            if value is not None and name in parsers and isinstance(value, str):
                value = parsers[name](value)
        else:
            default = column.default
            value = None
            if default is not None and default.is_scalar:
                value = default.arg  # type: ignore[attr-defined]
            elif default is not None and default.is_callable:
                value = default.arg(None)  # type: ignore[attr-defined]
        values[name] = value
    return values


def put(session: Session, kind: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Write whole records as they are: children that a record no longer has are removed.

    For rows that come from elsewhere (``Store.apply_remote``): nothing is stamped and
    nothing is queued. The caller has checked the records.
    """
    description = KINDS[kind]
    batch = list(map(arrived, records))
    if not batch:
        return
    connection = session.connection()
    writer = _writer(description.table)
    connection.exec_driver_sql(writer.upsert, [writer.row(record) for record in batch])
    for child in description.children:
        child_table = child.model.__table__
        assert isinstance(child_table, Table)
        writer = _writer(child_table)
        connection.exec_driver_sql(
            f'DELETE FROM "{child_table.name}" '  # noqa: S608
            f'WHERE "{child.parent_column}" IN (SELECT value FROM json_each(?))',
            (to_json([record["id"] for record in batch]),),
        )
        rows = [
            writer.row({**values, child.parent_column: record["id"]})
            for record in batch
            for values in record.get(child.name, ())
        ]
        if rows:
            connection.exec_driver_sql(writer.insert, rows)
    if kind == "resident":
        from app.models.search import rebuild_tokens

        rebuild_tokens(session, batch)
    session.expire_all()


def lane_of(kind: str, values: Mapping[str, Any]) -> int:
    """The lane of a record: 0 emergency, 1 referral, 2 the rest, 3 contents of files."""
    return KINDS[kind].lane(values)
