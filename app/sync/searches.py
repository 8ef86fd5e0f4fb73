"""Questions to the server: many searches in one request, pages, and records by their ids.

A batch of searches costs one request. A server that will not do that (or cannot leave out
the content with ``_elements``) is remembered, and asked the plain way from then on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urljoin

from app.fhir.codec import ID
from app.sync import link
from app.sync.link import Answer, Json
from app.sync.transport import Transport

_LOG = logging.getLogger(__name__)
MOST_SEARCHES = 50
_IDS_AT_ONCE = 50
_ONLY_FRAME = frozenset({"resourceType", "id", "meta"})


@dataclass(slots=True)
class Facts:
    """What is known of this server; None: not tried yet."""

    gzip: bool | None = None
    batch: bool | None = None
    elements: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        pairs = (("gzip", self.gzip), ("batch", self.batch), ("elements", self.elements))
        return {name: value for name, value in pairs if value is not None}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search. ``next`` is the server's link to what follows, or None.

    ``status`` other than 200 tells that the server would not answer this search.
    """

    resources: list[Json] = field(default_factory=list)
    next: str | None = None
    status: int = 200
    server_time: datetime | None = None


def query(type_: str, **parameters: str | int | tuple[str, ...] | None) -> str:
    """``Type?name=value&…`` relative to the base; ``None`` is left out, tuples are repeated."""
    parts = [
        f"{name}={quote(str(one), safe=':,/.-')}"
        for name, value in parameters.items()
        if value is not None
        for one in (value if isinstance(value, tuple) else (value,))
    ]
    return f"{type_}?{'&'.join(parts)}"


def version_of(resource: Json) -> tuple[str, str]:
    """``meta.versionId`` and ``meta.lastUpdated``; empty texts where they are missing."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return "", ""
    version, updated = meta.get("versionId"), meta.get("lastUpdated")
    return (
        version if isinstance(version, str) else "",
        updated if isinstance(updated, str) else "",
    )


def address(resource: Json) -> tuple[str, str]:
    """(type, id) of a resource."""
    return str(resource.get("resourceType", "")), str(resource.get("id", ""))


def is_bare(resource: Json) -> bool:
    """Whether content was, or may have been, left out (``_elements``).

    R4 lets a server send mandatory elements along, so a few elements are not yet a record.
    What it never sends unasked are extensions, which nearly every record of ours has.
    """
    tags = (resource.get("meta") or {}).get("tag") or []
    subsetted = any(isinstance(tag, dict) and tag.get("code") == "SUBSETTED" for tag in tags)
    return subsetted or resource.keys() <= _ONLY_FRAME or "extension" not in resource


class Asker:
    """Asks over one transport; learns into ``facts``."""

    def __init__(self, transport: Transport, facts: Facts) -> None:
        self.transport = transport
        self.facts = facts

    def ask(self, urls: Sequence[str]) -> list[Page]:
        """One page for each search, in order, with as few requests as the server allows."""
        pages: list[Page] = []
        for start in range(0, len(urls), MOST_SEARCHES):
            part = urls[start : start + MOST_SEARCHES]
            found = self._batch(part) if len(part) > 1 and self.facts.batch is not False else None
            pages.extend(found if found is not None else [self.one(url) for url in part])
        return pages

    def one(self, url: str) -> Page:
        """One search by GET. 403 means that this PC is not welcome at all."""
        answer = self.transport.get(url)
        if answer.status == 403:
            raise link.refused()
        return _page(answer.resource, answer.status, answer.server_time, self.transport.base)

    def follow(self, page: Page) -> Page:
        """The page after ``page`` by the server's own link, which must be on our server."""
        assert page.next is not None
        return self.one(page.next)

    def by_id(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Json]:
        """The records of these (type, id) that the server lets us see."""
        of_type: dict[str, list[str]] = {}
        for type_, id_ in sorted(set(wanted)):
            of_type.setdefault(type_, []).append(id_)
        urls = []
        for type_, ids in of_type.items():
            for start in range(0, len(ids), _IDS_AT_ONCE):
                part = ids[start : start + _IDS_AT_ONCE]
                urls.append(query(type_, _id=",".join(part), _count=len(part)))
        found: dict[tuple[str, str], Json] = {}
        for first in self.ask(urls) if urls else ():
            page = first
            while True:
                if page.status == 403:
                    raise link.refused()
                found.update((address(resource), resource) for resource in page.resources)
                if page.next is None:
                    break
                page = self.follow(page)
        return found

    def _batch(self, urls: Sequence[str]) -> list[Page] | None:
        """None where the server does not do batches."""
        document = {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [{"request": {"method": "GET", "url": url}} for url in urls],
        }
        answer = self.transport.post(self.transport.pack(document))
        if answer.status == 403:
            raise link.refused()
        pages = _pages(answer, len(urls), self.transport.base) if answer.fine else None
        if pages is None and not answer.fine:
            self.facts.batch = False
        elif pages is None:
            raise link.garbage()
        else:
            self.facts.batch = True
        return pages


def _pages(answer: Answer, count: int, base: str) -> list[Page] | None:
    entries = (answer.resource or {}).get("entry")
    if not isinstance(entries, list) or len(entries) != count:
        return None
    pages = []
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("response"), dict):
            return None
        status = str(entry["response"].get("status", ""))[:3]
        pages.append(
            _page(
                entry.get("resource"),
                int(status) if status.isascii() and status.isdigit() else 500,
                answer.server_time,
                base,
            )
        )
    return pages


def _page(resource: Any, status: int, server_time: datetime | None, base: str) -> Page:
    if not 200 <= status < 300:
        return Page(status=status, server_time=server_time)
    if not isinstance(resource, dict) or resource.get("type") != "searchset":
        raise link.garbage()
    resources = []
    for entry in _listed(resource, "entry"):
        content = entry.get("resource")
        search = entry.get("search") or {}
        if not isinstance(content, dict) or not isinstance(search, dict):
            raise link.garbage()
        if search.get("mode", "match") != "match":
            continue
        type_, id_ = content.get("resourceType"), content.get("id")
        if type_ == "OperationOutcome":
            continue
        if isinstance(type_, str) and isinstance(id_, str) and ID.match(id_):
            resources.append(content)
        else:
            # Without a name it can be neither kept nor asked for again; the others can.
            _LOG.info("a pulled resource has no readable type and id")
    return Page(resources, _next(resource, base), 200, server_time)


def _listed(bundle: Json, name: str) -> list[Json]:
    """A list of objects in a bundle, empty where it is left out; anything else is Garbage."""
    found = bundle.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise link.garbage()
    return found


def _next(bundle: Json, base: str) -> str | None:
    for item in _listed(bundle, "link"):
        if item.get("relation") == "next":
            url = item.get("url")
            if not isinstance(url, str):
                raise link.garbage()
            # Whether it lies on our own server is checked when it is followed: mostly it is
            # not, since the next page is asked for by value.
            try:
                return urljoin(base + "/", url)
            except ValueError:
                raise link.garbage() from None
    return None
