"""Chronic care at two PCs of one organisation, through the server: settings, COPD, screening."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from sqlalchemy import select

from app.care.clinical_settings import (
    DEFAULTS,
    load_clinical_settings,
    save_clinical_settings,
    settings_history,
)
from app.care.follow_up import record_follow_up
from app.care.follow_up_form import DiseasePart
from app.care.management.outcome import OutcomeInput, decide_outcome, managed_diseases
from app.models import records
from app.models.chronic import FollowUp
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.screening import BpScreening
from tests.care.follow_up_samples import TODAY, a_visit, managed_resident
from tests.care.screening.test_record import measure
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.sync.conftest import Clinic


def test_what_one_pc_records_the_other_works_with(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    store, actor = township.store, township.actor
    wanted = replace(DEFAULTS, keep_quarterly_plan=True, screening_repeat_days=10)
    saved = save_clinical_settings(store, actor, wanted, "县里 2026 年要求")
    patient = managed_resident(store, actor, "copd", name="周大伯")
    visit = a_visit(
        patient,
        parts=(DiseasePart("copd", symptoms=("1",)),),
        copd_control="1",
        respiration=20,
        spo2=94,
        fev1=1.42,
        fvc=2.31,
        mmrc="2",
        cat=14,
        copd={"vaccines": ("2", "3"), "oxygen_hours": 15.0},
    )
    record_follow_up(store, actor, visit)
    risky = managed_resident(store, actor, birth_date=date(1981, 6, 1))
    measure(store, actor, risky, 146, 84)
    report = township.sync()
    assert (report.outcome, report.reason) == ("done", "")
    with store.read() as session:
        assert session.query(Outbox).count() == 0

    other = make_clinic(TOWNSHIP_ID)
    assert other.sync().outcome == "done"
    assert load_clinical_settings(other.store) == saved
    assert [line.reason for line in settings_history(other.store)] == ["县里 2026 年要求"]
    for kind, model in (("follow_up", FollowUp), ("bp_screening", BpScreening)):
        with store.read() as session:
            mine = records.fetch(session, kind, session.scalars(select(model.id)))
        with other.store.read() as session:
            assert records.fetch(session, kind, mine) == mine
    with other.store.read() as session:
        due = {(i.resident_id, i.kind): i.due_on for i in session.scalars(select(DueItem))}
    assert due[patient, "follow_up:copd"] == date(2026, 6, 2)
    assert due[risky, "bp_screening"] == date(2026, 3, 12)

    # The other PC ends the management; the first one's work list loses it.
    (line,) = managed_diseases(other.store, other.actor, patient)
    decide_outcome(other.store, other.actor, OutcomeInput(line.condition_id, "9", TODAY, "2"))
    assert other.sync().outcome == "done"
    assert township.sync().outcome == "done"
    (line,) = managed_diseases(store, actor, patient)
    assert (line.managed, line.outcome, line.reason) == (False, "9", "2")
    with store.read() as session:
        kinds = set(session.scalars(select(DueItem.kind).where(DueItem.resident_id == patient)))
    assert "follow_up:copd" not in kinds


def test_settings_stay_within_their_organisation(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    save_clinical_settings(township.store, township.actor, replace(DEFAULTS, target_sbp=135), "x")
    assert township.sync().outcome == "done"
    hospital = make_clinic(LEAD_ID)
    assert hospital.sync().outcome == "done"
    assert load_clinical_settings(hospital.store) == DEFAULTS
    assert settings_history(hospital.store) == ()
