"""One server process for a module's tests, and a device of each organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.postgres import Cluster, why_not
from tests.server.referrals import Referral
from tests.server.serving import LEAD, NORTH, SOUTH, Client, ServerProcess, write_directory

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@pytest.fixture(scope="session")
def directory_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_directory(tmp_path_factory.mktemp("county") / "directory.json")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], Cluster]]:
    """The test process's own PostgreSQL, started when a test first asks for it."""
    clusters: list[Cluster] = []

    def cluster() -> Cluster:
        if reason := why_not():
            pytest.skip(reason)
        if not clusters:
            clusters.append(Cluster())
        return clusters[0]

    yield cluster
    for one in clusters:
        one.remove()


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def kind(request: pytest.FixtureRequest) -> str:
    """The database system under the server: every test that has a server runs on both."""
    return str(request.param)


@pytest.fixture
def new_database(kind: str, postgres: Callable[[], Cluster]) -> Callable[[], str | None]:
    """URLs of fresh databases of this kind; None stands for the data folder's own file."""
    return postgres().new_database if kind == POSTGRESQL else lambda: None


class _Shared:
    """One running server a kind, and one device of each organisation on it."""

    def __init__(self, process: ServerProcess) -> None:
        self.process = process
        self.clients: dict[str, Client] = {}

    def client(self, organisation: str) -> Client:
        if organisation not in self.clients:
            self.clients[organisation] = self.process.enrol(organisation)
        return self.clients[organisation]


@pytest.fixture(scope="session")
def _running() -> Iterator[dict[str, _Shared]]:
    running: dict[str, _Shared] = {}
    yield running
    for shared in running.values():
        for client in shared.clients.values():
            client.close()
        if shared.process.running:
            shared.process.stop()


@pytest.fixture
def shared(
    kind: str,
    new_database: Callable[[], str | None],
    tmp_path_factory: pytest.TempPathFactory,
    directory_file: Path,
    _running: dict[str, _Shared],
) -> _Shared:
    if kind not in _running:
        folder = tmp_path_factory.mktemp("server")
        process = ServerProcess(folder, directory_file, database_url=new_database())
        _running[kind] = _Shared(process.start())
    return _running[kind]


@pytest.fixture
def server(shared: _Shared) -> ServerProcess:
    """A running server, shared: tests keep apart by making records of their own."""
    return shared.process


@pytest.fixture
def own_server(
    tmp_path: Path, directory_file: Path, new_database: Callable[[], str | None]
) -> Iterator[ServerProcess]:
    """A server of the test's own, to stop, kill or fill."""
    process = ServerProcess(tmp_path / "server", directory_file, database_url=new_database())
    process.start()
    yield process
    if process.running:
        process.stop()


@pytest.fixture
def enrolled(shared: _Shared) -> Callable[[str], Client]:
    return shared.client


@pytest.fixture
def lead(enrolled: Callable[[str], Client]) -> Client:
    return enrolled(LEAD)


@pytest.fixture
def north(enrolled: Callable[[str], Client]) -> Client:
    return enrolled(NORTH)


@pytest.fixture
def south(enrolled: Callable[[str], Client]) -> Client:
    return enrolled(SOUTH)


@pytest.fixture
def referral(north: Client) -> Referral:
    """A stored referral from the north centre to the lead hospital."""
    return Referral(north)
