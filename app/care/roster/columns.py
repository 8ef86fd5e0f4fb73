"""Which column of a roster is what: found by the words of its heading, corrected by a person.

Headings may take several rows and stand below a title; merged ones count for all their columns.
What a person corrected is remembered for files with the same headings.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.care.parsing import half_width
from app.care.roster.table_file import MOST_COLUMNS, Raw, RawSheet
from app.i18n import N_, tr
from app.models.settings import get_setting, set_setting

__all__ = [
    "FIELDS",
    "ColumnField",
    "Headings",
    "find_headings",
    "headings_of",
    "label_of",
    "matched",
    "remember",
    "remembered",
    "signature",
]


@dataclass(frozen=True, slots=True)
class ColumnField:
    """Something that a column can hold: its key, its words in English, its usual headings."""

    key: str
    label: str
    synonyms: tuple[str, ...]
    width: int = 14


FIELDS: tuple[ColumnField, ...] = (
    ColumnField("serial", N_("Serial number"), ("序号", "编号", "no"), 6),
    ColumnField("name", N_("Name"), ("姓名", "居民姓名", "老人姓名", "老年人姓名", "患者姓名",
        "名字", "本人姓名", "name"), 10),
    ColumnField("sex", N_("Sex"), ("性别", "sex"), 6),
    ColumnField("id_no", N_("ID number"), ("身份证号", "身份证号码", "身份证", "公民身份号码",
        "公民身份证号码", "证件号码", "证件号", "居民身份证号", "居民身份证号码", "身份证件号码",
        "身份号码", "idno"), 22),
    ColumnField("id_type", N_("Kind of paper"), ("证件类型", "证件种类", "证件类别"), 12),
    ColumnField("birth_date", N_("Birth date"), ("出生日期", "出生年月", "出生年月日", "生日",
        "出生时间", "birthdate"), 13),
    ColumnField("phone", N_("Phone"), ("联系电话", "电话", "本人电话", "手机", "手机号", "手机号码",
        "电话号码", "联系方式", "本人联系电话", "phone"), 15),
    ColumnField("township", N_("Township"), ("乡镇", "所属乡镇", "镇", "乡", "街道", "乡镇街道",
        "所在乡镇", "乡镇名称"), 14),
    ColumnField("village", N_("Village"), ("村", "村居", "行政村", "所属村", "村社区", "社区",
        "村名", "居委会", "村委会", "所在村", "村居委会", "village"), 12),
    ColumnField("village_group", N_("Village group"), ("组", "村民组", "小组", "村组", "组别",
        "村民小组", "自然村", "队"), 10),
    ColumnField("address", N_("Address"), ("详细住址", "住址", "现住址", "家庭住址", "居住地址",
        "家庭地址", "地址", "详细地址", "现住地址", "address"), 26),
    ColumnField("registered_address", N_("Registered address"), ("户籍地址", "户口所在地",
        "户籍所在地", "户籍住址"), 26),
    ColumnField("contact_name", N_("Contact"), ("联系人", "联系人姓名", "紧急联系人", "家属",
        "家属姓名", "监护人", "监护人姓名", "紧急联系人姓名"), 10),
    ColumnField("contact_phone", N_("Contact's phone"), ("联系人电话", "紧急联系人电话", "家属电话",
        "联系人手机", "监护人电话", "联系人联系电话", "家属联系电话", "联系人手机号"), 15),
    ColumnField("contact_relation", N_("Contact's relation"), ("与本人关系", "关系", "联系人关系",
        "与联系人关系", "与老人关系", "家属关系"), 10),
    ColumnField("flags", N_("Population groups"), ("人群类型", "人群分类", "人群类别", "人群",
        "人员类别", "人群标签", "重点人群"), 18),
    ColumnField("doctor", N_("Contracted doctor"), ("签约医生", "家庭医生", "责任医生",
        "签约家庭医生", "签约团队医生", "责任人"), 12),
    ColumnField("ethnicity", N_("Ethnic group"), ("民族",), 8),
    ColumnField("residency", N_("Residency"), ("常住类型", "户籍类型", "户籍性质", "是否户籍"), 8),
    ColumnField("education", N_("Education"), ("文化程度", "学历"), 12),
    ColumnField("marital", N_("Marital state"), ("婚姻状况", "婚姻"), 8),
    ColumnField("payment", N_("Who pays"), ("医疗费用支付方式", "医疗费用付费方式", "支付方式",
        "费用支付方式", "付费方式", "医保类型", "医保类别", "参保类型", "参保类别", "参保险种",
        "医疗保险", "医保"), 18),
    ColumnField("employer", N_("Employer"), ("工作单位", "单位"), 18),
    ColumnField("record_no", N_("Health-record number"), ("健康档案编号", "健康档案号", "档案编号",
        "档案号", "居民健康档案编号"), 20),
    ColumnField("note", N_("Remarks"), ("备注", "说明", "备注说明", "note"), 24),
)  # fmt: skip

TEMPLATE = (
    "serial", "name", "sex", "id_no", "birth_date", "phone", "township", "village",
    "village_group", "address", "contact_name", "contact_phone", "flags", "doctor", "note",
)  # fmt: skip
"""The columns of the county's roster (domain rules §12, version LOCAL-2025), in their order."""

_BY_KEY = {field.key: field for field in FIELDS}
_BY_WORD = {word: field.key for field in FIELDS for word in field.synonyms}
_MARKS = re.compile(r"[\s*✱＊:：()（）\[\]【】<>《》、/\\_.\-—]+")
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_LOOKED_AT = 20
_DEEPEST = 3
_SETTING = "roster_columns"
_MOST_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Headings:
    """Where the headings stand (row numbers, both included) and their words by column from 0.

    ``last_row`` 0: the sheet has none.
    """

    first_row: int
    last_row: int
    texts: tuple[str, ...]


def label_of(key: str) -> str:
    """The word of a field on the screen."""
    return tr(_BY_KEY[key].label)


def find_headings(sheet: RawSheet) -> Headings:
    """The rows that name the most columns; of equals the highest and fewest.

    Looks at the first twenty rows and up to three heading rows on top of each other.
    """
    best, most, fewest = Headings(0, 0, ()), 0, 0
    numbers = [row.number for row in sheet.rows[:_LOOKED_AT]]
    for first in numbers:
        for depth in range(_DEEPEST):
            found = headings_of(sheet, first, first + depth)
            score = len(matched(found.texts))
            # A title above would belong to the headings, too, if more rows were as good.
            if score > most or (score == most and depth < fewest):
                best, most, fewest = found, score, depth
    return best if most >= 2 else Headings(0, 0, ())


def headings_of(sheet: RawSheet, first: int, last: int) -> Headings:
    """The words of the headings in these rows, upper and lower ones joined by ``/``."""
    values: dict[tuple[int, int], Raw] = {}
    for row in sheet.rows:
        if row.number > last:
            break
        if row.number >= first:
            values |= {(row.number, at): value for at, value in enumerate(row.values)}
    for area in sheet.merged:
        if area.first_row > last or area.last_row < first:
            continue
        text = values.get((area.first_row, area.first_column - 1))
        for number in range(max(area.first_row, first), min(area.last_row, last) + 1):
            for at in range(area.first_column - 1, min(area.last_column, MOST_COLUMNS)):
                values[number, at] = text
    width = max((at for _, at in values), default=-1) + 1
    texts = []
    for at in range(width):
        parts: list[str] = []
        for number in range(first, last + 1):
            value = values.get((number, at))
            text = " ".join(str(value).split()) if isinstance(value, str) else ""
            if text and text not in parts:
                parts.append(text)
        texts.append("/".join(parts))
    # A column without a heading can still be given a meaning.
    widest = max((len(row.values) for row in sheet.rows if row.number > last), default=0)
    texts += [""] * (widest - len(texts))
    return Headings(first, last, tuple(texts))


def matched(texts: Sequence[str]) -> dict[int, str]:
    """Column → field for headings with known words; a field is given to its first column only.

    Of a heading of two rows (``联系人/电话``) the joined words count first, then the lower ones.
    """
    found: dict[int, str] = {}
    taken: set[str] = set()
    for at, text in enumerate(texts):
        key = _field_of(text)
        if key and key not in taken:
            found[at] = key
            taken.add(key)
    return found


def _field_of(text: str) -> str:
    parts = [part for part in text.split("/") if part.strip()]
    tries = ["".join(parts), *(["".join(parts[-2:])] if len(parts) > 2 else []), *parts[-1:]]
    for each in tries:
        # What stands in brackets may be part of the name (联系人（电话）) or a hint (11位).
        for word in (normal(each), normal(_BRACKETS.sub("", each))):
            if word in _BY_WORD:
                return _BY_WORD[word]
    return ""


def normal(heading: str) -> str:
    """A heading without marks and blanks, in small letters."""
    return _MARKS.sub("", half_width(heading)).casefold()


def signature(texts: Sequence[str]) -> str:
    """What tells one set of headings from another; holds none of their words."""
    words = "\x1f".join(normal(text) for text in texts).rstrip("\x1f")
    return hashlib.sha256(words.encode()).hexdigest()[:32]


def remembered(session: Session, texts: Sequence[str]) -> dict[int, str] | None:
    """What a person said of the same headings before, or None."""
    kept = get_setting(session, _SETTING, {}).get(signature(texts))
    if kept is None or not any(texts):
        return None
    return {int(at): key for at, key in kept.items() if key in _BY_KEY and int(at) < len(texts)}


def remember(session: Session, texts: Sequence[str], columns: Mapping[int, str]) -> None:
    """Keep what the columns of such headings are, in the transaction of the caller."""
    if not any(texts):
        return
    kept = dict(get_setting(session, _SETTING, {}))
    mark = signature(texts)
    kept.pop(mark, None)
    kept[mark] = {str(at): key for at, key in columns.items()}
    # The oldest make room.
    set_setting(session, _SETTING, dict(list(kept.items())[-_MOST_REMEMBERED:]))
