"""Sample stores: marked, deterministic, and never mixed with real records."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.care.accounts import sign_in
from app.care.age import age_on
from app.care.assessments.outcome import outcome
from app.care.assessments.questionnaire import questionnaire
from app.care.contracts.completion import agreed_items
from app.care.contracts.terms import Span, last_day, overlap
from app.care.health_check.findings import findings_of
from app.care.health_check.form import Person, problems_of
from app.care.health_check.rows import answers_of, form_of
from app.care.identity_card import is_valid
from app.care.indicators.period import Period
from app.care.indicators.report import indicator_report
from app.care.sample.county import SampleRequest, make_sample_store
from app.errors import InputError
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.chronic import FollowUp
from app.models.contract import Contract, ContractService
from app.models.health_check import HealthCheck
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.records import KINDS, fetch
from app.models.resident import Condition, Resident
from app.models.resident_record import Consent
from app.models.screening import BpScreening
from app.models.search import find
from tests.conftest import CARE_HOME_ID, PASSWORD

DAY = date(2026, 3, 2)


def _everything(folder: Path) -> dict[str, object]:
    store = sign_in(folder, "sample", PASSWORD).store
    try:
        with store.read() as session:
            return {
                name: fetch(session, name, session.scalars(kind.table.select().with_only_columns(
                    kind.table.c.id)).all())
                for name, kind in KINDS.items()
            }  # fmt: skip
    finally:
        store.close()


def test_the_same_seed_and_day_give_the_same_records(tmp_path: Path) -> None:
    request = SampleRequest(residents=40, seed=7, pending_check_ins=30, on=DAY)
    first = make_sample_store(tmp_path / "a", request, PASSWORD)
    second = make_sample_store(tmp_path / "b", request, PASSWORD)
    assert first == second
    assert _everything(tmp_path / "a") == _everything(tmp_path / "b")
    other = SampleRequest(residents=40, seed=8, pending_check_ins=30, on=DAY)
    make_sample_store(tmp_path / "c", other, PASSWORD)
    assert _everything(tmp_path / "c") != _everything(tmp_path / "a")


def test_a_sample_of_several_years_has_visits_in_each(tmp_path: Path) -> None:
    make_sample_store(tmp_path, SampleRequest(residents=30, on=DAY, years=3), PASSWORD)
    store = sign_in(tmp_path, "sample", PASSWORD).store
    with store.read() as session:
        years = {visit.visit_date.year for visit in session.query(FollowUp)}
        managed = session.query(Condition).filter(Condition.managed)
        first = min(visit.visit_date for visit in session.query(FollowUp))
        assert all(row.managed_since <= first for row in managed)
    store.close()
    assert {2024, 2025, 2026} <= years
    with pytest.raises(InputError):
        make_sample_store(tmp_path / "no", SampleRequest(years=0), PASSWORD)


def test_every_record_is_marked_and_only_what_was_asked_waits(tmp_path: Path) -> None:
    make_sample_store(tmp_path, SampleRequest(residents=40, pending_check_ins=30, on=DAY), PASSWORD)
    store = sign_in(tmp_path, "sample", PASSWORD).store
    with store.read() as session:
        assert session.query(Resident).count() == 40
        assert session.query(FollowUp).count() > 20
        assert {row.kind for row in session.query(Outbox)} == {"check_in"}
        assert session.query(Outbox).count() == 30
        for kind in KINDS.values():
            column = kind.table.c.is_sample
            assert session.query(kind.model).filter(column.is_(False)).count() == 0
        resident = session.query(Resident).first()
        assert resident is not None
        assert is_valid(resident.id_no or "", DAY)
        assert resident.id in [each.id for each in find(session, (resident.id_no or "")[-6:])]
    store.close()


def test_elder_health_and_contracts_are_what_the_forms_would_save(tmp_path: Path) -> None:
    request = SampleRequest(residents=120, on=DAY, years=2)
    make_sample_store(tmp_path, request, PASSWORD)
    store = sign_in(tmp_path, "sample", PASSWORD).store
    with store.read() as session:
        people = {row.id: row for row in session.query(Resident)}
        checks = session.query(HealthCheck).all()
        assert {row.check_date.year for row in checks} == {2024, 2025, 2026}
        for row in checks:
            resident, typed = people[row.resident_id], form_of(row)
            diseases = {
                each.disease
                for each in session.query(Condition).filter_by(resident_id=resident.id)
                if each.disease
            }
            person = Person(
                birth_date=resident.birth_date, sex=resident.sex, diseases=frozenset(diseases)
            )
            assert problems_of(typed, person, DAY) == {}
            found = findings_of(typed.form, answers_of(row), person)
            assert row.findings == [each.as_dict() for each in found]
            assert age_on(resident.birth_date, row.check_date) >= 65
        assert {row.conclusion for row in checks} >= {"1", "2"}

        assessments = session.query(Assessment).all()
        assert {row.scale for row in assessments} == {"tcm33", "self_care", "ability_2022"}
        for each in assessments:
            judged = outcome(questionnaire(each.scale, each.form_version), each.answers)
            assert (each.total, each.level) == (judged.total, judged.level)
            assert people[each.resident_id].residences or each.scale != "ability_2022"
        assert len({row.level for row in assessments if row.scale == "tcm33"}) > 2
        assert {row.type for row in session.query(Consent)} == {"record", "sharing"}

        contracts = session.query(Contract).all()
        assert {row.category for row in contracts} == {"family_doctor", "integrated_care"}
        assert {row.status for row in contracts} >= {"1", "3"}
        assert len({row.team_id for row in contracts}) == 2
        for contract in contracts:
            assert contract.ends_on == last_day(contract.starts_on, 1)
            services = [item for _, item in agreed_items(contract.packages)]
            applies = {item.applies for item in services if item.applies}
            assert applies <= set(contract.population_flags)
        for first in contracts:
            for second in contracts:
                same = first.id != second.id and first.resident_id == second.resident_id
                if same and first.category == second.category:
                    span = Span(first.starts_on, first.ends_on, first.status)
                    assert not overlap(span, second.starts_on, second.ends_on)
        assert session.query(ContractService).count() > 20
    doctor = Actor("", store.organisation_id, "", frozenset({"doctor"}))
    report = indicator_report(store, doctor, Period(date(2025, 3, 3), DAY))
    for code in ("C1", "C2", "E1", "E2"):
        rate = report.counted[code].rate
        assert rate is not None
        assert 40 < rate < 90, code
    store.close()


def test_a_care_institution_has_a_ward(tmp_path: Path) -> None:
    make_sample_store(
        tmp_path, SampleRequest(residents=30, organisation_id=CARE_HOME_ID, on=DAY), PASSWORD
    )
    store = sign_in(tmp_path, "nurse", PASSWORD).store
    with store.read() as session:
        residential = [r for r in session.query(Resident) if r.residences]
        assert len(residential) == 24
        assert {r.organisation_id for r in residential} == {CARE_HOME_ID}
        assessed = session.query(Assessment).filter_by(scale="ability_2022").count()
        assert 12 <= assessed <= 24
    store.close()


def test_a_sample_never_lands_in_a_folder_with_records(tmp_path: Path) -> None:
    make_sample_store(tmp_path, SampleRequest(residents=1, on=DAY), PASSWORD)
    with pytest.raises(InputError):
        make_sample_store(tmp_path, SampleRequest(residents=1, on=DAY), PASSWORD)


def test_some_have_copd_and_were_screened(tmp_path: Path) -> None:
    make_sample_store(tmp_path, SampleRequest(residents=120, on=DAY), PASSWORD)
    store = sign_in(tmp_path, "sample", PASSWORD).store
    with store.read() as session:
        ill = session.query(Condition).filter(Condition.disease == "copd").all()
        assert len(ill) >= 2
        assert all(row.is_sample and row.managed for row in ill)
        for row in ill:
            visits = session.query(FollowUp).filter(FollowUp.resident_id == row.resident_id).all()
            assert visits
            for visit in visits:
                (part,) = visit.diseases
                assert part.disease == "copd"
                assert part.control_class in ("1", "2")
                assert visit.is_sample
        due = session.query(DueItem).filter(DueItem.kind == "follow_up:copd").count()
        assert due == len(ill)
        assert session.query(BpScreening).filter(BpScreening.is_sample).count() > 0
    store.close()
