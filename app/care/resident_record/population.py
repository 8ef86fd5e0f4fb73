"""Tags of the population (人群标签): those that follow from the record, computed; the rest by hand.

Source: county rules §2.4 (version LOCAL-2025). Computed tags come and go with the facts and are
never written into the record; what a person ticked stays as it was ticked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.resident_record.people import whole_people
from app.models.organisation import Organisation
from app.models.resident import Condition, Residence, Resident
from app.models.resident_record import PopulationTag

__all__ = [
    "BY_RULE_ONLY",
    "RULE_VERSION",
    "SENIOR_AGE",
    "TagFacts",
    "Tags",
    "computed_tags",
    "refresh_tags",
    "tags_of",
]

RULE_VERSION = "LOCAL-2025"
_BATCH = 500

SENIOR_AGE = 65

BY_RULE_ONLY = frozenset({"general", "senior"})
"""Tags that nobody ticks: the age says them, or the lack of all others."""

# Tag → ICD-10 categories of a diagnosis that stands. Resolved ones do not count.
_CATEGORIES: dict[str, tuple[tuple[str, str], ...]] = {
    "hypertension": (("I10", "I15"),),
    "diabetes": (("E10", "E14"),),
    "copd": (("J44", "J44"),),
    "stroke": (("I60", "I64"), ("I69", "I69")),
    "chd": (("I20", "I25"),),
    "tumour": (("C00", "C97"),),
    "mental": (("F20", "F20"), ("F22", "F22"), ("F25", "F25"), ("F31", "F31")),
    "tuberculosis": (("A15", "A19"),),
    "dementia": (("F00", "F03"), ("G30", "G30")),
}
_PROGRAMMES = {"hypertension": "hypertension", "type2_diabetes": "diabetes", "copd": "copd"}
# Past diseases of the basic form that do not pass. Tuberculosis does: only a standing diagnosis.
_PAST = {
    "2": "hypertension",
    "3": "diabetes",
    "4": "chd",
    "5": "copd",
    "6": "tumour",
    "7": "stroke",
    "8": "mental",
}
# From which result an assessment says loss of function: GB/T 42195-2022 moderate and worse, the
# annual self-care form cannot look after oneself.
_ABILITY = frozenset({"2", "3", "4"})
_SELF_CARE = frozenset({"4"})


@dataclass(frozen=True, slots=True)
class TagFacts:
    """What the rule looks at. `diagnoses` are pairs of ICD-10 code and programme (either may be
    empty) that stand; `past` and `disability` are codes of the basic form; `ability` is the level
    of the newest GB/T 42195 assessment (`0`-`4`), `self_care` of the newest self-care form
    (`1`-`4`), empty where there is none; `in_institution`: an open stay in a care institution."""

    age: int
    diagnoses: frozenset[tuple[str, str]] = frozenset()
    past: frozenset[str] = frozenset()
    disability: frozenset[str] = frozenset()
    ability: str = ""
    self_care: str = ""
    in_institution: bool = False
    manual: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tags:
    """`computed` by rule; `manual` what a person ticked and the rule does not say itself."""

    computed: frozenset[str] = field(default_factory=frozenset)
    manual: frozenset[str] = field(default_factory=frozenset)

    @property
    def all(self) -> frozenset[str]:
        return self.computed | self.manual


def computed_tags(facts: TagFacts) -> Tags:
    """The tags that follow from the facts, apart from those that only a person can say.

    Somebody who lives in a care institution does not live alone, whatever was ticked before.
    Without any other tag the resident is of the general population. County rules §2.4, LOCAL-2025.
    """
    computed: set[str] = set()
    if facts.age >= SENIOR_AGE:
        computed.add("senior")
    for code, programme in facts.diagnoses:
        if programme in _PROGRAMMES:
            computed.add(_PROGRAMMES[programme])
        category = code[:3].upper()
        if re.fullmatch(r"[A-Z]\d\d", category):
            computed.update(
                tag
                for tag, ranges in _CATEGORIES.items()
                if any(low <= category <= high for low, high in ranges)
            )
    computed.update(tag for code, tag in _PAST.items() if code in facts.past)
    if facts.disability - {"1"}:
        computed.add("disabled")
    # The assessor's level counts before the shorter self-care form.
    if facts.ability in _ABILITY or (not facts.ability and facts.self_care in _SELF_CARE):
        computed.add("incapacitated")
    manual = facts.manual - BY_RULE_ONLY - computed
    if facts.in_institution:
        manual -= {"living_alone"}
    if not computed and not manual:
        computed.add("general")
    return Tags(frozenset(computed), frozenset(manual))


def tags_of(session: Session, resident_id: str, today: date) -> Tags:
    """The tags of one person; the records merged into one count together."""
    return computed_tags(next(iter(_facts(session, [resident_id], today).values())))


def refresh_tags(session: Session, resident_ids: Iterable[str], today: date) -> None:
    """Make the kept tags of these people anew; ids that are not in the store are passed over.

    The kept tags serve lists and counts and stand on the record that goes on. Ages pass by
    without a write: lists of seniors ask for the birth date, not for the tag.
    """
    ids = list(dict.fromkeys(resident_ids))
    for start in range(0, len(ids), _BATCH):
        person = whole_people(session, ids[start : start + _BATCH])
        session.execute(delete(PopulationTag).where(PopulationTag.resident_id.in_(list(person))))
        rows: list[dict[str, Any]] = []
        for resident_id, facts in _facts(session, list(person), today).items():
            tags = computed_tags(facts)
            rows += [
                {"resident_id": resident_id, "tag": tag, "computed": tag in tags.computed}
                for tag in sorted(tags.all)
            ]
        if rows:
            session.execute(insert(PopulationTag), rows)


@dataclass(slots=True)
class _Gathered:
    diagnoses: set[tuple[str, str]] = field(default_factory=set)
    past: set[str] = field(default_factory=set)
    disability: set[str] = field(default_factory=set)
    manual: set[str] = field(default_factory=set)
    housed: bool = False


def _facts(session: Session, resident_ids: list[str], today: date) -> dict[str, TagFacts]:
    """By the record that goes on: what all records of the person say."""
    # Loaded here: the due work of the scales reads the people of this package.
    from app.care.assessments.results import latest_of_many

    person = whole_people(session, resident_ids)
    ids = list(person)
    gathered: dict[str, _Gathered] = {}
    births: dict[str, date] = {}
    for id_, birth, past, disability, flags in session.execute(
        select(
            Resident.id,
            Resident.birth_date,
            Resident.past_disease,
            Resident.disability,
            Resident.population_flags,
        ).where(Resident.id.in_(ids))
    ):
        one = gathered.setdefault(person[id_], _Gathered())
        one.past |= _codes(past)
        one.disability |= _codes(disability)
        one.manual |= _codes(flags)
        if id_ == person[id_]:
            births[id_] = birth
    for id_, code, disease in session.execute(
        select(Condition.resident_id, Condition.code, Condition.disease).where(
            Condition.resident_id.in_(ids), Condition.clinical_status == "active"
        )
    ):
        gathered[person[id_]].diagnoses.add((code or "", disease or ""))
    for id_ in session.scalars(
        select(Residence.resident_id)
        .join(Organisation, Organisation.id == Residence.org_id)
        .where(
            Residence.resident_id.in_(ids),
            Residence.discharge_date.is_(None),
            Organisation.type == "CARE_INSTITUTION",
        )
    ):
        gathered[person[id_]].housed = True
    ability = latest_of_many(session, ids, "ability_2022")
    self_care = latest_of_many(session, ids, "self_care")
    return {
        id_: TagFacts(
            age=age_on(births[id_], max(today, births[id_])),
            diagnoses=frozenset(one.diagnoses),
            past=frozenset(one.past),
            disability=frozenset(one.disability),
            ability=(ability[id_].level or "") if id_ in ability else "",
            self_care=(self_care[id_].level or "") if id_ in self_care else "",
            in_institution=one.housed,
            manual=frozenset(one.manual),
        )
        for id_, one in gathered.items()
        if id_ in births
    }


def _codes(answers: Iterable[Any] | None) -> set[str]:
    return {
        str(each.get("code", "")) if isinstance(each, dict) else str(each) for each in answers or ()
    } - {""}
