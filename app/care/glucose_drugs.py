"""Drugs that can make a training elder hypoglycaemic: insulin and the sulfonylureas.

The rehab screen asks such a resident for glucose and uses the stricter lower limit
(domain reference §7.2, LOCAL-2025). Names come as typed on forms, so brands and compounds
count: 消渴丸 looks like a herbal pill and holds glibenclamide. Glinides (瑞格列奈), glitazones
(吡格列酮), gliptins and gliflozins share letters with the sulfonylureas and are none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from app.care.parsing import half_width

GlucoseDrug = Literal["insulin", "sulfonylurea"]

_INSULIN = (
    "胰岛素",
    "insulin",
    "诺和灵",
    "诺和锐",
    "诺和平",
    "诺和达",
    "优泌林",
    "优泌乐",
    "来得时",
    "长秀霖",
    "甘舒霖",
    "重和林",
)
# A sensitiser of insulin holds none.
_NOT_INSULIN = ("胰岛素增敏", "insulin sensiti")

_SULFONYLUREA = (
    "格列美脲",
    "格列齐特",
    "格列吡嗪",
    "格列喹酮",
    "格列本脲",
    "优降糖",
    "消渴丸",
    "达美康",
    "亚莫利",
    "糖适平",
    "美吡达",
    "瑞易宁",
    "磺脲",
    "glimepiride",
    "gliclazide",
    "glipizide",
    "gliquidone",
    "glibenclamide",
    "glyburide",
    "sulfonylurea",
)


def glucose_drug(name: str) -> GlucoseDrug | None:
    """Which of the two a drug's name tells, Chinese or English, generic or brand; else None."""
    plain = half_width(name).casefold()
    for other in _NOT_INSULIN:
        plain = plain.replace(other, "")
    if any(word in plain for word in _INSULIN):
        return "insulin"
    if any(word in plain for word in _SULFONYLUREA):
        return "sulfonylurea"
    return None


def on_glucose_drugs(names: Iterable[str]) -> bool:
    """Whether any of the drugs is insulin or a sulfonylurea."""
    return any(glucose_drug(name) is not None for name in names)
