"""News in a courier file, placed as news of the network: whole, in order, with the cursor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from sqlalchemy.orm import Session

from app import courier_refusals
from app.courier_file import Item
from app.models.store import Store
from app.sync import files, restored, state
from app.sync.changes import Changes
from app.sync.link import Json
from app.sync.place import Placer
from app.sync.policy import Portion
from app.sync.pull import scopes
from app.sync.searches import Asker, Facts, address, version_of
from app.sync.transport import Transport
from app.sync.wire import Address

# A reply may be older than what the network brought since: the placer passes over states that
# are older than one it has seen.
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class _FromFile(Asker):
    """Answers what the network would be asked with what came along in the file."""

    def __init__(self) -> None:
        # Nobody to ask: a file has no transport.
        super().__init__(cast(Transport, None), Facts())
        self.pool: dict[Address, Json] = {}

    def by_id(self, wanted: Iterable[Address]) -> dict[Address, Json]:
        return {one: self.pool[one] for one in wanted if one in self.pool}


class News:
    """Takes in the news of one file."""

    def __init__(
        self, store: Store, changes: Changes, *, portion: Portion | None = None, much: bool = False
    ) -> None:
        """``portion``: rows in one transaction. ``much``: due work is made by ``make_due``."""
        self._store = store
        self._asker = _FromFile()
        self._placer = Placer(store, self._asker, changes, "courier", portion=portion)
        self._placer.much = much
        self._types = {scope.key: scope.type for scope in scopes(store.organisation_id)}
        # What the lists that came whole name, by list; and which of them came to their end.
        self._named: dict[str, set[str]] = {}
        self._whole: set[str] = set()
        self._put_back = False

    @property
    def received(self) -> int:
        """How many records were new here."""
        return self._placer.received

    def remember(self, items: Sequence[Item]) -> None:
        """What a chunk that was taken in before brought along for later ones."""
        for head, text in items:
            kind = head.get("t")
            if kind == "with":
                self._asker.pool.update((address(r), r) for r in _resources(text))
            elif kind == "page":
                self._name(str(head.get("key")), head, text)
            elif kind == "end":
                self._put_back = head.get("put_back") is True

    def _name(self, key: str, head: dict[str, Any], text: bytes) -> None:
        """Note what a list names that is sent from its beginning again."""
        if head.get("anew") is True:
            self._named[key] = set()
        if key in self._named:
            self._named[key].update(id_ for _, id_ in map(address, _resources(text)))
            if head.get("end") is True:
                self._whole.add(key)

    def take_in(self, items: Sequence[Item]) -> None:
        """Place what a chunk holds."""
        self.remember(items)
        touched = False
        for head, text in items:
            kind = head.get("t")
            if kind == "page":
                self._page(head, text)
                touched = True
            elif kind == "owed":
                self._owed(text)
                touched = True
        if touched:
            self._placer.keep_orphans()

    def make_due(self, breathe: Callable[[], None]) -> None:
        """Make the due work of all residents who came; ``breathe`` is called again and again."""
        self._placer.make_due(breathe)

    def end(self) -> None:
        """What could not be placed is remembered for the next look. A server that was put back
        gets again what it lost, where its reply holds all lists to compare with."""
        # Parts of files came along with the descriptions that name them.
        files.fetch(self._store, self._asker, self._placer, lambda: None, most_seconds=math.inf)
        self._placer.keep_orphans()
        if self._put_back and self._whole == self._types.keys():
            listed: dict[str, set[str]] = {}
            for key, type_ in self._types.items():
                listed.setdefault(type_, set()).update(self._named[key])
            placer = self._placer
            restored.mend(self._store, self._asker, listed, placer.older, placer.earlier)

    def _page(self, head: dict[str, Any], text: bytes) -> None:
        key = head.get("key")
        if key not in self._types:
            raise courier_refusals.tampered()
        resources = _resources(text)
        times = [at for r in resources if (at := state.instant(version_of(r)[1]))]
        last = max(times, default=None)
        if last is None and head.get("end") is True and head.get("since") is None:
            # Read to its end and empty: from now on everything in it is news.
            last = _BEGINNING
        since = state.instant(head.get("since"))

        def move(session: Session) -> None:
            cursor = state.instant(state.load(session, key).get("at"))
            gap = since is not None and (cursor is None or cursor < since)
            # From its beginning again: the hospital's server was put back, and its times are not
            # those that the cursor is of.
            anew = head.get("anew") is True
            if last is not None and not gap and (anew or cursor is None or last > cursor):
                state.save(session, key, {"at": state.text_of(last)})

        self._placer.place(resources, move)

    def _owed(self, text: bytes) -> None:
        resources = _resources(text)
        self._placer.place(resources)
        found = {address(resource) for resource in resources}
        with self._store.apply_remote() as session:
            refs = state.load(session, state.OWED).get("refs", [])
            rest = [ref for ref in refs if tuple(ref) not in found]
            if len(rest) != len(refs):
                state.save(session, state.OWED, {"refs": rest})


def _resources(text: bytes) -> list[Json]:
    """The resources of a searchset."""
    try:
        document = orjson.loads(text)
        entries = document.get("entry", [])
        found = [entry["resource"] for entry in entries]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise courier_refusals.tampered() from None
    if not all(isinstance(resource, dict) for resource in found):
        raise courier_refusals.tampered()
    return found
