"""A full year of a village of 200, worked through by ``tools.village_year``: every indicator
equals what is worked out here by hand, from the groups and from nothing of the product.

The table says of one person of a group what he or she adds; the sums stand below it, group by
group. Rules: domain reference §5.5, §5.6, §9.3, and 3rd ed. 2017 for what is due when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from app.care.indicators.counted import Counted
from app.care.indicators.period import year_of
from app.care.indicators.report import indicator_report
from tools.village_plan import GROUPS
from tools.village_year import Village, words

NEAR, FAR = "光明村", "东山村"
ONE, TWO = "一队", "二队"


class Row(NamedTuple):
    """One person of a group, worked out by hand.

    ``team``: of the contract in force, or that owed services. ``elder``: active and 65 on 31
    December. ``counted``: 35 and over and active then. ``c1``, ``e1``, ``e2``: in the numerator.
    ``c2``: services (done, due). ``e3``: None outside a care institution. ``h``, ``d``: None is
    no patient; "past" was managed in the year but not to its end; else two letters, S or s for
    managed to standard or not, C or c for controlled or not.
    """

    number: int
    village: str
    team: str = ""
    elder: int = 1
    c1: int = 0
    c2: tuple[int, int] = (0, 0)
    e1: int = 0
    e2: int = 0
    e3: int | None = None
    h: str | None = None
    d: str | None = None
    counted: int = 1


# A contract of the basic package over a whole calendar year owes the record 1, the check 1 (from
# 65 on at the signing), four visits for each disease, two lessons: 8 with one disease.
TABLE = {
    # Record 1, check 1, visits 4 of 8; no lesson. Four visits in person, none late, a check.
    "four visits": Row(12, NEAR, ONE, c1=1, c2=(6, 8), e1=1, e2=1, h="SC"),
    # The contract ended on 30 December. Three in person are not to standard; the value of the
    # telephone call was on target. The call is a visit of the contract.
    "three and a telephone call": Row(6, NEAR, ONE, c2=(6, 8), e1=1, h="sC"),
    # 150/80 is not below 150 at 65 and over. Seen on 20 March, 20 June and 20 September, each
    # three months on; 17 December + 14 days = 31 December.
    "high at last, seen in time": Row(4, NEAR, e1=1, h="Sc"),
    # 16 December + 14 days = 30 December: nobody came on the 30th.
    "high at last, a day too early": Row(4, NEAR, e1=1, h="sc"),
    # 139/89 is below 140/90. Not 65: no check among 7 services, record 1 and visits 4 done.
    "64 all year": Row(5, FAR, TWO, elder=0, c2=(5, 7), h="SC"),
    # At 64, 140/85 is too high; seen again 14 days later at home with 139/80. Five visits are
    # done as four. The check on the last day, the constitution on the first. Signed at 64.
    "65 on the last day": Row(5, FAR, TWO, c1=1, c2=(5, 7), e1=1, e2=1, h="SC"),
    # Check and constitution on 31 December of the year before count for neither.
    "checked a day too early": Row(5, FAR, h="sC"),
    # A visit in person without a pressure is incomplete; a call without one says nothing.
    "refused the cuff once": Row(4, NEAR, e1=1, h="sC"),
    # 21 March is a day late after 20 December.
    "came a day late": Row(4, NEAR, e1=1, h="sC"),
    # A reaction: 14 days, kept. The contract began on 1 July: due are two visits (29 September,
    # 29 December) and a lesson (29 December); the visits of 20 September and 10 December.
    "a reaction": Row(4, NEAR, ONE, c1=1, c2=(2, 3), e1=1, h="SC"),
    # 14 days after each of 160/95, 165/95, 185/100 and 150/90; 149/89 at last.
    "twice too high, once urgent": Row(3, NEAR, e1=1, h="SC"),
    # No visit is not controlled, and stays below the line. Of the contract only the record.
    "never seen": Row(3, NEAR, ONE, c1=1, c2=(1, 8), h="sc"),
    # Until 10 October three visits were due (1 April, 1 July, 30 September), a lesson (1 July).
    "died": Row(3, NEAR, ONE, elder=0, c2=(3, 4), h="past", counted=0),
    # Until 31 December the same: what is due on the last day is due no more. Four visits for 3.
    "moved on the last day": Row(3, NEAR, ONE, elder=0, c2=(3, 4), h="past", counted=0),
    # Managed until June. The contract runs on: record 1, visits 2 of 8.
    "refused from July on": Row(2, NEAR, ONE, c1=1, c2=(3, 8), h="past"),
    # Management that ended with the first day has no day in the year.
    "ended on New Year": Row(1, NEAR),
    "ended the day after": Row(1, NEAR, h="past"),
    # Lost for now is still under management.
    "lost for now": Row(2, NEAR, h="sC"),
    # Of the contract since 1 October the first visit was due, on 30 December.
    "begun in October": Row(2, NEAR, ONE, c1=1, c2=(1, 1), e1=1, h="sC"),
    "ended and taken up again": Row(1, NEAR, h="sC"),
    "sugar 6.9": Row(6, FAR, TWO, c1=1, c2=(6, 8), e1=1, e2=1, d="SC"),
    # 7.0 is not below 7.0; 17 December + 14 days = 31 December.
    "sugar 7.0 at last": Row(4, FAR, e1=1, d="Sc"),
    # A glucose that was not fasting, with the reason, is complete and moves no date.
    "once not fasting": Row(3, FAR, e1=1, d="SC"),
    "not fasting at last": Row(2, FAR, e1=1, d="SC"),
    # 3.9 is urgent: 8 June + 14 days = 22 June.
    "sugar 3.9, seen in time": Row(3, FAR, e1=1, d="SC"),
    "sugar 3.9, a day late": Row(2, FAR, e1=1, d="sC"),
    # Record 1, check 1, four visits of each disease by the same four, of 12.
    "both diseases": Row(4, FAR, TWO, c1=1, c2=(10, 12), e1=1, h="SC", d="SC"),
    "both, only the sugar too high": Row(3, FAR, e1=1, h="SC", d="Sc"),
    "in the home, assessed": Row(5, NEAR, e3=1),
    # Valid for twelve months: of 31 December 2025 until 30 December 2026.
    "in the home, a year and a day ago": Row(2, NEAR, e3=0),
    # Basic: record 1 of 4. Integrated: 12 rounds, 12 times nursing, plan, assessment, 24 trainings
    # make 50, the assessment done. One person under C1.
    "in the home, two contracts": Row(2, NEAR, ONE, c1=1, c2=(2, 54), e3=1),
    "left the home on the last day": Row(1, NEAR),
    "in the home, not assessed": Row(1, NEAR, e3=0),
    "check only": Row(30, NEAR, e1=1),
    "constitution on the last day": Row(16, FAR, e2=1),
    "check not concluded": Row(3, FAR),
    # Ended on 31 December, so that day is the first without it: the lesson of 1 July was due.
    "contract ended on the last day": Row(2, FAR, TWO, c2=(1, 1)),
    # From 2 January, ended on New Year 2027: in force on the last day. The lesson was due on
    # 2 July and given in December.
    "contract ended on New Year": Row(2, FAR, ONE, c1=1, c2=(1, 1), e1=1),
    # Record 1 and two lessons, of 4: the check is lacking.
    "renewed": Row(3, NEAR, ONE, c1=1, c2=(3, 4)),
    "waits for the review": Row(1, NEAR),
    "reviewed in February": Row(1, NEAR, ONE, c1=1, c2=(1, 4)),
    "pressure taken": Row(15, NEAR, elder=0),
    # Hypertension from 29 April on, three visits: not four.
    "found by screening": Row(3, FAR, elder=0, h="sC"),
    "35 on the last day": Row(10, FAR, elder=0),
    "35 a day later": Row(2, FAR, elder=0, counted=0),
}

# The sums over all groups, in the order of the table.
WHOLE = {
    "C1": (12 + 5 + 4 + 3 + 2 + 2 + 6 + 4 + 2 + 2 + 3 + 1, 200 - 5 - 3 - 3 - 15 - 3 - 10 - 2),
    "C2": (
        12 * 6 + 6 * 6 + 5 * 5 + 5 * 5 + 4 * 2 + 3 * 1 + 3 * 3 + 3 * 3 + 2 * 3 + 2 * 1
        + 6 * 6 + 4 * 10 + 2 * 2 + 2 * 1 + 2 * 1 + 3 * 3 + 1 * 1,
        12 * 8 + 6 * 8 + 5 * 7 + 5 * 7 + 4 * 3 + 3 * 8 + 3 * 4 + 3 * 4 + 2 * 8 + 2 * 1
        + 6 * 8 + 4 * 12 + 2 * 54 + 2 * 1 + 2 * 1 + 3 * 4 + 1 * 4,
    ),
    "E1": (
        12 + 6 + 4 + 4 + 5 + 4 + 4 + 4 + 3 + 2 + 6 + 4 + 3 + 2 + 3 + 2 + 4 + 3 + 30 + 2,
        159,
    ),
    "E2": (12 + 5 + 6 + 16, 159),
    "E3": (5 + 2, 5 + 2 + 2 + 1),
    # 35 and over: 200 less 3 dead, 3 moved, 2 too young; a quarter of them by the prevalence.
    "H1": (
        12 + 6 + 4 + 4 + 5 + 5 + 5 + 4 + 4 + 4 + 3 + 3 + 3 + 3 + 2 + 1 + 2 + 2 + 1 + 4 + 3 + 3,
        (200 - 3 - 3 - 2) * 0.25,
    ),
    "H2": (12 + 4 + 5 + 5 + 4 + 3 + 4 + 3, 83 - 3 - 3 - 2 - 1),
    "H3": (74 - 4 - 4 - 3, 74),
    "D1": (6 + 4 + 3 + 2 + 3 + 2 + 4 + 3, (200 - 3 - 3 - 2) * 0.125),
    "D2": (27 - 2, 27),
    "D3": (27 - 4 - 3, 27),
    # Nobody of the village was referred, no expert came, nobody asked.
    **dict.fromkeys(("R1", "R2", "R2T", "R3", "R4", "R5", "R6", "O1", "O2"), (0, 0)),
    "O3": (0, 0),
}  # fmt: skip


def adds(row: Row, code: str) -> tuple[float, float]:
    """What one person adds above and below the line."""
    if code[0] in "RO":
        return 0, 0
    if code[0] in "HD":
        state, share = (row.h, 0.25) if code[0] == "H" else (row.d, 0.125)
        if code[1] == "1":
            return state is not None, row.counted * share
        if state in (None, "past"):
            return 0, 0
        assert state is not None
        return state[int(code[1]) - 2].isupper(), 1
    if code == "C2":
        return row.c2
    if code == "E3":
        return (row.e3 or 0, 0 if row.e3 is None else 1)
    return ({"C1": row.c1, "E1": row.e1, "E2": row.e2}[code], row.elder)


def figures(counted: Mapping[str, Counted]) -> dict[str, tuple[float, float]]:
    return {code: (one.done, one.of) for code, one in counted.items()}


def summed(rows: Iterator[Row]) -> dict[str, tuple[float, float]]:
    """The indicators of some groups."""
    found = dict.fromkeys(WHOLE, (0.0, 0.0))
    for row in rows:
        for code, (above, below) in found.items():
            one = adds(row, code)
            found[code] = above + row.number * one[0], below + row.number * one[1]
    return found


def test_the_table_holds_the_whole_village() -> None:
    assert sum(row.number for row in TABLE.values()) == 200
    assert {group.key: (group.number, group.village) for group in GROUPS} == {
        key: (row.number, row.village) for key, row in TABLE.items()
    }
    # The table and the sums were written down apart from each other.
    assert summed(iter(TABLE.values())) == WHOLE


def test_the_indicators_of_the_year(tmp_path: Path) -> None:
    """One test, because the year is long and worked through once."""
    village = Village(tmp_path / "data")
    try:
        village.live()
        report = village.report()
        before = indicator_report(village.store, village.doctor, year_of(2025)).counted
    finally:
        village.store.close()

    # Each person of each group, so that a wrong sum is traced to whoever makes it.
    for key, row in TABLE.items():
        people = [one.id for one in village.people if one.group.key == key]
        for code, counted in report.counted.items():
            above, below = adds(row, code)
            assert {counted.numerator.get(one, 0) for one in people} == {above}, (key, code)
            assert {counted.denominator.get(one, 0) for one in people} == {below}, (key, code)

    assert figures(report.counted) == WHOLE
    by_village = {group.name: figures(group.counted) for group in report.groups("village")}
    assert by_village == {
        place: summed(row for row in TABLE.values() if row.village == place)
        for place in (NEAR, FAR)
    }
    by_team = {group.name: figures(group.counted) for group in report.groups("team")}
    assert by_team == {
        team: summed(row for row in TABLE.values() if row.team == team) for team in (ONE, TWO, "")
    }

    # Of the year before: five were checked and had their constitution on its last day; two of
    # the four who lived in the home were assessed on it.
    assert (before["E1"].done, before["E2"].done) == (5, 5)
    assert (before["E3"].done, before["E3"].of) == (2, 4)

    lines = words(report)
    assert any(line.startswith("H2") and line.endswith("40 / 74 = 54.1 %") for line in lines)
    assert len(lines) == 1 + len(WHOLE) + 2 + 3
