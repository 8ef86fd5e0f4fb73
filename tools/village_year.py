"""A full year of a village, worked through: ``python -m tools.village_year``.

200 invented residents are registered, sign contracts, are visited, checked, assessed, die and
move away, day by day from the middle of December 2025 to New Year 2027, with the use-cases that
the screens call. Printed are the indicators of 2026. The same every time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from app.care.assessments.form import AssessmentInput
from app.care.assessments.questionnaire import questionnaire
from app.care.assessments.record import record_assessment
from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.clinical_settings import DEFAULTS, save_clinical_settings
from app.care.contracts.completion import note_service
from app.care.contracts.ending import terminate
from app.care.contracts.packages import load_packages
from app.care.contracts.signing import approve, renew, sign_batch
from app.care.contracts.signing_form import ContractInput
from app.care.contracts.teams import Team, TeamInput, TeamMember, save_team
from app.care.contracts.view import load_contract
from app.care.follow_up import record_follow_up
from app.care.follow_up_form import DiseasePart, FollowUpInput
from app.care.health_check.definition import versions
from app.care.health_check.form import HealthCheckInput
from app.care.health_check.record import record_health_check
from app.care.identity_card import check_character
from app.care.indicators.catalogue import BY_CODE
from app.care.indicators.period import year_of
from app.care.indicators.report import Report, indicator_report
from app.care.management.outcome import OutcomeInput, decide_outcome, managed_diseases
from app.care.residences import Admission, admit, discharge
from app.care.resident_record.closing import Closing, close_record
from app.care.residents import load_form, register
from app.care.sample.county import directory
from app.care.sample.people import FEMALE_NAMES, SURNAMES
from app.care.screening.record import ScreeningInput, decide_probable, record_screening
from app.clock import FixedClock
from app.models import keyring
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation, Staff
from app.models.store import create_store
from tools.village_plan import FIRST, GROUPS, SECOND, YEAR, Group, Step

REGISTERED_ON = date(YEAR - 1, 12, 15)
SETTINGS = replace(DEFAULTS, prevalence_hypertension=25.0, prevalence_diabetes=12.5)


@dataclass
class Villager:
    """A resident and what the year left of him or her."""

    id: str
    group: Group
    contracts: list[str] = field(default_factory=list)
    screening: str = ""


class Village:
    """The store of the township's health centre, and everybody who lives in the village."""

    def __init__(self, folder: Path) -> None:
        places = {each["type"]: each for each in reversed(directory())}
        centre, home = places["TOWNSHIP_CENTER"], places["CARE_INSTITUTION"]
        self.clock = FixedClock(_morning(REGISTERED_ON))
        _, data_key, _ = keyring.create(folder, centre["id"], centre["name"], new_id())
        self.store = create_store(folder, data_key, centre["id"], self.clock)
        roles = frozenset({"doctor", "administrator"})
        self.doctor = Actor(new_id(), centre["id"], "王医生", roles)
        self.nurse = Actor(new_id(), centre["id"], "李护士", frozenset({"nurse"}))
        self.home_id = str(home["id"])
        with self.store.write(self.doctor) as session:
            columns = set(Organisation.__table__.columns.keys())
            for each in directory():
                session.add(Organisation(**{k: v for k, v in each.items() if k in columns}))
            for one in (self.doctor, self.nurse):
                session.add(
                    Staff(
                        id=one.staff_id, name=one.name, login=one.name, org_id=centre["id"],
                        roles=sorted(one.roles),
                    )
                )  # fmt: skip
        save_clinical_settings(self.store, self.doctor, SETTINGS, "县级患病率")
        self.teams = {name: self._team(name) for name in (FIRST, SECOND)}
        self.packages = {each.code: each.id for each in load_packages(self.store, self.doctor)}
        self.people = [
            Villager(self._register(group, number), group)
            for group in GROUPS
            for number in range(group.number)
        ]

    def live(self) -> None:
        """Everything that happens, in the order of the days."""
        planned = [
            (each.on, order, group, each)
            for group in GROUPS
            for order, each in enumerate(group.steps)
        ]
        planned.sort(key=lambda one: one[0])
        for day, steps in groupby(planned, key=lambda one: one[0]):
            self.clock.set(_morning(day))
            for _, _, group, each in steps:
                self._do(each, [one for one in self.people if one.group is group])
        self.clock.set(_morning(max(one[0] for one in planned) + timedelta(days=1)))

    def report(self) -> Report:
        """The indicators of the year."""
        return indicator_report(self.store, self.doctor, year_of(YEAR))

    # -- what happens ---------------------------------------------------------------------------

    def _do(self, step: Step, people: list[Villager]) -> None:
        if step.what == "sign":
            self._sign(people, **step.values)
            return
        act: Callable[..., None] = getattr(self, f"_{step.what}")
        for one in people:
            act(one, **step.values)

    def _visit(
        self, one: Villager, begin: bool = False, mode: str = "1", fpg: Any = None, **values: Any
    ) -> None:
        diseases = one.group.diseases
        typed: dict[str, Any] = {"adherence": "1", "adverse_reaction": "1", **values}
        if "type2_diabetes" in diseases:
            typed |= {"fpg": fpg, "hypoglycaemia": "1", "dorsalis_pedis": "1"}
        else:
            typed.pop("random_glucose", None)
        form = FollowUpInput(
            resident_id=one.id,
            visit_date=self.today,
            mode=mode,
            parts=tuple(DiseasePart(disease, symptoms=("1",)) for disease in diseases),
            enrol=diseases if begin else (),
            **typed,
        )
        record_follow_up(self.store, self.doctor, form)

    def _check(self, one: Villager, conclusion: str | None = "1") -> None:
        answers: dict[str, Any] = {"symptoms": ("1",)}
        if "type2_diabetes" in one.group.diseases:
            answers["dorsal_pulse"] = "2"
        if conclusion:
            answers["conclusion"] = conclusion
        form = HealthCheckInput(
            resident_id=one.id,
            check_date=self.today,
            form_version=versions()[-1],
            answers=answers,
        )
        record_health_check(self.store, self.doctor, form)

    def _tcm(self, one: Villager) -> None:
        self._assess(one, "tcm33")

    def _ability(self, one: Villager) -> None:
        self._assess(one, "ability_2022", second_assessor="李护士")

    def _assess(self, one: Villager, scale: str, **values: Any) -> None:
        typed = AssessmentInput(
            resident_id=one.id, scale=scale, assessed_on=self.today, answers=_able(scale), **values
        )
        record_assessment(self.store, self.doctor, typed)

    def _sign(self, people: list[Villager], nurse: bool = False, **values: Any) -> None:
        form = self._contract(**values)
        by_id = {one.id: one for one in people}
        made = sign_batch(self.store, self.nurse if nurse else self.doctor, list(by_id), form)
        assert not made.refused, made.refused
        for one, signed in zip(people, made.signed, strict=True):
            one.contracts.append(signed.contract_id)

    def _renew(self, one: Villager, team: str) -> None:
        form = replace(self._contract(team), signer_name="本人")
        one.contracts.append(renew(self.store, self.doctor, one.contracts[-1], form).contract_id)

    def _contract(
        self,
        team: str,
        package: str = "basic",
        category: str = "family_doctor",
        starts_on: date | None = None,
    ) -> ContractInput:
        begins = starts_on or self.today
        return ContractInput(
            team_id=self.teams[team].id,
            doctor_id=self.doctor.staff_id,
            doctor_name=self.doctor.name,
            signed_on=begins,
            starts_on=begins,
            package_ids=(self.packages[package],),
            category=category,
            read_to_resident=True,
        )

    def _approve(self, one: Villager) -> None:
        approve(self.store, self.doctor, one.contracts[-1], self._contract_change(one))

    def _terminate(self, one: Villager) -> None:
        change = self._contract_change(one)
        terminate(self.store, self.doctor, one.contracts[-1], change, "04", self.today)

    def _contract_change(self, one: Villager) -> str:
        return load_contract(self.store, self.doctor, one.contracts[-1]).change_id

    def _lesson(self, one: Villager) -> None:
        note_service(self.store, self.doctor, one.contracts[-1], "education", self.today, "低盐")

    def _close(self, one: Villager, status: str) -> None:
        change = load_form(self.store, self.doctor, one.id).change_id
        close_record(self.store, self.doctor, Closing(one.id, status, self.today, "", change))

    def _outcome(self, one: Villager, outcome: str, reason: str = "") -> None:
        for each in managed_diseases(self.store, self.doctor, one.id):
            decided = OutcomeInput(each.condition_id, outcome, self.today, reason)
            decide_outcome(self.store, self.doctor, decided)

    def _admit(self, one: Villager) -> None:
        bed = str(self.people.index(one) + 1)
        # Their record is the health centre's: it notes where they live, as the home told it.
        told = Admission(bed=bed, admit_date=self.today, org_id=self.home_id)
        admit(self.store, self.doctor, one.id, told)

    def _discharge(self, one: Villager) -> None:
        discharge(self.store, self.doctor, one.id, self.today, "home")

    def _screen(self, one: Villager, sbp: int, dbp: int) -> None:
        typed = ScreeningInput(
            resident_id=one.id, measured_on=self.today, sbp=sbp, dbp=dbp, bp_source="1"
        )
        one.screening = record_screening(self.store, self.nurse, typed).screening_id

    def _confirm(self, one: Villager) -> None:
        decide_probable(self.store, self.doctor, one.screening, "1")

    # -- the beginning --------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return self.clock.today()

    def _team(self, name: str) -> Team:
        member = TeamMember(self.doctor.name, "doctor", self.doctor.staff_id)
        return save_team(self.store, self.doctor, TeamInput(name, self.doctor.name, (member,)))

    def _register(self, group: Group, number: int) -> str:
        at = sum(each.number for each in GROUPS[: GROUPS.index(group)]) + number
        name = SURNAMES[at % 100] + FEMALE_NAMES[at // 100] + FEMALE_NAMES[at % len(FEMALE_NAMES)]
        # Region 341599 is assigned to no county: the number is nobody's.
        digits = f"341599{group.born:%Y%m%d}{2 * at + 2:03d}"
        form = BasicForm(
            name=name,
            sex="2",
            birth_date=group.born,
            id_no=digits + check_character(digits),
            phone=f"19900{at:06d}",
            contacts=(Contact("家人", f"19901{at:06d}", "20"),),
            residency="1",
            ethnicity="01",
            drug_allergy=(Answer("1"),),
            past_disease=(Disease("1"),),
            village=group.village,
        )
        return register(self.store, self.doctor, form).resident_id


def _able(scale: str) -> dict[str, Any]:
    """Answers of somebody who needs no help and has no complaint."""
    answers: dict[str, Any] = {}
    for each in questionnaire(scale).questions:
        if each.required and each.scored and scale == "ability_2022":
            answers[each.link_id] = max(each.options, key=lambda o: o.weight or 0).code
        elif each.required:
            answers[each.link_id] = each.options[0].code
    return answers


def _morning(day: date) -> datetime:
    """Nine o'clock at the clinic."""
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


def words(report: Report) -> list[str]:
    """The indicators, whole and by village and team, one line each."""
    lines = [f"{report.period.label}"]
    for code, one in report.counted.items():
        rate = "–" if one.rate is None else f"{one.rate:.1f} %"
        lines.append(f"{code}  {BY_CODE[code].name}: {one.done:g} / {one.of:g} = {rate}")
    for by in ("village", "team"):
        for group in report.groups(by):
            figures = (f"{c} {one.done:g}/{one.of:g}" for c, one in group.counted.items())
            lines.append(f"{group.name or '–'}: {', '.join(figures)}")
    return lines


def main() -> int:
    """Work the year through in a folder that is thrown away, and print what came of it."""
    with tempfile.TemporaryDirectory() as name:
        village = Village(Path(name) / "data")
        try:
            village.live()
            print("\n".join(words(village.report())))
        finally:
            village.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
