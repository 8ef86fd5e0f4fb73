"""Levels of elders' ability: GB/T 42195-2022, and MZ/T 039-2013 for old records.

Both give a preliminary level from the scores and move it by what the scores do not see: coma,
dementia or a psychiatric disorder, repeated care-risk events in the last 30 days.
"""

from __future__ import annotations

from dataclasses import dataclass

COMA, DEMENTIA, PSYCHIATRIC, EVENTS = "coma", "dementia", "psychiatric", "events"
MOST_2022, MOST_2013 = 4, 3
_MANY_EVENTS = 2


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What moves a level. ``events``: care-risk events in 30 days, the sum of their counts."""

    coma: bool = False
    dementia: bool = False
    psychiatric: bool = False
    events: int = 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the level goes up by one, as codes; they do not add up."""
        found = (
            (DEMENTIA, self.dementia),
            (PSYCHIATRIC, self.psychiatric),
            (EVENTS, self.events >= _MANY_EVENTS),
        )
        return tuple(code for code, holds in found if holds)


def preliminary_2022(total: float) -> int:
    """GB/T 42195-2022: 0 intact (90), 1 mild (66–89), 2 moderate (46–65), 3 severe (30–45),
    4 complete (0–29). ValueError outside 0–90."""
    if not 0 <= total <= 90:
        raise ValueError(f"a total of {total:g} is outside 0 to 90")
    for least, level in ((90, 0), (66, 1), (46, 2), (30, 3)):
        if total >= least:
            return level
    return 4


def final_2022(preliminary: int, circumstances: Circumstances) -> int:
    """Coma is level 4; any of the other reasons raises the level by one, once, to 4 at most."""
    return _moved(preliminary, circumstances, MOST_2022)


def _moved(preliminary: int, circumstances: Circumstances, most: int) -> int:
    if circumstances.coma:
        return most
    return min(most, preliminary + 1) if circumstances.reasons else preliminary


@dataclass(frozen=True, slots=True)
class Parts2013:
    """The levels of the four parts of MZ/T 039-2013, 0 to 3 each."""

    adl: int
    mental: int
    senses: int
    social: int


def adl_2013(barthel: float) -> int:
    """0 = 100; 1 = 65–95; 2 = 45–60; 3 = 40 and below. ValueError outside 0–100 step 5."""
    if not 0 <= barthel <= 100 or barthel % 5:
        raise ValueError(f"{barthel:g} is no Barthel total")
    return 0 if barthel == 100 else 1 if barthel >= 65 else 2 if barthel >= 45 else 3


def mental_2013(total: float) -> int:
    """0 = 0; 1 = 1; 2 = 2–3; 3 = 4–6 (cognition, aggression, depression)."""
    if not 0 <= total <= 6:
        raise ValueError(f"a total of {total:g} is outside 0 to 6")
    return 0 if total == 0 else 1 if total == 1 else 2 if total <= 3 else 3


def social_2013(total: float) -> int:
    """0 = 0–2; 1 = 3–7; 2 = 8–13; 3 = 14–20 (five items of 0–4)."""
    if not 0 <= total <= 20:
        raise ValueError(f"a total of {total:g} is outside 0 to 20")
    return 0 if total <= 2 else 1 if total <= 7 else 2 if total <= 13 else 3


def senses_2013(consciousness: int, vision: int, hearing: int, communication: int) -> int:
    """The level of senses and communication; the worst that any of them gives.

    ``consciousness``: 0 awake, 1 drowsy, 2 stupor, 3 coma. ``vision`` and ``hearing`` 0–4,
    ``communication`` 0–3; higher is worse.
    """
    senses = max(vision, hearing)
    if consciousness >= 2 or senses >= 4 or communication >= 3:
        return 3
    if consciousness == 1 or senses == 3 or communication == 2:
        return 2
    return 1 if senses == 2 or communication == 1 else 0


def preliminary_2013(parts: Parts2013) -> tuple[int, bool]:
    """The level of the four parts together, and whether the published rules give one.

    The rules of MZ/T 039-2013 overlap and leave gaps: where several match, the highest holds;
    where none does, the level of daily living is proposed and a person decides (False).
    """
    adl, others = parts.adl, (parts.mental, parts.senses, parts.social)
    found: list[int] = []
    if adl == 0 and parts.mental == 0 and parts.senses == 0 and parts.social <= 1:
        found.append(0)
    if adl == 0 and (parts.mental >= 1 or parts.senses >= 1 or parts.social == 2):
        found.append(1)
    if adl == 1 and min(others) <= 1:
        found.append(1)
    if adl == 1 and (others == (2, 2, 2) or 3 in others):
        found.append(2)
    if adl == 2 and sum(each in (1, 2) for each in others) in (1, 2):
        found.append(2)
    if adl == 3 or (adl == 2 and (others == (2, 2, 2) or 3 in others)):
        found.append(3)
    return (max(found), True) if found else (adl, False)


def final_2013(preliminary: int, circumstances: Circumstances) -> int:
    """Coma is level 3; any other reason raises the level by one, once, to 3 at most."""
    return _moved(preliminary, circumstances, MOST_2013)
