"""The questionnaires of the scales: FHIR Questionnaires of ``resources/questionnaires``.

A file is one version of one scale (``<scale>.<version>.json``) and is never changed once it was
released: records name it. The score of an option is its ``ordinalValue``; an option without
one does not count. English words are ``translation`` extensions beside the Chinese ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from app.i18n import language
from app.paths import resources

CURRENT: Mapping[str, str] = {
    "self_care": "NBPHS-2017",
    "ability_2022": "GBT-42195-2022",
    "barthel": "WST-431-2013",
    "morse": "MORSE-1989",
    "braden": "BRADEN-1987",
    "nrs_pain": "NRS-11",
    "mmse": "MMSE-1975",
    "gds30": "GDS-30",
    "gds15": "GDS-15",
    "tcm33": "NBPHS-2017",
    "ability_2013": "MZT-039-2013",
}
"""Every scale with the version that new assessments use, in the order of the chooser."""

URL = "urn:township-care:questionnaire:"
CHOICE, MULTIPLE, NUMBER, TEXT = "choice", "multiple", "number", "text"

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_STEP = "urn:township-care:x:step"
_KINDS = {"choice": CHOICE, "integer": NUMBER, "string": TEXT}


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en if language() == "en" else self.zh


NOTHING = Words("", "")


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice; ``weight`` is None where it does not count."""

    code: str
    words: Words
    weight: float | None


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``low`` and ``high`` are the limits of a number, both allowed; ``step``
    divides it.

    ``group`` is the link id of the part of the form that it stands in, empty without parts.
    """

    link_id: str
    kind: str
    words: Words
    help: Words = NOTHING
    required: bool = False
    options: tuple[Option, ...] = ()
    low: int | None = None
    high: int | None = None
    step: int = 1
    group: str = ""
    loinc: str = ""

    def option(self, code: Any) -> Option | None:
        """The option of a code, None where there is none."""
        return next((each for each in self.options if each.code == code), None)

    @property
    def scored(self) -> bool:
        """Whether its answer counts in a total."""
        return any(each.weight is not None for each in self.options)

    @property
    def most(self) -> float:
        """The highest score it can give."""
        return max((each.weight for each in self.options if each.weight is not None), default=0)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """One version of one scale, the questions in the order of the paper."""

    scale: str
    version: str
    title: Words
    description: Words
    questions: tuple[Question, ...]
    groups: Mapping[str, Words] = field(default_factory=dict)
    loinc: str = ""
    retired: bool = False

    @property
    def url(self) -> str:
        """The canonical without its version."""
        return URL + self.scale

    def question(self, link_id: str) -> Question | None:
        """The question of a link id, None where there is none."""
        return next((each for each in self.questions if each.link_id == link_id), None)

    def of_group(self, group: str) -> tuple[Question, ...]:
        """The questions of one part."""
        return tuple(each for each in self.questions if each.group == group)


def questionnaire(scale: str, version: str = "") -> Questionnaire:
    """A scale's questionnaire, the current one without a version. KeyError if there is none."""
    found = find(scale, version or CURRENT[scale])
    if found is None:
        raise KeyError(scale)
    return found


@cache
def find(scale: str, version: str) -> Questionnaire | None:
    """The questionnaire of a record; None where a newer program knows it and this one not."""
    if scale not in CURRENT or not version.replace("-", "").isalnum():
        return None
    path = resources() / "questionnaires" / f"{scale}.{version}.json"
    if not path.is_file():
        return None
    return _read(scale, json.loads(path.read_text(encoding="utf-8")))


def _read(scale: str, resource: Mapping[str, Any]) -> Questionnaire:
    groups = {
        item["linkId"]: _words(item, "text") for item in resource["item"] if item["type"] == "group"
    }
    return Questionnaire(
        scale=scale,
        version=resource["version"],
        title=_words(resource, "title"),
        description=_words(resource, "description") if "description" in resource else NOTHING,
        questions=tuple(_questions(resource["item"], "")),
        groups=groups,
        loinc=_loinc(resource),
        retired=resource["status"] == "retired",
    )


def _questions(items: list[Mapping[str, Any]], group: str) -> Iterator[Question]:
    for item in items:
        if item["type"] == "group":
            yield from _questions(item["item"], item["linkId"])
            continue
        limits = {each["url"]: each["valueInteger"] for each in item.get("extension", ())}
        helps = [each for each in item.get("item", ()) if each["type"] == "display"]
        yield Question(
            link_id=item["linkId"],
            kind=MULTIPLE if item.get("repeats") else _KINDS[item["type"]],
            words=_words(item, "text"),
            help=_words(helps[0], "text") if helps else NOTHING,
            required=item.get("required", False),
            options=tuple(_option(each["valueCoding"]) for each in item.get("answerOption", ())),
            low=limits.get(_EXTENSION + "minValue"),
            high=limits.get(_EXTENSION + "maxValue"),
            step=limits.get(_STEP, 1),
            group=group,
            loinc=_loinc(item),
        )


def _option(coding: Mapping[str, Any]) -> Option:
    weights = [
        float(each["valueDecimal"])
        for each in coding.get("extension", ())
        if each["url"] == _EXTENSION + "ordinalValue"
    ]
    return Option(coding["code"], _words(coding, "display"), weights[0] if weights else None)


def _words(element: Mapping[str, Any], name: str) -> Words:
    parts = {
        part["url"]: part
        for each in element.get(f"_{name}", {}).get("extension", ())
        for part in each["extension"]
    }
    zh = element[name]
    return Words(zh, parts["content"]["valueString"] if "content" in parts else zh)


def _loinc(element: Mapping[str, Any]) -> str:
    return next((each["code"] for each in element.get("code", ())), "")
