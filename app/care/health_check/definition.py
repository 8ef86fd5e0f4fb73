"""The form of the health check, read from ``resources/forms/health_check.json``.

One definition serves the page, the checks, the wire, the printed form and the tests. A version
of the form holds the fields that existed in it; a record keeps the version it was made under.
Source: 健康体检表, National Basic Public Health Services, 3rd ed. 2017, with the additions of
2025 for residents of 65 and over (domain reference §4.1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from app.care.limits import LIMITS
from app.i18n import language
from app.paths import resources

TEXT_SUFFIX = "_text"
"""The words beside a choice stand under its key with this ending."""


def _said(zh: str, en: str) -> str:
    return en if language() == "en" else zh


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    """One field. ``kind``: number, choice, several, text, date, drug, lines, rows, derived,
    assessment.

    ``hard``: limits of what can be typed. ``normal``: codes that the form itself calls normal.
    ``words_for``: codes that want words. ``when``: shown only while another field holds one of
    the codes (or anything at all). ``column``: kept in a column of its own.
    """

    key: str
    zh: str
    en: str
    kind: str
    code_list: str = ""
    unit: str = ""
    decimals: int = 0
    hard: tuple[float, float] | None = None
    limit: str = ""
    normal: tuple[str, ...] = ()
    words_for: tuple[str, ...] = ()
    words_optional: bool = False
    exclusive: tuple[str, ...] = ()
    required: bool = False
    required_in: str = ""
    when: tuple[str, tuple[str, ...]] | None = None
    column: bool = False
    loinc: str = ""
    ucum: str = ""
    lab_range: bool = False
    age: bool = False
    scales: tuple[str, ...] = ()
    abnormal_levels: tuple[str, ...] = ()
    most: int = 0
    parts: int = 0
    members: tuple[FieldDefinition, ...] = ()

    @property
    def label(self) -> str:
        """The heading in the language of the screen."""
        return _said(self.zh, self.en)

    @property
    def text_key(self) -> str:
        """Where the words beside the choice are kept."""
        return self.key + TEXT_SUFFIX

    def shown(self, answers: Mapping[str, Any]) -> bool:
        """Whether the field is asked at all, given the other answers."""
        if self.when is None:
            return True
        key, codes = self.when
        value = answers.get(key)
        if not codes:
            return bool(value)
        chosen = value if isinstance(value, list | tuple) else (value,)
        return any(code in codes for code in chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDefinition:
    """A row of the paper. ``absent``: may be marked not done, refused or unable as a whole.

    ``free_from_65``: the form version since which it is a free test for 65 and over.
    """

    key: str
    zh: str
    en: str
    fields: tuple[FieldDefinition, ...]
    absent: bool = False
    sex: str = ""
    free_from_65: str = ""
    since: str = ""

    @property
    def label(self) -> str:
        """The heading of the row, or of its only field."""
        return _said(self.zh, self.en) or self.fields[0].label

    @property
    def label_zh(self) -> str:
        """The heading as printed, whatever the language of the screen."""
        return self.zh or self.fields[0].zh


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionDefinition:
    """A block of the paper. ``judged``: only a doctor fills it in."""

    key: str
    zh: str
    en: str
    groups: tuple[GroupDefinition, ...]
    judged: bool = False

    @property
    def label(self) -> str:
        return _said(self.zh, self.en)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeDefinition:
    """Values of a field that are marked: ``low`` ≤ value < ``below``, or value ≤ ``up_to``.

    ``level``: abnormal or urgent. ``source`` names the standard; a range without one is none.
    """

    field: str
    zh: str
    en: str
    level: str
    source: str
    low: float | None = None
    below: float | None = None
    up_to: float | None = None
    sex: str = ""

    @property
    def label(self) -> str:
        return _said(self.zh, self.en)

    def holds(self, value: float) -> bool:
        """Whether the value lies in this range."""
        return (
            (self.low is None or value >= self.low)
            and (self.below is None or value < self.below)
            and (self.up_to is None or value <= self.up_to)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDefinition:
    """One version of the form."""

    version: str
    zh: str
    en: str
    sections: tuple[SectionDefinition, ...]
    ranges: tuple[RangeDefinition, ...]
    by_key: Mapping[str, FieldDefinition] = field(repr=False)
    group_of: Mapping[str, GroupDefinition] = field(repr=False)

    @property
    def label(self) -> str:
        return _said(self.zh, self.en)

    def groups(self) -> Iterator[GroupDefinition]:
        """All rows in paper order."""
        for section in self.sections:
            yield from section.groups

    def fields(self) -> Iterator[FieldDefinition]:
        """All fields in paper order."""
        for group in self.groups():
            yield from group.fields

    def judged_keys(self) -> frozenset[str]:
        """Fields that only a doctor fills in."""
        return frozenset(
            key
            for section in self.sections
            if section.judged
            for group in section.groups
            for each in group.fields
            for key in (each.key, each.text_key)
        )

    def free_tests(self) -> tuple[GroupDefinition, ...]:
        """The free tests of residents of 65 and over."""
        known = versions()
        here = known.index(self.version)
        return tuple(
            group
            for group in self.groups()
            if group.free_from_65 and known.index(group.free_from_65) <= here
        )


@cache
def _read() -> dict[str, Any]:
    path = resources() / "forms" / "health_check.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def versions() -> tuple[str, ...]:
    """The versions of the form, oldest first."""
    return tuple(each["code"] for each in _read()["versions"])


def version_for(day: date) -> str:
    """The version in force on a day; the oldest for days before all of them."""
    found = versions()[0]
    for each in _read()["versions"]:
        if day >= date.fromisoformat(each["from"]):
            found = each["code"]
    return found


@cache
def definition(version: str) -> FormDefinition:
    """A version of the form. Raises KeyError for one that this program does not know."""
    raw = _read()
    known = versions()
    if version not in known:
        raise KeyError(version)
    about = raw["versions"][known.index(version)]
    allowed = frozenset(known[: known.index(version) + 1])
    sections = tuple(
        SectionDefinition(
            key=section["key"],
            zh=section["zh"],
            en=section["en"],
            judged=section.get("judged", False),
            groups=tuple(
                _group(group)
                for group in section["groups"]
                if group.get("since", known[0]) in allowed
            ),
        )
        for section in raw["sections"]
    )
    groups = [group for section in sections for group in section.groups]
    return FormDefinition(
        version=version,
        zh=about["zh"],
        en=about["en"],
        sections=sections,
        ranges=tuple(_range(each) for each in raw["ranges"]),
        by_key={each.key: each for group in groups for each in group.fields},
        group_of={each.key: group for group in groups for each in group.fields},
    )


def _group(raw: Mapping[str, Any]) -> GroupDefinition:
    return GroupDefinition(
        key=raw["key"],
        zh=raw["zh"],
        en=raw["en"],
        fields=tuple(_field(each) for each in raw["fields"]),
        absent=raw.get("absent", False),
        sex=raw.get("sex", ""),
        free_from_65=raw.get("free_from_65", ""),
        since=raw.get("since", ""),
    )


def _field(raw: Mapping[str, Any]) -> FieldDefinition:
    limit = LIMITS.get(raw.get("limit", ""))
    when, hard = raw.get("when"), raw.get("hard")
    return FieldDefinition(
        key=raw["key"],
        zh=raw["zh"],
        en=raw["en"],
        kind=raw["kind"],
        code_list=raw.get("list", ""),
        unit=raw.get("unit", limit.unit if limit else ""),
        decimals=raw.get("decimals", limit.decimals if limit else 0),
        hard=(limit.hard_low, limit.hard_high) if limit else (hard[0], hard[1]) if hard else None,
        limit=raw.get("limit", ""),
        normal=tuple(raw.get("normal", ())),
        words_for=tuple(raw.get("words_for", ())),
        words_optional=raw.get("words_optional", False),
        exclusive=tuple(raw.get("exclusive", ())),
        required=raw.get("required", False),
        required_in=raw.get("required_in", ""),
        when=(when["field"], tuple(when.get("codes", ()))) if when else None,
        column=raw.get("column", False),
        loinc=raw.get("loinc", ""),
        ucum=raw.get("ucum", ""),
        lab_range=raw.get("lab_range", False),
        age=raw.get("age", False),
        scales=tuple(raw.get("scales", ())),
        abnormal_levels=tuple(raw.get("abnormal_levels", ())),
        most=raw.get("most", 0),
        parts=raw.get("parts", 0),
        members=tuple(_field(each) for each in raw.get("members", ())),
    )


def _range(raw: Mapping[str, Any]) -> RangeDefinition:
    return RangeDefinition(
        field=raw["field"],
        zh=raw["zh"],
        en=raw["en"],
        level=raw["level"],
        source=raw["source"],
        low=raw.get("from"),
        below=raw.get("below"),
        up_to=raw.get("up_to"),
        sex=raw.get("sex", ""),
    )
