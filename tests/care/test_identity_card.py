from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.care import identity_card
from app.care.identity_card import CardError, CardFault, check_character, convert_legacy, read_card

TODAY = date(2025, 6, 15)


def fault_of(text: str, **options: bool) -> CardFault:
    with pytest.raises(CardError) as caught:
        read_card(text, TODAY, **options)
    assert text not in str(caught.value) or not text
    return caught.value.fault


@pytest.mark.parametrize(
    ("number", "birth", "sex"),
    [
        ("341599195001010018", date(1950, 1, 1), "1"),
        ("341599194802290027", date(1948, 2, 29), "2"),
        ("34159919380930022X", date(1938, 9, 30), "2"),
        ("34159919470815001X", date(1947, 8, 15), "1"),
        ("53010219200508011X", date(1920, 5, 8), "1"),
    ],
)
def test_published_vectors(number: str, birth: date, sex: str) -> None:
    card = read_card(number, TODAY)
    assert (card.number, card.birth_date, card.sex) == (number, birth, sex)
    assert card.region == number[:6]
    assert card.region_known
    assert card.warning is None
    assert not card.converted
    assert identity_card.is_valid(number, TODAY)


def test_right_check_character_on_a_day_that_does_not_exist() -> None:
    number = "341599194902290016"
    assert check_character(number[:17]) == number[17]
    assert fault_of(number) is CardFault.BIRTH_DATE


def test_wrong_check_character() -> None:
    assert fault_of("341599195001010019") is CardFault.CHECK_CHARACTER


@pytest.mark.parametrize(
    "typed",
    [
        "34159919380930022x",
        " 341599 19380930 022X ",
        "３４１５９９１９３８０９３００２２Ｘ",
        "３４１５９９　１９３８０９３０　０２２ｘ",
        "'34159919380930022X",
        "341599-19380930-022X\r\n",
    ],
)
def test_as_typed_scanned_or_pasted(typed: str) -> None:
    assert read_card(typed, TODAY).number == "34159919380930022X"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("", CardFault.LENGTH),
        ("34159919500101001", CardFault.LENGTH),
        ("3415991950010100188", CardFault.LENGTH),
        ("34159919500101001Y", CardFault.CHARACTERS),
        ("3415991950X1010018", CardFault.CHARACTERS),
        ("😀" * 18, CardFault.CHARACTERS),
        ("²41599195001010018", CardFault.CHARACTERS),
        ("٣41599195001010018", CardFault.CHARACTERS),
        ("341599195013010018", CardFault.BIRTH_DATE),
        ("341599195000010018", CardFault.BIRTH_DATE),
        ("341599000000000018", CardFault.BIRTH_DATE),
        ("张" * 200, CardFault.LENGTH),
    ],
)
def test_unreadable_numbers(typed: str, fault: CardFault) -> None:
    assert fault_of(typed) is fault


def made(first17: str) -> str:
    return first17 + check_character(first17)


def test_birth_today_is_accepted_and_tomorrow_is_not() -> None:
    assert read_card(made("34159920250615001"), TODAY).birth_date == TODAY
    assert fault_of(made("34159920250616001")) is CardFault.FUTURE_BIRTH


def test_nobody_is_older_than_130() -> None:
    # 131st birthday tomorrow, today, yesterday.
    assert read_card(made("34159918940616001"), TODAY).birth_date == date(1894, 6, 16)
    assert fault_of(made("34159918940615001")) is CardFault.BIRTH_DATE
    assert fault_of(made("34159918940614001")) is CardFault.BIRTH_DATE


@pytest.mark.parametrize(
    ("region", "known"),
    [("341599", True), ("990101", True), ("810000", True), ("830000", True), ("009999", False)],
)
def test_an_unknown_region_is_warned_about_never_refused(region: str, known: bool) -> None:
    card = read_card(made(region + "19500101001"), TODAY)
    assert card.region_known is known
    assert (card.warning is None) is known


def test_legacy_numbers_are_for_import_only() -> None:
    assert fault_of("341599500101001") is CardFault.LEGACY
    card = read_card(" ３41599500101001 ", TODAY, accept_legacy=True)
    assert card.number == "341599195001010018"
    assert card.converted
    assert (card.birth_date, card.sex) == (date(1950, 1, 1), "1")


@pytest.mark.parametrize("sequence", ["996", "997", "998", "999"])
def test_legacy_sequences_of_the_1800s_are_refused(sequence: str) -> None:
    assert fault_of("341599500101" + sequence, accept_legacy=True) is CardFault.LEGACY_CENTURY


@pytest.mark.parametrize("sequence", ["995", "000"])
def test_legacy_sequences_beside_the_reserved_ones(sequence: str) -> None:
    assert convert_legacy("341599500101" + sequence)[:17] == "34159919500101" + sequence


def test_legacy_with_an_impossible_date() -> None:
    assert fault_of("341599490229001", accept_legacy=True) is CardFault.BIRTH_DATE
    with pytest.raises(CardError) as caught:
        convert_legacy("34159949022900X")
    assert caught.value.fault is CardFault.CHARACTERS
    with pytest.raises(CardError) as caught:
        convert_legacy("3415994902290")
    assert caught.value.fault is CardFault.LENGTH


births = st.dates(min_value=date(1900, 1, 1), max_value=TODAY)


@given(births, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_every_single_mistyped_digit_is_caught(
    birth: date, sequence: int, place: int, shift: int
) -> None:
    number = made(f"341599{birth:%Y%m%d}{sequence:03d}")
    assert read_card(number, TODAY).birth_date == birth
    wrong = str((int(number[place]) + shift) % 10)
    assert not identity_card.is_valid(number[:place] + wrong + number[place + 1 :], TODAY)


@given(births, st.integers(0, 999), st.integers(0, 15))
def test_every_swap_of_neighbours_is_caught(birth: date, sequence: int, place: int) -> None:
    number = made(f"341599{birth:%Y%m%d}{sequence:03d}")
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not identity_card.is_valid(swapped, TODAY)


@given(st.text(max_size=40))
def test_any_text_gives_an_answer(text: str) -> None:
    assert identity_card.is_valid(text, TODAY) in (True, False)


def test_every_fault_has_its_own_sentence() -> None:
    sentences = [identity_card.explain(fault) for fault in CardFault]
    assert len(set(sentences)) == len(sentences)
    assert all(len(sentence) > 8 for sentence in sentences)
