"""The clinical settings of an organisation: everything that a county or a centre may set itself.

Source: what the domain reference marks C ("local convention"), with its default. What the
national standards fix is not here. A setting is one line of ``ClinicalSettings``; the page for
administrators, the check, the history and the wire follow from it. Saving makes a new version;
records keep the version of the rules they were made under (``rule_version``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.care.limits import LIMITS, Limit, Range
from app.care.parsing import clean_text
from app.care.setting_field import (
    SettingField,
    choice,
    limits,
    number,
    settings_of,
    yes_no,
)
from app.care.visit_rules import AgeRule, RuleSettings
from app.errors import InputError, NotAllowed
from app.i18n import N_, tr
from app.models.actor import Actor
from app.models.clinical import ClinicalSettingsVersion
from app.models.store import Store

CHRONIC = N_("Chronic care")
TARGETS = N_("Blood-pressure targets (2017 specification)")
DISPLAY = N_("Shown beside, for information")
COUNTING = N_("Indicators")
INPUT = N_("Input limits")
GROUPS = (CHRONIC, TARGETS, DISPLAY, COUNTING, INPUT)
"""The groups of the page, in order; a new group is added here."""

_REASON_LIMIT = 200
_DRUG_CHANGE = N_("Both visits of “twice” must have the same problem (high value, or reaction).")


@dataclass(frozen=True)
class ClinicalSettings:
    """One version, whole. ``version`` 0 and no ``record_id``: nobody has set anything yet."""

    version: int = 0
    record_id: str = ""

    same_problem_twice_only: bool = yes_no(
        False, N_("Refer only when the same problem stands twice"), CHRONIC, _DRUG_CHANGE
    )
    keep_quarterly_plan: bool = yes_no(
        False,
        N_("An extra visit with good values keeps the quarterly date"),
        CHRONIC,
        N_("Off: the next date is always three months after the visit."),
    )
    age_rule: str = choice(
        AgeRule.VISIT_DATE,
        N_("Age that decides the blood-pressure target"),
        CHRONIC,
        (
            (AgeRule.VISIT_DATE, N_("completed years on the visit date")),
            (AgeRule.CALENDAR_YEAR, N_("age reached in the calendar year")),
        ),
    )
    target_age: int = number(65, N_("Older from the age of"), TARGETS, low=40, high=100)
    target_sbp: int = number(
        140, N_("Systolic, below that age"), TARGETS, low=100, high=179, unit="mmHg"
    )
    target_dbp: int = number(
        90, N_("Diastolic, below that age"), TARGETS, low=60, high=109, unit="mmHg"
    )
    target_sbp_older: int = number(
        150, N_("Systolic, from that age"), TARGETS, low=100, high=179, unit="mmHg"
    )
    target_dbp_older: int = number(
        90, N_("Diastolic, from that age"), TARGETS, low=60, high=109, unit="mmHg"
    )
    guideline: str = choice(
        "2025",
        N_("Guideline shown beside the classification"),
        DISPLAY,
        (
            ("2025", N_("national primary-care guideline 2025")),
            ("2020", N_("guideline 2020")),
            ("none", N_("none")),
        ),
        N_("For information only: class, dates and indicators follow the targets above."),
    )
    probable_glucose: float = number(
        10.0,
        N_("Not fasting: probably satisfactory under"),
        DISPLAY,
        low=7,
        high=16.6,
        unit="mmol/L",
        decimals=1,
    )
    glucose_flags: bool = yes_no(
        False,
        N_("Mark fasting glucose under 4.0 and after a meal over 9.9"),
        DISPLAY,
    )
    one_visit_a_quarter: bool = yes_no(
        False,
        N_("Standard management also needs one visit in each quarter"),
        COUNTING,
        N_("Off: four face-to-face visits a year, whenever they were."),
    )
    visits_a_year: int = number(
        4, N_("Face-to-face visits a year for standard management"), COUNTING, low=1, high=24
    )
    prevalence_hypertension: float | None = number(
        None,
        N_("Estimated prevalence of hypertension from 35 years"),
        COUNTING,
        low=0.1,
        high=100,
        unit="%",
        decimals=1,
        optional=True,
        help=N_("The county's figure. Blank: the management rate is not shown."),
    )
    prevalence_diabetes: float | None = number(
        None,
        N_("Estimated prevalence of type-2 diabetes from 35 years"),
        COUNTING,
        low=0.1,
        high=100,
        unit="%",
        decimals=1,
        optional=True,
    )
    prevalence_copd: float | None = number(
        None,
        N_("Estimated prevalence of COPD from 35 years"),
        COUNTING,
        low=0.1,
        high=100,
        unit="%",
        decimals=1,
        optional=True,
    )
    limit_sbp: Range = limits("sbp", INPUT)  # noqa: RUF009
    limit_dbp: Range = limits("dbp", INPUT)  # noqa: RUF009
    limit_heart_rate: Range = limits("heart_rate", INPUT)  # noqa: RUF009
    limit_temperature: Range = limits("temperature", INPUT)  # noqa: RUF009
    limit_respiration: Range = limits("respiration", INPUT)  # noqa: RUF009
    limit_spo2: Range = limits("spo2", INPUT)  # noqa: RUF009
    limit_weight: Range = limits("weight", INPUT)  # noqa: RUF009
    limit_height: Range = limits("height", INPUT)  # noqa: RUF009
    limit_waist: Range = limits("waist", INPUT)  # noqa: RUF009
    limit_glucose: Range = limits("glucose", INPUT)  # noqa: RUF009
    limit_hba1c: Range = limits("hba1c", INPUT)  # noqa: RUF009

    @property
    def label(self) -> str:
        """What records keep beside the version of a rule; empty while nothing was set.

        The end of the record's id tells apart two versions of one number that two PCs made.
        """
        return f"S{self.version}-{self.record_id[-4:]}" if self.version else ""

    @property
    def rules(self) -> RuleSettings:
        """What the rules of the chronic diseases take."""
        return RuleSettings(
            same_problem_twice_only=self.same_problem_twice_only,
            keep_quarterly_plan=self.keep_quarterly_plan,
            age_rule=AgeRule(self.age_rule),
            target_age=self.target_age,
            target=(self.target_sbp, self.target_dbp),
            target_older=(self.target_sbp_older, self.target_dbp_older),
            guideline=self.guideline,
            probable_glucose=self.probable_glucose,
            glucose_flags=self.glucose_flags,
            settings_label=self.label,
        )

    @cached_property
    def input_limits(self) -> Mapping[str, Limit]:
        """The input limits by measurement, as ``care.limits.check`` takes them."""
        ranges = {
            each.measure: getattr(self, name)
            for name, each in SETTINGS.items()
            if each.kind == "limits"
        }
        return {key: limit.within(ranges[key]) for key, limit in LIMITS.items()}


SETTINGS: Mapping[str, SettingField] = settings_of(ClinicalSettings)
"""Every setting by its name, in the order of the page."""

DEFAULTS = ClinicalSettings()


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting that a version changed, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """One line of the history."""

    version: int
    saved_at: datetime
    saved_by: str
    reason: str
    changes: tuple[SettingChange, ...]


def clinical_settings(session: Session) -> ClinicalSettings:
    """The settings in force at the organisation of this store; the defaults before any save."""
    row = _newest(session)
    return DEFAULTS if row is None else _read(row)


def load_clinical_settings(store: Store) -> ClinicalSettings:
    """The settings in force, for whoever has no transaction open."""
    with store.read() as session:
        return clinical_settings(session)


def save_clinical_settings(
    store: Store, actor: Actor, new: ClinicalSettings, reason: str
) -> ClinicalSettings:
    """Put a changed set in force as a new version; gives it back.

    ``new`` is made with ``dataclasses.replace`` from the version that was shown. Raises
    NotAllowed unless an administrator asks, InputError with a sentence a setting, also when
    nothing was changed or somebody has saved another version meanwhile.
    """
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may change the clinical settings. Nothing was saved. "
                "Ask the administrator of your organisation."
            )
        )
    problems = problems_of_settings(new)
    text = clean_text(reason)
    if not text:
        problems["reason"] = tr("Write why the settings are changed.")
    elif len(text) > _REASON_LIMIT:
        problems["reason"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=_REASON_LIMIT
        )
    with store.write(actor) as session:
        row = _newest(session)
        standing = DEFAULTS if row is None else _read(row)
        if standing.record_id != new.record_id:
            raise InputError(
                tr(
                    "The settings were changed elsewhere in the meantime. Nothing was saved. "
                    "Open this page again and make your change on the newest version."
                )
            )
        if not problems and not _changes(standing, new):
            problems["reason"] = tr("No setting was changed.")
        if problems:
            raise InputError(problems)
        # What a newer program keeps beside ours stays as it is.
        kept = {} if row is None else dict(row.content)
        kept.update({name: each.plain(getattr(new, name)) for name, each in SETTINGS.items()})
        made = ClinicalSettingsVersion(
            version=standing.version + 1, content=kept, reason=text, actor_name=actor.name
        )
        session.add(made)
        session.flush()
        return replace(new, version=made.version, record_id=made.id)


def problems_of_settings(new: ClinicalSettings) -> dict[str, str]:
    """What must be mended before a set can be saved: setting → plain sentence."""
    found = {
        name: problem
        for name, each in SETTINGS.items()
        if (problem := each.problem(getattr(new, name))) is not None
    }
    for sbp, dbp in (("target_sbp", "target_dbp"), ("target_sbp_older", "target_dbp_older")):
        if sbp not in found and dbp not in found and getattr(new, sbp) <= getattr(new, dbp):
            found[sbp] = tr("The systolic target must be above the diastolic one.")
    return found


def settings_history(store: Store, limit: int = 50) -> tuple[SettingsVersion, ...]:
    """The versions of this organisation, the newest first, each with what it changed."""
    with store.read() as session:
        rows = list(session.scalars(_versions(session).limit(limit + 1)))
        sets = [*map(_read, rows), DEFAULTS]
        return tuple(
            SettingsVersion(
                row.version,
                row.created_at,
                row.actor_name,
                row.reason,
                _changes(sets[place + 1], sets[place]),
            )
            for place, row in enumerate(rows[:limit])
        )


def _versions(session: Session) -> Select[ClinicalSettingsVersion]:
    table = ClinicalSettingsVersion
    return (
        select(table)
        .where(table.organisation_id == session.info["store"].organisation_id)
        .order_by(table.version.desc(), table.created_at.desc(), table.id.desc())
    )


def _newest(session: Session) -> ClinicalSettingsVersion | None:
    row: ClinicalSettingsVersion | None = session.scalar(_versions(session).limit(1))
    return row


def _read(row: ClinicalSettingsVersion) -> ClinicalSettings:
    known = {
        name: each.read(row.content[name]) for name, each in SETTINGS.items() if name in row.content
    }
    return ClinicalSettings(version=row.version, record_id=row.id, **known)


def _changes(before: ClinicalSettings, after: ClinicalSettings) -> tuple[SettingChange, ...]:
    return tuple(
        SettingChange(
            tr(each.label), each.text(getattr(before, name)), each.text(getattr(after, name))
        )
        for name, each in SETTINGS.items()
        if getattr(before, name) != getattr(after, name)
    )
