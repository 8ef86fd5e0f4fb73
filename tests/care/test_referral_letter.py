"""What must stand on a letter before it may leave, and what never holds an emergency up."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care.referral_drafts import letter_from_dict, letter_to_dict
from app.care.referral_letter import (
    FORM_PARTS,
    MAX_LINE,
    MAX_TEXT,
    LetterInput,
    ServiceWish,
    check,
    missing,
    normalise,
)
from app.care.referral_red_flags import Vitals
from app.care.referral_states import Urgency

WHOLE = LetterInput(
    resident_id="r",
    urgency="routine",
    reason_codes=("chronic_uncontrolled_twice",),
    impression="高血压 3 级",
    present_history="头晕一周，血压控制不满意",
    past_history="糖尿病 8 年",
    treatment_given="氨氯地平 5 mg 每日一次",
    consent="given",
    services=(ServiceWish("clinic", "心内科"), ServiceWish("bed", wanted_on=date(2026, 3, 4))),
)
EMERGENCY = LetterInput(resident_id="r", urgency=Urgency.EMERGENCY)


def test_a_whole_letter_has_no_problem() -> None:
    assert check(normalise(WHOLE)) == {}


@pytest.mark.parametrize("part", [*FORM_PARTS, "reason_codes", "consent", "resident_id", "urgency"])
def test_every_required_part_is_asked_for(part: str) -> None:
    empty: object = () if part == "reason_codes" else ""
    letter = replace(WHOLE, **{part: empty})  # type: ignore[arg-type]
    assert set(check(normalise(letter))) == {part}


@pytest.mark.parametrize("part", FORM_PARTS)
def test_blanks_are_no_content(part: str) -> None:
    letter = replace(WHOLE, **{part: " \u3000\n\n "})  # type: ignore[arg-type]
    assert set(check(normalise(letter))) == {part}


def test_an_emergency_needs_nothing_but_the_person() -> None:
    letter = normalise(EMERGENCY)
    assert check(letter) == {}
    assert letter.consent == "later"
    assert set(missing(letter)) == {*FORM_PARTS, "reason_codes", "consent"}
    assert set(check(replace(EMERGENCY, resident_id=""))) == {"resident_id"}


def test_an_emergency_still_holds_no_impossible_number() -> None:
    letter = replace(EMERGENCY, vitals=Vitals(sbp=1800, dbp=90))
    assert set(check(normalise(letter))) == {"sbp"}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"consent": "refused"}, {"consent"}),
        ({"consent": "later"}, {"consent"}),
        ({"urgency": "soon"}, {"urgency"}),
        ({"transport": "taxi"}, {"transport"}),
        ({"mobility": "runs"}, {"mobility"}),
        ({"isolation_risk": "zombie"}, {"isolation_risk"}),
        ({"reason_codes": ("invented",)}, {"reason_codes"}),
        ({"reason_codes": ("other",)}, {"reason_text"}),
        ({"reason_codes": ("other",), "reason_text": "家属要求"}, set()),
        ({"red_flags": ("invented",)}, {"red_flags"}),
        ({"from_doctor_phone": "12"}, {"from_doctor_phone"}),
        ({"from_doctor_phone": "１３８１２３４５６７８"}, set()),
        ({"impression": "长" * MAX_TEXT}, set()),
        ({"impression": "长" * (MAX_TEXT + 1)}, {"impression"}),
        ({"to_department": "科" * MAX_LINE}, set()),
        ({"to_department": "科" * (MAX_LINE + 1)}, {"to_department"}),
        ({"current_drugs": ("药" * (MAX_LINE + 1),)}, {"current_drugs"}),
        ({"services": (ServiceWish("clinic"), ServiceWish("clinic"))}, {"services"}),
        ({"services": (ServiceWish("spa"),)}, {"services"}),
        ({"services": ()}, set()),
        ({"services": (ServiceWish("bed", "长" * (MAX_TEXT + 1)),)}, {"services"}),
    ],
)
def test_bad_input(change: dict[str, object], fields: set[str]) -> None:
    letter = replace(WHOLE, **change)  # type: ignore[arg-type]
    assert set(check(normalise(letter))) == fields


def test_a_refusing_patient_is_not_referred_but_an_emergency_goes() -> None:
    assert "consent" in check(normalise(replace(WHOLE, consent="refused")))
    assert check(normalise(replace(EMERGENCY, consent="refused"))) == {}


def test_line_breaks_stay_and_other_dirt_goes() -> None:
    letter = normalise(
        replace(
            WHOLE,
            impression="\n  一、高血压\t3 级\r\n二、糖尿病 😀\x07 \n\n",
            current_drugs=(" 氨氯地平  5 mg ", "", "  "),
            reason_codes=("patient_request", "patient_request"),
            from_doctor_phone=" １３８１２３４５６７８ ",
        )
    )
    assert letter.impression == "一、高血压 3 级\n二、糖尿病 😀"
    assert letter.current_drugs == ("氨氯地平 5 mg",)
    assert letter.reason_codes == ("patient_request",)
    assert letter.from_doctor_phone == "13812345678"


_text = st.text(max_size=30)
_letters = st.builds(
    LetterInput,
    resident_id=_text,
    urgency=_text,
    impression=_text,
    current_drugs=st.lists(_text, max_size=3).map(tuple),
    reason_codes=st.lists(_text, max_size=3).map(tuple),
    diagnoses=st.lists(st.tuples(_text, _text), max_size=2).map(tuple),
    vitals=st.builds(Vitals, sbp=st.none() | st.integers(), glucose=st.none() | st.integers()),
    services=st.lists(
        st.builds(
            ServiceWish, _text, _text, st.none() | st.dates(date(1900, 1, 1), date(2199, 1, 1))
        ),
        max_size=3,
    ).map(tuple),
)


@given(_letters)
def test_any_draft_comes_back_as_it_was(letter: LetterInput) -> None:
    import json

    assert letter_from_dict(json.loads(json.dumps(letter_to_dict(letter)))) == letter


@given(_letters)
def test_cleaning_twice_changes_nothing_more(letter: LetterInput) -> None:
    once = normalise(letter)
    assert normalise(once) == once


def test_a_draft_of_another_version_opens() -> None:
    assert letter_from_dict({"resident_id": "r", "from_the_future": 1}) == LetterInput("r")
