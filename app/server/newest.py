"""One question over all types: how many records that an organisation may read have changed.

``GET [base]?_lastUpdated=ge…&_summary=count`` (FHIR R4 §3.1.1.4: a search without a type). A PC
asks it in place of a list for each type, and mostly hears that there is nothing: its answer
bears an ETag, which stays the same as long as the answer would.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, or_, select

from app.i18n import N_
from app.server import search
from app.server.engines import listed, one_of
from app.server.outcome import Refusal
from app.server.profile import DIRECTORY_TYPES, PROFILES
from app.server.selecting import VISIBLE, since
from app.server.tables import resource

# The types are named so that the index of types and times serves the question.
_CHANGED = select(func.count(), func.max(resource.c.updated)).where(
    one_of(resource.c.type, listed("types")),
    since("since"),
    or_(one_of(resource.c.type, listed("directory")), VISIBLE),
)
_TYPES = sorted(PROFILES)
_DIRECTORY = sorted(DIRECTORY_TYPES)


def parse(text: str) -> int:
    """The time that is asked about, in microseconds since 1970; Refusal 400 for more than that."""
    given = search.parse_parameters(text)
    found = dict(given)
    time = found.pop("_lastUpdated", "")
    counting = found.pop("_summary", "")
    if found or len(given) != 2 or counting != "count" or not time.startswith("ge"):
        raise Refusal(
            400, "not-supported", N_("All types together can be counted since a time only.")
        )
    return search.instant_of(time)


def changed(connection: Connection, organisation: str, since: int) -> tuple[str, str]:
    """The searchset with the number, as JSON text, and its ETag.

    Every write has a later time than all before it, so the newest time tells two answers apart.
    """
    values = {
        "types": _TYPES,
        "directory": _DIRECTORY,
        "since": since,
        "reader": organisation,
    }
    number, newest = connection.execute(_CHANGED, values).one()
    text = f'{{"resourceType":"Bundle","type":"searchset","total":{number}}}'
    return text, f'W/"{number}-{newest or 0}"'
