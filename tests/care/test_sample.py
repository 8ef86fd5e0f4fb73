"""Sample stores: marked, deterministic, and never mixed with real records."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.care.accounts import sign_in
from app.care.identity_card import is_valid
from app.care.sample.county import SampleRequest, make_sample_store
from app.errors import InputError
from app.models.chronic import FollowUp
from app.models.outbox import Outbox
from app.models.records import KINDS, fetch
from app.models.resident import Condition, Resident
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


def test_a_care_institution_has_a_ward(tmp_path: Path) -> None:
    make_sample_store(
        tmp_path, SampleRequest(residents=30, organisation_id=CARE_HOME_ID, on=DAY), PASSWORD
    )
    store = sign_in(tmp_path, "nurse", PASSWORD).store
    with store.read() as session:
        residential = [r for r in session.query(Resident) if r.residences]
        assert len(residential) == 24
        assert {r.organisation_id for r in residential} == {CARE_HOME_ID}
    store.close()


def test_a_sample_never_lands_in_a_folder_with_records(tmp_path: Path) -> None:
    make_sample_store(tmp_path, SampleRequest(residents=1, on=DAY), PASSWORD)
    with pytest.raises(InputError):
        make_sample_store(tmp_path, SampleRequest(residents=1, on=DAY), PASSWORD)
