"""A few records by which a server that was put back from an older copy gives itself away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from app.models.outbox import ServerCopy
from app.models.records import KINDS, fetch
from app.sync import link, state
from app.sync.link import Json
from app.sync.searches import Asker, Page, address, query, version_of
from app.sync.versions import Address, Seen, is_behind

#: Of the newest copies these many are looked through for canaries, and so many are enough.
_NEWEST, _ENOUGH = 20, 2


@dataclass(frozen=True, slots=True)
class Canaries:
    """The records that the server confirmed last, and the newest that we know of: where one of
    them is gone or older, the server was put back from a copy, and more is gone."""

    told: dict[Address, Seen]

    @classmethod
    def load(cls, session: Session) -> Canaries:
        told: dict[Address, Seen] = {}
        for row in state.load(session, state.CANARY).get("last", []):
            if len(row) == 4 and all(isinstance(text, str) for text in row):
                told[row[0], row[1]] = (row[2], row[3])
        own = session.info["store"].organisation_id
        columns = (
            ServerCopy.resource_type,
            ServerCopy.resource_id,
            ServerCopy.kind,
            ServerCopy.version,
            ServerCopy.last_updated,
        )
        newest = session.execute(
            select(*columns).order_by(literal_column("rowid").desc()).limit(_NEWEST)
        )
        found = 0
        for copy in newest:
            at = copy.resource_type, copy.resource_id
            if found < _ENOUGH and copy.version and copy.kind in KINDS and at not in told:
                record = fetch(session, copy.kind, [copy.resource_id]).get(copy.resource_id, {})
                if record.get("organisation_id") == own:
                    told[at] = (copy.version, copy.last_updated)
                    found += 1
        return cls(told)

    def urls(self, *, bare: bool) -> list[str]:
        """One question for each type."""
        of_type: dict[str, list[str]] = {}
        for type_, id_ in self.told:
            of_type.setdefault(type_, []).append(id_)
        elements = "id,meta" if bare else None
        return [query(t, _id=",".join(ids), _elements=elements) for t, ids in of_type.items()]

    def live(self, pages: Sequence[Page], asker: Asker) -> bool:
        """Whether the server still holds all of them, at least as new as they were.

        ``pages`` are its answers to ``urls``. What it would not answer is asked again in another
        way; raises Busy where it cannot answer now: that tells nothing, and is asked next time.
        """
        if all(page.status == 200 for page in pages):
            there = {address(r): version_of(r) for page in pages for r in page.resources}
            gone = self.told.keys() - there.keys()
        else:
            there, gone = self._asked_alone(asker)
        return not gone and not any(
            is_behind(told, there[at]) for at, told in self.told.items() if at in there
        )

    def _asked_alone(self, asker: Asker) -> tuple[dict[Address, Seen], set[Address]]:
        """What the server holds of them and what is gone, asked with content and, where it
        refuses that search as well, each by its own address."""
        there: dict[Address, Seen] = {}
        gone: set[Address] = set()
        for url in self.urls(bare=False):
            type_ = url.partition("?")[0]
            ours = {at for at in self.told if at[0] == type_}
            page = asker.one(url)
            check_busy(page.status)
            if page.status == 200:
                found = {address(r): version_of(r) for r in page.resources}
                gone |= ours - found.keys()
                there.update(found)
                continue
            for at in sorted(ours):
                answer = asker.transport.get(f"{at[0]}/{at[1]}")
                check_busy(answer.status)
                if answer.fine and answer.resource and address(answer.resource) == at:
                    there[at] = version_of(answer.resource)
                elif answer.status in (404, 410) and _is_outcome(answer.resource):
                    gone.add(at)
        return there, gone


def check_busy(status: int) -> None:
    """Raises Busy where the server could not answer, rather than would not."""
    if status in (408, 429) or (status >= 500 and status != 501):
        raise link.busy(None)


def _is_outcome(resource: Json | None) -> bool:
    """It is the FHIR server that does not know it, not a gateway that does not know the server."""
    return resource is not None and resource.get("resourceType") == "OperationOutcome"
