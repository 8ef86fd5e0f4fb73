"""The follow-up visits that a report counts: read once, a person at a time, from an index alone.

A row a visit would cost more than all that is counted from it: the store answers with a row a
person, disease and year, which tells each visit in a word: its day and a letter that says what came
of it. The index holds just these, in this order (``models/chronic``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.care.indicators.people import People, day_of
from app.care.visit_rules import NextStep
from app.models.base import to_json
from app.models.chronic import OUTCOME, UNCLASSED, VISIT_YEAR
from app.models.driver import ask, ask_in_one

# Few visits are void or were made from afar. Each day is asked for them, status by status, so that
# the many others are skipped.
_DAYS = """
    WITH RECURSIVE day(visited) AS (
        SELECT min(visit_date) FROM follow_up WHERE visit_date >= ?1
        UNION ALL
        SELECT (SELECT min(visit_date) FROM follow_up WHERE visit_date > visited)
        FROM day WHERE visited < ?2
    ), standing(visited, status) AS (
        SELECT visited, (
            SELECT min(status) FROM follow_up INDEXED BY ix_follow_up_counted
            WHERE visit_date = visited
        ) FROM day WHERE visited <= ?2
        UNION ALL
        SELECT visited, (
            SELECT min(status) FROM follow_up INDEXED BY ix_follow_up_counted
            WHERE visit_date = visited AND follow_up.status > standing.status
        ) FROM standing WHERE standing.status IS NOT NULL
    )
"""
_OF_DAYS = """
    SELECT id FROM standing CROSS JOIN follow_up INDEXED BY ix_follow_up_counted
    WHERE visit_date = visited AND follow_up.status = standing.status AND {which}
"""
_VOID = _DAYS + _OF_DAYS.format(which="standing.status = 'entered_in_error'")
# In person are the modes 1 and 2.
_FROM_AFAR = _DAYS + " UNION ALL ".join(
    _OF_DAYS.format(which=which)
    for which in ("mode < '1'", "mode > '1' AND mode < '2'", "mode > '2'")
)
_VISITS = f"""
    SELECT disease, resident_id, group_concat(visit_date || {{outcome}}),
        ifnull(group_concat(CASE WHEN {{named}} THEN follow_up_id END), '')
    FROM follow_up_disease INDEXED BY ix_follow_up_disease_counted
    WHERE {VISIT_YEAR} BETWEEN :first AND :last {{counted}}
    GROUP BY {VISIT_YEAR}, disease, resident_id
"""  # noqa: S608 — our own expressions
# A small letter for what was made from afar.
_FROM_AFAR_OR_NOT = f"""
    CASE WHEN follow_up_id IN (SELECT value FROM json_each(:afar))
    THEN lower({OUTCOME}) ELSE {OUTCOME} END
"""  # noqa: S608 — our own expressions
_UNCLASSED_GLUCOSE = f"({OUTCOME} >= '{UNCLASSED}' AND disease = 'type2_diabetes')"
_NOT_FASTING = """
    SELECT follow_up.id FROM json_each(?) wanted
    CROSS JOIN follow_up ON follow_up.id = wanted.value WHERE not_fasting_reason IS NOT NULL
"""
# Every record that was merged, and those that go on: naming all organisations lets their index be
# used.
_MERGED = """
    SELECT id, merged_into_id FROM resident
    WHERE organisation_id IN (SELECT organisation.id FROM organisation)
    AND record_status = 'merged' AND merged_into_id != ''
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
#: Disease, record, a word for each visit of one year, ids: of every visit where a person has
#: several records, else of those without a class of glucose.
Asked = Sequence[tuple[str, str, str, str]]


def visits_of(asked: Asked, people: People) -> dict[str, dict[str, str]]:
    """Disease → person → the visits that were asked for, told in words as they were read.

    Few of them are ever looked at one by one, and a text costs as much as one visit: ``told``,
    ``latest_first`` and ``words_of`` understand it.
    """
    found: dict[str, dict[str, str]] = {}
    several: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    survivors = people.survivors
    going_on = set(survivors.values())
    for of, record, words, ids in asked:
        theirs = found.setdefault(of, {})
        if record in survivors or record in going_on:
            person = survivors.get(record, record)
            # Merged or parted again since the other view of the store began: without ids.
            named = ids.split(",") if ids.count(",") == words.count(",") else repeat("")
            by_day = several.setdefault((of, person), [])
            by_day += [
                (word[:DAY], id_, word)
                for word, id_ in zip(words.split(","), named)  # noqa: B905
            ]
        elif record in theirs:
            theirs[record] += f",{words}"
        else:
            theirs[record] = words
    for (of, person), by_day in several.items():
        found[of][person] = ",".join(word for _, _, word in sorted(by_day))
    return found


def ask_visits(session: Session, first: date, last: date, disease: str = "") -> Asked:
    """What ``visits_of`` understands: the visits of the years of two days, void ones left out."""
    span = (first.isoformat(), last.isoformat())
    of_years = (f"{span[0][:4]}-01-01", f"{span[1][:4]}-12-31")
    void = [row[0] for row in ask(session, _VOID, of_years)]
    afar = [row[0] for row in ask(session, _FROM_AFAR, of_years)]
    merged = {id_ for row in ask(session, _MERGED) for id_ in row}
    # What does not occur is not asked of each visit.
    of_several = " OR resident_id IN (SELECT value FROM json_each(:merged))" if merged else ""
    query = _VISITS.format(
        outcome=_FROM_AFAR_OR_NOT if afar else OUTCOME,
        named=_UNCLASSED_GLUCOSE + of_several,
        counted=" ".join(
            (
                "AND disease = :disease" if disease else "",
                "AND follow_up_id NOT IN (SELECT value FROM json_each(:void))" if void else "",
            )
        ),
    )
    values = {
        "first": span[0][:4],
        "last": span[1][:4],
        "disease": disease,
        "void": to_json(void),
        "afar": to_json(afar),
        "merged": to_json(sorted(merged)),
    }
    return _excused(session, ask_in_one(session, 4, query, values))


def _excused(session: Session, asked: list[Any]) -> Asked:
    """Complete without a class: the glucose was not fasting, and the form says why. A pressure
    that was not taken is not excused by a meal, on a form for both diseases."""
    of_glucose = [n for n, row in enumerate(asked) if row[3] and row[0] == "type2_diabetes"]
    every_id = [id_ for n in of_glucose for id_ in asked[n][3].split(",")]
    not_fasting = {row[0] for row in ask(session, _NOT_FASTING, (to_json(every_id),))}
    for n in of_glucose if not_fasting else ():
        of, record, told, named = asked[n]
        words, ids = told.split(","), named.split(",")
        unclassed = [at for at, word in enumerate(words) if word[DAY].upper() >= UNCLASSED]
        id_of = dict(zip(range(len(words)) if len(ids) == len(words) else unclassed, ids))  # noqa: B905
        for at in unclassed:
            if id_of[at] in not_fasting:
                words[at] = words[at][:DAY] + chr(ord(words[at][DAY]) - _CLASSES)
        asked[n] = (of, record, ",".join(words), named)
    return asked


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


_CLASSES = ord(UNCLASSED) - ord("A")
_STEPS = (NextStep.ROUTINE, NextStep.ADJUST, None)


# A report has many visits, and few words for them.
@cache
def _visit(word: str) -> Visit:
    letter = word[DAY]
    unclassed, rest = divmod(ord(letter.upper()) - ord("A"), _CLASSES)
    target, step = divmod(rest, 3)
    return Visit(
        day_of(word[:DAY]),
        letter.isupper(),
        not unclassed,
        (True, False, None)[target],
        _STEPS[step],
    )
