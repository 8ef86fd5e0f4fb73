"""Signing, renewing, reviewing and ending contracts on a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.care.clinical_settings import load_clinical_settings, save_clinical_settings
from app.care.contracts.due import RENEWAL, REVIEW
from app.care.contracts.ending import terminate
from app.care.contracts.packages import PackageInput, ServiceItem, load_packages, save_package
from app.care.contracts.signing import approve, decline, renew, sign, sign_batch
from app.care.contracts.terms import Span, in_force
from app.care.contracts.view import contract_mark, load_contract
from app.care.due import refresh_due
from app.care.resident_record.closing import Closing, close_record, reopen_record
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, StaleRecord
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from tests.care.contracts.samples import (
    TODAY,
    add_disease,
    add_resident,
    add_team,
    form,
    package_id,
    sign_one,
)


def contracts(store: Store) -> list[Contract]:
    with store.read() as session:
        rows = list(session.scalars(select(Contract).order_by(Contract.id)))
        session.expunge_all()
        return rows


def due(store: Store) -> dict[str, date]:
    with store.read() as session:
        found = session.execute(
            select(DueItem.kind, DueItem.due_on).where(DueItem.kind.in_((RENEWAL, REVIEW)))
        )
        return {row.kind: row.due_on for row in found}


def mark(store: Store, resident_id: str) -> str:
    with store.read() as session:
        return contract_mark(session, resident_id, store.clock.today()).state


def test_a_contract_is_signed_whole_and_queued(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor)
    add_disease(store, actor, resident_id, "I10", "hypertension")
    team = add_team(store, actor)
    signed = sign_one(store, actor, resident_id, team, source="home", note=" 听力下降 ")
    (row,) = contracts(store)
    assert not signed.pending
    assert (row.status, row.term_years, row.ends_on) == ("1", 1, date(2027, 3, 1))
    assert row.contract_no == signed.contract_no
    assert row.contract_no.startswith("QY-20260302-")
    assert (row.signer_name, row.signer_relation) == ("钱桂英", "self")
    assert (row.team_name, row.doctor_name, row.note) == ("光明村团队", actor.name, "听力下降")
    assert row.population_flags == ["senior", "hypertension"]
    (package,) = row.packages
    services = {each["service"] for each in package["services"]}
    assert "hypertension_visit" in services
    assert "annual_check" in services
    assert "diabetes_visit" not in services  # the resident has none
    with store.read() as session:
        resident = session.get(Resident, resident_id)
        assert resident is not None
        assert resident.responsible_doctor_id == actor.staff_id
        queued = {row.kind for row in session.scalars(select(Outbox))}
    assert {"contract", "care_team", "resident"} <= queued
    assert mark(store, resident_id) == "active"
    assert due(store) == {RENEWAL: date(2027, 1, 30)}


def test_what_is_missing_or_impossible_is_said_field_by_field(store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor)
    team = add_team(store, actor)
    with pytest.raises(InputError) as caught:
        sign_one(
            store, actor, resident_id, team,
            team_id="", doctor_id="", doctor_name=" ", package_ids=(), term_years=4,
            signed_on=TODAY + timedelta(days=1), signer_relation="",
        )  # fmt: skip
    assert set(caught.value.problems) == {
        "team_id", "doctor_name", "package_ids", "term_years", "signed_on", "signer_relation",
        "signer_name",
    }  # fmt: skip
    with pytest.raises(InputError) as caught:
        sign_one(store, actor, resident_id, team, starts_on=TODAY - timedelta(days=1))
    assert set(caught.value.problems) == {"starts_on"}
    assert contracts(store) == []


def test_a_term_is_one_to_three_years(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    for years in (0, 4, None):
        with pytest.raises(InputError) as caught:
            sign_one(store, actor, add_resident(store, actor), team, term_years=years)
        assert set(caught.value.problems) == {"term_years"}
    for years, ends_on in ((1, date(2027, 3, 1)), (3, date(2029, 3, 1))):
        resident_id = add_resident(store, actor)
        assert sign_one(store, actor, resident_id, team, term_years=years).ends_on == ends_on


def test_one_open_family_doctor_contract_and_an_add_on_beside_it(
    store: Store, actor: Actor
) -> None:
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    sign_one(store, actor, resident_id, team)
    with pytest.raises(InputError, match="2026-03-02"):
        sign_one(store, actor, resident_id, team)
    integrated = package_id(store, actor, "integrated")
    with pytest.raises(InputError) as caught:
        sign_one(store, actor, resident_id, team, package_ids=(integrated,))
    assert set(caught.value.problems) == {"package_ids"}
    sign_one(store, actor, resident_id, team, category="integrated_care", package_ids=(integrated,))
    assert [row.category for row in contracts(store)] == ["family_doctor", "integrated_care"]
    with store.read() as session:
        assert contract_mark(session, resident_id, TODAY).integrated


def test_a_merged_person_has_one_contract_only(store: Store, actor: Actor) -> None:
    first, second = add_resident(store, actor), add_resident(store, actor, phone="13900000009")
    team = add_team(store, actor)
    sign_one(store, actor, first, team)
    with store.write(actor) as session:
        row = session.get(Resident, first)
        assert row is not None
        row.record_status, row.merged_into_id = "merged", second
        session.flush()
        refresh_due(session, store.organisation_id, [second])
    assert mark(store, second) == "active"
    assert due(store) == {RENEWAL: date(2027, 1, 30)}
    with pytest.raises(InputError, match="2026-03-02"):
        sign_one(store, actor, second, team)


def test_a_renewal_follows_the_old_contract(store: Store, actor: Actor, clock: FixedClock) -> None:
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    first = sign_one(store, actor, resident_id, team)
    clock.advance(days=340)
    today = store.clock.today()
    with pytest.raises(InputError, match="2027-03-01"):
        renew(store, actor, first.contract_id,
              form(store, actor, team, signed_on=today, starts_on=today))  # fmt: skip
    begin = date(2027, 3, 2)
    second = renew(store, actor, first.contract_id,
                   form(store, actor, team, signed_on=today, starts_on=begin))  # fmt: skip
    old, new = contracts(store)
    assert (new.id, new.status, new.renewed_from_id) == (second.contract_id, "3", old.id)
    assert old.status == "1"
    assert new.ends_on == date(2028, 3, 1)
    assert due(store) == {RENEWAL: date(2028, 1, 31)}
    assert mark(store, resident_id) == "active"  # followed: nothing to remind of
    assert load_contract(store, actor, old.id).followed


def test_a_terminated_contract_is_not_renewed(store: Store, actor: Actor) -> None:
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    signed = sign_one(store, actor, resident_id, team)
    view = load_contract(store, actor, signed.contract_id)
    with pytest.raises(InputError) as caught:
        terminate(store, actor, view.id, view.change_id, "99", TODAY)
    assert set(caught.value.problems) == {"text"}
    with pytest.raises(InputError) as caught:
        terminate(store, actor, view.id, view.change_id, "", TODAY + timedelta(days=1))
    assert set(caught.value.problems) == {"reason", "on"}
    terminate(store, actor, view.id, view.change_id, "04", TODAY)
    (row,) = contracts(store)
    assert (row.status, row.terminated_on, row.termination_reason) == ("2", TODAY, "04")
    assert due(store) == {}
    assert mark(store, resident_id) == "terminated"
    with pytest.raises(InputError):
        renew(store, actor, row.id, form(store, actor, team))
    sign_one(store, actor, resident_id, team)  # and another one may be signed


def test_somebody_elses_change_is_not_overwritten(store: Store, actor: Actor) -> None:
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    signed = sign_one(store, actor, resident_id, team)
    with pytest.raises(StaleRecord):
        terminate(store, actor, signed.contract_id, "another", "04", TODAY)


def test_a_nurse_signs_and_a_doctor_reviews(store: Store, actor: Actor) -> None:
    nurse = replace(actor, roles=frozenset({"nurse"}))
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    signed = sign_one(store, nurse, resident_id, team)
    assert signed.pending
    assert due(store) == {REVIEW: TODAY}
    assert mark(store, resident_id) == "pending"
    view = load_contract(store, nurse, signed.contract_id)
    with pytest.raises(NotAllowed):
        approve(store, nurse, view.id, view.change_id)
    with pytest.raises(InputError):
        sign_one(store, actor, resident_id, team)  # the pending one stands in the way
    approve(store, actor, view.id, view.change_id)
    (row,) = contracts(store)
    assert (row.status, row.reviewed_by, row.reviewed_on) == ("1", actor.staff_id, TODAY)
    assert due(store) == {RENEWAL: date(2027, 1, 30)}


def test_a_declined_contract_was_never_in_force(store: Store, actor: Actor) -> None:
    nurse = replace(actor, roles=frozenset({"nurse"}))
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    signed = sign_one(store, nurse, resident_id, team)
    view = load_contract(store, actor, signed.contract_id)
    with pytest.raises(InputError):
        decline(store, actor, view.id, view.change_id, "  ")
    decline(store, actor, view.id, view.change_id, "资料不全")
    (row,) = contracts(store)
    assert (row.status, row.terminated_on) == ("2", row.starts_on)
    assert row.termination_text == "资料不全"
    assert due(store) == {}


def test_with_the_setting_everybody_is_reviewed_by_another(store: Store, actor: Actor) -> None:
    settings = load_clinical_settings(store)
    save_clinical_settings(store, actor, replace(settings, contract_needs_review=True), "县要求")
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    signed = sign_one(store, actor, resident_id, team)
    assert signed.pending
    view = load_contract(store, actor, signed.contract_id)
    with pytest.raises(InputError):
        approve(store, actor, view.id, view.change_id)
    other = replace(actor, staff_id="3b7f1a54-0000-4000-8000-000000000001")
    approve(store, other, view.id, view.change_id)
    assert contracts(store)[0].status == "1"


def test_a_viewer_only_reads(store: Store, actor: Actor) -> None:
    viewer = replace(actor, roles=frozenset({"viewer"}))
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    with pytest.raises(NotAllowed):
        sign_one(store, viewer, resident_id, team)
    signed = sign_one(store, actor, resident_id, team)
    view = load_contract(store, viewer, signed.contract_id)
    with pytest.raises(NotAllowed):
        terminate(store, viewer, view.id, view.change_id, "04", TODAY)


def test_a_village_is_signed_as_one_action(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    ids = [add_resident(store, actor, name) for name in ("甲一", "乙二", "丙三")]
    closed = add_resident(store, actor, "丁四", record_status="moved_away")
    sign_one(store, actor, ids[1], team)
    result = sign_batch(store, actor, [*ids, closed], form(store, actor, team))
    assert len(result.signed) == 2
    assert [each.resident_id for each in result.refused] == [ids[1], closed]
    assert "2026-03-02" in result.refused[0].reason
    names = {row.resident_id: row.signer_name for row in contracts(store)}
    assert (names[ids[0]], names[ids[2]]) == ("甲一", "丙三")
    assert len({row.contract_no for row in contracts(store)}) == 3
    with pytest.raises(InputError):
        sign_batch(store, actor, ids, form(store, actor, team, package_ids=()))


def test_a_closed_record_ends_the_contract(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    for status, reason in (("deceased", "03"), ("moved_away", "02"), ("lost", "01")):
        resident_id = add_resident(store, actor)
        signed = sign_one(store, actor, resident_id, team)
        with store.read() as session:
            row = session.get(Resident, resident_id)
            assert row is not None
            change_id = row.change_id
        close_record(store, actor, Closing(resident_id, status, TODAY, "", change_id))
        contract = next(row for row in contracts(store) if row.id == signed.contract_id)
        assert (contract.status, contract.termination_reason) == ("2", reason)
        assert contract.terminated_on == TODAY
    assert due(store) == {}


def test_what_waited_for_its_review_was_never_in_force_when_the_record_is_closed(
    store: Store, actor: Actor
) -> None:
    resident_id, team = add_resident(store, actor), add_team(store, actor)
    began = date(2026, 1, 5)
    nurse = replace(actor, roles=frozenset({"nurse"}))
    assert sign_one(store, nurse, resident_id, team, signed_on=began, starts_on=began).pending
    with store.read() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        change_id = row.change_id
    close_record(store, actor, Closing(resident_id, "deceased", TODAY, "", change_id))
    (contract,) = contracts(store)
    assert contract.status == "2"
    span = Span(contract.starts_on, contract.ends_on, contract.status, contract.terminated_on)
    assert not any(in_force(span, began + timedelta(days=n)) for n in range(90))
    with store.read() as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        change_id = row.change_id
    reopen_record(store, actor, resident_id, TODAY, "", change_id)
    assert [row.status for row in contracts(store)] == ["4"]


def test_an_old_contract_keeps_the_version_of_its_package(store: Store, actor: Actor) -> None:
    first, second = add_resident(store, actor, "甲一"), add_resident(store, actor, "乙二")
    team = add_team(store, actor)
    sign_one(store, actor, first, team)
    shipped = next(each for each in load_packages(store, actor) if each.code == "basic")
    changed = PackageInput(
        name=shipped.name,
        category=shipped.category,
        code=shipped.code,
        services=(ServiceItem("education", "健康教育", 6),),
        price=120.0,
        payers=(("insurance", 60.0), ("public_health", 60.0), ("personal", 0.0)),
    )
    version_2 = save_package(store, actor, changed, shipped.id)
    assert (version_2.code, version_2.version) == ("basic", 2)
    with pytest.raises(InputError):
        save_package(store, actor, changed, shipped.id)  # based on a version that is gone
    sign_one(store, actor, second, team)
    old, new = contracts(store)
    assert [(each["version"], each["price"]) for each in old.packages] == [(1, 0.0)]
    assert [(each["version"], each["price"]) for each in new.packages] == [(2, 120.0)]
    assert new.payers == {"insurance": 60.0, "public_health": 60.0, "personal": 0.0}
    with pytest.raises(InputError):
        # A form that was open while the version changed does not sign the old one unseen.
        sign(store, actor, add_resident(store, actor, "丙三"),
             form(store, actor, team, package_ids=(shipped.id,)))  # fmt: skip


def test_two_contracts_never_have_one_number(store: Store, actor: Actor) -> None:
    team = add_team(store, actor)
    sign_one(store, actor, add_resident(store, actor, "甲一"), team, contract_no="2026-001")
    with pytest.raises(InputError) as caught:
        sign_one(store, actor, add_resident(store, actor, "乙二"), team, contract_no="2026-001")
    assert set(caught.value.problems) == {"contract_no"}


def test_the_days_of_the_reminder_are_a_setting(store: Store, actor: Actor) -> None:
    settings = load_clinical_settings(store)
    save_clinical_settings(store, actor, replace(settings, contract_reminder_days=60), "县要求")
    values: dict[str, Any] = {}
    sign_one(store, actor, add_resident(store, actor), add_team(store, actor), **values)
    assert due(store) == {RENEWAL: date(2026, 12, 31)}
