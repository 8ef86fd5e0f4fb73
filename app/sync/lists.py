"""The lists that are read on, and the server's times that are remembered of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.clock import clinic_time
from app.fhir import mapping
from app.fhir.uris import ORGANISATION_TAG
from app.models.store import Store
from app.sync import state
from app.sync.policy import MOST_PAGE
from app.sync.searches import query

#: A server that tells a time earlier by more than this has had its clock set back.
CLOCK_STEP = timedelta(seconds=5)
COMPARE_EVERY = timedelta(hours=20)
COMPARE_AT_LAST = timedelta(days=7)
_END_OF_NIGHT = 6


@dataclass(frozen=True, slots=True)
class Scope:
    """One list that is read on: a resource type under one condition."""

    type: str
    parameter: str | None = None
    value: str | None = None

    @property
    def key(self) -> str:
        return f"cursor:{self.type}:{self.parameter or ''}"

    def url(
        self,
        since: datetime | None,
        *,
        bare: bool = False,
        until: datetime | None = None,
        count: int = MOST_PAGE,
    ) -> str:
        """The search for what has changed since (inclusive) until (inclusive).

        ``bare``: without the content, for servers that can leave it out. ``count``: records on
        a page with content; a bare one holds two and a half times as many.
        """
        parameters: dict[str, str | int | tuple[str, ...] | None] = {}
        if self.parameter is not None:
            parameters[self.parameter] = self.value
        if since is not None:
            bounds: tuple[str, ...] = (f"ge{state.text_of(since)}",)
            if until is not None:
                bounds += (f"le{state.text_of(until)}",)
            parameters["_lastUpdated"] = bounds
        parameters["_sort"] = "_lastUpdated"
        parameters["_count"] = min(count, MOST_PAGE) * 5 // 2 if bare else count
        if bare:
            parameters["_elements"] = "id,meta"
        return query(self.type, **parameters)


def scopes(organisation_id: str) -> list[Scope]:
    """All lists that concern an organisation, parents before what stands on them."""
    tag = f"{ORGANISATION_TAG}|{organisation_id}"
    me = f"Organization/{organisation_id}"
    found: list[Scope] = []
    for type_ in mapping.pulled_types:
        if type_ == "Organization":
            found.append(Scope(type_))
        elif type_ == "Task":
            found.append(Scope(type_, "requester", me))
            found.append(Scope(type_, "owner", me))
        else:
            found.append(Scope(type_, "_tag", tag))
    return found


@dataclass(slots=True)
class ServerClock:
    """The server's times that are remembered: as last seen, of the last sweep, of the last
    comparison of everything, and the highest cursor when its clock was set back."""

    seen: datetime | None
    swept: datetime | None
    compared: datetime | None
    high: datetime | None

    @classmethod
    def load(cls, session: Session) -> ServerClock:
        value = state.load(session, state.CLOCK)
        return cls(*(state.instant(value.get(n)) for n in ("seen", "swept", "compared", "high")))

    def compare_due(self, now: datetime | None) -> bool:
        """Once a night by the server's clock; by day only where the nights were missed."""
        if now is None or self.compared is None:
            return now is not None
        rest = now - self.compared
        return rest >= COMPARE_AT_LAST or (
            rest >= COMPARE_EVERY and clinic_time(now).hour < _END_OF_NIGHT
        )

    def save(self, store: Store, now: datetime | None) -> None:
        self.seen = now
        if self.high is not None and now is not None and now >= self.high:
            self.high = None
        values = {
            name: state.text_of(value)
            for name in ("seen", "swept", "compared", "high")
            if (value := getattr(self, name)) is not None
        }
        with store.apply_remote() as session:
            state.save(session, state.CLOCK, values)
