"""A lead hospital's data folder without a running server, as the courier's commands open it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.models.actor import Actor
from app.models.store import Store
from app.server import courier as server_courier
from app.server import enrolment
from app.server.courier import Taken
from app.server.database import Database
from app.server.directory import load_directory
from app.server.main import default_directory
from app.sync import courier
from app.sync.courier import Imported
from app.sync.device import device_keys
from app.sync.enrol import join

ADDRESS = "https://hospital.example:8443/fhir"


class Hospital:
    """The sample county's server, closed to the network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder)
        load_directory(self.database, default_directory())

    def admit(self, store: Store, address: str = ADDRESS) -> str:
        """Enrol a store's PC; its device id."""
        with self.database.write() as connection:
            device = enrolment.admit(
                connection,
                store.organisation_id,
                "PC",
                device_keys(store).public(),
                self.database.now(),
            )
            answer = enrolment.answer(connection, device, address)
        join(store, address, answer)
        return device

    def take_in(self, path: Path, reply: Path) -> Taken:
        """As ``courier import FILE --reply REPLY`` does."""
        taken = server_courier.take_in(self.database, path)
        server_courier.write_reply(self.database, taken, reply)
        return taken

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """What the database holds."""
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def records(self) -> dict[tuple[str, str], str]:
        """Every record with its version."""
        rows = self.rows("SELECT type, id, version FROM resource WHERE type <> 'Organization'")
        return {(type_, id_): version for type_, id_, version in rows}

    def content(self) -> list[tuple[Any, ...]]:
        """All that a file could change, to be compared before and after."""
        return [
            *self.rows("SELECT type, id, version, content FROM resource ORDER BY type, id"),
            *self.rows("SELECT device, line, counter, done FROM courier_file ORDER BY device"),
            *self.rows("SELECT id, revoked FROM device ORDER BY id"),
        ]

    def close(self) -> None:
        self.database.close()


@dataclass
class PC:
    """One PC with a stick: a store, who works there, and a folder that plays the drive."""

    store: Store
    actor: Actor
    drive: Path
    device: str = ""

    def export(self, name: str = "out.courier") -> Path:
        path = self.drive / name
        courier.export_file(self.store, self.actor, path)
        return path

    def take_in(self, path: Path) -> Imported:
        return courier.import_file(self.store, self.actor, path)

    def round(self, hospital: Hospital) -> Imported:
        """There and back once."""
        out = self.export()
        reply = self.drive / "reply.courier"
        hospital.take_in(out, reply)
        return self.take_in(reply)
