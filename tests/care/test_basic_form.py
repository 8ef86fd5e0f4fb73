"""The basic information form: what is required, what is refused, what is kept."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest

from app.care.basic_form import (
    ANSWER_LISTS,
    SINGLE_LISTS,
    Answer,
    BasicForm,
    Consent,
    Contact,
    Disease,
    Event,
    Guardian,
    LunarBirthday,
    columns_of,
    form_of,
)
from app.care.basic_form_check import REQUIRED, TEXT_LIMITS, check_form
from app.errors import InputError
from app.models import codes
from app.models.resident import Resident

TODAY = date(2026, 3, 2)

SHORT = BasicForm(
    name="张三",
    id_no="341599195001010018",
    contacts=(Contact("张小三", "13812345678", "20"),),
    residency="1",
    ethnicity="01",
    drug_allergy=(Answer("1"),),
    past_disease=(Disease("1"),),
)

WHOLE = replace(
    SHORT,
    record_no="34159900100100042",
    employer="白塔畈镇粮站",
    phone="0564-7356120",
    contacts=(Contact("张小三", "13812345678", "20"), Contact("李四", "7356121", "")),
    abo="2",
    rh="2",
    education="8",
    occupation="4",
    marital="2",
    payment=(Answer("3"), Answer("8", "长护险")),
    drug_allergy=(Answer("2"), Answer("5", "头孢")),
    exposure=(Answer("1"),),
    past_disease=(Disease("2", "2015-03"), Disease("6", "2019", "胃癌"), Disease("13", "", "痛风")),
    surgeries=(Event("2", "阑尾切除", "1988"),),
    traumas=(Event("1"),),
    transfusions=(Event("2", "手术输血", "1988-05-02"),),
    family={"father": (Answer("2"), Answer("7")), "children": (Answer("1"),)},
    genetic_disease="1",
    disability=(Answer("5"),),
    disability_cert_no="34159919500101001843",
    disability_grade="2",
    kitchen_vent="4",
    fuel="5",
    water="3",
    toilet="2",
    livestock="2",
    township="白塔畈镇",
    village="项冲村",
    village_group="三组",
    address="项冲村三组12号",
    registered_address="金寨县白塔畈镇项冲村",
    guardian=Guardian("张小三", "20", "13812345678", "medical"),
    consents=(Consent("sharing", "given", "2026-03-02", "张三", ""),),
    population_flags=(Answer("veteran"), Answer("living_alone")),
    lunar_birthday=LunarBirthday(11, 13),
    communication=(Answer("dialect", "江淮官话"), Answer("hearing_aid")),
    note="耳背，说话大声些",
)


def problems_of(form: BasicForm) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        check_form(form, TODAY)
    for text in (form.name, form.id_no, form.phone):
        assert len(text) < 4 or text not in str(caught.value)
    return caught.value.problems


def test_birth_and_sex_come_from_the_card() -> None:
    kept = check_form(SHORT, TODAY)
    assert (kept.birth_date, kept.sex) == (date(1950, 1, 1), "1")
    assert not kept.temporary


def test_the_whole_form_survives_the_table() -> None:
    kept = check_form(WHOLE, TODAY)
    assert form_of(Resident(**columns_of(kept))) == kept
    changed = {each.name for each in fields(BasicForm)} - {
        each.name
        for each in fields(BasicForm)
        if getattr(kept, each.name) == getattr(BasicForm(), each.name)
    }
    # Everything but what only other papers and other people use was filled in above.
    assert {each.name for each in fields(BasicForm)} - changed == {
        "id_type",
        "no_id_reason",
        "no_id_text",
        "care_status",
        "responsible_doctor_id",
    }


def test_an_empty_form_says_all_that_is_missing_at_once() -> None:
    assert set(problems_of(BasicForm())) == set(REQUIRED)


@pytest.mark.parametrize("name", REQUIRED)
def test_each_required_field(name: str) -> None:
    full = check_form(SHORT, TODAY)
    empty: Any = () if isinstance(getattr(full, name), tuple) else None
    if isinstance(getattr(full, name), str):
        empty = ""
    form = replace(full, **{name: empty})
    if name in ("sex", "birth_date"):
        assert getattr(check_form(form, TODAY), name) == getattr(full, name)  # from the card
    else:
        assert list(problems_of(form)) == [name]


def test_a_temporary_record_needs_a_reason_but_little_else() -> None:
    form = BasicForm(name="无名氏", sex="1", birth_date=date(1950, 1, 1), id_type="none")
    assert list(problems_of(form)) == ["no_id_reason"]
    kept = check_form(replace(form, no_id_reason="unidentified"), TODAY)
    assert kept.temporary
    other = replace(form, no_id_reason="other")
    assert list(problems_of(other)) == ["no_id_reason"]
    kept = check_form(replace(other, no_id_text="火灾烧毁"), TODAY)
    assert form_of(Resident(**columns_of(kept))) == kept


def test_other_papers_are_kept_as_they_are() -> None:
    form = replace(
        SHORT, id_type="other", id_no=" e1234 5678 ", sex="2", birth_date=date(1950, 1, 1)
    )
    assert check_form(form, TODAY).id_no == "E12345678"
    assert "id_no" in problems_of(replace(form, id_no="9" * 31))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "王" * 200}, "name"),
        ({"name": "张三😀"}, "name"),
        ({"id_no": "341599195001010019"}, "id_no"),
        ({"id_no": "341599194902290016"}, "id_no"),
        ({"id_no": "341599500101001"}, "id_no"),
        ({"birth_date": date(1951, 1, 1)}, "birth_date"),
        ({"sex": "2"}, "sex"),
        ({"sex": "3"}, "sex"),
        ({"phone": "1381234567"}, "phone"),
        ({"phone": "电话"}, "phone"),
        ({"ethnicity": "57"}, "ethnicity"),
        ({"abo": "6"}, "abo"),
        ({"record_no": "123"}, "record_no"),
        ({"drug_allergy": (Answer("1"), Answer("2"))}, "drug_allergy"),
        ({"drug_allergy": (Answer("5"),)}, "drug_allergy"),
        ({"drug_allergy": (Answer("5", "药" * 101),)}, "drug_allergy"),
        ({"drug_allergy": (Answer("6"),)}, "drug_allergy"),
        ({"exposure": (Answer("1"), Answer("3"))}, "exposure"),
        ({"disability": (Answer("1"), Answer("3"))}, "disability"),
        ({"past_disease": (Disease("1"), Disease("2"))}, "past_disease"),
        ({"past_disease": (Disease("13"),)}, "past_disease"),
        ({"past_disease": (Disease("2", "2015-13"),)}, "past_disease.0.confirmed"),
        ({"past_disease": (Disease("2", "2026-04"),)}, "past_disease.0.confirmed"),
        ({"past_disease": (Disease("2", "1949"),)}, "past_disease.0.confirmed"),
        ({"past_disease": (Disease("2"),) * 21}, "past_disease"),
        ({"family": {"father": (Answer("1"), Answer("2"))}}, "family.father"),
        ({"family": {"uncle": (Answer("2"),)}}, "family.uncle"),
        ({"surgeries": (Event("2", ""),)}, "surgeries.0.name"),
        ({"surgeries": (Event("2", "阑尾", "2026-03-03"),)}, "surgeries.0.date"),
        ({"surgeries": (Event("2", "阑尾", "1949-12-31"),)}, "surgeries.0.date"),
        ({"surgeries": (Event("1"), Event("2", "阑尾"))}, "surgeries"),
        ({"contacts": (Contact("张小三", ""),)}, "contacts.0.phone"),
        ({"contacts": (Contact("", "13812345678"),)}, "contacts.0.name"),
        ({"contacts": (Contact("张小三", "13812345678", "77"),)}, "contacts.0.relation"),
        ({"guardian": Guardian("张小三", phone="1")}, "guardian.phone"),
        ({"consents": (Consent("sharing", "maybe"),)}, "consents.0.decision"),
        ({"lunar_birthday": LunarBirthday(13, 1)}, "lunar_birthday"),
        ({"lunar_birthday": LunarBirthday(12, 31)}, "lunar_birthday"),
        *[({name: "字" * (limit + 1)}, name) for name, limit in TEXT_LIMITS.items()],
    ],
)
def test_bad_input_is_said_at_its_field(change: dict[str, Any], field: str) -> None:
    assert field in problems_of(replace(SHORT, **change))


def test_future_and_impossible_births_without_a_card() -> None:
    form = BasicForm(name="无名氏", sex="1", id_type="none", no_id_reason="lost")
    assert list(problems_of(replace(form, birth_date=date(2026, 3, 3)))) == ["birth_date"]
    assert list(problems_of(replace(form, birth_date=date(1895, 3, 2)))) == ["birth_date"]
    assert check_form(replace(form, birth_date=date(2026, 3, 2)), TODAY).temporary
    assert check_form(replace(form, birth_date=date(1895, 3, 3)), TODAY).temporary


def test_what_is_typed_is_kept_clean() -> None:
    form = replace(
        SHORT,
        name=" 张　三 ",
        id_no="３４１５９９ １９５００１０１ ００１８",
        phone="138 1234 5678",
        contacts=(Contact(" 李 四", "１３９１２３４５６７８"), Contact(" ", " ")),
        village=" 项冲村\t",
        record_no="341599-001-001-00042",
        past_disease=(Disease("2", "2015年3月"),),
    )
    kept = check_form(form, TODAY)
    assert (kept.name, kept.id_no, kept.phone) == ("张三", "341599195001010018", "13812345678")
    assert kept.contacts == (Contact("李四", "13912345678"),)
    assert (kept.village, kept.record_no) == ("项冲村", "34159900100100042")
    assert kept.past_disease == (Disease("2", "2015-03"),)
    assert check_form(kept, TODAY) == kept


EXACT = {
    "sex": "1 2 0 9",
    "residency": "1 2",
    "blood_abo": "1 2 3 4 5",
    "blood_rh": "1 2 3",
    "education": "1 2 3 4 5 6 7 8 9 10",
    "occupation": "0 1 2 3 4 5 6 7 8",
    "marital": "1 2 3 4 5",
    "payment": "1 2 3 4 5 6 7 8",
    "drug_allergy": "1 2 3 4 5",
    "exposure": "1 2 3 4",
    "past_disease": "1 2 3 4 5 6 7 8 9 10 11 12 13",
    "family_disease": "1 2 3 4 5 6 7 8 9 10 11 12",
    "disability": "1 2 3 4 5 6 7 8",
    "disability_grade": "1 2 3 4",
    "kitchen_vent": "1 2 3 4",
    "fuel": "1 2 3 4 5 6",
    "water": "1 2 3 4 5 6",
    "toilet": "1 2 3 4 5",
    "livestock": "1 2 3 4",
    "relation": "02 10 20 30 38 40 50 60 70 99",
    "ethnicity": " ".join(f"{number:02d}" for number in range(1, 57)),
}


@pytest.mark.parametrize("name", sorted(EXACT))
def test_code_lists_hold_exactly_the_codes_of_the_standard(name: str) -> None:
    assert [each.code for each in codes.entries(name)] == EXACT[name].split()
    assert all(each.zh and each.en for each in codes.entries(name))


def test_every_list_of_the_form_exists_and_is_complete() -> None:
    others = ("relation", "guardian_scope", "consent_type", "consent_decision", "record_status")
    for name in {*SINGLE_LISTS.values(), *ANSWER_LISTS.values(), *others, "communication"}:
        entries = codes.entries(name)
        assert entries
        assert len({each.code for each in entries}) == len(entries)
        assert all(each.code and each.zh and each.en for each in entries)
    assert codes.label("ethnicity", "01") == "汉族"
    assert codes.label("ethnicity", "56") == "基诺族"
