"""Keeps a store of this release for the tests of later ones: ``python -m tools.store_fixture``.

A small encrypted sample store of the present shape is written to
``tests/fixtures/stores/REVISION``: sample residents, everything still waiting to be sent. Run it
once for every revision, and never change what an earlier release left there.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import date
from pathlib import Path
from shutil import copyfile

from app.care.sample.county import SampleRequest, make_sample_store
from app.models import keyring
from app.models.migrations.revisions import HEAD
from app.models.store import Store, open_store

PASSWORD = "fixture-password"
LOGIN = "sample"
PLACE = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "stores"


def write(place: Path) -> None:
    """Write the store and what it holds (``content.json``) into ``place``."""
    place.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        request = SampleRequest(
            residents=4, seed=18, pending_check_ins=3, queue_everything=True, on=date(2026, 3, 2)
        )
        made = make_sample_store(folder, request, PASSWORD)
        ring = keyring.load(folder)
        _, data_key = keyring.unlock(ring, LOGIN, PASSWORD)
        store = open_store(folder, data_key, ring.organisation_id)
        _shrink(store)
        store.snapshot(place / "store.db")
        store.close()
        copyfile(folder / keyring.ACCOUNTS_FILE, place / keyring.ACCOUNTS_FILE)
    content = {
        "organisation_id": ring.organisation_id,
        "residents": made.residents,
        "follow_ups": made.follow_ups,
        "check_ins": made.check_ins,
        "queued": made.queued,
    }
    (place / "content.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _shrink(store: Store) -> None:
    with store._engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("VACUUM")


def main() -> int:
    """Write the fixture of this release; 1 where it is there already."""
    place = PLACE / HEAD
    if place.exists():
        print(f"{place.name} is there already; a kept store is never changed", file=sys.stderr)
        return 1
    write(place)
    print(f"{place.name}: {(place / 'store.db').stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
