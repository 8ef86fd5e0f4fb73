"""The embedded server of a small county, and a bench of two of its organisations."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from app.sync.contract import access, basics, bundles, command, kinds, searching, writing
from app.sync.contract.clauses import FAIL, Bench
from app.sync.contract.http import Server
from tests.server.serving import LEAD, NORTH, Client, ServerProcess, write_directory
from tests.sync.contract.spoiler import Spoiler


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("county")
    process = ServerProcess(folder / "server", write_directory(folder / "directory.json")).start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def north(server: ServerProcess) -> Client:
    return server.enrol(NORTH)


@pytest.fixture(scope="module")
def lead(server: ServerProcess) -> Client:
    return server.enrol(LEAD)


@pytest.fixture
def bench_at(north: Client, lead: Client) -> Iterator[Callable[[str], Bench]]:
    """``bench_at(url)``: the clauses' bench at an address that leads to the server."""
    made: list[Server] = []

    def bench(url: str) -> Bench:
        server = Server(url, north.token)
        other = server.with_token(lead.token)
        made.extend((server, other))
        return Bench(server, NORTH, other, LEAD)

    yield bench
    for server in made:
        server.close()


@pytest.fixture(scope="module")
def spoiler(server: ServerProcess) -> Iterator[Spoiler]:
    """A proxy before the server that spoils what a test chooses."""
    made = Spoiler(server.url).start()
    yield made
    made.stop()


def failed(bench: Bench, broken: str) -> set[str]:
    """The clauses that are not kept, among the broken one and its neighbours.

    ``CONTROLS=all`` in the environment (``make soak``) tries all clauses each time.
    """
    clauses = command.CLAUSES
    if os.environ.get("CONTROLS") != "all":
        areas = (basics, writing, bundles, searching, kinds, access)
        clauses = next(a.CLAUSES for a in areas if broken in {c.key for c in a.CLAUSES})
    return {f.key for f in command.run_clauses(bench, clauses) if f.outcome == FAIL}
