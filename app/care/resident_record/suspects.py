"""Records that may be of one person: found on this PC, without the network, for a person to decide.

Source: county rules §2.4 (version LOCAL-2025): the same identity number is the same person; the
same name with birth date and sex, or with phone, is a suspicion. Two PCs that registered the same
card without seeing each other show up here after the next sync; so do two records that bear the
same health-record number, and records merged in a circle.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.care.resident_list import ResidentLine, lines
from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store

__all__ = ["REASONS", "SuspectPair", "count_suspects", "list_suspects"]

RULE_VERSION = "LOCAL-2025"

REASONS = ("same_number", "same_record_no", "same_birth", "same_phone")
"""Why two records are shown, the surest first; `circle` stands before all of them."""

_MOST = 500

# What occurs twice is found by walking one narrow index, and only then are the records read. The
# first record of a pair has the smaller id. A pair is shown once, for its surest reason; not if a
# person has said of one of the two that it is not the other.
_PAIR = """
SELECT {rank} AS rank, a.id AS one, b.id AS other
FROM (SELECT {keys} FROM resident WHERE {where} GROUP BY {keys} HAVING count(*) > 1) twice
CROSS JOIN resident a ON {of_a} CROSS JOIN resident b ON {of_b}
WHERE a.id < b.id AND a.record_status != 'merged' AND b.record_status != 'merged'
  AND a.organisation_id = :organisation AND b.organisation_id = :organisation AND {also}
  AND NOT EXISTS (SELECT 1 FROM json_each(a.distinct_from) WHERE value = b.id)
  AND NOT EXISTS (SELECT 1 FROM json_each(b.distinct_from) WHERE value = a.id)
"""


def _pair(rank: int, keys: tuple[str, ...], where: str, also: str = "1") -> str:
    same = [" AND ".join(f"{side}.{key} = twice.{key}" for key in keys) for side in ("a", "b")]
    return _PAIR.format(
        rank=rank, keys=", ".join(keys), where=where, of_a=same[0], of_b=same[1], also=also
    )


_PAIRS = " UNION ALL ".join(
    (
        _pair(0, ("id_no",), "id_no > ''"),
        _pair(1, ("record_no",), "record_no > ''"),
        _pair(2, ("birth_date", "name"), "1", "a.sex = b.sex"),
        _pair(3, ("name", "phone"), "phone > ''"),
    )
)
_GROUPED = f"SELECT min(rank) AS rank, one, other FROM ({_PAIRS}) GROUP BY one, other"  # noqa: S608
_LIST = text(f"{_GROUPED} ORDER BY rank, one, other LIMIT :most")
_COUNT = text(f"SELECT count(*) FROM ({_GROUPED})")  # noqa: S608


@dataclass(frozen=True, slots=True)
class SuspectPair:
    """Two records that may be of one person, and why (a code of list `suspect_reason`)."""

    reason: str
    one: ResidentLine
    other: ResidentLine


def list_suspects(store: Store, actor: Actor) -> tuple[SuspectPair, ...]:
    """The pairs among the records of the actor's organisation, the surest first; at most 500."""
    with store.read() as session:
        rows = session.execute(_LIST, {"organisation": actor.organisation_id, "most": _MOST})
        found = [(REASONS[row.rank], row.one, row.other) for row in rows]
        return _pairs(session, _circles(session, actor.organisation_id) + found, store)


def count_suspects(store: Store, actor: Actor) -> int:
    """How many pairs there are."""
    with store.read() as session:
        pairs = session.scalar(_COUNT, {"organisation": actor.organisation_id}) or 0
        return pairs + len(_circles(session, actor.organisation_id))


def _circles(session: Session, organisation_id: str) -> list[tuple[str, str, str]]:
    """Records merged in a circle by PCs that did not see each other: nobody's record goes on."""
    into: dict[str, str] = {
        row.id: row.merged_into_id
        for row in session.execute(
            select(Resident.id, Resident.merged_into_id).where(
                Resident.merged_into_id.is_not(None), Resident.organisation_id == organisation_id
            )
        )
    }
    found: list[tuple[str, str, str]] = []
    seen: set[str] = set()
    for start in sorted(into):
        way: list[str] = []
        at = start
        while at in into and at not in seen:
            seen.add(at)
            way.append(at)
            at = into[at]
        if at in way:
            # The one that every PC takes for the one that goes on, and where it leads.
            first = min(way[way.index(at) :])
            found.append(("circle", first, into[first]))
    return found


def _pairs(
    session: Session, rows: list[tuple[str, str, str]], store: Store
) -> tuple[SuspectPair, ...]:
    ids = list(dict.fromkeys(each for _, one, other in rows for each in (one, other)))
    found: dict[str, ResidentLine] = {}
    for start in range(0, len(ids), 500):
        part = lines(session, ids[start : start + 500], store.clock.today())
        found.update((line.id, line) for line in part)
    return tuple(
        SuspectPair(reason, found[one], found[other])
        for reason, one, other in rows
        if one in found and other in found
    )
