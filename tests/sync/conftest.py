"""A real server process with the sample county, and stores that are enrolled there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from app.models.actor import Actor
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync.engine import SyncEngine, SyncReport
from app.sync.enrol import change_address, enrol
from app.sync.policy import Policy
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.proxy import Proxy


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """The lead hospital's server of the sample county, empty, in its own process."""
    process = ServerProcess(tmp_path / "server").start()
    yield process
    if process.running:
        process.stop()


@pytest.fixture
def proxy(server: ServerProcess) -> Iterator[Proxy]:
    """A link to the server that fails on demand."""
    made = Proxy(server.url)
    yield made
    made.close()


@dataclass
class Clinic:
    """One PC: a store, who works there, and its courier."""

    store: Store
    actor: Actor
    engine: SyncEngine

    def sync(self, **options: bool) -> SyncReport:
        return self.engine.run_once(**options)


@pytest.fixture
def make_clinic(
    make_store: Callable[..., tuple[Store, Actor]], server: ServerProcess
) -> Iterator[Callable[..., Clinic]]:
    """``make_clinic(ORG_ID, link=proxy.url)``: an enrolled PC; its link may lead elsewhere."""
    made: list[Clinic] = []

    def make(
        organisation_id: str = TOWNSHIP_ID,
        *,
        link: str | None = None,
        silence: float | None = None,
        join: bool = True,
    ) -> Clinic:
        store, actor = make_store(organisation_id)
        if join:
            enrol(store, server.url, enrol_code(server.data_dir, organisation_id), "PC")
            if link is not None:
                change_address(store, link)

        def connect(account: ServerAccount, gzip_up: bool | None) -> Transport:
            # A sound link is slow only where the machine is busy; a bad one is to be given up.
            patience = silence or (30.0 if link is None else 5.0)
            timeouts = Timeouts(connect=5, silence=patience, whole=max(30.0, 2 * patience))
            return Transport(account.base, account.token, timeouts=timeouts, gzip_up=gzip_up)

        clinic = Clinic(store, actor, SyncEngine(store, Policy(Random(7)), connect=connect))
        made.append(clinic)
        return clinic

    yield make
    for clinic in made:
        clinic.engine.close()


@pytest.fixture
def township(make_clinic: Callable[..., Clinic]) -> Clinic:
    """An enrolled PC of a township health centre with a sound link."""
    return make_clinic(TOWNSHIP_ID)
