"""The drug list with its search, and how a drug line of a visit is written.

The list is ``resources/codes/drugs.csv`` (domain reference §11.2: generic names, common
market strengths; not dosing advice). Free text is allowed: a drug that the list does not
have is kept as it was typed, with an empty code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.care.kept import members
from app.care.parsing import half_width
from app.i18n import tr
from app.models import codes

# How often a day each frequency code means; "when needed" has no count.
TIMES_PER_DAY: Mapping[str, float | None] = {
    "qd": 1,
    "bid": 2,
    "tid": 3,
    "qn": 1,
    "qod": 0.5,
    "prn": None,
}


@dataclass(frozen=True, slots=True)
class Drug:
    """One entry of the list. ``strengths`` as printed on the pack, e.g. ``("5 mg",)``."""

    code: str
    name: str
    form: str
    strengths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugLine:
    """One drug of a visit: the row of the form {name, times a day, dose, unit}.

    ``frequency`` is a code of list ``dose_frequency`` (or empty for free text in ``usage``);
    ``dose`` is the amount at one time in ``unit`` (片, mg, 单位 …).
    """

    name: str
    code: str = ""
    strength: str = ""
    frequency: str = ""
    dose: float | None = None
    unit: str = ""
    usage: str = ""

    @property
    def times_per_day(self) -> float | None:
        return TIMES_PER_DAY.get(self.frequency)

    def as_dict(self) -> dict[str, Any]:
        """The plain values kept in the visit's row; empty ones are left out."""
        values: dict[str, Any] = {
            "name": self.name,
            "code": self.code,
            "strength": self.strength,
            "frequency": self.frequency,
            "times_per_day": self.times_per_day,
            "dose": self.dose,
            "unit": self.unit,
            "usage": self.usage,
        }
        return {key: value for key, value in values.items() if value not in ("", None)}

    @classmethod
    def from_dict(cls, values: Any) -> DrugLine:
        """A line as it was kept; keys of a newer program are passed over."""
        values = members(values)
        dose = values.get("dose")
        return cls(
            name=str(values.get("name", "")),
            code=str(values.get("code", "")),
            strength=str(values.get("strength", "")),
            frequency=str(values.get("frequency", "")),
            dose=dose if isinstance(dose, int | float) else None,
            unit=str(values.get("unit", "")),
            usage=str(values.get("usage", "")),
        )

    def text(self) -> str:
        """The line in words: ``苯磺酸氨氯地平 5 mg 每日一次 每次 1 片``."""
        parts = [self.name, self.strength]
        if self.frequency:
            parts.append(codes.label("dose_frequency", self.frequency))
        if self.dose is not None:
            parts.append(
                tr("{dose} {unit} each time").format(dose=f"{self.dose:g}", unit=self.unit)
            )
        parts.append(self.usage)
        return " ".join(part.strip() for part in parts if part)


def all_drugs() -> list[Drug]:
    """The whole list in its own order."""
    return [_drug(entry) for entry in codes.entries("drugs")]


def search_drugs(text: str, limit: int = 10) -> list[Drug]:
    """Drugs by Chinese name, pinyin, initials or English name, the best match first.

    A beginning counts more than a part inside; an empty text finds nothing.
    """
    return [_drug(entry) for entry in _search("drugs", text, limit)]


def search_diagnoses(text: str, limit: int = 10) -> list[tuple[str, str]]:
    """``(ICD-10 code, name)`` of the starter catalogue, found like drugs or by the code."""
    return [(entry.code, entry.label) for entry in _search("diagnoses", text, limit)]


def find_drug(code: str) -> Drug | None:
    """The entry of a code, or None where the list does not have it."""
    entry = codes.entry("drugs", code)
    return None if entry is None else _drug(entry)


def _search(code_list: str, text: str, limit: int) -> list[codes.CodeEntry]:
    wanted = "".join(half_width(text).lower().split())
    if not wanted:
        return []
    ranked = [
        (rank, position, entry)
        for position, entry in enumerate(codes.entries(code_list))
        if (rank := _rank(entry, wanted)) is not None
    ]
    ranked.sort(key=lambda found: found[:2])
    return [entry for _, _, entry in ranked[:limit]]


def _rank(entry: codes.CodeEntry, wanted: str) -> int | None:
    """How well an entry fits: 0 whole, 1 a beginning, 2 inside; None not at all."""
    keys = (
        entry.zh,
        entry.extra.get("initials", ""),
        entry.extra.get("pinyin", ""),
        entry.en.lower().replace(" ", ""),
        entry.code.lower(),
    )
    if wanted in keys:
        return 0
    if any(key.startswith(wanted) for key in keys):
        return 1
    # One letter inside a word would find nearly everything.
    inside = len(wanted) > 1 or not wanted.isascii()
    return 2 if inside and any(wanted in key for key in keys[:4]) else None


def _drug(entry: codes.CodeEntry) -> Drug:
    english = entry.label == entry.en and entry.label != entry.zh
    strengths = entry.extra.get("strengths", "")
    return Drug(
        code=entry.code,
        name=entry.label,
        form=entry.extra.get("form_en" if english else "form_zh", ""),
        strengths=tuple(part for part in strengths.split(";") if part),
    )
