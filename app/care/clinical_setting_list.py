"""The list of clinical settings: one line each, with its words, its default and its range.

Source: what the domain reference marks C ("local convention"), with its default; what the
national standards fix is not here. The administrator's page, the check, the history and the
wire follow from this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.care.limits import LIMITS, Limit, Range
from app.care.scale_settings import CUT_OFFS, INTERVALS, ScaleSettings
from app.care.setting_field import (
    SettingField,
    choice,
    limits,
    number,
    settings_of,
    several,
    yes_no,
)
from app.care.visit_rules import AgeRule, RuleSettings
from app.i18n import N_

CHRONIC = N_("Chronic care")
TARGETS = N_("Blood-pressure targets (2017 specification)")
DISPLAY = N_("Shown beside, for information")
COUNTING = N_("Indicators")
CONTRACTS = N_("Contracts")
IMPORT = N_("Import of lists")
INPUT = N_("Input limits")
COPD = N_("COPD form")
GROUPS = (
    *(CHRONIC, TARGETS, COPD, DISPLAY, COUNTING, CONTRACTS, CUT_OFFS, INTERVALS, IMPORT, INPUT),
)
"""The groups of the page, in order; a new group is added here."""

COPD_ITEMS = (
    ("cyanosis", N_("Cyanosis")),
    ("oedema", N_("Oedema")),
    ("comorbidities", N_("Comorbidities")),
    ("vaccines", N_("Vaccines")),
    ("oxygen", N_("Home oxygen")),
    ("ventilation", N_("Non-invasive ventilation")),
    ("lung", N_("Lung function")),
    ("cat", N_("CAT score")),
)
"""Parts of the COPD form that an organisation may leave out (``resources/forms/copd.json``)."""

_DRUG_CHANGE = N_("Both visits of “twice” must have the same problem (high value, or reaction).")


@dataclass(frozen=True)
class ClinicalSettings(ScaleSettings):
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
    screening_repeat_days: int = number(
        7,
        N_("Screening: days until a raised pressure is measured again"),
        CHRONIC,
        low=1,
        high=28,
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
    copd_items: tuple[str, ...] = several(
        tuple(code for code, _ in COPD_ITEMS),
        N_("Items of the COPD form"),
        COPD,
        COPD_ITEMS,
        N_("Items that are not chosen are not shown; answers given before are kept."),
    )
    copd_cat_limit: int | None = number(
        None,
        N_("CAT from which COPD counts as not controlled"),
        COPD,
        low=1,
        high=40,
        optional=True,
        help=N_("Blank: what the doctor finds decides alone. To be set by the clinical lead."),
    )
    copd_mmrc_limit: int | None = number(
        None,
        N_("mMRC grade from which COPD counts as not controlled"),
        COPD,
        low=1,
        high=4,
        optional=True,
    )
    copd_spo2_limit: int | None = number(
        None,
        N_("Oxygen saturation under which a COPD visit is urgent"),
        COPD,
        low=70,
        high=95,
        unit="%",
        optional=True,
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
    target_elder_check_rate: float | None = number(
        None,
        N_("Target: elder health management"),
        COUNTING,
        low=1,
        high=100,
        unit="%",
        decimals=1,
        optional=True,
    )
    target_tcm_rate: float | None = number(
        None,
        N_("Target: elder TCM management"),
        COUNTING,
        low=1,
        high=100,
        unit="%",
        decimals=1,
        optional=True,
    )
    target_standard_rate: float | None = number(
        70.0,
        N_("Target: managed to standard"),
        COUNTING,
        low=1,
        high=100,
        unit="%",
        decimals=1,
        optional=True,
    )
    contract_reminder_days: int = number(
        30, N_("Days before the end to remind of a renewal"), CONTRACTS, low=0, high=365
    )
    contract_term_years: int = number(
        1, N_("Usual term of a contract in years"), CONTRACTS, low=1, high=3
    )
    contract_needs_review: bool = yes_no(
        False, N_("Every contract is reviewed by a second person"), CONTRACTS
    )
    contract_target_senior: int = number(
        70,
        N_("Target: residents of 65 and over with a contract"),
        CONTRACTS,
        low=1,
        high=100,
        unit="%",
    )
    merged_insurance: str = choice(
        "3",
        N_("Residents' insurance (urban and rural, merged) is kept as"),
        IMPORT,
        (
            ("3", N_("code 3, rural cooperative medical scheme")),
            ("2", N_("code 2, urban residents' medical insurance")),
        ),
        N_("The form of 2017 still has both; rosters say the merged one."),
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
            copd_cat_limit=self.copd_cat_limit,
            copd_mmrc_limit=self.copd_mmrc_limit,
            copd_spo2_limit=self.copd_spo2_limit,
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
