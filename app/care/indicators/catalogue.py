"""The indicators by code: what they are called, what is divided by what, and their target.

Source: domain reference §5.5 and §9.3, definitions ``LOCAL-2026``; formulas of the national basic
public-health services (3rd ed. 2017), targets local.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.i18n import N_, tr

DEFINITIONS = "LOCAL-2026"


@dataclass(frozen=True, slots=True)
class Indicator:
    """``title``, ``counted`` (numerator) and ``among`` (denominator) are source words (``N_``).

    ``persons``: the numbers are persons; else they are services. ``estimated``: the denominator is
    a share of a population that the county estimates. ``ratio``: nobody below the line is missing
    above it, for different things are counted. ``unit``: of the quotient (a source word or ``%``).
    """

    code: str
    title: str
    counted: str
    among: str
    persons: bool = True
    estimated: bool = False
    ratio: bool = False
    unit: str = "%"

    @property
    def name(self) -> str:
        return tr(self.title)

    @property
    def unit_name(self) -> str:
        return self.unit if self.unit == "%" else tr(self.unit)


INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "C1",
        N_("Elders with a contract"),
        N_("Residents of 65 and over with at least one contract in force on the last day"),
        N_("Active residents of 65 and over on the last day"),
    ),
    Indicator(
        "C2",
        N_("Contract services done"),
        N_("Package services done in the period"),
        N_("Package services due in the period"),
        persons=False,
    ),
    Indicator(
        "E1",
        N_("Elder health management"),
        N_("Residents of 65 and over with their health check in the period"),
        N_("Active residents who are 65 by the end of the year"),
    ),
    Indicator(
        "E2",
        N_("Elder TCM management"),
        N_("Residents of 65 and over with their TCM constitution in the period"),
        N_("Active residents who are 65 by the end of the year"),
    ),
    Indicator(
        "E3",
        N_("Ability assessed in care institutions"),
        N_("Of them, with an ability assessment (GB/T 42195) that is still valid"),
        N_("Residents who live in a care institution on the last day"),
    ),
    Indicator(
        "H1",
        N_("Hypertension: managed"),
        N_("Patients under management in the period"),
        N_("Estimated patients: residents of 35 and over × prevalence"),
        estimated=True,
    ),
    Indicator(
        "H2",
        N_("Hypertension: managed to standard"),
        N_("Of them, with enough face-to-face visits in time, all complete, and a health check"),
        N_("Patients under management on the last day"),
    ),
    Indicator(
        "H3",
        N_("Hypertension: pressure controlled"),
        N_("Of them, on target at the last visit of the period that had a pressure"),
        N_("Patients under management on the last day"),
    ),
    Indicator(
        "D1",
        N_("Type-2 diabetes: managed"),
        N_("Patients under management in the period"),
        N_("Estimated patients: residents of 35 and over × prevalence"),
        estimated=True,
    ),
    Indicator(
        "D2",
        N_("Type-2 diabetes: managed to standard"),
        N_("Of them, with enough face-to-face visits in time, all complete, and a health check"),
        N_("Patients under management on the last day"),
    ),
    Indicator(
        "D3",
        N_("Type-2 diabetes: glucose controlled"),
        N_("Of them, with the last fasting glucose of the period under 7.0 mmol/L"),
        N_("Patients under management on the last day"),
    ),
    Indicator(
        "R1",
        N_("Up-referrals accepted in time"),
        N_("Of them, accepted within the limit of their urgency (phone calls at the call)"),
        N_("Up-referrals sent in the period, less those withdrawn before an answer"),
        persons=False,
    ),
    Indicator(
        "R2",
        N_("Up-referrals with a reply"),
        N_("Of them, with a complete reply"),
        N_("Patients referred up who were discharged or seen as outpatients in the period"),
        persons=False,
    ),
    Indicator(
        "R2T",
        N_("Up-referrals replied in time"),
        N_("Of them, replied 24 h after discharge or 48 h after an outpatient visit at the latest"),
        N_("Patients referred up who were discharged or seen as outpatients in the period"),
        persons=False,
    ),
    Indicator(
        "R3",
        N_("Taken back and followed up"),
        N_("Of them, with the first follow-up within 14 days"),
        N_("Patients taken back or accepted from above in the period"),
        persons=False,
    ),
    Indicator(
        "R4",
        N_("Down to up"),
        N_("Patients handed back or referred down directly in the period"),
        N_("Up-referrals sent in the period"),
        persons=False,
        ratio=True,
    ),
    Indicator(
        "R5",
        N_("Priorities fulfilled"),
        N_("Of them, arranged or used"),
        N_("Priorities asked for (clinic, examination, bed) with the letters of the period"),
        persons=False,
    ),
    Indicator(
        "R6",
        N_("Referred to the own lead hospital"),
        N_("Of them, to the own lead hospital"),
        N_("Up-referrals sent in the period"),
        persons=False,
    ),
    Indicator(
        "O1",
        N_("Expert visits done"),
        N_("Of them, done"),
        N_("Expert visits planned for the period"),
        persons=False,
    ),
    Indicator(
        "O2",
        N_("Consultations in time"),
        N_("Of them, answered in time (urgent within 10 minutes, others within 48 hours)"),
        N_("Consultations asked for in the period"),
        persons=False,
    ),
    Indicator(
        "O3",
        N_("Training hours per member"),
        N_("Hours of training of the period in which somebody of the member took part"),
        N_("Members of the consortium"),
        persons=False,
        ratio=True,
        unit=N_("h"),
    ),
)
BY_CODE = {indicator.code: indicator for indicator in INDICATORS}
