"""Update packages of the program from the county hospital's server, where it has some.

Fetched in parts into ``updates`` in the data folder; after a break it goes on with the next part.
A part takes a moment of the line, and none begins while an emergency letter is on its way (G16).
What arrives is only a file: whether it is an update of ours is for ``app.update.package`` to say.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app import __version__
from app.care.updates import update_state
from app.errors import EnvironmentFault
from app.i18n import tr
from app.models.faults import environment_faults
from app.models.store import Store
from app.sync import connection, link, queue, state
from app.update import versions
from app.update.package import LARGEST, SUFFIX, Progress

FOLDER = "updates"
#: Bytes of the first part; the next ones are as large as crosses in ``_SECONDS``.
FIRST_PART, _LEAST_PART, _LARGEST_PART = 16 * 1024, 4 * 1024, 256 * 1024
_SECONDS = 2.0
#: An emergency that is not held after so long does not wait for the line: the update goes on.
_MOST_SECONDS, _LOOK_SECONDS = 120.0, 0.25
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_IN_NAME = re.compile(r"(\d+\.\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class CountyOffer:
    """A package on the server. ``version``: what its name says; the signature tells the truth."""

    name: str
    version: str
    size: int
    sha256: str


def find_update(store: Store) -> CountyOffer | None:
    """The newest package on the server for this kind of machine, None where nothing is newer.

    Newer than the running version and than one that waits for the next start: 57 MB are not
    fetched twice over a slow line. Raises ``LinkFault`` without a connection, ``EnvironmentFault``
    where this PC never joined, and where all that is newer has failed here.
    """
    with closing(_transport(store)) as transport:
        answer = transport.beside("/updates")
    if answer.status == 404:
        return None  # a record server that hands out no updates
    if not answer.fine or answer.resource is None:
        raise link.garbage()
    offers = [_offer(one) for one in answer.resource.get("parameter", ()) if isinstance(one, dict)]
    here, machine = update_state(store.folder), versions.platform_name()
    beside = max(versions.key(__version__), versions.key(here.waiting))
    newer = [
        one
        for one in offers
        if one is not None and versions.key(one.version) > beside and machine in one.name
    ]
    fitting = [one for one in newer if one.version not in here.failed]
    if newer and not fitting:
        raise _failed_before(max(newer, key=_order).version)
    return max(fitting, key=_order, default=None)


def fetch_update(
    store: Store,
    offer: CountyOffer,
    progress: Progress = lambda done, of: None,
    *,
    give_way: bool = True,
) -> Path:
    """Fetch a package; its file. Goes on where an earlier try was cut.

    ``give_way``: leave the line to emergencies, where a courier runs that sends them. Raises
    ``LinkFault`` or ``Stopped`` (what arrived is kept), ``DiskFull``.
    """
    folder = store.folder / FOLDER
    whole, part = folder / offer.name, folder / f"{offer.sha256}.part"
    with environment_faults(folder):
        folder.mkdir(exist_ok=True)
        _clear(folder, (whole, part))
        if whole.exists() and _digest(whole) == offer.sha256:
            return whole
        first = _Emergencies(store)
        with closing(_transport(store)) as transport, part.open("ab") as file:
            size = FIRST_PART
            while (done := file.tell()) < offer.size:
                progress(done, offer.size)
                while give_way and first.have_the_line():
                    time.sleep(_LOOK_SECONDS)
                    progress(done, offer.size)
                began = time.monotonic()
                piece = _part(transport, offer, done, size)
                file.write(piece)
                file.flush()
                size = _next_size(len(piece), time.monotonic() - began)
            os.fsync(file.fileno())
        if _digest(part) != offer.sha256:
            part.unlink()
            raise EnvironmentFault(
                tr(
                    "The update did not arrive as it was sent. Nothing was changed. Fetch it "
                    "again, or take it from a stick."
                )
            )
        os.replace(part, whole)
    progress(offer.size, offer.size)
    return whole


class _Emergencies:
    """What goes before an update, until it is held or has had its time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: dict[tuple[int, str], float] = {}

    def have_the_line(self) -> bool:
        """Whether one of them needs the line now."""
        with self._store.read() as session:
            waiting = queue.emergencies(session)
        now = time.monotonic()
        self._since = {one: self._since.get(one, now) for one in waiting}
        return any(now - since < _MOST_SECONDS for since in self._since.values())


def _next_size(size: int, seconds: float) -> int:
    """Of the next part, after one of ``size`` bytes took so long."""
    fitting = int(size * _SECONDS / max(seconds, 0.001))
    return max(_LEAST_PART, min(fitting, 4 * size, _LARGEST_PART))


def drop_fetched(store: Store) -> None:
    """Remove what was fetched: it is installed."""
    _clear(store.folder / FOLDER, ())


def _part(transport: Any, offer: CountyOffer, start: int, most: int) -> bytes:
    answer = transport.beside(
        f"/updates/{quote(offer.name)}?from={start}&most={most}&of={offer.sha256}", raw=True
    )
    if answer.status in (404, 409):
        raise EnvironmentFault(
            tr(
                "The county hospital has replaced this update meanwhile. Nothing was changed. Ask "
                "for updates again."
            )
        )
    data = (answer.resource or {}).get("data") if answer.fine else None
    if not isinstance(data, bytes) or not data or start + len(data) > offer.size:
        raise link.garbage()
    return data


def _transport(store: Store) -> Any:
    with store.read() as session:
        account = state.account(session)
    if account is None:
        raise EnvironmentFault(
            tr(
                "This PC has not joined the county hospital, so it cannot fetch updates from it. "
                "Nothing was changed. Take the update from a stick."
            )
        )
    return connection.connect(store, account)


def _offer(parameter: Mapping[str, Any]) -> CountyOffer | None:
    """One line of the list; None for what is none, whatever the server says."""
    found: dict[str, Any] = {}
    parts = parameter.get("part")
    for one in parts if isinstance(parts, list) else ():
        if isinstance(one, dict):
            found[str(one.get("name"))] = one.get("valueString", one.get("valueInteger"))
    name, size, digest = found.get("name"), found.get("size"), found.get("sha256")
    if not (isinstance(name, str) and _NAME.match(name) and name.endswith(SUFFIX)):
        return None
    if not (isinstance(digest, str) and _DIGEST.match(digest)):
        return None
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= LARGEST:
        return None
    version = _IN_NAME.search(name)
    if version is None:
        return None
    return CountyOffer(name, version.group(1), size, digest)


def _order(offer: CountyOffer) -> tuple[int, ...]:
    return versions.key(offer.version)


def _failed_before(version: str) -> EnvironmentFault:
    return EnvironmentFault(
        tr(
            "The county hospital has only version {version}, which did not start properly on "
            "this PC. It was not fetched again and nothing was changed. Tell the county "
            "hospital; to try the same version once more, take it from a stick."
        ).format(version=version)
    )


def _clear(folder: Path, but: tuple[Path, ...]) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            if path not in but and path.suffix in (".part", SUFFIX):
                path.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
