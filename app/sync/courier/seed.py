"""A new PC without a network: a request for a seed file, and the seed file that comes back."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app import courier_file as container
from app import courier_refusals
from app.care.backups import before_import
from app.courier_drive import written
from app.courier_file import SEED, Head, Item
from app.courier_refusals import CourierRefused
from app.i18n import tr
from app.keys import Jwk, check_jwks, fingerprint, public_key
from app.models import backup
from app.models.actor import Actor
from app.models.store import Store
from app.sync import state
from app.sync.changes import Changed, Changes
from app.sync.courier import Progress, RequestMade, Seeded, SeedInfo, keeping
from app.sync.courier.news import News
from app.sync.courier.outgoing import question
from app.sync.device import device_keys
from app.sync.enrol import join
from app.sync.policy import Portion
from app.sync.pull import scopes
from app.sync.state import ServerAccount

#: Stands for the hospital's address until somebody types it (RFC 2606: it leads nowhere).
NO_ADDRESS = "https://hospital.invalid/fhir"
#: Nobody waits for a save on a PC that is being filled.
_SECONDS, _ROWS = 0.5, 1000
REQUEST_TYPE = "township-care-seed-request"


def make_request(store: Store, actor: Actor, path: Path, device: str | None) -> RequestMade:
    """See ``courier.make_request``."""
    keys = device_keys(store).public()
    document = {
        "type": REQUEST_TYPE,
        "format": container.FORMAT,
        "device": (device or platform.node() or "PC")[:200],
        "organisation": store.organisation_id,
        "jwks": keys,
        "searches": [question(scope, {}) for scope in scopes(store.organisation_id)],
    }
    with written(path) as out:
        for line in json.dumps(document, indent=1).splitlines():
            out.line(line)
    with store.apply_remote() as session:
        keeping.audit(session, actor, store.clock.now(), "courier_request")
    return RequestMade(path, fingerprint(keys))


def read_seed(store: Store, path: Path) -> SeedInfo:
    """See ``courier.read_seed``."""
    source = _Source(store)
    first = next(container.read_chunks(path, source.keys, source.find_key))
    source.demand_seed(first.head)
    _joined(store, source.server)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise courier_refusals.drive_fault(error) from error
    cover = source.cover
    return SeedInfo(
        str(cover.get("name") or ""),
        state.instant(cover.get("made_at")),
        _records(cover),
        size,
        fingerprint(source.server),
    )


def import_seed(
    store: Store,
    actor: Actor,
    path: Path,
    expected: str,
    progress: Progress,
    on_change: Callable[[Changed], None] | None = None,
) -> Seeded:
    """See ``courier.import_seed``."""
    source = _Source(store)
    checked = container.check(
        path,
        source.keys,
        source.find_key,
        progress=lambda done, of: progress("checking", done, of),
    )
    source.demand_seed(checked.head)
    if _digits(expected) != _digits(fingerprint(source.server)):
        raise CourierRefused(
            "fingerprint",
            tr(
                "The number that was typed is not that of the hospital that made this seed file. "
                "Nothing was changed. Ask the hospital for its number by telephone once more; if "
                "it was typed as it was told, the file is not this hospital's."
            ),
        )
    answer = source.cover["answer"]
    joined = _joined(store, source.server)
    base = answer.get("fhir_base") or (NO_ADDRESS if joined is None else joined.base)
    kept = keeping.load(store)
    begun = kept.done if kept.taking == checked.digest else 0
    if not begun:
        before_import(store, backup.SEED)
        join(store, base, answer, same_server=joined is not None)
    changes = Changes(on_change)
    news = News(store, changes, portion=Portion(_SECONDS, _ROWS, _ROWS), much=True)
    of = _records(source.cover)
    seen = 0
    for at, chunk in enumerate(container.read_chunks(path, source.keys, source.find_key)):
        checked.demand_same(chunk)
        items = list(chunk.items())
        seen += sum(int(head.get("count", 0)) for head, _ in items)
        if at < begun:
            news.remember(items)
            continue
        news.take_in(items)
        # The last note says that the whole file was taken in.
        last = at + 1 == checked.chunks
        with store.apply_remote() as session:
            kept = keeping.read(session)
            kept.taking, kept.done = checked.digest, at + 1
            keeping.save(session, kept)
            if last:
                numbers = {"number": 0, "received": news.received}
                keeping.audit(session, actor, store.clock.now(), "courier_seed", **numbers)
        progress("placing", min(seen, of), of)
    news.make_due(lambda: progress("placing", of, of))
    changes.tell(at_once=True)
    return Seeded(seen, resumed=0 < begun < checked.chunks)


class _Source:
    """Reads a seed file's own word on who made it; a person compares the fingerprint."""

    def __init__(self, store: Store) -> None:
        self.keys = device_keys(store)
        self.server: dict[str, Any] = {}
        self.cover: dict[str, Any] = {}
        self._organisation = store.organisation_id

    def find_key(self, head: Head, items: Callable[[], Iterator[Item]]) -> Jwk:
        """The hospital's key as the file itself tells it."""
        cover = next(items(), ({}, b""))[0]
        answer = cover.get("answer")
        if head.get("kind") != SEED or not isinstance(answer, dict):
            raise _no_seed()
        try:
            self.server = check_jwks(answer.get("server_keys"))
        except ValueError:
            raise courier_refusals.tampered() from None
        key = public_key(self.server, "sig")
        if head.get("from") != key["kid"]:
            raise courier_refusals.tampered()
        self.cover = cover
        return key

    def demand_seed(self, head: Head) -> None:
        """Refuse a seed file of another organisation."""
        if head.get("kind") != SEED:
            raise _no_seed()
        if self.cover.get("organisation") != self._organisation:
            raise courier_refusals.misaddressed()


def _joined(store: Store, offered: dict[str, Any]) -> ServerAccount | None:
    """The hospital of the seed as this PC has joined it; None on a PC that joined none.

    Its keys prove that it is the same one. Refuses where this PC has joined another one: the
    seed would cut it off from there.
    """
    with store.read() as session:
        account = state.account(session)
        known = state.load(session, state.SERVER_KEYS)
    if account is None:
        return None
    if not known or fingerprint(known) != fingerprint(offered):
        raise CourierRefused(
            "unexpected",
            tr(
                "This PC has joined another server than the one this seed file is from. Nothing "
                "was changed; it goes on with its own server. To change to this hospital, join "
                "it with an enrolment code first."
            ),
        )
    return account


def _no_seed() -> CourierRefused:
    return CourierRefused(
        "unexpected",
        tr(
            "This is no seed file for a new PC. Nothing was changed. Choose the file that the "
            "hospital made for this PC."
        ),
    )


def _records(cover: dict[str, Any]) -> int:
    count = cover.get("records")
    return count if isinstance(count, int) and count >= 0 else 0


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())
