"""Takes in a courier file of a device, with the rights, checks and effects of the network path.

A file is read to its end and proven before anything is done. Then each of its chunks is one
transaction: the bundles in it are carried out for the device, and what became of them is
noted with how far the file was done, so that a broken import is simply repeated. What the
device may not do over the network is refused here with the same words.

Two things an interactive sender would do are done here for it. A record that is sent as new
is stored only if it is not there yet (or there with the same content): the file may be days
old. And where a bundle is refused, its records are tried one by one; what stands on a refused
record is held back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from app import courier_file as container
from app.courier_file import REPLY, REQUEST, Checked, Chunk, Head, Item, Sealer
from app.courier_refusals import CourierRefused
from app.errors import StoreBusy, StoreFault
from app.i18n import tr
from app.keys import Jwk, KeyPairs, public_key
from app.server import access_log, wire
from app.server.courier_news import knows_all, news, owed
from app.server.courier_reply import Taken, chunk_text, last_taken, write_reply
from app.server.courier_work import Look, State, Work
from app.server.database import Database
from app.server.enrolment import Device, find_device
from app.server.keys import device_jwks, server_keys
from app.server.tables import courier_chunk, courier_file

__all__ = ["Progress", "Taken", "chunk_text", "last_taken", "take_in", "write_reply"]

Progress = Callable[[str, int, int], None]


def take_in(
    database: Database, source: Path, progress: Progress = lambda stage, done, of: None
) -> Taken:
    """Carry out a courier file. Raises CourierRefused where it is not taken: nothing is changed.

    A file that was begun before goes on where it stopped; one that was finished is not done
    again, its reply can be had again.
    """
    try:
        return _take_in(database, source, progress)
    except DBAPIError as error:
        raise StoreFault(
            tr(
                "The server's database cannot take the courier file in just now. What was done "
                "is kept. Make room or wait, then repeat: it goes on where it stopped."
            )
        ) from error


def _take_in(database: Database, source: Path, progress: Progress) -> Taken:
    with database.write() as connection:
        keys = server_keys(connection)

    def find_key(head: Head, _items: Callable[[], Iterator[Item]]) -> Jwk:
        return _sender(database, head)[1]

    checked = container.check(
        source,
        keys,
        find_key,
        progress=lambda done, of: progress("checking", done, of),
        look=Look(),
    )
    if checked.head.get("kind") != REQUEST:
        raise CourierRefused(
            "unexpected",
            tr(
                "This courier file brings no records to this hospital. Nothing was changed. "
                "Choose the file that the township or care institution exported."
            ),
        )
    device, _ = _sender(database, checked.head)
    file = _File(database, keys, device, checked)
    if not file.begin():
        return file.taken(duplicate=True)
    searches: list[dict[str, Any]] = []
    wanted: list[tuple[str, str]] = []
    for number, chunk in enumerate(container.read_chunks(source, keys, find_key)):
        checked.demand_same(chunk)
        file.carry_out(number, chunk)
        for head, _ in chunk.items():
            if head["t"] == "search":
                searches.append(head)
            elif head["t"] == "ids":
                wanted += [(str(type_), str(id_)) for type_, id_ in head["refs"]]
        progress("placing", number + 1, checked.chunks)
    file.answer(searches, wanted, checked.cover.get("last"), progress)
    return file.taken(duplicate=False)


class _File:
    """One file being taken in."""

    def __init__(
        self, database: Database, keys: KeyPairs, device: Device, checked: Checked
    ) -> None:
        self._database = database
        self._keys = keys
        self._device = device
        self._digest = checked.digest
        self._line = str(checked.head.get("line"))
        self._counter = int(checked.head["counter"])
        self._reply = str(checked.head.get("file"))
        self._chunks = checked.chunks
        self._state = State()
        self._of_file = (courier_file.c.device == device.id) & (courier_file.c.line == self._line)
        self._of_chunk = (courier_chunk.c.device == device.id) & (
            courier_chunk.c.line == self._line
        )
        with database.read() as connection:
            jwks = device_jwks(connection, device.id)
        assert jwks is not None
        self._receiver = public_key(jwks, "enc")

    def taken(self, *, duplicate: bool) -> Taken:
        state = self._state
        return Taken(
            self._device.id,
            self._line,
            self._device.organisation_id,
            self._counter,
            state.taken,
            state.differing,
            state.refused,
            state.held_back,
            duplicate,
        )

    def begin(self) -> bool:
        """Note that the file is being taken in; False where it was finished before."""
        with self._database.write() as connection:
            row = connection.execute(select(courier_file).where(self._of_file)).first()
            if row is not None and row.counter >= self._counter:
                if row.digest != self._digest:
                    raise _stale(row.counter, self._counter)
                if self._has_reply(connection):
                    self._state = State(
                        row.done,
                        row.number,
                        row.before,
                        frozenset(json.loads(row.failed)),
                        row.taken,
                        row.differing,
                        row.refused,
                        row.held_back,
                    )
                    return row.finished is None
                if row.finished is not None:
                    raise _replaced(self._counter)
            # Only the reply to the file that came last is kept, whatever line it is of.
            of_device = courier_chunk.c.device == self._device.id
            connection.execute(delete(courier_chunk).where(of_device))
            connection.execute(delete(courier_file).where(self._of_file))
            connection.execute(
                insert(courier_file).values(
                    device=self._device.id,
                    line=self._line,
                    counter=self._counter,
                    digest=self._digest,
                    reply=self._reply,
                    done=0,
                    number=0,
                    before="",
                    failed="[]",
                    taken=0,
                    differing=0,
                    refused=0,
                    held_back=0,
                    began=self._database.now(),
                )
            )
            cover = {
                "t": "cover",
                "kind": REPLY,
                "organisation": self._device.organisation_id,
                "number": self._counter,
                "made_at": wire.instant(self._database.now()),
            }
            self._seal(connection, [(cover, b"")])
            self._keep(connection)
        return True

    def _has_reply(self, connection: Connection) -> bool:
        """Whether the reply is still there: a file of another line takes its place."""
        first = self._of_chunk & (courier_chunk.c.number == 0)
        return connection.scalar(select(courier_chunk.c.number).where(first)) is not None

    def carry_out(self, number: int, chunk: Chunk) -> None:
        """Do one chunk and note it, in one transaction; nothing where it was done before."""
        if number < self._state.done:
            return
        before = replace(self._state)
        try:
            with self._database.write() as connection:
                self._demand_first(connection)
                work = Work(self._device.organisation_id, self._database.now, self._state)
                answers = work.execute(connection, list(chunk.items()))
                if answers:
                    self._seal(connection, answers)
                if work.types:
                    self._note(connection, access_log.types_text(work.types), len(work.types))
                self._state.done = number + 1
                self._keep(connection)
        except BaseException:
            self._state = before
            raise

    def answer(
        self,
        searches: Sequence[dict[str, Any]],
        wanted: Sequence[tuple[str, str]],
        last: Any,
        progress: Progress,
    ) -> None:
        """Add the news that the device asks for, and end the reply.

        ``last``: versions that the device was told last. Where one is not known here, this
        database was put back from an older copy, and the device gets everything to compare.
        """
        with self._database.write() as connection:
            # What a broken import left of the news is made anew.
            connection.execute(
                delete(courier_chunk).where(
                    self._of_chunk, courier_chunk.c.number >= self._state.number
                )
            )
        organisation = self._device.organisation_id
        pages = handed_out = 0
        with self._database.read() as reader:
            for items in owed(reader, organisation, wanted):
                self._add(items)
            put_back = not knows_all(reader, last)
            for items in news(reader, organisation, searches, anew=put_back):
                self._add(items)
                pages += 1
                handed_out += sum(head.get("count", 0) for head, _ in items)
                progress("fetching", pages, 0)
        state = self._state
        end = {
            "t": "end",
            "taken": state.taken,
            "differing": state.differing,
            "refused": state.refused,
            "held_back": state.held_back,
            "put_back": put_back,
        }
        with self._database.write() as connection:
            self._demand_first(connection)
            self._seal(connection, [(end, b"")], last=True)
            self._keep(connection, finished=self._database.now())
            self._note(connection, None, handed_out)

    def _add(self, items: list[Item]) -> None:
        with self._database.write() as connection:
            self._seal(connection, items)

    def _note(self, connection: Connection, types: str | None, count: int) -> None:
        entry = access_log.Entry(
            self._device.id, self._device.organisation_id, "courier", types, count=count
        )
        access_log.record(connection, entry, self._database.now())

    def _seal(self, connection: Connection, items: Sequence[Item], *, last: bool = False) -> None:
        head = {
            "kind": REPLY,
            "file": f"reply-{self._reply}"[:80],
            "from": self._keys.signing["kid"],
            "line": self._line,
            "counter": self._counter,
        }
        sealer = Sealer(
            self._keys.signing,
            self._receiver,
            head,
            number=self._state.number,
            before=self._state.before,
        )
        text = sealer.seal(items, last=last)
        connection.execute(
            insert(courier_chunk).values(
                device=self._device.id, line=self._line, number=self._state.number, text=text
            )
        )
        self._state.number, self._state.before = sealer.number, sealer.before

    def _keep(self, connection: Connection, finished: int | None = None) -> None:
        state = self._state
        connection.execute(
            update(courier_file)
            .where(self._of_file)
            .values(
                done=state.done,
                number=state.number,
                before=state.before,
                failed=json.dumps(sorted(state.failed)),
                taken=state.taken,
                differing=state.differing,
                refused=state.refused,
                held_back=state.held_back,
                finished=finished,
            )
        )

    def _demand_first(self, connection: Connection) -> None:
        """Nobody else may take in a file of the same PC at the same time, or shut it out."""
        row = connection.execute(
            select(courier_file.c.digest, courier_file.c.done, courier_file.c.finished).where(
                self._of_file
            )
        ).first()
        same = row is not None and (row.digest, row.done, row.finished) == (
            self._digest,
            self._state.done,
            None,
        )
        if not same or not self._has_reply(connection):
            raise StoreBusy(
                tr(
                    "A courier file of the same PC is being taken in by somebody else. What was "
                    "done is kept. Wait for the other one to end, then repeat."
                )
            )
        found = find_device(connection, self._device.id)
        if found is None or found.revoked is not None:
            raise _revoked()


def _sender(database: Database, head: Head) -> tuple[Device, Jwk]:
    """The device that a file says it is from, and its signing key."""
    with database.read() as connection:
        found = find_device(connection, str(head.get("from"))[:64])
        jwks = None if found is None else device_jwks(connection, found.id)
    if found is None or jwks is None:
        raise CourierRefused(
            "unknown_sender",
            tr(
                "The PC that made this courier file has not joined this hospital. Nothing was "
                "changed. Let the PC join first, then export again."
            ),
        )
    if found.revoked is not None:
        raise _revoked()
    return found, public_key(jwks, "sig")


def _stale(known: int, number: int) -> CourierRefused:
    return CourierRefused(
        "stale",
        tr(
            "This courier file (number {number}) is older than the one that was taken in from "
            "the same PC (number {known}). Nothing was changed. Use the newest file."
        ).format(number=number, known=known),
    )


def _replaced(number: int) -> CourierRefused:
    return CourierRefused(
        "stale",
        tr(
            "This courier file (number {number}) was taken in before, and its reply gave way to "
            "that of another file of the same PC. Nothing was changed. Use the newest file, or "
            "export a new one."
        ).format(number=number),
    )


def _revoked() -> CourierRefused:
    return CourierRefused(
        "revoked",
        tr(
            "The access of the PC that made this courier file was withdrawn by this hospital. "
            "Nothing was changed; the records are safe on that PC. Let it join again."
        ),
    )
