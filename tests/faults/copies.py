"""Helpers of the tests about copies that are put back: files copied by hand, contents compared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.clock import Clock
from app.fhir import mapping
from app.models.records import KINDS, fetch
from app.models.store import STORE_FILE, Store, open_store
from app.sync.engine import SyncEngine
from app.sync.merge import BOOKKEEPING
from tests.server.serving import Client, ServerProcess
from tests.sync.conftest import Clinic

Content = dict[tuple[str, str], dict[str, Any]]
_OWN = ("resident", "condition", "follow_up", "rehab_plan", "check_in", "referral")


def reopen(clinic: Clinic, clock: Clock | None = None) -> Store:
    """The program is closed and started again."""
    clinic.engine.close()
    clinic.store.close()
    store = open_store(
        clinic.store.folder,
        clinic.store.wrap_key(),
        clinic.store.organisation_id,
        clock or clinic.store.clock,
    )
    _take(clinic, store)
    return store


def _take(clinic: Clinic, store: Store) -> None:
    before = clinic.engine
    clinic.store = store
    clinic.engine = SyncEngine(store, before.policy, connect=before._connect)


def copy_store(clinic: Clinic, name: str = "copy") -> Path:
    """Somebody copies the file of the store by hand while the program is closed."""
    clinic.engine.close()
    clinic.store.close()
    copy = clinic.store.folder.parent / f"{clinic.store.folder.name}-{name}.db"
    shutil.copyfile(clinic.store.path, copy)
    reopen(clinic)
    return copy


def put_store_back(clinic: Clinic, copy: Path) -> Store:
    """Somebody copies the file back over the store."""
    clinic.engine.close()
    clinic.store.close()
    for old in clinic.store.folder.glob(STORE_FILE + "*"):
        old.unlink()
    shutil.copyfile(copy, clinic.store.path)
    return reopen(clinic)


def copy_server(server: ServerProcess, name: str = "server-copy") -> Path:
    """A backup of the server: its data folder, copied while it stands still."""
    server.stop()
    copy = server.data_dir.parent / name
    shutil.copytree(server.data_dir, copy)
    server.start()
    return copy


def put_server_back(server: ServerProcess, copy: Path) -> None:
    """The hospital puts an older copy of the server's data in place."""
    server.stop()
    shutil.rmtree(server.data_dir)
    shutil.copytree(copy, server.data_dir)
    server.start()


def content(store: Store) -> Content:
    """What a PC holds, without who wrote it last."""
    found: Content = {}
    with store.read() as session:
        for kind in _OWN:
            ids = session.scalars(select(KINDS[kind].table.c.id)).all()
            for id_, record in fetch(session, kind, ids).items():
                found[kind, id_] = _plain(record)
    return found


def content_there(client: Client) -> Content:
    """What the server holds of the client's organisation, as this program reads it."""
    found: Content = {}
    for type_ in mapping.pulled_types:
        if type_ in ("Organization", "Practitioner"):
            continue
        path: str | None = f"/{type_}?_count=200"
        while path is not None:
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            bundle = answer.json()
            for entry in bundle.get("entry", ()):
                parsed = mapping.from_resource(entry["resource"])
                if parsed is not None and parsed[0] in _OWN:
                    found[parsed[0], parsed[1]["id"]] = _plain(parsed[1])
            path = next((n["url"] for n in bundle["link"] if n["relation"] == "next"), None)
    return found


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in BOOKKEEPING}
