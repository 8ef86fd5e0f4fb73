"""The empty roster to fill in: the county's columns, all cells as text, one page of rules.

Source of the columns: domain rules §12 (Excel roster columns), version LOCAL-2025.
"""

from __future__ import annotations

from pathlib import Path

from app.care.roster.columns import FIELDS, TEMPLATE
from app.care.spreadsheet import Sheet, SheetColumn, workbook_bytes, write_file
from app.i18n import tr

__all__ = ["write_template"]

_HEADINGS = {
    "serial": "序号", "name": "姓名", "sex": "性别", "id_no": "身份证号", "birth_date": "出生日期",
    "phone": "联系电话", "township": "乡镇", "village": "村", "village_group": "组",
    "address": "详细住址", "contact_name": "联系人", "contact_phone": "联系人电话",
    "flags": "人群类型", "doctor": "签约医生", "note": "备注",
}  # fmt: skip


def write_template(path: Path) -> Path:
    """Write the empty roster; gives the path with its ending. Raises InputError ``path``."""
    target = path if path.suffix.lower() == ".xlsx" else path.with_name(path.name + ".xlsx")
    widths = {field.key: field.width for field in FIELDS}
    columns = tuple(SheetColumn(_HEADINGS[key], widths[key]) for key in TEMPLATE)
    # The headings are those of the county's forms, so they stay Chinese in every language.
    rules = Sheet(
        tr("How to fill it in"),
        (SheetColumn(tr("Column"), 14), SheetColumn(tr("How"), 80)),
        [
            ("姓名", tr("As on the identity card. Needed.")),
            (
                "身份证号",
                tr(
                    "18 characters as text. If Excel shows 3.4E+17 or the end is 000, the digits "
                    "are lost: set the cells to Text and type them anew."
                ),
            ),
            ("性别", tr("May stay empty where there is an ID number.")),
            ("出生日期", tr("1950-01-05 or 19500105. May stay empty where there is an ID number.")),
            ("联系电话", tr("An 11-digit mobile number, or a landline with its area code.")),
            ("人群类型", tr("Several are parted by 、 for example 高血压、低保")),
            ("签约医生", tr("The name of a doctor who has an account here.")),
            (
                "—",
                tr("One row a person, no merged cells. Rows may be left out; nothing is deleted."),
            ),
        ],
    )
    data, _ = workbook_bytes([Sheet("花名册", columns, ()), rules])
    write_file(target, data)
    return target
