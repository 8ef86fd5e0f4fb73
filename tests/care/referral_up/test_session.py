"""What a held or stopped rehab session says on a letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from app.care.check_in_rules import Assessment, CheckInInput, ItemDone
from app.care.referral_red_flags import Vitals
from app.care.referral_up.session import session_prefill
from app.care.rehab_rules import Finding
from app.care.rehab_rules import Vitals as Measured

DAY = date(2026, 3, 2)
ROW = CheckInInput(
    id="row",
    resident_id="resident",
    plan_id="plan",
    pre=Measured(sbp=138, dbp=82, heart_rate=76, spo2=97, temperature=36.5, pain=2, glucose=7.1),
    post=Measured(sbp=186, dbp=94, heart_rate=121, spo2=88),
    borg=17,
    items=(ItemDone("walking"),),
    adverse_text="训练中突感胸闷",
)
STOPPED = Assessment("ready", stops=(Finding("sbp_high", 186, ">", 180), Finding("chest_pain")))


def test_a_stop_that_wants_a_doctor_is_an_emergency_with_the_values_after_the_session() -> None:
    letter = session_prefill(ROW, STOPPED, None, DAY)
    assert (letter.urgency, letter.reason_codes) == ("emergency", ("critical_signs",))
    assert letter.red_flags == ("chest_back_pain",)
    # Temperature and glucose are only taken before.
    assert letter.vitals == Vitals(
        sbp=186, dbp=94, heart_rate=121, spo2=88, temperature=36.5, glucose=7.1
    )
    said = letter.present_history
    for words in ("2026-03-02", "186 > 180", "胸痛", "138/82", "186/94", "17", "训练中突感胸闷"):
        assert words in said
    assert (letter.source_kind, letter.source_id) == ("check_in", "row")


def test_a_stop_after_which_rest_helps_is_a_priority() -> None:
    judged = Assessment("ready", stops=(Finding("borg_high", 17, ">", 16),))
    letter = session_prefill(ROW, judged, None, DAY)
    assert (letter.urgency, letter.reason_codes) == ("priority", ("condition_deteriorating",))
    assert letter.red_flags == ()


def test_what_was_not_measured_stays_blank() -> None:
    row = replace(ROW, pre=Measured(), post=Measured(), borg=None, items=(), adverse_text="")
    held = Assessment("held", holds=(Finding("fracture"),))
    letter = session_prefill(row, held, None, DAY)
    assert letter.vitals == Vitals()
    assert letter.red_flags == ("other_danger",)
    assert (letter.impression, letter.treatment_given) == ("", "")
    assert letter.present_history == "2026-03-02 康复训练未开始：骨折不稳定。"
