"""Taking the records elsewhere: export as NDJSON, copy to another database, backup, restore.

The NDJSON file is the form of FHIR's bulk data: one resource a line. It holds readable records,
and neither devices nor keys nor codes. A copy, and a backup, hold everything.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Table, bindparam, func, insert, select

from app.errors import DiskFull, InputError, StoreBusy, StoreDamaged, StoreFault
from app.i18n import tr
from app.server import wire
from app.server.database import FILE_NAME, Database
from app.server.engines import listed, one_of
from app.server.profile import PROFILES
from app.server.tables import history, metadata, resource

#: What others refer to comes first; types that are not named here follow in their own order.
_FIRST = (
    "Organization", "Practitioner", "PractitionerRole", "Basic", "Patient", "EpisodeOfCare",
    "Consent", "CareTeam", "PlanDefinition", "Contract",
    "Condition", "AllergyIntolerance", "FamilyMemberHistory", "Encounter", "Goal",
    "CarePlan", "Procedure", "Observation", "QuestionnaireResponse",
)  # fmt: skip
_LAST = ("Task", "Provenance")
_ROWS = 1_000

_PAGE = (
    select(
        resource.c.key,
        resource.c.id,
        resource.c.version,
        resource.c.updated,
        resource.c.content,
    )
    .where(one_of(resource.c.key, listed("keys", "number")))
    .order_by(resource.c.key)
)
_KEYS = (
    select(resource.c.key).where(resource.c.type == bindparam("of_type")).order_by(resource.c.key)
)
_EARLIER = (
    select(history.c.version, history.c.updated, history.c.content)
    .where(history.c.key == bindparam("of_key"))
    .order_by(history.c.updated)
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: lines by type, and earlier versions among them."""

    lines: dict[str, int]
    earlier: int

    @property
    def total(self) -> int:
        return sum(self.lines.values())


def export(
    data_dir: Path, path: Path, database_url: str | None = None, *, with_history: bool = False
) -> Exported:
    """Write all records of all organisations to ``path`` (gzip where it ends in .gz).

    The lines are one moment's state, in an order that depends on the records alone: what
    others refer to first, then as first written. With history each record's earlier versions
    stand before it. The file appears whole or not at all, and is its owner's alone to read.
    Raises StoreFault and its kinds.
    """
    lines: Counter[str] = Counter()
    earlier = 0
    with (
        _existing(data_dir, database_url) as database,
        _whole_file(path) as file,
        database.read() as connection,
    ):
        for type_, text, is_earlier in _records(connection, with_history=with_history):
            file.write(text.encode())
            file.write(b"\n")
            lines[type_] += 1
            earlier += is_earlier
    return Exported(dict(lines), earlier)


def copy(data_dir: Path, target_url: str, database_url: str | None = None) -> dict[str, int]:
    """Copy everything, devices and keys included, into an empty database; rows by table.

    This is the way from the file to PostgreSQL: versions, times, and who may read what stay as
    they are. Stop the server before, and start it with the new address afterwards.
    Raises InputError where the target holds records, StoreFault where one cannot be opened.
    """
    rows: dict[str, int] = {}
    with (
        _existing(data_dir, database_url) as source,
        closing(Database(data_dir, target_url)) as target,
        source.read() as taken,
        target.write() as written,
    ):
        if written.scalar(select(func.count()).select_from(resource)):
            raise InputError(tr("The target database is not empty. Nothing was copied."))
        for table in metadata.sorted_tables:
            written.execute(table.delete())
            found = taken.execution_options(yield_per=_ROWS).execute(select(table))
            rows[table.name] = 0
            for part in found.mappings().partitions():
                written.execute(insert(table), [dict(row) for row in part])
                rows[table.name] += len(part)
            _count_on(written, table)
    return rows


def backup(data_dir: Path, path: Path) -> None:
    """A checked, compact snapshot of the database file, while the server goes on working.

    Raises StoreFault where there is no such file, or no room.
    """
    if not (data_dir / FILE_NAME).exists():
        raise StoreFault(tr("There is no database file of a server in this folder."))
    part = _private(path)
    try:
        with closing(sqlite3.connect(data_dir / FILE_NAME, isolation_level=None)) as source:
            source.execute("PRAGMA busy_timeout=15000")
            source.execute("VACUUM INTO ?", (str(part),))
        _check(part)
        _put_in_place(part, path)
    except sqlite3.DatabaseError as error:
        raise _file_fault(error) from error
    finally:
        part.unlink(missing_ok=True)


def restore(data_dir: Path, path: Path) -> Path | None:
    """Put a snapshot in the place of the database file; where the replaced file is kept now.

    The server must not run. Time goes on from the later of the two files, so that no device
    overlooks what is written from now on; versions differ from the lost ones by themselves.
    Raises StoreBusy while the server runs, StoreDamaged where the snapshot is not sound.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = data_dir / FILE_NAME
    part = _private(place)
    try:
        if not path.exists():
            raise StoreFault(tr("There is no file of that name."))
        shutil.copyfile(path, part)
        _check(part)
        last = _set_aside(place)
        with closing(sqlite3.connect(part)) as restored, restored:
            restored.execute("UPDATE clock SET last = max(last, ?)", (last,))
        kept = None
        if place.exists():
            kept = _free_name(place)
            os.replace(place, kept)
        _put_in_place(part, place)
    except sqlite3.DatabaseError as error:
        raise _file_fault(error) from error
    finally:
        part.unlink(missing_ok=True)
    with closing(Database(data_dir)):
        return kept


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's own numbering go on after the numbers that were copied."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    connection.execute(
        select(
            func.setval(
                func.pg_get_serial_sequence(table.name, column.name),
                select(func.coalesce(func.max(column), 0) + 1).scalar_subquery(),
                False,
            )
        )
    )


def _records(connection: Connection, *, with_history: bool) -> Iterator[tuple[str, str, bool]]:
    middle = [type_ for type_ in PROFILES if type_ not in (*_FIRST, *_LAST)]
    for type_ in (*_FIRST, *middle, *_LAST):
        # Eight bytes a record: the order is known before the first content is read.
        keys = array("q", connection.scalars(_KEYS, {"of_type": type_}))
        for start in range(0, len(keys), _ROWS):
            rows = connection.execute(_PAGE, {"keys": keys[start : start + _ROWS].tolist()})
            for key, id_, version, updated, content in rows:
                count = str(version).partition("-")[0]
                if with_history and count != "1":
                    for old in connection.execute(_EARLIER, {"of_key": key}):
                        yield type_, wire.whole(type_, id_, *old), True
                yield type_, wire.whole(type_, id_, version, updated, content), False


@contextmanager
def _existing(data_dir: Path, database_url: str | None) -> Iterator[Database]:
    if database_url is None and not (data_dir / FILE_NAME).exists():
        raise StoreFault(tr("There is no database file of a server in this folder."))
    with closing(Database(data_dir, database_url)) as database:
        yield database


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when it is complete."""
    part = _private(path)
    try:
        with part.open("wb") as raw:
            if path.suffix == ".gz":
                # No time and no name in the frame: the same records give the same file.
                with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield raw
        _put_in_place(part, path)
    except OSError as error:
        raise DiskFull(tr("The file cannot be written. Is there room on the drive?")) from error
    finally:
        part.unlink(missing_ok=True)


def _private(path: Path) -> Path:
    """An empty file beside ``path`` that its owner alone can read."""
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreFault(tr("The file cannot be written in that folder.")) from error
    return part


def _put_in_place(part: Path, path: Path) -> None:
    descriptor = os.open(part, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(part, path)


def _check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        known = connection.execute("SELECT value FROM state WHERE name = 'schema'").fetchone()
        if not sound or known is None:
            raise StoreDamaged(tr("The file is not a sound snapshot of a server's database."))


def _set_aside(place: Path) -> int:
    """The last time that the present file gave away, once nobody else has it open."""
    if not place.exists():
        return 0
    try:
        with closing(sqlite3.connect(place, timeout=0.2, isolation_level=None)) as present:
            # Alone with the file the log can be folded in and left: no older log of it may
            # ever be read into the restored file.
            present.execute("PRAGMA locking_mode=EXCLUSIVE")
            mode = present.execute("PRAGMA journal_mode=DELETE").fetchone()
            if mode != ("delete",):
                raise StoreBusy(tr("The server is running. Stop it first; nothing was changed."))
            row = present.execute("SELECT last FROM clock").fetchone()
            return int(row[0]) if row else 0
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreBusy(
                tr("The server is running. Stop it first; nothing was changed.")
            ) from error
        return 0
    except sqlite3.DatabaseError:
        # Damaged: the reason to restore. What it knew of time is lost, the wall clock has it.
        for end in ("-wal", "-shm"):
            place.with_name(place.name + end).unlink(missing_ok=True)
        return 0


def _free_name(place: Path) -> Path:
    names = (place.with_name(f"{place.name}.replaced-{number}") for number in range(1, 10_000))
    return next(islice((name for name in names if not name.exists()), 1))


def _file_fault(error: sqlite3.DatabaseError) -> StoreFault:
    text = str(error)
    if "full" in text:
        return DiskFull(tr("The file cannot be written. Is there room on the drive?"))
    if "locked" in text:
        return StoreBusy(tr("Another program holds the server's database."))
    if any(word in text for word in ("not a database", "malformed", "no such table")):
        return StoreDamaged(tr("The file is not a sound snapshot of a server's database."))
    return StoreFault(tr("The server's database cannot be opened."))
