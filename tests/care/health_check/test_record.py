"""Recording, going on with, correcting and taking back a check; what is due from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.care.clinical_settings import (
    keep_beside,
    load_clinical_settings,
    save_clinical_settings,
    settings_history,
)
from app.care.health_check.annual import (
    checked_between,
    count_year,
    list_year,
    missing_in_year,
    year_villages,
)
from app.care.health_check.due import next_check_on
from app.care.health_check.history import open_check, open_kept_check
from app.care.health_check.lab_ranges import LabRanges, lab_ranges, save_lab_ranges
from app.care.health_check.record import (
    letter_from_check,
    record_health_check,
    revise_health_check,
    void_health_check,
)
from app.care.health_check.rows import form_of
from app.care.resident_page import trends as page_trends
from app.care.timeline import timeline
from app.care.trends import trends
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.health_check import HealthCheck
from app.models.local import AuditEvent, DueItem
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.settings import set_setting
from app.models.store import Store
from tests.care.follow_up_samples import managed_resident
from tests.care.health_check.samples import TODAY, a_check
from tests.care.test_clinical_settings import _carry as carry_settings
from tests.conftest import TOWNSHIP_ID


@pytest.fixture
def resident(store: Store, actor: Actor) -> str:
    return managed_resident(store, actor)


@pytest.fixture
def nurse(actor: Actor) -> Actor:
    return replace(actor, roles=frozenset({"nurse"}))


def kept(store: Store, id_: str) -> HealthCheck:
    with store.read() as session:
        row = session.get(HealthCheck, id_)
        assert row is not None
        session.expunge(row)
        return row


def due(store: Store, resident_id: str) -> date | None:
    with store.read() as session:
        return session.scalar(
            select(DueItem.due_on).where(
                DueItem.resident_id == resident_id, DueItem.kind == "health_check"
            )
        )


def test_a_check_is_kept_whole_and_queued(store: Store, actor: Actor, resident: str) -> None:
    typed: dict[str, Any] = {
        "symptoms": ("2", "25"),
        "symptoms_text": " 夜间  腿抽筋 ",
        "sbp_left": 152,
        "dbp_left": 88,
        "height": 156.0,
        "weight": 61.5,
        "drinking": "3",
        "beer": 10.0,
        "drugs": ({"name": "氨氯地平", "usage": ""},),
        "conclusion": "2",
        "abnormal": ("血压偏高", ""),
        "guidance": ("2",),
    }
    result = record_health_check(store, actor, a_check(resident, typed, not_measured={"ecg": "2"}))
    row = kept(store, result.health_check_id)
    assert (row.sbp_left, row.dbp_left, row.bmi, row.conclusion) == (152, 88, 25.3, "2")
    assert row.answers["symptoms_text"] == "夜间 腿抽筋"
    assert row.answers["alcohol"] == 1.0
    assert row.answers["drugs"] == [{"name": "氨氯地平"}]
    assert row.answers["abnormal"] == ["血压偏高"]
    assert row.not_measured == {"ecg": "2"}
    assert row.guidance == ["2"]
    assert row.concluded_by == actor.name
    assert {each["field"] for each in row.findings} >= {"sbp_left", "bmi"}
    assert not result.enrol
    assert result.prefill is None
    with store.read() as session:
        waiting = session.scalars(select(Outbox.kind).where(Outbox.record_id == row.id)).all()
    assert waiting == ["health_check"]


def test_what_was_typed_comes_back_to_go_on(store: Store, actor: Actor, resident: str) -> None:
    form = a_check(resident, {"pulse": 76, "teeth": ("2",), "vaccines": ({"name": "流感"},)})
    result = record_health_check(store, actor, form)
    back = form_of(kept(store, result.health_check_id))
    assert back == form


def test_answers_that_are_not_asked_are_not_kept(store: Store, actor: Actor, resident: str) -> None:
    form = a_check(resident, {"smoking": "1", "cigarettes": 10, "symptoms_text": "多余"})
    row = kept(store, record_health_check(store, actor, form).health_check_id)
    assert "cigarettes" not in row.answers
    assert "symptoms_text" not in row.answers


def test_a_nurse_saves_and_the_doctor_concludes(
    store: Store, actor: Actor, nurse: Actor, resident: str
) -> None:
    with pytest.raises(InputError) as refused:
        record_health_check(store, nurse, a_check(resident))
    assert "conclusion" in refused.value.problems
    waiting = a_check(resident, {"conclusion": None, "pulse": 70})
    first = record_health_check(store, nurse, waiting)
    assert not first.concluded
    assert due(store, resident) == date(2026, 12, 31)
    done = revise_health_check(
        store,
        actor,
        first.health_check_id,
        replace(waiting, answers={**waiting.answers, "conclusion": "1"}),
    )
    row = kept(store, done.health_check_id)
    assert (row.status, row.supersedes_id, row.concluded_by) == (
        "final",
        first.health_check_id,
        actor.name,
    )
    assert kept(store, first.health_check_id).status == "entered_in_error"
    assert due(store, resident) == date(2027, 3, 2)


def test_a_nurse_may_add_results_but_not_touch_the_conclusion(
    store: Store, actor: Actor, nurse: Actor, resident: str
) -> None:
    first = record_health_check(store, actor, a_check(resident))
    form = form_of(kept(store, first.health_check_id))
    with pytest.raises(InputError) as blank:
        revise_health_check(store, nurse, first.health_check_id, form)
    assert "reason" in blank.value.problems
    changed = replace(form, answers={**form.answers, "guidance": ("2",)})
    with pytest.raises(InputError) as refused:
        revise_health_check(store, nurse, first.health_check_id, changed, "补录")
    assert "conclusion" in refused.value.problems
    added = replace(form, answers={**form.answers, "fpg": 5.6})
    second = revise_health_check(store, nurse, first.health_check_id, added, "补录化验结果")
    row = kept(store, second.health_check_id)
    assert (row.status, row.fpg, row.concluded_by) == ("amended", 5.6, actor.name)


def test_a_voided_check_is_due_again(store: Store, actor: Actor, resident: str) -> None:
    result = record_health_check(store, actor, a_check(resident))
    assert due(store, resident) == date(2027, 3, 2)
    with pytest.raises(InputError):
        void_health_check(store, actor, result.health_check_id, "  ")
    void_health_check(store, actor, result.health_check_id, "录错人")
    assert due(store, resident) == date(2026, 12, 31)
    with pytest.raises(InputError):
        void_health_check(store, actor, result.health_check_id, "再次")


def test_who_may_not_and_who_is_not_there(store: Store, actor: Actor, resident: str) -> None:
    clerk = replace(actor, roles=frozenset({"administrator"}))
    with pytest.raises(NotAllowed):
        record_health_check(store, clerk, a_check(resident))
    with pytest.raises(NotFound):
        record_health_check(store, actor, a_check("nobody"))
    with pytest.raises(NotFound):
        open_kept_check(store, actor, "nothing")


def test_advice_offers_enrolment_and_the_letter(store: Store, actor: Actor, resident: str) -> None:
    form = a_check(
        resident,
        {
            "sbp_left": 150,
            "dbp_left": 92,
            "sbp_right": 162,
            "dbp_right": 90,
            "creatinine": 130.5,
            "conclusion": "2",
            "abnormal": ("血压偏高",),
            "guidance": ("1", "3"),
        },
    )
    result = record_health_check(store, actor, form)
    assert result.enrol
    assert result.prefill is not None
    assert (result.prefill.vitals.sbp, result.prefill.vitals.dbp) == (162, 90)
    assert result.prefill.impression == "血压偏高"
    assert "130.5" in result.prefill.last_results
    assert letter_from_check(store, actor, result.health_check_id) == result.prefill


def test_the_year_before_and_the_scales_stand_beside(
    store: Store, actor: Actor, resident: str
) -> None:
    last_year = a_check(resident, {"weight": 60.0}, check_date=date(2025, 3, 1))
    record_health_check(store, actor, last_year)
    with store.write(actor) as session:
        for day, level in ((date(2025, 2, 1), "1"), (date(2026, 2, 1), "2")):
            session.add(
                Assessment(
                    resident_id=resident,
                    scale="self_care",
                    assessed_on=day,
                    total=5,
                    level=level,
                    performer_id=actor.staff_id,
                    performer_name=actor.name,
                    form_version="NBPHS-2017",
                    rule_version="NBPHS-2017",
                )
            )
    context = open_check(store, actor, resident)
    assert context.last is not None
    assert context.last.answers["weight"] == 60.0
    assert context.scales["self_care"].level == "2"
    assert context.this_year == ""
    result = record_health_check(store, actor, a_check(resident))
    row = kept(store, result.health_check_id)
    assert row.assessments == {"self_care": context.scales["self_care"].assessment_id}
    assert [each["field"] for each in row.findings] == ["self_care"]
    again = open_check(store, actor, resident)
    assert again.this_year == row.id
    assert again.this_year_concluded
    opened = open_kept_check(store, actor, row.id)
    assert opened.concluded
    assert opened.context.last is not None
    assert opened.context.last.check_date == date(2025, 3, 1)


def test_last_years_scale_does_not_belong_to_this_years_check(
    store: Store, actor: Actor, resident: str
) -> None:
    with store.write(actor) as session:
        session.add(
            Assessment(
                resident_id=resident,
                scale="self_care",
                assessed_on=date(2025, 12, 31),
                level="4",
                performer_id=actor.staff_id,
                performer_name=actor.name,
                form_version="NBPHS-2017",
                rule_version="NBPHS-2017",
            )
        )
    row = kept(store, record_health_check(store, actor, a_check(resident)).health_check_id)
    assert row.assessments == {}
    assert row.findings == []


# -- the year -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("birth", "recorded", "last", "expected"),
    [
        (date(1950, 5, 1), date(2020, 1, 1), date(2026, 3, 2), date(2027, 3, 2)),
        (date(1950, 5, 1), date(2020, 1, 1), date(2024, 2, 29), date(2025, 3, 1)),
        (date(1950, 5, 1), date(2026, 2, 1), None, date(2026, 12, 31)),
        (date(1961, 12, 31), date(2020, 1, 1), None, date(2026, 12, 31)),
        (date(1962, 1, 1), date(2020, 1, 1), None, date(2027, 12, 31)),
    ],
)
def test_when_the_next_check_is_due(
    birth: date, recorded: date, last: date | None, expected: date
) -> None:
    assert next_check_on(birth, recorded, last) == expected


def test_only_those_of_65_this_year_are_missing(store: Store, actor: Actor) -> None:
    just = managed_resident(store, actor, birth_date=date(1961, 12, 31), name="刚满")
    young = managed_resident(store, actor, birth_date=date(1962, 1, 1), name="未满")
    old = managed_resident(store, actor, village="双河村", name="高龄")
    gone = managed_resident(store, actor, record_status="deceased", name="已故")
    year = TODAY.year
    assert [each.resident_id for each in list_year(store, actor, year)] == [just, old]
    assert count_year(store, actor, year) == 2
    assert year_villages(store, actor, year) == ("光明村", "双河村")
    assert count_year(store, actor, year, village="双河村") == 1
    record_health_check(store, actor, a_check(old, {"conclusion": None}))
    assert count_year(store, actor, year) == 1
    waiting = list_year(store, actor, year, "waiting")
    assert [each.resident_id for each in waiting] == [old]
    assert waiting[0].health_check_id
    result = record_health_check(store, actor, a_check(just))
    assert [each.resident_id for each in list_year(store, actor, year, "done")] == [just]
    with store.read() as session:
        assert missing_in_year(session, store.organisation_id, year) == [old]
        found = checked_between(session, date(year, 1, 1), date(year, 12, 31))
        assert [(each.resident_id, each.check_date) for each in found] == [(just, TODAY)]
        assert found[0].health_check_id == result.health_check_id
        assert checked_between(session, date(2025, 1, 1), date(2025, 12, 31)) == []
        assert checked_between(session, TODAY, TODAY, "another") == []
    assert due(store, young) == date(2027, 12, 31)
    assert due(store, gone) is None


def test_a_check_of_a_merged_record_counts_for_the_person(store: Store, actor: Actor) -> None:
    stays = managed_resident(store, actor, name="保留")
    other = managed_resident(store, actor, name="并入")
    record_health_check(store, actor, a_check(other))
    with store.write(actor) as session:
        row = session.get(Resident, other)
        assert row is not None
        row.merged_into_id = stays
        row.record_status = "merged"
    assert count_year(store, actor, TODAY.year) == 0
    assert [e.resident_id for e in list_year(store, actor, TODAY.year, "done")] == [stays]


# -- the laboratory -------------------------------------------------------------------------


def test_the_laboratorys_ranges_are_the_administrators(
    store: Store, actor: Actor, nurse: Actor, resident: str
) -> None:
    assert lab_ranges(store, actor) == LabRanges()
    entered = LabRanges({"haemoglobin": (120.0, None)}, {"haemoglobin": (110.0, 150.0)})
    with pytest.raises(NotAllowed):
        save_lab_ranges(store, nurse, entered)
    with pytest.raises(InputError):
        save_lab_ranges(store, actor, LabRanges({"haemoglobin": (150.0, 120.0)}))
    with pytest.raises(InputError):
        save_lab_ranges(store, actor, LabRanges({"pulse": (60.0, 100.0)}))
    save_lab_ranges(store, actor, entered)
    assert lab_ranges(store, actor) == entered
    result = record_health_check(store, actor, a_check(resident, {"haemoglobin": 119.0}))
    assert [each.field for each in result.findings] == ["haemoglobin"]
    with store.read() as session:
        changes = session.scalars(select(AuditEvent).where(AuditEvent.kind == "setting")).all()
        assert len(changes) == 1


def test_the_ranges_are_a_version_of_the_clinical_settings_and_travel(
    store: Store, actor: Actor, make_store: Any
) -> None:
    settings = replace(load_clinical_settings(store), keep_quarterly_plan=True)
    save_clinical_settings(store, actor, settings, "县里要求")
    entered = LabRanges({"haemoglobin": (120.0, None)}, {"haemoglobin": (110.5, 150.0)})
    save_lab_ranges(store, actor, entered)
    # The other settings stand, the history says what was changed, and the version is queued.
    assert load_clinical_settings(store).keep_quarterly_plan
    assert [(each.version, each.reason) for each in settings_history(store)] == [
        (2, "检验参考范围"),
        (1, "县里要求"),
    ]
    # A later change of a setting keeps the ranges.
    again = replace(load_clinical_settings(store), keep_quarterly_plan=False)
    save_clinical_settings(store, actor, again, "恢复")
    assert lab_ranges(store, actor) == entered
    other, colleague = make_store(TOWNSHIP_ID)
    carry_settings(store, other)
    assert lab_ranges(other, colleague) == entered


def test_ranges_of_an_earlier_program_still_hold(store: Store, actor: Actor) -> None:
    with store.write(actor) as session:
        set_setting(
            session,
            "health_check.lab_ranges",
            {"ranges": {"haemoglobin": [115, None]}, "women": {}},
        )
    assert lab_ranges(store, actor) == LabRanges({"haemoglobin": (115, None)})


@pytest.mark.parametrize(
    "kept", ["text", {"ranges": [1]}, {"ranges": {"haemoglobin": ["x", 1]}}, {"ranges": {"a": [1]}}]
)
def test_ranges_that_this_program_cannot_read_mark_nothing(
    store: Store, actor: Actor, kept: Any
) -> None:
    with store.write(actor) as session:
        keep_beside(session, actor, "lab_ranges", kept, "x")
    assert lab_ranges(store, actor) == LabRanges()


def test_open_free_tests_are_named(store: Store, actor: Actor, resident: str) -> None:
    result = record_health_check(store, actor, a_check(resident, {"fpg": 5.5}))
    assert len(result.open_tests) == 9


def test_checks_stand_in_the_trends_and_the_timeline(
    store: Store, actor: Actor, resident: str
) -> None:
    values = {"sbp_left": 150, "dbp_left": 92, "sbp_right": 162, "dbp_right": 90}
    form = a_check(resident, {**values, "fpg": 5.6, "weight": 61.5})
    record_health_check(store, actor, form)
    plotted = trends(store, actor, resident)
    assert [(each.day, each.sbp, each.dbp) for each in plotted.pressure] == [(TODAY, 162, 90)]
    assert [each.fasting for each in plotted.glucose] == [5.6]
    page = page_trends(store, actor, resident)
    assert page.systolic == ((TODAY, 162.0),)
    assert page.fasting == ((TODAY, 5.6),)
    assert page.weight == ((TODAY, 61.5),)
    entry = next(e for e in timeline(store, actor, resident) if e.kind == "health_check")
    assert "162/90" in entry.detail
    assert entry.day == TODAY
