"""Clinical settings: versions, who may, what is refused, how they travel and reach the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from sqlalchemy import select

from app.care.clinical_settings import (
    DEFAULTS,
    GROUPS,
    SETTINGS,
    ClinicalSettings,
    clinical_settings,
    load_clinical_settings,
    save_clinical_settings,
    settings_history,
)
from app.care.limits import LIMITS, Range
from app.care.visit_rules import DEFAULT_SETTINGS
from app.errors import InputError, NotAllowed
from app.fhir import mapping
from app.models import records
from app.models.actor import Actor
from app.models.clinical import ClinicalSettingsVersion
from app.models.outbox import Outbox
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID


def test_defaults_are_the_national_reading(store: Store) -> None:
    standing = load_clinical_settings(store)
    assert standing == DEFAULTS
    assert standing.rules == DEFAULT_SETTINGS
    assert dict(standing.input_limits) == dict(LIMITS)
    assert standing.rules.versioned("NBPHS-2017") == "NBPHS-2017"


def test_every_setting_is_described_and_takes_its_own_default() -> None:
    described = {each.name for each in fields(ClinicalSettings)} - {"version", "record_id"}
    assert described == set(SETTINGS)
    for name, each in SETTINGS.items():
        assert each.group in GROUPS, name
        assert each.problem(each.default) is None, name
        assert each.read(each.plain(each.default)) == each.default, name
        assert each.read({"a": "newer program"}) == each.default, name


def test_a_saved_version_holds_at_once_and_is_queued(store: Store, actor: Actor) -> None:
    new = replace(DEFAULTS, keep_quarterly_plan=True, limit_sbp=Range(40, 320, 80, 220))
    saved = save_clinical_settings(store, actor, new, " 县里 2026 年要求 ")
    with store.read() as session:
        standing = clinical_settings(session)
        assert session.scalars(select(Outbox.kind)).all() == ["clinical_settings"]
    assert standing == saved
    assert (standing.version, standing.keep_quarterly_plan) == (1, True)
    assert standing.rules.versioned("NBPHS-2017") == f"NBPHS-2017+S1-{saved.record_id[-4:]}"
    assert standing.input_limits["sbp"].hard_high == 320
    (line,) = settings_history(store)
    assert (line.version, line.saved_by, line.reason) == (1, "王建国", "县里 2026 年要求")
    assert [(c.before, c.after) for c in line.changes] == [
        ("否", "是"),
        ("50–300 (80–200)", "40–320 (80–220)"),
    ]


def test_only_an_administrator_may_save(store: Store, actor: Actor) -> None:
    doctor = replace(actor, roles=frozenset({"doctor"}))
    with pytest.raises(NotAllowed):
        save_clinical_settings(store, doctor, replace(DEFAULTS, target_sbp=135), "x")
    assert load_clinical_settings(store) == DEFAULTS


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"target_sbp": 99}, "target_sbp"),
        ({"target_sbp": 180}, "target_sbp"),
        ({"target_sbp_older": 105, "target_dbp_older": 105}, "target_sbp_older"),
        ({"probable_glucose": 6.9}, "probable_glucose"),
        ({"probable_glucose": 9.95}, "probable_glucose"),
        ({"guideline": "1999"}, "guideline"),
        ({"limit_sbp": Range(80, 300, 50, 200)}, "limit_sbp"),
        ({"limit_sbp": Range(50, 300, 200, 200)}, "limit_sbp"),
        ({"visits_a_year": None}, "visits_a_year"),
        ({"prevalence_hypertension": 100.1}, "prevalence_hypertension"),
    ],
)
def test_what_cannot_be_is_refused(
    store: Store, actor: Actor, change: dict[str, object], refused: str
) -> None:
    with pytest.raises(InputError) as caught:
        save_clinical_settings(store, actor, replace(DEFAULTS, **change), "x")
    assert set(caught.value.problems) == {refused}


def test_the_ends_of_a_range_belong_to_it(store: Store, actor: Actor) -> None:
    ends = replace(DEFAULTS, target_sbp=100, target_sbp_older=179, prevalence_copd=100.0)
    assert save_clinical_settings(store, actor, ends, "x").prevalence_copd == 100.0


def test_a_save_needs_a_reason_and_a_change(store: Store, actor: Actor) -> None:
    for new, reason in ((replace(DEFAULTS, target_sbp=135), "  "), (DEFAULTS, "why")):
        with pytest.raises(InputError) as caught:
            save_clinical_settings(store, actor, new, reason)
        assert set(caught.value.problems) == {"reason"}


def test_a_change_on_an_older_version_is_refused(store: Store, actor: Actor) -> None:
    save_clinical_settings(store, actor, replace(DEFAULTS, target_sbp=135), "first")
    with pytest.raises(InputError) as caught:
        save_clinical_settings(store, actor, replace(DEFAULTS, target_sbp=130), "second")
    assert "其他地方" in str(caught.value)
    assert load_clinical_settings(store).target_sbp == 135


def test_what_a_newer_program_keeps_stays(store: Store, actor: Actor) -> None:
    first = save_clinical_settings(store, actor, replace(DEFAULTS, target_sbp=135), "first")
    with store.apply_remote() as session:
        row = session.get(ClinicalSettingsVersion, first.record_id)
        assert row is not None
        row.content = {**row.content, "later_setting": 7, "visits_a_year": "many"}
    standing = load_clinical_settings(store)
    assert standing.visits_a_year == 4  # what cannot be read takes the default
    save_clinical_settings(store, actor, replace(standing, target_sbp=130), "second")
    with store.read() as session:
        newest = session.scalars(
            select(ClinicalSettingsVersion).order_by(ClinicalSettingsVersion.version.desc())
        ).first()
        assert newest is not None
        assert newest.content["later_setting"] == 7


def test_two_pcs_that_saved_apart_agree_once_they_met(
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    one, actor = make_store(TOWNSHIP_ID, "one")
    other, _ = make_store(TOWNSHIP_ID, "other")
    save_clinical_settings(one, actor, replace(DEFAULTS, target_sbp=135), "at one")
    save_clinical_settings(other, actor, replace(DEFAULTS, target_sbp=130), "at the other")
    for source, target in ((one, other), (other, one)):
        _carry(source, target)
    assert load_clinical_settings(one) == load_clinical_settings(other)
    assert len(settings_history(one)) == len(settings_history(other)) == 2
    # The settings of another organisation are not ours.
    lead, _ = make_store(LEAD_ID, "lead")
    _carry(one, lead)
    assert load_clinical_settings(lead) == DEFAULTS


def _carry(source: Store, target: Store) -> None:
    """Over the wire from one store into another."""
    with source.read() as session:
        ids = list(session.scalars(select(ClinicalSettingsVersion.id)))
        sent = records.fetch(session, "clinical_settings", ids)
    with target.apply_remote() as session:
        for record in sent.values():
            (basic,) = mapping.to_resources("clinical_settings", record, mapping.WireContext())
            found = mapping.from_resource(basic)
            assert found is not None
            records.put(session, found[0], [found[1]])


def test_the_basic_of_another_program_is_nobodys(store: Store) -> None:
    for code in ({}, {"coding": [{"system": "urn:x", "code": "clinical_settings"}]}, 7):
        assert mapping.from_resource({"resourceType": "Basic", "id": "1", "code": code}) is None
