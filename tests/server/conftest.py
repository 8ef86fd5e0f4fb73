"""One server process for a module's tests, and a device of each organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.referrals import Referral
from tests.server.serving import LEAD, NORTH, SOUTH, Client, ServerProcess, write_directory


@pytest.fixture(scope="session")
def directory_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_directory(tmp_path_factory.mktemp("county") / "directory.json")


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, directory_file: Path
) -> Iterator[ServerProcess]:
    """A running server, shared: tests keep apart by making records of their own."""
    process = ServerProcess(tmp_path_factory.mktemp("server"), directory_file).start()
    yield process
    if process.running:
        process.stop()


@pytest.fixture
def own_server(tmp_path: Path, directory_file: Path) -> Iterator[ServerProcess]:
    """A server of the test's own, to stop, kill or fill."""
    process = ServerProcess(tmp_path / "server", directory_file).start()
    yield process
    if process.running:
        process.stop()


@pytest.fixture(scope="session")
def enrolled(server: ServerProcess) -> Iterator[Callable[[str], Client]]:
    clients: dict[str, Client] = {}

    def client(organisation: str) -> Client:
        if organisation not in clients:
            clients[organisation] = server.enrol(organisation)
        return clients[organisation]

    yield client
    for one in clients.values():
        one.close()


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
