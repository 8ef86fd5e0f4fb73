"""The follow-up visits that a report counts: a line of words a person, disease and year.

A row a visit would cost more than all that is counted from it. The store keeps the lines ready
(``models/visit_year``): each visit is told in a word, its day and a letter for what came of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import repeat
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.care.indicators.people import People, day_of
from app.care.visit_rules import NextStep
from app.models.base import from_json, to_json
from app.models.driver import ask
from app.models.visit_year import INCOMPLETE

# One row a year, so that another thread may count meanwhile.
_VISITS = """
    SELECT json_group_array(resident_id), group_concat(visits, ';') FROM visit_year
    WHERE disease = ? AND year BETWEEN ? AND ? GROUP BY year
"""
# In the order of the words.
_IDS = """
    SELECT part.resident_id,
        group_concat(part.follow_up_id, ',' ORDER BY part.visit_date, part.follow_up_id, part.id)
    FROM json_each(?) AS wanted
    CROSS JOIN follow_up_disease AS part ON part.resident_id = wanted.value AND part.disease = ?
    CROSS JOIN follow_up AS visit ON visit.id = part.follow_up_id
    WHERE visit.status != 'entered_in_error'
    AND substr(part.visit_date, 1, 4) BETWEEN ? AND ?
    GROUP BY part.resident_id
"""


class Visit(NamedTuple):
    """A visit as an indicator sees it. ``step`` None: it moved no date (no value to classify);
    of all steps but the routine one, ``NextStep.ADJUST`` stands.

    ``face_to_face``: clinic or home (modes 1, 2). ``controlled`` is None where the visit had no
    value for it.
    """

    on: date
    face_to_face: bool
    complete: bool
    controlled: bool | None
    step: str | None


#: How much of a word is its day, and how much the whole with its letter.
DAY = len("2026-03-02")
_WORD = DAY + 1


#: Year by year: records (JSON), and the words of their visits.
Asked = Sequence[tuple[str, str]]


def ask_visits(session: Session, first: date, last: date, disease: str) -> Asked:
    """What ``visits_of`` understands: the visits of the years of two days, void ones left out."""
    return ask(session, _VISITS, (disease, f"{first.year:04d}", f"{last.year:04d}"))


def visits_of(session: Session, asked: Asked, people: People, disease: str) -> dict[str, str]:
    """Person → the visits for a disease, told in words as they were read.

    Few of them are ever looked at one by one, and a text costs as much as one visit: ``told``,
    ``latest_first`` and ``words_of`` understand it.
    """
    found: dict[str, str] = {}
    for records, lines in asked:
        year = dict(zip(from_json(records), lines.split(";"), strict=True))
        for record in found.keys() & year.keys():
            year[record] = f"{found[record]},{year[record]}"
        found |= year
    several: dict[str, dict[str, str]] = {}
    for record in people.survivors.keys() | set(people.survivors.values()):
        if words := found.pop(record, ""):
            several.setdefault(people.person_of(record), {})[record] = words
    ids = _ids_where_it_matters(session, several.values(), disease)
    for person, records_of in several.items():
        by_day: list[tuple[str, str, str]] = []
        for record, words in records_of.items():
            each, named = words.split(","), ids.get(record, "").split(",")
            # The other view of the store may have had another number of visits.
            known = named if len(named) == len(each) else repeat("")
            by_day += [(word[:DAY], id_, word) for word, id_ in zip(each, known)]  # noqa: B905
        found[person] = ",".join(word for _, _, word in sorted(by_day))
    return found


def _ids_where_it_matters(
    session: Session, several: Iterable[Mapping[str, str]], disease: str
) -> dict[str, str]:
    """Record → the ids of the visits, in the order of its words, of people whom two of their
    records tell something else of one day: there the order of writing counts."""
    wanted: list[str] = []
    first = last = ""
    for records in several:
        words = {word for one in records.values() for word in one.split(",")}
        if len({word[:DAY] for word in words}) < len(words):
            wanted += records
            first = min(first or "9", *(word[:4] for word in words))
            last = max(last, *(word[:4] for word in words))
    return dict(ask(session, _IDS, (to_json(wanted), disease, first, last))) if wanted else {}


def told(words: str, first: str, behind: str) -> list[Visit]:
    """Of a person's visits those from a day on (ISO) until behind another one (``past``)."""
    each = words.split(",") if words else []
    return list(map(_visit, each[bisect_left(each, first) : bisect_left(each, behind)]))


def latest_first(words: str) -> Iterator[Visit]:
    """A person's visits, the last one first: mostly that one alone is looked at."""
    for end in range(len(words), 0, -_WORD - 1):
        yield _visit(words[end - _WORD : end])


def past(day: date) -> str:
    """What stands behind all that is told of a day, and before the next one."""
    return f"{day.isoformat()}~"


def words_of(visits: Mapping[str, str]) -> Callable[[str], list[str] | None]:
    """What finds a person's visits, each as a word that begins with its day."""

    def each(person: str) -> list[str] | None:
        words = visits.get(person)
        return words.split(",") if words else None

    return each


_VALUES = ord(INCOMPLETE) - ord("A")
_STEPS = (NextStep.ROUTINE, NextStep.ADJUST, None)


# A report has many visits, and few words for them.
@cache
def _visit(word: str) -> Visit:
    letter = word[DAY]
    incomplete, rest = divmod(ord(letter.upper()) - ord("A"), _VALUES)
    target, step = divmod(rest, 3)
    return Visit(
        day_of(word[:DAY]),
        letter.isupper(),
        not incomplete,
        (True, False, None)[target],
        _STEPS[step],
    )
