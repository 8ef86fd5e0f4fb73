"""Updates from the county hospital's server: only for PCs that joined, in parts, going on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import EnvironmentFault
from app.models.actor import Actor
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync import updates
from app.sync.enrol import enrol
from app.sync.link import LinkFault
from app.update import package, versions
from app.update.package import Stopped
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.update.making import PUBLIC, a_package, small_folder

MACHINE = versions.platform_name()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The server's folder of updates: an older, a newer, another machine's, and no update."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    made = small_folder(tmp_path / "made", {"parts/one": os.urandom(700_000)})
    a_package(folder / f"TownshipCare-9.0.0-{MACHINE}.tcupdate", "9.0.0", made)
    for name in (f"TownshipCare-0.0.1-{MACHINE}", "TownshipCare-9.9.0-win-arm64"):
        (folder / f"{name}.tcupdate").write_bytes(b"not for this PC")
    (folder / "secrets.txt").write_text("not to be handed out", encoding="utf-8")
    (folder / "link.tcupdate").symlink_to(folder / "secrets.txt")
    return folder


@pytest.fixture
def county(tmp_path: Path, shelf: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "server", updates=str(shelf)).start()
    yield process
    if process.running:
        process.stop()


@pytest.fixture
def joined(store: Store, actor: Actor, county: ServerProcess) -> Store:
    enrol(store, county.url, enrol_code(county.data_dir, TOWNSHIP_ID), "PC")
    return store


def test_the_newest_for_this_machine_is_found_fetched_and_is_what_was_signed(
    joined: Store, shelf: Path
) -> None:
    offer = updates.find_update(joined)
    assert offer is not None
    assert (offer.version, offer.size > 700_000) == ("9.0.0", True)
    seen: list[int] = []
    path = updates.fetch_update(joined, offer, lambda done, of: seen.append(done))
    assert path.read_bytes() == (shelf / offer.name).read_bytes()
    assert seen[0] == 0
    assert seen[-1] == offer.size
    assert package.verify(path, (PUBLIC,)).version == "9.0.0"
    # Once more costs nothing; after the installation nothing stays.
    again: list[int] = []
    assert updates.fetch_update(joined, offer, lambda done, of: again.append(done)) == path
    assert again == []
    updates.drop_fetched(joined)
    assert not list((joined.folder / updates.FOLDER).iterdir())


def test_it_goes_on_where_it_was_cut(joined: Store, county: ServerProcess) -> None:
    offer = updates.find_update(joined)
    assert offer is not None

    def cut(done: int, of: int) -> None:
        if done:
            county.kill()

    with pytest.raises(LinkFault):
        updates.fetch_update(joined, offer, cut)
    (part,) = (joined.folder / updates.FOLDER).iterdir()
    kept = part.stat().st_size
    assert kept == updates.FIRST_PART
    county.start()

    def stop(done: int, of: int) -> None:
        if done > kept:
            raise Stopped

    with pytest.raises(Stopped):
        updates.fetch_update(joined, offer, stop)
    seen: list[int] = []
    path = updates.fetch_update(joined, offer, lambda done, of: seen.append(done))
    assert seen[0] > kept
    assert package.verify(path, (PUBLIC,)).version == "9.0.0"


def test_a_file_that_was_replaced_meanwhile_is_not_mixed(joined: Store, shelf: Path) -> None:
    offer = updates.find_update(joined)
    assert offer is not None

    def replace(done: int, of: int) -> None:
        if done:
            (shelf / offer.name).write_bytes(b"another file" * 100_000)

    with pytest.raises(EnvironmentFault):
        updates.fetch_update(joined, offer, replace)
    assert not list((joined.folder / updates.FOLDER).glob(f"*{package.SUFFIX}"))


def test_nobody_else_gets_anything_and_nothing_else_is_handed_out(
    joined: Store, county: ServerProcess, shelf: Path
) -> None:
    import requests

    offer = updates.find_update(joined)
    assert offer is not None
    for path in ("/updates", f"/updates/{offer.name}?from=0&of={offer.sha256}"):
        assert requests.get(county.url + path, timeout=20).status_code == 401
        wrong = {"Authorization": "Bearer wrong"}
        assert requests.get(county.url + path, headers=wrong, timeout=20).status_code == 401
    client = county.enrol(TOWNSHIP_ID)
    listed = client.get(f"{county.url}/updates").json()["parameter"]
    names = {
        part["valueString"] for one in listed for part in one["part"] if part["name"] == "name"
    }
    assert names == {p.name for p in shelf.glob("TownshipCare-*")}
    asked = [
        "secrets.txt",
        "link.tcupdate",
        "..%2Fsecrets.txt",
        "%2e%2e/secrets.txt",
        "none.tcupdate",
    ]
    for name in asked:
        assert client.get(f"{county.url}/updates/{name}?from=0").status_code == 404
    right = f"{county.url}/updates/{offer.name}"
    assert client.get(f"{right}?from=0&of={'0' * 64}").status_code == 409
    assert client.get(f"{right}?from=-1&of={offer.sha256}").status_code == 400
    for most in ("0", "-1", "x", ""):
        assert client.get(f"{right}?from=0&most={most}&of={offer.sha256}").status_code == 400
    few = client.get(f"{right}?from=5&most=7&of={offer.sha256}")
    assert few.content == (shelf / offer.name).read_bytes()[5:12]
    client.close()


def test_a_server_without_updates_and_a_pc_that_never_joined(
    tmp_path: Path, store: Store, actor: Actor
) -> None:
    with pytest.raises(EnvironmentFault):
        updates.find_update(store)
    process = ServerProcess(tmp_path / "plain").start()
    try:
        enrol(store, process.url, enrol_code(process.data_dir, TOWNSHIP_ID), "PC")
        assert updates.find_update(store) is None
    finally:
        process.stop()
    with pytest.raises(LinkFault):
        updates.find_update(store)


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        [{"name": "name", "valueString": "../x-9.0.0.tcupdate"}],
        [
            {"name": "name", "valueString": "x-9.0.0.tcupdate"},
            {"name": "size", "valueInteger": 10**12},
            {"name": "sha256", "valueString": "0" * 64},
        ],
        [
            {"name": "name", "valueString": "x-9.0.0.tcupdate"},
            {"name": "size", "valueInteger": True},
            {"name": "sha256", "valueString": "0" * 64},
        ],
        [
            {"name": "name", "valueString": "x-9.0.0.tcupdate"},
            {"name": "size", "valueInteger": 10},
            {"name": "sha256", "valueString": "../" * 10},
        ],
    ],
)
def test_what_a_strange_server_offers_is_no_offer(parts: object) -> None:
    assert updates._offer({"part": parts}) is None
