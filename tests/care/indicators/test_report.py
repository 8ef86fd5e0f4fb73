"""The report over a real store: who stands above and below each line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from app.care.clinical_settings import clinical_settings, save_clinical_settings
from app.care.follow_up import record_follow_up
from app.care.indicators.period import parts_of, quarter_of, year_of
from app.care.indicators.report import Report, course, indicator_report, members
from app.care.management.outcome import OutcomeInput, decide_outcome, managed_diseases
from app.clock import FixedClock
from app.errors import NotAllowed
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.contract import Contract
from app.models.health_check import HealthCheck
from app.models.resident import Condition, Residence, Resident
from app.models.store import Store
from tests.care.contracts.samples import add_team, sign_one
from tests.care.follow_up_samples import a_diabetes_visit, a_visit, managed_resident
from tests.conftest import CARE_HOME_ID

# The sample clinic's clock stands at 2 March 2026.
SPRING = quarter_of(2026, 1)


def _report(store: Store, actor: Actor) -> Report:
    return indicator_report(store, actor, SPRING)


def _numbers(report: Report, code: str) -> tuple[set[str], set[str]]:
    one = report.counted[code]
    return set(one.numerator), set(one.denominator)


def test_pressure_and_glucose(store: Store, actor: Actor) -> None:
    good = managed_resident(store, actor, "hypertension", name="甲")
    high = managed_resident(store, actor, "hypertension", name="乙")
    unseen = managed_resident(store, actor, "hypertension", name="丙")
    both = managed_resident(store, actor, "hypertension", "type2_diabetes", name="丁")
    left_out = managed_resident(store, actor, "hypertension", managed=False, name="戊")
    record_follow_up(store, actor, a_visit(good))
    record_follow_up(store, actor, a_visit(high, sbp=150, dbp=80))
    record_follow_up(store, actor, a_visit(both, sbp=149, dbp=89))
    record_follow_up(store, actor, a_diabetes_visit(both, fpg=7.0))
    report = _report(store, actor)
    assert _numbers(report, "H3") == ({good, both}, {good, high, unseen, both})
    assert _numbers(report, "D3") == (set(), {both})
    assert report.counted["H3"].rate == 50
    assert report.counted["D3"].rate == 0
    assert left_out not in report.counted["H1"].numerator
    assert set(report.counted["H3"].missing) == {high, unseen}


def test_the_management_rate_waits_for_the_countys_prevalence(store: Store, actor: Actor) -> None:
    managed_resident(store, actor, "hypertension", birth_date=date(1991, 3, 31))
    managed_resident(store, actor, birth_date=date(1991, 4, 1))
    assert _report(store, actor).counted["H1"].rate is None
    with store.read() as session:
        settings = clinical_settings(session)
    save_clinical_settings(
        store, actor, replace(settings, prevalence_hypertension=25.0), "县里数字"
    )
    counted = _report(store, actor).counted["H1"]
    # One of the two is 35 by the last day: a quarter of a person is estimated to be a patient.
    assert (counted.done, counted.of, counted.rate) == (1, 0.25, 400)


def test_to_standard_needs_the_check(store: Store, actor: Actor) -> None:
    person = managed_resident(store, actor, "hypertension")
    record_follow_up(store, actor, a_visit(person))
    assert _numbers(_report(store, actor), "H2") == (set(), {person})
    _add(store, actor, _check(person, date(2025, 4, 1)))
    assert _numbers(_report(store, actor), "H2")[0] == {person}


def test_elders(store: Store, actor: Actor) -> None:
    turning = managed_resident(store, actor, birth_date=date(1961, 12, 31), name="年底满")
    young = managed_resident(store, actor, birth_date=date(1962, 1, 1), name="差一天")
    old = managed_resident(store, actor, birth_date=date(1940, 2, 29), name="老")
    gone = managed_resident(
        store,
        actor,
        birth_date=date(1940, 1, 1),
        record_status="deceased",
        record_status_on=date(2026, 3, 31),
    )
    _add(
        store,
        actor,
        _check(turning, date(2026, 1, 1)),
        _check(old, date(2026, 3, 31), conclusion=None),
        _check(young, date(2026, 2, 1)),
        _assessment(old, "tcm33", date(2026, 2, 2)),
        _assessment(turning, "tcm33", date(2025, 12, 31)),
        _assessment(gone, "tcm33", date(2026, 2, 2)),
    )
    report = _report(store, actor)
    assert _numbers(report, "E1") == ({turning}, {turning, old})
    assert _numbers(report, "E2") == ({old}, {turning, old})


def test_ability_in_institutions(
    make_store: Callable[..., tuple[Store, Actor]], store: Store, actor: Actor
) -> None:
    living = managed_resident(store, actor, name="住")
    expired = managed_resident(store, actor, name="过期")
    left = managed_resident(store, actor, name="出院")
    _add(
        store,
        actor,
        _stay(living),
        _stay(expired),
        _stay(left, discharge_date=date(2026, 3, 31)),
        _assessment(living, "ability_2022", date(2025, 4, 1)),
        _assessment(expired, "ability_2022", date(2025, 3, 31)),
        _assessment(left, "ability_2022", date(2026, 1, 1)),
    )
    assert _numbers(_report(store, actor), "E3") == ({living}, {living, expired})
    home, nurse = make_store(CARE_HOME_ID)
    guest = managed_resident(home, nurse)
    _add(home, nurse, _stay(guest))
    assert _numbers(indicator_report(home, nurse, SPRING), "E3") == (set(), {guest})


def test_persons_with_a_contract(store: Store, actor: Actor) -> None:
    signed = managed_resident(store, actor, name="签")
    ended = managed_resident(store, actor, name="解约")
    pending = managed_resident(store, actor, name="待审")
    young = managed_resident(store, actor, birth_date=date(1961, 4, 1), name="年轻")
    _add(
        store,
        actor,
        _contract(signed),
        _contract(signed, category="integrated_care"),
        _contract(ended, status="2", terminated_on=date(2026, 3, 31)),
        _contract(pending, status="4"),
        _contract(young),
    )
    report = _report(store, actor)
    assert _numbers(report, "C1") == ({signed}, {signed, ended, pending})
    by_team = {group.name: group.counted["C1"] for group in report.groups("team")}
    assert by_team["一队"].rate == 100
    assert by_team[""].rate == 0


def test_merged_records_are_one_person(store: Store, actor: Actor) -> None:
    stays = managed_resident(store, actor, "hypertension", name="甲")
    merged = managed_resident(store, actor, "hypertension", name="甲")
    record_follow_up(store, actor, a_visit(merged))
    with store.write(actor) as session:
        row = session.get(Resident, merged)
        assert row is not None
        row.record_status, row.merged_into_id = "merged", stays
    assert _numbers(_report(store, actor), "H3") == ({stays}, {stays})


def test_villages_together_are_the_whole(store: Store, actor: Actor) -> None:
    for village, number in (("光明村", 3), ("东山村", 2), (None, 1)):
        for _ in range(number):
            managed_resident(store, actor, "hypertension", village=village)
    report = _report(store, actor)
    groups = report.groups("village")
    assert [group.name for group in groups] == ["东山村", "光明村", ""]
    for code, whole in report.counted.items():
        assert sum(group.counted[code].of for group in groups) == pytest.approx(whole.of)
        shares = {group.key: group.counted[code] for group in groups}
        shares = {key: one for key, one in shares.items() if one.numerator or one.denominator}
        alone = report.groups("village", code)
        assert {group.key: group.counted[code] for group in alone} == shares
        assert all(group.counted.keys() == {code} for group in alone)


def test_names_behind_a_number_are_not_for_the_commission(store: Store, actor: Actor) -> None:
    person = managed_resident(store, actor, "hypertension", name="甲")
    report = _report(store, actor)
    counted = report.counted["H3"]
    (row,) = members(store, actor, counted.missing, counted, SPRING.end)
    assert (row.resident_id, row.name, row.age, row.village) == (person, "甲", 70, "光明村")
    viewer = replace(actor, roles=frozenset({"viewer"}))
    assert indicator_report(store, viewer, SPRING).counted["H3"].of == 1
    with pytest.raises(NotAllowed):
        members(store, viewer, counted.missing, counted, SPRING.end)
    with pytest.raises(NotAllowed):
        indicator_report(store, replace(actor, roles=frozenset({"carer"})), SPRING)
    # The figures of referral and outreach are the desk's and the experts' own.
    for role in ("referral_coordinator", "specialist"):
        reader = replace(actor, roles=frozenset({role}))
        assert indicator_report(store, reader, SPRING).counted["H3"].of == 1
        assert len(members(store, reader, counted.missing, counted, SPRING.end)) == 1


def test_the_course_of_a_year(store: Store, actor: Actor) -> None:
    person = managed_resident(store, actor, "hypertension")
    record_follow_up(store, actor, a_visit(person))
    report = indicator_report(store, actor, year_of(2026))
    assert [rate for _, rate in course(store, actor, report, "H3")] == [100, 0, 0, 0]


def test_the_parts_of_a_course_are_the_reports_of_these_parts(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    """A course is counted from one reading of the whole year, a report from its own."""
    team = add_team(store, actor)
    for number in range(3):
        person = managed_resident(
            store, actor, "hypertension", name=f"人{number}", birth_date=date(1950, 1, 1)
        )
        sign_one(store, actor, person, team)
    clock.advance(days=-60)
    for days in (0, 85, 25, 90, 95):
        clock.advance(days=days)
        record_follow_up(store, actor, a_visit(person, visit_date=clock.today()))
    year = year_of(2026)
    report = indicator_report(store, actor, year)
    parts = [indicator_report(store, actor, part).counted for part in parts_of(year)]
    for code in report.counted:
        rates = [rate for _, rate in course(store, actor, report, code)]
        assert rates == [counted[code].rate for counted in parts], code
    assert len({counted["C2"].rate for counted in parts}) > 1


def test_a_disease_that_was_resolved_after_the_day_still_counts(store: Store, actor: Actor) -> None:
    person = managed_resident(store, actor, "hypertension")
    with store.write(actor) as session:
        row = session.query(Condition).filter_by(resident_id=person).one()
        row.managed_until = date(2026, 4, 1)
    assert _numbers(_report(store, actor), "H3") == (set(), {person})
    with store.write(actor) as session:
        row = session.query(Condition).filter_by(resident_id=person).one()
        row.managed_until = date(2026, 3, 31)
    assert _numbers(_report(store, actor), "H3") == (set(), set())
    assert _numbers(_report(store, actor), "H1")[0] == {person}


def test_who_refused_was_managed_until_then(store: Store, actor: Actor) -> None:
    person = managed_resident(store, actor, "hypertension")
    (managed,) = managed_diseases(store, actor, person)
    ended = OutcomeInput(managed.condition_id, "9", date(2026, 3, 1), "4")
    decide_outcome(store, actor, ended)
    report = _report(store, actor)
    assert _numbers(report, "H1")[0] == {person}
    assert _numbers(report, "H3") == (set(), set())
    after = indicator_report(store, actor, quarter_of(2026, 2))
    assert _numbers(after, "H1")[0] == set()


def _add(store: Store, actor: Actor, *rows: object) -> None:
    with store.write(actor) as session:
        session.add_all(rows)


def _check(resident_id: str, on: date, conclusion: str | None = "1") -> HealthCheck:
    return HealthCheck(
        resident_id=resident_id, check_date=on, doctor_name="王医生", conclusion=conclusion
    )


def _assessment(resident_id: str, scale: str, on: date) -> Assessment:
    return Assessment(
        resident_id=resident_id,
        scale=scale,
        assessed_on=on,
        performer_id="",
        performer_name="王医生",
        form_version="1",
        rule_version="1",
    )


def _stay(resident_id: str, **values: object) -> Residence:
    return Residence(
        resident_id=resident_id, org_id=CARE_HOME_ID, admit_date=date(2025, 1, 1), **values
    )


def _contract(resident_id: str, **values: object) -> Contract:
    usual: dict[str, object] = {
        "contract_no": "1",
        "team_id": "team-1",
        "team_name": "一队",
        "doctor_name": "王医生",
        "signed_on": date(2025, 3, 31),
        "starts_on": date(2025, 4, 1),
        "ends_on": date(2026, 3, 31),
        "term_years": 1,
        "status": "1",
        "signer_name": "本人",
        "signer_relation": "0",
    }
    return Contract(resident_id=resident_id, **{**usual, **values})
