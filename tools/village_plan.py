"""What the invented village of ``tools.village_year`` lives through: 200 residents in groups.

Everybody of a group goes through the same year. A step is (day, what, values); the year 2026
is meant where a day names only month and day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

YEAR = 2026
NEAR, FAR = "光明村", "东山村"
FIRST, SECOND = "一队", "二队"
HYPERTENSION, DIABETES = "hypertension", "type2_diabetes"
BOTH = (HYPERTENSION, DIABETES)

OLD = date(1950, 3, 1)
GROWN = date(1985, 4, 1)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens to everybody of a group on a day."""

    on: date
    what: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Residents who live through the same year."""

    key: str
    number: int
    village: str
    born: date
    diseases: tuple[str, ...]
    steps: tuple[Step, ...]


def step(day: str, what: str, **values: Any) -> Step:
    """``day``: ``03-10`` of the year, or a whole date."""
    return Step(date.fromisoformat(day if len(day) > 5 else f"{YEAR}-{day}"), what, values)


def visit(day: str, pressure: str = "128/76", fpg: float | None = 6.2, **values: Any) -> Step:
    """A clinic visit; ``pressure`` empty: none. The glucose is for diabetes only."""
    sbp, dbp = (int(part) for part in pressure.split("/")) if pressure else (None, None)
    return step(day, "visit", sbp=sbp, dbp=dbp, fpg=fpg, **values)


def visits(*days: str, **values: Any) -> tuple[Step, ...]:
    return tuple(visit(day, **values) for day in days)


def contract(day: str = "01-01", team: str = FIRST, **values: Any) -> Step:
    return step(day, "sign", team=team, **values)


# Management begins with a visit in the year before; the next one is due by 20 March.
BEGIN = visit("2025-12-20", begin=True)
QUARTERLY = visits("03-10", "06-08", "09-05", "12-03")
# Each on the last day that the rule allows.
ON_THE_DAY = visits("03-20", "06-20", "09-20")
CHECK = step("05-12", "check")
TCM = step("05-12", "tcm")
RANDOM_GLUCOSE: dict[str, Any] = {"fpg": None, "random_glucose": 9.0, "not_fasting_reason": "1"}


def _high(key: str, number: int, *steps: Step, **values: Any) -> Group:
    return _group(key, number, BEGIN, *steps, diseases=(HYPERTENSION,), **values)


def _sweet(key: str, number: int, *steps: Step, **values: Any) -> Group:
    return _group(key, number, BEGIN, *steps, diseases=(DIABETES,), village=FAR, **values)


def _group(
    key: str,
    number: int,
    *steps: Step,
    diseases: tuple[str, ...] = (),
    village: str = NEAR,
    born: date = OLD,
) -> Group:
    return Group(key, number, village, born, diseases, steps)


HYPERTENSIVE = (
    _high("four visits", 12, *QUARTERLY, CHECK, TCM, contract()),
    _high(
        "three and a telephone call",
        6,
        *QUARTERLY[:3],
        visit("12-03", mode="3"),
        CHECK,
        contract("2025-12-31"),
    ),
    _high("high at last, seen in time", 4, *ON_THE_DAY, visit("12-17", "150/80"), CHECK),
    _high("high at last, a day too early", 4, *ON_THE_DAY, visit("12-16", "150/80"), CHECK),
    _high(
        "64 all year",
        5,
        *QUARTERLY[:3],
        visit("12-03", "139/89"),
        CHECK,
        contract(team=SECOND),
        village=FAR,
        born=date(1962, 1, 1),
    ),
    _high(
        "65 on the last day",
        5,
        *QUARTERLY[:3],
        visit("12-03", "140/85"),
        visit("12-17", "139/80", mode="2"),
        step("12-31", "check"),
        step("01-01", "tcm"),
        contract(team=SECOND),
        village=FAR,
        born=date(1961, 12, 31),
    ),
    _high(
        "checked a day too early",
        5,
        *QUARTERLY,
        step("2025-12-31", "check"),
        step("2025-12-31", "tcm"),
        village=FAR,
    ),
    _high(
        "refused the cuff once",
        4,
        *QUARTERLY,
        visit("07-01", "", not_measured={"bp": "2"}),
        visit("12-20", "", mode="3"),
        CHECK,
    ),
    _high("came a day late", 4, visit("03-21"), *QUARTERLY[1:], CHECK),
    _high(
        "a reaction",
        4,
        visit("03-10"),
        visit("06-08", adverse_reaction="2", adverse_reaction_text="踝部水肿"),
        *visits("06-22", "09-20", "12-10"),
        CHECK,
        contract("07-01"),
    ),
    _high(
        "twice too high, once urgent",
        3,
        visit("03-10", "160/95"),
        visit("03-24", "165/95"),
        visit("04-07", "148/88"),
        visit("07-06"),
        visit("10-05", "185/100"),
        visit("10-19", "150/90"),
        visit("11-02", "149/89"),
        CHECK,
    ),
    _high("never seen", 3, contract()),
    _high("died", 3, *QUARTERLY[:3], CHECK, contract(), step("10-10", "close", status="deceased")),
    _high(
        "moved on the last day",
        3,
        *QUARTERLY,
        contract(),
        step("12-31", "close", status="moved_away"),
    ),
    _high(
        "refused from July on",
        2,
        *QUARTERLY[:2],
        contract(),
        step("06-30", "outcome", outcome="9", reason="4"),
    ),
    _high("ended on New Year", 1, step("01-01", "outcome", outcome="9", reason="4")),
    _high("ended the day after", 1, step("01-02", "outcome", outcome="9", reason="4")),
    _high("lost for now", 2, *QUARTERLY[:2], step("08-01", "outcome", outcome="2")),
    _group(
        "begun in October",
        2,
        visit("10-01", begin=True),
        contract("10-01"),
        step("11-11", "check"),
        diseases=(HYPERTENSION,),
    ),
    _high(
        "ended and taken up again",
        1,
        visit("03-10"),
        step("03-31", "outcome", outcome="9", reason="4"),
        step("07-01", "outcome", outcome="1"),
        *visits("07-01", "10-01"),
    ),
)

DIABETIC = (
    _sweet(
        "sugar 6.9",
        6,
        *visits("03-10", "06-08", "09-05", "12-03", fpg=6.9),
        CHECK,
        TCM,
        contract(team=SECOND),
    ),
    _sweet("sugar 7.0 at last", 4, *ON_THE_DAY, visit("12-17", fpg=7.0), CHECK),
    _sweet("once not fasting", 3, *QUARTERLY, visit("08-01", **RANDOM_GLUCOSE), CHECK),
    _sweet("not fasting at last", 2, *QUARTERLY, visit("12-20", **RANDOM_GLUCOSE), CHECK),
    _sweet(
        "sugar 3.9, seen in time",
        3,
        visit("03-10"),
        visit("06-08", fpg=3.9),
        *visits("06-22", "09-20", "12-10"),
        CHECK,
    ),
    _sweet(
        "sugar 3.9, a day late",
        2,
        visit("03-10"),
        visit("06-08", fpg=3.9),
        *visits("06-23", "09-20", "12-10"),
        CHECK,
    ),
    _group(
        "both diseases",
        4,
        BEGIN,
        *QUARTERLY,
        CHECK,
        contract(team=SECOND),
        diseases=BOTH,
        village=FAR,
    ),
    _group(
        "both, only the sugar too high",
        3,
        BEGIN,
        *ON_THE_DAY,
        visit("12-17", fpg=8.0),
        CHECK,
        diseases=BOTH,
        village=FAR,
    ),
)

ELDERS = (
    _group("in the home, assessed", 5, step("02-01", "admit"), step("03-01", "ability")),
    _group(
        "in the home, a year and a day ago",
        2,
        step("2025-12-20", "admit"),
        step("2025-12-31", "ability"),
    ),
    _group(
        "in the home, two contracts",
        2,
        step("2025-12-20", "admit"),
        step("01-01", "ability"),
        contract(),
        contract(category="integrated_care", package="integrated"),
    ),
    _group(
        "left the home on the last day",
        1,
        step("02-01", "admit"),
        step("03-01", "ability"),
        step("12-31", "discharge"),
    ),
    _group("in the home, not assessed", 1, step("02-01", "admit")),
    _group("check only", 30, CHECK),
    _group("constitution on the last day", 16, step("12-31", "tcm"), village=FAR),
    _group("check not concluded", 3, step("05-12", "check", conclusion=None), village=FAR),
    _group(
        "contract ended on the last day",
        2,
        contract(team=SECOND),
        step("07-01", "lesson"),
        step("12-31", "terminate"),
        village=FAR,
    ),
    _group(
        "contract ended on New Year",
        2,
        contract("01-02"),
        step("01-01", "check"),
        step("12-31", "lesson"),
        step("2027-01-01", "terminate"),
        village=FAR,
    ),
    _group(
        "renewed",
        3,
        contract("2025-12-16", starts_on=date(2025, 1, 1)),
        step("01-01", "renew", team=FIRST),
        step("07-02", "lesson"),
        step("12-30", "lesson"),
    ),
    _group("waits for the review", 1, contract(nurse=True)),
    _group("reviewed in February", 1, contract(nurse=True), step("02-01", "approve")),
)

YOUNGER = (
    _group("pressure taken", 15, step("04-01", "screen", sbp=118, dbp=72), born=GROWN),
    _group(
        "found by screening",
        3,
        step("04-01", "screen", sbp=140, dbp=80),
        step("04-15", "screen", sbp=138, dbp=90),
        step("04-29", "screen", sbp=152, dbp=94),
        step("04-29", "confirm"),
        *visits("05-06", "08-06", "11-06", pressure="136/86"),
        diseases=(HYPERTENSION,),
        born=GROWN,
        village=FAR,
    ),
    _group("35 on the last day", 10, born=date(1991, 12, 31), village=FAR),
    _group("35 a day later", 2, born=date(1992, 1, 1), village=FAR),
)

GROUPS = (*HYPERTENSIVE, *DIABETIC, *ELDERS, *YOUNGER)
