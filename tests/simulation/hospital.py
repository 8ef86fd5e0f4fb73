"""The lead hospital's server, called in this process: the real application on a real file."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from app.server import answering, web
from app.server.database import FILE_NAME, Database
from app.server.directory import load_directory
from app.server.main import default_directory
from tests.simulation.machines import Fate, share_statements
from tests.simulation.timeline import Timeline, WrongClock

BASE = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it left a PC."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_transaction(self) -> bool:
        return self.method == "POST" and self.target == "/fhir"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class _AtOnce(Executor):
    """Runs each job where it is given: the simulator decides what happens at the same time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 — handed on to whoever asks
            future.set_exception(error)
        return future


class _NoLog:
    """Stands for the log of reads, which has a thread of its own."""

    def __init__(self, _database: Database) -> None: ...

    def add(self, _entry: object) -> None: ...

    def close(self) -> None: ...


@dataclass
class Hospital:
    """The server's machine: its files, its clock, its process."""

    folder: Path
    timeline: Timeline
    clock: WrongClock = field(init=False)
    fate: Fate = field(default_factory=Fate)
    backups: list[Path] = field(default_factory=list)
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.clock = WrongClock(self.timeline)
        self._loop = asyncio.new_event_loop()
        self._start()

    def _start(self) -> None:
        self.database = Database(self.folder, wall_clock=self.clock)
        self.fate.reset()
        share_statements(self.database.engine, self.database._writers)
        self.fate.listen(self.database.engine, sqlite3.OperationalError)
        with (
            patch.object(answering, "ThreadPoolExecutor", lambda **_: _AtOnce()),
            patch.object(answering, "AccessLog", _NoLog),
        ):
            self._app = web.make_app(self.database, "simulated")

    def load_directory(self) -> None:
        load_directory(self.database, default_directory())

    def restart(self) -> None:
        """The process ends, whatever it was doing, and starts again."""
        self.fate.reset()
        self.database.close()
        self._start()

    def close(self) -> None:
        self.fate.reset()
        self.database.close()
        self._loop.close()

    def back_up(self) -> None:
        """Copy the database as it stands."""
        target = self.folder / f"backup-{len(self.backups)}.db"
        source = sqlite3.connect(self.folder / FILE_NAME)
        copy = sqlite3.connect(target)
        try:
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        self.backups.append(target)

    def restore(self, number: int) -> None:
        """Begin again from an earlier copy of the database."""
        self.database.close()
        for extra in self.folder.glob(FILE_NAME + "*"):
            extra.unlink()
        shutil.copyfile(self.backups[number], self.folder / FILE_NAME)
        self.fate.commits += 1
        self._start()

    def answer(self, request: Request) -> Response:
        """Carry a request out. Raises Killed where the server dies of it."""
        return self._loop.run_until_complete(self._answer(request))

    async def _answer(self, request: Request) -> Response:
        path, _, query = request.target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in request.headers],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }
        came = False

        async def receive() -> dict[str, Any]:
            nonlocal came
            if came:
                return {"type": "http.disconnect"}
            came = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        start: dict[str, Any] = {}
        body: list[bytes] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.append(message.get("body", b""))

        await self._app(scope, receive, send)
        headers = [(k.decode(), v.decode()) for k, v in start["headers"]]
        date = format_datetime(self.clock.now().replace(microsecond=0), usegmt=True)
        return Response(start["status"], (*headers, ("date", date)), b"".join(body))

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands in the server's database, for whoever checks."""
        with self.database.read() as connection:
            cursor = connection.exec_driver_sql(statement, tuple(values))
            return [tuple(row) for row in cursor]


def content_of(text: str) -> dict[str, Any]:
    """A stored resource as it is kept, without id and type."""
    found: dict[str, Any] = json.loads(text)
    return found


def quiet_logs() -> None:
    """The server's log lines of faults that the simulator makes on purpose."""
    logging.getLogger("township_care.server").setLevel(logging.CRITICAL)
