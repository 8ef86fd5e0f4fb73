"""Which drugs make the screen ask for glucose."""

from __future__ import annotations

import pytest

from app.care.glucose_drugs import glucose_drug, on_glucose_drugs
from app.models import codes


@pytest.mark.parametrize(
    "name",
    [
        "甘精胰岛素",
        "门冬胰岛素30",
        "精蛋白人胰岛素混合(30R)",
        "Insulin glargine",
        "诺和灵30R",
        "ｉｎｓｕｌｉｎ",
    ],
)
def test_insulins(name: str) -> None:
    assert glucose_drug(name) == "insulin"


@pytest.mark.parametrize(
    "name",
    [
        "格列美脲",
        "格列齐特缓释",
        "格列吡嗪",
        "格列喹酮",
        "二甲双胍格列本脲片",
        "消渴丸",
        "Gliclazide MR",
        "达美康",
    ],
)
def test_sulfonylureas(name: str) -> None:
    assert glucose_drug(name) == "sulfonylurea"


@pytest.mark.parametrize(
    "name",
    [
        "二甲双胍",
        "瑞格列奈",
        "吡格列酮",
        "西格列汀",
        "利格列汀",
        "达格列净",
        "恩格列净",
        "阿卡波糖",
        "利拉鲁肽",
        "胰岛素增敏剂 吡格列酮",
        "苯磺酸氨氯地平",
        "",
    ],
)
def test_others(name: str) -> None:
    assert glucose_drug(name) is None


def test_one_of_many_is_enough() -> None:
    assert on_glucose_drugs(["二甲双胍", "格列美脲"])
    assert not on_glucose_drugs(["二甲双胍"])
    assert not on_glucose_drugs([])


def test_the_catalogue_holds_exactly_these() -> None:
    flagged = {entry.code for entry in codes.entries("drugs") if glucose_drug(entry.zh)}
    assert flagged == {entry.code for entry in codes.entries("drugs") if glucose_drug(entry.en)}
    assert len(flagged) == 8  # four insulins, four sulfonylureas (domain reference §11.2)
